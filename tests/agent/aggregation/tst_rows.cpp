// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/row_table.h"
#include "agent/aggregation/span_sampler.h"
#include "core/base/entity_key.h"
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>
#include <set>

namespace binnacle::agent::test {
namespace {

EndKey clientTo(std::uint16_t port, std::uint32_t instance = 1)
{
    EndKey key;
    key.instance = instance;
    key.remote = endpoint("10.0.0.1", port);
    return key;
}

TEST(RowTableTest, endsOverTheBoundGoToOther)
{
    int asked = 0;
    RowTable rows([&] { return ++asked, 99u; });
    std::set<std::uint32_t> ends;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        EndKey key = clientTo(static_cast<std::uint16_t>(i), 1 + i / 5'000);
        ends.insert(rows.ensureEnd(key));
    }
    EXPECT_LE(ends.size(), RowTable::kMaxEnds);
    EXPECT_GT(asked, 0);
    const std::uint32_t over = rows.ensureEnd(clientTo(20'000, 2));
    EXPECT_TRUE(rows.end(over).overflow);
    EXPECT_EQ(rows.end(over).key.instance, 2u) << "whose end it is stays known";
    EXPECT_EQ(rows.end(over).key.remoteInstance, 99u);
}

TEST(RowTableTest, manyInstancesOverTheBoundShareOneRow)
{
    RowTable rows([] { return 99u; });
    for (std::uint32_t i = 0; i < 20'000; ++i)
        rows.ensureEnd(clientTo(1, i));
    EXPECT_LE(rows.endCount(), RowTable::kMaxEnds);
    EXPECT_EQ(rows.end(rows.ensureEnd(clientTo(1, 30'000))).key.instance, 99u);
}

TEST(RowTableTest, aServiceHasTwoHundredRoutes)
{
    RowTable rows([] { return 99u; });
    const std::uint32_t end = rows.ensureEnd(clientTo(80));
    std::set<std::uint32_t> cells;
    for (int i = 0; i < 300; ++i) {
        const std::string route = "GET /" + std::to_string(i);
        cells.insert(rows.ensureCell(end, route, stableHash64(route), 1));
    }
    EXPECT_EQ(cells.size(), RowTable::kMaxRoutes + 1);
    const std::uint32_t other = rows.ensureCell(end, "GET /new", stableHash64("GET /new"), 1);
    EXPECT_EQ(rows.cell(other).route, "other");
    EXPECT_TRUE(rows.cell(other).overflow);
    EXPECT_FALSE(rows.cell(rows.ensureCell(end, "GET /1", stableHash64("GET /1"), 1)).overflow);
    EXPECT_FALSE(rows.cell(rows.ensureCell(rows.ensureEnd(clientTo(81)), "GET /new", stableHash64("GET /new"), 2)).overflow)
        << "another service has its own";
}

TEST(RowTableTest, unusedRowsAreDroppedAndTheirRoutesFreed)
{
    RowTable rows([] { return 99u; });
    const std::uint32_t end = rows.ensureEnd(clientTo(80));
    for (int i = 0; i < 200; ++i)
        rows.ensureCell(end, "r" + std::to_string(i), stableHash64("r" + std::to_string(i)), 1);
    const std::uint32_t before = rows.generation();
    for (int second = 0; second < 80; ++second)
        rows.nextSecond({});
    EXPECT_NE(rows.generation(), before);
    const std::uint32_t fresh = rows.ensureEnd(clientTo(80));
    EXPECT_FALSE(rows.cell(rows.ensureCell(fresh, "new", stableHash64("new"), 1)).overflow);
}

TEST(RowTableTest, rowsInUseAreKept)
{
    RowTable rows([] { return 99u; });
    const std::uint32_t end = rows.ensureEnd(clientTo(80));
    const std::uint32_t cell = rows.ensureCell(end, "r", stableHash64("r"), 1);
    for (int second = 0; second < 200; ++second) {
        rows.requestWindow(cell, rows.current());
        rows.nextSecond({});
    }
    EXPECT_TRUE(rows.cell(cell).taken);
    EXPECT_EQ(rows.ensureEnd(clientTo(80)), end);
}

TEST(StatusTextsTest, sameTextSameNumber)
{
    StatusTexts texts;
    EXPECT_EQ(texts.idOf(""), 0);
    const std::uint16_t ok = texts.idOf("200"), wrong = texts.idOf("WRONGTYPE");
    EXPECT_NE(ok, wrong);
    EXPECT_EQ(texts.idOf("200"), ok);
    EXPECT_EQ(texts.idOf("WRONGTYPE"), wrong);
    EXPECT_EQ(texts.text(wrong), "WRONGTYPE");
    for (int i = 0; i < 10'000; ++i)
        texts.idOf("S" + std::to_string(i));
    EXPECT_EQ(texts.text(texts.idOf("ONE TOO MANY")), "other");
    EXPECT_EQ(texts.text(texts.idOf("200")), "200");
}

protocols::Exchange numbered(std::uint32_t i, bool error = false)
{
    protocols::Exchange exchange;
    exchange.requestSequence = i;
    exchange.responseSequence = i * 7;
    exchange.error = error;
    return exchange;
}

void offer(SpanSampler& sampler, const protocols::Exchange& exchange, std::uint64_t duration)
{
    const SpanSampler::Place place = sampler.choose(SpanSampler::Candidate(exchange), duration, 0);
    if (place == SpanSampler::Place::None)
        return;
    PendingSpan pending;
    pending.span.duration = Nanoseconds(static_cast<std::int64_t>(duration));
    pending.span.error = exchange.error;
    pending.span.requestSequence = exchange.requestSequence;
    sampler.keep(place, pending, 0);
}

TEST(SpanSamplerTest, keepsAllBelowTheBudget)
{
    SpanSampler sampler(100);
    for (std::uint32_t i = 0; i < 100; ++i)
        offer(sampler, numbered(i), 5);
    std::uint64_t seen = 0;
    EXPECT_EQ(sampler.take(0, seen).size(), 100u);
    EXPECT_EQ(seen, 100u);
}

TEST(SpanSamplerTest, keepsErrorsAndTheSlowestAboveTheBudget)
{
    SpanSampler sampler(100);
    std::uint64_t seen = 0;
    for (int second = 0; second < 3; ++second) {
        for (std::uint32_t i = 0; i < 50'000; ++i)
            offer(sampler, numbered(i, i % 5'000 == 1), i == 49'999 || i == 3 ? 1'000'000 : 10 + i % 7);
        const std::vector<PendingSpan> kept = sampler.take(0, seen);
        EXPECT_EQ(seen, 50'000u);
        EXPECT_LE(kept.size(), 250u + SpanSampler::kSlowest);
        EXPECT_GE(kept.size(), 50u);
        EXPECT_EQ(std::ranges::count_if(kept, [](const PendingSpan& p) { return p.span.error; }), 10);
        EXPECT_EQ(std::ranges::count_if(kept, [](const PendingSpan& p) { return p.span.duration.count() == 1'000'000; }), 2);
    }
}

TEST(SpanSamplerTest, bothEndsKeepTheSameExchanges)
{
    SpanSampler client(100), server(100);
    std::uint64_t seen = 0;
    const auto kept = [&](SpanSampler& sampler) {
        std::set<std::uint32_t> numbers;
        for (std::uint32_t i = 0; i < 3'000; ++i)
            offer(sampler, numbered(i), 10);
        for (const PendingSpan& p : sampler.take(0, seen))
            numbers.insert(p.span.requestSequence);
        return numbers;
    };
    kept(client);
    kept(server);
    EXPECT_EQ(kept(client), kept(server));
}

TEST(SpanSamplerTest, noBudgetKeepsNothingAndStillCounts)
{
    SpanSampler sampler(0);
    offer(sampler, numbered(1, true), 10);
    std::uint64_t seen = 0;
    EXPECT_TRUE(sampler.take(0, seen).empty());
    EXPECT_EQ(seen, 1u);
}

} // namespace
} // namespace binnacle::agent::test
