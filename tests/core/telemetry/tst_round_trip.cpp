// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "core/telemetry/compression.h"
#include "tests/core/telemetry/sample_batches.h"

#include "binnacle/v1/batch.pb.h"
#include "binnacle/v1/segment.pb.h"

#include <gtest/gtest.h>

#include <iostream>
#include <map>

using namespace binnacle;
using namespace binnacle::telemetry;
using samples::Random;
using samples::Text;

namespace {

std::optional<SegmentReader::ChunkRef> refOf(const std::optional<EncodedChunk>& chunk)
{
    if (!chunk)
        return std::nullopt;
    return SegmentReader::ChunkRef{chunk->segment, asBytes(chunk->bytes)};
}

Batch onlyKind(Batch batch, ChunkKind kind)
{
    kind == ChunkKind::Overview ? (void)batch.detail.reset() : batch.overview.reset();
    return batch;
}

} // namespace

TEST(RoundTrip, everyFieldOfAnyBatchSurvivesTheStream)
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        const EntityKey agent = random.key();
        SegmentWriter writer;
        SegmentReader reader;
        for (std::uint64_t sequence = 1; sequence <= 25; ++sequence) {
            Batch batch = samples::anyBatch(random, agent, sequence);
            samples::addPendingConnects(batch, random);
            samples::addHosts(batch, random);
            const auto sent = writer.append(batch);
            const auto got = reader.next(refOf(sent.overview), refOf(sent.detail));
            ASSERT_TRUE(got) << got.error().what << " seed " << seed;
            ASSERT_EQ(Text::of(*got), Text::of(batch)) << "seed " << seed;
        }
    }
}

TEST(RoundTrip, everyFieldOfAnyBatchSurvivesTheSegments)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Random random(seed);
        const EntityKey agent = random.key();
        SegmentWriter writer;
        std::vector<Segment> segments;
        std::map<ChunkKind, std::string> wanted, got;
        for (std::uint64_t sequence = 1; sequence <= 25; ++sequence) {
            Batch batch = samples::anyBatch(random, agent, sequence);
            samples::addPendingConnects(batch, random);
            samples::addHosts(batch, random);
            for (const ChunkKind kind : kChunkKinds) {
                if (kind == ChunkKind::Overview ? batch.overview.has_value() : batch.detail.has_value())
                    wanted[kind] += Text::of(onlyKind(batch, kind));
            }
            std::ranges::move(writer.append(batch).sealed, std::back_inserter(segments));
        }
        std::ranges::move(writer.sealAll(), std::back_inserter(segments));
        for (const Segment& segment : segments) {
            ASSERT_LE(segment.header.batches, 10u);
            ASSERT_LE(segment.header.range.length(), std::chrono::seconds(10));
            const auto batches = readSegment(asBytes(segment.bytes));
            ASSERT_TRUE(batches) << batches.error().what;
            for (const Batch& batch : *batches)
                got[segment.header.kind] += Text::of(batch);
        }
        ASSERT_EQ(got, wanted) << "seed " << seed;
    }
}

TEST(RoundTrip, aLateReaderGoesOnFromTheOpening)
{
    Random random(7);
    const EntityKey agent = random.key();
    SegmentWriter writer;
    Batch batch = samples::anyBatch(random, agent, 1);
    writer.append(batch);
    writer.append(samples::anyBatch(random, agent, 2));
    const auto sent = writer.append(batch = samples::anyBatch(random, agent, 3)); // the opening taken now holds its words already
    SegmentReader late;
    for (const ChunkKind kind : kChunkKinds) {
        const auto opening = writer.opening(kind);
        ASSERT_TRUE(opening);
        ASSERT_TRUE(late.open(kind, opening->segment, asBytes(opening->dictionary)));
    }
    auto got = late.next(refOf(sent.overview), refOf(sent.detail));
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(Text::of(*got), Text::of(batch));
    batch = samples::anyBatch(random, agent, 4);
    const auto next = writer.append(batch);
    got = late.next(refOf(next.overview), refOf(next.detail));
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(Text::of(*got), Text::of(batch));
}

