// SPDX-License-Identifier: Apache-2.0
// The install dialog on a cluster in memory: every state that a person can come to, and what the cluster was asked to change meanwhile.
#include "desktop/widgets/diagnosis_step_card.h"
#include "desktop/widgets/diagnosis_view.h"
#include "tests/ui/setup_support.h"

#include <algorithm>

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QComboBox>
#include <QListView>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QTest>
#include <QToolButton>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

using Phase = SetupModel::Phase;
using Task = SetupModel::Task;
using tests::Json;
using tests::MemoryCluster;

const ObjectRow* findRow(const SetupReport& report, const char* object)
{
    const auto found = std::ranges::find(report.objects, QLatin1String(object), &ObjectRow::object);
    return found == report.objects.end() ? nullptr : &*found;
}

QString fateOf(const SetupReport& report, const char* object)
{
    const ObjectRow* row = findRow(report, object);
    return row ? row->fate : QStringLiteral("not there");
}

TEST(Install, whatOneMayNotDoIsNamedWithTheRoleAndNothingIsChanged)
{
    MadeUpCluster cluster;
    cluster.with([](MemoryCluster& in) { in.allows = [](const std::string& verb, const std::string& resource) { return verb == "get" || (verb == "create" && resource == "serviceaccounts"); }; });
    Installing installing(cluster.opener());
    installing.setImage();
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Refused)) << static_cast<int>(installing.dialog.model().phase()) << installing.title().toStdString() << installing.sentence().toStdString();
    EXPECT_EQ(installing.title(), QLatin1String("You may not install here"));
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("as alice@shop.example you lack"))) << installing.sentence().toStdString();
    EXPECT_TRUE(installing.isShown("What you may not do"));
    const auto& rows = installing.report().permissions;
    EXPECT_TRUE(std::ranges::any_of(rows, [](const PermissionRow& row) { return row.what == QLatin1String("create daemonsets.apps in binnacle") && row.purpose == QLatin1String("create DaemonSet binnacle/binnacle-agent"); }));
    EXPECT_TRUE(std::ranges::none_of(rows, [](const PermissionRow& row) { return row.what.contains(QLatin1String("create serviceaccounts")); }));
    findNamed<QPushButton>(installing.dialog, "Copy the text")->click();
    EXPECT_TRUE(QGuiApplication::clipboard()->text().contains(QLatin1String("name: binnacle-installer")));
    EXPECT_TRUE(QGuiApplication::clipboard()->text().contains(QLatin1String("daemonsets")));
    EXPECT_EQ(installing.primary().text(), QLatin1String("Check again"));
    EXPECT_TRUE(cluster.changesAsked().empty());
}

TEST(Install, theManifestsAreForAnAdministratorAndConnectToNothing)
{
    MadeUpCluster cluster;
    Installing installing([](const ClusterWish&, const Cancellation&) -> Result<std::unique_ptr<ClusterSession>> {
        ADD_FAILURE() << "it was connected";
        return failure(ErrorCode::Unavailable, "no");
    });
    installing.setImage();
    findNamed<QLineEdit>(installing.dialog, "Namespace of the agents")->setText(QStringLiteral("looks"));
    for (QPushButton* button : installing.dialog.findChildren<QPushButton*>()) {
        if (button->text() == QLatin1String("Copy the manifests"))
            button->click();
    }
    const QString yaml = QGuiApplication::clipboard()->text();
    EXPECT_TRUE(yaml.startsWith(QLatin1String("---\napiVersion: v1\nkind: Namespace\n"))) << yaml.left(100).toStdString();
    EXPECT_TRUE(yaml.contains(QLatin1String("namespace: looks")));
}

TEST(Install, anOptionThatDoesNotFitIsSaidInTheWordsOfItsField)
{
    MadeUpCluster cluster;
    Installing installing(cluster.opener());
    installing.setImage();
    installing.field("Buffer on disk").setText(QStringLiteral("lots"));
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    EXPECT_EQ(installing.sentence(), QLatin1String("Buffer on disk: `lots` is no size; write 64M or 1G."));
    QPushButton* back = nullptr;
    for (QPushButton* button : installing.dialog.findChildren<QPushButton*>())
        back = button->text() == QLatin1String("Back") ? button : back;
    ASSERT_TRUE(back && back->isVisible());
    back->click();
    EXPECT_TRUE(installing.dialog.form().isVisible());
    EXPECT_EQ(installing.field("Buffer on disk").text(), QLatin1String("lots")) << "what was typed is still there";
}

