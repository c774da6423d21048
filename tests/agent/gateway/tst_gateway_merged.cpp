// SPDX-License-Identifier: Apache-2.0
// What a gateway adds up, against what its agents were fed.
#include "tests/agent/gateway/gateway_test.h"

namespace binnacle::agent::test {
namespace {

class MergedGatewayTest : public GatewayTest {
protected:
    static EntityKey gateway() { return EntityKey::ofText("gateway"); }

    static v1::SubscribeRequest merged()
    {
        v1::SubscribeRequest request;
        request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
        request.set_merged(true);
        return request;
    }

    /// A second of each of these, at the same pace, as clocks have it.
    void feed(const std::vector<FakeAgent*>& agents)
    {
        for (FakeAgent* agent : agents)
            agent->feed(1);
    }
    std::vector<FakeAgent*> all() const
    {
        std::vector<FakeAgent*> agents;
        for (const auto& agent : m_agents)
            agents.push_back(agent.get());
        return agents;
    }
    std::vector<FakeAgent*> allBut(const FakeAgent& one) const
    {
        std::vector<FakeAgent*> agents = all();
        std::erase(agents, &one);
        return agents;
    }

    static std::size_t seconds(const StreamReader& reader) { return reader.ear.of(gateway()).batches.size(); }
};

TEST_F(MergedGatewayTest, oneBatchASecondHasTheCountsOfAllHosts)
{
    startWith(5);
    const auto reader = readAll(merged());
    for (std::size_t round = 1; round <= 23; ++round) { // over the end of two segments
        feed(all());
        waitFor([&] { return seconds(*reader) == round; });
    }
    const Heard heard = reader->ear.of(gateway());
    std::uint64_t requests = 0;
    for (const auto& agent : m_agents) {
        requests += agent->requestsFed();
        EXPECT_EQ(heard.told.at(agent->node()), 23u);
        EXPECT_TRUE(reader->ear.of(agent->key()).batches.empty()) << "not beside it";
        EXPECT_EQ(reader->ear.of(agent->key()).host, agent->node());
    }
    EXPECT_EQ(heard.requests, requests);
    EXPECT_TRUE(heard.missing.empty());
    EXPECT_EQ(heard.twice, 0u);
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(MergedGatewayTest, aDeadHostIsMissingByNameAndHoldsNobodyUp)
{
    startWith(3);
    const auto reader = readAll(merged());
    feed(all());
    waitFor([&] { return seconds(*reader) == 1; });
    m_agents[2]->stopServing();
    waitFor([&] { return reader->ear.of(m_agents[2]->key()).presence.back() == v1::AGENT_PRESENCE_AWAY; });
    for (std::size_t round = 2; round <= 4; ++round) {
        feed(allBut(*m_agents[2]));
        waitFor([&] { return seconds(*reader) == round; });
    }
    const Heard heard = reader->ear.of(gateway());
    EXPECT_EQ(heard.told.at("node-3"), 1u);
    EXPECT_EQ(heard.told.at("node-1"), 4u);
    ASSERT_TRUE(heard.missing.contains("node-3"));
    EXPECT_EQ(heard.missing.size(), 1u);
    EXPECT_NE(heard.missing.at("node-3").begin()->find("the agent on node-3"), std::string::npos) << *heard.missing.at("node-3").begin();
    EXPECT_EQ(heard.requests, m_agents[0]->requestsFed() + m_agents[1]->requestsFed() + m_agents[2]->requestsFed());
}

TEST_F(MergedGatewayTest, aSlowHostIsWaitedForAndThenMissingByName)
{
    startWith(3);
    const auto reader = readAll(merged());
    feed(all());
    waitFor([&] { return seconds(*reader) == 1; });
    FakeAgent& slow = *m_agents[2];
    feed(allBut(slow));
    feed(allBut(slow));
    slow.feed(2); // two seconds late: in time
    waitFor([&] { return seconds(*reader) == 3; });
    EXPECT_TRUE(reader->ear.of(gateway()).missing.empty());
    for (std::size_t round = 4; round <= 9; ++round) {
        feed(allBut(slow));
        waitFor([&] { return std::ranges::all_of(m_fleet->links(), [&](const LinkPtr& link) { return link->status().node == "node-3" || link->tail().newest().sequence == round; }); });
    }
    waitFor([&] { return seconds(*reader) >= 5; });
    const Heard heard = reader->ear.of(gateway());
    EXPECT_EQ(heard.told.at("node-1"), heard.batches.size());
    EXPECT_EQ(heard.told.at("node-3"), 3u);
    EXPECT_NE(heard.missing.at("node-3").begin()->find("did not come in time"), std::string::npos) << *heard.missing.at("node-3").begin();
    waitFor([&] { return seconds(*reader) == 9; });
    slow.feed(6); // what comes too late is not added; soon it is there again
    for (std::size_t round = 10; reader->ear.of(gateway()).told.at("node-3") < 4; ++round) {
        feed(all());
        waitFor([&] { return seconds(*reader) == round; });
    }
    std::uint64_t late = 0;
    for (std::uint64_t second = 4; second <= 9; ++second)
        late += second + 1;
    EXPECT_LE(reader->ear.of(gateway()).requests, m_agents[0]->requestsFed() * 3 - late);
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(MergedGatewayTest, aReaderGoesOnByItsCursorAndThePastIsThere)
{
    startWith(2);
    v1::SubscribeRequest resumed = merged();
    {
        const auto reader = readAll(merged());
        for (std::size_t round = 1; round <= 3; ++round) {
            feed(all());
            waitFor([&] { return seconds(*reader) == round; });
        }
        *resumed.mutable_cursor() = reader->ear.of(gateway()).cursor;
    }
    const auto other = readAll(merged());
    for (std::size_t round = 4; round <= 15; ++round) {
        feed(all());
        waitFor([&] { return seconds(*other) == round - 3; });
    }
    const auto reader = read(resumed);
    waitFor([&] { return reader->ear.of(gateway()).batches.contains({resumed.cursor().epoch(), 15}); });
    for (std::uint64_t sequence = 4; sequence <= 15; ++sequence)
        EXPECT_TRUE(reader->ear.of(gateway()).batches.contains({resumed.cursor().epoch(), sequence})) << sequence;
    EXPECT_TRUE(reader->ear.of(gateway()).gaps.empty());
    v1::HistoryRequest history = rangeOf(1, 15);
    history.set_merged(true);
    Ear past;
    ask(history, past);
    EXPECT_EQ(past.of(gateway()).requests, m_agents[0]->requestsFed() + m_agents[1]->requestsFed());
    EXPECT_EQ(past.agents(), 1u);
    EXPECT_FALSE(reader->ear.isBroken() || past.isBroken());
}

TEST_F(MergedGatewayTest, hostsThatComeGoAndReturnAreFollowedWithoutLossToTheOthers)
{
    startWith(2);
    FakeAgent& first = *m_agents[0];
    FakeAgent& leaves = *m_agents[1];
    const auto reader = readAll(merged());
    std::size_t round = 0;
    const auto feedOneSecond = [&](const std::vector<FakeAgent*>& agents) {
        feed(agents);
        ++round;
        waitFor([&] { return seconds(*reader) == round; });
    };
    // The merger may be in a round that began before the change; a second later it is in the next.
    const auto hostsAfterChange = [&](const std::vector<FakeAgent*>& agents) {
        feedOneSecond(agents);
        const auto after = read(merged());
        for (const FakeAgent* agent : agents)
            waitUntilFollowed(*after, *agent);
        feedOneSecond(agents);
        waitFor([&] { return seconds(*after) == 1; });
        std::string hosts;
        for (const auto& [host, told] : after->ear.of(gateway()).told)
            hosts += host + ' ';
        for (const auto& [host, why] : after->ear.of(gateway()).missing)
            hosts += '-' + host + ' ';
        return hosts;
    };
    feedOneSecond(all());

    FakeAgent& comes = add();
    comes.feed(1); // at the others' pace
    waitUntilConnected();
    EXPECT_EQ(hostsAfterChange(all()), "node-1 node-2 node-3 ");

    leaves.stopServing();
    m_api.remove("Pod", leaves.podName());
    waitFor([&] { return reader->ear.of(leaves.key()).presence.back() == v1::AGENT_PRESENCE_GONE; });
    EXPECT_EQ(hostsAfterChange({&first, &comes}), "node-1 node-3 ");

    leaves.replacePod();
    leaves.feed(2);
    waitUntilConnected();
    EXPECT_EQ(hostsAfterChange(all()), "node-1 node-2 node-3 ");

    EXPECT_EQ(reader->ear.of(gateway()).told.at("node-1"), round) << "who stays loses nothing";
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(MergedGatewayTest, buffersAreListedByTheNameOfTheirHostAndThenTheMergedOne)
{
    startWith(2);
    const auto reader = readAll(merged());
    for (std::size_t round = 1; round <= 12; ++round) {
        feed(all());
        waitFor([&] { return seconds(*reader) == round; });
    }
    const auto stub = v1::AgentService::NewStub(grpc::CreateChannel(m_server->address().toText(), grpc::InsecureChannelCredentials()));
    v1::BufferReply reply;
    grpc::ClientContext context;
    ASSERT_TRUE(stub->Buffer(&context, {}, &reply).ok());
    std::string listed;
    for (const v1::SignalHorizon& signal : reply.signals()) {
        if (signal.signal() != "overview_1s")
            continue;
        listed += signal.host() + (signal.merged() ? " merged\n" : "\n");
        EXPECT_EQ(signal.from_ns(), ns(samples::secondRange(1).from)) << signal.host();
        EXPECT_EQ(signal.to_ns(), ns(samples::secondRange(12).to)) << signal.host();
        EXPECT_GT(signal.bytes(), 0u);
        EXPECT_EQ(wire::keyOf(signal.agent()), signal.merged() ? gateway() : signal.host() == "node-1" ? m_agents[0]->key() : m_agents[1]->key());
    }
    EXPECT_EQ(listed, "node-1\nnode-2\ngateway-1 merged\n");
    EXPECT_EQ(reply.signals_size(), 3 * 5);
}

TEST_F(MergedGatewayTest, theHandshakeSaysWhoMergesAndHowManyAreBehind)
{
    startWith(2);
    const auto stub = v1::AgentService::NewStub(grpc::CreateChannel(m_server->address().toText(), grpc::InsecureChannelCredentials()));
    v1::HandshakeRequest request;
    request.set_protocol_min(1);
    request.set_protocol_max(1);
    v1::HandshakeReply reply;
    grpc::ClientContext context;
    ASSERT_TRUE(stub->Handshake(&context, request, &reply).ok());
    EXPECT_EQ(reply.agents(), 2u);
    EXPECT_NE(std::ranges::find(reply.capabilities(), "merged"), reply.capabilities().end());
    EXPECT_EQ(reply.identity().capture_source(), telemetry::kMergedSource);
}

} // namespace
} // namespace binnacle::agent::test
