// SPDX-License-Identifier: Apache-2.0
// The real dialog and the real window on kubeconfigs of the API server's double.
#include "desktop/app/main_window.h"
#include "desktop/app/plugin_question_dialog.h"
#include "desktop/widgets/banner.h"
#include "desktop/widgets/diagnosis_step_card.h"
#include "desktop/widgets/diagnosis_view.h"
#include "desktop/widgets/said_bar.h"
#include "tests/core/kube/doubles/api_double.h"
#include "tests/ui/connect_support.h"

#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTextEdit>
#include <QTest>
#include <QToolButton>

#include <gtest/gtest.h>

#include <fstream>

namespace binnacle::desktop {
namespace {

using Id = kube::DiagnosisStepId;
using kube::test::ApiDouble;
using nlohmann::json;

nlohmann::json agentPod()
{
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", "agent-1"}, {"namespace", "binnacle"}, {"labels", {{"app.kubernetes.io/name", "binnacle-agent"}}}}},
            {"spec", {{"nodeName", "node-1"}, {"containers", {{{"name", "agent"}, {"image", "agent:0.1.0"}}}}}},
            {"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

class Connect : public ::testing::Test {
protected:
    void SetUp() override { qputenv("KUBECONFIG", QByteArray::fromStdString(server["kubeconfig"])); }
    void TearDown() override
    {
        dialog.reset();
        qunsetenv("KUBECONFIG");
    }

    void open(const QStringList& recent = {})
    {
        opener = sourceOpener();
        dialog = std::make_unique<ConnectDialog>(ConnectOffer{recent, {}, {}}, ClusterChoice::Tools{opener.listContexts, opener.diagnose, opener.plugins.get()}, anyAgent(), nullptr);
        dialog->show();
        ASSERT_TRUE(waitUntil([&] { return list().model()->rowCount() > 0; }));
    }
    QListView& list() { return *findNamed<QListView>(*dialog, "Contexts"); }
    QLineEdit& filter() { return *findNamed<QLineEdit>(*dialog, "Filter contexts"); }
    DiagnosisView& view() { return *dialog->findChild<DiagnosisView*>(); }
    const StepRow& step(Id id) { return view().card(id)->row(); }
    /// Of the diagnosis if it has one of that text, else of the dialog; null when there is none.
    QPushButton* findButton(const char* text)
    {
        for (const QWidget* in : {static_cast<QWidget*>(&view()), static_cast<QWidget*>(dialog.get())}) {
            for (QPushButton* candidate : in->findChildren<QPushButton*>()) {
                if (candidate->text() == QLatin1String(text))
                    return candidate;
            }
        }
        return nullptr;
    }
    void click(const char* text)
    {
        QPushButton* found = findButton(text);
        ASSERT_NE(found, nullptr) << text;
        found->click();
    }
    QString nameAt(int row) { return list().model()->index(row, 0).data().toString(); }
    void choose(const char* name)
    {
        filter().setText(QLatin1String(name));
        ASSERT_EQ(list().currentIndex().data().toString(), QLatin1String(name));
    }
    void waitForEnd() { ASSERT_TRUE(waitUntil([&] { return findButton("Run again") != nullptr; })); }
    void diagnose()
    {
        click("Diagnose");
        waitForEnd();
    }
    /// Changes the plugin of the context `exec`.
    void setPlugin(const std::string& script, const json& environment = json::array())
    {
        json config = json::parse(std::ifstream(server["kubeconfig"]));
        for (json& user : config["users"]) {
            if (user["name"] == "exec")
                user["user"]["exec"].update({{"command", "/bin/sh"}, {"args", {"-c", script}}, {"env", environment}});
        }
        std::ofstream(server["kubeconfig"]) << config.dump();
    }
    /// A plugin that gives the administrator's token.
    static std::string goodPlugin(const std::string& token, const std::string& version)
    {
        return "echo '{\"apiVersion\":\"" + version + "\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"" + token + "\"}}'";
    }
    std::string adminToken()
    {
        const json config = json::parse(std::ifstream(server["kubeconfig"]));
        for (const json& user : config["users"]) {
            if (user["name"] == "admin-token")
                return user["user"]["token"];
        }
        return {};
    }
    std::string execVersion()
    {
        const json config = json::parse(std::ifstream(server["kubeconfig"]));
        for (const json& user : config["users"]) {
            if (user["name"] == "exec")
                return user["user"]["exec"]["apiVersion"];
        }
        return {};
    }

    /// A plugin that goes on until the test is over, even if nobody ends it.
    std::string endless() const { return "while [ -d '" + m_lifetime.path().toStdString() + "' ]; do sleep 0.2; done"; }

    ApiDouble server;
    SourceOpener opener;
    std::unique_ptr<ConnectDialog> dialog;

private:
    QTemporaryDir m_lifetime;
};

TEST_F(Connect, contextsAreFilteredRecentOnesFirstAndSeveralTicked)
{
    open({QStringLiteral("viewer-token"), QStringLiteral("insecure")});
    EXPECT_EQ(dialog->way(), ConnectDialog::Way::Cluster);
    EXPECT_EQ(nameAt(0), QLatin1String("viewer-token"));
    EXPECT_EQ(nameAt(1), QLatin1String("insecure"));
    EXPECT_EQ(nameAt(2), QLatin1String("admin-certificate")) << "the current one";
    QTest::keyClicks(&filter(), QStringLiteral("adto"));
    EXPECT_EQ(nameAt(0), QLatin1String("admin-token"));
    ASSERT_EQ(dialog->clusters().size(), 1u);
    EXPECT_EQ(dialog->clusters()[0].context, "admin-token");
    list().setFocus();
    QTest::keyClick(&list(), Qt::Key_Space);
    filter().setText(QStringLiteral("insecure"));
    const QRect row = list().visualRect(list().currentIndex());
    QTest::mouseClick(list().viewport(), Qt::LeftButton, {}, QPoint(row.left() + 16, row.center().y()));
    filter().clear();
    ASSERT_NE(findButton("Connect to 2 clusters"), nullptr);
    EXPECT_TRUE(findButton("Connect to 2 clusters")->isEnabled());
    ASSERT_EQ(dialog->clusters().size(), 2u);
    EXPECT_EQ(dialog->clusters()[0].context, "insecure") << "in the order of the list";
    EXPECT_EQ(dialog->clusters()[1].context, "admin-token");
}

TEST_F(Connect, arrowsInTheFilterWalkTheListAndEnterConnects)
{
    open();
    QTest::keyClick(&filter(), Qt::Key_Down);
    EXPECT_EQ(list().currentIndex().row(), 1);
    const QString chosen = nameAt(1);
    QTest::keyClick(&filter(), Qt::Key_Return);
    EXPECT_EQ(dialog->result(), QDialog::Accepted);
    EXPECT_EQ(QString::fromStdString(dialog->clusters().at(0).context), chosen);
}

TEST_F(Connect, aFileThatCannotBeReadIsNamedAndTheOthersStillServe)
{
    const QTemporaryDir folder;
    const std::string broken = folder.filePath(QStringLiteral("broken")).toStdString();
    std::ofstream(broken) << "clusters: [\n";
    qputenv("KUBECONFIG", QByteArray::fromStdString(broken + ":" + server["kubeconfig"]));
    open();
    bool isNamed = false;
    for (const QTextEdit* text : dialog->findChildren<QTextEdit*>())
        isNamed = isNamed || (text->isVisible() && text->toPlainText().contains(QLatin1String("Cannot be read: ")) && text->toPlainText().contains(QString::fromStdString(broken)));
    EXPECT_TRUE(isNamed);
    choose("admin-token");
    EXPECT_EQ(dialog->clusters().at(0).kubeconfig, server["kubeconfig"]) << "its own file is named, for all together do not load";
    diagnose();
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Ok) << step(Id::File).why.toStdString();
}

TEST_F(Connect, theFilesAreReadAgainAndTheChoiceStays)
{
    open();
    choose("bad-token");
    diagnose();
    json config = json::parse(std::ifstream(server["kubeconfig"]));
    for (json& user : config["users"]) {
        if (user["name"] == "bad-token")
            user["user"]["token"] = adminToken();
    }
    config["contexts"].push_back({{"name", "bad-token-mended"}, {"context", {{"cluster", config["clusters"][0]["name"]}, {"user", "bad-token"}}}});
    std::ofstream(server["kubeconfig"]) << config.dump();
    findNamed<QToolButton>(*dialog, "Read the kubeconfig again")->click();
    ASSERT_TRUE(waitUntil([&] { return list().model()->rowCount() == 2; })) << "under the same filter";
    EXPECT_EQ(list().currentIndex().data().toString(), QLatin1String("bad-token"));
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Waiting) << "what was found of the old file is no news any more";
    diagnose();
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Ok) << step(Id::Authentication).why.toStdString();
}

TEST_F(Connect, aFailingStepSaysWhyAndWhatToDo)
{
    open();
    choose("bad-token");
    diagnose();
    EXPECT_EQ(step(Id::Tls).look, StepLook::Ok);
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Failed);
    EXPECT_TRUE(step(Id::Authentication).why.contains(QLatin1String("401"))) << step(Id::Authentication).why.toStdString();
    EXPECT_FALSE(step(Id::Authentication).next.isEmpty());
    EXPECT_EQ(step(Id::Rights).look, StepLook::Skipped);
    const QString shown = [&] {
        QString all;
        for (const QTextEdit* text : view().card(Id::Authentication)->findChildren<QTextEdit*>())
            all += text->isVisible() ? text->toPlainText() + QLatin1Char('\n') : QString();
        return all;
    }();
    EXPECT_TRUE(shown.contains(step(Id::Authentication).why)) << shown.toStdString();
    EXPECT_TRUE(shown.contains(step(Id::Authentication).next));
    click("Copy as text");
    const QString copied = QGuiApplication::clipboard()->text();
    EXPECT_TRUE(copied.startsWith(QLatin1String("binnacle diagnose --context bad-token\nok       file"))) << copied.toStdString();
    EXPECT_TRUE(copied.contains(QLatin1String("failed   authentication")));
}