TEST(Install, everyOptionOfTheFormReachesTheManifests)
{
    InstallForm form;
    const auto type = [&](const char* name, const char* text) { findNamed<QLineEdit>(form, name)->setText(QLatin1String(text)); };
    type("Image", " mirror.example/agent:1 ");
    type("Pull secrets", "one, two");
    type("Only hosts with", "pool=a,zone=b");
    type("Taints to go on in spite of", "gpu:NoSchedule");
    type("Priority class", "system-node-critical");
    type("Buffer in memory", "32M");
    type("Folder on the hosts", "/var/lib/binnacle");
    type("Seccomp profile", "RuntimeDefault");
    for (const char* name : {"Gateway", "OpenShift", "Kernels before 5.11", "Hardened kernels"})
        findNamed<QAbstractButton>(form, name)->setChecked(true);
    const auto options = optionsOf(form.wish());
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_EQ(options->image, "mirror.example/agent:1");
    EXPECT_EQ(options->pullSecrets, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(options->nodeSelector, (std::map<std::string, std::string>{{"pool", "a"}, {"zone", "b"}}));
    EXPECT_EQ(options->tolerations, (std::vector<kube::Toleration>{{"gpu", "", "NoSchedule"}}));
    EXPECT_EQ(options->priorityClass, "system-node-critical");
    EXPECT_EQ(options->bufferMemory, "32M");
    EXPECT_EQ(options->bufferDisk, kube::InstallOptions().bufferDisk);
    EXPECT_EQ(options->bufferFolder, "/var/lib/binnacle");
    EXPECT_EQ(options->seccompProfile, "RuntimeDefault");
    EXPECT_TRUE(options->hasGateway && options->hasOldKernels);
    EXPECT_EQ(options->kernels, kube::InstallOptions::Kernels::Hardened);
    EXPECT_EQ(options->distribution, kube::InstallOptions::Distribution::OpenShift);
}

TEST(Install, thePreviewNamesEveryObjectAndTheHostsThatAreNotCovered)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.addHost("old-1", "5.4.0-42-generic");
    cluster.addWindowsHost("win-1");
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview()) << installing.sentence().toStdString();
    EXPECT_EQ(fateOf(installing.report(), "DaemonSet binnacle/binnacle-agent"), QLatin1String("created"));
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("1 of 3 hosts get an agent"))) << installing.sentence().toStdString();
    ASSERT_EQ(installing.report().hosts.size(), 2u);
    EXPECT_EQ(installing.report().hosts[0].host, QLatin1String("old-1")) << "those whose agent cannot collect come first";
    EXPECT_TRUE(installing.report().hosts[1].note.contains(QLatin1String("windows"))) << installing.report().hosts[1].note.toStdString();
    EXPECT_TRUE(installing.isShown("Objects") && installing.isShown("Hosts"));
    EXPECT_EQ(installing.primary().text(), QLatin1String("Install"));
    EXPECT_TRUE(cluster.changesAsked().empty()) << "nothing is applied before the press on the button";
}

TEST(Install, anotherInstallationShowsWhatChangesAndWhatIsRemoved)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.install({.hasGateway = true});
    Installing installing(cluster.opener());
    installing.field("Buffer in memory").setText(QStringLiteral("128M"));
    ASSERT_TRUE(installing.preview()) << installing.sentence().toStdString();
    const ObjectRow* set = findRow(installing.report(), "DaemonSet binnacle/binnacle-agent");
    ASSERT_TRUE(set);
    EXPECT_EQ(set->fate, QLatin1String("changed"));
    EXPECT_TRUE(set->note.contains(QStringLiteral("--buffer-memory=64M → --buffer-memory=128M"))) << set->note.toStdString();
    EXPECT_EQ(fateOf(installing.report(), "Namespace binnacle"), QLatin1String("unchanged"));
    EXPECT_EQ(fateOf(installing.report(), "Deployment binnacle/binnacle-gateway"), QLatin1String("removed"));
}

