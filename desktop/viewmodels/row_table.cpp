// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/row_table.h"

namespace binnacle::desktop {

QHash<int, QByteArray> TableModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractTableModel::roleNames();
    names.insert(Role::kSortKey, "sortKey");
    names.insert(Role::kSeverity, "severity");
    names.insert(Role::kCellKind, "cellKind");
    names.insert(Role::kRowKey, "rowKey");
    names.insert(Role::kFilterText, "filterText");
    names.insert(Role::kShare, "share");
    return names;
}

} // namespace binnacle::desktop
