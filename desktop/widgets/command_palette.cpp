// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/command_palette.h"

#include "desktop/viewmodels/fuzzy_match.h"
#include "desktop/widgets/design_tokens.h"

#include <QAction>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>

#include <algorithm>

namespace binnacle::desktop {

CommandPalette::CommandPalette(const QList<QAction*>& actions, QWidget* parent) : QDialog(parent, Qt::Popup | Qt::FramelessWindowHint), m_actions(actions)
{
    m_input = new QLineEdit(this);
    m_input->setPlaceholderText(tr("What do you want to do?"));
    m_input->setAccessibleName(tr("Find an action"));
    m_input->installEventFilter(this);
    m_list = new QListWidget(this);
    m_list->setAccessibleName(tr("Actions"));
    m_list->setFocusPolicy(Qt::NoFocus);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Space::kSmall, Space::kSmall, Space::kSmall, Space::kSmall);
    column->addWidget(m_input);
    column->addWidget(m_list);
    resize(520, 380);
    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::refill);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
    refill({});
}

void CommandPalette::refill(const QString& letters)
{
    QList<std::pair<int, QAction*>> found;
    for (QAction* action : m_actions) {
        if (const int score = fuzzyFit(letters, action->text()); score >= 0 && action->isEnabled())
            found.append({score, action});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second->text() < b.second->text(); });
    m_list->clear();
    for (const auto& [score, action] : found) {
        auto* item = new QListWidgetItem(action->text(), m_list);
        item->setIcon(action->icon());
        item->setData(Qt::UserRole, QVariant::fromValue<QObject*>(action));
        const QString keys = action->shortcut().toString(QKeySequence::NativeText);
        item->setText(keys.isEmpty() ? action->text() : QStringLiteral("%1   (%2)").arg(action->text(), keys));
    }
    m_list->setCurrentRow(0);
}

void CommandPalette::runCurrent()
{
    const QListWidgetItem* item = m_list->currentItem();
    auto* action = item ? qobject_cast<QAction*>(item->data(Qt::UserRole).value<QObject*>()) : nullptr;
    accept();
    if (action)
        action->trigger();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::KeyPress)
        return QDialog::eventFilter(watched, event);
    switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Down: m_list->setCurrentRow(std::min(m_list->currentRow() + 1, m_list->count() - 1)); return true;
    case Qt::Key_Up: m_list->setCurrentRow(std::max(m_list->currentRow() - 1, 0)); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: runCurrent(); return true;
    default: return false;
    }
}

} // namespace binnacle::desktop
