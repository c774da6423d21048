// SPDX-License-Identifier: Apache-2.0
#include "agent/app/batch_keeper.h"
#include "agent/buffer/rolling_buffer.h"
#include "tests/agent/buffer/buffer_reading.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

TEST(BatchKeeper, hasKeptEverythingWhenItIsFinished)
{
    BufferOptions options;
    options.agent = samples::kAgent;
    const auto buffer = std::move(*RollingBuffer::open(options));
    auto reader = DecodingReader::from(*buffer, telemetry::ChunkKind::Overview, std::nullopt);
    BatchKeeper keeper(*buffer);
    std::uint64_t spans = 0, batches = 0;
    for (std::int64_t n = 1; n <= 40; ++n)
        keeper.push(samples::second(n, 5));
    for (const telemetry::LossRow& loss : keeper.takeLosses())
        (loss.loss == Loss::BufferDetailDropped ? spans : batches) += loss.count;
    keeper.finish();
    reader.readAll();
    EXPECT_EQ(reader.batches.size(), 40u);
    EXPECT_EQ(batches, 0u);

    auto detail = DecodingReader(*buffer, buffer->readSince(std::array{telemetry::ChunkKind::Detail}, samples::secondRange(1).from).front());
    detail.readAll();
    std::uint64_t kept = 0;
    for (const telemetry::Batch& batch : detail.batches)
        kept += batch.detail->spans.size();
    EXPECT_EQ(kept + spans, 200u); // each span is there or counted
}

} // namespace
} // namespace binnacle::agent
