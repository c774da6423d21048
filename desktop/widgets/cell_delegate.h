// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/row_table.h"
#include "desktop/widgets/design_tokens.h"

#include <QStyledItemDelegate>

namespace binnacle::desktop {

/// Draws the sign of a severity: a shape each, so that it can be told without colour.
void paintSeverity(QPainter& painter, QPointF center, double radius, Severity severity, const Tokens& tokens);

/// Gives the meaning in a TableModel's roles its look: figures in tabular digits, health as sign and word, shares as bars.
class CellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void setHoveredRow(int row) { m_hoveredRow = row; }
    int hoveredRow() const { return m_hoveredRow; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    int m_hoveredRow = -1;
};

} // namespace binnacle::desktop