TEST_F(Connect, withoutAgentsTheCommandThatInstallsThemIsThereAndTheStepIsRunAgainAlone)
{
    open();
    choose("admin-token");
    diagnose();
    EXPECT_EQ(step(Id::Agents).look, StepLook::Failed);
    EXPECT_EQ(step(Id::Agents).install, QLatin1String("binnacle install --context admin-token"));
    findNamed<QToolButton>(*view().card(Id::Agents), "Copy the command")->click();
    EXPECT_EQ(QGuiApplication::clipboard()->text(), QLatin1String("binnacle install --context admin-token"));

    server.order("POST", "/object", {{"action", "put"}, {"object", agentPod()}});
    server.order("DELETE", "/log");
    findNamed<QToolButton>(*view().card(Id::Agents), "Run again from Agents")->click();
    EXPECT_EQ(step(Id::Agents).look, StepLook::Running);
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Ok) << "what was found before stays";
    ASSERT_TRUE(waitUntil([&] { return step(Id::Agents).look == StepLook::Ok || step(Id::Agents).look == StepLook::Warning; }));
    for (const json& request : server.log("request"))
        EXPECT_EQ(request["target"].get<std::string>().find("selfsubject"), std::string::npos) << "only the step and those after it";
    EXPECT_TRUE(waitUntil([&] { return step(Id::Clock).look == StepLook::Failed; })) << "nothing listens in that pod";
}

