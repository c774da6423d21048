// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/facts.h"

#include "desktop/widgets/cell_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QGridLayout>
#include <QLabel>
#include <QPainter>

namespace binnacle::desktop {

FigureRow::FigureRow(int columns, QWidget* parent) : QFrame(parent), m_grid(new QGridLayout(this)), m_columns(columns)
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(Space::kLarge);
    m_grid->setVerticalSpacing(0);
    for (int column = 0; column < columns; ++column)
        m_grid->setColumnStretch(column, 1);
}

void FigureRow::ensureCells(std::size_t count)
{
    while (m_cells.size() < count) {
        const int at = static_cast<int>(m_cells.size());
        const int row = at / m_columns * 3, column = at % m_columns;
        auto* label = new QLabel(this);
        label->setFont(smallFont());
        label->setProperty("role", QStringLiteral("faint"));
        auto* value = new QLabel(this);
        value->setFont(boldFont(m_columns > 3 ? TypeSize::kFigure - 2 : TypeSize::kTitle + 1));
        if (row > 0)
            m_grid->setRowMinimumHeight(row - 1, Space::kSmall);
        m_grid->addWidget(label, row, column);
        m_grid->addWidget(value, row + 1, column);
        m_cells.push_back({label, value});
    }
}

void FigureRow::show(const std::vector<Fact>& facts)
{
    if (facts == m_facts)
        return;
    m_facts = facts;
    ensureCells(facts.size());
    const Tokens& tokens = tokensOf(*this);
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        const bool used = i < facts.size();
        m_cells[i].label->setVisible(used);
        m_cells[i].value->setVisible(used);
        if (!used)
            continue;
        m_cells[i].label->setText(facts[i].label);
        m_cells[i].value->setText(facts[i].value);
        m_cells[i].value->setToolTip(facts[i].help);
        m_cells[i].value->setAccessibleName(facts[i].label + QLatin1Char(' ') + facts[i].value);
        const bool plain = facts[i].severity == Severity::None || facts[i].severity == Severity::Ok;
        m_cells[i].value->setStyleSheet(plain ? QString() : QStringLiteral("color: %1").arg(colorOf(facts[i].severity, tokens).name()));
    }
}

HealthLabel::HealthLabel(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed); }

void HealthLabel::show(Severity severity, const QString& word)
{
    m_severity = severity;
    m_word = word;
    setAccessibleName(tr("Health: %1").arg(word));
    updateGeometry();
    update();
}

QSize HealthLabel::sizeHint() const { return {QFontMetrics(boldFont(TypeSize::kSmall + 1)).horizontalAdvance(m_word) + 32, 22}; }

void HealthLabel::paintEvent(QPaintEvent*)
{
    const Tokens& tokens = tokensOf(*this);
    const QColor color = colorOf(m_severity, tokens);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixed(color, tokens.surface, 0.14));
    painter.drawRoundedRect(rect(), 11, 11);
    paintSeverity(painter, QPointF(13, height() / 2.0), 4.5, m_severity, tokens);
    painter.setPen(m_severity == Severity::Unknown ? tokens.muted : color);
    painter.setFont(boldFont(TypeSize::kSmall + 1));
    painter.drawText(rect().adjusted(23, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, m_word);
}

} // namespace binnacle::desktop
