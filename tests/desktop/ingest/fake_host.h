// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"
#include "agent/service/agent_server.h"
#include "desktop/ingest/target.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace binnacle::desktop {

/// The real buffer and service of an agent, fed by the test; its clock is the end of the last second that was fed.
class FakeHost {
public:
    explicit FakeHost(EntityKey key = samples::kAgent, std::string name = "host-a", bool inPod = false) : m_key(key), m_name(std::move(name)), m_inPod(inPod)
    {
        boot();
    }

    void feed(std::int64_t seconds, std::size_t spans = 2)
    {
        for (std::int64_t i = 0; i < seconds; ++i) {
            m_buffer->append(samples::second(++m_second, spans));
            m_clock = samples::secondRange(m_second).to;
        }
    }

    /// The service goes away for a while, the buffer stays.
    void stopServing() { m_server.reset(); }
    void serve()
    {
        agent::ServerOptions options;
        options.listen = *agent::ListenAddress::parse(m_inPod ? "127.0.0.1:0" : target().toText());
        options.identity = {m_key, m_name, "boot", "0.1.0", "6.18", m_buffer->epoch(), "socket"};
        options.anchor = [this] { return ClockAnchor{hostTime(0), m_clock.load(), Nanoseconds(50)}; };
        options.protocolMin = options.protocolMax = m_protocol;
        m_server = std::move(*agent::AgentServer::start(options, *m_buffer));
    }
    /// The agent ends and starts again with the same folder; `seconds` of the host's life are seen by nobody.
    void restart(std::int64_t seconds)
    {
        m_server.reset();
        m_buffer.reset();
        m_second += seconds;
        boot();
    }
    void speak(int protocol)
    {
        m_protocol = protocol;
        stopServing();
        serve();
    }

    Target target() const { return *Target::parse("unix:" + (m_scratch.path() / "agent.sock").string()); }
    std::uint16_t port() const { return m_server->address().endpoint.port; } // in a pod; another one after serve()
    std::uint32_t epoch() const { return m_buffer->epoch(); }
    agent::RollingBuffer& buffer() { return *m_buffer; }
    agent::AgentServer& server() { return *m_server; }
    std::int64_t second() const { return m_second; }
    const std::filesystem::path& folder() const { return m_scratch.path(); }

private:
    void boot()
    {
        agent::BufferOptions options;
        options.agent = m_key;
        options.folder = m_scratch.path() / "buffer";
        options.memoryBytes = 16u << 20;
        m_buffer = std::move(*agent::RollingBuffer::open(options));
        serve();
    }

    const EntityKey m_key;
    const std::string m_name;
    const bool m_inPod; // listens on loopback's TCP as in a pod's network, not on a socket
    samples::ScratchFolder m_scratch;
    std::int64_t m_second = 0;
    int m_protocol = 0;
    std::atomic<UtcTime> m_clock{samples::secondRange(0).to};
    std::unique_ptr<agent::RollingBuffer> m_buffer;
    std::unique_ptr<agent::AgentServer> m_server;
};

/// Waits for what must come; a test that hangs here has failed, and ctest says so.
template <class Condition>
void waitFor(const Condition& condition)
{
    while (!condition())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

} // namespace binnacle::desktop