TEST_F(Connect, aNewCommandIsShownOnceAndRunsWhenAllowed)
{
    setPlugin("echo 'open https://login.example, code ABC' >&2; " + goodPlugin(adminToken(), execVersion()), {{{"name", "SECRET"}, {"value", "do-not-show"}}});
    open();
    std::vector<std::pair<std::uint64_t, kube::PluginQuestion>> asked;
    QObject::connect(opener.plugins.get(), &PluginGate::asked, [&](std::uint64_t id, const kube::PluginQuestion& question) { asked.emplace_back(id, question); });
    choose("exec");
    click("Diagnose");
    ASSERT_TRUE(waitUntil([&] { return asked.size() == 1; }));
    EXPECT_EQ(step(Id::Credentials).look, StepLook::Running) << "the window lives while it is asked";
    opener.plugins->answer(asked[0].first, true);
    waitForEnd();
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Ok) << step(Id::Authentication).why.toStdString();
    EXPECT_TRUE(opener.plugins->allowed().isAllowed(asked[0].second));
    click("Run again");
    waitForEnd();
    EXPECT_EQ(asked.size(), 1u) << "remembered";
}

TEST_F(Connect, aRefusedCommandDoesNotRunSaysSoAndIsAskedAgain)
{
    const QTemporaryDir folder;
    const QString trace = folder.filePath(QStringLiteral("ran"));
    setPlugin("touch " + trace.toStdString());
    open();
    std::vector<std::uint64_t> asked;
    QObject::connect(opener.plugins.get(), &PluginGate::asked, [&](std::uint64_t id) { asked.push_back(id); });
    choose("exec");
    click("Diagnose");
    ASSERT_TRUE(waitUntil([&] { return asked.size() == 1; }));
    opener.plugins->answer(asked[0], false);
    ASSERT_TRUE(waitUntil([&] { return step(Id::Credentials).look == StepLook::Failed; }));
    EXPECT_TRUE(step(Id::Credentials).why.contains(QLatin1String("was not allowed to run: /bin/sh -c"))) << step(Id::Credentials).why.toStdString();
    waitForEnd();
    findNamed<QToolButton>(*view().card(Id::Credentials), "Run again from Credentials")->click();
    ASSERT_TRUE(waitUntil([&] { return asked.size() == 2; }));
    opener.plugins->answer(asked[1], false);
    EXPECT_FALSE(QFile::exists(trace));
}

