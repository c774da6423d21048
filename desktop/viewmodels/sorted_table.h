// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/text_filter.h"

#include <QSortFilterProxyModel>

namespace binnacle::desktop {

/// Sorts a TableModel by its sort keys (missing ones last, whatever the direction) and hides rows that the filter refuses.
class SortedTable : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit SortedTable(QObject* parent = nullptr);

    void setFilter(const QString& words);
    const TextFilter& filter() const { return m_filter; }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// Every visible row as comma-separated values with a header, RFC 4180.
    QString toCsv() const;
    /// The given visible rows, tab-separated, for the clipboard.
    QString toTabSeparated(const QList<int>& rows) const;

protected:
    bool filterAcceptsRow(int sourceRow, const QModelIndex& sourceParent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    TextFilter m_filter;
};

} // namespace binnacle::desktop
