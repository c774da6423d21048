// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/main_window.h"

#include "desktop/app/connect_dialog.h"
#include "desktop/app/install_dialog.h"
#include "desktop/app/navigation.h"
#include "desktop/app/page_list.h"
#include "desktop/app/plugin_prompter.h"
#include "desktop/app/ssh_prompter.h"
#include "desktop/app/top_bar.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/banner.h"
#include "desktop/widgets/command_palette.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/offer_bar.h"
#include "desktop/widgets/said_bar.h"
#include "desktop/widgets/time_bar.h"

#include <QAbstractButton>
#include <QApplication>
#include <QBoxLayout>
#include <QCloseEvent>
#include <QEventLoop>
#include <QFileDialog>
#include <QFileInfo>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressDialog>
#include <QStackedWidget>
#include <QUrl>

#include <algorithm>
#include <utility>

namespace binnacle::desktop {

namespace {

constexpr int kFastest = 64; // session seconds a second

QString sessionFilter() { return MainWindow::tr("Binnacle sessions (*.binnacle);;All files (*)"); }

QFrame* separator(bool upright, QWidget* parent)
{
    auto* line = new QFrame(parent);
    line->setProperty("role", QStringLiteral("line"));
    upright ? line->setFixedWidth(1) : line->setFixedHeight(1);
    return line;
}

QBoxLayout* tight(QBoxLayout* layout)
{
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    return layout;
}

} // namespace

MainWindow::MainWindow(Settings settings, SourceOpener opener, QWidget* parent)
    : QMainWindow(parent), m_settings(std::move(settings)), m_opener(std::move(opener)), m_workspace(new Workspace(this)),
      m_sourceMenu(new QMenu(this)), m_mainMenu(new QMenu(this))
{
    setWindowTitle(tr("Binnacle"));
    setWindowIcon(QIcon(QStringLiteral(":/binnacle.svg")));
    setAcceptDrops(true);
    resize(1440, 900);
    buildShell();
    buildFileActions();
    buildPages();
    buildTimeActions();
    buildViewActions();
    m_topBar->addMenuButton(*m_mainMenu, tr("All actions"));
    connect(m_sourceMenu, &QMenu::aboutToShow, this, &MainWindow::fillSourceMenu);
    connect(m_workspace, &Workspace::sourceChanged, this, &MainWindow::onSourceChanged);
    connect(m_workspace, &Workspace::overviewChanged, this, &MainWindow::onOverview);
    connect(m_banner, &Banner::retryWanted, m_workspace, &Workspace::retry);
    connect(m_offer, &OfferBar::taken, this, [this] { openFiles({QString::fromStdString(m_unsaved.string())}); });
    connect(m_offer, &OfferBar::discarded, this, [this] { m_opener.removeUnsaved(m_unsaved); });
    listenToPlugins();
    qApp->installEventFilter(this);
    restoreGeometry(m_settings.geometry);
    showPageAt(0);
    onSourceChanged();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildShell()
{
    auto* whole = new QWidget(this);
    m_topBar = new TopBar(*m_workspace, *m_sourceMenu, whole);
    m_banner = new Banner(whole);
    m_offer = new OfferBar(whole);
    m_said = new SaidBar(whole);
    m_navigation = new Navigation(whole);
    m_stack = new QStackedWidget(whole);
    m_timeBar = new TimeBar(*m_workspace, whole);
    auto* right = tight(new QVBoxLayout);
    right->addWidget(m_offer);
    right->addWidget(m_said);
    right->addWidget(m_banner);
    right->addWidget(m_stack, 1);
    auto* middle = tight(new QHBoxLayout);
    middle->addWidget(m_navigation);
    middle->addWidget(separator(true, whole));
    middle->addLayout(right, 1);
    auto* column = tight(new QVBoxLayout(whole));
    column->addWidget(m_topBar);
    column->addWidget(separator(false, whole));
    column->addLayout(middle, 1);
    column->addWidget(separator(false, whole));
    column->addWidget(m_timeBar);
    setCentralWidget(whole);
}

void MainWindow::listenToPlugins()
{
    if (m_opener.ssh)
        m_sshPrompter = std::make_unique<SshPrompter>(*m_opener.ssh, *this);
    PluginGate* gate = m_opener.plugins.get();
    if (!gate)
        return;
    gate->setAllowed(AllowedPlugins(m_settings.allowedPlugins));
    m_prompter = std::make_unique<PluginPrompter>(*gate, *this);
    connect(gate, &PluginGate::said, m_said, &SaidBar::hear);
    connect(gate, &PluginGate::allowedChanged, this, [this, gate] {
        m_settings.allowedPlugins = gate->allowed().entries();
        storeSettings(m_settings);
    });
}

QAction* MainWindow::addWindowAction(const QString& text, const QKeySequence& keys, const char* iconName, std::function<void()> run)
{
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    if (iconName)
        action->setIcon(icon(iconName));
    connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
    addAction(action);
    m_mainMenu->addAction(action);
    m_windowActions.append(action);
    return action;
}

void MainWindow::buildFileActions()
{
    QAction* connectAction = addWindowAction(tr("Connect…"), QKeySequence(Qt::CTRL | Qt::Key_N), "connect", [this] { askConnect(); });
    QAction* open = addWindowAction(tr("Open a session…"), QKeySequence::Open, "open", [this] { askOpen(); });
    m_save = addWindowAction(tr("Save the recording as…"), QKeySequence::Save, "save", [this] { saveAs(); });
    addWindowAction(tr("Try to connect again"), QKeySequence(Qt::Key_F5), "retry", [this] { m_workspace->retry(); });
    QAction* install = addWindowAction(tr("Agents in a cluster: install, status, uninstall…"), QKeySequence(Qt::CTRL | Qt::Key_I), "plus", [this] { askInstall(); });
    install->setEnabled(static_cast<bool>(m_opener.openCluster));
    m_mainMenu->addSeparator();
    for (QAction* action : {connectAction, open, m_save})
        m_topBar->addButton(*action);
}

void MainWindow::buildPages()
{
    for (const PageDescriptor* descriptor : pageList()) {
        const auto index = static_cast<int>(m_pages.size());
        Page* page = descriptor->make(*m_workspace, m_stack);
        m_pages.push_back(page);
        m_stack->addWidget(page);
        connect(page, &Page::actionWanted, this, &MainWindow::onPageAction);
        const QString title = QCoreApplication::translate("Page", descriptor->title);
        QAction* action = addWindowAction(tr("Show page: %1").arg(title), QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_0 + descriptor->number)),
                                          descriptor->icon, [this, index] { showPageAt(index); });
        m_navigation->addPage(*descriptor, *action);
    }
    m_mainMenu->addSeparator();
}

