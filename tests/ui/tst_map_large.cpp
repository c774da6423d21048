// SPDX-License-Identifier: Apache-2.0
#include "desktop/viewmodels/map_plan.h"
#include "desktop/viewmodels/map_scene.h"
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/theme.h"
#include "tests/ui/counting_device.h"
#include "tests/ui/large_map.h"

#include <QApplication>
#include <QDir>
#include <QPainter>
#include <QTest>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace binnacle::desktop {
namespace {

constexpr int kServices = 5000, kEdges = 20'000, kNamespaces = 20;

const MapScene& largeScene()
{
    static const MapScene scene = buildMapScene(largeCluster(kServices, kEdges, kNamespaces), nullptr).scene;
    return scene;
}

/// The view, with its painting made open.
class OpenMapView : public MapView {
public:
    using MapView::paintOverlay;
    using MapView::paintWorld;
    using MapView::showsFocus;
};

std::size_t primitivesOf(OpenMapView& view)
{
    CountingDevice device(view.size());
    QPainter painter(&device);
    const QRectF visible = view.visibleWorld();
    const QRectF layer = visible.adjusted(-visible.width() * 0.1, -visible.height() * 0.1, visible.width() * 0.1, visible.height() * 0.1);
    painter.scale(view.scale(), view.scale());
    painter.translate(-visible.topLeft());
    view.paintWorld(painter, layer);
    painter.resetTransform();
    view.paintOverlay(painter);
    painter.end();
    return device.count();
}

/// Kept when BINNACLE_PICTURES names a folder: for people who want to look.
void keep(const MapView& view, const QString& name)
{
    const QString folder = qEnvironmentVariable("BINNACLE_PICTURES");
    if (folder.isEmpty())
        return;
    QDir().mkpath(folder);
    const_cast<MapView&>(view).grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

class LargeMap : public ::testing::Test {
protected:
    LargeMap()
    {
        view.resize(1600, 1000);
        view.show(largeScene());
    }
    void zoomTo(double scale, QPointF world)
    {
        view.zoomBy(scale / view.scale(), {800, 500});
        view.centerOn(world);
    }

    OpenMapView view;
};

TEST_F(LargeMap, drawsAtMostThreeThousandThingsAFrameWhateverTheZoom)
{
    const QRectF all = largeScene().bounds;
    std::size_t most = 0;
    view.fit();
    for (double scale = view.scale(); scale < 3; scale *= 1.25) {
        for (const double part : {0.5, 0.25, 0.9}) {
            zoomTo(scale, all.topLeft() + QPointF(all.width() * part, all.height() * part));
            const std::size_t count = primitivesOf(view);
            most = std::max(most, count);
            EXPECT_LE(count, kMostPrimitives) << "at zoom " << scale << ", " << part << " of the way";
            EXPECT_GT(count, 0U);
        }
    }
    EXPECT_GT(most, 1000U) << "the budget is there to be used";
}

TEST_F(LargeMap, alsoOnAScreenOfFourTimesTheSizeAndWithEverythingChosen)
{
    view.resize(3840, 2160);
    view.setSelection(NodeId{largeScene().nodes.front().id});
    view.fit();
    for (double scale = view.scale(); scale < 3; scale *= 1.5) {
        zoomTo(scale, largeScene().nodes.front().rect.center());
        EXPECT_LE(primitivesOf(view), kMostPrimitives) << "at zoom " << scale;
    }
}

TEST_F(LargeMap, allOfItFitsIntoTheView)
{
    view.fit();
    EXPECT_TRUE(view.visibleWorld().contains(largeScene().bounds));
    EXPECT_EQ(planMap(largeScene(), view.visibleWorld(), view.scale()).detail, MapDetail::Containers);
}

TEST_F(LargeMap, movingTheViewNeverChangesTheDetail)
{
    const QRectF all = largeScene().bounds;
    for (const double scale : {0.1, 0.2, 0.3, 0.5, 0.6, 1.0}) {
        std::set<MapDetail> details;
        for (double part = 0; part < 1; part += 0.07) {
            const QSizeF seen = QSizeF(1600, 1000) / scale;
            details.insert(planMap(largeScene(), QRectF(all.topLeft() + QPointF(all.width() * part, all.height() * part), seen), scale).detail);
        }
        EXPECT_EQ(details.size(), 1U) << "at zoom " << scale;
    }
}

TEST_F(LargeMap, fromAfarANamespaceHasItsCountsAndTheWorstHealth)
{
    const MapScene& scene = largeScene();
    ASSERT_EQ(scene.groups.size(), static_cast<std::size_t>(kNamespaces));
    std::uint32_t services = 0, critical = 0, warning = 0;
    for (const MapScene::Group& group : scene.groups) {
        services += group.services;
        critical += group.critical;
        warning += group.warning;
        EXPECT_EQ(group.severity, group.critical > 0 ? Severity::Critical : group.warning > 0 ? Severity::Warning : Severity::Ok) << group.name.toStdString();
    }
    EXPECT_EQ(services, static_cast<std::uint32_t>(kServices));
    EXPECT_EQ(critical, 8U); // multiples of 97 below 5,000 that are 0, 1 or 2 modulo 20
    EXPECT_GT(warning, critical);
    EXPECT_EQ(scene.groups[0].counts, QStringLiteral("250 services · 3 critical · 6 warning"));
}

TEST_F(LargeMap, fromAfarEverythingInTroubleIsStillShown)
{
    view.fit();
    const MapPlan plan = planMap(largeScene(), view.visibleWorld(), view.scale());
    EXPECT_FALSE(plan.showsAllNodes);
    const auto inTrouble = std::ranges::count_if(largeScene().nodes, [](const MapScene::Node& node) { return node.severity != Severity::Ok; });
    EXPECT_EQ(plan.nodes.size(), static_cast<std::size_t>(inTrouble));
    EXPECT_TRUE(std::ranges::all_of(plan.nodes, [](std::uint32_t i) {
        const Severity severity = largeScene().nodes[i].severity;
        return severity == Severity::Critical || severity == Severity::Warning;
    }));
}

TEST_F(LargeMap, trunksCarryEveryEdgeBetweenNamespaces)
{
    const MapScene& scene = largeScene();
    std::uint32_t bundled = 0;
    for (const MapScene::Trunk& trunk : scene.trunks)
        bundled += trunk.edges;
    const auto between = std::ranges::count_if(scene.edges, [&](const MapScene::Edge& edge) { return scene.nodes[edge.fromNode].group != scene.nodes[edge.toNode].group; });
    EXPECT_EQ(bundled, static_cast<std::uint32_t>(between));
    EXPECT_GT(bundled, 1000U);
    EXPECT_EQ(scene.trunks.back().severity, Severity::Critical) << "the worst is painted last";
}

TEST_F(LargeMap, whatIsLeftOutIsCounted)
{
    zoomTo(0.4, largeScene().bounds.center());
    const MapPlan plan = planMap(largeScene(), view.visibleWorld(), view.scale());
    const auto inView = std::ranges::count_if(largeScene().edgeBounds, [&](const QRectF& bounds) { return bounds.intersects(view.visibleWorld()); });
    EXPECT_GT(plan.leftOut, 0U);
    EXPECT_EQ(plan.edges.size() + plan.leftOut, static_cast<std::size_t>(inView));
}

TEST_F(LargeMap, theEdgesOfWhatIsChosenAreDrawnFromAnyDistance)
{
    const MapScene& scene = largeScene();
    const auto chosen = static_cast<std::uint32_t>(2500);
    const auto touches = [&](const MapScene::Edge& edge) { return edge.fromNode == chosen || edge.toNode == chosen; };
    const auto wanted = std::ranges::count_if(scene.edges, touches);
    view.fit();
    const MapPlan plan = planMap(scene, view.visibleWorld(), view.scale(), {chosen});
    EXPECT_EQ(std::ranges::count_if(plan.edges, [&](std::uint32_t i) { return touches(scene.edges[i]); }), wanted);
    EXPECT_TRUE(std::ranges::find(plan.nodes, chosen) != plan.nodes.end());
}

TEST_F(LargeMap, whatIsNotDrawnCannotBeChosen)
{
    view.fit();
    view.grab();
    Selection selected;
    QObject::connect(&view, &MapView::selected, &view, [&](const Selection& selection) { selected = selection; });
    const auto at = [&](Severity severity) {
        return std::ranges::find(largeScene().nodes, severity, &MapScene::Node::severity)->rect.center();
    };
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.toScreen(at(Severity::Ok)).toPoint());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(selected));
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.toScreen(at(Severity::Critical)).toPoint());
    EXPECT_TRUE(std::holds_alternative<NodeId>(selected));
}

