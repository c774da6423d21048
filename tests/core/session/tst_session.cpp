// SPDX-License-Identifier: Apache-2.0
#include "core/session/memory_session.h"
#include "core/session/segment_facts.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "core/telemetry/fold.h"
#include "tests/core/session/session_samples.h"

using namespace binnacle;
using namespace binnacle::session;
using namespace binnacle::session::samples;
using telemetry::Batch;
using telemetry::ChunkKind;

TEST(Session, everythingComesBackAsItWasWritten)
{
    const Folder folder;
    Random random(11);
    const EntityKey agents[] = {{1, 1}, {2, 2}, {3, 3}};
    auto writer = SessionWriter::create(folder / "a.binnacle", {.programVersion = "test"});
    ASSERT_TRUE(writer) << writer.error().what;
    Texts wanted;
    for (const EntityKey& agent : agents)
        ASSERT_TRUE((*writer)->addAgent(identity(agent)));
    for (std::uint64_t sequence = 0; sequence < 33; ++sequence) {
        for (const EntityKey& agent : agents) {
            const Batch batch = anyBatch(random, agent, sequence);
            ASSERT_TRUE((*writer)->append(batch));
            wanted[{agent, sequence}] = Text::of(batch);
        }
    }
    const telemetry::Gap gap{agents[0], {utcTime(kStartNs), utcTime(kStartNs + kSecond)}, Loss::AgentGap, "the agent was restarted"};
    const ClockOffset offset{agents[1], utcTime(kStartNs), Nanoseconds(-1234), Nanoseconds(56)};
    ASSERT_TRUE((*writer)->addGap(gap));
    ASSERT_TRUE((*writer)->addClockOffset(offset));
    ASSERT_TRUE((*writer)->addLoss(Loss::StoreOverrun, 5));
    ASSERT_TRUE((*writer)->addLoss(Loss::StoreOverrun, 2));
    ASSERT_TRUE((*writer)->close());
    writer->reset();
    EXPECT_FALSE(std::filesystem::exists(folder / "a.binnacle-wal")) << "one file after close";

    const auto reader = openOrFail(folder / "a.binnacle");
    ASSERT_TRUE(reader);
    EXPECT_EQ(textsOf(*reader), wanted);
    EXPECT_EQ(reader->agents(), (std::vector{identity(agents[0]), identity(agents[1]), identity(agents[2])}));
    EXPECT_EQ(reader->covered(), (TimeRange{utcTime(kStartNs), utcTime(kStartNs + 33 * kSecond)}));
    ASSERT_EQ(reader->gaps().size(), 1u);
    EXPECT_EQ(reader->gaps()[0].what, gap.what);
    EXPECT_EQ(reader->gaps()[0].range, gap.range);
    EXPECT_EQ(reader->gaps()[0].reason, gap.reason);
    EXPECT_EQ(reader->clockOffsets(), std::vector{offset});
    const SessionInfo info = reader->info(SessionReader::Check::Everything);
    EXPECT_TRUE(info.complete);
    EXPECT_FALSE(info.damaged);
    EXPECT_EQ(info.version, 1);
    EXPECT_EQ(info.segments, 3u * 2 * 4);
    EXPECT_EQ(info.bytes, std::filesystem::file_size(folder / "a.binnacle"));
    const auto overrun = std::ranges::find(info.losses, Loss::StoreOverrun, &LossTotal::loss);
    ASSERT_NE(overrun, info.losses.end());
    EXPECT_GE(overrun->count, 7u);
}

TEST(Session, lossesOfTheAgentsAreTotalledInTheIndex)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    for (std::uint64_t sequence = 0; sequence < 25; ++sequence) {
        Batch batch = BusyHost{.ends = 2, .spans = 0}.second(sequence);
        batch.overview->losses.push_back({Loss::DataRingFull, 10, telemetry::kNone});
        ASSERT_TRUE((*writer)->append(batch));
    }
    const auto reader = openOrFail(folder / "a.binnacle"); // the last five are still a tail
    const auto losses = reader->info().losses;
    ASSERT_EQ(losses.size(), 1u);
    EXPECT_EQ(losses[0].loss, Loss::DataRingFull);
    EXPECT_EQ(losses[0].count, 250u);
    EXPECT_EQ(losses[0].range, (TimeRange{utcTime(kStartNs), utcTime(kStartNs + 25 * kSecond)}));
}

TEST(Session, aReaderFollowsAnActiveWriterBatchByBatch)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "live.binnacle");
    ASSERT_TRUE(writer);
    const auto reader = openOrFail(folder / "live.binnacle");
    ASSERT_TRUE(reader);
    EXPECT_TRUE(textsOf(*reader).empty());
    Texts wanted;
    std::uint64_t revision = reader->revision();
    for (std::uint64_t sequence = 3; sequence < 40; ++sequence) {
        const Batch batch = BusyHost{.ends = 5, .spans = 20}.second(sequence);
        ASSERT_TRUE((*writer)->append(batch));
        wanted[{batch.key.agent, sequence}] = Text::of(batch);
        ASSERT_EQ(textsOf(*reader), wanted) << "after " << sequence;
        EXPECT_GT(reader->revision(), revision);
        revision = reader->revision();
    }
    EXPECT_FALSE(reader->info().complete);
    ASSERT_TRUE((*writer)->close());
    EXPECT_EQ(textsOf(*reader), wanted);
    EXPECT_TRUE(reader->info().complete);
}

