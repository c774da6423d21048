// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/context_table.h"

#include "core/kube/credentials/printable.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/fuzzy_match.h"

#include <QCoreApplication>

#include <algorithm>
#include <tuple>

namespace binnacle::desktop {
namespace {

QString safe(const std::string& text) { return fromStd(kube::printable(text)); }

ContextRow rowOfSummary(const kube::ContextSummary& summary)
{
    ContextRow row;
    row.name = fromStd(summary.name);
    row.title = safe(summary.name);
    row.cluster = safe(summary.cluster);
    row.server = safe(summary.server);
    row.user = safe(summary.user);
    row.defaultNamespace = safe(summary.defaultNamespace);
    row.auth = safe(summary.authKind);
    row.file = fromStd(summary.origin.string());
    row.isCurrent = summary.isCurrent;
    for (const kube::ContextProblem& problem : summary.problems) {
        row.problem += (row.problem.isEmpty() ? QString() : QStringLiteral("\n")) + safe(problem.sentence);
        row.isFatal = row.isFatal || problem.weight == kube::ContextProblem::Weight::Fatal;
    }
    return row;
}

/// What a row is ordered by when nothing is typed.
auto rank(const ContextRow& row) { return std::tuple(row.recent < 0, row.recent, !row.isCurrent, row.name); }

bool holds(const ContextRow& row, const QString& text)
{
    const auto contains = [&](const QString& part) { return part.contains(text, Qt::CaseInsensitive); };
    return contains(row.cluster) || contains(row.server) || contains(row.user) || contains(row.file) || contains(row.auth);
}

} // namespace

std::vector<ContextRow> contextRows(const ContextList& list, const QStringList& recent, const QString& kubeconfigFile)
{
    std::vector<ContextRow> rows;
    for (const kube::ContextSummary& summary : list.contexts) {
        ContextRow& row = rows.emplace_back(rowOfSummary(summary));
        row.recent = static_cast<int>(recent.indexOf(row.name));
        row.kubeconfig = list.isByFile() ? row.file : kubeconfigFile;
    }
    std::ranges::sort(rows, {}, rank);
    return rows;
}

std::vector<ContextRow> matchingContexts(const std::vector<ContextRow>& rows, const QString& letters)
{
    const QString text = letters.trimmed();
    if (text.isEmpty())
        return rows;
    constexpr int kElsewhere = -1; // below every fit of the name
    std::vector<std::pair<int, const ContextRow*>> found;
    for (const ContextRow& row : rows) {
        const int score = fuzzyFit(text, row.name);
        if (score >= 0)
            found.emplace_back(score, &row);
        else if (holds(row, text))
            found.emplace_back(kElsewhere, &row);
    }
    std::ranges::sort(found, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : rank(*a.second) < rank(*b.second); });
    std::vector<ContextRow> matching;
    for (const auto& [score, row] : found)
        matching.push_back(*row);
    return matching;
}

QString contextSubtitle(const ContextRow& row)
{
    QStringList parts;
    for (const QString& part : {row.server, row.user, row.auth}) {
        if (!part.isEmpty())
            parts.append(part);
    }
    return parts.join(QStringLiteral("  ·  "));
}

void ContextTable::show(std::vector<ContextRow> rows)
{
    beginResetModel();
    m_all = std::move(rows);
    m_shown = matchingContexts(m_all, m_filter);
    endResetModel();
}

void ContextTable::setFilter(const QString& letters)
{
    if (letters == m_filter)
        return;
    beginResetModel();
    m_filter = letters;
    m_shown = matchingContexts(m_all, m_filter);
    endResetModel();
}

int ContextTable::rowOf(const QString& name) const
{
    const auto found = std::ranges::find(m_shown, name, &ContextRow::name);
    return found == m_shown.end() ? -1 : static_cast<int>(found - m_shown.begin());
}

void ContextTable::setTicked(const QString& name, bool ticked)
{
    if (ticked == m_ticked.contains(name))
        return;
    if (ticked)
        m_ticked.insert(name);
    else
        m_ticked.remove(name);
    if (const int row = rowOf(name); row >= 0)
        Q_EMIT dataChanged(index(row), index(row), {Qt::CheckStateRole});
    Q_EMIT ticksChanged();
}

std::vector<ContextRow> ContextTable::chosen(const QString& otherwise) const
{
    std::vector<ContextRow> rows;
    std::ranges::copy_if(m_all, std::back_inserter(rows), [this](const ContextRow& row) { return m_ticked.contains(row.name); });
    if (rows.empty())
        std::ranges::copy_if(m_all, std::back_inserter(rows), [&](const ContextRow& row) { return row.name == otherwise; });
    return rows;
}

QVariant ContextTable::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ContextRow& row = rowAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return row.title;
    case Qt::CheckStateRole:
        return isTicked(row.name) ? Qt::Checked : Qt::Unchecked;
    case Qt::ToolTipRole: {
        const QString where = QCoreApplication::translate("ContextTable", "cluster %1, user %2, namespace %3\n%4").arg(row.cluster, row.user, row.defaultNamespace, row.file);
        return row.problem.isEmpty() ? where : row.problem + QLatin1Char('\n') + where;
    }
    case Qt::AccessibleTextRole: {
        QStringList parts{row.title};
        if (row.isCurrent)
            parts.append(QCoreApplication::translate("ContextTable", "current"));
        if (row.recent >= 0)
            parts.append(QCoreApplication::translate("ContextTable", "recently used"));
        return (parts << contextSubtitle(row) << row.problem).join(QStringLiteral(", "));
    }
    default:
        return {};
    }
}

bool ContextTable::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::CheckStateRole || !index.isValid())
        return false;
    setTicked(rowAt(index.row()).name, value.toInt() == Qt::Checked);
    return true;
}

Qt::ItemFlags ContextTable::flags(const QModelIndex& index) const
{
    return index.isValid() ? Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemNeverHasChildren : Qt::NoItemFlags;
}

} // namespace binnacle::desktop
