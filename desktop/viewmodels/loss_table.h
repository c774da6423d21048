// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <vector>

namespace binnacle::desktop {

/// Data that was there and is gone.
struct LossRow {
    QString key, place, reason, unit, advice;
    std::uint64_t count = 0;
    TimeRange range;
};

std::vector<LossRow> lossRows(const analysis::Snapshot& snapshot);

class LossTable : public RowTable<LossRow> {
    Q_OBJECT
public:
    explicit LossTable(QObject* parent = nullptr);
};

/// What was there and was never understood.
struct CoverageRow {
    QString key, subject, what, advice;
    double share = 0;
};

std::vector<CoverageRow> coverageRows(const analysis::Snapshot& snapshot);

class CoverageTable : public RowTable<CoverageRow> {
    Q_OBJECT
public:
    explicit CoverageTable(QObject* parent = nullptr);
};

/// An agent about itself.
struct AgentRow {
    QString key, host, version, kernel, capture, budget;
    Severity severity = Severity::Ok;
    QString state;
    Nanoseconds silence{};      // from its last batch to the end of the range
    double cpuShare = 0;        // of one core
    std::uint64_t residentBytes = 0, mapBytes = 0, bufferBytes = 0, records = 0, exchanges = 0;
    double ringFill = 0;
    Nanoseconds uptime{};
    std::uint32_t readers = 0;
    bool hasFigures = true;     // false: of a gateway's merged seconds, which have none of an agent's own
};

std::vector<AgentRow> agentRows(const analysis::Snapshot& snapshot);

class AgentTable : public RowTable<AgentRow> {
    Q_OBJECT
public:
    explicit AgentTable(QObject* parent = nullptr);
};

} // namespace binnacle::desktop
