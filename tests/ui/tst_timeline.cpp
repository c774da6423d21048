// SPDX-License-Identifier: Apache-2.0
#include "desktop/widgets/timeline_view.h"
#include "tests/ui/sample_source.h"

#include <QApplication>
#include <QMouseEvent>
#include <QTest>
#include <QWheelEvent>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

UtcTime at(int second) { return SampleSource::begin() + std::chrono::seconds(second); }

class TimelineTest : public ::testing::Test {
protected:
    TimelineTest() : view(workspace)
    {
        source = std::make_shared<SampleSource>(300, true);
        view.resize(1200, 78); // the whole recording: four pixels a second
        workspace.setSource(source);
        EXPECT_TRUE(QTest::qWaitFor([this] { return workspace.isSettled() && !view.layout().bars.empty(); }, 20000));
    }
    QPoint pixel(int second) const { return {static_cast<int>(view.layout().xOf(at(second))), 40}; }

    Workspace workspace;
    TimelineView view;
    std::shared_ptr<SampleSource> source;
};

TEST_F(TimelineTest, showsTheWholeShortRecording)
{
    EXPECT_EQ(view.visible(), source->covered());
}

TEST_F(TimelineTest, clickBesideTheRangeScrubsThere)
{
    QTest::mouseClick(&view, Qt::LeftButton, {}, pixel(100));
    EXPECT_EQ(workspace.time().mode, TimeMode::Paused);
    EXPECT_EQ(workspace.time().range, (TimeRange{at(40), at(100)}));
}

TEST_F(TimelineTest, dragInsideTheRangeCarriesItAlong)
{
    workspace.moveTo(at(200));
    QTest::mousePress(&view, Qt::LeftButton, {}, pixel(170));
    QTest::mouseMove(&view, pixel(150));
    QMouseEvent move(QEvent::MouseMove, QPointF(pixel(150)), view.mapToGlobal(QPointF(pixel(150))), Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(&view, &move);
    QTest::mouseRelease(&view, Qt::LeftButton, {}, pixel(150));
    EXPECT_EQ(workspace.time().range, (TimeRange{at(120), at(180)}));
}

TEST_F(TimelineTest, shiftDragChoosesARange)
{
    QTest::mousePress(&view, Qt::LeftButton, Qt::ShiftModifier, pixel(210));
    QMouseEvent move(QEvent::MouseMove, QPointF(pixel(180)), view.mapToGlobal(QPointF(pixel(180))), Qt::NoButton, Qt::LeftButton, Qt::ShiftModifier);
    QApplication::sendEvent(&view, &move);
    QTest::mouseRelease(&view, Qt::LeftButton, Qt::ShiftModifier, pixel(180));
    EXPECT_EQ(workspace.time().range, (TimeRange{at(180), at(210)}));
}

TEST_F(TimelineTest, draggingAnEdgeKeepsTheOther)
{
    workspace.moveTo(at(200));
    QTest::mousePress(&view, Qt::LeftButton, {}, pixel(140));
    QMouseEvent move(QEvent::MouseMove, QPointF(pixel(120)), view.mapToGlobal(QPointF(pixel(120))), Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(&view, &move);
    QTest::mouseRelease(&view, Qt::LeftButton, {}, pixel(120));
    EXPECT_EQ(workspace.time().range, (TimeRange{at(120), at(200)}));
}

TEST_F(TimelineTest, keysMoveBySecondsAndToBothEnds)
{
    workspace.moveTo(at(200));
    QTest::keyClick(&view, Qt::Key_Left);
    EXPECT_EQ(workspace.time().range.to, at(199));
    QTest::keyClick(&view, Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_EQ(workspace.time().range.to, at(209));
    QTest::keyClick(&view, Qt::Key_Home);
    EXPECT_EQ(workspace.time().range, (TimeRange{at(0), at(60)}));
    QTest::keyClick(&view, Qt::Key_End);
    EXPECT_EQ(workspace.time().mode, TimeMode::Live);
}

TEST_F(TimelineTest, wheelMovesAndWithControlZooms)
{
    const auto wheel = [this](int delta, Qt::KeyboardModifiers modifiers) {
        QWheelEvent event(QPointF(600, 40), view.mapToGlobal(QPointF(600, 40)), {}, {0, delta}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
        QApplication::sendEvent(&view, &event);
    };
    wheel(120, {});
    EXPECT_EQ(workspace.time().range.to, at(294)) << "a tenth of the range";
    wheel(120, Qt::ControlModifier);
    EXPECT_LT(view.visible().length(), source->covered().length());
}

TEST_F(TimelineTest, zoomedInItFollowsLive)
{
    view.setVisible(TimeRange{at(270), at(300)});
    source->grow();
    ASSERT_TRUE(QTest::qWaitFor([this] { return workspace.covered().to == at(301) && view.visible().to == at(301); }, 20000));
}

TEST_F(TimelineTest, drawsNothingKnownDifferentFromQuiet)
{
    const QImage picture = view.grab().toImage();
    const auto column = [&picture](int x) {
        std::vector<QRgb> pixels;
        for (int y = 16; y < 58; ++y)
            pixels.push_back(picture.pixel(x, y));
        return pixels;
    };
    EXPECT_NE(column(pixel(240).x() + 1), column(pixel(239).x() + 1));
}

} // namespace
} // namespace binnacle::desktop
