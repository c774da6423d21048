// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/agent_queries.h"
#include "tests/desktop/ingest/fake_host.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

std::vector<std::uint64_t> requestsIn(const AgentSnapshot& snapshot)
{
    std::vector<std::uint64_t> result;
    const auto read = snapshot.source->read(snapshot.range, true, [&](const telemetry::Batch& batch) {
        if (batch.overview)
            result.push_back(batch.overview->requests.front().requests);
        return true;
    });
    EXPECT_TRUE(read.has_value());
    return result;
}

std::string nsText(UtcTime time) { return std::to_string(ns(time)); }

TEST(AgentQueries, showTheLastMinuteWhenNothingElseIsAsked)
{
    FakeHost host;
    host.feed(100);
    const auto snapshot = snapshotAgent(host.target(), {});
    ASSERT_TRUE(snapshot.has_value()) << snapshot.error().what;
    EXPECT_EQ(snapshot->range, (TimeRange{samples::secondRange(41).from, samples::secondRange(100).to}));
    const auto requests = requestsIn(*snapshot);
    ASSERT_EQ(requests.size(), 60u);
    EXPECT_EQ(requests.front(), 41u);
    EXPECT_EQ(requests.back(), 100u);
}

TEST(AgentQueries, showAHalfOpenRange)
{
    FakeHost host;
    host.feed(50);
    HistoryQuery query;
    query.from = nsText(samples::secondRange(13).from);
    query.to = nsText(samples::secondRange(16).from);
    query.detail = true;
    const auto snapshot = snapshotAgent(host.target(), query);
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(requestsIn(*snapshot), (std::vector<std::uint64_t>{13, 14, 15}));
    query.from = "-7s";
    query.to.reset();
    EXPECT_EQ(requestsIn(*snapshotAgent(host.target(), query)).size(), 7u);
}

TEST(AgentQueries, tellGapsAndWhoAnswered)
{
    FakeHost host;
    host.feed(10);
    host.restart(5);
    host.feed(10);
    const auto snapshot = snapshotAgent(host.target(), {});
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(requestsIn(*snapshot).size(), 20u);
    ASSERT_EQ(snapshot->source->gaps().size(), 1u);
    EXPECT_EQ(snapshot->source->gaps().front().range, (TimeRange{samples::secondRange(10).to, samples::secondRange(16).from}));
    ASSERT_EQ(snapshot->source->agents().size(), 1u);
    EXPECT_EQ(snapshot->source->agents().front().epoch, host.epoch());
    EXPECT_EQ(identityOf(host.target())->host, "host-a");
}

TEST(AgentQueries, tellTheHorizonsOfTheBuffer)
{
    FakeHost host;
    host.feed(30);
    const auto horizons = bufferOf(host.target());
    ASSERT_TRUE(horizons.has_value());
    ASSERT_EQ(horizons->size(), 5u);
    for (const telemetry::BufferHorizon& horizon : *horizons) {
        EXPECT_EQ(horizon.host, "host-a");
        EXPECT_FALSE(horizon.isMerged);
        if (horizon.signal == "overview_1s") {
            EXPECT_EQ(horizon.range, (TimeRange{samples::secondRange(1).from, samples::secondRange(30).to}));
        }
    }
}

TEST(AgentQueries, failWithASentenceAndANextStep)
{
    FakeHost host;
    host.feed(1);
    const auto nobody = snapshotAgent(*Target::parse("unix:/nonexistent/agent.sock"), {});
    ASSERT_FALSE(nobody.has_value());
    EXPECT_NE(nobody.error().what.find("binnacle-agent run"), std::string::npos);
    HistoryQuery query;
    query.from = "yesterday";
    EXPECT_EQ(snapshotAgent(host.target(), query).error().code, ErrorCode::Invalid);
    query.from = "-1s";
    query.to = "-5s";
    EXPECT_NE(snapshotAgent(host.target(), query).error().what.find("empty"), std::string::npos);
    EXPECT_EQ(snapshotAgents({}, {}).error().code, ErrorCode::Invalid);
    host.speak(3);
    EXPECT_EQ(identityOf(host.target()).error().code, ErrorCode::Unsupported);
}

} // namespace
} // namespace binnacle::desktop
