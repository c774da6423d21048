// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/sorted_table.h"

#include "desktop/viewmodels/row_table.h"

namespace binnacle::desktop {

namespace {

QString csvCell(const QString& text)
{
    if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')))
        return text;
    QString quoted = text;
    return QLatin1Char('"') + quoted.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
}

/// Figures leave with their full precision: the sort key is the number behind the text.
QString exported(const QModelIndex& index)
{
    const QVariant key = index.data(Role::kSortKey);
    const bool number = static_cast<CellKind>(index.data(Role::kCellKind).toInt()) == CellKind::Number;
    return number ? key.toString() : index.data(Qt::DisplayRole).toString();
}

QString join(const QAbstractItemModel& model, int row, QLatin1Char separator, QString (*cell)(const QString&))
{
    QStringList cells;
    for (int column = 0; column < model.columnCount(); ++column)
        cells.append(cell(exported(model.index(row, column))));
    return cells.join(separator) + QLatin1Char('\n');
}

} // namespace

SortedTable::SortedTable(QObject* parent) : QSortFilterProxyModel(parent)
{
    setSortRole(Role::kSortKey);
    setDynamicSortFilter(true);
}

void SortedTable::setFilter(const QString& words)
{
    m_filter = TextFilter(words);
    invalidateRowsFilter();
}

QVariant SortedTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    const QVariant value = QSortFilterProxyModel::headerData(section, orientation, role);
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal || section != sortColumn())
        return value;
    return value.toString() + (sortOrder() == Qt::AscendingOrder ? QStringLiteral(" ↑") : QStringLiteral(" ↓"));
}

QString SortedTable::toCsv() const
{
    QStringList titles;
    for (int column = 0; column < columnCount(); ++column)
        titles.append(csvCell(sourceModel()->headerData(column, Qt::Horizontal).toString()));
    QString text = titles.join(QLatin1Char(',')) + QLatin1Char('\n');
    for (int row = 0; row < rowCount(); ++row)
        text += join(*this, row, QLatin1Char(','), csvCell);
    return text;
}

QString SortedTable::toTabSeparated(const QList<int>& rows) const
{
    QString text;
    for (const int row : rows)
        text += join(*this, row, QLatin1Char('\t'), [](const QString& cell) { return cell; });
    return text;
}

bool SortedTable::filterAcceptsRow(int sourceRow, const QModelIndex& sourceParent) const
{
    return m_filter.isEmpty() || m_filter.accepts(sourceModel()->index(sourceRow, 0, sourceParent).data(Role::kFilterText).toString());
}

bool SortedTable::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const QVariant a = left.data(Role::kSortKey), b = right.data(Role::kSortKey);
    if (a.isValid() != b.isValid())
        return (sortOrder() == Qt::AscendingOrder) == a.isValid();
    const auto order = QVariant::compare(a, b);
    if (order != QPartialOrdering::Equivalent)
        return order == QPartialOrdering::Less;
    // Equal keys by identity, so that rows do not swap places on every update.
    return left.data(Role::kRowKey).toString() < right.data(Role::kRowKey).toString();
}

} // namespace binnacle::desktop
