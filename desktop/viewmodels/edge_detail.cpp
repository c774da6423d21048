// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/edge_detail.h"

#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace binnacle::desktop {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("Edge", text); }

constexpr std::array kLedgerColumns{
    Column<LedgerRow>{"", CellKind::Text, [](const LedgerRow& r) -> QVariant { return r.key; }, [](const LedgerRow& r) -> QVariant { return r.key; },
                      [](const LedgerRow&) { return Severity::Quiet; }},
    Column<LedgerRow>{QT_TRANSLATE_NOOP("Table", "Client"), CellKind::Number, [](const LedgerRow& r) -> QVariant { return r.client; },
                      [](const LedgerRow& r) -> QVariant { return r.client; }},
    Column<LedgerRow>{QT_TRANSLATE_NOOP("Table", "Server"), CellKind::Number, [](const LedgerRow& r) -> QVariant { return r.server; },
                      [](const LedgerRow& r) -> QVariant { return r.server; }},
    Column<LedgerRow>{QT_TRANSLATE_NOOP("Table", "Between"), CellKind::Number, [](const LedgerRow& r) -> QVariant { return r.difference; },
                      [](const LedgerRow& r) -> QVariant { return r.difference; },
                      [](const LedgerRow& r) { return r.differs ? Severity::Warning : Severity::Quiet; },
                      QT_TRANSLATE_NOOP("Table", "Latency: network and queues between the two. Counts: what one end saw and the other did not")},
};

constexpr std::array kFactColumns{
    Column<TcpFactRow>{"", CellKind::Text, [](const TcpFactRow& r) -> QVariant { return r.key; }, [](const TcpFactRow& r) -> QVariant { return r.key; },
                       [](const TcpFactRow&) { return Severity::Quiet; }},
    Column<TcpFactRow>{QT_TRANSLATE_NOOP("Table", "TCP"), CellKind::Number, [](const TcpFactRow& r) -> QVariant { return r.value; },
                       [](const TcpFactRow& r) -> QVariant { return r.value; }, [](const TcpFactRow& r) { return r.severity; }},
};

QString signedDifference(std::uint64_t client, std::uint64_t server)
{
    if (client == server)
        return QStringLiteral("0");
    return client > server ? QStringLiteral("+") + countText(client - server) : QStringLiteral("−") + countText(server - client);
}

LedgerRow countRow(const QString& name, const analysis::Edge& edge, std::uint64_t analysis::Ledger::*member)
{
    LedgerRow row{.key = name, .client = noFigure(), .server = noFigure(), .difference = noFigure()};
    if (edge.client)
        row.client = countText((*edge.client).*member);
    if (edge.server)
        row.server = countText((*edge.server).*member);
    if (edge.client && edge.server) {
        row.difference = signedDifference((*edge.client).*member, (*edge.server).*member);
        row.differs = (*edge.client).*member != (*edge.server).*member;
    }
    return row;
}

LedgerRow latencyRow(const QString& name, const analysis::Edge& edge, telemetry::Histogram analysis::Ledger::*member, double q)
{
    const auto of = [&](const std::optional<analysis::Ledger>& ledger) { return ledger ? ((*ledger).*member).quantile(q) : std::nullopt; };
    const auto client = of(edge.client), server = of(edge.server);
    LedgerRow row{.key = name, .client = durationText(client), .server = durationText(server), .difference = noFigure()};
    if (client && server)
        row.difference = *client >= *server ? durationText(*client - *server) : QStringLiteral("−") + durationText(*server - *client);
    return row;
}

void add(std::vector<TcpFactRow>& rows, const char* name, std::optional<std::uint64_t> value, Severity whenAny = Severity::None)
{
    if (value)
        rows.push_back({tr(name), countText(*value), *value > 0 ? whenAny : Severity::None});
}

QString reasonsOf(const std::vector<std::string>& reasons)
{
    QStringList texts;
    for (const std::string& reason : reasons)
        texts.append(fromStd(reason));
    return texts.join(QLatin1Char(' ')).replace(QLatin1String(" %"), QStringLiteral("\u00a0%"));
}

/// What went wrong in the range and is over at its end: health judges the last seconds only.
QString earlierTrouble(const analysis::Edge& edge)
{
    QStringList parts;
    if (edge.chosen.errors * 100 >= edge.chosen.requests && edge.chosen.errors > 0)
        parts.append(QCoreApplication::translate("Edge", "%1 of %2 requests failed").arg(countText(edge.chosen.errors), countText(edge.chosen.requests)));
    if (edge.failedConnects > 0)
        parts.append(edge.failedConnects == 1 ? QCoreApplication::translate("Edge", "1 connect came to nothing")
                                              : QCoreApplication::translate("Edge", "%1 connects came to nothing").arg(countText(edge.failedConnects)));
    return parts.isEmpty() ? QString() : QCoreApplication::translate("Edge", "Earlier in this range: %1.").arg(parts.join(QStringLiteral(", ")));
}

bool standsOut(analysis::Health health) { return health == analysis::Health::Critical || health == analysis::Health::Warning; }

} // namespace