void MainWindow::buildTimeActions()
{
    const auto seconds = [this](int count) { return [this, count] { m_workspace->moveBy(std::chrono::seconds(count)); }; };
    addWindowAction(tr("Pause or play"), QKeySequence(Qt::Key_Space), "pause", [this] { m_workspace->togglePause(); });
    addWindowAction(tr("Play backwards, again: faster"), QKeySequence(Qt::Key_J), nullptr, [this] { speedUp(-1); });
    addWindowAction(tr("Pause"), QKeySequence(Qt::Key_K), nullptr, [this] { m_workspace->pause(); });
    addWindowAction(tr("Play, again: faster"), QKeySequence(Qt::Key_L), "play", [this] { speedUp(1); });
    addWindowAction(tr("One second back"), QKeySequence(Qt::Key_Comma), nullptr, seconds(-1));
    addWindowAction(tr("One second on"), QKeySequence(Qt::Key_Period), nullptr, seconds(1));
    addWindowAction(tr("Ten seconds back"), QKeySequence(Qt::Key_BracketLeft), nullptr, seconds(-10));
    addWindowAction(tr("Ten seconds on"), QKeySequence(Qt::Key_BracketRight), nullptr, seconds(10));
    addWindowAction(tr("Go to the beginning"), QKeySequence(Qt::ALT | Qt::Key_Home), nullptr,
                    [this] { m_workspace->moveTo(m_workspace->covered().from + m_workspace->time().window); });
    addWindowAction(tr("Jump to live"), QKeySequence(Qt::ALT | Qt::Key_End), "live", [this] { m_workspace->goLive(); });
    for (std::size_t i = 0; i < kWindowLengths.size(); ++i) {
        addWindowAction(tr("Show a range of %1").arg(windowLengthText(kWindowLengths[i])),
                        QKeySequence(Qt::ALT | static_cast<Qt::Key>(Qt::Key_1 + static_cast<int>(i))), nullptr,
                        [this, i] { m_workspace->setWindow(kWindowLengths[i]); });
    }
    m_mainMenu->addSeparator();
}

