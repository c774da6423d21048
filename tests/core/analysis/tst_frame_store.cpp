// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/frame_store.h"
#include "tests/core/analysis/shop.h"
#include "tests/core/analysis/snapshot_text.h"

#include <gtest/gtest.h>

#include <random>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;

namespace {

HandMadeSource changingShop(int seconds)
{
    return shop(seconds, [](int s) {
        const bool broken = s >= 300 && s < 330;
        return ShopSecond{.pages = 90U + std::uint64_t(s % 20),
                          .orders = broken ? 0U : 40U + std::uint64_t(s % 7),
                          .orderErrors = std::uint64_t(s % 5 == 0),
                          .refused = broken ? 9U : 0U,
                          .apis = broken ? 0 : 2};
    });
}

std::string allText(const Snapshot& snapshot) { return nodesText(snapshot) + edgesText(snapshot); }

} // namespace

TEST(FrameStore, givesTheSameSnapshotAsTheSourceItself)
{
    const HandMadeSource source = changingShop(700);
    FrameStore store;
    ASSERT_TRUE(store.load(source).has_value());
    for (const TimeRange range : {seconds(0, 700), seconds(13, 14), seconds(55, 655), seconds(599, 601), seconds(295, 335), seconds(60, 120), seconds(7, 687)}) {
        const auto direct = buildSnapshot(source, range);
        ASSERT_TRUE(direct.has_value());
        const SnapshotPtr fromFrames = store.snapshot(range);
        EXPECT_EQ(allText(*fromFrames), allText(*direct));
        EXPECT_EQ(fromFrames->range, range);
        ASSERT_EQ(fromFrames->edges.size(), direct->edges.size());
        for (std::size_t i = 0; i < direct->edges.size(); ++i) {
            EXPECT_EQ(fromFrames->edges[i].chosen.latency, direct->edges[i].chosen.latency);
            EXPECT_EQ(fromFrames->edges[i].chosen.statuses, direct->edges[i].chosen.statuses);
            EXPECT_EQ(fromFrames->edges[i].failedConnects, direct->edges[i].failedConnects);
            EXPECT_EQ(fromFrames->edges[i].healthReasons, direct->edges[i].healthReasons);
        }
    }
}

TEST(FrameStore, isTheSameWhateverTheOrderAndIgnoresWhatItHas)
{
    const HandMadeSource source = changingShop(200);
    std::vector<Batch> batches = source.batches();
    std::mt19937 random(11); // seeded
    std::shuffle(batches.begin(), batches.end(), random);
    FrameStore sorted, shuffled;
    ASSERT_TRUE(sorted.load(source).has_value());
    shuffled.addAgent(identity("a"));
    for (const Batch& batch : batches) {
        shuffled.add(batch);
        shuffled.add(batch); // at least once on the wire: once here
    }
    EXPECT_EQ(allText(*sorted.snapshot(seconds(0, 200))), allText(*shuffled.snapshot(seconds(0, 200))));
    EXPECT_EQ(sorted.covered(), shuffled.covered());
}

TEST(FrameStore, aLateBatchChangesWhatWasAskedBefore)
{
    const HandMadeSource source = changingShop(100);
    FrameStore store;
    for (const Batch& batch : source.batches()) {
        if (batch.range != seconds(42, 43))
            store.add(batch);
    }
    const auto requests = [&] { return findEdge(*store.snapshot(seconds(0, 100)), "process:loadgen", "process:web")->chosen.requests; };
    const std::uint64_t before = requests();
    EXPECT_TRUE(store.seconds(seconds(42, 43)).at(0).gap);
    const std::uint64_t version = store.version();
    store.add(source.batches()[42]);
    EXPECT_GT(store.version(), version);
    EXPECT_EQ(requests(), before + 90 + 42 % 20);
    EXPECT_FALSE(store.seconds(seconds(42, 43)).at(0).gap);
}

TEST(FrameStore, drawsASecondEachWithGapsWhereNothingIsKnown)
{
    const HandMadeSource source = shop(20, [](int s) {
        return ShopSecond{.pages = 10, .orders = 5, .orderErrors = s == 7 ? 5U : 0U, .orderLosses = s == 3 ? 2U : 0U, .agentsUp = s < 10 || s > 12};
    });
    FrameStore store;
    ASSERT_TRUE(store.load(source).has_value());
    const std::vector<SecondSummary> all = store.seconds(seconds(-5, 50));
    ASSERT_EQ(all.size(), 20U);
    for (int s = 0; s < 20; ++s) {
        EXPECT_EQ(all[s].from, second(s));
        const bool up = s < 10 || s > 12;
        EXPECT_EQ(all[s].gap, !up) << s;
        EXPECT_EQ(all[s].requests, up ? 20U : 0U) << s; // pages once, orders to two apis once: both sides are one
        EXPECT_EQ(all[s].errors, s == 7 ? 10U : 0U) << s;
        EXPECT_EQ(all[s].losses, s == 3 ? 4U : 0U) << s;
    }
    EXPECT_EQ(all[7].worst, Health::Critical);
    EXPECT_EQ(all[8].worst, Health::Ok);
    EXPECT_EQ(all[11].worst, Health::Unknown);
}

