// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/service_table.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace binnacle::desktop {

namespace {

QVariant optionalNumber(std::optional<std::uint64_t> value) { return value ? QVariant::fromValue(*value) : QVariant(); }

double perSecond(std::uint64_t count, TimeRange range)
{
    const double seconds = static_cast<double>(range.length().count()) / 1e9;
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

constexpr std::array kServiceColumns{
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Health"), CellKind::Health, [](const ServiceRow& r) -> QVariant { return healthWord(r.health); },
                       [](const ServiceRow& r) -> QVariant { return healthRank(r.health); },
                       [](const ServiceRow& r) { return severityOf(r.health); },
                       QT_TRANSLATE_NOOP("Table", "The worst of its inbound edges in the last five seconds of the range")},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Service"), CellKind::Text, [](const ServiceRow& r) -> QVariant { return r.name; },
                       [](const ServiceRow& r) -> QVariant { return r.name.toCaseFolded(); }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Namespace"), CellKind::Text,
                       [](const ServiceRow& r) -> QVariant { return r.nameSpace.isEmpty() ? noFigure() : r.nameSpace; },
                       [](const ServiceRow& r) -> QVariant { return r.nameSpace; }, [](const ServiceRow&) { return Severity::Quiet; }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Type"), CellKind::Text,
                       [](const ServiceRow& r) -> QVariant { return r.type.isEmpty() ? r.kind : r.type; },
                       [](const ServiceRow& r) -> QVariant { return r.type; }, [](const ServiceRow&) { return Severity::Quiet; }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Req/s"), CellKind::Number, [](const ServiceRow& r) -> QVariant { return rateText(r.rps); },
                       [](const ServiceRow& r) -> QVariant { return r.rps; }, nullptr, nullptr, [](const ServiceRow& r) { return r.rpsShare; }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Errors"), CellKind::Number,
                       [](const ServiceRow& r) -> QVariant { return shareText(r.errors, r.requests); },
                       [](const ServiceRow& r) -> QVariant {
                           return r.requests ? QVariant(static_cast<double>(r.errors) / static_cast<double>(r.requests)) : QVariant();
                       },
                       [](const ServiceRow& r) { return errorSeverity(r.errors, r.requests); },
                       QT_TRANSLATE_NOOP("Table", "HTTP 5xx, error replies and exchanges broken off before the response was complete")},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "p50"), CellKind::Number, [](const ServiceRow& r) -> QVariant { return durationText(r.p50); },
                       [](const ServiceRow& r) { return optionalNumber(r.p50); }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "p90"), CellKind::Number, [](const ServiceRow& r) -> QVariant { return durationText(r.p90); },
                       [](const ServiceRow& r) { return optionalNumber(r.p90); }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "p99"), CellKind::Number, [](const ServiceRow& r) -> QVariant { return durationText(r.p99); },
                       [](const ServiceRow& r) { return optionalNumber(r.p99); }},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "In flight"), CellKind::Number,
                       [](const ServiceRow& r) -> QVariant { return countText(r.inFlight); },
                       [](const ServiceRow& r) -> QVariant { return QVariant::fromValue(r.inFlight); }, nullptr,
                       QT_TRANSLATE_NOOP("Table", "Requests begun and not finished at the end of the range")},
    Column<ServiceRow>{QT_TRANSLATE_NOOP("Table", "Instances"), CellKind::Number,
                       [](const ServiceRow& r) -> QVariant {
                           if (r.outside)
                               return noFigure();
                           return r.instances == r.instancesMax ? QString::number(r.instances)
                                                                : QStringLiteral("%1 of %2").arg(r.instances).arg(r.instancesMax);
                       },
                       [](const ServiceRow& r) -> QVariant { return r.outside ? QVariant() : QVariant(r.instances); },
                       [](const ServiceRow& r) { return !r.outside && r.instances == 0 ? Severity::Critical : r.instances < r.instancesMax ? Severity::Warning : Severity::None; },
                       QT_TRANSLATE_NOOP("Table", "Alive at the end of the range, of the most there were in it")},
};

constexpr std::array kRouteColumns{
    Column<RouteRow>{QT_TRANSLATE_NOOP("Table", "Route"), CellKind::Code, [](const RouteRow& r) -> QVariant { return r.key; },
                     [](const RouteRow& r) -> QVariant { return r.key; }},
    Column<RouteRow>{QT_TRANSLATE_NOOP("Table", "Req/s"), CellKind::Number, [](const RouteRow& r) -> QVariant { return rateText(r.rps); },
                     [](const RouteRow& r) -> QVariant { return r.rps; }, nullptr, nullptr, [](const RouteRow& r) { return r.share; }},
    Column<RouteRow>{QT_TRANSLATE_NOOP("Table", "Errors"), CellKind::Number,
                     [](const RouteRow& r) -> QVariant { return shareText(r.errors, r.requests); },
                     [](const RouteRow& r) -> QVariant {
                         return r.requests ? QVariant(static_cast<double>(r.errors) / static_cast<double>(r.requests)) : QVariant();
                     },
                     [](const RouteRow& r) { return errorSeverity(r.errors, r.requests); }},
    Column<RouteRow>{QT_TRANSLATE_NOOP("Table", "p50"), CellKind::Number, [](const RouteRow& r) -> QVariant { return durationText(r.p50); },
                     [](const RouteRow& r) { return optionalNumber(r.p50); }},
    Column<RouteRow>{QT_TRANSLATE_NOOP("Table", "p99"), CellKind::Number, [](const RouteRow& r) -> QVariant { return durationText(r.p99); },
                     [](const RouteRow& r) { return optionalNumber(r.p99); }},
};

