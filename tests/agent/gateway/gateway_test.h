// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/fleet.h"
#include "agent/gateway/gateway_server.h"
#include "agent/gateway/merger.h"
#include "tests/agent/gateway/fake_fleet.h"
#include "tests/agent/gateway/gateway_client.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace binnacle::agent::test {

/// A gateway in this process, before agents that the test adds.
class GatewayTest : public testing::Test {
protected:
    GatewayTest()
    {
        m_api.putPod("binnacle-gateway", "gateway-1", "node-1", {{{"name", "grpc"}, {"containerPort", 9465}}});
        m_identity = m_api.identity(kGatewayAccount, "gateway-1");
    }

    void start(std::size_t tailBytes = 256u << 10)
    {
        Fleet::Options options;
        options.nameSpace = kNamespace;
        options.link.identity = m_identity.get();
        options.link.tailBytes = tailBytes;
        options.link.firstPause = std::chrono::milliseconds(20);
        options.link.longestPause = std::chrono::milliseconds(200);
        options.mourning = std::chrono::milliseconds(50);
        m_fleet = std::make_unique<Fleet>(m_api.client(), options);
        GatewayServerOptions server;
        server.listen = *ListenAddress::parse("unix:" + (m_scratch.path() / "gateway.sock").string());
        server.identity = {EntityKey::ofText("gateway"), "gateway-1", {}, "0.1.0", {}, 1, {}};
        server.anchor = [] { return ClockAnchor{hostTime(5), samples::secondRange(50).to, Nanoseconds(7)}; };
        m_merger = std::make_unique<Merger>(*m_fleet, Merger::Options{.identity = server.identity, .anchor = server.anchor});
        m_server = std::move(*GatewayServer::start(std::move(server), *m_fleet, m_merger.get()));
    }

    /// A gateway that is connected to so many agents.
    void startWith(std::size_t agents)
    {
        while (m_agents.size() < agents)
            add();
        start();
        waitUntilConnected();
    }

    FakeAgent& add() { return *m_agents.emplace_back(std::make_unique<FakeAgent>(m_api, m_agents.size() + 1)); }

    std::unique_ptr<StreamReader> read(v1::SubscribeRequest request = {}) { return std::make_unique<StreamReader>(m_server->address().toText(), std::move(request)); }

    /// The reader has been told of the agent, so that what is fed from now on is live for it.
    static void waitUntilFollowed(const StreamReader& reader, const FakeAgent& agent)
    {
        waitFor([&] { return !reader.ear.of(agent.key()).presence.empty(); });
    }

    /// A reader for whom all agents' next seconds are live.
    std::unique_ptr<StreamReader> readAll(v1::SubscribeRequest request = {})
    {
        auto reader = read(std::move(request));
        for (const auto& agent : m_agents)
            waitUntilFollowed(*reader, *agent);
        return reader;
    }

    void ask(const v1::HistoryRequest& request, Ear& ear)
    {
        ask(request, [&](const v1::StreamItem& item) { ear.take(item); });
    }

    template <class Take>
    void ask(const v1::HistoryRequest& request, const Take& take)
    {
        const auto stub = v1::AgentService::NewStub(grpc::CreateChannel(m_server->address().toText(), grpc::InsecureChannelCredentials()));
        grpc::ClientContext context;
        const auto stream = stub->History(&context, request);
        v1::StreamItem item;
        while (stream->Read(&item))
            take(item);
        EXPECT_TRUE(stream->Finish().ok());
    }

    void waitUntilConnected()
    {
        waitFor([this] {
            const auto links = m_fleet->links();
            return links.size() == m_agents.size() && std::ranges::all_of(links, [](const LinkPtr& link) { return link->status().isConnected; })
                   && std::ranges::all_of(m_agents, [](const auto& agent) { return agent->isFollowed(); });
        });
    }

    FakeApi m_api;
    samples::ScratchFolder m_scratch;
    std::vector<std::unique_ptr<FakeAgent>> m_agents;
    std::unique_ptr<ChannelIdentity> m_identity;
    std::unique_ptr<Fleet> m_fleet;
    std::unique_ptr<Merger> m_merger;
    std::unique_ptr<GatewayServer> m_server;
};

inline v1::HistoryRequest rangeOf(std::int64_t first, std::int64_t last)
{
    v1::HistoryRequest request;
    request.set_from_ns(ns(samples::secondRange(first).from));
    request.set_to_ns(ns(samples::secondRange(last).to));
    return request;
}

} // namespace binnacle::agent::test
