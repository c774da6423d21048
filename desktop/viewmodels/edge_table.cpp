// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/edge_table.h"

#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"

#include <array>

namespace binnacle::desktop {

namespace {

using C = Column<EdgeRow>;

QVariant optionalNumber(std::optional<std::uint64_t> value) { return value ? QVariant::fromValue(*value) : QVariant(); }

constexpr C kHealth{QT_TRANSLATE_NOOP("Table", "Health"), CellKind::Health, [](const EdgeRow& r) -> QVariant { return healthWord(r.health); },
                    [](const EdgeRow& r) -> QVariant { return healthRank(r.health); }, [](const EdgeRow& r) { return severityOf(r.health); }};
constexpr C kFrom{QT_TRANSLATE_NOOP("Table", "From"), CellKind::Text, [](const EdgeRow& r) -> QVariant { return r.from; },
                  [](const EdgeRow& r) -> QVariant { return r.from; }};
constexpr C kTo{QT_TRANSLATE_NOOP("Table", "To"), CellKind::Text, [](const EdgeRow& r) -> QVariant { return r.to; },
                [](const EdgeRow& r) -> QVariant { return r.to; }};
constexpr C kPort{QT_TRANSLATE_NOOP("Table", "Port"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return QString::number(r.port); },
                  [](const EdgeRow& r) -> QVariant { return r.port; }};
constexpr C kProtocol{QT_TRANSLATE_NOOP("Table", "Protocol"), CellKind::Text, [](const EdgeRow& r) -> QVariant { return r.protocol; },
                      [](const EdgeRow& r) -> QVariant { return r.protocol; }, [](const EdgeRow&) { return Severity::Quiet; }};
constexpr C kRate{QT_TRANSLATE_NOOP("Table", "Req/s"), CellKind::Number,
                  [](const EdgeRow& r) -> QVariant { return r.requests ? rateText(r.rps) : noFigure(); },
                  [](const EdgeRow& r) -> QVariant { return r.rps; }};
constexpr C kErrors{QT_TRANSLATE_NOOP("Table", "Errors"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return shareText(r.errors, r.requests); },
                    [](const EdgeRow& r) -> QVariant {
                        return r.requests ? QVariant(static_cast<double>(r.errors) / static_cast<double>(r.requests)) : QVariant();
                    },
                    [](const EdgeRow& r) { return errorSeverity(r.errors, r.requests); }};
constexpr C kP50{QT_TRANSLATE_NOOP("Table", "p50"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return durationText(r.p50); },
                 [](const EdgeRow& r) { return optionalNumber(r.p50); }};
constexpr C kP99{QT_TRANSLATE_NOOP("Table", "p99"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return durationText(r.p99); },
                 [](const EdgeRow& r) { return optionalNumber(r.p99); }};
constexpr C kActive{QT_TRANSLATE_NOOP("Table", "Open"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return countText(r.active); },
                    [](const EdgeRow& r) -> QVariant { return QVariant::fromValue(r.active); }, nullptr,
                    QT_TRANSLATE_NOOP("Table", "Connections open at the end of the range")};
constexpr C kOpened{QT_TRANSLATE_NOOP("Table", "Opened"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return countText(r.opened); },
                    [](const EdgeRow& r) -> QVariant { return QVariant::fromValue(r.opened); }, nullptr,
                    QT_TRANSLATE_NOOP("Table", "Connections opened in the range")};
constexpr C kFailed{QT_TRANSLATE_NOOP("Table", "Failed"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return countText(r.failedConnects); },
                    [](const EdgeRow& r) -> QVariant { return QVariant::fromValue(r.failedConnects); },
                    [](const EdgeRow& r) { return r.failedConnects ? Severity::Critical : Severity::None; },
                    QT_TRANSLATE_NOOP("Table", "Connects that came to nothing: refused, timed out, unreachable")};
constexpr C kRtt{QT_TRANSLATE_NOOP("Table", "RTT p50"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return durationText(r.rtt); },
                 [](const EdgeRow& r) { return optionalNumber(r.rtt); }};
constexpr C kReuse{QT_TRANSLATE_NOOP("Table", "Reuse"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return r.reuse ? shareText(*r.reuse) : noFigure(); },
                   [](const EdgeRow& r) -> QVariant { return r.reuse ? QVariant(*r.reuse) : QVariant(); }, nullptr,
                   QT_TRANSLATE_NOOP("Table", "Share of requests on a connection that had carried one before")};
constexpr C kSent{QT_TRANSLATE_NOOP("Table", "Sent"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return bytesText(r.bytesSent); },
                  [](const EdgeRow& r) -> QVariant { return QVariant::fromValue(r.bytesSent); }};
constexpr C kReceived{QT_TRANSLATE_NOOP("Table", "Received"), CellKind::Number, [](const EdgeRow& r) -> QVariant { return bytesText(r.bytesReceived); },
                      [](const EdgeRow& r) -> QVariant { return QVariant::fromValue(r.bytesReceived); }};

constexpr std::array kPairColumns{kHealth, kFrom, kTo, kPort, kProtocol, kRate, kErrors, kP99, kActive, kOpened, kFailed, kRtt, kReuse, kSent, kReceived};
constexpr std::array kCallerColumns{kHealth, kFrom, kProtocol, kRate, kErrors, kP50, kP99};
constexpr std::array kCalleeColumns{kHealth, kTo, kProtocol, kRate, kErrors, kP50, kP99};

std::span<const C> columnsOf(EdgeColumns columns)
{
    switch (columns) {
    case EdgeColumns::Callers: return kCallerColumns;
    case EdgeColumns::Callees: return kCalleeColumns;
    case EdgeColumns::Pairs: break;
    }
    return kPairColumns;
}

EdgeRow rowOf(const analysis::Edge& edge, TimeRange range)
{
    EdgeRow row{.key = fromStd(analysis::edgeId(edge)), .from = shortName(edge.from), .to = shortName(edge.to)};
    row.protocol = protocolLabel(edge.protocol, edge.tls);
    row.port = edge.port;
    row.health = edge.health;
    row.requests = edge.chosen.requests;
    row.errors = edge.chosen.errors;
    const double seconds = static_cast<double>(range.length().count()) / 1e9;
    row.rps = seconds > 0 ? static_cast<double>(row.requests) / seconds : 0;
    row.inFlight = edge.inFlight;
    row.failedConnects = edge.failedConnects;
    row.active = edge.tcp.active;
    row.opened = edge.tcp.opened;
    row.losses = edge.losses;
    row.p50 = edge.chosen.latency.quantile(0.50);
    row.p99 = edge.chosen.latency.quantile(0.99);
    row.rtt = edge.tcp.rtt.quantile(0.50);
    row.reuse = edge.tcp.reuseRatio;
    row.bytesSent = edge.bytesSent;
    row.bytesReceived = edge.bytesReceived;
    return row;
}

template <class Wanted>
std::vector<EdgeRow> rowsWhere(const analysis::Snapshot& snapshot, Wanted wanted)
{
    std::vector<EdgeRow> rows;
    for (const analysis::Edge& edge : snapshot.edges) {
        if (wanted(edge))
            rows.push_back(rowOf(edge, snapshot.range));
    }
    return rows;
}

} // namespace

std::vector<EdgeRow> edgeRows(const analysis::Snapshot& snapshot)
{
    return rowsWhere(snapshot, [](const analysis::Edge&) { return true; });
}

std::vector<EdgeRow> inboundRows(const analysis::Snapshot& snapshot, const std::string& node)
{
    return rowsWhere(snapshot, [&node](const analysis::Edge& edge) { return edge.to == node; });
}

std::vector<EdgeRow> outboundRows(const analysis::Snapshot& snapshot, const std::string& node)
{
    return rowsWhere(snapshot, [&node](const analysis::Edge& edge) { return edge.from == node; });
}

EdgeTable::EdgeTable(EdgeColumns columns, QObject* parent) : RowTable(columnsOf(columns), parent) {}

} // namespace binnacle::desktop
