// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/agent_tail.h"
#include "agent/buffer/rolling_buffer.h"
#include "agent/service/wire.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/compression.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

/// A tail that is fed by the real buffer of an agent, as its service would.
class TailTest : public testing::Test {
protected:
    TailTest()
    {
        BufferOptions options;
        options.agent = samples::kAgent;
        options.memoryBytes = 16u << 20;
        m_buffer = std::move(*RollingBuffer::open(options));
        tail.begin(samples::kAgent);
    }
    /// The tail begins to listen here.
    void join() { m_reader = m_buffer->readFrom(std::array{telemetry::ChunkKind::Overview}, std::nullopt); }
    void feed(std::int64_t seconds)
    {
        feedUnheard(seconds);
        pass();
    }
    void feedUnheard(std::int64_t seconds)
    {
        for (std::int64_t i = 0; i < seconds; ++i)
            m_buffer->append(samples::second(++m_second));
    }
    void pass()
    {
        for (ReadStep step = m_reader.front().next(); !std::holds_alternative<std::monostate>(step); step = m_reader.front().next()) {
            v1::StreamItem item;
            if (const auto* chunk = std::get_if<LiveChunkPtr>(&step))
                item = wire::itemOf(**chunk);
            else if (const auto* opening = std::get_if<SegmentOpening>(&step))
                item = wire::itemOf(*opening, samples::kAgent);
            else
                item = wire::itemOf(std::get<SealedBytes>(step));
            ASSERT_TRUE(tail.take(std::move(item)).has_value());
        }
    }
    /// Sequences that a reader at `place` understands; "behind" when it must ask the agent.
    std::string read(AgentTail::Place& place)
    {
        telemetry::SegmentReader reader;
        std::string text;
        while (true) {
            const AgentTail::Step step = tail.next(place);
            if (step.outcome != AgentTail::Outcome::Item)
                return text + (step.outcome == AgentTail::Outcome::Behind ? "behind" : "");
            if (step.item->has_opening()) {
                const auto dictionary = *telemetry::decompress(asBytes(step.item->opening().dictionary()));
                EXPECT_TRUE(reader.open(telemetry::ChunkKind::Overview, step.item->opening().segment(), asBytes(dictionary)).has_value());
                text += "opening ";
            } else {
                const v1::ChunkFrame& part = step.item->batch().overview();
                const auto bytes = *telemetry::decompress(asBytes(part.chunk()));
                const auto batch = reader.next(telemetry::SegmentReader::ChunkRef{part.segment(), asBytes(bytes)}, std::nullopt);
                EXPECT_TRUE(batch.has_value()) << batch.error().what;
                EXPECT_EQ(batch->overview->requests.front().requests, static_cast<std::uint64_t>(batch->key.sequence));
                text += std::to_string(step.item->batch().sequence()) + ' ';
            }
        }
    }
    Cursor at(std::uint64_t sequence) const { return {m_buffer->epoch(), sequence}; }

    AgentTail tail{64u << 10};

private:
    std::unique_ptr<RollingBuffer> m_buffer;
    std::vector<ChunkReader> m_reader;
    std::int64_t m_second = 0;
};

TEST_F(TailTest, whoJoinsGetsADictionaryAndWhatFollows)
{
    join();
    feed(3);
    AgentTail::Place place = tail.join();
    feed(2);
    EXPECT_EQ(read(place), "opening 4 5 ");
    EXPECT_EQ(read(place), "");
}

TEST_F(TailTest, whoComesBackBeginsWhereItsDictionaryDoes)
{
    join();
    feed(14); // second(1) begins a window of ten
    AgentTail::Place place = tail.after(at(12));
    EXPECT_EQ(read(place), "11 12 13 14 ");
    place = tail.after(at(14));
    EXPECT_EQ(read(place), "opening ");
}

TEST_F(TailTest, aTailThatJoinedInTheMiddleItselfOpensFromThere)
{
    feedUnheard(4);
    join();
    feed(2);
    AgentTail::Place place = tail.after(at(4));
    EXPECT_EQ(read(place), "opening 5 6 ");
    place = tail.join();
    feed(1);
    EXPECT_EQ(read(place), "opening 7 ");
    place = tail.after(at(3));
    EXPECT_EQ(read(place), "behind");
}

TEST_F(TailTest, forgetsWholeRunsAndSaysWhoIsBehind)
{
    join();
    feed(10);
    const std::size_t run = tail.bytes();
    AgentTail::Place slow = tail.atOldest();
    feed(10 * static_cast<std::int64_t>((64u << 10) / run + 3));
    EXPECT_LE(tail.bytes(), 64u << 10);
    EXPECT_EQ(read(slow), "behind");
    AgentTail::Place oldest = tail.atOldest();
    const std::string all = read(oldest);
    EXPECT_EQ(all.find("behind"), std::string::npos);
    EXPECT_EQ(oldest.cursor, tail.newest());
    EXPECT_TRUE(tail.reachesBackTo(tail.newest()));
    EXPECT_FALSE(tail.reachesBackTo(at(1)));
}

TEST_F(TailTest, nothingOfAnotherAgentIsLeft)
{
    join();
    feed(3);
    AgentTail::Place place = tail.atOldest();
    tail.begin({1, 2});
    EXPECT_EQ(tail.bytes(), 0u);
    EXPECT_EQ(read(place), "");
    EXPECT_EQ(tail.newest(), Cursor{});
}

TEST_F(TailTest, aChunkWithoutItsDictionaryIsCorrupt)
{
    join();
    feed(3);
    v1::StreamItem stray;
    stray.mutable_batch()->mutable_overview()->set_segment(99);
    stray.mutable_batch()->mutable_overview()->set_index(4);
    EXPECT_FALSE(tail.take(stray).has_value());
    EXPECT_EQ(tail.newest(), at(3));
}

} // namespace
} // namespace binnacle::agent
