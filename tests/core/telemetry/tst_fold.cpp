// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "core/telemetry/fold.h"
#include "tests/core/telemetry/sample_batches.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::telemetry;
using samples::Random;
using samples::Text;

namespace {

/// Text and dictionary, bit for bit.
std::string exactly(const Batch& batch)
{
    SegmentWriter writer(Level::TenSeconds, {.strings = 16u << 20});
    const Dictionary& d = *batch.dictionary;
    std::string text = Text::of(batch) + std::to_string(d.strings.size()) + ' ' + std::to_string(d.entities.size()) + ' ' + std::to_string(d.ends.size());
    for (const std::string& string : d.strings)
        text += string + '\n';
    return text + writer.append(batch).overview->bytes;
}

/// Batches that talk about the same few things, so that rows really fall together.
std::vector<Batch> related(std::uint64_t seed, int count)
{
    Random random(seed);
    std::vector<Batch> batches;
    for (int i = 0; i < count; ++i) {
        samples::BusyHost host{.seed = 1 + random.below(2), .ends = 4 + static_cast<int>(random.below(5)), .spans = 0};
        Batch b = host.second(static_cast<std::uint64_t>(i));
        Overview& o = *b.overview;
        DictionaryBuilder builder(*b.dictionary);
        const auto what = builder.string(random.chance(50) ? "payload_unseen" : "tls_not_opened");
        const auto advice = builder.string(random.chance(50) ? "one" : "two");
        for (std::uint16_t port = 0; port < 4; ++port) { // each leads now here, now there
            const Entity service{.key = {random.below(3), 9}, .kind = EntityKind::Service, .name = "api", .nameSpace = "demo", .type = {},
                                 .serviceKind = ServiceKind::Workload, .attributes = {}};
            if (random.chance(60))
                o.addresses.push_back({{InternetAddress::fromV4(0x0100600a), port}, builder.entity(service), random.chance(50) ? advice : kNone, {}});
        }
        b.dictionary = builder.take();
        for (TcpRow& row : o.tcp) {
            row.active = random.below(9);
            row.segmentsIn = random.chance(50) ? std::optional(random.below(5)) : std::nullopt;
            if (random.chance(50))
                row.failed.push_back({111, 1 + random.below(3)});
        }
        for (const RequestRow& row : o.requests) {
            o.open.push_back({row.end, row.route, random.below(5), Nanoseconds(random.number(30))});
            o.openExchanges.push_back({row.end, row.route, {random.below(3), 7}, utcTime(samples::kStartNs + static_cast<std::int64_t>(random.below(3))), 1});
            if (random.chance(30))
                o.losses.push_back({Loss::ParserGap, 1 + random.below(3), random.chance(50) ? row.end : kNone});
        }
        if (random.chance(50))
            o.pendingConnects.push_back({o.tcp.front().end, random.below(5), Nanoseconds(random.number(40)), static_cast<std::uint32_t>(random.below(7))});
        o.events.push_back({b.range.from, EventKind::Restart, random.chance(50) ? 0 : kNone, advice});
        o.coverage.push_back({random.chance(50) ? 0 : kNone, what, 1, 2, random.chance(50) ? advice : kNone});
        batches.push_back(std::move(b));
    }
    return batches;
}

} // namespace

TEST(Fold, orderAndGroupingChangeNoBit)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        std::vector<Batch> batches = related(seed, 10);
        if (seed % 3 == 0) {
            for (std::uint64_t i = 0; i < 6; ++i) {
                batches.push_back(samples::anyBatch(random, random.chance(50) ? EntityKey{1, 2} : random.key(), i));
                samples::addHosts(batches.back(), random);
            }
        }
        Fold straight;
        for (const Batch& batch : batches)
            straight.add(batch);
        const std::string wanted = exactly(straight.result());
        for (int round = 0; round < 5; ++round) {
            std::vector<Batch> work = batches;
            while (work.size() > 1) { // folds any two until one is left
                std::swap(work[random.below(work.size())], work.back());
                const Batch last = std::move(work.back());
                work.pop_back();
                std::swap(work[random.below(work.size())], work.back());
                work.back() = random.chance(50) ? fold(work.back(), last) : fold(last, work.back());
            }
            ASSERT_EQ(exactly(work.front()), wanted) << "seed " << seed;
        }
    }
}

TEST(Fold, theWireInBetweenChangesNoBit)
{
    const std::vector<Batch> batches = related(3, 10);
    const auto overTheWire = [](const Batch& batch) {
        SegmentWriter writer(Level::TenSeconds);
        writer.append(batch);
        return readSegment(asBytes(writer.seal(ChunkKind::Overview)->bytes))->front();
    };
    Fold all, viaWire;
    for (const Batch& batch : batches)
        all.add(batch);
    Fold firstHalf, secondHalf;
    for (std::size_t i = 0; i < batches.size(); ++i)
        (i < 5 ? firstHalf : secondHalf).add(overTheWire(batches[i]));
    viaWire.add(overTheWire(secondHalf.result()));
    viaWire.add(overTheWire(firstHalf.result()));
    EXPECT_EQ(exactly(viaWire.result()), exactly(all.result()));
}

