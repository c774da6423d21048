// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/offer_bar.h"

#include "desktop/widgets/design_tokens.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace binnacle::desktop {

OfferBar::OfferBar(QWidget* parent) : QFrame(parent)
{
    setProperty("role", QStringLiteral("banner"));
    m_text = new QLabel(this);
    m_text->setWordWrap(true);
    m_take = new QPushButton(tr("Take it"), this);
    m_discard = new QPushButton(tr("Throw it away"), this);
    auto* later = new QPushButton(tr("Later"), this);
    later->setToolTip(tr("It is offered again at the next start"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Space::kLarge, Space::kSmall, Space::kLarge, Space::kSmall);
    row->setSpacing(Space::kSmall);
    row->addWidget(m_text, 1);
    for (QPushButton* button : {m_take, m_discard, later}) {
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this, &QWidget::hide);
    }
    connect(m_take, &QPushButton::clicked, this, &OfferBar::taken);
    connect(m_discard, &QPushButton::clicked, this, &OfferBar::discarded);
    hide();
}

void OfferBar::offer(const QString& sentence, const QString& take, const QString& discard)
{
    m_text->setText(sentence);
    m_take->setText(take);
    m_discard->setText(discard);
    setAccessibleName(sentence);
    show();
}

QString OfferBar::text() const { return m_text->text(); }

} // namespace binnacle::desktop
