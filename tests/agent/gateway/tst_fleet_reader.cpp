// SPDX-License-Identifier: Apache-2.0
// Readers that have missed something, before agents that give it, and before one that lets them wait.
#include "agent/gateway/fleet_reader.h"
#include "agent/service/buffer_stream.h"
#include "agent/service/service_host.h"
#include "tests/agent/gateway/gateway_test.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace binnacle::agent::test {
namespace {

using namespace std::chrono_literals;

/// Serves an agent's buffer as AgentServer does; streams after the gateway's own give so many items, and then wait until they are let go.
class SlowService final : public v1::AgentService::Service {
public:
    explicit SlowService(FakeAgent& agent)
        : m_agent(agent), m_options(agent.serverOptions()),
          m_host({.listen = m_options.listen, .door = std::move(m_options.door), .readerCame = {}, .readerGone = {}})
    {
        EXPECT_TRUE(m_host.start(*this).has_value());
        agent.putPod(m_host.doorPort());
    }
    ~SlowService() override
    {
        m_isStopping = true;
        m_host.stop();
    }

    void letGo() { m_isHeld = false; }
    void giveBeforehand(int items) { m_beforehand = items; }
    int streams() const { return m_streams; }

    grpc::Status Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply) override
    {
        if (auto refused = m_host.greet(*context, *request, *reply); !refused.ok())
            return refused;
        wire::answerHandshake(*request, m_options.identity, wire::kProtocolMin, wire::kProtocolMax, *reply);
        wire::put(m_options.anchor(), *reply->mutable_anchor());
        return grpc::Status::OK;
    }

    grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, grpc::ServerWriter<v1::StreamItem>* writer) override
    {
        RollingBuffer& buffer = m_agent.buffer();
        std::vector<ChunkReader> readers = readersFor(buffer, m_agent.key(), *request);
        const bool isGateways = ++m_streams == 1;
        int given = 0;
        while (!context->IsCancelled() && !m_isStopping) {
            const std::uint64_t version = buffer.version();
            const bool mayGive = isGateways || !m_isHeld || given < m_beforehand;
            const Written written = mayGive ? writeNext(readers, m_agent.key(), [&](const v1::StreamItem& item) { return writer->Write(item); }) : Written{};
            given += written.anything;
            if (written.anything)
                continue;
            buffer.waitForNews(version, 20ms);
            if (isGateways) // so that it is not taken for a silent one
                writer->Write(heartbeat());
        }
        return grpc::Status::OK;
    }

private:
    v1::StreamItem heartbeat() const
    {
        v1::StreamItem item;
        wire::put(m_options.anchor(), *item.mutable_heartbeat()->mutable_anchor());
        return item;
    }

    FakeAgent& m_agent;
    ServerOptions m_options;
    ServiceHost m_host;
    std::atomic<bool> m_isHeld{true}, m_isStopping{false};
    std::atomic<int> m_beforehand{0}, m_streams{0};
};

class FleetReaderTest : public GatewayTest {
protected:
    static constexpr std::int64_t kSeconds = 102; // more than a tail of 4 KiB has

    /// Agents, of which the first is slow, whose tails have forgotten the begin; and a reader that has only the second second of each.
    void begin(std::size_t agents)
    {
        while (m_agents.size() < agents)
            add();
        slow().stopServing();
        m_service = std::make_unique<SlowService>(slow());
        start(4u << 10);
        waitFor([&] {
            const auto links = m_fleet->links();
            return links.size() == agents && std::ranges::all_of(links, [](const LinkPtr& link) { return link->status().isConnected; });
        });
        waitFor([&] { return m_service->streams() == 1 && std::ranges::all_of(m_agents, [&](const auto& agent) { return agent.get() == &slow() || agent->isFollowed(); }); });
        for (const auto& agent : m_agents)
            agent->feed(kSeconds);
        waitFor([&] { return std::ranges::all_of(m_fleet->links(), [](const LinkPtr& link) { return link->tail().newest().sequence == kSeconds; }); });
        for (const auto& agent : m_agents) {
            v1::Cursor& cursor = *m_request.add_cursors();
            wire::put(agent->key(), *cursor.mutable_agent());
            cursor.set_epoch(agent->buffer().epoch());
            cursor.set_sequence(2);
        }
    }

    void follow(std::chrono::milliseconds patience)
    {
        const auto write = [this](const v1::StreamItem& item) {
            if (item.has_batch() && wire::keyOf(item.batch().agent()) == slow().key())
                m_order.push_back(item.batch().sequence());
            ear.take(item);
            return true;
        };
        m_reader = std::make_unique<FleetReader>(*m_fleet, m_request, write, FleetReader::Gives::Telemetry, patience);
    }
    template <class Condition>
    void stepUntil(const Condition& condition)
    {
        waitFor([&] { return !m_reader->step() || condition(); });
    }

