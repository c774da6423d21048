// SPDX-License-Identifier: Apache-2.0
#include "desktop/workspace/workspace.h"
#include "tests/ui/sample_source.h"

#include <QSignalSpy>
#include <QTest>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

bool settle(Workspace& workspace)
{
    return QTest::qWaitFor([&workspace] { return workspace.isSettled(); }, 20000);
}

UtcTime at(int second) { return SampleSource::begin() + std::chrono::seconds(second); }

TEST(Workspace, showsTheEndOfWhatItWasGiven)
{
    Workspace workspace;
    workspace.setSource(std::make_shared<SampleSource>(300));
    ASSERT_TRUE(settle(workspace));
    ASSERT_TRUE(workspace.snapshot());
    EXPECT_EQ(workspace.snapshot()->range, (TimeRange{at(240), at(300)}));
    EXPECT_EQ(workspace.overview().seconds.size(), 300u);
}

TEST(Workspace, liveFollowsTheTailAndPausedStandsStill)
{
    auto source = std::make_shared<SampleSource>(300, true);
    Workspace workspace;
    workspace.setSource(source);
    ASSERT_TRUE(settle(workspace));
    source->grow();
    ASSERT_TRUE(QTest::qWaitFor([&] { return workspace.snapshot()->range.to == at(301); }, 20000));
    workspace.pause();
    source->grow();
    ASSERT_TRUE(QTest::qWaitFor([&] { return workspace.covered().to == at(302); }, 20000));
    EXPECT_EQ(workspace.time().range.to, at(301));
    workspace.goLive();
    EXPECT_EQ(workspace.time().range.to, at(302));
}

TEST(Workspace, pagesCannotTellLiveFromRecorded)
{
    Workspace live, recorded;
    live.setSource(std::make_shared<SampleSource>(300, true));
    recorded.setSource(std::make_shared<SampleSource>(300, false));
    ASSERT_TRUE(settle(live) && settle(recorded));
    live.moveTo(at(200));
    recorded.moveTo(at(200));
    ASSERT_TRUE(settle(live) && settle(recorded));
    EXPECT_EQ(live.time(), recorded.time());
    EXPECT_EQ(live.snapshot()->edges.size(), recorded.snapshot()->edges.size());
    EXPECT_EQ(live.snapshot()->edges.back().chosen.requests, recorded.snapshot()->edges.back().chosen.requests);
}

TEST(Workspace, scrubbingAsksForTheLatestAndNotForEveryStep)
{
    auto source = std::make_shared<SampleSource>(300);
    Workspace workspace;
    workspace.setSource(source);
    ASSERT_TRUE(settle(workspace));
    const int before = source->snapshotsAsked();
    for (int second = 100; second < 200; ++second)
        workspace.moveTo(at(second));
    ASSERT_TRUE(settle(workspace));
    EXPECT_EQ(workspace.snapshot()->range.to, at(199)) << "the last wish wins";
    EXPECT_LT(source->snapshotsAsked() - before, 20) << "steps nobody waits for were computed";
}

TEST(Workspace, anAnswerOfTheRecordingBeforeIsDropped)
{
    Workspace workspace;
    workspace.setSource(std::make_shared<SampleSource>(300));
    workspace.setSource(nullptr); // while the first question is under way
    ASSERT_TRUE(settle(workspace));
    QTest::qWait(150);
    EXPECT_FALSE(workspace.snapshot());
}

TEST(Workspace, selectionFilterAndTimeSpeakOnlyWhenTheyChange)
{
    Workspace workspace;
    workspace.setSource(std::make_shared<SampleSource>(300));
    ASSERT_TRUE(settle(workspace));
    QSignalSpy selection(&workspace, &Workspace::selectionChanged), filter(&workspace, &Workspace::filterChanged), time(&workspace, &Workspace::timeChanged);
    workspace.select(NodeId{"process:api"});
    workspace.select(NodeId{"process:api"});
    workspace.setFilter(QStringLiteral("api"));
    workspace.setFilter(QStringLiteral("api"));
    workspace.moveTo(at(100));
    workspace.moveTo(at(100));
    EXPECT_EQ(selection.size(), 1);
    EXPECT_EQ(filter.size(), 1);
    EXPECT_EQ(time.size(), 1);
}

TEST(Workspace, spacePausesLiveAndPlaysWhatIsPast)
{
    Workspace workspace;
    workspace.setSource(std::make_shared<SampleSource>(300, true));
    ASSERT_TRUE(settle(workspace));
    workspace.togglePause();
    EXPECT_EQ(workspace.time().mode, TimeMode::Paused);
    workspace.togglePause();
    EXPECT_EQ(workspace.time().mode, TimeMode::Live) << "at the end there is nothing to play";
    workspace.moveTo(at(100));
    workspace.togglePause();
    EXPECT_EQ(workspace.time().mode, TimeMode::Playing);
    ASSERT_TRUE(QTest::qWaitFor([&] { return workspace.time().range.to > at(100); }, 20000));
    workspace.togglePause();
    EXPECT_EQ(workspace.time().mode, TimeMode::Paused);
}

TEST(Workspace, nothingRecordedYetIsSettledAndEmpty)
{
    Workspace workspace;
    workspace.setSource(std::make_shared<EmptySource>());
    ASSERT_TRUE(settle(workspace));
    EXPECT_FALSE(workspace.snapshot());
}

} // namespace
} // namespace binnacle::desktop