TEST(Install, theButtonAppliesFollowsTheHostsAndConnects)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.addHost("node-2");
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    installing.press();
    ASSERT_TRUE(waitUntil([&] { return cluster.with([](MemoryCluster& in) { return in.find(MadeUpCluster::kSet) != nullptr; }); }));
    cluster.observe(2);
    cluster.putAgent(startingAgent("node-1"));
    ASSERT_TRUE(waitUntil([&] { return installing.report().hosts.size() == 2 && installing.title() == QLatin1String("0 of 2 agents collect"); })) << installing.title().toStdString();
    EXPECT_EQ(installing.report().hosts[0].state, QLatin1String("starting"));
    EXPECT_EQ(installing.report().hosts[1].state, QLatin1String("waiting"));
    EXPECT_EQ(installing.primary().text(), QLatin1String("Stop"));
    EXPECT_FALSE(findNamed<QLineEdit>(installing.dialog, "Namespace of the agents")->isEnabled());
    cluster.putAgent(tests::agentPod("node-1"));
    ASSERT_TRUE(waitUntil([&] { return installing.report().done == 1; }));
    cluster.putAgent(tests::agentPod("node-2"));
    ASSERT_TRUE(installing.comesTo(Phase::Done)) << installing.title().toStdString();
    EXPECT_EQ(installing.title(), QLatin1String("Installed: every agent answers from here"));
    EXPECT_EQ(installing.primary().text(), QLatin1String("Connect"));
    installing.press();
    EXPECT_EQ(installing.dialog.result(), QDialog::Accepted);
    EXPECT_EQ(installing.dialog.cluster(), (ClusterWish{.context = "prod-eu-west"}));
}

TEST(Install, aReadyAgentWhoseDataDoNotArriveIsNotDone)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.greetWith(failure(ErrorCode::Unavailable, "the tunnel was refused"));
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    cluster.install();
    cluster.observe(1);
    cluster.putAgent(tests::agentPod("node-1"));
    installing.press();
    ASSERT_TRUE(waitUntil([&] { return !installing.report().hosts.empty() && installing.report().hosts[0].note.contains(QLatin1String("the tunnel was refused")); }));
    EXPECT_EQ(installing.report().done, 0);
    installing.press(); // Stop
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    EXPECT_TRUE(installing.title().startsWith(QLatin1String("Stopped waiting: 0 of "))) << installing.title().toStdString();
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("Everything is applied in namespace binnacle")));
}

TEST(Install, whoMayInstallAndNotLookIsDoneWithAWarning)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.install();
    cluster.observe(1);
    cluster.putAgent(tests::agentPod("node-1"));
    cluster.greetWith(failure(ErrorCode::Denied, "you may not create pods/portforward"));
    Installing installing(cluster.opener());
    const std::size_t before = cluster.changesAsked().size();
    ASSERT_TRUE(installing.preview());
    EXPECT_EQ(installing.primary().text(), QLatin1String("Follow the agents")) << "all is as it should be";
    installing.press();
    ASSERT_TRUE(waitUntil([&] { return cluster.changesAsked().size() == before + 10; }));
    cluster.observe(1);
    ASSERT_TRUE(installing.comesTo(Phase::Done));
    EXPECT_EQ(installing.report().verdict.severity, Severity::Warning);
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("You may not create pods/portforward")));
}

TEST(Install, aRefusalHalfWaySaysHowFarItCameAndCheckingAgainGoesOn)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    cluster.with([](MemoryCluster& in) {
        in.script(std::string("PATCH ") + MadeUpCluster::kSet + "?fieldManager=binnacle&force=false", tests::refusal(403, "Forbidden", "admission webhook \"p.example\" denied the request"));
    });
    installing.press();
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    EXPECT_EQ(installing.title(), QLatin1String("The agents are not installed"));
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("denied the request; 9 of 10 objects are applied"))) << installing.sentence().toStdString();
    EXPECT_EQ(fateOf(installing.report(), "Namespace binnacle"), QLatin1String("applied"));
    EXPECT_EQ(fateOf(installing.report(), "DaemonSet binnacle/binnacle-agent"), QLatin1String("created")) << "it is what did not happen";
    EXPECT_EQ(installing.primary().text(), QLatin1String("Check again"));
}