TEST_F(LargeMap, aDoubleClickLeadsIntoANamespace)
{
    view.fit();
    view.grab();
    const MapScene::Group& group = largeScene().groups[3];
    const auto inside = std::ranges::find_if(largeScene().nodes, [](const MapScene::Node& node) { return node.group == 3 && node.severity == Severity::Ok; });
    QTest::mouseDClick(&view, Qt::LeftButton, {}, view.toScreen(inside->rect.center()).toPoint());
    EXPECT_TRUE(view.visibleWorld().contains(group.rect));
    EXPECT_GT(view.scale() * group.rect.width(), 1400);
}

TEST_F(LargeMap, movingShowsTheLayerInsteadOfPaintingAnew)
{
    zoomTo(0.3, largeScene().bounds.center());
    view.grab();
    const int before = view.worldPaints();
    for (int i = 0; i < 10; ++i) {
        view.centerOn(largeScene().bounds.center() + QPointF(10 * i, 4 * i) / view.scale());
        view.grab();
    }
    EXPECT_EQ(view.worldPaints(), before);
    view.centerOn(largeScene().bounds.center() + QPointF(400, 0) / view.scale());
    view.grab();
    EXPECT_EQ(view.worldPaints(), before + 1) << "past the layer's margin";
}

TEST_F(LargeMap, zoomingIsPaintedAnewWhenTheViewRests)
{
    zoomTo(0.3, largeScene().bounds.center());
    view.grab();
    const int before = view.worldPaints();
    view.zoomBy(1.1, {800, 500});
    view.grab();
    view.zoomBy(1.1, {800, 500});
    const QImage scaled = view.grab().toImage();
    EXPECT_EQ(view.worldPaints(), before);
    EXPECT_TRUE(QTest::qWaitFor([&] {
        view.grab();
        return view.worldPaints() == before + 1;
    }));
    EXPECT_NE(view.grab().toImage(), scaled) << "sharp again";
}

