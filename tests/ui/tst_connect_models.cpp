// SPDX-License-Identifier: Apache-2.0
#include "desktop/viewmodels/context_table.h"
#include "desktop/viewmodels/diagnosis_steps.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/workspace/allowed_plugins.h"
#include "tests/ui/connect_support.h"

#include <QAbstractItemModelTester>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

using Id = kube::DiagnosisStepId;
using kube::StepState;

std::string namesOf(const std::vector<ContextRow>& rows)
{
    std::string names;
    for (const ContextRow& row : rows)
        names += (names.empty() ? "" : " ") + row.name.toStdString();
    return names;
}

TEST(Contexts, recentFirstThenTheCurrentOneThenByName)
{
    const auto rows = contextRows(madeUpList(), {QStringLiteral("staging"), QStringLiteral("gone"), QStringLiteral("kind-lab")});
    EXPECT_EQ(namesOf(rows), "staging kind-lab prod-eu-west edge-berlin legacy prod-us-east");
    EXPECT_EQ(namesOf(contextRows(madeUpList(), {})), "prod-eu-west edge-berlin kind-lab legacy prod-us-east staging");
}

TEST(Contexts, lettersFindNamesByTheirWordsAndTheRestByWhatTheyHold)
{
    const auto rows = contextRows(madeUpList(), {});
    EXPECT_EQ(namesOf(matchingContexts(rows, QStringLiteral("pue"))), "prod-us-east prod-eu-west") << "word beginnings win";
    EXPECT_EQ(namesOf(matchingContexts(rows, QStringLiteral("38417"))), "kind-lab") << "by its server";
    EXPECT_EQ(namesOf(matchingContexts(rows, QStringLiteral("TOKEN FILE"))), "edge-berlin");
    EXPECT_EQ(namesOf(matchingContexts(rows, QStringLiteral("nowhere at all"))), "");
    EXPECT_EQ(namesOf(matchingContexts(rows, QStringLiteral("  "))), namesOf(rows));
}

TEST(Contexts, ofTwoThatFitAlikeTheRecentOneComesFirst)
{
    const auto fits = [](const QStringList& recent) { return namesOf(matchingContexts(contextRows(madeUpList(), recent), QStringLiteral("prod"))); };
    EXPECT_EQ(fits({}), "prod-eu-west prod-us-east");
    EXPECT_EQ(fits({QStringLiteral("prod-us-east")}), "prod-us-east prod-eu-west");
}

TEST(Contexts, aBrokenFileMakesEachContextNameItsOwn)
{
    ContextList list = madeUpList();
    EXPECT_EQ(contextRows(list, {}).front().kubeconfig, QLatin1String("/home/user/.kube/config"));
    list.unreadable.clear();
    EXPECT_EQ(contextRows(list, {}).front().kubeconfig, QString());
    EXPECT_EQ(contextRows(list, {}, QStringLiteral("/chosen")).front().kubeconfig, QLatin1String("/chosen"));
}

TEST(Contexts, whatAKubeconfigHoldsIsShownHarmless)
{
    ContextList list;
    list.contexts.push_back(madeUpContext("a\x1b[2J"));
    const auto rows = contextRows(list, {});
    EXPECT_EQ(rows.front().title, QLatin1String("aU+001B[2J"));
    EXPECT_EQ(rows.front().name.toStdString(), "a\x1b[2J") << "the name itself stays what it is";
}