std::vector<LedgerRow> ledgerRows(const analysis::Edge& edge)
{
    using analysis::Ledger;
    if (!edge.client && !edge.server)
        return {};
    return {countRow(tr("Requests"), edge, &Ledger::requests),
            countRow(tr("Errors"), edge, &Ledger::errors),
            latencyRow(tr("p50"), edge, &Ledger::latency, 0.50),
            latencyRow(tr("p90"), edge, &Ledger::latency, 0.90),
            latencyRow(tr("p99"), edge, &Ledger::latency, 0.99),
            latencyRow(tr("1st byte p50"), edge, &Ledger::firstByte, 0.50),
            latencyRow(tr("1st byte p99"), edge, &Ledger::firstByte, 0.99)};
}

std::vector<TcpFactRow> tcpFactRows(const analysis::Edge& edge)
{
    const analysis::TcpSummary& tcp = edge.tcp;
    std::vector<TcpFactRow> rows;
    add(rows, "Open connections", tcp.active);
    add(rows, "Opened", tcp.opened);
    add(rows, "Closed", tcp.closed);
    if (edge.pending.count > 0) {
        rows.push_back({tr("Connects without an answer"), countText(edge.pending.count), Severity::Critical});
        rows.push_back({QStringLiteral("  ") + tr("the oldest waits for"), durationText(edge.pending.oldest), Severity::Critical});
        rows.push_back({QStringLiteral("  ") + tr("SYN sent, most"), countText(edge.pending.synSent), Severity::Critical});
    }
    add(rows, "Failed connects", tcp.failed, Severity::Critical);
    for (const auto& [error, count] : tcp.failedBy)
        rows.push_back({QStringLiteral("  ") + fromStd(error), countText(count), Severity::Critical});
    if (tcp.reuseRatio)
        rows.push_back({tr("Requests on a reused connection"), shareText(*tcp.reuseRatio)});
    if (!tcp.connectTime.empty())
        rows.push_back({tr("Connect p50 / p99"), durationText(tcp.connectTime.quantile(0.5)) + QStringLiteral(" / ") + durationText(tcp.connectTime.quantile(0.99))});
    if (!tcp.rtt.empty())
        rows.push_back({tr("Round trip p50 / p99"), durationText(tcp.rtt.quantile(0.5)) + QStringLiteral(" / ") + durationText(tcp.rtt.quantile(0.99))});
    add(rows, "Segments out", tcp.segmentsOut);
    add(rows, "Segments in", tcp.segmentsIn);
    add(rows, "Retransmitted out", tcp.retransmitsOut, Severity::Warning);
    add(rows, "Retransmitted in", tcp.retransmitsIn, Severity::Warning);
    add(rows, "SYN retransmits", tcp.synRetransmits, Severity::Warning);
    add(rows, "Out of order", tcp.outOfOrder);
    add(rows, "Resets sent", tcp.resetsSent, Severity::Warning);
    add(rows, "Resets received", tcp.resetsReceived, Severity::Warning);
    add(rows, "Zero windows", tcp.zeroWindows, Severity::Warning);
    rows.push_back({tr("Payload sent"), bytesText(edge.bytesSent)});
    rows.push_back({tr("Payload received"), bytesText(edge.bytesReceived)});
    if (tcp.payloadLost > 0)
        rows.push_back({tr("Payload lost by us"), bytesText(tcp.payloadLost), Severity::Warning});
    if (tcp.payloadUnseen > 0)
        rows.push_back({tr("Payload in no readable buffer"), bytesText(tcp.payloadUnseen), Severity::Warning});
    return rows;
}

QString chosenLedgerWords(const analysis::Edge& edge)
{
    if (edge.server && edge.chosen.requests == edge.server->requests && edge.server->lost == 0)
        return edge.client ? tr("Figures are the server’s; the client’s stand beside them.") : tr("Only the server’s end is seen.");
    if (edge.client)
        return edge.server ? tr("Figures are the client’s: the server’s end has losses.") : tr("Only the client’s end is seen.");
    return tr("No request was understood on this edge; bytes and connections are counted.");
}

std::vector<Standout> standouts(const analysis::Snapshot& snapshot)
{
    std::vector<Standout> out;
    std::set<std::string> toldByEdge;
    for (const analysis::Edge& edge : snapshot.edges) {
        const QString subject = QStringLiteral("%1 → %2").arg(shortName(edge.from), shortName(edge.to));
        if (standsOut(edge.health)) {
            out.push_back({true, analysis::edgeId(edge), subject, reasonsOf(edge.healthReasons), severityOf(edge.health)});
            toldByEdge.insert(edge.to);
        } else if (const QString earlier = earlierTrouble(edge); !earlier.isEmpty()) {
            out.push_back({true, analysis::edgeId(edge), subject, earlier, Severity::Quiet});
        }
    }
    for (const analysis::Node& node : snapshot.nodes) {
        // A node has the health of its worst edge: it is news only when no edge said so.
        if (standsOut(node.health) && !toldByEdge.contains(node.id))
            out.push_back({false, node.id, fromStd(node.name), reasonsOf(node.healthReasons), severityOf(node.health)});
    }
    const auto rank = [](const Standout& s) { return s.severity == Severity::Critical ? 0 : s.severity == Severity::Warning ? 1 : 2; };
    std::sort(out.begin(), out.end(), [rank](const Standout& a, const Standout& b) { return std::pair(rank(a), a.id) < std::pair(rank(b), b.id); });
    return out;
}

LedgerTable::LedgerTable(QObject* parent) : RowTable(kLedgerColumns, parent) {}
TcpFactTable::TcpFactTable(QObject* parent) : RowTable(kFactColumns, parent) {}

} // namespace binnacle::desktop