TEST(FrameStore, marksASecondWhereOneOfTwoHostsIsMissing)
{
    FrameStore store;
    for (int s = 0; s < 10; ++s) {
        store.add(BatchBuilder("a", s).build());
        if (s != 4)
            store.add(BatchBuilder("b", s).build());
    }
    const std::vector<SecondSummary> all = store.seconds(seconds(0, 10));
    for (int s = 0; s < 10; ++s)
        EXPECT_EQ(all[s].gap, s == 4) << s;
}

TEST(FrameStore, drawsSeriesOfNodesAndEdgesWithinTheLimit)
{
    const HandMadeSource source = changingShop(600);
    FrameStore store;
    ASSERT_TRUE(store.load(source).has_value());
    for (const std::size_t limit : {1U, 7U, 60U, 61U, 599U, 600U, 5000U}) {
        const auto points = store.series("process:web", seconds(0, 600), limit);
        ASSERT_FALSE(points.empty());
        EXPECT_LE(points.size(), limit);
        std::uint64_t sum = 0;
        for (const SeriesPoint& point : points)
            sum += point.requests;
        EXPECT_EQ(sum, findNode(*store.snapshot(seconds(0, 600)), "process:web")->inbound.requests) << limit;
    }
    const auto perSecond = store.series("process:web>process:api:8000/http", seconds(100, 110), 100);
    ASSERT_EQ(perSecond.size(), 10U);
    EXPECT_EQ(perSecond[0].at, second(100));
    EXPECT_EQ(perSecond[0].width, std::chrono::seconds(1));
    EXPECT_EQ(perSecond[0].requests, 2 * (40U + 100 % 7));
    EXPECT_EQ(perSecond[0].errors, 2U);
    EXPECT_EQ(*perSecond[0].max, std::chrono::milliseconds(2));
    EXPECT_TRUE(store.series("process:nobody", seconds(0, 600), 100).empty());
    // While api is away nothing is drawn for it, not zero.
    EXPECT_TRUE(store.series("process:api", seconds(305, 310), 100).size() <= 5);
}

TEST(FrameStore, keepsItsMemoryAndTheTotals)
{
    const HandMadeSource source = changingShop(3600);
    FrameStore big, small({.maxBytes = std::size_t{1} << 20, .snapshot = {}});
    ASSERT_TRUE(big.load(source).has_value());
    ASSERT_TRUE(small.load(source).has_value());
    EXPECT_GT(big.bytes(), std::size_t{3} << 20) << "else this test shows nothing";
    EXPECT_LT(small.bytes(), std::size_t{3} << 20); // frames, and who is who
    EXPECT_EQ(small.covered(), big.covered());
    EXPECT_EQ(edgesText(*small.snapshot(seconds(0, 3600))), edgesText(*big.snapshot(seconds(0, 3600))));
    // The fine end is still fine; the old one is widened, and says so.
    EXPECT_EQ(small.snapshot(seconds(3595, 3600))->range, seconds(3595, 3600));
    const TimeRange widened = small.snapshot(seconds(101, 102))->range;
    EXPECT_LE(widened.from, second(101));
    EXPECT_GE(widened.to, second(102));
    EXPECT_GT(widened.length(), std::chrono::seconds(1));
    // The timeline keeps its seconds.
    EXPECT_EQ(small.seconds(seconds(100, 101)).at(0).requests, big.seconds(seconds(100, 101)).at(0).requests);
    EXPECT_FALSE(small.seconds(seconds(100, 101)).at(0).gap);
}

TEST(FrameStore, eventsAloneAreThoseOfTheSnapshot)
{
    FrameStore store;
    for (int at = 0; at < 130; ++at) {
        BatchBuilder batch("host", at);
        const auto instance = batch.instance("web-1", "nginx", true);
        batch.present(instance, batch.service("web", "shop", ServiceKind::Workload));
        if (at % 7 == 0)
            batch.overview().events.push_back({.at = tests::second(at), .kind = EventKind::ProcessExec, .subject = instance});
        store.add(batch.build());
    }
    const auto textOf = [](const std::vector<Event>& events) {
        std::string text;
        for (const Event& event : events)
            text += std::to_string(event.at.time_since_epoch().count()) + ' ' + event.subject + ' ' + event.detail + '\n';
        return text;
    };
    for (const TimeRange range : {seconds(0, 130), seconds(5, 71), seconds(14, 15)}) {
        const std::vector<Event> events = store.events(range);
        EXPECT_FALSE(events.empty());
        EXPECT_EQ(textOf(events), textOf(store.snapshot(range)->events));
    }
    EXPECT_EQ(store.events(seconds(0, 130)).size(), 19U); // 0, 7 … 126
}

TEST(FrameStore, loadingCanBeCancelled)
{
    const HandMadeSource source = changingShop(50);
    FrameStore store;
    const auto loaded = store.load(source, [](UtcTime at) { return at < second(10); });
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(store.covered(), seconds(0, 10));
}

TEST(FrameStore, ofNothingIsEmpty)
{
    const FrameStore store;
    EXPECT_EQ(store.covered(), TimeRange{});
    EXPECT_TRUE(store.snapshot(seconds(0, 10))->nodes.empty());
    EXPECT_TRUE(store.seconds(seconds(0, 10)).empty());
    EXPECT_TRUE(store.series("process:web", seconds(0, 10), 10).empty());
}
