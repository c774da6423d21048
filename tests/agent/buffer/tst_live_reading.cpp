// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/buffer/buffer_reading.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

using telemetry::ChunkKind;

std::unique_ptr<RollingBuffer> memoryBuffer(std::uint64_t memory = 64u << 20)
{
    BufferOptions options;
    options.agent = samples::kAgent;
    options.memoryBytes = memory;
    return std::move(*RollingBuffer::open(options));
}

void append(RollingBuffer& buffer, std::int64_t first, std::int64_t last, std::size_t spans = 2)
{
    for (std::int64_t n = first; n <= last; ++n)
        buffer.append(samples::second(n, spans));
}

TEST(LiveReading, givesEachSecondToAReaderThatWasThereFromTheStart)
{
    const auto buffer = memoryBuffer();
    auto reader = DecodingReader::from(*buffer, ChunkKind::Overview, std::nullopt);
    for (std::int64_t n = 1; n <= 25; ++n) {
        buffer->append(samples::second(n));
        reader.readAll();
        ASSERT_EQ(reader.batches.size(), static_cast<std::size_t>(n));
        EXPECT_EQ(reader.batches.back().overview->requests.front().requests, static_cast<std::uint64_t>(n));
    }
    EXPECT_EQ(reader.duplicates, 0);
    EXPECT_EQ(reader.live, 25);
    EXPECT_TRUE(reader.gaps.empty());
}

TEST(LiveReading, givesALateReaderTheDictionaryAndThenTheNextBatch)
{
    const auto buffer = memoryBuffer();
    append(*buffer, 1, 14); // the open segment holds 11 to 14
    auto reader = DecodingReader::from(*buffer, ChunkKind::Overview, std::nullopt);
    append(*buffer, 15, 16);
    reader.readAll();
    EXPECT_EQ(reader.openings, 1);
    EXPECT_EQ(sequencesOf(reader.batches), sequences(15, 16));
    EXPECT_EQ(reader.batches.front().overview->requests.size(), 2u);
    const auto& names = reader.batches.front().dictionary->strings;
    EXPECT_NE(std::ranges::find(names, "GET /orders/{id}"), names.end());
}

TEST(LiveReading, resumesAfterACursorWithoutLossWhereverItStands)
{
    const auto buffer = memoryBuffer();
    append(*buffer, 1, 37);
    for (std::uint64_t have = 1; have <= 37; ++have) {
        for (const ChunkKind kind : telemetry::kChunkKinds) {
            auto reader = DecodingReader::from(*buffer, kind, Cursor{buffer->epoch(), have});
            reader.readAll();
            std::vector<std::uint64_t> fresh;
            for (const std::uint64_t sequence : sequencesOf(reader.batches)) {
                if (sequence > have)
                    fresh.push_back(sequence);
            }
            EXPECT_EQ(fresh, sequences(have + 1, 37)) << "after " << have;
            EXPECT_TRUE(reader.gaps.empty());
        }
    }
}

TEST(LiveReading, sendsASlowReaderHistoryWhenTheRingHasMovedOn)
{
    const auto buffer = memoryBuffer(16u << 20); // a ring of 1 MiB a kind
    auto overview = DecodingReader::from(*buffer, ChunkKind::Overview, std::nullopt);
    auto detail = DecodingReader::from(*buffer, ChunkKind::Detail, std::nullopt);
    append(*buffer, 1, 60, 1'500);
    overview.readAll();
    detail.readAll();
    EXPECT_EQ(sequencesOf(overview.batches), sequences(1, 60));
    EXPECT_EQ(sequencesOf(detail.batches), sequences(1, 60));
    EXPECT_GT(detail.segments, 0);
    EXPECT_TRUE(detail.gaps.empty());
}

TEST(LiveReading, statesAGapWhenTheCursorIsOlderThanTheBuffer)
{
    const auto buffer = memoryBuffer(1u << 20);
    append(*buffer, 1, 100, 0);
    auto reader = DecodingReader::from(*buffer, ChunkKind::Overview, Cursor{buffer->epoch(), 1});
    append(*buffer, 101, 9'000, 0);
    reader.readAll();
    ASSERT_FALSE(reader.batches.empty());
    ASSERT_EQ(reader.gaps.size(), 1u);
    EXPECT_EQ(reader.gaps.front().reason, Loss::ReaderGap);
    EXPECT_EQ(reader.gaps.front().range.to, reader.batches.front().range.from);
    EXPECT_GT(reader.batches.front().key.sequence, 2u);
    EXPECT_EQ(sequencesOf(reader.batches), sequences(reader.batches.front().key.sequence, 9'000));
}

TEST(LiveReading, costsNothingForAReaderThatStopped)
{
    const auto buffer = memoryBuffer(16u << 20);
    const auto idle = DecodingReader::from(*buffer, ChunkKind::Detail, std::nullopt);
    append(*buffer, 1, 400, 1'500);
    EXPECT_LE(buffer->stats().peakMemoryBytes, 16u << 20);
    EXPECT_GT(buffer->stats().peakMemoryBytes, 8u << 20); // the cap was reached, so the test says something
}

TEST(LiveReading, beginsAtTheBatchThatHoldsTheMomentAskedFor)
{
    const auto buffer = memoryBuffer();
    append(*buffer, 1, 34);
    const std::array kinds{ChunkKind::Overview};
    DecodingReader reader(*buffer, buffer->readSince(kinds, samples::secondRange(25).from + Nanoseconds(5)).front());
    reader.readAll();
    EXPECT_EQ(sequencesOf(reader.batches), sequences(21, 34)); // from the begin of its segment
    EXPECT_TRUE(reader.gaps.empty());
}

TEST(LiveReading, endsWaitingWhenABatchCameOrSomeoneWakes)
{
    const auto buffer = memoryBuffer();
    const std::uint64_t version = buffer->version();
    buffer->append(samples::second(1));
    buffer->waitForNews(version, std::chrono::hours(1));
    const std::uint64_t later = buffer->version();
    buffer->wakeReaders();
    buffer->waitForNews(later, std::chrono::hours(1));
    EXPECT_GT(buffer->version(), later);
}

} // namespace
} // namespace binnacle::agent