TEST(RoundTrip, aSkippedChunkIsNoticedAndTheNextSegmentHeals)
{
    samples::BusyHost host;
    SegmentWriter writer;
    SegmentReader reader;
    bool failed = false, healed = false;
    std::uint64_t segment = 0;
    for (std::uint64_t sequence = 5; sequence < 25; ++sequence) {
        host.seed = sequence; // new names in every batch
        const auto sent = writer.append(host.second(sequence));
        if (sequence == 6)
            continue;
        const auto got = reader.next(refOf(sent.overview), refOf(sent.detail));
        failed |= !got;
        EXPECT_TRUE(got || got.error().code == ErrorCode::Corrupt);
        healed |= failed && got && sent.overview->segment != segment;
        segment = sent.overview->segment;
    }
    EXPECT_TRUE(failed);
    EXPECT_TRUE(healed);
}

TEST(RoundTrip, whatABatchHoldsNeverChangesWhileTheStreamGoesOn)
{
    samples::BusyHost host;
    SegmentWriter writer;
    SegmentReader reader;
    std::vector<std::pair<Batch, std::string>> kept;
    for (std::uint64_t sequence = 0; sequence < 9; ++sequence) {
        host.seed = sequence + 1;
        const auto sent = writer.append(host.second(sequence));
        const auto got = reader.next(refOf(sent.overview), refOf(sent.detail));
        ASSERT_TRUE(got);
        kept.emplace_back(*got, Text::of(*got));
    }
    for (const auto& [batch, text] : kept)
        EXPECT_EQ(Text::of(batch), text);
}

TEST(Segment, fieldsThatThisVersionDoesNotKnowSurviveSealing)
{
    SegmentWriter writer;
    const auto sent = writer.append(samples::BusyHost{}.second(1));
    v1::Chunk chunk;
    ASSERT_TRUE(chunk.ParseFromString(sent.overview->bytes));
    chunk.GetReflection()->MutableUnknownFields(&chunk)->AddLengthDelimited(4711, "from the future");
    chunk.mutable_overview()->GetReflection()->MutableUnknownFields(chunk.mutable_overview())->AddVarint(4712, 13);
    const std::string foreign = chunk.SerializeAsString();
    const auto described = describeChunk(foreign, sent.overview->segment, 0);
    ASSERT_TRUE(described) << described.error().what;
    EXPECT_EQ(described->key, sent.overview->key);
    EXPECT_EQ(described->range, sent.overview->range);
    const Segment segment = sealSegment({}, {*described});
    const auto content = unpackSegment(asBytes(segment.bytes));
    ASSERT_TRUE(content);
    EXPECT_EQ(content->chunks, std::vector{foreign});
    const auto batches = readSegment(*content);
    ASSERT_TRUE(batches) << batches.error().what;
    EXPECT_EQ(batches->size(), 1u);
}

TEST(Segment, headerSaysWhatIsInsideAndEveryFlippedBitIsNoticed)
{
    SegmentWriter writer;
    samples::BusyHost host{.ends = 3, .spans = 5};
    writer.append(host.second(21));
    writer.append(host.second(22));
    const auto segment = writer.seal(ChunkKind::Detail);
    ASSERT_TRUE(segment);
    const auto header = verifySegment(asBytes(segment->bytes));
    ASSERT_TRUE(header);
    EXPECT_EQ(*header, segment->header);
    EXPECT_EQ(header->kind, ChunkKind::Detail);
    EXPECT_EQ(header->agent, host.agent);
    EXPECT_EQ(header->segment, 21u);
    EXPECT_EQ(header->firstSequence, 21u);
    EXPECT_EQ(header->lastSequence, 22u);
    EXPECT_EQ(header->batches, 2u);
    EXPECT_EQ(header->range.length(), std::chrono::seconds(2));
    for (std::size_t bit = 0; bit < segment->bytes.size() * 8; ++bit) {
        std::string damaged = segment->bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << (bit % 8));
        ASSERT_FALSE(verifySegment(asBytes(damaged))) << "bit " << bit;
    }
    for (std::size_t length = 0; length < segment->bytes.size(); ++length)
        ASSERT_FALSE(verifySegment(asBytes(std::string_view(segment->bytes).substr(0, length)))) << length;
}

