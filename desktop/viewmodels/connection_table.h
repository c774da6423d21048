// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <optional>
#include <vector>

namespace binnacle::desktop {

/// One connection as the end that reports it sees it.
struct ConnectionRow {
    QString key;
    QString from, to, local, remote, protocol, state, side;
    std::uint32_t pid = 0;
    bool open = false;
    std::optional<Nanoseconds> age; // unknown for what is older than the agent
    std::uint64_t bytesSent = 0, bytesReceived = 0, requests = 0, lost = 0;
    std::optional<std::uint64_t> rtt;
};

std::vector<ConnectionRow> connectionRows(const analysis::Snapshot& snapshot);

class ConnectionTable : public RowTable<ConnectionRow> {
    Q_OBJECT
public:
    explicit ConnectionTable(QObject* parent = nullptr);
};

/// An exchange that has begun and not ended at the end of the range, or connects of one instance to one address without an answer.
struct InFlightRow {
    QString key;
    QString service, instance, route, peer, waitsOn;
    Nanoseconds age{};
    UtcTime startedAt{};
    std::optional<std::uint32_t> thread;
};

std::vector<InFlightRow> inFlightRows(const analysis::Snapshot& snapshot);

class InFlightTable : public RowTable<InFlightRow> {
    Q_OBJECT
public:
    explicit InFlightTable(QObject* parent = nullptr);
};

struct EventRow {
    QString key;
    UtcTime at{};
    QString kind, subject, detail;
    Severity severity = Severity::None;
};

std::vector<EventRow> eventRows(const analysis::Snapshot& snapshot);

class EventTable : public RowTable<EventRow> {
    Q_OBJECT
public:
    explicit EventTable(QObject* parent = nullptr);
};

} // namespace binnacle::desktop
