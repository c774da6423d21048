// SPDX-License-Identifier: Apache-2.0
#include "desktop/app/connect_dialog.h"
#include "desktop/app/top_bar.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/fuzzy_match.h"
#include "desktop/widgets/banner.h"
#include "desktop/widgets/command_palette.h"
#include "desktop/widgets/offer_bar.h"
#include "desktop/widgets/time_bar.h"
#include "tests/ui/ui_support.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QDropEvent>
#include <QPushButton>
#include <QUrl>

#include <set>

namespace binnacle::desktop {
namespace {

class Window : public WindowTest {};

TEST_F(Window, noActionWithoutShortcutAndName)
{
    show(std::make_shared<SampleSource>());
    ASSERT_GT(window->allActions().size(), 30);
    for (const QAction* action : window->allActions()) {
        EXPECT_FALSE(action->text().isEmpty());
        EXPECT_FALSE(action->shortcut().isEmpty()) << action->text().toStdString() << " has no shortcut";
    }
}

TEST_F(Window, noShortcutTwiceAtATime)
{
    show(std::make_shared<SampleSource>());
    for (Page* page : window->pages()) {
        std::set<QString> taken;
        for (const QAction* action : window->allActions()) {
            const auto* owner = qobject_cast<const Page*>(action->parent());
            if (owner && owner != page)
                continue;
            const QString keys = action->shortcut().toString();
            EXPECT_TRUE(taken.insert(keys).second) << keys.toStdString() << " " << action->text().toStdString();
        }
    }
}

TEST_F(Window, everyControlHasAnAccessibleName)
{
    show(std::make_shared<SampleSource>());
    for (const QWidget* widget : window->findChildren<QWidget*>()) {
        const bool control = qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QComboBox*>(widget)
            || (qobject_cast<const QAbstractItemView*>(widget) && !widget->inherits("QHeaderView"));
        // Parts inside Qt's own widgets are described by what holds them.
        const bool part = widget->objectName().startsWith(QLatin1String("qt_")) || widget->inherits("QTableCornerButton") || widget->parentWidget()->inherits("QLineEdit")
            || widget->parentWidget()->inherits("QTableView");
        if (!control || part)
            continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        EXPECT_TRUE(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()))
            << widget->metaObject()->className() << " " << widget->toolTip().toStdString() << " in " << widget->parentWidget()->metaObject()->className();
    }
}

TEST_F(Window, keysShowPages)
{
    show(std::make_shared<SampleSource>());
    for (std::size_t i = 0; i < window->pages().size(); ++i) {
        press(static_cast<Qt::Key>(Qt::Key_1 + static_cast<int>(i)), Qt::ControlModifier);
        EXPECT_EQ(window->currentPage(), window->pages()[i]);
    }
}

TEST_F(Window, spacePausesAndAltEndGoesLive)
{
    show(std::make_shared<SampleSource>(300, true));
    press(Qt::Key_Space);
    EXPECT_EQ(workspace().time().mode, TimeMode::Paused);
    press(Qt::Key_Comma);
    EXPECT_EQ(workspace().time().range.to, SampleSource::begin() + std::chrono::seconds(299));
    press(Qt::Key_End, Qt::AltModifier);
    EXPECT_EQ(workspace().time().mode, TimeMode::Live);
}

TEST_F(Window, jAndLPlayFasterEachTimeAndKStops)
{
    show(std::make_shared<SampleSource>());
    moveTo(100);
    press(Qt::Key_L);
    press(Qt::Key_L);
    EXPECT_EQ(workspace().time().speed, 2);
    press(Qt::Key_J);
    EXPECT_EQ(workspace().time().speed, -1);
    press(Qt::Key_K);
    EXPECT_EQ(workspace().time().mode, TimeMode::Paused);
}

TEST_F(Window, spaceOnAButtonPressesTheButton)
{
    show(std::make_shared<SampleSource>(300, true));
    QAbstractButton* services = nullptr;
    for (auto* button : window->findChildren<QAbstractButton*>(QStringLiteral("navigation"))) {
        if (button->text() == QLatin1String("Services"))
            services = button;
    }
    ASSERT_TRUE(services);
    services->setFocus();
    QTest::keyClick(services, Qt::Key_Space);
    EXPECT_EQ(window->currentPage(), window->pages()[1]);
    EXPECT_EQ(workspace().time().mode, TimeMode::Live);
}

TEST_F(Window, typingIntoTheFilterIsNoShortcut)
{
    show(std::make_shared<SampleSource>(300, true));
    press(Qt::Key_Slash);
    auto* filter = find<QLineEdit>("Filter");
    ASSERT_TRUE(filter && filter->hasFocus());
    QTest::keyClicks(filter, QStringLiteral("jkl"));
    EXPECT_EQ(workspace().filter(), QLatin1String("jkl"));
    EXPECT_EQ(workspace().time().mode, TimeMode::Live);
    QTest::keyClick(filter, Qt::Key_Escape);
    EXPECT_TRUE(workspace().filter().isEmpty());
}

TEST_F(Window, windowLengths)
{
    show(std::make_shared<SampleSource>());
    press(Qt::Key_3, Qt::AltModifier);
    EXPECT_EQ(workspace().time().range.length(), std::chrono::minutes(5));
    press(Qt::Key_1, Qt::AltModifier);
    EXPECT_EQ(workspace().time().range.length(), std::chrono::seconds(30));
}

TEST_F(Window, bannerComesAndGoesWithTheTrouble)
{
    auto live = std::make_shared<SampleSource>(300, true);
    show(live);
    EXPECT_FALSE(window->banner().isVisible());
    live->setOrigins({{OriginKind::Agent, OriginState::Away, "node-1", "The agent does not answer. Is it running?"}});
    ASSERT_TRUE(QTest::qWaitFor([this] { return window->banner().isVisible(); }, 20000));
    EXPECT_EQ(window->banner().text(), QLatin1String("node-1: The agent does not answer. Is it running?"));
    window->banner().findChild<QPushButton*>()->click();
    EXPECT_EQ(live->retries(), 1);
    live->setOrigins({{OriginKind::Agent, OriginState::Live, "node-1", ""}});
    ASSERT_TRUE(QTest::qWaitFor([this] { return !window->banner().isVisible(); }, 20000));
}

TEST_F(Window, offersWhatACrashedWindowLeftAndForgetsItOnlyWhenAsked)
{
    show(std::make_shared<SampleSource>());
    EXPECT_FALSE(window->offerBar().isVisible());
    std::vector<std::string> opened, removed;
    SourceOpener opener = openerOf(source);
    opener.findUnsaved = [] { return std::vector<UnsavedRecording>{{"/state/77-1.binnacle", 3u << 20, {}}}; };
    opener.openFiles = [&](const std::vector<std::string>& files) -> Result<std::shared_ptr<FrameSource>> { return opened = files, source; };
    opener.removeUnsaved = [&](const std::filesystem::path& file) { removed.push_back(file.string()); };
    window = std::make_unique<MainWindow>(Settings{.keep = false}, opener);
    window->show();
    const auto press = [&](const char* text) {
        for (auto* button : window->offerBar().findChildren<QPushButton*>()) {
            if (button->text() == QLatin1String(text))
                button->click();
        }
    };
    for (const char* text : {"Later", "Open it", "Throw it away"}) {
        window->offerUnsaved();
        ASSERT_TRUE(window->offerBar().isVisible()) << text;
        EXPECT_TRUE(window->offerBar().text().contains(bytesText(3u << 20))) << window->offerBar().text().toStdString();
        press(text);
        EXPECT_FALSE(window->offerBar().isVisible()) << text;
    }
    EXPECT_EQ(opened, std::vector<std::string>{"/state/77-1.binnacle"});
    EXPECT_EQ(removed, std::vector<std::string>{"/state/77-1.binnacle"});
}

TEST_F(Window, sourceAndRecordingAreNamed)
{
    show(std::make_shared<SampleSource>(300, true));
    EXPECT_TRUE(window->topBar().sourceWords().contains(QStringLiteral("127.0.0.1:9465 · live")));
    EXPECT_TRUE(window->timeBar().rangeWords().contains(QStringLiteral("–")));
}

TEST_F(Window, clustersAreNamedWithHowManyAgentsAreWell)
{
    auto live = std::make_shared<SampleSource>(300, true);
    show(live);
    live->setOrigins({{OriginKind::Cluster, OriginState::Live, "context lab", "", "lab"},
                      {OriginKind::Cluster, OriginState::Live, "context prod", "", "prod"},
                      {OriginKind::Agent, OriginState::Live, "node-1 (context lab)", "", "lab"},
                      {OriginKind::Agent, OriginState::Away, "node-2 (context prod)", "The tunnel ended.", "prod"}});
    ASSERT_TRUE(QTest::qWaitFor([this] { return window->topBar().sourceWords().contains(QStringLiteral("lab, prod · 1 of 2 agents well")); }, 20000))
        << window->topBar().sourceWords().toStdString();
}

TEST_F(Window, contextsAreOpenedAndRemembered)
{
    show(nullptr);
    std::vector<ClusterWish> asked;
    source = std::make_shared<SampleSource>();
    SourceOpener opener = openerOf(source);
    opener.connectToClusters = [&](const std::vector<ClusterWish>& clusters) -> Result<std::shared_ptr<FrameSource>> { return asked = clusters, source; };
    window = std::make_unique<MainWindow>(Settings{.keep = false}, opener);
    window->connectToClusters({{.context = "lab"}, {.context = "prod", .agentNamespace = "tools"}});
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(asked[1].agentNamespace, "tools");
    EXPECT_EQ(workspace().source(), source);
}

TEST_F(Window, droppedFilesAreOpened)
{
    show(nullptr);
    source = std::make_shared<SampleSource>();
    window = std::make_unique<MainWindow>(Settings{.keep = false}, openerOf(source));
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/a.binnacle"))});
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(window.get(), &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(window.get(), &drop);
    EXPECT_EQ(workspace().source(), source);
}

TEST_F(Window, themeChangesEverythingAndBack)
{
    show(std::make_shared<SampleSource>());
    const QImage dark = window->grab().toImage();
    press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
    settle();
    const QImage light = window->grab().toImage();
    EXPECT_LT(qGray(dark.pixel(700, 24)), 60);
    EXPECT_GT(qGray(light.pixel(700, 24)), 200);
    press(Qt::Key_L, Qt::ControlModifier | Qt::ShiftModifier);
}

TEST(Palette, lettersFindActionsByWordBeginnings)
{
    EXPECT_LT(fuzzyFit(QStringLiteral("xyz"), QStringLiteral("Jump to live")), 0);
    EXPECT_GT(fuzzyFit(QStringLiteral("jtl"), QStringLiteral("Jump to live")), fuzzyFit(QStringLiteral("jtl"), QStringLiteral("Adjust the lot")));
}

TEST(Palette, enterRunsTheBest)
{
    QAction pause(QStringLiteral("Pause")), live(QStringLiteral("Jump to live"));
    int ran = 0;
    QObject::connect(&live, &QAction::triggered, [&ran] { ++ran; });
    CommandPalette palette({&pause, &live}, nullptr);
    auto* input = palette.findChild<QLineEdit*>();
    QTest::keyClicks(input, QStringLiteral("jump"));
    QTest::keyClick(input, Qt::Key_Return);
    EXPECT_EQ(ran, 1);
}

TEST(AgentWay, saysWhatIsWrongBeforeItTries)
{
    ConnectDialog dialog({{}, {QStringLiteral("10.0.0.5:9465")}, {}}, {}, openerOf(nullptr).checkAgent, nullptr);
    EXPECT_EQ(dialog.way(), ConnectDialog::Way::Agent) << "without a kubeconfig";
    QLineEdit* input = nullptr;
    for (QLineEdit* edit : dialog.findChildren<QLineEdit*>())
        input = edit->accessibleName() == QLatin1String("Agents") ? edit : input;
    ASSERT_NE(input, nullptr);
    EXPECT_EQ(dialog.targets(), QStringList{QStringLiteral("10.0.0.5:9465")});
    input->setText(QStringLiteral("nonsense"));
    bool said = false;
    for (const QLabel* label : dialog.findChildren<QLabel*>())
        said = said || label->text() == QLatin1String("write HOST:PORT or unix:PATH");
    EXPECT_TRUE(said);
    input->setText(QStringLiteral("a:1, unix:/run/b.sock"));
    EXPECT_EQ(dialog.targets().size(), 2);
}

TEST(SettingsList, latestFirstNoneTwiceTenAtMost)
{
    QStringList list;
    for (int i = 0; i < 15; ++i)
        list = withRecent(list, QString::number(i));
    EXPECT_EQ(list.size(), 10);
    list = withRecent(list, QStringLiteral("8"));
    EXPECT_EQ(list.size(), 10);
    EXPECT_EQ(list.first(), QLatin1String("8"));
    EXPECT_EQ(list.count(QStringLiteral("8")), 1);
}

} // namespace
} // namespace binnacle::desktop