TEST(Install, aServerThatDoesNotAnswerHoldsNobodyUpAndIsLetGoOf)
{
    MadeUpCluster cluster;
    cluster.hold();
    Installing installing(cluster.opener());
    installing.setImage();
    installing.press(); // comes back at once
    EXPECT_EQ(installing.dialog.model().phase(), Phase::Looking);
    EXPECT_EQ(installing.primary().text(), QLatin1String("Stop"));
    installing.press();
    EXPECT_EQ(installing.dialog.model().phase(), Phase::Asking) << "without waiting for the server";
    EXPECT_TRUE(installing.dialog.form().isVisible());
    installing.press();
    installing.dialog.reject(); // and so is a dialog that is closed
    EXPECT_FALSE(installing.dialog.model().isRunning());
    cluster.release();
}

TEST(Install, statusShowsHostsVersionsAndTheGateway)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.addHost("node-2");
    cluster.install({.hasGateway = true});
    cluster.observe(2);
    cluster.putAgent(tests::agentPod("node-1"));
    Installing installing(cluster.opener());
    const auto before = cluster.changesAsked();
    installing.dialog.setTask(Task::Status);
    ASSERT_TRUE(installing.comesTo(Phase::Done)) << installing.sentence().toStdString();
    EXPECT_EQ(installing.title(), QLatin1String("1 of 2 agents collect"));
    EXPECT_TRUE(installing.sentence().contains(QLatin1String("Gateway: version 0.1.0, 0 of 2 replicas ready. No replica of the gateway is ready"))) << installing.sentence().toStdString();
    ASSERT_EQ(installing.report().hosts.size(), 2u);
    EXPECT_EQ(installing.report().hosts[0].state, QLatin1String("collects"));
    EXPECT_EQ(installing.report().hosts[1].state, QLatin1String("no agent"));
    EXPECT_EQ(cluster.changesAsked(), before);
}

TEST(Install, statusOfAClusterWithoutAgentsSaysSo)
{
    MadeUpCluster cluster;
    Installing installing(cluster.opener());
    installing.dialog.setTask(Task::Status);
    ASSERT_TRUE(installing.comesTo(Phase::Failed));
    EXPECT_TRUE(installing.sentence().startsWith(QLatin1String("There are no agents in namespace binnacle"))) << installing.sentence().toStdString();
}

TEST(Install, uninstallAsksOnceMoreAndCancelDeletesNothing)
{
    MadeUpCluster cluster;
    cluster.install();
    Installing installing(cluster.opener());
    const auto before = cluster.changesAsked();
    installing.dialog.setTask(Task::Uninstall);
    ASSERT_TRUE(installing.comesTo(Phase::Previewed)) << installing.sentence().toStdString();
    EXPECT_EQ(installing.title(), QLatin1String("10 objects would be deleted"));
    EXPECT_EQ(fateOf(installing.report(), "DaemonSet binnacle/binnacle-agent"), QLatin1String("deleted"));
    const auto answer = [&](const char* text) {
        installing.press();
        auto* box = installing.dialog.findChild<QMessageBox*>();
        ASSERT_TRUE(box);
        EXPECT_EQ(box->defaultButton(), box->button(QMessageBox::Cancel)) << "a key pressed for something else deletes nothing";
        for (QAbstractButton* button : box->buttons()) {
            if (button->text() == QLatin1String(text))
                return button->click();
        }
        FAIL() << "there is no button " << text;
    };
    answer("Cancel");
    EXPECT_EQ(installing.dialog.model().phase(), Phase::Previewed);
    EXPECT_EQ(cluster.changesAsked(), before);
    ASSERT_TRUE(waitUntil([&] { return installing.dialog.findChild<QMessageBox*>() == nullptr; }));
    answer("Delete");
    ASSERT_TRUE(installing.comesTo(Phase::Done)) << installing.title().toStdString();
    EXPECT_EQ(installing.title(), QLatin1String("Everything is gone"));
    EXPECT_TRUE(cluster.with([](MemoryCluster& in) { return in.paths().empty(); }));
}

TEST(Install, anotherContextForgetsWhatWasFound)
{
    MadeUpCluster cluster;
    Installing installing(cluster.opener());
    ASSERT_TRUE(installing.preview());
    auto* contexts = findNamed<QComboBox>(installing.dialog, "Context");
    ASSERT_TRUE(waitUntil([&] { return contexts->count() > 1; }));
    EXPECT_EQ(contexts->currentText(), QLatin1String("prod-eu-west"));
    contexts->setCurrentText(QStringLiteral("staging"));
    EXPECT_EQ(installing.dialog.model().phase(), Phase::Asking) << "a preview of one cluster must not be applied to another";
    EXPECT_EQ(installing.dialog.cluster().context, "staging");
}