TEST(MapLayer, aMovedViewLooksLikeOnePaintedThere)
{
    const MapScene scene = buildMapScene(largeCluster(60, 200, 4), nullptr).scene;
    const QPointF there = scene.bounds.center() + QPointF(60, 20) / 0.5;
    const auto open = [&scene](MapView& view, QPointF at) {
        view.resize(1600, 1000);
        view.show(scene);
        view.zoomBy(0.5 / view.scale(), {800, 500});
        view.centerOn(at);
    };
    MapView moved, fresh;
    open(moved, scene.bounds.center());
    moved.grab();
    moved.centerOn(there);
    const QImage shown = moved.grab().toImage();
    EXPECT_EQ(moved.worldPaints(), 1);
    open(fresh, there);
    EXPECT_EQ(shown, fresh.grab().toImage());
}

TEST_F(LargeMap, picturesAtSeveralZooms)
{
    for (const ThemeKind theme : {ThemeKind::Dark, ThemeKind::Light}) {
        applyTheme(*qApp, theme);
        const QString name = theme == ThemeKind::Dark ? QStringLiteral("dark") : QStringLiteral("light");
        view.fit();
        keep(view, QStringLiteral("large-fit-") + name);
        const QImage whole = view.grab().toImage();
        for (const double scale : {0.14, 0.3, 0.6}) {
            zoomTo(scale, largeScene().groups[4].rect.center());
            keep(view, QStringLiteral("large-%1-%2").arg(scale).arg(name));
            EXPECT_NE(view.grab().toImage(), whole);
        }
    }
}

} // namespace
} // namespace binnacle::desktop
