// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/app/settings.h"
#include "desktop/app/source_opener.h"
#include "desktop/viewmodels/empty_reason.h"
#include "desktop/workspace/workspace.h"

#include <QMainWindow>

#include <functional>
#include <memory>
#include <vector>

class QMenu;
class QStackedWidget;

namespace binnacle::desktop {

class Banner;
class Navigation;
class OfferBar;
class Page;
class PluginPrompter;
class SshPrompter;
class SaidBar;
class TimeBar;
class TopBar;

/// The shell: navigation, sources, one page at a time, and the timeline under all of them.  Knows no page by name: pages come from
/// pageList() and bring their own actions; what they share is in the workspace.  Thread: UI.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(Settings settings, SourceOpener opener, QWidget* parent = nullptr);
    ~MainWindow() override;

    Workspace& workspace() { return *m_workspace; }
    TimeBar& timeBar() { return *m_timeBar; }
    TopBar& topBar() { return *m_topBar; }
    Banner& banner() { return *m_banner; }
    OfferBar& offerBar() { return *m_offer; }
    SaidBar& saidBar() { return *m_said; }
    /// Those of the window and of all pages: what the palette offers and what a test holds to have shortcuts.
    QList<QAction*> allActions() const;
    /// False when there is no such page.
    bool showPage(const QString& id);
    Page* currentPage() const;
    const std::vector<Page*>& pages() const { return m_pages; }
    /// True when the page on screen shows what was asked for: pictures wait for it.
    bool isSettled() const;

    void openFiles(const QStringList& files);
    void connectTo(const QStringList& agents);
    void connectToClusters(const std::vector<ClusterWish>& clusters);
    void toggleTheme();
    /// Ends the range at this TIME of contracts.md as soon as enough of the recording is there.
    void moveToWhenRead(const std::string& time);
    /// Offers the latest recording that a crashed window left, if there is one.
    void offerUnsaved();

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QAction* addWindowAction(const QString& text, const QKeySequence& keys, const char* iconName, std::function<void()> run);
    void buildShell();
    void buildFileActions();
    void buildTimeActions();
    void buildViewActions();
    void buildPages();
    void listenToPlugins();
    void showPageAt(int index);
    void fillSourceMenu();
    void askConnect();
    void askInstall();
    void askOpen();
    bool saveAs();
    Result<void> saveInBackground(const std::string& file);
    void showPalette();
    void speedUp(int direction);
    void take(Result<std::shared_ptr<FrameSource>> source, const QString& doing);
    void onPageAction(EmptyReason::Action action);
    void onSourceChanged();
    void onOverview();
    /// False when the user wants to stay.
    bool letGoOfRecording();

    Settings m_settings;
    SourceOpener m_opener;
    Workspace* m_workspace;
    QMenu* m_sourceMenu;
    QMenu* m_mainMenu;
    TopBar* m_topBar;
    Banner* m_banner;
    OfferBar* m_offer;
    SaidBar* m_said;
    std::unique_ptr<PluginPrompter> m_prompter; // none without a gate
    std::unique_ptr<SshPrompter> m_sshPrompter; // likewise
    Navigation* m_navigation;
    QStackedWidget* m_stack;
    TimeBar* m_timeBar;
    std::vector<Page*> m_pages;
    QList<QAction*> m_windowActions;
    QAction* m_save = nullptr;
    std::string m_wantedTime; // empty: none
    std::filesystem::path m_unsaved; // what the offer is about
};

} // namespace binnacle::desktop
