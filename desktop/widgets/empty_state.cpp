// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/empty_state.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

namespace binnacle::desktop {

namespace {

QString actionText(EmptyReason::Action action)
{
    switch (action) {
    case EmptyReason::Action::Connect: return EmptyState::tr("Connect…");
    case EmptyReason::Action::Retry: return EmptyState::tr("Try again");
    case EmptyReason::Action::JumpToLive: return EmptyState::tr("Go to the end of the recording");
    case EmptyReason::Action::ClearFilter: return EmptyState::tr("Clear the filter");
    case EmptyReason::Action::None: break;
    }
    return {};
}

} // namespace

EmptyState::EmptyState(QWidget* parent) : QWidget(parent)
{
    m_title = new QLabel(this);
    m_title->setFont(boldFont(TypeSize::kTitle));
    m_title->setAlignment(Qt::AlignCenter);
    m_sentence = new QLabel(this);
    m_sentence->setProperty("role", QStringLiteral("muted"));
    m_sentence->setWordWrap(true);
    m_sentence->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_sentence->setFixedWidth(440);
    m_command = new QLabel(this);
    m_command->setProperty("role", QStringLiteral("command"));
    m_command->setFont(figureFont(TypeSize::kBody));
    m_command->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_command->setAccessibleName(tr("Command to run"));
    m_copy = new QToolButton(this);
    m_copy->setIcon(icon("copy"));
    m_copy->setToolTip(tr("Copy the command"));
    m_copy->setAccessibleName(tr("Copy the command"));
    connect(m_copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_reason.command); });
    m_button = new QPushButton(this);
    m_button->setProperty("primary", true);
    m_button->setAccessibleName(tr("Nothing to do"));
    connect(m_button, &QPushButton::clicked, this, [this] { Q_EMIT actionWanted(m_reason.action); });

    // A row of its own: a column asks how high the text is at the column's width, and the text is narrower.
    auto* sentence = new QHBoxLayout;
    sentence->addStretch();
    sentence->addWidget(m_sentence);
    sentence->addStretch();
    auto* command = new QHBoxLayout;
    command->addStretch();
    command->addWidget(m_command);
    command->addWidget(m_copy);
    command->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setSpacing(Space::kMedium);
    column->addStretch(2);
    column->addWidget(m_title);
    column->addLayout(sentence);
    column->addLayout(command);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    column->addStretch(3);
}

void EmptyState::show(const EmptyReason& reason)
{
    if (reason == m_reason)
        return;
    m_reason = reason;
    m_title->setText(reason.title);
    m_sentence->setText(reason.sentence);
    m_sentence->setVisible(!reason.sentence.isEmpty());
    m_command->setText(reason.command);
    m_command->setVisible(!reason.command.isEmpty());
    m_copy->setVisible(!reason.command.isEmpty());
    m_button->setText(actionText(reason.action));
    m_button->setAccessibleName(m_button->text().isEmpty() ? tr("Nothing to do") : m_button->text());
    m_button->setVisible(reason.action != EmptyReason::Action::None);
    setAccessibleName(reason.title);
    setAccessibleDescription(reason.sentence);
}

} // namespace binnacle::desktop
