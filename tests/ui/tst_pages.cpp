// SPDX-License-Identifier: Apache-2.0
#include "desktop/app/page_list.h"
#include "desktop/widgets/chart_view.h"
#include "desktop/widgets/empty_state.h"
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/table_view.h"
#include "tests/ui/ui_support.h"

#include <QLabel>

#include <algorithm>

namespace binnacle::desktop {
namespace {

class Pages : public WindowTest {
protected:
    const EmptyState* empty() { return window->currentPage()->shownEmptyState(); }
    int rows(const char* table) { return find<TableView>(table)->sorted().rowCount(); }
    bool says(const QString& text)
    {
        for (const QLabel* label : window->currentPage()->findChildren<QLabel*>()) {
            if (label->isVisible() && label->text().contains(text))
                return true;
        }
        return false;
    }
};

TEST_F(Pages, mapShowsEveryServiceAndWhatStandsOut)
{
    show(std::make_shared<SampleSource>());
    moveTo(205);
    const auto* map = find<MapView>("Service map");
    ASSERT_TRUE(map);
    EXPECT_EQ(map->scene().nodes.size(), 5u);
    EXPECT_EQ(map->scene().edges.size(), 4u);
    EXPECT_TRUE(says(QStringLiteral("50\u00a0% of the requests of the last 5 seconds failed (503).")));
}

TEST(EmptyPage, hasRoomForItsWholeSentence)
{
    const QString sentence = QStringLiteral("The agent is well, and no program listened or connected over TCP in this range. Make a request, or choose a longer range below.");
    EmptyState empty;
    empty.resize(1100, 700); // much wider than the text
    empty.QWidget::show();
    empty.show({.title = QStringLiteral("Nothing talks"), .sentence = sentence, .command = QStringLiteral("curl http://localhost:8080/"), .action = {}});
    QCoreApplication::processEvents();
    const QList<QLabel*> labels = empty.findChildren<QLabel*>();
    const auto label = std::ranges::find(labels, sentence, &QLabel::text);
    ASSERT_NE(label, labels.end());
    EXPECT_GT((*label)->heightForWidth((*label)->width()), (*label)->fontMetrics().height() * 3 / 2) << "one line shows nothing";
    EXPECT_GE((*label)->height(), (*label)->heightForWidth((*label)->width()));
}

TEST_F(Pages, mapSelectionShowsTheSideWithBothLedgers)
{
    show(std::make_shared<SampleSource>());
    moveTo(205);
    workspace().select(EdgeId{"process:web>process:api:8000/http"});
    settle();
    EXPECT_TRUE(says(QStringLiteral("web → api")));
    EXPECT_EQ(rows("Seen from both ends"), 7);
    workspace().select(NodeId{"process:api"});
    settle();
    EXPECT_EQ(rows("Called by"), 1);
    EXPECT_EQ(rows("Calls"), 2);
    EXPECT_EQ(rows("Instances"), 3);
}

TEST_F(Pages, servicesListAndDetailAgree)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("services"));
    moveTo(205);
    workspace().select(NodeId{"process:api"});
    settle();
    EXPECT_EQ(rows("Services"), 5);
    EXPECT_TRUE(says(QStringLiteral("1/3")));
    EXPECT_EQ(rows("Routes"), 3);
    EXPECT_EQ(rows("Status codes"), 2);
    const auto* latency = find<ChartView>("Latency");
    ASSERT_TRUE(latency);
    EXPECT_TRUE(latency->readingAt(SampleSource::begin() + std::chrono::seconds(190)).contains(QStringLiteral("p99  82"))) << "in the incident p99 is 820 ms";
}

TEST_F(Pages, theNameOfAServiceIsNeverSqueezed)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("services"));
    for (const int width : {1600, 1000, 1440}) {
        window->resize(width, 800);
        settle();
        const auto* table = find<TableView>("Services");
        EXPECT_GE(table->columnWidth(1), 120) << width;
    }
    const auto* table = find<TableView>("Services");
    int others = 0;
    for (int column = 0; column < table->sorted().columnCount(); ++column)
        others += column == 1 || table->isColumnHidden(column) ? 0 : table->columnWidth(column);
    EXPECT_EQ(others + table->columnWidth(1), std::max(others + table->columnWidth(1), table->viewport()->width())) << "it takes what is left again";
}

TEST_F(Pages, choosingARowChoosesItEverywhere)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("services"));
    settle();
    auto* table = find<TableView>("Services");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(workspace().selection())) << "showing a page chooses nothing";
    table->setCurrentIndex(table->sorted().index(1, 0));
    EXPECT_EQ(std::get<NodeId>(workspace().selection()).value, table->currentKey().toStdString());
    const std::string chosen = table->currentKey().toStdString();
    window->showPage(QStringLiteral("map"));
    settle();
    EXPECT_TRUE(find<MapView>("Service map")->accessibleDescription().contains(QString::fromStdString(chosen.substr(8))));
}