    bool has(FakeAgent& agent, std::uint64_t sequence) { return ear.of(agent.key()).batches.contains({agent.buffer().epoch(), sequence}); }
    bool hasAll(FakeAgent& agent, std::uint64_t from = 3)
    {
        const auto batches = ear.of(agent.key()).batches;
        for (std::uint64_t sequence = from; sequence <= static_cast<std::uint64_t>(agent.second()); ++sequence) {
            if (!batches.contains({agent.buffer().epoch(), sequence}))
                return false;
        }
        return true;
    }
    /// Nothing was skipped and nothing came twice, but for what the reader had before: its dictionary may be needed.
    void expectExactly(FakeAgent& agent)
    {
        const Heard heard = ear.of(agent.key());
        std::uint64_t requests = agent.requestsFed();
        for (const std::uint64_t already : {1, 2})
            requests -= has(agent, already) ? 0 : already + 1;
        EXPECT_EQ(heard.requests, requests) << agent.node();
        EXPECT_EQ(heard.twice, 0u) << agent.node();
        EXPECT_TRUE(heard.gaps.empty()) << agent.node();
    }
    FakeAgent& slow() { return *m_agents.front(); }

    Ear ear;
    v1::SubscribeRequest m_request;
    std::unique_ptr<SlowService> m_service;
    std::unique_ptr<FleetReader> m_reader;
    std::vector<std::uint64_t> m_order; // the slow one's batches, as they were written
};

TEST_F(FleetReaderTest, aSlowAgentThatCatchesUpHoldsNobodyUpAndLosesNothing)
{
    begin(12); // more than catch up at once
    follow(1h);
    stepUntil([&] { return std::ranges::all_of(m_agents, [&](const auto& agent) { return agent.get() == &slow() || hasAll(*agent); }); });
    EXPECT_EQ(ear.of(slow().key()).presence.size(), 1u);
    EXPECT_TRUE(ear.of(slow().key()).batches.empty()) << "nothing of it is given before what it owes";
    EXPECT_TRUE(ear.of(slow().key()).gaps.empty());
    for (const auto& agent : m_agents)
        agent->feed(1);
    stepUntil([&] { return std::ranges::all_of(m_agents, [&](const auto& agent) { return agent.get() == &slow() || hasAll(*agent); }); });
    EXPECT_TRUE(ear.of(slow().key()).batches.empty());

    m_service->letGo();
    stepUntil([&] { return hasAll(slow()); });
    EXPECT_EQ(std::ranges::adjacent_find(m_order, std::greater_equal{}), m_order.end()) << "the tail goes on where the agent's own stream has led to";
    slow().feed(3);
    stepUntil([&] { return hasAll(slow()); });
    for (const auto& agent : m_agents)
        expectExactly(*agent);
    EXPECT_FALSE(ear.isBroken());
}

TEST_F(FleetReaderTest, whatASlowAgentDidNotGiveInTimeIsAGapByItsName)
{
    begin(2);
    m_service->giveBeforehand(1);
    follow(150ms);
    stepUntil([&] { return !ear.of(slow().key()).gaps.empty(); });
    EXPECT_NE(ear.of(slow().key()).gaps.front().find("not to be had from the agent: the agent on node-1 did not answer in time"), std::string::npos) << ear.of(slow().key()).gaps.front();
    slow().feed(2);
    stepUntil([&] { return has(slow(), kSeconds + 2) && hasAll(*m_agents[1]); });
    const auto batches = ear.of(slow().key()).batches;
    const std::uint64_t oldest = batches.lower_bound({slow().buffer().epoch(), 21})->second; // the one item had at most twenty
    EXPECT_TRUE(hasAll(slow(), oldest)) << "from the oldest in the gateway's memory on nothing is missing";
    EXPECT_EQ(ear.of(slow().key()).gaps.size(), 1u);
    EXPECT_TRUE(ear.of(m_agents[1]->key()).gaps.empty());
    EXPECT_FALSE(ear.isBroken());
}

TEST_F(FleetReaderTest, aReaderThatGoesWaitsForNoAgent)
{
    begin(1);
    follow(1h);
    stepUntil([&] { return m_service->streams() == 2; });
    m_reader.reset(); // would hang for an hour
    EXPECT_TRUE(ear.of(slow().key()).gaps.empty());
}

} // namespace
} // namespace binnacle::agent::test