TEST(Session, rangesAreHalfOpenOrderedAndStopWhenTheVisitorHasEnough)
{
    const Folder folder;
    writeSession(folder / "a.binnacle", 40, 3, 5);
    const auto reader = openOrFail(folder / "a.binnacle");
    const TimeRange range{utcTime(kStartNs + 12 * kSecond), utcTime(kStartNs + 15 * kSecond)};
    std::vector<std::tuple<UtcTime, EntityKey, std::uint64_t>> order;
    ASSERT_TRUE(reader->read(range, false, [&](const Batch& batch) {
        EXPECT_FALSE(batch.detail) << "detail only when asked";
        order.emplace_back(batch.range.from, batch.key.agent, batch.key.sequence);
        return true;
    }));
    EXPECT_EQ(order.size(), 6u);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    int seen = 0;
    ASSERT_TRUE(reader->read(allTime(), true, [&](const Batch&) { return ++seen < 7; }));
    EXPECT_EQ(seen, 7);
}

TEST(Session, aSmallCacheGivesTheSameAnswers)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "a.binnacle", 30, 5, 20);
    const auto small = openOrFail(folder / "a.binnacle", {.cacheBytes = 1});
    EXPECT_EQ(textsOf(*small), wanted);
    EXPECT_EQ(textsOf(*small), wanted);
}

TEST(Session, chunksFromTheWireAreSealedUnchangedAndRepeatsAreIgnored)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    telemetry::SegmentWriter agent;
    const BusyHost host{.ends = 4, .spans = 10};
    Texts wanted;
    std::vector<telemetry::SegmentWriter::Appended> all;
    for (std::uint64_t sequence = 4; sequence < 28; ++sequence) {
        const Batch batch = host.second(sequence);
        all.push_back(agent.append(batch));
        ASSERT_TRUE((*writer)->append(*all.back().overview));
        ASSERT_TRUE((*writer)->append(*all.back().detail));
        wanted[{host.agent, sequence}] = Text::of(batch);
        if (sequence % 7 == 0) { // after a reconnect the last batches come again
            for (std::size_t i = all.size() > 5 ? all.size() - 5 : 0; i < all.size(); ++i) {
                ASSERT_TRUE((*writer)->append(*all[i].overview));
                ASSERT_TRUE((*writer)->append(*all[i].detail));
            }
        }
    }
    ASSERT_TRUE((*writer)->close());
    EXPECT_EQ(textsOf(*openOrFail(folder / "a.binnacle")), wanted);
}

TEST(Session, aRecordingThatJoinsInTheMiddleOfASegmentIsComplete)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    telemetry::SegmentWriter agent;
    Texts wanted;
    for (std::uint64_t sequence = 0; sequence < 18; ++sequence) {
        BusyHost host{.seed = 1 + sequence % 4, .ends = 3, .spans = 4, .agent = {1, 1}};
        const Batch batch = host.second(sequence);
        const auto sent = agent.append(batch);
        if (sequence < 4 || sequence == 6) // joined late, and away once in the middle
            continue;
        if (sequence == 4 || sequence == 7) {
            for (const ChunkKind kind : telemetry::kChunkKinds) {
                const auto opening = agent.opening(kind);
                (*writer)->openDictionary(host.agent, host.epoch, kind, opening->segment, opening->dictionary);
            }
        }
        ASSERT_TRUE((*writer)->append(*sent.overview));
        ASSERT_TRUE((*writer)->append(*sent.detail));
        wanted[{host.agent, sequence}] = Text::of(batch);
        ASSERT_EQ(textsOf(*openOrFail(folder / "a.binnacle")), wanted) << sequence;
    }
    ASSERT_TRUE((*writer)->close());
    const auto reader = openOrFail(folder / "a.binnacle");
    EXPECT_EQ(textsOf(*reader), wanted);
    EXPECT_FALSE(reader->info(SessionReader::Check::Everything).damaged);
}

TEST(Session, historySegmentsJoinTheLiveOnesWithoutRepeats)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    const BusyHost host{.ends = 3, .spans = 4};
    telemetry::SegmentWriter history;
    Texts wanted;
    std::vector<telemetry::Segment> segments;
    for (std::uint64_t sequence = 0; sequence < 25; ++sequence) {
        const Batch batch = host.second(sequence);
        wanted[{host.agent, sequence}] = Text::of(batch);
        std::ranges::move(history.append(batch).sealed, std::back_inserter(segments));
        if (sequence >= 17) {
            ASSERT_TRUE((*writer)->append(batch));
        }
    }
    std::ranges::move(history.sealAll(), std::back_inserter(segments));
    for (const auto& segment : segments)
        ASSERT_TRUE((*writer)->appendSegment(asBytes(segment.bytes)));
    EXPECT_FALSE((*writer)->appendSegment(asBytes(std::string_view(segments[0].bytes).substr(0, 200))));
    EXPECT_EQ(textsOf(*openOrFail(folder / "a.binnacle")), wanted);
    ASSERT_TRUE((*writer)->close());
    EXPECT_EQ(textsOf(*openOrFail(folder / "a.binnacle")), wanted);
}

