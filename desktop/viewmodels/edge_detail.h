// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <vector>

namespace binnacle::desktop {

/// One figure of an edge as both ends saw it.  The ends are never added or averaged.
struct LedgerRow {
    QString key; // the name of the figure
    QString client, server;
    QString difference; // latency: what lay between the ends, network and queues; counts: what one of them did not see
    bool differs = false;
};

std::vector<LedgerRow> ledgerRows(const analysis::Edge& edge);

class LedgerTable : public RowTable<LedgerRow> {
    Q_OBJECT
public:
    explicit LedgerTable(QObject* parent = nullptr);
};

/// One figure of TCP between two services.
struct TcpFactRow {
    QString key, value;
    Severity severity = Severity::None;
};

std::vector<TcpFactRow> tcpFactRows(const analysis::Edge& edge);

class TcpFactTable : public RowTable<TcpFactRow> {
    Q_OBJECT
public:
    explicit TcpFactTable(QObject* parent = nullptr);
};

/// Whose ledger is used for the figures, in words.
QString chosenLedgerWords(const analysis::Edge& edge);

/// What stands out on the map, worst first.
struct Standout {
    bool isEdge = false;
    std::string id;
    QString subject, reason;
    Severity severity = Severity::None;
};
std::vector<Standout> standouts(const analysis::Snapshot& snapshot);

} // namespace binnacle::desktop
