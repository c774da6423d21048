// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/banner.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace binnacle::desktop {

Banner::Banner(QWidget* parent) : QFrame(parent)
{
    setProperty("role", QStringLiteral("banner"));
    m_icon = new QLabel(this);
    m_text = new QLabel(this);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_retry = new QPushButton(icon("retry"), tr("Try again"), this);
    m_retry->setToolTip(tr("Connect again now (F5)"));
    connect(m_retry, &QPushButton::clicked, this, &Banner::retryWanted);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Space::kLarge, Space::kSmall, Space::kLarge, Space::kSmall);
    row->setSpacing(Space::kSmall);
    row->addWidget(m_icon);
    row->addWidget(m_text, 1);
    row->addWidget(m_retry);
    hide();
}

void Banner::show(const std::optional<Notice>& notice)
{
    setVisible(notice.has_value());
    if (!notice)
        return;
    const Tokens& tokens = tokensOf(*this);
    m_icon->setPixmap(iconPixmap(QStringLiteral("losses"), tokens.warning, 18, devicePixelRatioF()));
    m_text->setText(notice->sentence);
    m_retry->setVisible(notice->canRetry);
    setAccessibleName(notice->sentence);
}

QString Banner::text() const { return m_text->text(); }

} // namespace binnacle::desktop
