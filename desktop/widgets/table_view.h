// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/row_table.h"
#include "desktop/viewmodels/sorted_table.h"

#include <QTableView>
#include <QTimer>

namespace binnacle::desktop {

class CellDelegate;

/// A TableModel with everything that users expect of a table: sorting, filter, copy, export, row hover, keyboard.
/// Column widths follow the first rows and then stay, so that live figures do not make the table dance.
class TableView : public QTableView {
    Q_OBJECT
public:
    /// `stretched` is the column that takes what width is left.  The model is not owned.
    TableView(TableModel& model, int stretched, QWidget* parent = nullptr);

    SortedTable& sorted() { return *m_sorted; }
    const SortedTable& sorted() const { return *m_sorted; }
    void setFilter(const QString& words);
    /// Of the current row; empty when there is none.
    QString currentKey() const;
    void selectKey(const QString& key);
    /// Grows with its rows up to `rows`, for tables inside a scrolled page.
    void setHeightToRows(int rows);

    void copySelection() const;
    /// Asks where and writes comma-separated values.
    void exportCsv();

Q_SIGNALS:
    void keyActivated(const QString& key); // Enter or double click
    void keySelected(const QString& key);  // chosen by the user

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

private:
    void sizeColumns();
    void growColumns();
    void fitStretched();
    void setHoveredRow(int row);

    TableModel& m_model;
    SortedTable* m_sorted;
    CellDelegate* m_delegate;
    int m_stretched;
    int m_heightRows = 0;
    int m_sizedForRows = 0;
    int m_leastStretched = 0; // pixels; 0: no rows yet
    QTimer m_growing;
    bool m_selectingByCode = false;
};

} // namespace binnacle::desktop
