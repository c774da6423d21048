// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/empty_reason.h"
#include "desktop/workspace/workspace.h"

#include <QAction>
#include <QKeySequence>
#include <QWidget>

#include <functional>

class QLabel;
class QStackedWidget;

namespace binnacle::desktop {

class EmptyState;

/// One view of the workspace under the shell.  Refreshes only while it is shown; puts its empty state in place of its content
/// when there is nothing to show.  Thread: UI.
class Page : public QWidget {
    Q_OBJECT
public:
    explicit Page(Workspace& workspace, QWidget* parent = nullptr);

    /// True when everything on it belongs to the workspace's current snapshot: screenshots wait for it.
    virtual bool isSettled() const { return !m_stale; }
    /// Of this page alone; the shell lists them in the palette and enables them while the page is shown.
    const QList<QAction*>& pageActions() const { return m_actions; }
    /// Where keys go when the page comes up.
    virtual QWidget* mainWidget() { return this; }
    const EmptyState* shownEmptyState() const;

Q_SIGNALS:
    void actionWanted(binnacle::desktop::EmptyReason::Action action);

protected:
    Workspace& workspace() const { return m_workspace; }
    /// The snapshot, the selection or the filter changed and the page is on screen.
    virtual void refresh() = 0;
    /// What the page shows instead of its empty state.
    void setContent(QWidget* content);
    /// Shows the content when there are rows, else why there are none.
    void showContentOr(std::size_t shownRows, std::size_t rowsBeforeFilter, const QString& noRowsTitle, const QString& noRowsSentence);
    QAction* addPageAction(const QString& text, const QKeySequence& keys, std::function<void()> run);

    void showEvent(QShowEvent* event) override;

private:
    void onChange();

    Workspace& m_workspace; // of the window, which owns the page too
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    QList<QAction*> m_actions;
    bool m_stale = true;
};

/// What the shell knows of a page before it is made.
struct PageDescriptor {
    const char* id;    // of `binnacle screenshot --page` and of settings
    const char* title; // for the navigation
    const char* icon;
    int number;        // Ctrl+number shows it
    Page* (*make)(Workspace& workspace, QWidget* parent);
};

/// Title and one sentence above a page's content, with room for its controls on the right.
class PageHeader : public QWidget {
    Q_OBJECT
public:
    explicit PageHeader(const QString& title, QWidget* parent = nullptr);
    void setSentence(const QString& text);
    void addControl(QWidget* control);

private:
    QLabel* m_sentence;
};

} // namespace binnacle::desktop