TEST(Segment, aNewerFormatIsToldApartFromDamage)
{
    SegmentWriter writer;
    writer.append(samples::BusyHost{.ends = 1, .spans = 0}.second(1));
    std::string bytes = writer.seal(ChunkKind::Overview)->bytes;
    bytes[4] = 2;
    const auto header = readSegmentHeader(asBytes(bytes));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ErrorCode::Unsupported);
}

TEST(Segment, columnsOfDifferentLengthAreCorrupt)
{
    SegmentWriter writer;
    const auto sent = writer.append(samples::BusyHost{.ends = 4, .spans = 9}.second(1));
    const auto isCorrupt = [&](const EncodedChunk& from, auto change) {
        v1::Chunk chunk;
        EXPECT_TRUE(chunk.ParseFromString(from.bytes));
        change(chunk);
        const std::string bytes = chunk.SerializeAsString();
        SegmentReader reader;
        const SegmentReader::ChunkRef ref{from.segment, asBytes(bytes)};
        const auto got = from.kind == ChunkKind::Overview ? reader.next(ref, {}) : reader.next({}, ref);
        return !got && got.error().code == ErrorCode::Corrupt;
    };
    EXPECT_FALSE(isCorrupt(*sent.overview, [](v1::Chunk&) {}));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->add_errors(1); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->add_end(0); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->mutable_status()->RemoveLast(); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->mutable_latency()->mutable_count()->RemoveLast(); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->mutable_latency()->set_sum(0, 1), c.mutable_overview()->mutable_requests()->mutable_latency()->set_min(0, 1); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_requests()->set_route(0, 99999); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_overview()->mutable_tcp()->mutable_segments_out()->RemoveLast(); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_additions()->mutable_ends()->add_side(v1::SIDE_CLIENT); }));
    EXPECT_TRUE(isCorrupt(*sent.overview, [](v1::Chunk& c) { c.mutable_additions()->set_first_string(1); }));
    EXPECT_TRUE(isCorrupt(*sent.detail, [](v1::Chunk& c) { c.mutable_detail()->mutable_spans()->add_duration_ns(1); }));
    EXPECT_TRUE(isCorrupt(*sent.detail, [](v1::Chunk& c) { c.mutable_detail()->mutable_spans()->set_duration_ns(0, ~0ull); }));
    EXPECT_TRUE(isCorrupt(*sent.detail, [](v1::Chunk& c) { c.mutable_detail()->mutable_spans()->set_trace_id_present("\x01"); }));
    EXPECT_FALSE(isCorrupt(*sent.detail, [](v1::Chunk& c) { c.mutable_detail()->mutable_spans()->clear_request_bytes(); })) << "absent is not corrupt";
}

TEST(Segment, limitsSealIt)
{
    samples::BusyHost host{.ends = 20, .spans = 100};
    SegmentWriter writer(Level::Second, {.batches = 4, .bytes = 1u << 20, .strings = 64u << 10});
    std::vector<Segment> sealed;
    for (std::uint64_t sequence = 0; sequence < 9; ++sequence)
        std::ranges::move(writer.append(host.second(sequence)).sealed, std::back_inserter(sealed));
    ASSERT_EQ(sealed.size(), 4u); // two of each kind; one batch is still open
    EXPECT_EQ(sealed[0].header.batches, 4u);
    host.epoch = 2; // a restarted agent
    EXPECT_EQ(writer.append(host.second(10)).sealed.size(), 2u);
    SegmentWriter small(Level::Second, {.batches = 10, .bytes = 2000, .strings = 64u << 10});
    small.append(host.second(20));
    EXPECT_EQ(small.append(host.second(21)).sealed.size(), 2u);
}