TEST(Contexts, theListKeepsTheRulesOfItemModelsAndTicksSurviveTheFilter)
{
    ContextTable table;
    const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal);
    table.show(contextRows(madeUpList(), {}));
    int changes = 0;
    QObject::connect(&table, &ContextTable::ticksChanged, [&changes] { ++changes; });
    EXPECT_EQ(namesOf(table.chosen(QStringLiteral("staging"))), "staging") << "without ticks it is the one that is looked at";
    table.setData(table.index(table.rowOf(QStringLiteral("prod-us-east"))), Qt::Checked, Qt::CheckStateRole);
    table.setFilter(QStringLiteral("kind"));
    EXPECT_EQ(table.rowCount(), 1);
    table.setTicked(QStringLiteral("kind-lab"), true);
    table.setTicked(QStringLiteral("kind-lab"), true);
    EXPECT_EQ(changes, 2);
    EXPECT_EQ(namesOf(table.chosen(QStringLiteral("staging"))), "kind-lab prod-us-east") << "one of them is hidden by the filter";
    table.setFilter({});
    EXPECT_EQ(table.data(table.index(table.rowOf(QStringLiteral("kind-lab"))), Qt::CheckStateRole).toInt(), Qt::Checked);
    table.setTicked(QStringLiteral("kind-lab"), false);
    table.setTicked(QStringLiteral("prod-us-east"), false);
    EXPECT_EQ(namesOf(table.chosen({})), "");
}

std::string looksOf(const DiagnosisSteps& steps)
{
    static constexpr const char* kWords[]{"waiting", "running", "ok", "warning", "failed", "skipped"};
    std::string looks;
    for (const StepRow& row : steps.rows())
        looks += (looks.empty() ? "" : " ") + std::string(kWords[static_cast<int>(row.look)]);
    return looks;
}

TEST(Steps, comeOneByOne)
{
    DiagnosisSteps steps({.context = "prod"});
    EXPECT_EQ(looksOf(steps), "waiting waiting waiting waiting waiting waiting waiting waiting waiting");
    EXPECT_EQ(steps.verdict(), QString());
    steps.begin(Id::File);
    EXPECT_EQ(looksOf(steps), "running waiting waiting waiting waiting waiting waiting waiting waiting");
    steps.take({.id = Id::File, .state = StepState::Ok, .found = {"read a"}, .took = std::chrono::milliseconds(2)});
    EXPECT_EQ(looksOf(steps), "ok running waiting waiting waiting waiting waiting waiting waiting");
    EXPECT_EQ(steps.rows()[0].took, durationText(std::chrono::milliseconds(2)));
    for (std::size_t i = 1; i < kube::kDiagnosisSteps; ++i)
        steps.take({.id = static_cast<Id>(i), .state = i == 4 ? StepState::Warning : StepState::Ok});
    steps.end();
    EXPECT_EQ(looksOf(steps), "ok ok ok ok warning ok ok ok ok");
    EXPECT_EQ(steps.verdict(), QLatin1String("It works; see TLS"));
}

TEST(Steps, aFailureHasItsCauseAndTheCommandThatMendsIt)
{
    DiagnosisSteps steps({.context = "prod eu", .agentNamespace = "tools", .kubeconfig = "/k"});
    steps.begin(Id::File);
    for (const kube::DiagnosisStep& step : stepsUntil(noAgents()))
        steps.take(step);
    steps.end();
    EXPECT_EQ(looksOf(steps), "ok ok ok ok ok ok ok failed skipped");
    EXPECT_EQ(steps.verdict(), QLatin1String("Agents failed"));
    EXPECT_TRUE(steps.rows()[7].why.startsWith(QLatin1String("no pod with the label")));
    EXPECT_EQ(steps.rows()[7].install, QLatin1String("binnacle install --context 'prod eu' --kubeconfig /k --namespace tools"));
    const QString text = steps.asText();
    EXPECT_TRUE(text.startsWith(QLatin1String("binnacle diagnose --context 'prod eu' --kubeconfig /k --namespace tools\nok       file           2 ms\n"))) << text.toStdString();
    EXPECT_TRUE(text.contains(QLatin1String("failed   agents         17 ms\n         why: no pod with")));
    EXPECT_EQ(clusterCommand("install", {.context = "lab"}), QLatin1String("binnacle install --context lab"));
}

