// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <optional>
#include <vector>

namespace binnacle::desktop {

/// Who talks to whom: an edge of the map with its TCP side.
struct EdgeRow {
    QString key; // analysis::edgeId()
    QString from, to, protocol;
    std::uint16_t port = 0;
    analysis::Health health = analysis::Health::Unknown;
    double rps = 0;
    std::uint64_t requests = 0, errors = 0, inFlight = 0, failedConnects = 0, active = 0, opened = 0, losses = 0;
    std::optional<std::uint64_t> p50, p99, rtt;
    std::optional<double> reuse;
    std::uint64_t bytesSent = 0, bytesReceived = 0;
};

enum class EdgeColumns {
    Pairs,   // both ends and TCP: the connections page
    Callers, // the peer is `from`
    Callees  // the peer is `to`
};

std::vector<EdgeRow> edgeRows(const analysis::Snapshot& snapshot);
/// Edges that end at `node`, or that begin there.
std::vector<EdgeRow> inboundRows(const analysis::Snapshot& snapshot, const std::string& node);
std::vector<EdgeRow> outboundRows(const analysis::Snapshot& snapshot, const std::string& node);

class EdgeTable : public RowTable<EdgeRow> {
    Q_OBJECT
public:
    explicit EdgeTable(EdgeColumns columns, QObject* parent = nullptr);
};

} // namespace binnacle::desktop
