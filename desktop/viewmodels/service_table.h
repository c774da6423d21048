// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <optional>
#include <vector>

namespace binnacle::desktop {

/// A service as the services page lists it.
struct ServiceRow {
    QString key;  // node id
    QString name, nameSpace, type, kind;
    analysis::Health health = analysis::Health::Unknown;
    double rps = 0, rpsShare = 0; // share of the busiest service
    std::uint64_t requests = 0, errors = 0, inFlight = 0;
    std::optional<std::uint64_t> p50, p90, p99;
    std::uint32_t instances = 0, instancesMax = 0;
    bool outside = false; // no agent sees it
};

/// In the snapshot's order, outside addresses included.
std::vector<ServiceRow> serviceRows(const analysis::Snapshot& snapshot);

class ServiceTable : public RowTable<ServiceRow> {
    Q_OBJECT
public:
    explicit ServiceTable(QObject* parent = nullptr);
};

/// Requests of one route of a service or edge.
struct RouteRow {
    QString key; // the route
    std::uint64_t requests = 0, errors = 0;
    double rps = 0, share = 0;
    std::optional<std::uint64_t> p50, p99;
};

std::vector<RouteRow> routeRows(const std::vector<analysis::RouteSummary>& routes, TimeRange range);

class RouteTable : public RowTable<RouteRow> {
    Q_OBJECT
public:
    explicit RouteTable(QObject* parent = nullptr);
};

/// How many exchanges ended with which status.
struct StatusRow {
    QString key;
    std::uint64_t count = 0;
    double share = 0;
    Severity severity = Severity::None;
};

std::vector<StatusRow> statusRows(const std::map<std::string, std::uint64_t>& statuses);

class StatusTable : public RowTable<StatusRow> {
    Q_OBJECT
public:
    explicit StatusTable(QObject* parent = nullptr);
};

/// One running or lately running instance, with what it listens on.
struct InstanceRow {
    QString key;
    QString name, host, listening;
    QString zone, labels, container; // by Kubernetes; empty outside
    bool alive = false;
};

std::vector<InstanceRow> instanceRows(const analysis::Snapshot& snapshot, const analysis::Node& node);

/// The same with one row a pod: its containers live and die together for whoever looks at the map.
std::vector<InstanceRow> podRows(const analysis::Snapshot& snapshot, const analysis::Node& node);

/// Labels that all its instances share, `app=api · tier=backend`: those of the workload.  Empty outside Kubernetes.
QString sharedLabels(const analysis::Snapshot& snapshot, const analysis::Node& node);

class InstanceTable : public RowTable<InstanceRow> {
    Q_OBJECT
public:
    explicit InstanceTable(QObject* parent = nullptr);
};

} // namespace binnacle::desktop
