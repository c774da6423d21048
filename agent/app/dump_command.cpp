// SPDX-License-Identifier: Apache-2.0
#include "agent/app/commands.h"
#include "agent/service/local_client.h"
#include "core/session/session_writer.h"

#include <cstdio>

namespace binnacle::agent {
namespace {

struct Dumped {
    std::uint64_t segments = 0, bytes = 0;
    std::size_t gaps = 0;
};

Result<Dumped> copyHistory(LocalClient& agent, Nanoseconds last, session::SessionWriter& writer)
{
    BN_TRY(writer.addAgent(agent.identity()));
    Dumped dumped;
    Result<void> noted;
    const UtcTime now = agent.anchor().utc;
    const auto taken = agent.history(
        {now - last, now},
        [&](const std::string& segment) {
            ++dumped.segments;
            dumped.bytes += segment.size();
            return writer.appendSegment(asBytes(segment));
        },
        [&](const telemetry::Gap& gap) {
            ++dumped.gaps;
            noted = writer.addGap(gap);
        });
    BN_TRY(taken);
    BN_TRY(noted);
    BN_TRY(writer.close());
    return dumped;
}

Result<Dumped> dump(const DumpOptions& options)
{
    auto agent = LocalClient::connect(options.listen);
    if (!agent)
        return std::unexpected(std::move(agent).error());
    session::WriterOptions how;
    how.ifExists = session::WriterOptions::IfExists::Replace;
    how.programVersion = BINNACLE_VERSION;
    auto writer = session::SessionWriter::create(options.file, how);
    if (!writer)
        return std::unexpected(std::move(writer).error());
    return copyHistory(**agent, options.last, **writer);
}

} // namespace

int dumpBuffer(const DumpOptions& options)
{
    const auto dumped = dump(options);
    if (!dumped) {
        std::fprintf(stderr, "binnacle-agent: %s\n", dumped.error().what.c_str());
        return 1;
    }
    std::printf("%s: %llu segments, %llu bytes, %zu gaps\n", options.file.c_str(), static_cast<unsigned long long>(dumped->segments),
                static_cast<unsigned long long>(dumped->bytes), dumped->gaps);
    return 0;
}

} // namespace binnacle::agent
