// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/context_list.h"

#include <QAbstractListModel>
#include <QSet>
#include <QString>
#include <QStringList>

#include <vector>

namespace binnacle::desktop {

/// One context as a person chooses it.
struct ContextRow {
    QString name; // as the kubeconfig has it
    QString title, cluster, server, user, defaultNamespace, auth, file; // safe to show
    QString kubeconfig;  // the file to name when connecting; empty: the usual places
    QString problem;     // sentences; empty: none
    bool isFatal = false; // it cannot be connected to as it is
    bool isCurrent = false;
    int recent = -1; // 0: used last; -1: not lately
    friend bool operator==(const ContextRow&, const ContextRow&) = default;
};

/// Recently used first, then the current one, then by name.
std::vector<ContextRow> contextRows(const ContextList& list, const QStringList& recent, const QString& kubeconfigFile = {});

/// Those that the letters fit: by name fuzzily, best first; then those whose cluster, server, user or file holds the text.  No letters: all, as they were.
std::vector<ContextRow> matchingContexts(const std::vector<ContextRow>& rows, const QString& letters);

/// The list to choose from: rows that can be ticked, under a filter that leaves ticks alone.  Thread: UI.
class ContextTable : public QAbstractListModel {
    Q_OBJECT
public:
    using QAbstractListModel::QAbstractListModel;

    void show(std::vector<ContextRow> rows);
    void setFilter(const QString& letters);
    const ContextRow& rowAt(int row) const { return m_shown[static_cast<std::size_t>(row)]; }
    /// -1 when the filter hides it.
    int rowOf(const QString& name) const;
    std::size_t total() const { return m_all.size(); }

    void setTicked(const QString& name, bool ticked);
    bool isTicked(const QString& name) const { return m_ticked.contains(name); }
    /// Those ticked, in the order of the list, hidden ones too; without any, the one named.
    std::vector<ContextRow> chosen(const QString& otherwise) const;

    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_shown.size()); }
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

Q_SIGNALS:
    void ticksChanged();

private:
    std::vector<ContextRow> m_all, m_shown;
    QString m_filter;
    QSet<QString> m_ticked; // names
};

/// `https://10.0.0.1:6443 · alice · exec aws`: the second line of a row.
QString contextSubtitle(const ContextRow& row);

} // namespace binnacle::desktop