TEST(Session, rollUpsAreGivenOnlyWhereThereIsNothingFiner)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    const BusyHost host{.ends = 3, .spans = 0};
    telemetry::SegmentWriter tens(telemetry::Level::TenSeconds);
    for (std::uint64_t ten = 0; ten < 3; ++ten) {
        telemetry::Fold fold;
        for (std::uint64_t i = 0; i < 10; ++i)
            fold.add(host.second(ten * 10 + i));
        tens.append(fold.result());
        ASSERT_TRUE((*writer)->appendSegment(asBytes(tens.seal(ChunkKind::Overview)->bytes)));
    }
    for (std::uint64_t sequence = 20; sequence < 30; ++sequence)
        ASSERT_TRUE((*writer)->append(host.second(sequence)));
    ASSERT_TRUE((*writer)->close());
    std::vector<std::int64_t> lengths;
    ASSERT_TRUE(openOrFail(folder / "a.binnacle")->read(allTime(), false, [&](const Batch& batch) {
        lengths.push_back(batch.range.length() / std::chrono::seconds(1));
        return true;
    }));
    EXPECT_EQ(lengths, (std::vector<std::int64_t>{10, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(Session, copyIsTheSameAlsoWhileItIsWritten)
{
    const Folder folder;
    auto writer = SessionWriter::create(folder / "a.binnacle");
    ASSERT_TRUE(writer);
    Texts wanted;
    for (std::uint64_t sequence = 0; sequence < 13; ++sequence) {
        const Batch batch = BusyHost{.ends = 3, .spans = 4}.second(sequence);
        ASSERT_TRUE((*writer)->append(batch));
        wanted[{batch.key.agent, sequence}] = Text::of(batch);
    }
    ASSERT_TRUE(copySession(folder / "a.binnacle", folder / "b.binnacle"));
    EXPECT_EQ(textsOf(*openOrFail(folder / "b.binnacle")), wanted);
    EXPECT_FALSE(copySession(folder / "a.binnacle", folder / "b.binnacle")) << "never over an existing file";
}

TEST(Session, anUnclosedSessionCanBeContinued)
{
    const Folder folder;
    Texts wanted;
    for (std::uint64_t part = 0; part < 2; ++part) {
        auto writer = SessionWriter::create(folder / "a.binnacle", {.ifExists = WriterOptions::IfExists::Continue});
        ASSERT_TRUE(writer) << writer.error().what;
        for (std::uint64_t sequence = part * 13; sequence < part * 13 + 13; ++sequence) {
            const Batch batch = BusyHost{.ends = 3, .spans = 4}.second(sequence);
            ASSERT_TRUE((*writer)->append(batch));
            wanted[{batch.key.agent, sequence}] = Text::of(batch);
        }
        if (part == 1) {
            ASSERT_TRUE((*writer)->close());
        }
    }
    EXPECT_EQ(textsOf(*openOrFail(folder / "a.binnacle")), wanted);
}

TEST(SegmentFacts, filtersNeverMissAndSeldomHit)
{
    std::vector<Batch> batches{BusyHost{.ends = 10, .spans = 500, .traced = true}.second(1)};
    const SegmentFacts facts = factsOf(batches);
    for (const auto& span : batches[0].detail->spans)
        EXPECT_TRUE(mayHoldTrace(facts.traces, span.traceId));
    for (const auto& entity : batches[0].dictionary->entities)
        EXPECT_TRUE(mayHoldService(facts.services, entity.key));
    Random random(3);
    int hits = 0;
    for (int i = 0; i < 10'000; ++i)
        hits += mayHoldTrace(facts.traces, std::bit_cast<std::array<std::uint8_t, 16>>(random.key())) ? 1 : 0;
    EXPECT_LT(hits, 300);
    EXPECT_FALSE(mayHoldTrace({}, {1}));
}

TEST(MemorySession, answersLikeAFile)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "a.binnacle", 15, 3, 5);
    MemorySession memory;
    ASSERT_TRUE(openOrFail(folder / "a.binnacle")->read(allTime(), true, [&](const Batch& batch) {
        Batch overview = batch, detail = batch;
        overview.detail.reset();
        detail.overview.reset();
        memory.append(detail);
        memory.append(overview);
        return true;
    }));
    EXPECT_EQ(textsOf(memory), wanted);
    EXPECT_EQ(memory.covered(), openOrFail(folder / "a.binnacle")->covered());
    const TimeRange part{utcTime(kStartNs + 3 * kSecond), utcTime(kStartNs + 5 * kSecond)};
    EXPECT_EQ(textsOf(memory, false, part), textsOf(*openOrFail(folder / "a.binnacle"), false, part));
    memory.forgetBefore(utcTime(kStartNs + 10 * kSecond));
    EXPECT_EQ(textsOf(memory).size(), 10u);
}
