// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/context_delegate.h"

#include "desktop/viewmodels/context_table.h"
#include "desktop/widgets/cell_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>

namespace binnacle::desktop {
namespace {

constexpr int kHeight = 50, kTick = 16, kTickZone = 40, kSign = 20;

QRect tickRect(const QRect& row) { return {row.left() + Space::kMedium, row.center().y() - kTick / 2 + 1, kTick, kTick}; }

void paintTick(QPainter& painter, const QRect& box, bool ticked, const Tokens& tokens)
{
    painter.setPen(QPen(ticked ? tokens.accent : tokens.faint, 1.2));
    painter.setBrush(ticked ? QBrush(tokens.accent) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    if (ticked)
        painter.drawPixmap(box.topLeft() + QPoint(2, 2), iconPixmap(QStringLiteral("check"), tokens.onAccent, kTick - 4, painter.device()->devicePixelRatioF()));
}

void paintBadge(QPainter& painter, QPoint at, const QString& text, const QColor& color)
{
    painter.setFont(smallFont());
    const QRect box(at.x(), at.y(), painter.fontMetrics().horizontalAdvance(text) + 10, 16);
    painter.setPen(QPen(color, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter.drawText(box, Qt::AlignCenter, text);
}

} // namespace

bool ContextDelegate::isTickAt(QPoint at) { return at.x() < kTickZone; }

void ContextDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const auto* table = qobject_cast<const ContextTable*>(index.model());
    if (!table)
        return;
    const ContextRow& row = table->rowAt(index.row());
    const Tokens& tokens = tokensOf(option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state & QStyle::State_Selected;
    if (selected || (option.state & QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(selected ? tokens.selected : tokens.hover);
        painter->drawRoundedRect(QRectF(option.rect).adjusted(3, 1, -3, -1), Space::kRadius, Space::kRadius);
    }
    paintTick(*painter, tickRect(option.rect), table->isTicked(row.name), tokens);

    QRect text = option.rect.adjusted(kTickZone, 7, -Space::kMedium, -7);
    if (!row.problem.isEmpty()) {
        paintSeverity(*painter, QPointF(text.right() - 6, option.rect.center().y()), 5, row.isFatal ? Severity::Critical : Severity::Warning, tokens);
        text.setRight(text.right() - kSign);
    }
    const QString mark = row.isCurrent ? tr("current") : row.recent >= 0 ? tr("recent") : QString();
    painter->setFont(boldFont(TypeSize::kBody));
    const int room = text.width() - (mark.isEmpty() ? 0 : 64);
    const QString name = painter->fontMetrics().elidedText(row.title, Qt::ElideMiddle, room);
    const int nameWidth = painter->fontMetrics().horizontalAdvance(name);
    painter->setPen(row.isFatal ? tokens.muted : tokens.text);
    painter->drawText(text, Qt::AlignTop | Qt::AlignLeft, name);
    if (!mark.isEmpty())
        paintBadge(*painter, QPoint(text.left() + nameWidth + Space::kSmall, text.top()), mark, row.isCurrent ? (selected ? tokens.text : tokens.accent) : tokens.muted);
    painter->setFont(smallFont());
    painter->setPen(tokens.muted);
    painter->drawText(text, Qt::AlignBottom | Qt::AlignLeft, painter->fontMetrics().elidedText(contextSubtitle(row), Qt::ElideRight, text.width()));
    painter->restore();
}

QSize ContextDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {200, kHeight}; }

bool ContextDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index)
{
    const bool isMouse = event->type() == QEvent::MouseButtonPress || event->type() == QEvent::MouseButtonRelease || event->type() == QEvent::MouseButtonDblClick;
    if (!isMouse)
        return QStyledItemDelegate::editorEvent(event, model, option, index); // Space ticks
    const auto* mouse = static_cast<const QMouseEvent*>(event);
    if (mouse->button() != Qt::LeftButton || !isTickAt(mouse->position().toPoint()))
        return false;
    if (event->type() == QEvent::MouseButtonRelease)
        model->setData(index, index.data(Qt::CheckStateRole).toInt() == Qt::Checked ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
    return true;
}

} // namespace binnacle::desktop