TEST(Install, tablesKeepTheRulesOfModels)
{
    kube::InstallPlan plan;
    plan.hosts = {{"a", "6.1.0", kube::HostCoverage::Verdict::Covered, ""}, {"w", "", kube::HostCoverage::Verdict::Left, "runs windows"}};
    kube::Rollout rollout;
    rollout.agents = {{.host = "a", .pod = "p", .sentence = "collects"}};
    PermissionTable permissions;
    ObjectTable objects;
    SetupHostTable hosts;
    const QAbstractItemModelTester one(&permissions), two(&objects), three(&hosts);
    permissions.show(permissionRows({{"apps", "daemonsets", "create", "binnacle", "", "create it"}}));
    objects.show(objectRows({{{"Namespace", "", "binnacle"}, kube::ObjectChange::Kind::Create, {}}}));
    hosts.show(uncoveredRows(plan.hosts));
    hosts.show(progressRows(plan, rollout));
    EXPECT_EQ(permissions.rowCount(), 1);
    EXPECT_EQ(objects.rowCount(), 1);
    EXPECT_EQ(hosts.rowCount(), 1);
}

TEST(Install, whatIsDoneStandsBeforeWhatStays)
{
    using Kind = kube::ObjectChange::Kind;
    const auto rows = objectRows({{{"Namespace", "", "binnacle"}, Kind::Unchanged, {}},
                                  {{"Role", "binnacle", "a"}, Kind::Change, {}},
                                  {{"Role", "binnacle", "b"}, Kind::Unchanged, {}},
                                  {{"Role", "binnacle", "c"}, Kind::Remove, {}}});
    std::vector<QString> names;
    for (const ObjectRow& row : rows)
        names.push_back(row.object);
    EXPECT_EQ(names, (std::vector<QString>{QStringLiteral("Role binnacle/a"), QStringLiteral("Role binnacle/c"), QStringLiteral("Namespace binnacle"), QStringLiteral("Role binnacle/b")}));
}

TEST(Install, isOfferedWhereTheDiagnosisFindsNoAgentsAndConnectsAfterwards)
{
    MadeUpCluster cluster;
    cluster.addHost("node-1");
    cluster.install();
    cluster.observe(1);
    cluster.putAgent(tests::agentPod("node-1"));
    const Diagnose diagnose = scripted(stepsUntil(noAgents()));
    ConnectDialog connecting({}, {[](const std::string&) { return madeUpList(); }, [diagnose](const ClusterWish&) { return diagnose; }, nullptr, cluster.opener()}, anyAgent(), nullptr);
    connecting.show();
    const auto* names = findNamed<QListView>(connecting, "Contexts");
    ASSERT_TRUE(waitUntil([&] { return names->model()->rowCount() > 0; }));
    auto* view = connecting.findChild<DiagnosisView*>();
    Q_EMIT view->runWanted(kube::DiagnosisStepId::File);
    const DiagnosisStepCard* card = view->card(kube::DiagnosisStepId::Agents);
    ASSERT_TRUE(waitUntil([&] { return card->row().look == StepLook::Failed; }));
    QPushButton* offer = nullptr;
    for (QPushButton* button : card->findChildren<QPushButton*>())
        offer = button->text() == QStringLiteral("Install from here…") ? button : offer;
    ASSERT_TRUE(offer && offer->isVisible());
    offer->click();
    auto* dialog = connecting.findChild<InstallDialog*>();
    ASSERT_TRUE(dialog && dialog->isVisible());
    EXPECT_EQ(dialog->cluster().context, "prod-eu-west");
    dialog->setTask(Task::Status);
    ASSERT_TRUE(waitUntil([&] { return dialog->model().phase() == Phase::Done; }));
    findNamed<QPushButton>(*dialog, "Next step")->click();
    EXPECT_EQ(connecting.result(), QDialog::Accepted);
    ASSERT_EQ(connecting.clusters().size(), 1u);
    EXPECT_EQ(connecting.clusters()[0].context, "prod-eu-west");
}

} // namespace
} // namespace binnacle::desktop