TEST(Fold, anAddressLeadsWhereItWasLastSaidToLead)
{
    const auto said = [](std::uint64_t second, const char* service) {
        Batch b = samples::BusyHost{.ends = 1, .spans = 0}.second(second);
        DictionaryBuilder builder(*b.dictionary);
        const Entity entity{.key = EntityKey::ofText(service), .kind = EntityKind::Service, .name = service, .nameSpace = {}, .type = {},
                            .serviceKind = ServiceKind::Workload, .attributes = {}};
        if (*service)
            b.overview->addresses.push_back({{InternetAddress::fromV4(0x0100600a), 80}, builder.entity(entity), builder.string("demo/x"), {}});
        b.dictionary = builder.take();
        return b;
    };
    // The later second says nothing of it: that must not make the earlier word younger.
    const Batch early = fold(said(0, "old"), said(9, ""));
    const Batch sum = fold(early, said(4, "new"));
    ASSERT_EQ(sum.overview->addresses.size(), 1u);
    EXPECT_EQ(sum.dictionary->entities[sum.overview->addresses[0].service].name, "new");
    EXPECT_EQ(sum.overview->addresses[0].saidAt, utcTime(samples::kStartNs + 5 * samples::kSecond));
}

TEST(Fold, manyConnectionsLeaveTheBusiestInAnyOrder)
{
    Random random(4);
    std::vector<Batch> batches;
    for (std::uint64_t second = 0; second < 8; ++second) {
        Batch b = samples::BusyHost{.ends = 2, .spans = 0}.second(second);
        const ConnectionRow like = b.overview->connections.front();
        for (std::uint64_t i = 0; i < 300; ++i) {
            ConnectionRow row = like;
            row.connection = {9, random.below(900)};
            row.bytesSent = row.connection.low * 1000 + second * random.below(5000);
            b.overview->connections.push_back(row);
        }
        batches.push_back(std::move(b));
    }
    const Batch left = fold(fold(fold(batches[0], batches[1]), fold(batches[2], batches[3])), fold(fold(batches[4], batches[5]), fold(batches[6], batches[7])));
    Fold reverse;
    for (auto at = batches.rbegin(); at != batches.rend(); ++at)
        reverse.add(*at);
    EXPECT_EQ(exactly(left), exactly(reverse.result()));
    EXPECT_EQ(left.overview->connections.size(), 256u);
}

TEST(Fold, sumsAreExactAndGaugesFollowTheirRule)
{
    std::vector<Batch> batches;
    std::uint64_t requests = 0;
    Histogram latency;
    for (std::uint64_t second = 0; second < 10; ++second) {
        batches.push_back(samples::BusyHost{.ends = 6, .spans = 3}.second(second));
        Overview& o = *batches.back().overview;
        o.open.push_back({o.requests[0].end, o.requests[0].route, second == 4 ? 9u : 1u, Nanoseconds(100 + second)});
        if (second < 7)
            o.pendingConnects.push_back({o.tcp[0].end, second == 3 ? 5u : 2u, std::chrono::seconds(1 + second), second == 6 ? 4u : 1u});
        o.tcp[0].active = second == 9 ? 3 : 50;
        for (const RequestRow& row : o.requests) {
            requests += row.requests;
            latency.merge(row.latency);
        }
    }
    Fold sum;
    EXPECT_TRUE(sum.empty());
    for (const Batch& batch : batches)
        sum.add(batch);
    const Batch ten = sum.result();
    EXPECT_EQ(ten.range, (TimeRange{batches.front().range.from, batches.back().range.to}));
    EXPECT_EQ(ten.key.sequence, 9u);
    EXPECT_FALSE(ten.detail);
    std::uint64_t got = 0;
    Histogram gotLatency;
    for (const RequestRow& row : ten.overview->requests) {
        got += row.requests;
        gotLatency.merge(row.latency);
    }
    EXPECT_EQ(got, requests);
    EXPECT_EQ(gotLatency, latency);
    ASSERT_EQ(ten.overview->open.size(), 1u);
    EXPECT_EQ(ten.overview->open[0].count, 9u);
    EXPECT_EQ(ten.overview->open[0].oldestAge, Nanoseconds(109));
    ASSERT_EQ(ten.overview->pendingConnects.size(), 1u);
    EXPECT_EQ(ten.overview->pendingConnects[0].count, 5u);
    EXPECT_EQ(ten.overview->pendingConnects[0].oldestAge, std::chrono::seconds(7));
    EXPECT_EQ(ten.overview->pendingConnects[0].synSent, 4u);
    std::uint64_t active = 0;
    for (const TcpRow& row : ten.overview->tcp)
        active += row.active;
    EXPECT_EQ(active, 3u + 5 * 2u) << "the last reading, not the most";
}

TEST(Fold, severalHostsHaveNoSingleAgent)
{
    samples::BusyHost a{.seed = 1, .ends = 2, .spans = 0, .agent = {1, 1}}, b{.seed = 2, .ends = 3, .spans = 0, .agent = {2, 2}};
    const Batch both = fold(a.second(1), b.second(1));
    EXPECT_FALSE(both.key.agent);
    EXPECT_EQ(both.overview->requests.size(), 5u);
}
