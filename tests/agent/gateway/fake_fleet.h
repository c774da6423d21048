// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"
#include "agent/gateway/channel_identity.h"
#include "agent/service/agent_server.h"
#include "core/kube/net/http_client.h"
#include "tests/agent/buffer/sample_seconds.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"

#include <atomic>
#include <grpc/grpc_security.h>
#include <memory>
#include <string>
#include <thread>

/// Agents of a cluster in this process: real buffers, services, TLS and proofs; the API server is the double.
namespace binnacle::agent::test {

inline constexpr const char* kNamespace = "binnacle";

/// Waits for what must come; a test that hangs here has failed, and ctest says so.
template <class Condition>
void waitFor(const Condition& condition)
{
    while (!condition())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

/// The API server, and a client of it that may do everything.
class FakeApi {
public:
    FakeApi() : m_client(m_reactor, m_double.access(), std::make_shared<kube::test::FixedCredentials>(kube::RequestCredentials{.authorization = "Bearer admin-token"}))
    {
        // As in the agent's image, which has no authorities of the system.
        grpc_set_ssl_roots_override_callback([](char**) { return GRPC_SSL_ROOTS_OVERRIDE_FAIL_PERMANENTLY; });
        for (const std::string_view account : {kAgentAccount, kGatewayAccount, std::string_view("somebody")})
            put({{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", account}, {"namespace", kNamespace}}}});
    }

    void put(const nlohmann::json& object) { m_double.order("POST", "/object", {{"action", "put"}, {"object", object}}); }
    void remove(const std::string& kind, const std::string& name)
    {
        m_double.order("POST", "/object", {{"action", "delete"}, {"object", {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", name}, {"namespace", kNamespace}}}}}});
    }
    void expireTokens() { m_double.order("POST", "/tokens/expire", nlohmann::json::object()); }

    /// A pod of that label on a node; `ports` by name.
    void putPod(const std::string& label, const std::string& name, const std::string& node, const nlohmann::json& ports)
    {
        put({{"apiVersion", "v1"},
             {"kind", "Pod"},
             {"metadata", {{"name", name}, {"namespace", kNamespace}, {"creationTimestamp", "2026-11-23T04:05:06Z"}, {"labels", {{"app.kubernetes.io/name", label}}}}},
             {"spec", {{"nodeName", node}, {"containers", {{{"name", "agent"}, {"image", "agent:0.1.0"}, {"ports", ports}}}}}},
             {"status", {{"phase", "Running"}, {"podIP", "127.0.0.1"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}});
    }

    kube::HttpClient& client() { return m_client; }
    kube::test::ApiDouble& server() { return m_double; }

    std::unique_ptr<ChannelIdentity> identity(std::string_view account, const std::string& pod = {})
    {
        return std::move(*ChannelIdentity::create(m_client, {kNamespace, std::string(account), pod}));
    }

private:
    kube::test::ApiDouble m_double;
    kube::Reactor m_reactor;
    kube::HttpClient m_client;
};

/// One agent on a node of its own, fed by the test.
class FakeAgent {
public:
    FakeAgent(FakeApi& api, std::uint64_t number) : m_api(api), m_key{0xa6e7, number}, m_node("node-" + std::to_string(number))
    {
        m_buffer = openBuffer();
        putPod(1); // the proof is bound to it: it is there first
        m_identity = api.identity(kAgentAccount, podName());
        serve();
    }

    /// The n-th second has n requests of one route and one of another.
    void feed(std::int64_t seconds)
    {
        for (std::int64_t i = 0; i < seconds; ++i) {
            m_buffer->append(samples::second(++m_second));
            m_clock = samples::secondRange(m_second).to;
        }
    }
    std::uint64_t requestsFed() const { return static_cast<std::uint64_t>(m_second * (m_second + 1) / 2 + m_second); }

    void serve()
    {
        m_server = std::move(*AgentServer::start(serverOptions(), *m_buffer));
        putPod(m_server->doorPort());
    }
    /// For a service that the test makes; putPod() with the port of its door.
    ServerOptions serverOptions()
    {
        ServerOptions options;
        options.listen = *ListenAddress::parse("unix:" + (m_scratch.path() / "agent.sock").string());
        options.identity = {m_key, m_node, "boot", "0.1.0", "6.18", m_buffer->epoch(), "socket"};
        options.anchor = [this] { return ClockAnchor{hostTime(0), m_clock.load(), Nanoseconds(50)}; };
        GatewayDoor door;
        door.certificate = m_identity->certificate().certificate;
        door.privateKey = m_identity->certificate().privateKey;
        door.proof = [this] { return m_identity->proof(); };
        door.review = [this](const std::string& certificate, const std::string& token) -> Result<void> {
            const auto peer = m_identity->review(certificate, token, kGatewayAccount);
            return peer ? Result<void>() : std::unexpected(peer.error());
        };
        options.door = std::move(door);
        return options;
    }
    RollingBuffer& buffer() { return *m_buffer; }
    void putPod(std::uint16_t port)
    {
        m_api.putPod("binnacle-agent", podName(), m_node, {{{"name", "grpc"}, {"containerPort", 9465}}, {{"name", "gateway"}, {"containerPort", port}}});
    }
    void stopServing() { m_server.reset(); }
    /// Another pod on the same node, whose buffer remembers.
    void replacePod()
    {
        if (m_server)
            m_api.remove("Pod", podName());
        m_server.reset();
        ++m_pods;
        putPod(1);
        m_identity = m_api.identity(kAgentAccount, podName());
        serve();
    }

    EntityKey key() const { return m_key; }
    const std::string& node() const { return m_node; }
    std::string podName() const { return "agent-" + m_node + '-' + std::to_string(m_pods); }
    AgentServer& server() { return *m_server; }
    /// Somebody reads its live stream: what is fed from now on is told.
    bool isFollowed() const { return m_server && m_server->readers() > 0; }
    ChannelIdentity& identity() { return *m_identity; }
    std::int64_t second() const { return m_second; }
    void useIdentity(std::unique_ptr<ChannelIdentity> other) { m_identity = std::move(other); } // at the next serve()

private:
    std::unique_ptr<RollingBuffer> openBuffer()
    {
        BufferOptions options;
        options.agent = m_key;
        options.memoryBytes = 16u << 20;
        return std::move(*RollingBuffer::open(options));
    }

    FakeApi& m_api;
    const EntityKey m_key;
    const std::string m_node;
    samples::ScratchFolder m_scratch;
    int m_pods = 0;
    std::int64_t m_second = 0;
    std::atomic<UtcTime> m_clock{samples::secondRange(0).to};
    std::unique_ptr<RollingBuffer> m_buffer;
    std::unique_ptr<ChannelIdentity> m_identity;
    std::unique_ptr<AgentServer> m_server;
};

} // namespace binnacle::agent::test
