// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/table_view.h"

#include "desktop/widgets/cell_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QFocusEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QMessageBox>
#include <QSaveFile>
#include <QScrollBar>

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr int kWidest = 340;
constexpr int kLeastStretched = 120; // of the column that takes what is left, and
constexpr int kMostKept = 260;       // what its text may claim when there is not enough
constexpr int kPadding = 10; // of the header's style

} // namespace

TableView::TableView(TableModel& model, int stretched, QWidget* parent)
    : QTableView(parent), m_model(model), m_sorted(new SortedTable(this)), m_delegate(new CellDelegate(this)), m_stretched(stretched)
{
    m_sorted->setSourceModel(&model);
    setModel(m_sorted);
    setItemDelegate(m_delegate);
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setMouseTracking(true);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(Space::kRow);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setMinimumSectionSize(44);
    horizontalHeader()->setSectionResizeMode(m_stretched, QHeaderView::Stretch);
    setSortingEnabled(true);
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this](int column) {
        if (column != m_stretched)
            fitStretched();
    });
    connect(m_sorted, &QAbstractItemModel::rowsInserted, this, &TableView::sizeColumns);
    m_growing.setSingleShot(true);
    m_growing.setInterval(150);
    connect(&m_growing, &QTimer::timeout, this, &TableView::growColumns);
    connect(m_sorted, &QAbstractItemModel::dataChanged, this, [this] {
        if (!m_growing.isActive())
            m_growing.start();
    });
    connect(m_sorted, &QAbstractItemModel::rowsInserted, this, &QWidget::updateGeometry);
    connect(m_sorted, &QAbstractItemModel::rowsRemoved, this, &QWidget::updateGeometry);
    connect(this, &QAbstractItemView::activated, this, [this](const QModelIndex& index) { Q_EMIT keyActivated(index.data(Role::kRowKey).toString()); });
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
        if (!m_selectingByCode && now.isValid())
            Q_EMIT keySelected(now.data(Role::kRowKey).toString());
    });
}

void TableView::setFilter(const QString& words) { m_sorted->setFilter(words); }

QString TableView::currentKey() const { return currentIndex().data(Role::kRowKey).toString(); }

void TableView::selectKey(const QString& key)
{
    m_selectingByCode = true;
    const int row = m_model.rowOf(key);
    const QModelIndex index = row < 0 ? QModelIndex() : m_sorted->mapFromSource(m_model.index(row, 0));
    if (!index.isValid()) {
        clearSelection();
        setCurrentIndex({});
    } else if (currentIndex().row() != index.row() || !selectionModel()->isRowSelected(index.row())) {
        setCurrentIndex(index);
        selectRow(index.row());
    }
    m_selectingByCode = false;
}

void TableView::setHeightToRows(int rows)
{
    m_heightRows = rows;
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    updateGeometry();
}

QSize TableView::sizeHint() const
{
    if (m_heightRows == 0)
        return QTableView::sizeHint();
    const int rows = std::clamp(m_sorted->rowCount(), 1, m_heightRows);
    return {200, horizontalHeader()->sizeHint().height() + rows * Space::kRow + 4};
}

QSize TableView::minimumSizeHint() const { return m_heightRows == 0 ? QSize(160, 120) : QSize(160, sizeHint().height()); }

void TableView::sizeColumns()
{
    // Once for the first rows, once more when there are many more to judge by.
    const int rows = m_sorted->rowCount();
    if (rows == 0 || (m_sizedForRows > 0 && rows < 4 * m_sizedForRows))
        return;
    m_sizedForRows = rows;
    const QStyleOptionViewItem option;
    for (int column = 0; column < m_sorted->columnCount(); ++column) {
        if (column == m_stretched)
            continue;
        // Room for the arrow too, whichever column is sorted.
        const QString title = m_model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        int width = QFontMetrics(bodyFont()).horizontalAdvance(title + QStringLiteral(" ↓")) + 2 * kPadding + 2;
        for (int row = 0; row < std::min(rows, 200); ++row)
            width = std::max(width, m_delegate->sizeHint(option, m_sorted->index(row, column)).width());
        setColumnWidth(column, std::min(width, kWidest));
    }
    m_leastStretched = kLeastStretched;
    for (int row = 0; row < std::min(rows, 200); ++row)
        m_leastStretched = std::max(m_leastStretched, std::min(m_delegate->sizeHint(option, m_sorted->index(row, m_stretched)).width(), kMostKept));
    fitStretched();
}