constexpr std::array kStatusColumns{
    Column<StatusRow>{QT_TRANSLATE_NOOP("Table", "Status"), CellKind::Code, [](const StatusRow& r) -> QVariant { return r.key; },
                      [](const StatusRow& r) -> QVariant { return r.key; }, [](const StatusRow& r) { return r.severity; }},
    Column<StatusRow>{QT_TRANSLATE_NOOP("Table", "Responses"), CellKind::Number, [](const StatusRow& r) -> QVariant { return countText(r.count); },
                      [](const StatusRow& r) -> QVariant { return QVariant::fromValue(r.count); }, nullptr, nullptr,
                      [](const StatusRow& r) { return r.share; }},
    Column<StatusRow>{QT_TRANSLATE_NOOP("Table", "Share"), CellKind::Number, [](const StatusRow& r) -> QVariant { return shareText(r.share); },
                      [](const StatusRow& r) -> QVariant { return r.share; }},
};

constexpr std::array kInstanceColumns{
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Instance"), CellKind::Text, [](const InstanceRow& r) -> QVariant { return r.name; },
                        [](const InstanceRow& r) -> QVariant { return r.name; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "State"), CellKind::Health,
                        [](const InstanceRow& r) -> QVariant {
                            return r.alive ? QCoreApplication::translate("Table", "Running") : QCoreApplication::translate("Table", "Gone");
                        },
                        [](const InstanceRow& r) -> QVariant { return r.alive; },
                        [](const InstanceRow& r) { return r.alive ? Severity::Ok : Severity::Unknown; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Host"), CellKind::Text, [](const InstanceRow& r) -> QVariant { return r.host; },
                        [](const InstanceRow& r) -> QVariant { return r.host; }, [](const InstanceRow&) { return Severity::Quiet; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Zone"), CellKind::Text, [](const InstanceRow& r) -> QVariant { return r.zone.isEmpty() ? noFigure() : r.zone; },
                        [](const InstanceRow& r) -> QVariant { return r.zone; }, [](const InstanceRow&) { return Severity::Quiet; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Container"), CellKind::Text,
                        [](const InstanceRow& r) -> QVariant { return r.container.isEmpty() ? noFigure() : r.container; },
                        [](const InstanceRow& r) -> QVariant { return r.container; }, [](const InstanceRow&) { return Severity::Quiet; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Labels"), CellKind::Text,
                        [](const InstanceRow& r) -> QVariant { return r.labels.isEmpty() ? noFigure() : r.labels; },
                        [](const InstanceRow& r) -> QVariant { return r.labels; }, [](const InstanceRow&) { return Severity::Quiet; }},
    Column<InstanceRow>{QT_TRANSLATE_NOOP("Table", "Listens on"), CellKind::Code,
                        [](const InstanceRow& r) -> QVariant { return r.listening.isEmpty() ? noFigure() : r.listening; },
                        [](const InstanceRow& r) -> QVariant { return r.listening; }},
};

using Attribute = std::pair<std::string, std::string>;

constexpr std::string_view kZone = "cloud.availability_zone", kContainer = "k8s.container.name", kLabel = "k8s.pod.label.", kAnnotation = "k8s.pod.annotation.";

QString attributeOf(const analysis::Instance& instance, std::string_view name)
{
    const auto found = std::find_if(instance.attributes.begin(), instance.attributes.end(), [&](const Attribute& a) { return a.first == name; });
    return found == instance.attributes.end() ? QString() : fromStd(found->second);
}

/// What people wrote on the pod, not what it is.
bool isLabel(const Attribute& attribute)
{
    return attribute.first.starts_with(kLabel) || attribute.first.starts_with(kAnnotation) || attribute.first.starts_with("service.")
        || attribute.first.starts_with("app.kubernetes.io/");
}

QString labelText(const Attribute& attribute)
{
    std::string_view name = attribute.first;
    for (const std::string_view prefix : {kLabel, kAnnotation}) {
        if (name.starts_with(prefix))
            name.remove_prefix(prefix.size());
    }
    return QStringLiteral("%1=%2").arg(fromStd(std::string(name)), fromStd(attribute.second));
}

QString labelsOf(const std::vector<Attribute>& attributes)
{
    QStringList labels;
    for (const Attribute& attribute : attributes) {
        if (isLabel(attribute))
            labels.append(labelText(attribute));
    }
    return labels.join(QStringLiteral(" · "));
}

} // namespace

QString sharedLabels(const analysis::Snapshot& snapshot, const analysis::Node& node)
{
    std::optional<std::vector<Attribute>> shared;
    for (const analysis::Instance& instance : snapshot.instances) {
        if (instance.node != node.id)
            continue;
        if (!shared)
            shared = instance.attributes;
        std::erase_if(*shared, [&](const Attribute& a) { return std::find(instance.attributes.begin(), instance.attributes.end(), a) == instance.attributes.end(); });
    }
    return labelsOf(shared.value_or(std::vector<Attribute>()));
}

std::vector<ServiceRow> serviceRows(const analysis::Snapshot& snapshot)
{
    std::vector<ServiceRow> rows;
    rows.reserve(snapshot.nodes.size());
    double most = 0;
    for (const analysis::Node& node : snapshot.nodes) {
        ServiceRow row{.key = fromStd(node.id), .name = fromStd(node.name), .type = fromStd(node.type), .kind = kindWord(node.kind)};
        row.nameSpace = node.nameSpace ? fromStd(*node.nameSpace) : QString();
        row.health = node.health;
        row.requests = node.inbound.requests;
        row.errors = node.inbound.errors;
        row.rps = perSecond(row.requests, snapshot.range);
        row.inFlight = node.inFlight;
        row.p50 = node.inbound.latency.quantile(0.50);
        row.p90 = node.inbound.latency.quantile(0.90);
        row.p99 = node.inbound.latency.quantile(0.99);
        row.instances = node.instances;
        row.instancesMax = node.instancesMax;
        row.outside = node.kind == analysis::NodeKind::External || node.kind == analysis::NodeKind::Internet;
        most = std::max(most, row.rps);
        rows.push_back(std::move(row));
    }
    for (ServiceRow& row : rows)
        row.rpsShare = most > 0 ? row.rps / most : 0;
    return rows;
}

std::vector<RouteRow> routeRows(const std::vector<analysis::RouteSummary>& routes, TimeRange range)
{
    std::vector<RouteRow> rows;
    std::uint64_t most = 0;
    for (const analysis::RouteSummary& route : routes)
        most = std::max(most, route.requests);
    for (const analysis::RouteSummary& route : routes) {
        rows.push_back({.key = fromStd(route.route),
                        .requests = route.requests,
                        .errors = route.errors,
                        .rps = perSecond(route.requests, range),
                        .share = most ? static_cast<double>(route.requests) / static_cast<double>(most) : 0,
                        .p50 = route.latency.quantile(0.50),
                        .p99 = route.latency.quantile(0.99)});
    }
    return rows;
}

std::vector<StatusRow> statusRows(const std::map<std::string, std::uint64_t>& statuses)
{
    std::uint64_t total = 0;
    for (const auto& [status, count] : statuses)
        total += count;
    std::vector<StatusRow> rows;
    for (const auto& [status, count] : statuses) {
        rows.push_back({.key = status.empty() ? QCoreApplication::translate("Table", "broken off") : fromStd(status),
                        .count = count,
                        .share = total ? static_cast<double>(count) / static_cast<double>(total) : 0,
                        .severity = statusSeverity(status)});
    }
    return rows;
}

std::vector<InstanceRow> instanceRows(const analysis::Snapshot& snapshot, const analysis::Node& node)
{
    std::vector<InstanceRow> rows;
    for (const analysis::Instance& instance : snapshot.instances) {
        if (instance.node != node.id)
            continue;
        QStringList listening;
        for (const analysis::ListeningAddress& address : node.listening) {
            if (address.instance == instance.name)
                listening.append(fromStd(address.address));
        }
        rows.push_back({.key = fromStd(instance.key.toHex()),
                        .name = fromStd(instance.name),
                        .host = fromStd(instance.host),
                        .listening = listening.join(QStringLiteral(", ")),
                        .zone = attributeOf(instance, kZone),
                        .labels = labelsOf(instance.attributes),
                        .container = attributeOf(instance, kContainer),
                        .alive = instance.alive});
    }
    return rows;
}

std::vector<InstanceRow> podRows(const analysis::Snapshot& snapshot, const analysis::Node& node)
{
    std::vector<InstanceRow> rows = instanceRows(snapshot, node);
    if (node.kind != analysis::NodeKind::Workload)
        return rows;
    std::vector<InstanceRow> pods;
    for (InstanceRow& row : rows) {
        const auto pod = std::find_if(pods.begin(), pods.end(), [&](const InstanceRow& known) { return known.name == row.name && known.host == row.host; });
        if (pod == pods.end())
            pods.push_back(std::move(row));
        else
            pod->alive = pod->alive || row.alive;
    }
    return pods;
}

ServiceTable::ServiceTable(QObject* parent) : RowTable(kServiceColumns, parent) {}
RouteTable::RouteTable(QObject* parent) : RowTable(kRouteColumns, parent) {}
StatusTable::StatusTable(QObject* parent) : RowTable(kStatusColumns, parent) {}
InstanceTable::InstanceTable(QObject* parent) : RowTable(kInstanceColumns, parent) {}

} // namespace binnacle::desktop
