// SPDX-License-Identifier: Apache-2.0
#include "desktop/viewmodels/empty_reason.h"
#include "tests/ui/sample_source.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

EmptyQuestion talking()
{
    const TimeRange covered = SampleSource().covered();
    EmptyQuestion question{.hasSource = true, .covered = covered, .range = covered, .snapshotIsThere = true};
    question.origins = {{OriginKind::Agent, OriginState::Live, "node-1", ""}};
    question.noRowsTitle = QStringLiteral("No such rows");
    question.noRowsSentence = QStringLiteral("There are none.");
    question.anythingTalks = true;
    return question;
}

EmptyQuestion nothingYet(OriginState state, const char* sentence)
{
    EmptyQuestion question{.hasSource = true};
    question.origins = {{OriginKind::Agent, state, "unix:/run/agent.sock", sentence}};
    return question;
}

TEST(EmptyReason, nothingOpenGivesTheExactCommand)
{
    const EmptyReason reason = whyEmpty({});
    EXPECT_EQ(reason.command, QLatin1String("sudo binnacle-agent run"));
    EXPECT_EQ(reason.action, EmptyReason::Action::Connect);
}

TEST(EmptyReason, agentAwaySaysWhyAndOffersAnotherTry)
{
    const EmptyReason reason = whyEmpty(nothingYet(OriginState::Away, "Nobody listens there."));
    EXPECT_TRUE(reason.title.contains(QLatin1String("unix:/run/agent.sock")));
    EXPECT_EQ(reason.sentence, QLatin1String("Nobody listens there."));
    EXPECT_EQ(reason.action, EmptyReason::Action::Retry);
}

TEST(EmptyReason, waitingIsNotFailing)
{
    EXPECT_EQ(whyEmpty(nothingYet(OriginState::Connecting, "")).action, EmptyReason::Action::None);
    EXPECT_TRUE(whyEmpty(nothingYet(OriginState::Live, "")).title.contains(QLatin1String("first second")));
    EXPECT_TRUE(whyEmpty(nothingYet(OriginState::Reading, "")).title.startsWith(QLatin1String("Reading")));
}

TEST(EmptyReason, nothingTalks)
{
    EmptyQuestion question = talking();
    question.anythingTalks = false;
    EXPECT_EQ(whyEmpty(question).title, QLatin1String("Nothing talks"));
}

TEST(EmptyReason, filterHidesAll)
{
    EmptyQuestion question = talking();
    question.filter = QStringLiteral("nosuch");
    question.rowsBeforeFilter = 5;
    const EmptyReason reason = whyEmpty(question);
    EXPECT_EQ(reason.action, EmptyReason::Action::ClearFilter);
    EXPECT_TRUE(reason.sentence.contains(QLatin1String("nosuch")));
}

TEST(EmptyReason, inAClusterTheNextStepIsTheDiagnosis)
{
    EmptyQuestion question = talking();
    question.covered = {};
    question.origins = {{OriginKind::Cluster, OriginState::Failed, "context lab", "You may not list pods.", "lab"}};
    EXPECT_EQ(whyEmpty(question).command, QLatin1String("binnacle diagnose --context lab"));
    question.origins = {{OriginKind::Agent, OriginState::Away, "node-1 (context lab)", "The tunnel ended.", "lab"}};
    EXPECT_EQ(whyEmpty(question).command, QLatin1String("binnacle diagnose --context lab"));
}

TEST(EmptyReason, rangeOutsideTheRecording)
{
    EmptyQuestion question = talking();
    question.range = {question.covered.to + std::chrono::hours(1), question.covered.to + std::chrono::hours(2)};
    EXPECT_EQ(whyEmpty(question).action, EmptyReason::Action::JumpToLive);
}

TEST(EmptyReason, thePagesOwnSentenceComesLast) { EXPECT_EQ(whyEmpty(talking()).title, QLatin1String("No such rows")); }

TEST(Notice, worstFirstAndNothingWhenAllIsWell)
{
    EXPECT_FALSE(noticeFor({{OriginKind::Agent, OriginState::Live, "a", ""}}, {}));
    const std::vector<Origin> away{{OriginKind::Agent, OriginState::Live, "a", ""}, {OriginKind::Agent, OriginState::Away, "b", "No answer."}};
    ASSERT_TRUE(noticeFor(away, {}));
    EXPECT_EQ(noticeFor(away, {})->sentence, QLatin1String("b: No answer."));
    EXPECT_TRUE(noticeFor(away, {})->canRetry);
    const std::vector<Origin> partly{{OriginKind::Cluster, OriginState::Live, "context lab", "10 of the 60 hosts are not read."}, {OriginKind::Agent, OriginState::Live, "a", ""}};
    ASSERT_TRUE(noticeFor(partly, {}));
    EXPECT_EQ(noticeFor(partly, {})->sentence, QLatin1String("10 of the 60 hosts are not read."));
    EXPECT_FALSE(noticeFor(partly, {})->canRetry);
    const auto full = noticeFor(away, {.trouble = "the disk is full"});
    ASSERT_TRUE(full);
    EXPECT_EQ(full->sentence, QLatin1String("Recording stopped: the disk is full"));
}

} // namespace
} // namespace binnacle::desktop