/// Where the others leave too little the table scrolls sideways; the column that says what a row is about is never squeezed.
void TableView::fitStretched()
{
    if (m_heightRows > 0 || m_leastStretched == 0)
        return;
    int others = 0;
    for (int column = 0; column < m_sorted->columnCount(); ++column)
        others += column == m_stretched || isColumnHidden(column) ? 0 : columnWidth(column);
    const bool fits = viewport()->width() - others >= m_leastStretched;
    const auto mode = fits ? QHeaderView::Stretch : QHeaderView::Interactive;
    if (horizontalHeader()->sectionResizeMode(m_stretched) != mode)
        horizontalHeader()->setSectionResizeMode(m_stretched, mode);
    if (!fits && columnWidth(m_stretched) < m_leastStretched)
        setColumnWidth(m_stretched, m_leastStretched);
}

void TableView::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    fitStretched();
}

/// Columns only ever widen while figures change: narrowing and widening again would make the table dance.
void TableView::growColumns()
{
    constexpr int kJudged = 60;
    const QStyleOptionViewItem option;
    for (int column = 0; column < m_sorted->columnCount(); ++column) {
        if (column == m_stretched || isColumnHidden(column))
            continue;
        int width = columnWidth(column);
        for (int row = 0; row < std::min(m_sorted->rowCount(), kJudged); ++row)
            width = std::max(width, std::min(m_delegate->sizeHint(option, m_sorted->index(row, column)).width(), kWidest));
        if (width > columnWidth(column))
            setColumnWidth(column, width);
    }
}

void TableView::copySelection() const
{
    QList<int> rows;
    for (const QModelIndex& index : selectionModel()->selectedRows())
        rows.append(index.row());
    std::sort(rows.begin(), rows.end());
    if (!rows.isEmpty())
        QGuiApplication::clipboard()->setText(m_sorted->toTabSeparated(rows));
}

void TableView::exportCsv()
{
    const QString file = QFileDialog::getSaveFileName(this, tr("Export the table"), QStringLiteral("table.csv"), tr("Comma-separated values (*.csv)"));
    if (file.isEmpty())
        return;
    QSaveFile out(file);
    const bool written = out.open(QIODevice::WriteOnly) && out.write(m_sorted->toCsv().toUtf8()) >= 0 && out.commit();
    if (!written)
        QMessageBox::warning(this, tr("Export the table"), tr("%1 was not written: %2.").arg(file, out.errorString()));
}

void TableView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) {
        copySelection();
        return;
    }
    // Single keys belong to the window (J, K, L …), not to a search by first letter that is nowhere shown.
    if (!event->text().isEmpty() && event->text().at(0).isPrint() && !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        event->ignore();
        return;
    }
    QTableView::keyPressEvent(event);
}

void TableView::setHoveredRow(int row)
{
    if (row == m_delegate->hoveredRow())
        return;
    m_delegate->setHoveredRow(row);
    viewport()->update();
}

void TableView::mouseMoveEvent(QMouseEvent* event)
{
    setHoveredRow(indexAt(event->pos()).row());
    QTableView::mouseMoveEvent(event);
}

void TableView::leaveEvent(QEvent* event)
{
    setHoveredRow(-1);
    QTableView::leaveEvent(event);
}

void TableView::focusInEvent(QFocusEvent* event)
{
    m_selectingByCode = true; // Qt makes the first row current: that is no choice of the user's
    QTableView::focusInEvent(event);
    m_selectingByCode = false;
}

void TableView::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu(this);
    menu.addAction(tr("Copy rows"), QKeySequence::Copy, this, &TableView::copySelection);
    menu.addAction(tr("Export table as CSV…"), this, &TableView::exportCsv);
    menu.exec(event->globalPos());
}

} // namespace binnacle::desktop
