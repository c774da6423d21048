// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QCoreApplication>
#include <QVariant>

#include <span>
#include <unordered_map>
#include <vector>

namespace binnacle::desktop {

/// Meaning of a cell or a row; the delegate gives the colour.
enum class Severity { None, Quiet, Ok, Warning, Critical, Unknown };

enum class CellKind { Text, Code, Number, Health };

namespace Role {
inline constexpr int kSortKey = Qt::UserRole + 1;
inline constexpr int kSeverity = Qt::UserRole + 2;
inline constexpr int kCellKind = Qt::UserRole + 3;
inline constexpr int kRowKey = Qt::UserRole + 4;     // QString, the identity of the row
inline constexpr int kFilterText = Qt::UserRole + 5; // QString, what the filter looks into
inline constexpr int kShare = Qt::UserRole + 6;      // 0…1: a bar behind the figure; invalid for none
} // namespace Role

/// A column as data: what it is called, what it prints, by what it sorts.
template <class Row>
struct Column {
    const char* title;
    CellKind kind;
    QVariant (*text)(const Row&);
    QVariant (*sortKey)(const Row&);
    Severity (*severity)(const Row&) = nullptr;
    const char* help = nullptr;
    double (*share)(const Row&) = nullptr;
};

/// What every table of rows has in common for views: the roles above, accessible texts, tool tips.
class TableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    QHash<int, QByteArray> roleNames() const override;
    /// Row of the key, or -1.
    virtual int rowOf(const QString& key) const = 0;
};

/// Rows of one kind under a fixed set of columns.  show() merges by `Row::key`: rows that stay keep their place, so that
/// selection and scroll position survive ten updates a second.  Thread: UI.
template <class Row>
class RowTable : public TableModel {
public:
    explicit RowTable(std::span<const Column<Row>> columns, QObject* parent = nullptr) : TableModel(parent), m_columns(columns) {}

    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_columns.size()); }
    const Row& row(int index) const { return m_rows[static_cast<std::size_t>(index)]; }
    const std::vector<Row>& rows() const { return m_rows; }

    int rowOf(const QString& key) const override
    {
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            if (m_rows[i].key == key)
                return static_cast<int>(i);
        }
        return -1;
    }

    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid))
            return {};
        const Row& row = m_rows[static_cast<std::size_t>(index.row())];
        const Column<Row>& column = m_columns[static_cast<std::size_t>(index.column())];
        switch (role) {
        case Qt::DisplayRole:
        case Qt::ToolTipRole:
        case Qt::AccessibleTextRole: return column.text(row);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignVCenter | (column.kind == CellKind::Number ? Qt::AlignRight : Qt::AlignLeft));
        case Role::kSortKey: return column.sortKey(row);
        case Role::kSeverity: return static_cast<int>(column.severity ? column.severity(row) : Severity::None);
        case Role::kCellKind: return static_cast<int>(column.kind);
        case Role::kRowKey: return row.key;
        case Role::kFilterText: return filterText(row);
        case Role::kShare: return column.share ? QVariant(column.share(row)) : QVariant();
        default: return {};
        }
    }

    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override
    {
        if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
            return {};
        const Column<Row>& column = m_columns[static_cast<std::size_t>(section)];
        switch (role) {
        case Qt::DisplayRole: return QCoreApplication::translate("Table", column.title);
        case Qt::ToolTipRole: return column.help ? QCoreApplication::translate("Table", column.help) : QVariant();
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::AlignVCenter | (column.kind == CellKind::Number ? Qt::AlignRight : Qt::AlignLeft));
        default: return {};
        }
    }

    void show(std::vector<Row> rows)
    {
        std::unordered_map<QString, std::size_t> incoming;
        for (std::size_t i = 0; i < rows.size(); ++i)
            incoming.try_emplace(rows[i].key, i);
        removeMissing(incoming);
        std::vector<bool> placed(rows.size(), false);
        updateStaying(rows, incoming, placed);
        appendNew(rows, incoming, placed);
    }

private:
    void removeMissing(const std::unordered_map<QString, std::size_t>& incoming)
    {
        int last = static_cast<int>(m_rows.size()) - 1;
        while (last >= 0) {
            if (incoming.contains(m_rows[static_cast<std::size_t>(last)].key)) {
                --last;
                continue;
            }
            int first = last;
            while (first > 0 && !incoming.contains(m_rows[static_cast<std::size_t>(first - 1)].key))
                --first;
            beginRemoveRows({}, first, last);
            m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
            endRemoveRows();
            last = first - 1;
        }
    }

    void updateStaying(std::vector<Row>& rows, const std::unordered_map<QString, std::size_t>& incoming, std::vector<bool>& placed)
    {
        for (Row& row : m_rows) {
            const std::size_t from = incoming.at(row.key);
            placed[from] = true;
            row = std::move(rows[from]);
        }
        if (!m_rows.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }

    void appendNew(std::vector<Row>& rows, const std::unordered_map<QString, std::size_t>& incoming, const std::vector<bool>& placed)
    {
        std::vector<Row> fresh;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            // A key that comes twice keeps its first row: two rows with one identity could not be told apart.
            if (!placed[i] && incoming.at(rows[i].key) == i)
                fresh.push_back(std::move(rows[i]));
        }
        if (fresh.empty())
            return;
        beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(fresh.size()) - 1);
        std::move(fresh.begin(), fresh.end(), std::back_inserter(m_rows));
        endInsertRows();
    }

    QString filterText(const Row& row) const
    {
        QString text;
        for (const Column<Row>& column : m_columns) {
            if (column.kind != CellKind::Number)
                text += column.text(row).toString() + QLatin1Char('\n');
        }
        return text;
    }

    std::span<const Column<Row>> m_columns;
    std::vector<Row> m_rows;
};

} // namespace binnacle::desktop