TEST(Segment, tenSecondsOfTheClockAreOneSegment)
{
    const samples::BusyHost host{.ends = 2, .spans = 2};
    SegmentWriter writer;
    std::vector<Segment> sealed;
    for (std::uint64_t sequence = 7; sequence < 31; ++sequence)
        std::ranges::move(writer.append(host.second(sequence)).sealed, std::back_inserter(sealed));
    ASSERT_EQ(sealed.size(), 6u);
    EXPECT_EQ(sealed[0].header.batches, 3u); // 7, 8, 9
    EXPECT_EQ(sealed[2].header.batches, 10u);
}

TEST(Segment, textOverTheLimitBecomesOtherWithExactTotals)
{
    DictionaryBuilder builder;
    Batch batch = samples::BusyHost{.ends = 1, .spans = 0}.second(3);
    builder = DictionaryBuilder(*batch.dictionary);
    const std::uint32_t end = batch.overview->requests.front().end;
    batch.overview->requests.clear();
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        RequestRow row{.end = end, .route = builder.string("GET /" + std::string(90, 'x') + std::to_string(i)), .requests = i + 1};
        row.latency.record(i);
        row.statuses = {{builder.string(i % 2 ? "200" : "404"), i + 1}};
        total += i + 1;
        batch.overview->requests.push_back(row);
    }
    batch.dictionary = builder.take();
    SegmentWriter writer;
    const auto sent = writer.append(batch);
    EXPECT_GT(sent.stringsFull, 1000u);
    SegmentReader reader;
    const auto got = reader.next(refOf(sent.overview), {});
    ASSERT_TRUE(got) << got.error().what;
    std::uint64_t sum = 0, statuses = 0, values = 0, text = 0;
    for (const RequestRow& row : got->overview->requests) {
        sum += row.requests;
        values += row.latency.count();
        for (const StatusCount& status : row.statuses)
            statuses += status.count;
    }
    for (const std::string& string : got->dictionary->strings)
        text += string.size();
    EXPECT_EQ(sum, total);
    EXPECT_EQ(statuses, total);
    EXPECT_EQ(values, 2000u);
    EXPECT_LE(text, 64u << 10);
    EXPECT_EQ(got->overview->requests.size() + sent.stringsFull, 2001u) << "all that did not fit is one row";
    const auto loss = std::ranges::find(got->overview->losses, Loss::StringsFull, &LossRow::loss);
    ASSERT_NE(loss, got->overview->losses.end());
    EXPECT_EQ(loss->count, sent.stringsFull);
    EXPECT_FALSE(writer.append(samples::BusyHost{.ends = 1, .spans = 0}.second(4)).sealed.empty()) << "the next batch gets a fresh dictionary";
}

TEST(Segment, theNamesOfAClusterTakeNoRoomFromWhatWasMeasured)
{
    Batch batch = samples::BusyHost{.ends = 4, .spans = 0}.second(3);
    DictionaryBuilder builder(*batch.dictionary);
    const auto addAddresses = [&](int count, std::size_t nameLength) {
        for (int i = 0; i < count; ++i) {
            const std::string name = std::to_string(i) + std::string(nameLength, 'n');
            const Entity service{.key = EntityKey::ofText(name), .kind = EntityKind::Service, .name = name, .nameSpace = "demo", .type = {},
                                 .serviceKind = ServiceKind::Workload, .attributes = {}};
            batch.overview->addresses.push_back({{InternetAddress::fromV4(static_cast<std::uint32_t>(i)), 80}, builder.entity(service), builder.string("demo/" + name), {}});
        }
    };
    addAddresses(2000, 60); // more than all measured text may have
    batch.dictionary = builder.take();
    SegmentWriter writer;
    const auto sent = writer.append(batch);
    EXPECT_EQ(sent.stringsFull, 0u);
    SegmentReader reader;
    const auto got = reader.next(refOf(sent.overview), {});
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_TRUE(Text::of(*got) == Text::of(onlyKind(batch, ChunkKind::Overview))); // half a megabyte: nobody wants to see it
    EXPECT_TRUE(writer.append(samples::BusyHost{.ends = 4, .spans = 0}.second(4)).sealed.empty()) << "the segment goes on";
}

