// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/connection_table.h"
#include "desktop/viewmodels/edge_detail.h"
#include "desktop/viewmodels/edge_table.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/loss_table.h"
#include "desktop/viewmodels/service_table.h"
#include "desktop/viewmodels/sorted_table.h"
#include "desktop/viewmodels/text_filter.h"
#include "desktop/viewmodels/timeline_layout.h"
#include "tests/ui/sample_source.h"

#include <algorithm>

#include <QAbstractItemModelTester>
#include <QItemSelectionModel>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

analysis::SnapshotPtr during(int from, int to)
{
    const SampleSource source;
    return source.snapshot({SampleSource::begin() + std::chrono::seconds(from), SampleSource::begin() + std::chrono::seconds(to)});
}

QString cell(const QAbstractItemModel& model, int row, const char* column)
{
    for (int i = 0; i < model.columnCount(); ++i) {
        if (model.headerData(i, Qt::Horizontal).toString().startsWith(QLatin1String(column)))
            return model.index(row, i).data().toString();
    }
    return QStringLiteral("no such column");
}

/// Every table through the tester, while rows stay, come and go.
template <class Model, class Rows>
void expectWellBehaved(Model& model, Rows rows)
{
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    SortedTable sorted;
    QAbstractItemModelTester sortedTester(&sorted, QAbstractItemModelTester::FailureReportingMode::Fatal);
    sorted.setSourceModel(&model);
    sorted.sort(0, Qt::DescendingOrder);
    for (const auto& [from, to] : {std::pair(0, 60), std::pair(150, 205), std::pair(0, 0), std::pair(240, 300)}) {
        auto fresh = rows(*during(from, to));
        const std::size_t count = fresh.size();
        model.show(std::move(fresh));
        EXPECT_EQ(static_cast<std::size_t>(model.rowCount()), count);
        sorted.setFilter(QStringLiteral("a"));
        sorted.setFilter({});
        EXPECT_EQ(sorted.rowCount(), model.rowCount());
    }
}

TEST(Tables, keepTheRulesOfItemModels)
{
    ServiceTable services;
    expectWellBehaved(services, serviceRows);
    EdgeTable edges(EdgeColumns::Pairs);
    expectWellBehaved(edges, edgeRows);
    ConnectionTable connections;
    expectWellBehaved(connections, connectionRows);
    InFlightTable inFlight;
    expectWellBehaved(inFlight, inFlightRows);
    EventTable events;
    expectWellBehaved(events, eventRows);
    LossTable losses;
    expectWellBehaved(losses, lossRows);
    CoverageTable coverage;
    expectWellBehaved(coverage, coverageRows);
    AgentTable agents;
    expectWellBehaved(agents, agentRows);
    StatusTable statuses;
    expectWellBehaved(statuses, [](const analysis::Snapshot& s) { return s.nodes.empty() ? std::vector<StatusRow>() : statusRows(s.nodes[2].inbound.statuses); });
    RouteTable routes;
    expectWellBehaved(routes, [](const analysis::Snapshot& s) { return s.nodes.empty() ? std::vector<RouteRow>() : routeRows(s.nodes[2].routes, s.range); });
    InstanceTable instances;
    expectWellBehaved(instances, [](const analysis::Snapshot& s) { return s.nodes.empty() ? std::vector<InstanceRow>() : instanceRows(s, s.nodes[2]); });
    LedgerTable ledgers;
    expectWellBehaved(ledgers, [](const analysis::Snapshot& s) { return s.edges.empty() ? std::vector<LedgerRow>() : ledgerRows(s.edges.back()); });
    TcpFactTable facts;
    expectWellBehaved(facts, [](const analysis::Snapshot& s) { return s.edges.empty() ? std::vector<TcpFactRow>() : tcpFactRows(s.edges.back()); });
}

