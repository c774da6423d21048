// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/navigation.h"

#include "desktop/pages/page.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"

#include <QButtonGroup>
#include <QCoreApplication>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace binnacle::desktop {

namespace {

constexpr int kWidth = 88;

} // namespace

Navigation::Navigation(QWidget* parent) : QFrame(parent), m_buttons(new QButtonGroup(this))
{
    setProperty("role", QStringLiteral("bar"));
    setFixedWidth(kWidth);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, Space::kSmall, 6, Space::kSmall);
    column->setSpacing(2);
    column->addStretch();
}

void Navigation::addPage(const PageDescriptor& page, QAction& action)
{
    auto* button = new QToolButton(this);
    button->setObjectName(QStringLiteral("navigation"));
    button->setText(QCoreApplication::translate("Page", page.title));
    button->setIcon(icon(page.icon));
    button->setIconSize({22, 22});
    button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    button->setCheckable(true);
    button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    button->setToolTip(QStringLiteral("%1 (%2)").arg(button->text(), action.shortcut().toString(QKeySequence::NativeText)));
    button->setAccessibleName(button->text());
    connect(button, &QToolButton::clicked, &action, &QAction::trigger);
    auto* column = static_cast<QVBoxLayout*>(layout());
    column->insertWidget(column->count() - 1, button);
    m_buttons->addButton(button, static_cast<int>(m_buttons->buttons().size()));
}

void Navigation::setCurrent(int index)
{
    if (QAbstractButton* button = m_buttons->button(index))
        button->setChecked(true);
}

} // namespace binnacle::desktop
