// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/cell_delegate.h"

#include "desktop/widgets/theme.h"

#include <QPainter>
#include <QPainterPath>

namespace binnacle::desktop {

namespace {

constexpr int kPadding = 10;
constexpr int kSignWidth = 16;
constexpr int kBarRoom = 36; // so that a short bar does not touch the figure

CellKind kindOf(const QModelIndex& index) { return static_cast<CellKind>(index.data(Role::kCellKind).toInt()); }

QFont fontOf(CellKind kind)
{
    return kind == CellKind::Number || kind == CellKind::Code ? figureFont(TypeSize::kBody - 1) : bodyFont();
}

void paintShare(QPainter& painter, const QRect& cell, double share, const Tokens& tokens)
{
    const QRectF room = QRectF(cell).adjusted(kPadding / 2.0, 5, -kPadding / 2.0, -5);
    const double width = room.width() * std::clamp(share, 0.0, 1.0);
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixed(tokens.accent, tokens.surface, tokens.dark ? 0.20 : 0.13));
    painter.drawRoundedRect(QRectF(room.left(), room.top(), width, room.height()), 3, 3);
}

} // namespace

void paintSeverity(QPainter& painter, QPointF c, double r, Severity severity, const Tokens& tokens)
{
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor color = colorOf(severity, tokens);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    switch (severity) {
    case Severity::Critical: {
        const QPointF diamond[]{{c.x(), c.y() - r * 1.2}, {c.x() + r * 1.2, c.y()}, {c.x(), c.y() + r * 1.2}, {c.x() - r * 1.2, c.y()}};
        painter.drawPolygon(diamond, 4);
        break;
    }
    case Severity::Warning: {
        const QPointF triangle[]{{c.x(), c.y() - r * 1.1}, {c.x() + r * 1.15, c.y() + r * 0.9}, {c.x() - r * 1.15, c.y() + r * 0.9}};
        painter.drawPolygon(triangle, 3);
        break;
    }
    case Severity::Unknown:
    case Severity::Quiet:
    case Severity::None:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 1.5));
        painter.drawEllipse(c, r * 0.8, r * 0.8);
        break;
    case Severity::Ok: painter.drawEllipse(c, r * 0.9, r * 0.9); break;
    }
}

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Tokens& tokens = tokensOf(option.palette);
    const CellKind kind = kindOf(index);
    const auto severity = static_cast<Severity>(index.data(Role::kSeverity).toInt());
    painter->save();
    if (option.state & QStyle::State_Selected)
        painter->fillRect(option.rect, tokens.selected);
    else if (index.row() == m_hoveredRow)
        painter->fillRect(option.rect, tokens.hover);
    if (const QVariant share = index.data(Role::kShare); share.isValid())
        paintShare(*painter, option.rect, share.toDouble(), tokens);
    painter->setPen(tokens.grid);
    painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());

    QRect text = option.rect.adjusted(kPadding, 0, -kPadding, 0);
    if (kind == CellKind::Health) {
        paintSeverity(*painter, QPointF(text.left() + 4.5, option.rect.center().y() + 0.5), 4.5, severity, tokens);
        text.setLeft(text.left() + kSignWidth);
    }
    const bool plainOk = kind == CellKind::Health && (severity == Severity::Ok || severity == Severity::Unknown);
    painter->setPen(plainOk ? tokens.muted : colorOf(severity, tokens));
    painter->setFont(fontOf(kind));
    const int alignment = index.data(Qt::TextAlignmentRole).toInt();
    const QString whole = index.data(Qt::DisplayRole).toString();
    painter->drawText(text, alignment | Qt::TextSingleLine, painter->fontMetrics().elidedText(whole, kind == CellKind::Code ? Qt::ElideMiddle : Qt::ElideRight, text.width()));
    const bool chosen = (option.state & QStyle::State_Selected) && (option.state & QStyle::State_Active);
    if (chosen && index.column() == 0)
        painter->fillRect(QRect(option.rect.left(), option.rect.top(), 2, option.rect.height()), tokens.accent);
    painter->restore();
}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    const CellKind kind = kindOf(index);
    const int width = QFontMetrics(fontOf(kind)).horizontalAdvance(index.data(Qt::DisplayRole).toString());
    const bool barred = index.data(Role::kShare).isValid();
    return {width + 2 * kPadding + (kind == CellKind::Health ? kSignWidth : 0) + (barred ? kBarRoom : 0) + 2, Space::kRow};
}

} // namespace binnacle::desktop
