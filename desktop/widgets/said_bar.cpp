// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/said_bar.h"

#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/text_block.h"
#include "desktop/widgets/theme.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace binnacle::desktop {
namespace {

constexpr qsizetype kMostSaid = 1200; // characters
constexpr qsizetype kMostLines = 6;

QString tail(const QString& text)
{
    QStringList lines = text.right(kMostSaid).split(QLatin1Char('\n'));
    while (lines.size() > kMostLines)
        lines.removeFirst();
    return lines.join(QLatin1Char('\n'));
}

} // namespace

SaidBar::SaidBar(QWidget* parent) : QFrame(parent)
{
    setProperty("role", QStringLiteral("banner"));
    auto* who = new QLabel(tr("The credential plugin says:"), this);
    m_text = new TextBlock(this);
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &SaidBar::forget);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Space::kLarge, Space::kSmall, Space::kLarge, Space::kSmall);
    row->setSpacing(Space::kSmall);
    row->addWidget(who, 0, Qt::AlignTop);
    row->addWidget(m_text, 1, Qt::AlignTop);
    row->addWidget(close, 0, Qt::AlignTop);
    hide();
}

void SaidBar::hear(const QString& text)
{
    m_said = tail(m_said + text);
    const QString shown = m_said.trimmed();
    m_text->show(shown, figureFont(TypeSize::kBody), tokensOf(*this).text);
    setVisible(!shown.isEmpty());
}

void SaidBar::forget()
{
    m_said.clear();
    hide();
}

} // namespace binnacle::desktop