TEST_F(Pages, connectionsAsPairsAndOneByOne)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("connections"));
    settle();
    EXPECT_EQ(rows("Pairs of services"), 4);
    QTest::keyClick(window->currentPage(), Qt::Key_T, Qt::ControlModifier);
    settle();
    EXPECT_EQ(rows("Connections"), 32);
}

TEST_F(Pages, inFlightOldestFirst)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("inflight"));
    moveTo(205);
    ASSERT_EQ(rows("In flight"), 13);
    const auto cell = [&](int row, int column) { return find<TableView>("In flight")->sorted().index(row, column).data().toString(); };
    EXPECT_EQ(cell(0, 0), QStringLiteral("5.1\u00a0s"));
    EXPECT_EQ(cell(0, 2), QStringLiteral("3 × connect to 10.9.0.12:8000"));
    EXPECT_EQ(cell(0, 5), QStringLiteral("answer to its SYN, sent 3 times"));
    EXPECT_EQ(cell(1, 0), QStringLiteral("3.2\u00a0s"));
    moveTo(100);
    ASSERT_TRUE(empty());
    EXPECT_EQ(empty()->reason().title, QLatin1String("Nothing is in flight"));
}

TEST_F(Pages, eventsOfTheRange)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("events"));
    moveTo(220);
    EXPECT_EQ(rows("Events"), 5);
}

TEST_F(Pages, lossesWithAdviceAndAgents)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("losses"));
    moveTo(205);
    EXPECT_EQ(rows("Lost"), 1);
    EXPECT_EQ(rows("Not understood"), 1);
    EXPECT_EQ(rows("Agents"), 1);
    EXPECT_TRUE(find<TableView>("Lost")->sorted().index(0, 4).data().toString().contains(QLatin1String("--ring-bytes")));
    moveTo(150);
    EXPECT_TRUE(says(QStringLiteral("Nothing was lost in this range")));
}

TEST_F(Pages, filterIsSharedAndSaysWhenItHidesAll)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("services"));
    settle();
    workspace().setFilter(QStringLiteral("redis"));
    settle();
    EXPECT_EQ(rows("Services"), 1);
    workspace().setFilter(QStringLiteral("nosuchthing"));
    settle();
    ASSERT_TRUE(empty());
    EXPECT_EQ(empty()->reason().action, EmptyReason::Action::ClearFilter);
    workspace().setFilter({});
    settle();
    EXPECT_FALSE(empty());
}

TEST_F(Pages, noneIsEverBlank)
{
    show(nullptr);
    for (const PageDescriptor* page : pageList()) {
        window->showPage(QLatin1String(page->id));
        ASSERT_TRUE(empty()) << page->id;
        EXPECT_EQ(empty()->reason().command, QLatin1String("sudo binnacle-agent run")) << page->id;
    }
}

TEST_F(Pages, agentAwayIsSaidOnThePageAndInTheBanner)
{
    auto silent = std::make_shared<EmptySource>();
    silent->setOrigins({{OriginKind::Agent, OriginState::Away, "127.0.0.1:9465", "Nobody listens there."}});
    show(silent);
    for (const PageDescriptor* page : pageList()) {
        window->showPage(QLatin1String(page->id));
        ASSERT_TRUE(empty()) << page->id;
        EXPECT_EQ(empty()->reason().action, EmptyReason::Action::Retry) << page->id;
    }
}

TEST_F(Pages, hiddenPagesDoNoWork)
{
    show(std::make_shared<SampleSource>());
    window->showPage(QStringLiteral("events"));
    settle();
    const auto* map = window->pages().front()->findChild<MapView*>();
    const double before = map->worstPaintMs();
    moveTo(205);
    EXPECT_EQ(map->worstPaintMs(), before);
    EXPECT_FALSE(window->pages().front()->isSettled()) << "it refreshes when it is shown";
    window->showPage(QStringLiteral("map"));
    settle();
    EXPECT_EQ(map->scene().findNode("process:api")->severity, Severity::Critical);
}

TEST_F(Pages, showTheirContentInSmallAndLargeWindows)
{
    show(std::make_shared<SampleSource>());
    for (const QSize size : {QSize(900, 600), QSize(2400, 1400)}) {
        window->resize(size);
        for (const PageDescriptor* page : pageList()) {
            window->showPage(QLatin1String(page->id));
            settle();
            EXPECT_EQ(window->size(), size) << page->id << " forces another size";
        }
    }
}

} // namespace
} // namespace binnacle::desktop