void MainWindow::buildViewActions()
{
    addWindowAction(tr("Filter"), QKeySequence(Qt::Key_Slash), "search", [this] { m_topBar->focusFilter(); });
    addWindowAction(tr("Select nothing"), QKeySequence(Qt::SHIFT | Qt::Key_Escape), nullptr, [this] { m_workspace->select({}); });
    QAction* palette = addWindowAction(tr("Find an action"), QKeySequence(Qt::CTRL | Qt::Key_K), "command", [this] { showPalette(); });
    QAction* theme = addWindowAction(tr("Dark or light"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_L), "theme", [this] { toggleTheme(); });
    addWindowAction(tr("Full screen"), QKeySequence(Qt::Key_F11), nullptr, [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    addWindowAction(tr("Keyboard: all actions and their keys"), QKeySequence(Qt::Key_F1), nullptr, [this] { showPalette(); });
    addWindowAction(tr("Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), nullptr, [this] { close(); });
    m_topBar->addButton(*palette);
    m_topBar->addButton(*theme);
}

QList<QAction*> MainWindow::allActions() const
{
    QList<QAction*> actions = m_windowActions;
    for (const Page* page : m_pages)
        actions.append(page->pageActions());
    return actions;
}

bool MainWindow::showPage(const QString& id)
{
    const auto list = pageList();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (id == QLatin1String(list[i]->id)) {
            showPageAt(static_cast<int>(i));
            return true;
        }
    }
    return false;
}

Page* MainWindow::currentPage() const { return static_cast<Page*>(m_stack->currentWidget()); }

void MainWindow::showPageAt(int index)
{
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        for (QAction* action : m_pages[i]->pageActions())
            action->setEnabled(static_cast<int>(i) == index); // one key, another table on each page
    }
    m_stack->setCurrentIndex(index);
    m_navigation->setCurrent(index);
    m_pages[static_cast<std::size_t>(index)]->mainWidget()->setFocus(Qt::OtherFocusReason);
}

bool MainWindow::isSettled() const { return m_workspace->isSettled() && currentPage()->isSettled(); }

void MainWindow::take(Result<std::shared_ptr<FrameSource>> source, const QString& doing)
{
    m_said->forget();
    if (source)
        m_workspace->setSource(std::move(*source));
    else
        QMessageBox::warning(this, doing, QString::fromStdString(source.error().what));
}

void MainWindow::openFiles(const QStringList& files)
{
    if (files.isEmpty() || !letGoOfRecording())
        return;
    std::vector<std::string> paths;
    for (const QString& file : files) {
        paths.push_back(file.toStdString());
        m_settings.recentFiles = withRecent(m_settings.recentFiles, QFileInfo(file).absoluteFilePath());
    }
    storeSettings(m_settings);
    take(m_opener.openFiles(paths), tr("Open a session"));
}

void MainWindow::connectTo(const QStringList& agents)
{
    if (agents.isEmpty() || !letGoOfRecording())
        return;
    std::vector<std::string> targets;
    for (const QString& agent : agents) {
        targets.push_back(agent.toStdString());
        m_settings.recentAgents = withRecent(m_settings.recentAgents, agent);
    }
    storeSettings(m_settings);
    take(m_opener.connectTo(targets, {}), tr("Connect to agents"));
}

void MainWindow::connectToClusters(const std::vector<ClusterWish>& clusters)
{
    if (clusters.empty() || !letGoOfRecording())
        return;
    for (const ClusterWish& cluster : clusters)
        m_settings.recentContexts = withRecent(m_settings.recentContexts, fromStd(cluster.context));
    storeSettings(m_settings);
    take(m_opener.connectToClusters(clusters), tr("Connect to a cluster"));
}

void MainWindow::askConnect()
{
    const ConnectOffer offer{m_settings.recentContexts, m_settings.recentAgents, QString::fromStdString(m_opener.findLocalAgent())};
    ConnectDialog dialog(offer, {m_opener.listContexts, m_opener.diagnose, m_opener.plugins.get(), m_opener.openCluster}, m_opener.checkAgent, this);
    if (dialog.exec() != QDialog::Accepted)
        return;
    if (dialog.way() == ConnectDialog::Way::Cluster)
        connectToClusters(dialog.clusters());
    else
        connectTo(dialog.targets());
}

void MainWindow::askInstall()
{
    InstallDialog dialog({}, {m_opener.listContexts, m_opener.openCluster}, this);
    if (dialog.exec() == QDialog::Accepted)
        connectToClusters({dialog.cluster()});
}

void MainWindow::askOpen()
{
    openFiles(QFileDialog::getOpenFileNames(this, tr("Open a session"), {}, sessionFilter()));
}

bool MainWindow::saveAs()
{
    const auto source = m_workspace->source();
    if (!source)
        return false;
    QString file = QFileDialog::getSaveFileName(this, tr("Save the recording"), QStringLiteral("session.binnacle"), sessionFilter());
    if (file.isEmpty())
        return false;
    if (QFileInfo(file).suffix().isEmpty())
        file += QStringLiteral(".binnacle");
    if (auto saved = saveInBackground(file.toStdString()); !saved) {
        QMessageBox::warning(this, tr("Save the recording"), QString::fromStdString(saved.error().what));
        return false;
    }
    m_settings.recentFiles = withRecent(m_settings.recentFiles, file);
    storeSettings(m_settings);
    return true;
}

/// The window stays alive while a large file is copied, and nothing else can be started meanwhile.
Result<void> MainWindow::saveInBackground(const std::string& file)
{
    QProgressDialog progress(tr("Saving %1…").arg(fromStd(file)), QString(), 0, 0, this);
    progress.setWindowModality(Qt::ApplicationModal);
    progress.setMinimumDuration(300);
    Result<void> outcome;
    QEventLoop loop;
    LatestAnswer copying(&loop);
    copying.ask([source = m_workspace->source(), file] { return source->saveAs(file); },
                [&](Result<void> answer) {
                    outcome = std::move(answer);
                    loop.quit();
                });
    loop.exec();
    return outcome;
}

bool MainWindow::letGoOfRecording()
{
    const RecordingState& recording = m_workspace->recording();
    if (!recording.temporary || recording.bytes == 0 || !isVisible())
        return true;
    QMessageBox box(QMessageBox::Question, tr("Save the recording?"),
                    tr("What was recorded so far (%1) is not saved and will be gone.").arg(bytesText(recording.bytes)),
                    QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box.setDefaultButton(QMessageBox::Save);
    switch (box.exec()) {
    case QMessageBox::Save: return saveAs();
    case QMessageBox::Discard: return true;
    default: return false;
    }
}

void MainWindow::fillSourceMenu()
{
    m_sourceMenu->clear();
    for (const Origin& origin : m_workspace->origins()) {
        QAction* line = m_sourceMenu->addAction(contextIcon(origin.context, tokensOf(*this)), fromStd(origin.name) + (origin.sentence.empty() ? QString() : QStringLiteral(" — ") + fromStd(origin.sentence)));
        line->setEnabled(false);
    }
    m_sourceMenu->addSeparator();
    m_sourceMenu->addAction(tr("Connect…"), this, &MainWindow::askConnect);
    m_sourceMenu->addAction(tr("Open a session…"), this, &MainWindow::askOpen);
    if (m_opener.openCluster)
        m_sourceMenu->addAction(tr("Agents in a cluster…"), this, &MainWindow::askInstall);
    if (!m_settings.recentContexts.isEmpty() || !m_settings.recentAgents.isEmpty() || !m_settings.recentFiles.isEmpty())
        m_sourceMenu->addSection(tr("Latest"));
    for (const QString& context : m_settings.recentContexts) {
        m_sourceMenu->addAction(contextIcon(context.toStdString(), tokensOf(*this)), tr("Context %1").arg(context), this,
                                [this, context] { connectToClusters({{.context = context.toStdString()}}); });
    }
    for (const QString& agent : m_settings.recentAgents)
        m_sourceMenu->addAction(icon("connect"), agent, this, [this, agent] { connectTo({agent}); });
    for (const QString& file : m_settings.recentFiles) {
        QAction* action = m_sourceMenu->addAction(icon("open"), QFileInfo(file).fileName(), this, [this, file] { openFiles({file}); });
        action->setEnabled(QFileInfo::exists(file));
        action->setToolTip(file);
    }
}

void MainWindow::showPalette()
{
    CommandPalette palette(allActions(), this);
    palette.move(mapToGlobal(QPoint((width() - palette.width()) / 2, 72)));
    palette.exec();
}

void MainWindow::speedUp(int direction)
{
    const TimeSelection& time = m_workspace->time();
    const bool sameWay = time.mode == TimeMode::Playing && (time.speed > 0) == (direction > 0);
    m_workspace->play(sameWay ? std::clamp(time.speed * 2, -kFastest, kFastest) : direction);
}

void MainWindow::toggleTheme()
{
    m_settings.theme = m_settings.theme == ThemeKind::Dark ? ThemeKind::Light : ThemeKind::Dark;
    applyTheme(*qApp, m_settings.theme);
    storeSettings(m_settings);
}

void MainWindow::onPageAction(EmptyReason::Action action)
{
    switch (action) {
    case EmptyReason::Action::Connect: askConnect(); break;
    case EmptyReason::Action::Retry: m_workspace->retry(); break;
    case EmptyReason::Action::JumpToLive: m_workspace->goLive(); break;
    case EmptyReason::Action::ClearFilter: m_workspace->setFilter({}); break;
    case EmptyReason::Action::None: break;
    }
}

void MainWindow::onSourceChanged()
{
    m_banner->show(noticeFor(m_workspace->origins(), m_workspace->recording()));
    m_save->setEnabled(m_workspace->source() != nullptr);
}

void MainWindow::moveToWhenRead(const std::string& time)
{
    m_wantedTime = time;
    onOverview();
}

void MainWindow::offerUnsaved()
{
    const auto left = m_opener.findUnsaved();
    if (left.empty())
        return;
    m_unsaved = left.front().file;
    const QString when = QLocale().toString(QFileInfo(fromStd(m_unsaved.string())).lastModified(), QLocale::ShortFormat);
    m_offer->offer(tr("A recording of %1 (%2) was left by a window that did not end in order. Open it to look at it and save it.")
                       .arg(when, bytesText(left.front().bytes)),
                   tr("Open it"), tr("Throw it away"));
}

void MainWindow::onOverview()
{
    if (m_wantedTime.empty() || m_workspace->covered().to <= m_workspace->covered().from)
        return;
    const auto at = parseTime(std::exchange(m_wantedTime, {}), m_workspace->covered().to);
    if (at)
        m_workspace->moveTo(*at);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!letGoOfRecording()) {
        event->ignore();
        return;
    }
    m_settings.geometry = saveGeometry();
    storeSettings(m_settings);
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    QStringList files;
    for (const QUrl& url : event->mimeData()->urls()) {
        if (url.isLocalFile())
            files.append(url.toLocalFile());
    }
    openFiles(files);
}

bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    // Space presses the button that has the focus; only elsewhere does it pause.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space && qobject_cast<QAbstractButton*>(watched)) {
        event->accept();
        return true;
    }
    return QMainWindow::eventFilter(watched, event);
}

} // namespace binnacle::desktop
