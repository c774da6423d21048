// SPDX-License-Identifier: Apache-2.0
// ssh asks the window: OpenSSH runs the program as its askpass, the question comes up as a dialog, and what is typed there is what OpenSSH gets.
#include "core/base/platform/programs.h"
#include "desktop/app/ssh_prompter.h"
#include "desktop/app/ssh_question_dialog.h"
#include "tests/ui/connect_support.h"

#include <QDialogButtonBox>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <QTextEdit>

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

constexpr const char* kPassphrase = "open please";

/// A window with what main() gives it, and a program that asks it.
class SshQuestions : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto opened = AskpassServer::open(BINNACLE_PROGRAM, gate.ask());
        ASSERT_TRUE(opened) << opened.error().what;
        server = *opened;
        window.show();
    }
    void TearDown() override
    {
        if (asking.state() == QProcess::NotRunning)
            return;
        asking.kill();
        asking.waitForFinished();
    }
    QProcessEnvironment environment() const
    {
        platform::Environment ours = platform::environment();
        ours.erase("SSH_ASKPASS");
        server->addTo(ours, *Target::parse("ssh://alice@web-1"));
        ours["SSH_ASKPASS_REQUIRE"] = "force"; // as findSsh() does
        QProcessEnvironment environment;
        for (const auto& [name, value] : ours)
            environment.insert(QString::fromStdString(name), QString::fromStdString(value));
        return environment;
    }
    void start(const QString& program, const QStringList& words, const char* hint = nullptr)
    {
        QProcessEnvironment with = environment();
        if (hint)
            with.insert(QStringLiteral("SSH_ASKPASS_PROMPT"), QLatin1String(hint));
        asking.setProcessEnvironment(with);
        asking.start(program, words);
    }
    SshQuestionDialog* dialog()
    {
        SshQuestionDialog* found = nullptr;
        EXPECT_TRUE(waitUntil([&] { return (found = window.findChild<SshQuestionDialog*>()) != nullptr && found->isVisible(); })) << "no dialog came";
        return found;
    }
    static void press(SshQuestionDialog& in, QDialogButtonBox::ButtonRole role)
    {
        auto* box = in.findChild<QDialogButtonBox*>();
        for (QAbstractButton* button : box->buttons()) {
            if (box->buttonRole(button) == role)
                return button->click();
        }
        FAIL() << "there is no such button";
    }
    bool ends() { return waitUntil([&] { return asking.state() == QProcess::NotRunning; }); }

    SshGate gate;
    QWidget window;
    SshPrompter prompter{gate, window};
    std::shared_ptr<AskpassServer> server;
    QProcess asking;
};

TEST_F(SshQuestions, openSshGetsThePassphraseThatIsTypedIntoTheDialog)
{
    const auto keygen = platform::findProgram("ssh-keygen", "/usr/bin:/bin:/usr/local/bin");
    if (!keygen)
        GTEST_SKIP() << "openssh-client is not installed";
    const QTemporaryDir folder;
    const QString key = folder.filePath(QStringLiteral("key")), program = QString::fromStdString(keygen->string());
    ASSERT_EQ(QProcess::execute(program, {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QLatin1String(kPassphrase), QStringLiteral("-f"), key}), 0);
    start(program, {QStringLiteral("-y"), QStringLiteral("-f"), key});
    SshQuestionDialog* asked = dialog();
    ASSERT_TRUE(asked);
    const auto* words = findNamed<QTextEdit>(*asked, "What ssh asks");
    ASSERT_TRUE(words);
    EXPECT_TRUE(words->toPlainText().startsWith(QLatin1String("Enter passphrase"))) << words->toPlainText().toStdString();
    auto* secret = findNamed<QLineEdit>(*asked, "Secret");
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->echoMode(), QLineEdit::Password);
    QTest::keyClicks(secret, QLatin1String(kPassphrase));
    QTest::keyClick(secret, Qt::Key_Return);
    ASSERT_TRUE(ends());
    EXPECT_EQ(asking.exitCode(), 0) << asking.readAllStandardError().toStdString();
    EXPECT_TRUE(asking.readAllStandardOutput().startsWith("ssh-ed25519 ")) << "the key is open";
}

TEST_F(SshQuestions, aHostsKeyIsForThePersonToTrustAndEnterDoesNot)
{
    const QString prompt = QStringLiteral("ED25519 key fingerprint is SHA256:abc.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ");
    start(QLatin1String(BINNACLE_PROGRAM), {prompt});
    SshQuestionDialog* asked = dialog();
    ASSERT_TRUE(asked);
    EXPECT_EQ(findNamed<QLineEdit>(*asked, "Secret"), nullptr);
    QTest::keyClick(asked, Qt::Key_Return);
    ASSERT_TRUE(ends());
    EXPECT_EQ(asking.exitCode(), 1);
    EXPECT_EQ(asking.readAllStandardOutput(), QByteArray());
    ASSERT_TRUE(waitUntil([&] { return window.findChild<SshQuestionDialog*>() == nullptr; }));
    start(QLatin1String(BINNACLE_PROGRAM), {prompt});
    asked = dialog();
    ASSERT_TRUE(asked);
    press(*asked, QDialogButtonBox::AcceptRole);
    ASSERT_TRUE(ends());
    EXPECT_EQ(asking.exitCode(), 0);
    EXPECT_EQ(asking.readAllStandardOutput(), QByteArray("yes\n"));
}

TEST_F(SshQuestions, aNoticeGoesWithSsh)
{
    start(QLatin1String(BINNACLE_PROGRAM), {QStringLiteral("Confirm user presence for key ED25519-SK")}, "none");
    ASSERT_TRUE(dialog());
    asking.kill(); // as ssh does when the key was touched
    EXPECT_TRUE(waitUntil([&] { return window.findChild<SshQuestionDialog*>() == nullptr; }));
    EXPECT_TRUE(ends());
}

TEST_F(SshQuestions, withNobodyAtTheWindowSshIsRefused)
{
    const SshGate alone;
    auto opened = AskpassServer::open(BINNACLE_PROGRAM, alone.ask());
    ASSERT_TRUE(opened);
    server = *opened;
    start(QLatin1String(BINNACLE_PROGRAM), {QStringLiteral("alice@web-1's password: ")});
    ASSERT_TRUE(ends());
    EXPECT_EQ(asking.exitCode(), 1);
    EXPECT_EQ(asking.readAllStandardOutput(), QByteArray());
}

TEST_F(SshQuestions, aDialogThatEndsWithWhatItStoodAboveComesAgain)
{
    auto above = std::make_unique<QDialog>(&window);
    above->open();
    start(QLatin1String(BINNACLE_PROGRAM), {QStringLiteral("alice@web-1's password: ")});
    ASSERT_TRUE(dialog());
    above.reset();
    SshQuestionDialog* again = dialog();
    ASSERT_TRUE(again);
    press(*again, QDialogButtonBox::RejectRole);
    ASSERT_TRUE(ends());
    EXPECT_EQ(asking.exitCode(), 1);
}

} // namespace
} // namespace binnacle::desktop