TEST_F(Connect, closingWhileItRunsCancelsAndBlocksNothing)
{
    setPlugin(endless());
    open();
    QObject::connect(opener.plugins.get(), &PluginGate::asked, [&](std::uint64_t id) { opener.plugins->answer(id, true); });
    choose("exec");
    click("Diagnose");
    ASSERT_TRUE(waitUntil([&] { return step(Id::Credentials).look == StepLook::Running; }));
    dialog->reject();
    EXPECT_EQ(step(Id::Credentials).look, StepLook::Waiting) << "at once, whatever the plugin does";
    dialog.reset();
}

TEST_F(Connect, closingWhileACommandIsAskedAboutFreesWhoeverWaits)
{
    setPlugin(endless());
    open();
    std::vector<std::uint64_t> asked, withdrawn;
    QObject::connect(opener.plugins.get(), &PluginGate::asked, [&](std::uint64_t id) { asked.push_back(id); });
    QObject::connect(opener.plugins.get(), &PluginGate::withdrawn, [&](std::uint64_t id) { withdrawn.push_back(id); });
    choose("exec");
    click("Diagnose");
    ASSERT_TRUE(waitUntil([&] { return asked.size() == 1; }));
    dialog.reset();
    EXPECT_TRUE(waitUntil([&] { return withdrawn == asked; }));
}

TEST_F(Connect, cancelStopsTheStepsAndTheyCanBeRunAgain)
{
    server.order("POST", "/script", {{"responses", {{{"match", {{"pattern", "selfsubjectreviews"}}}, {"stall", true}}}}});
    open();
    choose("admin-token");
    click("Diagnose");
    ASSERT_TRUE(waitUntil([&] { return step(Id::Authentication).look == StepLook::Running; }));
    click("Stop");
    EXPECT_EQ(step(Id::Authentication).look, StepLook::Waiting);
    EXPECT_EQ(step(Id::Tls).look, StepLook::Ok);
    server.order("PUT", "/script", json::object());
    click("Run again");
    EXPECT_TRUE(waitUntil([&] { return step(Id::Agents).look == StepLook::Failed; }));
}

