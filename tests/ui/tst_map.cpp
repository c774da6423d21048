// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/map_scene.h"
#include "desktop/viewmodels/text_filter.h"
#include "desktop/widgets/map_view.h"
#include "tests/ui/sample_source.h"

#include <QSignalSpy>
#include <QTest>

#include <gtest/gtest.h>

#include <algorithm>

namespace binnacle::desktop {
namespace {

TimeRange span(int from, int to) { return {SampleSource::begin() + std::chrono::seconds(from), SampleSource::begin() + std::chrono::seconds(to)}; }

MapScene sceneOf(int from, int to, MapMemoryPtr* memory = nullptr)
{
    const SampleSource source;
    MapAnswer answer = buildMapScene(*source.snapshot(span(from, to)), memory ? *memory : nullptr);
    if (memory)
        *memory = answer.memory;
    return std::move(answer.scene);
}

TEST(MapScene, callersStandLeftOfWhatTheyCall)
{
    const MapScene scene = sceneOf(0, 60);
    const auto x = [&scene](const char* id) { return scene.findNode(id)->rect.left(); };
    EXPECT_LT(x("internet"), x("process:web"));
    EXPECT_LT(x("process:web"), x("process:api"));
    EXPECT_LT(x("process:api"), x("process:cache"));
}

TEST(MapScene, nodesDoNotMoveWhenFiguresChangeOrNodesComeAndGo)
{
    MapMemoryPtr memory;
    const MapScene before = sceneOf(0, 60, &memory);
    const MapScene during = sceneOf(150, 205, &memory);
    for (const MapScene::Node& node : before.nodes)
        EXPECT_EQ(during.findNode(node.id)->rect, node.rect) << node.id;

    SampleSource larger;
    larger.setExtraServices(20);
    MapAnswer grown = buildMapScene(*larger.snapshot(span(0, 60)), memory);
    for (const MapScene::Node& node : before.nodes)
        EXPECT_EQ(grown.scene.findNode(node.id)->rect, node.rect) << node.id;
    const MapAnswer back = buildMapScene(*SampleSource().snapshot(span(0, 60)), grown.memory);
    EXPECT_EQ(back.scene.nodes.size(), before.nodes.size());
    const MapAnswer again = buildMapScene(*larger.snapshot(span(0, 60)), back.memory);
    for (const MapScene::Node& node : grown.scene.nodes)
        EXPECT_EQ(again.scene.findNode(node.id)->rect, node.rect) << "came back to another place: " << node.id;
}

TEST(MapScene, theFirstEdgeMayMoveANodeAndNoLaterOne)
{
    // What listens is there before anyone calls; the calls come later.
    analysis::Snapshot quiet = *SampleSource().snapshot(span(0, 60));
    analysis::Snapshot talking = quiet, more = quiet;
    quiet.edges.clear();
    std::erase_if(talking.edges, [](const analysis::Edge& e) { return e.to != "process:api"; });
    const MapAnswer before = buildMapScene(quiet, nullptr);
    const MapAnswer first = buildMapScene(talking, before.memory);
    EXPECT_LT(first.scene.findNode("process:web")->rect.left(), first.scene.findNode("process:api")->rect.left());
    const MapAnswer later = buildMapScene(more, first.memory);
    for (const char* id : {"process:web", "process:api"})
        EXPECT_EQ(later.scene.findNode(id)->rect, first.scene.findNode(id)->rect) << id;
}

TEST(MapScene, nodesDoNotOverlap)
{
    SampleSource source;
    source.setExtraServices(120);
    const MapScene scene = buildMapScene(*source.snapshot(span(0, 60)), nullptr).scene;
    for (std::size_t i = 0; i < scene.nodes.size(); ++i) {
        for (std::size_t j = i + 1; j < scene.nodes.size(); ++j)
            ASSERT_FALSE(scene.nodes[i].rect.intersects(scene.nodes[j].rect)) << scene.nodes[i].id << " covers " << scene.nodes[j].id;
    }
}

TEST(MapScene, namespacesAreContainersAroundTheirServices)
{
    SampleSource source;
    source.moveIntoCluster();
    const MapScene scene = buildMapScene(*source.snapshot(span(0, 60)), nullptr).scene;
    ASSERT_EQ(scene.groups.size(), 2U);
    EXPECT_EQ(scene.groups[0].name, QLatin1String("data"));
    EXPECT_EQ(scene.groups[1].name, QLatin1String("shop"));
    EXPECT_FALSE(scene.groups[0].rect.intersects(scene.groups[1].rect));
    for (const MapScene::Node& node : scene.nodes) {
        EXPECT_EQ(scene.groups[1].rect.contains(node.rect), node.id.starts_with("workload:shop/")) << node.id;
        EXPECT_EQ(scene.groups[0].rect.contains(node.rect), node.id == "workload:data/cache") << node.id;
    }
    const MapScene::Node* api = scene.findNode("workload:shop/api");
    ASSERT_TRUE(api);
    EXPECT_EQ(api->name, QLatin1String("api"));
    EXPECT_EQ(api->detail, QString::fromUtf8("3 instances")) << "the frame around it names the namespace";
    EXPECT_TRUE(TextFilter(QStringLiteral("shop/api")).accepts(api->searchText));
    EXPECT_FALSE(TextFilter(QStringLiteral("shop/api")).accepts(scene.findNode("workload:shop/web")->searchText));
}

/// What a cluster's API lists: the Service `entry` before `web`, and `api`, which `web` is going to call.
analysis::Snapshot listedShop()
{
    analysis::Snapshot snapshot;
    snapshot.range = span(0, 60);
    for (const char* name : {"api", "web"}) {
        snapshot.nodes.push_back({.id = std::string("workload:shop/") + name, .name = name, .nameSpace = "shop", .kind = analysis::NodeKind::Workload, .instances = 2,
                                  .instancesMax = 2, .observed = false});
    }
    analysis::Node entry{.id = "service:shop/entry", .name = "entry", .nameSpace = "shop", .kind = analysis::NodeKind::Service, .observed = false};
    snapshot.possible.push_back({.from = entry, .to = "workload:shop/web", .port = 80});
    return snapshot;
}

TEST(MapScene, whatIsOnlyListedIsGreyAndWhatIsOnlyPossibleCannotBeChosen)
{
    const MapScene scene = buildMapScene(listedShop(), nullptr).scene;
    ASSERT_EQ(scene.nodes.size(), 3U);
    for (const MapScene::Node& node : scene.nodes) {
        EXPECT_TRUE(node.listed) << node.id;
        EXPECT_FALSE(node.gone) << node.id;
        EXPECT_EQ(node.severity, Severity::Unknown) << node.id;
    }
    EXPECT_EQ(scene.findNode("workload:shop/web")->detail, QLatin1String("2 instances listed"));
    ASSERT_EQ(scene.edges.size(), 1U);
    const MapScene::Edge& edge = scene.edges.front();
    EXPECT_TRUE(edge.possible);
    EXPECT_EQ(edge.label, QLatin1String("port 80"));
    EXPECT_LT(scene.findNode("service:shop/entry")->rect.left(), scene.findNode("workload:shop/web")->rect.left());
    EXPECT_EQ(scene.edgeAt(edge.middle, 20), nullptr);
}

TEST(MapScene, whatWasPossibleMakesRoomForWhatIsObserved)
{
    const MapAnswer before = buildMapScene(listedShop(), nullptr);
    analysis::Snapshot observed = listedShop();
    observed.possible.clear();
    for (analysis::Node& node : observed.nodes)
        node.observed = true;
    observed.edges.push_back({.from = "workload:shop/web", .to = "workload:shop/api", .port = 8080});
    const MapAnswer after = buildMapScene(observed, before.memory);
    EXPECT_EQ(after.scene.nodes.size(), 2U);
    EXPECT_LT(after.scene.findNode("workload:shop/web")->rect.left(), after.scene.findNode("workload:shop/api")->rect.left()) << "the first edge may move them";
    const MapAnswer fresh = buildMapScene(observed, nullptr);
    EXPECT_EQ(after.scene.bounds.size(), fresh.scene.bounds.size()) << "no hole stays";
}

TEST(MapScene, aWorkloadThatNobodySawRunIsNotSaidToBeGone)
{
    analysis::Snapshot snapshot;
    snapshot.range = span(0, 60);
    snapshot.nodes.push_back({.id = "workload:shop/far", .name = "far", .nameSpace = "shop", .kind = analysis::NodeKind::Workload});
    snapshot.nodes.push_back({.id = "workload:shop/was", .name = "was", .nameSpace = "shop", .kind = analysis::NodeKind::Workload, .instances = 0, .instancesMax = 2});
    const MapScene scene = buildMapScene(snapshot, nullptr).scene;
    EXPECT_FALSE(scene.nodes[0].gone);
    EXPECT_EQ(scene.nodes[0].detail, QLatin1String("nothing seen running"));
    EXPECT_TRUE(scene.nodes[1].gone);
}

TEST(MapScene, parsedAndUnparsedEdgesAreDifferent)
{
    const MapScene scene = sceneOf(0, 60);
    EXPECT_TRUE(scene.findEdge("process:web>process:api:8000/http")->parsed);
    EXPECT_FALSE(scene.findEdge("process:api>external:10.9.0.7:5432:5432/tcp")->parsed);
}

TEST(MapScene, whatHangsIsOnTheCardAndTheEdge)
{
    EXPECT_TRUE(sceneOf(0, 60).findNode("process:api")->badge.isEmpty()) << "one quick request in flight is no news";
    const MapScene scene = sceneOf(150, 205);
    EXPECT_EQ(scene.findNode("process:api")->badge, QStringLiteral("12 in flight, oldest 3.2\u00a0s"));
    EXPECT_TRUE(scene.findEdge("process:web>process:api:8000/http")->label.contains(QLatin1String("12 waiting")));
    EXPECT_EQ(scene.findNode("process:api")->severity, Severity::Critical);
}

TEST(MapScene, connectsThatWaitAreOnTheCardAndTheEdge)
{
    analysis::Snapshot snapshot = *SampleSource().snapshot(span(0, 60));
    const analysis::PendingConnects pending{.count = 3, .oldest = std::chrono::seconds(12), .synSent = 4};
    for (analysis::Edge& edge : snapshot.edges) {
        if (edge.to == "process:cache")
            edge.pending = pending;
    }
    for (analysis::Node& node : snapshot.nodes) {
        if (node.id == "process:cache")
            node.pending = pending;
    }
    const MapScene scene = buildMapScene(snapshot, nullptr).scene;
    EXPECT_EQ(scene.findNode("process:cache")->badge, QStringLiteral("3 connecting, oldest 12\u00a0s"));
    const auto edge = std::ranges::find(scene.edges, "process:cache", &MapScene::Edge::to);
    ASSERT_NE(edge, scene.edges.end());
    EXPECT_TRUE(edge->label.endsWith(QLatin1String("3 connecting"))) << edge->label.toStdString();
    EXPECT_EQ(edge->badge, scene.findNode("process:cache")->badge);
}

TEST(MapScene, hitsNodesAndLines)
{
    const MapScene scene = sceneOf(0, 60);
    const MapScene::Node* api = scene.findNode("process:api");
    EXPECT_EQ(scene.nodeAt(api->rect.center()), api);
    const MapScene::Edge* edge = scene.findEdge("process:web>process:api:8000/http");
    EXPECT_EQ(scene.edgeAt(edge->middle + QPointF(0, 3), 6), edge);
    EXPECT_EQ(scene.edgeAt(edge->middle + QPointF(0, 30), 6), nullptr);
}

class MapViewTest : public ::testing::Test {
protected:
    MapViewTest()
    {
        view.resize(1200, 800);
        view.show(sceneOf(0, 60));
        QObject::connect(&view, &MapView::selected, &view, [this](const Selection& selection) {
            selected = selection;
            view.setSelection(selection);
        });
    }
    std::string node() const { return std::get_if<NodeId>(&selected) ? std::get<NodeId>(selected).value : std::string(); }