TEST(Steps, fromAStepOnTheEarlierOnesStayWhatTheyWere)
{
    DiagnosisSteps steps;
    steps.begin(Id::File);
    for (const kube::DiagnosisStep& step : stepsUntil(noAgents()))
        steps.take(step);
    steps.end();
    steps.begin(Id::Agents);
    EXPECT_EQ(looksOf(steps), "ok ok ok ok ok ok ok running waiting");
    for (std::size_t i = 0; i < 7; ++i)
        steps.take({.id = static_cast<Id>(i), .state = StepState::Skipped, .why = "not asked for"});
    EXPECT_EQ(looksOf(steps), "ok ok ok ok ok ok ok running waiting");
    steps.take({.id = Id::Agents, .state = StepState::Ok});
    EXPECT_EQ(looksOf(steps), "ok ok ok ok ok ok ok ok running");
    EXPECT_EQ(steps.rows()[7].install, QString());
    steps.begin(Id::Tls);
    steps.take({.id = Id::Dns, .state = StepState::Failed, .why = "the VPN is gone"});
    EXPECT_EQ(steps.rows()[2].why, QLatin1String("the VPN is gone")) << "a step before that fails now is news";
}

TEST(Steps, cancelledOnesAreNotLeftRunning)
{
    DiagnosisSteps steps;
    steps.begin(Id::File);
    steps.take({.id = Id::File, .state = StepState::Ok});
    steps.end();
    EXPECT_EQ(looksOf(steps), "ok waiting waiting waiting waiting waiting waiting waiting waiting");
    EXPECT_EQ(steps.verdict(), QLatin1String("Stopped before the end"));
    EXPECT_FALSE(steps.isRunning());
}

TEST(Steps, whatAPluginSaysIsShownWhileItRunsAndAfterItFailed)
{
    DiagnosisSteps steps;
    steps.hear(QStringLiteral("nobody runs"));
    steps.begin(Id::File);
    steps.take({.id = Id::File, .state = StepState::Ok});
    steps.hear(QStringLiteral("open https://login.example and enter "));
    steps.hear(QStringLiteral("ABC-DEF\n"));
    EXPECT_EQ(steps.rows()[1].said, QLatin1String("open https://login.example and enter ABC-DEF\n"));
    DiagnosisSteps failed = steps;
    steps.take({.id = Id::Credentials, .state = StepState::Ok});
    EXPECT_EQ(steps.rows()[1].said, QString());
    failed.take({.id = Id::Credentials, .state = StepState::Failed});
    EXPECT_FALSE(failed.rows()[1].said.isEmpty());
}

TEST(AllowedPlugins, holdUntilTheCommandItsArgumentsOrItsEnvironmentChange)
{
    const kube::PluginQuestion first{"/bin/aws get-token", {"/bin/aws", "get-token"}, {{"P", "prod"}}, "alice", "/k"};
    AllowedPlugins allowed;
    EXPECT_FALSE(allowed.isAllowed(first));
    EXPECT_FALSE(allowed.isChanged(first)) << "nothing was allowed before";
    allowed.allow(first);
    allowed = AllowedPlugins(allowed.entries()); // as the settings keep it
    EXPECT_TRUE(allowed.isAllowed(first));
    kube::PluginQuestion other = first;
    other.words = {"/tmp/aws", "get-token"};
    EXPECT_FALSE(allowed.isAllowed(other));
    EXPECT_TRUE(allowed.isChanged(other));
    other = first;
    other.words = {"/bin/aws", "get", "-token"};
    EXPECT_FALSE(allowed.isAllowed(other)) << "the same letters, other arguments";
    other = first;
    other.environment[0].second = "staging";
    EXPECT_FALSE(allowed.isAllowed(other));
    other = first;
    other.user = "bob";
    EXPECT_TRUE(allowed.isAllowed(other)) << "the same command, whoever needs it";
    other.words = {"/bin/other"};
    EXPECT_FALSE(allowed.isChanged(other)) << "bob was never asked";
}

TEST(AllowedPlugins, keepTheLatestTwoHundred)
{
    AllowedPlugins allowed;
    kube::PluginQuestion question;
    for (int i = 0; i < 300; ++i) {
        question.words = {std::to_string(i)};
        allowed.allow(question);
    }
    EXPECT_EQ(allowed.entries().size(), 200);
    EXPECT_TRUE(allowed.isAllowed(question));
}

} // namespace
} // namespace binnacle::desktop