/// The window itself, with the question that it puts.
class ConnectWindow : public Connect {
protected:
    void openWindow(Settings settings = {.keep = false})
    {
        opener = sourceOpener();
        window = std::make_unique<MainWindow>(std::move(settings), opener);
        window->show();
    }
    PluginQuestionDialog* question() { return window->findChild<PluginQuestionDialog*>(); }
    static QString textOf(const QWidget& widget)
    {
        QString all;
        for (const QTextEdit* text : widget.findChildren<QTextEdit*>())
            all += text->toPlainText() + QLatin1Char('\n');
        return all;
    }
    std::unique_ptr<MainWindow> window;
};

TEST_F(ConnectWindow, aConnectionAsksBeforeACommandRunsAndARefusalIsItsStatus)
{
    setPlugin(endless(), {{{"name", "SECRET"}, {"value", "do-not-show"}}});
    openWindow();
    window->connectToClusters({{.context = "exec"}});
    ASSERT_TRUE(waitUntil([&] { return question() != nullptr; }));
    const QString shown = textOf(*question());
    EXPECT_TRUE(shown.contains(QLatin1String("/bin/sh -c "))) << shown.toStdString();
    EXPECT_TRUE(shown.contains(QLatin1String("SECRET"))) << "the names of the environment";
    EXPECT_FALSE(shown.contains(QLatin1String("do-not-show"))) << "but not their values";
    question()->reject();
    ASSERT_TRUE(waitUntil([&] { return window->banner().text().contains(QLatin1String("was not allowed to run: /bin/sh")); })) << window->banner().text().toStdString();
    window->workspace().retry();
    ASSERT_TRUE(waitUntil([&] { return question() != nullptr; })) << "trying again asks again";
    window.reset(); // while it is asked
}

TEST_F(ConnectWindow, whatThePluginSaysStandsAboveThePages)
{
    setPlugin("echo 'open https://login.example, code ABC' >&2; " + endless());
    openWindow();
    window->connectToClusters({{.context = "exec"}});
    ASSERT_TRUE(waitUntil([&] { return question() != nullptr; }));
    question()->accept();
    ASSERT_TRUE(waitUntil([&] { return window->saidBar().text().contains(QLatin1String("code ABC")); }));
    EXPECT_TRUE(window->saidBar().isVisible());
    ASSERT_EQ(opener.plugins->allowed().entries().size(), 1);
}

TEST_F(ConnectWindow, whatWasAllowedBeforeRunsAndWhatHasChangedIsShownAgain)
{
    const std::string script = "echo first >&2; " + endless();
    setPlugin(script);
    const kube::PluginQuestion first{{}, {"/bin/sh", "-c", script}, {}, "exec", server["kubeconfig"]};
    AllowedPlugins allowed;
    allowed.allow(first);
    openWindow({.allowedPlugins = allowed.entries(), .keep = false});
    window->connectToClusters({{.context = "exec"}});
    ASSERT_TRUE(waitUntil([&] { return window->saidBar().text().contains(QLatin1String("first")); }));
    EXPECT_EQ(question(), nullptr);
    setPlugin("echo second >&2; " + endless());
    window->connectToClusters({{.context = "exec"}});
    ASSERT_TRUE(waitUntil([&] { return question() != nullptr; }));
    EXPECT_TRUE(textOf(*question()).contains(QLatin1String("not the command that you allowed")));
}

TEST_F(ConnectWindow, aQuestionThatGoesWithADialogIsPutAgain)
{
    setPlugin(endless());
    openWindow();
    window->connectToClusters({{.context = "exec"}});
    ASSERT_TRUE(waitUntil([&] { return question() != nullptr; }));
    delete question();
    EXPECT_TRUE(waitUntil([&] { return question() != nullptr; }));
}

} // namespace
} // namespace binnacle::desktop
