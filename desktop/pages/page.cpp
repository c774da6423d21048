// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/page.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/empty_state.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QLabel>
#include <QStackedWidget>

namespace binnacle::desktop {

Page::Page(Workspace& workspace, QWidget* parent)
    : QWidget(parent), m_workspace(workspace), m_stack(new QStackedWidget(this)), m_empty(new EmptyState(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    m_stack->addWidget(m_empty);
    connect(m_empty, &EmptyState::actionWanted, this, &Page::actionWanted);
    connect(&workspace, &Workspace::snapshotChanged, this, &Page::onChange);
    connect(&workspace, &Workspace::selectionChanged, this, &Page::onChange);
    connect(&workspace, &Workspace::filterChanged, this, &Page::onChange);
    connect(&workspace, &Workspace::sourceChanged, this, &Page::onChange);
}

const EmptyState* Page::shownEmptyState() const { return m_stack->currentWidget() == m_empty ? m_empty : nullptr; }

void Page::setContent(QWidget* content) { m_stack->insertWidget(0, content); }

void Page::showContentOr(std::size_t shownRows, std::size_t rowsBeforeFilter, const QString& noRowsTitle, const QString& noRowsSentence)
{
    if (shownRows > 0) {
        const bool wasEmpty = m_stack->currentIndex() != 0;
        m_stack->setCurrentIndex(0);
        const QWidget* focused = window()->focusWidget();
        if (wasEmpty && (!focused || !focused->inherits("QLineEdit"))) // never away from someone who types
            mainWidget()->setFocus(Qt::OtherFocusReason);
        return;
    }
    const analysis::SnapshotPtr& snapshot = m_workspace.snapshot();
    EmptyQuestion question{.hasSource = m_workspace.source() != nullptr, .origins = m_workspace.origins()};
    question.covered = m_workspace.covered();
    question.range = m_workspace.time().range;
    question.snapshotIsThere = snapshot != nullptr;
    question.filter = m_workspace.filter();
    question.rowsBeforeFilter = rowsBeforeFilter;
    question.noRowsTitle = noRowsTitle;
    question.noRowsSentence = noRowsSentence;
    question.anythingTalks = snapshot && !snapshot->nodes.empty();
    m_empty->show(whyEmpty(question));
    m_stack->setCurrentWidget(m_empty);
}

QAction* Page::addPageAction(const QString& text, const QKeySequence& keys, std::function<void()> run)
{
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
    addAction(action);
    m_actions.append(action);
    return action;
}

void Page::onChange()
{
    m_stale = true;
    if (!isVisible())
        return;
    m_stale = false;
    refresh();
}

void Page::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_stale)
        onChange();
}

PageHeader::PageHeader(const QString& title, QWidget* parent) : QWidget(parent), m_sentence(new QLabel(this))
{
    setProperty("role", QStringLiteral("bar"));
    setAttribute(Qt::WA_StyledBackground);
    auto* name = new QLabel(title, this);
    name->setFont(boldFont(TypeSize::kTitle));
    m_sentence->setProperty("role", QStringLiteral("muted"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Space::kLarge, Space::kMedium, Space::kMedium, Space::kSmall);
    row->setSpacing(Space::kMedium);
    row->addWidget(name);
    row->addWidget(m_sentence);
    row->addStretch();
}

void PageHeader::setSentence(const QString& text) { m_sentence->setText(text); }

void PageHeader::addControl(QWidget* control) { layout()->addWidget(control); }

} // namespace binnacle::desktop
