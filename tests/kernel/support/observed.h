// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/probe_set.h"
#include "tests/kernel/support/loopback.h"
#include "tests/kernel/support/recording_sink.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>

namespace binnacle::agent::test {

/// Skips by name where eBPF is refused; any other trouble is a failure.  Returns null after either.
inline std::unique_ptr<ProbeSet> observe(RecordingSink& sink, const ProbeOptions& options = {})
{
    auto probes = ProbeSet::create(options, sink);
    if (probes)
        return std::move(*probes);
    if (probes.error().code == ErrorCode::Denied)
        [&] { GTEST_SKIP() << probes.error().what; }();
    else
        [&] { FAIL() << probes.error().what; }();
    return nullptr;
}

/// BN_OBSERVE(probes, sink[, options]): `probes` in the test's scope, or the test is over.
#define BN_OBSERVE(variable, ...)                   \
    const auto variable = observe(__VA_ARGS__);     \
    if (!variable)                                  \
        return

inline void drainWhile(ProbeSet& probes, RecordingSink& sink, Child& child)
{
    while (child.running()) {
        probes.drain(sink);
        usleep(2000);
    }
}

/// A server and a client that talk `count` times; drained meanwhile and to the end.
struct Conversation {
    pid_t server = 0, client = 0;
    int failures = 0;
};

inline Conversation converse(ProbeSet& probes, RecordingSink& sink, const BoundPort& port, int count, const Talk& serverTalk, const Talk& clientTalk)
{
    Child server([&] { return serve(port, count, serverTalk); });
    Child client([&] { return connectTo(port.number(), count, clientTalk); });
    drainWhile(probes, sink, client);
    drainWhile(probes, sink, server);
    probes.drainAll(sink);
    return {server.pid(), client.pid(), client.wait() + server.wait()};
}

inline ProbeOptions withCapture(CaptureSource source)
{
    ProbeOptions options;
    options.capture = source;
    return options;
}

} // namespace binnacle::agent::test
