// SPDX-License-Identifier: Apache-2.0
// A gateway before real services of agents: TLS, proofs, streams and buffers are the real ones, the API server is the double.
#include "tests/agent/gateway/gateway_test.h"

namespace binnacle::agent::test {
namespace {

TEST_F(GatewayTest, oneStreamHasEveryAgentsBatchesWithExactCounts)
{
    startWith(5);
    const auto reader = readAll();
    for (int round = 0; round < 23; ++round) { // over the end of two segments
        for (const auto& agent : m_agents)
            agent->feed(1);
    }
    for (const auto& agent : m_agents) {
        waitFor([&] { return reader->ear.of(agent->key()).batches.size() == 23; });
        const Heard heard = reader->ear.of(agent->key());
        EXPECT_EQ(heard.requests, agent->requestsFed());
        EXPECT_EQ(heard.host, agent->node());
        EXPECT_EQ(heard.twice, 0u);
        EXPECT_EQ(heard.spans, 0u) << "detail is for questions";
        EXPECT_TRUE(heard.gaps.empty());
        EXPECT_EQ(agent->server().readers(), 1u) << "one stream an agent, whoever reads the gateway";
    }
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, whoJoinsInTheMiddleOfASegmentUnderstandsWhatFollows)
{
    FakeAgent& agent = add();
    start();
    waitUntilConnected();
    const auto first = read();
    waitUntilFollowed(*first, agent);
    agent.feed(4);
    waitFor([&] { return first->ear.of(agent.key()).batches.size() == 4; });
    const auto second = read();
    waitUntilFollowed(*second, agent);
    agent.feed(3);
    waitFor([&] { return second->ear.of(agent.key()).batches.size() == 3; });
    EXPECT_EQ(second->ear.of(agent.key()).requests, 5u + 6 + 7 + 3);
    EXPECT_EQ(second->ear.of(agent.key()).twice, 0u);
    EXPECT_FALSE(second->ear.isBroken());
}

TEST_F(GatewayTest, aReaderThatComesBackGoesOnByItsCursors)
{
    FakeAgent& a = add();
    FakeAgent& b = add();
    start();
    waitUntilConnected();
    v1::SubscribeRequest resumed;
    {
        const auto reader = read();
        waitUntilFollowed(*reader, a);
        waitUntilFollowed(*reader, b);
        a.feed(3);
        b.feed(5);
        waitFor([&] { return reader->ear.of(a.key()).batches.size() == 3 && reader->ear.of(b.key()).batches.size() == 5; });
        *resumed.add_cursors() = reader->ear.of(a.key()).cursor;
        *resumed.add_cursors() = reader->ear.of(b.key()).cursor;
    }
    a.feed(4);
    b.feed(1);
    const auto reader = read(resumed);
    const auto hasNew = [&](FakeAgent& agent, std::uint64_t after) { // what it has already may come again: its dictionary is needed
        const auto batches = reader->ear.of(agent.key()).batches;
        return static_cast<std::uint64_t>(std::ranges::count_if(batches, [&](const auto& key) { return key.second > after; }));
    };
    waitFor([&] { return hasNew(a, 3) == 4 && hasNew(b, 5) == 1; });
    EXPECT_TRUE(reader->ear.of(a.key()).gaps.empty());
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, whatIsOlderThanTheGatewaysMemoryComesFromTheAgent)
{
    FakeAgent& agent = add();
    start(4u << 10); // some seconds
    waitUntilConnected();
    v1::SubscribeRequest resumed;
    {
        const auto reader = read();
        waitUntilFollowed(*reader, agent);
        agent.feed(2);
        waitFor([&] { return reader->ear.of(agent.key()).batches.size() == 2; });
        *resumed.add_cursors() = reader->ear.of(agent.key()).cursor;
    }
    agent.feed(100);
    waitFor([&] { return m_fleet->links().front()->tail().newest().sequence == 102; });
    EXPECT_LT(m_fleet->links().front()->tail().bytes(), 16u << 10);
    const auto reader = read(resumed);
    waitFor([&] { return reader->ear.of(agent.key()).batches.contains({resumed.cursors(0).epoch(), 102}); });
    std::uint64_t requests = agent.requestsFed();
    for (const std::uint64_t already : {1, 2})
        requests -= reader->ear.of(agent.key()).batches.contains({resumed.cursors(0).epoch(), already}) ? 0 : already + 1;
    EXPECT_EQ(reader->ear.of(agent.key()).requests, requests);
    EXPECT_TRUE(reader->ear.of(agent.key()).gaps.empty());
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, thePastOfAllAgentsIsPutBeforeALiveStream)
{
    FakeAgent& a = add();
    FakeAgent& b = add();
    a.feed(40);
    b.feed(40);
    start();
    waitUntilConnected();
    v1::SubscribeRequest request;
    request.set_from_ns(ns(samples::secondRange(1).from));
    const auto reader = read(request);
    waitFor([&] { return reader->ear.of(a.key()).batches.size() >= 30 && reader->ear.of(b.key()).batches.size() >= 30; });
    a.feed(1);
    b.feed(1);
    for (FakeAgent* agent : {&a, &b}) {
        waitFor([&] { return reader->ear.of(agent->key()).batches.size() == 41; });
        EXPECT_EQ(reader->ear.of(agent->key()).requests, agent->requestsFed());
    }
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, anAgentThatGoesAwayIsToldByNameAndResumesWithoutLoss)
{
    FakeAgent& a = add();
    FakeAgent& b = add();
    start();
    waitUntilConnected();
    const auto reader = read();
    waitUntilFollowed(*reader, a);
    waitUntilFollowed(*reader, b);
    a.feed(2);
    waitFor([&] { return reader->ear.of(a.key()).batches.size() == 2; });
    a.stopServing();
    waitFor([&] { return reader->ear.of(a.key()).presence.back() == v1::AGENT_PRESENCE_AWAY; });
    EXPECT_NE(reader->ear.of(a.key()).what.find("the agent on node-1"), std::string::npos) << reader->ear.of(a.key()).what;
    b.feed(3);
    waitFor([&] { return reader->ear.of(b.key()).batches.size() == 3; });
    a.feed(15); // its buffer goes on
    a.serve();
    waitFor([&] { return reader->ear.of(a.key()).batches.size() == 17; });
    EXPECT_EQ(reader->ear.of(a.key()).requests, a.requestsFed());
    EXPECT_EQ(reader->ear.of(a.key()).presence.back(), v1::AGENT_PRESENCE_CONNECTED);
    EXPECT_TRUE(reader->ear.of(a.key()).gaps.empty());
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, goesOnByItsCursorInThePodThatReplacesAnother)
{
    FakeAgent& agent = add();
    start();
    waitUntilConnected();
    const auto reader = read();
    waitUntilFollowed(*reader, agent);
    agent.feed(2);
    waitFor([&] { return reader->ear.of(agent.key()).batches.size() == 2; });
    agent.replacePod();
    agent.feed(3);
    waitFor([&] { return reader->ear.of(agent.key()).batches.size() == 5; });
    EXPECT_EQ(reader->ear.of(agent.key()).requests, agent.requestsFed());
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, anAgentWhosePodIsGoneForGoodIsToldGone)
{
    FakeAgent& agent = add();
    start();
    waitUntilConnected();
    const auto reader = read();
    waitUntilFollowed(*reader, agent);
    agent.stopServing();
    m_api.remove("Pod", agent.podName());
    waitFor([&] { return reader->ear.of(agent.key()).presence.back() == v1::AGENT_PRESENCE_GONE; });
    EXPECT_NE(reader->ear.of(agent.key()).what.find("node-1"), std::string::npos);
}

TEST_F(GatewayTest, aHostThatWasGoneGoesOnWhereItWasLeft)
{
    FakeAgent& agent = add();
    start();
    waitUntilConnected();
    const auto reader = read();
    waitUntilFollowed(*reader, agent);
    agent.feed(3);
    waitFor([&] { return reader->ear.of(agent.key()).batches.size() == 3; });
    agent.stopServing();
    m_api.remove("Pod", agent.podName());
    waitFor([&] { return reader->ear.of(agent.key()).presence.back() == v1::AGENT_PRESENCE_GONE; });
    agent.feed(20); // its buffer lies on the host
    agent.replacePod();
    waitUntilConnected();
    agent.feed(1);
    waitFor([&] { return reader->ear.of(agent.key()).batches.size() == 24; });
    EXPECT_EQ(reader->ear.of(agent.key()).requests, agent.requestsFed());
    EXPECT_FALSE(reader->ear.isBroken());
}

TEST_F(GatewayTest, historyIsAskedOfAllAgentsWithRangeAndKindsPushedDown)
{
    for (int i = 0; i < 10; ++i)
        add().feed(33);
    start();
    waitUntilConnected();
    v1::HistoryRequest request = rangeOf(11, 20);
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    Ear overviews, detail;
    ask(request, overviews);
    for (const auto& agent : m_agents) {
        EXPECT_EQ(overviews.of(agent->key()).batches.size(), 10u);
        EXPECT_EQ(overviews.of(agent->key()).requests, (11u + 20) * 10 / 2 + 10);
        EXPECT_EQ(overviews.of(agent->key()).spans, 0u);
    }
    request.clear_kinds();
    request.add_kinds(v1::CHUNK_KIND_DETAIL);
    wire::put(m_agents[3]->key(), *request.add_agents());
    ask(request, detail);
    EXPECT_EQ(detail.agents(), 1u) << "of the agent that was named";
    EXPECT_EQ(detail.of(m_agents[3]->key()).spans, 20u);
}

TEST_F(GatewayTest, aLimitIsEachAgentsAndWhatItLeavesOutIsSaid)
{
    FakeAgent& a = add();
    FakeAgent& b = add();
    a.feed(60);
    b.feed(60);
    start();
    waitUntilConnected();
    v1::HistoryRequest request = rangeOf(1, 60);
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    std::uint64_t segments = 0, bytes = 0;
    ask(request, [&](const v1::StreamItem& item) { segments += item.has_segment(), bytes = std::max<std::uint64_t>(bytes, item.segment().bytes().size()); });
    EXPECT_EQ(segments, 12u);
    request.set_max_bytes(bytes * 2);
    segments = 0;
    std::vector<std::string> gaps;
    ask(request, [&](const v1::StreamItem& item) {
        segments += item.has_segment();
        if (item.has_gap())
            gaps.push_back(item.gap().what());
    });
    EXPECT_LE(segments, 6u);
    EXPECT_GE(segments, 4u);
    ASSERT_EQ(gaps.size(), 2u);
    EXPECT_NE(gaps.front().find("ask for a shorter range"), std::string::npos) << gaps.front();
}

TEST_F(GatewayTest, whoDoesNotAnswerAQuestionIsAGapByName)
{
    FakeAgent& a = add();
    FakeAgent& b = add();
    a.feed(5);
    b.feed(5);
    start();
    waitUntilConnected();
    b.stopServing();
    waitFor([&] { return !m_fleet->links()[1]->status().isConnected; });
    m_api.putPod("binnacle-agent", "agent-old", "node-9", {{{"name", "grpc"}, {"containerPort", 9465}}}); // installed without a gateway
    waitFor([&] { return m_fleet->links().size() == 3 && m_fleet->links()[2]->status().version > 0; });
    std::map<std::string, v1::Gap> gaps;
    std::map<EntityKey, std::string> names;
    ask(rangeOf(1, 5), [&](const v1::StreamItem& item) {
        if (item.has_agent())
            names[wire::keyOf(item.agent().identity().agent())] = item.agent().identity().host();
        if (item.has_gap())
            gaps[names[wire::keyOf(item.gap().agent())]] = item.gap();
    });
    ASSERT_EQ(gaps.size(), 2u);
    EXPECT_NE(gaps["node-2"].what().find("the agent on node-2"), std::string::npos) << gaps["node-2"].what();
    EXPECT_EQ(gaps["node-2"].from_ns(), ns(samples::secondRange(1).from));
    EXPECT_EQ(gaps["node-2"].to_ns(), ns(samples::secondRange(5).to));
    EXPECT_NE(gaps["node-9"].what().find("no door for a gateway"), std::string::npos) << gaps["node-9"].what();
}

TEST_F(GatewayTest, clocksAndHorizonsAreTheAgents)
{
    FakeAgent& agent = add();
    agent.feed(33);
    start();
    waitUntilConnected();
    const auto stub = v1::AgentService::NewStub(grpc::CreateChannel(m_server->address().toText(), grpc::InsecureChannelCredentials()));
    v1::TimeRequest request;
    wire::put(agent.key(), *request.mutable_agent());
    request.set_sent_ns(7);
    v1::TimeReply time;
    grpc::ClientContext first, second, third;
    ASSERT_TRUE(stub->Time(&first, request, &time).ok());
    EXPECT_EQ(time.anchor().utc_ns(), ns(samples::secondRange(33).to));
    EXPECT_EQ(time.sent_ns(), 7);
    v1::BufferReply buffer;
    ASSERT_TRUE(stub->Buffer(&second, {}, &buffer).ok());
    ASSERT_GE(buffer.signals_size(), 5);
    EXPECT_EQ(wire::keyOf(buffer.signals(0).agent()), agent.key());
    EXPECT_EQ(buffer.signals(0).from_ns(), ns(samples::secondRange(1).from));
    request.mutable_agent()->set_low(99);
    EXPECT_EQ(stub->Time(&third, request, &time).error_code(), grpc::StatusCode::NOT_FOUND);
}

} // namespace
} // namespace binnacle::agent::test