TEST(Segment, addressesWhoseNamesFindNoRoomAreLeftOutAndCounted)
{
    Batch batch = samples::BusyHost{.ends = 1, .spans = 0}.second(3);
    DictionaryBuilder builder(*batch.dictionary);
    constexpr std::uint64_t kAll = 9000;
    for (std::uint64_t i = 0; i < kAll; ++i) {
        const Entity service{.key = {1, i}, .kind = EntityKind::Service, .name = std::to_string(i) + std::string(120, 'n'), .nameSpace = {}, .type = {},
                             .serviceKind = ServiceKind::Workload, .attributes = {}};
        batch.overview->addresses.push_back({{InternetAddress::fromV4(static_cast<std::uint32_t>(i)), 0}, builder.entity(service), kNone, {}});
    }
    batch.dictionary = builder.take();
    SegmentWriter writer;
    const auto sent = writer.append(batch);
    SegmentReader reader;
    const auto got = reader.next(refOf(sent.overview), {});
    ASSERT_TRUE(got) << got.error().what;
    ASSERT_GT(got->overview->addresses.size(), 4000u);
    for (const AddressRow& row : got->overview->addresses)
        ASSERT_NE(got->dictionary->entities[row.service].name, "other");
    const auto loss = std::ranges::find(got->overview->losses, Loss::StringsFull, &LossRow::loss);
    ASSERT_NE(loss, got->overview->losses.end());
    EXPECT_GE(loss->count, kAll - got->overview->addresses.size());
}

TEST(Segment, randomBytesAreNeverReadAndNeverCrash)
{
    Random random(99);
    SegmentWriter writer;
    const auto sent = writer.append(samples::BusyHost{.ends = 5, .spans = 20}.second(1));
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = (i % 2 ? sent.overview : sent.detail)->bytes;
        for (auto n = 1 + random.below(4); n > 0; --n)
            bytes[random.below(bytes.size())] = static_cast<char>(random.raw());
        SegmentReader reader;
        const SegmentReader::ChunkRef ref{1, asBytes(bytes)};
        if (const auto got = i % 2 ? reader.next(ref, {}) : reader.next({}, ref))
            (void)Text::of(*got); // every index points somewhere
    }
}

TEST(WireSize, aSpanCostsLessThanAHundredBytesBeforeCompression)
{
    for (const bool traced : {false, true}) {
        const samples::BusyHost host{.ends = 50, .spans = 1000, .traced = traced};
        SegmentWriter writer;
        std::size_t raw = 0, packed = 0;
        for (std::uint64_t sequence = 0; sequence < 10; ++sequence) {
            const auto sent = writer.append(host.second(sequence));
            raw += sent.detail->bytes.size();
            packed += compress(asBytes(sent.detail->bytes)).size();
        }
        std::cout << "span" << (traced ? " with traceparent" : "") << ": " << raw / 10000.0 << " bytes, compressed " << packed / 10000.0 << '\n';
        EXPECT_LE(raw, 100u * 10000);
    }
}

TEST(WireSize, overviewOfFiftyEndsIsUnderFiveKilobytesASecond)
{
    const samples::BusyHost host{.ends = 50, .spans = 0};
    SegmentWriter writer;
    std::size_t raw = 0, packed = 0;
    for (std::uint64_t sequence = 0; sequence < 10; ++sequence) {
        const auto sent = writer.append(host.second(sequence));
        raw += sent.overview->bytes.size();
        packed += compress(asBytes(sent.overview->bytes)).size();
    }
    const auto segment = writer.seal(ChunkKind::Overview);
    std::cout << "overview of 50 ends, 100 connections: " << raw / 10 << " bytes/s, on the wire " << packed / 10 << " bytes/s, in a segment "
              << segment->bytes.size() / 10 << " bytes/s\n";
    EXPECT_LE(packed, 5000u * 10);
}