    MapView view;
    Selection selected;
};

TEST_F(MapViewTest, everythingIsInViewAtFirst)
{
    for (const MapScene::Node& n : view.scene().nodes)
        EXPECT_TRUE(view.visibleWorld().contains(n.rect)) << n.id;
}

TEST_F(MapViewTest, clickSelectsAndClickBesideSelectsNothing)
{
    const QPointF at = view.toScreen(view.scene().findNode("process:api")->rect.center());
    QTest::mouseClick(&view, Qt::LeftButton, {}, at.toPoint());
    EXPECT_EQ(node(), "process:api");
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(5, 790));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(selected));
}

TEST_F(MapViewTest, arrowKeysWalkAlongTheCalls)
{
    QTest::keyClick(&view, Qt::Key_Right);
    EXPECT_EQ(node(), "internet");
    QTest::keyClick(&view, Qt::Key_Right);
    EXPECT_EQ(node(), "process:web");
    QTest::keyClick(&view, Qt::Key_Right);
    EXPECT_EQ(node(), "process:api");
    QTest::keyClick(&view, Qt::Key_Left);
    EXPECT_EQ(node(), "process:web");
    EXPECT_TRUE(view.accessibleDescription().contains(QLatin1String("web"))) << view.accessibleDescription().toStdString();
    QTest::keyClick(&view, Qt::Key_Escape);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(selected));
}

