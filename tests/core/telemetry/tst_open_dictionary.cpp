// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/open_dictionary.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "tests/core/telemetry/sample_batches.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::telemetry;
using samples::Random;
using samples::Text;

namespace {

Batch overviewOf(Batch batch)
{
    batch.detail.reset();
    if (!batch.overview)
        batch.overview.emplace();
    return batch;
}

} // namespace

TEST(OpenDictionary, opensAnySegmentInItsMiddleAsItsWriterWould)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Random random(seed);
        const EntityKey agent = random.key();
        SegmentWriter writer;
        OpenDictionary dictionary;
        std::uint64_t segment = 0;
        int joined = 0;
        for (std::uint64_t sequence = 1; sequence <= 25; ++sequence) {
            const Batch batch = overviewOf(samples::anyBatch(random, agent, sequence));
            const auto sent = writer.append(batch);
            if (sent.overview->index == 0) {
                ASSERT_TRUE(dictionary.open({}));
                segment = sent.overview->segment;
            } else { // who joins right here
                SegmentReader reader;
                ASSERT_TRUE(reader.open(ChunkKind::Overview, segment, asBytes(dictionary.bytes())));
                const auto got = reader.next(SegmentReader::ChunkRef{segment, asBytes(sent.overview->bytes)}, std::nullopt);
                ASSERT_TRUE(got) << got.error().what << " seed " << seed;
                ASSERT_EQ(Text::of(*got), Text::of(batch)) << "seed " << seed;
                ++joined;
            }
            ASSERT_TRUE(dictionary.add(asBytes(sent.overview->bytes)));
        }
        EXPECT_GT(joined, 10);
    }
}

TEST(OpenDictionary, goesOnFromAnOpening)
{
    Random random(7);
    const EntityKey agent = random.key();
    SegmentWriter writer;
    writer.append(overviewOf(samples::anyBatch(random, agent, 1)));
    OpenDictionary dictionary;
    ASSERT_TRUE(dictionary.open(asBytes(writer.opening(ChunkKind::Overview)->dictionary)));
    const auto second = writer.append(overviewOf(samples::anyBatch(random, agent, 2)));
    ASSERT_EQ(second.overview->index, 1u);
    ASSERT_TRUE(dictionary.add(asBytes(second.overview->bytes)));
    const Batch third = overviewOf(samples::anyBatch(random, agent, 3));
    const auto sent = writer.append(third);
    SegmentReader reader;
    ASSERT_TRUE(reader.open(ChunkKind::Overview, 1, asBytes(dictionary.bytes())));
    const auto got = reader.next(SegmentReader::ChunkRef{1, asBytes(sent.overview->bytes)}, std::nullopt);
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(Text::of(*got), Text::of(third));
}

TEST(OpenDictionary, whatDoesNotFollowIsCorruptAndChangesNothing)
{
    Random random(7); // its first three seconds fit into one segment
    const EntityKey agent = random.key();
    SegmentWriter writer;
    OpenDictionary dictionary;
    const auto first = writer.append(overviewOf(samples::anyBatch(random, agent, 1)));
    ASSERT_TRUE(dictionary.add(asBytes(first.overview->bytes)));
    const std::string before = dictionary.bytes();
    writer.append(overviewOf(samples::anyBatch(random, agent, 2)));
    const auto third = writer.append(overviewOf(samples::anyBatch(random, agent, 3)));
    ASSERT_EQ(third.overview->index, 2u);
    EXPECT_FALSE(dictionary.add(asBytes(third.overview->bytes)));
    EXPECT_FALSE(dictionary.add(asBytes(std::string("\xff\xff\xff"))));
    EXPECT_FALSE(dictionary.open(asBytes(std::string("\xff\xff\xff"))));
    EXPECT_TRUE(dictionary.bytes() == before);
}