TEST(Tables, rowsThatStayKeepTheirSelection)
{
    ServiceTable model;
    model.show(serviceRows(*during(0, 60)));
    QItemSelectionModel selection(&model);
    const int api = model.rowOf(QStringLiteral("process:api"));
    selection.select(model.index(api, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    const QPersistentModelIndex kept = model.index(api, 0);
    auto rows = serviceRows(*during(150, 205));
    std::erase_if(rows, [](const ServiceRow& r) { return r.key == QLatin1String("internet"); });
    model.show(std::move(rows));
    ASSERT_TRUE(kept.isValid());
    EXPECT_EQ(kept.data(Role::kRowKey).toString(), QLatin1String("process:api"));
    EXPECT_EQ(selection.selectedRows().size(), 1);
}

TEST(InstanceTable, saysWhereAPodRunsAndHowItIsLabelled)
{
    SampleSource source;
    source.moveIntoCluster();
    const analysis::SnapshotPtr snapshot = source.snapshot({SampleSource::begin(), SampleSource::begin() + std::chrono::seconds(60)});
    const auto api = std::find_if(snapshot->nodes.begin(), snapshot->nodes.end(), [](const analysis::Node& n) { return n.id == "workload:shop/api"; });
    ASSERT_NE(api, snapshot->nodes.end());
    InstanceTable model;
    model.show(instanceRows(*snapshot, *api));
    ASSERT_EQ(model.rowCount(), 3);
    EXPECT_EQ(cell(model, 1, "Instance"), QLatin1String("api-2"));
    EXPECT_EQ(cell(model, 1, "Host"), QLatin1String("node-2"));
    EXPECT_EQ(cell(model, 1, "Zone"), QLatin1String("eu-1b"));
    EXPECT_EQ(cell(model, 1, "Container"), QLatin1String("main"));
    EXPECT_EQ(cell(model, 1, "Labels"), QString::fromUtf8("app=api · tier=backend · track=canary"));
    analysis::Snapshot sidecars = *snapshot;
    for (const analysis::Instance& instance : snapshot->instances) {
        sidecars.instances.push_back(instance);
        sidecars.instances.back().key = EntityKey::ofText(instance.name + " proxy");
        sidecars.instances.back().alive = !instance.alive;
    }
    EXPECT_EQ(instanceRows(sidecars, *api).size(), 6u);
    const std::vector<InstanceRow> pods = podRows(sidecars, *api);
    EXPECT_EQ(pods.size(), 3u);
    EXPECT_TRUE(std::all_of(pods.begin(), pods.end(), [](const InstanceRow& r) { return r.alive; }));
    EXPECT_EQ(sharedLabels(*snapshot, *api), QString::fromUtf8("app=api · tier=backend"));
}

TEST(ServiceTable, saysWhatTheSnapshotSays)
{
    ServiceTable model;
    model.show(serviceRows(*during(185, 205)));
    const int api = model.rowOf(QStringLiteral("process:api"));
    ASSERT_GE(api, 0);
    EXPECT_EQ(cell(model, api, "Health"), QLatin1String("Critical"));
    EXPECT_EQ(cell(model, api, "Service"), QLatin1String("api"));
    EXPECT_EQ(cell(model, api, "Instances"), QLatin1String("1 of 3"));
    // 20 seconds, 97 + (0 … 19) requests a second: 2,130; half of each second's, rounded down, fail.
    EXPECT_EQ(model.row(api).requests, 2130u);
    EXPECT_EQ(model.row(api).errors, 1060u);
    EXPECT_EQ(cell(model, api, "Req/s"), QLatin1String("107"));
    EXPECT_EQ(cell(model, api, "Errors"), QStringLiteral("49.8\u00a0%"));
}

TEST(ServiceTable, nothingKnownIsADashAndSortsLast)
{
    ServiceTable model;
    model.show(serviceRows(*during(0, 60)));
    const int external = model.rowOf(QStringLiteral("external:10.9.0.7:5432"));
    EXPECT_EQ(cell(model, external, "p99"), noFigure());
    EXPECT_EQ(cell(model, external, "Instances"), noFigure());
    SortedTable sorted;
    sorted.setSourceModel(&model);
    for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
        sorted.sort(8, order);
        EXPECT_EQ(sorted.index(sorted.rowCount() - 1, 8).data().toString(), noFigure()) << "order " << order;
        EXPECT_NE(sorted.index(0, 8).data().toString(), noFigure()) << "order " << order;
    }
}

TEST(SortedTable, exportsFullPrecisionAndQuotes)
{
    LossTable model;
    model.show(lossRows(*during(190, 210)));
    SortedTable sorted;
    sorted.setSourceModel(&model);
    const QStringList lines = sorted.toCsv().split(QLatin1Char('\n'));
    EXPECT_EQ(lines.value(0), QLatin1String("Place,Reason,Lost,When,What to do"));
    EXPECT_TRUE(lines.value(1).startsWith(QLatin1String("kernel,data ring full,48231,"))) << lines.value(1).toStdString();
    EXPECT_FALSE(lines.value(1).contains(QLatin1String("KiB")));
}

TEST(TextFilter, wordsAndAlternativesAndExclusions)
{
    EXPECT_TRUE(TextFilter(QStringLiteral("API crit")).accepts(QStringLiteral("api\nCritical")));
    EXPECT_FALSE(TextFilter(QStringLiteral("api ok")).accepts(QStringLiteral("api\nCritical")));
    EXPECT_TRUE(TextFilter(QStringLiteral("web,api")).accepts(QStringLiteral("api")));
    EXPECT_FALSE(TextFilter(QStringLiteral("-api")).accepts(QStringLiteral("api")));
    EXPECT_TRUE(TextFilter(QStringLiteral("  ")).accepts(QStringLiteral("anything")));
}

TEST(Figures, threeDigitsAndNothingInvented)
{
    EXPECT_EQ(durationText(Nanoseconds(850)), QStringLiteral("850\u00a0ns"));
    EXPECT_EQ(durationText(Nanoseconds(4'100'000)), QStringLiteral("4.1\u00a0ms"));
    EXPECT_EQ(durationText(Nanoseconds(999'700)), QStringLiteral("1\u00a0ms"));
    EXPECT_EQ(durationText(std::chrono::seconds(125)), QStringLiteral("2\u00a0min 05\u00a0s"));
    EXPECT_EQ(durationText(std::optional<std::uint64_t>()), noFigure());
    EXPECT_EQ(bytesText(0), QStringLiteral("0\u00a0B"));
    EXPECT_EQ(bytesText(1u << 20), QStringLiteral("1\u00a0MiB"));
    EXPECT_EQ(shareText(0, 0), noFigure());
    EXPECT_EQ(shareText(1, 100'000), QStringLiteral("<0.01\u00a0%"));
    EXPECT_EQ(shareText(99'999, 100'000), QStringLiteral(">99.9\u00a0%"));
    EXPECT_EQ(rateText(1234.4), QLatin1String("1,234"));
    EXPECT_EQ(rateText(12'345), QLatin1String("12.3k"));
    EXPECT_EQ(shortName("workload:shop/api"), QLatin1String("api"));
    EXPECT_EQ(shortName("external:10.0.0.1:443"), QLatin1String("10.0.0.1:443"));
    EXPECT_EQ(shortName("internet"), QLatin1String("internet"));
}

TEST(EdgeDetail, bothLedgersSideBySideNeverAdded)
{
    const auto snapshot = during(0, 60);
    const analysis::Edge& edge = snapshot->edges.back(); // web → api
    const auto rows = ledgerRows(edge);
    ASSERT_EQ(rows.size(), 7u);
    EXPECT_EQ(rows[0].client, countText(edge.client->requests));
    EXPECT_EQ(rows[0].server, countText(edge.server->requests));
    EXPECT_EQ(rows[0].difference, QLatin1String("0"));
    EXPECT_FALSE(rows[0].differs);
}

TEST(EdgeDetail, aRequestThatOneEndDidNotSeeShows)
{
    analysis::Edge edge = during(0, 60)->edges.back();
    edge.server->requests -= 3;
    EXPECT_EQ(ledgerRows(edge)[0].difference, QLatin1String("+3"));
    EXPECT_TRUE(ledgerRows(edge)[0].differs);
    edge.server.reset();
    EXPECT_EQ(ledgerRows(edge)[0].server, noFigure());
    EXPECT_FALSE(ledgerRows(edge)[0].differs);
}

TEST(EdgeDetail, whatStandsOutIsWorstFirstAndToldOnce)
{
    EXPECT_TRUE(standouts(*during(0, 60)).empty());
    const auto all = standouts(*during(185, 205));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0].isEdge && all[1].isEdge) << "the nodes only repeat what their edges say";
}

TEST(EdgeDetail, whatIsOverIsStillTold)
{
    // The incident ends at 210; the range goes on to 230.
    const auto all = standouts(*during(170, 230));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].severity, Severity::Quiet);
    EXPECT_TRUE(all[0].reason.startsWith(QLatin1String("Earlier in this range: "))) << all[0].reason.toStdString();
}

TEST(Timeline, barsHoldTheMeanOfTheirSecondsAndErrors)
{
    const SampleSource source;
    const Overview overview{source.covered(), source.seconds(source.covered()), source.events(source.covered())};
    const TimelineLayout layout = layoutTimeline(overview, source.covered(), 1200);
    ASSERT_EQ(layout.bars.size(), 299u) << "one a second but for the gap";
    EXPECT_DOUBLE_EQ(layout.bars[0].requests, 101 + 97 + 300);
    EXPECT_DOUBLE_EQ(layout.bars[0].errors, 0);
    EXPECT_GT(layout.bars[185].errors, 0);
    EXPECT_TRUE(layout.bars[200].losses);
    EXPECT_FALSE(layout.bars[201].losses);
}

TEST(Timeline, gapIsMarkedWhereItIs)
{
    const SampleSource source;
    const Overview overview{source.covered(), source.seconds(source.covered()), {}};
    const TimelineLayout layout = layoutTimeline(overview, source.covered(), 1200);
    ASSERT_EQ(layout.gaps.size(), 1u);
    EXPECT_DOUBLE_EQ(layout.gaps[0].x, 240 * 4);
    EXPECT_DOUBLE_EQ(layout.gaps[0].width, 4);
}

TEST(Timeline, narrowStripGathersSecondsAlignedToTheClock)
{
    const SampleSource source;
    const Overview overview{source.covered(), source.seconds(source.covered()), {}};
    const TimelineLayout layout = layoutTimeline(overview, source.covered(), 240);
    ASSERT_EQ(layout.bars.size(), 60u) << "five seconds a bar of four pixels";
    const TimeRange later{source.covered().from + std::chrono::seconds(2), source.covered().to};
    const TimelineLayout moved = layoutTimeline(overview, later, 240);
    EXPECT_DOUBLE_EQ(moved.bars[1].requests, layout.bars[1].requests) << "a bar keeps its content while the strip scrolls";
}

TEST(Timeline, changesStandOutAmongWhatMerelyHappened)
{
    SampleSource source;
    source.moveIntoCluster();
    const Overview overview{source.covered(), {}, source.events(source.covered())};
    const TimelineLayout layout = layoutTimeline(overview, source.covered(), 1200);
    std::vector<const TimelineLayout::Mark*> changes;
    for (const TimelineLayout::Mark& mark : layout.marks) {
        if (mark.change)
            changes.push_back(&mark);
    }
    ASSERT_EQ(changes.size(), 3u);
    EXPECT_DOUBLE_EQ(changes[0]->x, 90 * 4);
    EXPECT_TRUE(changes[0]->text.endsWith(QLatin1String("Rollout web: revision 4: image shop/web:1.9"))) << changes[0]->text.toStdString();
    EXPECT_EQ(changes[1]->count, 3) << "the scaling and the two pods that it ended";
    EXPECT_TRUE(changes[1]->text.section(QLatin1Char('\n'), 0, 0).endsWith(QString::fromUtf8("Scaled api: 3 → 1 replicas"))) << changes[1]->text.toStdString();
}

TEST(Timeline, timeAndPixelAreInverse)
{
    const SampleSource source;
    const TimelineLayout layout = layoutTimeline({}, source.covered(), 1000);
    const UtcTime t = SampleSource::begin() + std::chrono::seconds(123);
    EXPECT_LT(std::chrono::abs(layout.timeAt(layout.xOf(t)) - t), std::chrono::microseconds(1));
}

TEST(Timeline, roundNumbers)
{
    EXPECT_DOUBLE_EQ(roundTop(0), 1);
    EXPECT_DOUBLE_EQ(roundTop(2.1), 2.5);
    EXPECT_DOUBLE_EQ(roundTop(501), 1000);
    EXPECT_EQ(roundStep(std::chrono::seconds(3)), std::chrono::seconds(5));
    EXPECT_EQ(roundStep(std::chrono::seconds(31)), std::chrono::minutes(1));
}

} // namespace
} // namespace binnacle::desktop