TEST_F(MapViewTest, theViewStaysWhereTheUserPutIt)
{
    view.zoomBy(1.4, {300, 300});
    const QRectF before = view.visibleWorld();
    view.show(sceneOf(150, 205));
    EXPECT_EQ(view.visibleWorld(), before);
}

TEST_F(MapViewTest, zoomKeepsThePointUnderTheMouse)
{
    const QPointF mouse(700, 200), world = view.toWorld(mouse);
    view.zoomBy(1.7, mouse);
    EXPECT_LT((view.toWorld(mouse) - world).manhattanLength(), 1e-6);
}

TEST_F(MapViewTest, filterFadesWhatItRefuses)
{
    const QImage before = view.grab().toImage();
    view.setFilter(QStringLiteral("cache"));
    EXPECT_EQ(view.firstMatch(), "process:cache");
    EXPECT_NE(view.grab().toImage(), before);
    view.setFilter({});
    EXPECT_EQ(view.grab().toImage(), before);
}

TEST_F(MapViewTest, focusAsksForTheNeighbourhood)
{
    QSignalSpy wanted(&view, &MapView::focusWanted);
    view.setSelection(NodeId{"process:web"});
    QTest::keyClick(&view, Qt::Key_Return);
    ASSERT_EQ(wanted.size(), 1);
    EXPECT_EQ(wanted[0][0].toString(), QLatin1String("process:web"));
}

TEST_F(MapViewTest, farAwayFewerThingsAreDrawnButTheSelectionStays)
{
    SampleSource source;
    source.setExtraServices(800);
    view.show(buildMapScene(*source.snapshot(span(0, 60)), nullptr).scene);
    view.fit();
    EXPECT_LT(view.scale(), 0.55);
    const QImage plain = view.grab().toImage();
    view.setSelection(NodeId{"process:api"});
    EXPECT_NE(view.grab().toImage(), plain);
}

} // namespace
} // namespace binnacle::desktop
