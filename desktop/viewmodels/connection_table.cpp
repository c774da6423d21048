// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/connection_table.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"

#include <array>
#include <map>

namespace binnacle::desktop {

namespace {

QVariant number(std::uint64_t value) { return QVariant::fromValue(value); }

constexpr std::array kConnectionColumns{
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "From"), CellKind::Text, [](const ConnectionRow& r) -> QVariant { return r.from; },
                          [](const ConnectionRow& r) -> QVariant { return r.from; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "To"), CellKind::Text, [](const ConnectionRow& r) -> QVariant { return r.to; },
                          [](const ConnectionRow& r) -> QVariant { return r.to; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Protocol"), CellKind::Text, [](const ConnectionRow& r) -> QVariant { return r.protocol; },
                          [](const ConnectionRow& r) -> QVariant { return r.protocol; }, [](const ConnectionRow&) { return Severity::Quiet; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "State"), CellKind::Text, [](const ConnectionRow& r) -> QVariant { return r.state; },
                          [](const ConnectionRow& r) -> QVariant { return r.state; },
                          [](const ConnectionRow& r) { return r.open ? Severity::None : Severity::Quiet; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Seen by"), CellKind::Text, [](const ConnectionRow& r) -> QVariant { return r.side; },
                          [](const ConnectionRow& r) -> QVariant { return r.side; }, [](const ConnectionRow&) { return Severity::Quiet; },
                          QT_TRANSLATE_NOOP("Table", "Which of its two ends reports it; a connection between two seen services has two rows")},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Local"), CellKind::Code, [](const ConnectionRow& r) -> QVariant { return r.local; },
                          [](const ConnectionRow& r) -> QVariant { return r.local; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Remote"), CellKind::Code, [](const ConnectionRow& r) -> QVariant { return r.remote; },
                          [](const ConnectionRow& r) -> QVariant { return r.remote; }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "PID"), CellKind::Number,
                          [](const ConnectionRow& r) -> QVariant { return r.pid ? QString::number(r.pid) : noFigure(); },
                          [](const ConnectionRow& r) -> QVariant { return r.pid ? QVariant(r.pid) : QVariant(); }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Age"), CellKind::Number,
                          [](const ConnectionRow& r) -> QVariant { return r.age ? durationText(*r.age) : QCoreApplication::translate("Table", "older"); },
                          [](const ConnectionRow& r) -> QVariant { return r.age ? QVariant(static_cast<qlonglong>(r.age->count())) : QVariant(); },
                          nullptr, QT_TRANSLATE_NOOP("Table", "At the end of the range, or how long it lived; `older` was open before the agent started")},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Requests"), CellKind::Number, [](const ConnectionRow& r) -> QVariant { return countText(r.requests); },
                          [](const ConnectionRow& r) { return number(r.requests); }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "RTT"), CellKind::Number, [](const ConnectionRow& r) -> QVariant { return durationText(r.rtt); },
                          [](const ConnectionRow& r) -> QVariant { return r.rtt ? number(*r.rtt) : QVariant(); }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Sent"), CellKind::Number, [](const ConnectionRow& r) -> QVariant { return bytesText(r.bytesSent); },
                          [](const ConnectionRow& r) { return number(r.bytesSent); }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Received"), CellKind::Number, [](const ConnectionRow& r) -> QVariant { return bytesText(r.bytesReceived); },
                          [](const ConnectionRow& r) { return number(r.bytesReceived); }},
    Column<ConnectionRow>{QT_TRANSLATE_NOOP("Table", "Not seen"), CellKind::Number,
                          [](const ConnectionRow& r) -> QVariant { return r.lost ? bytesText(r.lost) : QStringLiteral("0"); },
                          [](const ConnectionRow& r) { return number(r.lost); },
                          [](const ConnectionRow& r) { return r.lost ? Severity::Warning : Severity::None; },
                          QT_TRANSLATE_NOOP("Table", "Payload bytes lost on the way to the parser, or in no readable buffer")},
};

constexpr std::array kInFlightColumns{
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Age"), CellKind::Number, [](const InFlightRow& r) -> QVariant { return durationText(r.age); },
                        [](const InFlightRow& r) -> QVariant { return static_cast<qlonglong>(r.age.count()); },
                        [](const InFlightRow& r) { return r.age >= std::chrono::seconds(5) ? Severity::Critical : r.age >= std::chrono::seconds(1) ? Severity::Warning : Severity::None; }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Service"), CellKind::Text, [](const InFlightRow& r) -> QVariant { return r.service; },
                        [](const InFlightRow& r) -> QVariant { return r.service; }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Route"), CellKind::Code, [](const InFlightRow& r) -> QVariant { return r.route; },
                        [](const InFlightRow& r) -> QVariant { return r.route; }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Peer"), CellKind::Text, [](const InFlightRow& r) -> QVariant { return r.peer; },
                        [](const InFlightRow& r) -> QVariant { return r.peer; }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Started"), CellKind::Number, [](const InFlightRow& r) -> QVariant { return preciseClockText(r.startedAt); },
                        [](const InFlightRow& r) -> QVariant { return static_cast<qlonglong>(ns(r.startedAt)); }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Waits on"), CellKind::Text,
                        [](const InFlightRow& r) -> QVariant { return r.waitsOn.isEmpty() ? noFigure() : r.waitsOn; },
                        [](const InFlightRow& r) -> QVariant { return r.waitsOn; }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Thread"), CellKind::Number,
                        [](const InFlightRow& r) -> QVariant { return r.thread ? QString::number(*r.thread) : noFigure(); },
                        [](const InFlightRow& r) -> QVariant { return r.thread ? QVariant(*r.thread) : QVariant(); }},
    Column<InFlightRow>{QT_TRANSLATE_NOOP("Table", "Instance"), CellKind::Text, [](const InFlightRow& r) -> QVariant { return r.instance; },
                        [](const InFlightRow& r) -> QVariant { return r.instance; }, [](const InFlightRow&) { return Severity::Quiet; }},
};

constexpr std::array kEventColumns{
    Column<EventRow>{QT_TRANSLATE_NOOP("Table", "Time"), CellKind::Number, [](const EventRow& r) -> QVariant { return preciseClockText(r.at); },
                     [](const EventRow& r) -> QVariant { return static_cast<qlonglong>(ns(r.at)); }},
    Column<EventRow>{QT_TRANSLATE_NOOP("Table", "What happened"), CellKind::Health, [](const EventRow& r) -> QVariant { return r.kind; },
                     [](const EventRow& r) -> QVariant { return r.kind; }, [](const EventRow& r) { return r.severity; }},
    Column<EventRow>{QT_TRANSLATE_NOOP("Table", "Subject"), CellKind::Text, [](const EventRow& r) -> QVariant { return r.subject; },
                     [](const EventRow& r) -> QVariant { return r.subject; }},
    Column<EventRow>{QT_TRANSLATE_NOOP("Table", "Detail"), CellKind::Code, [](const EventRow& r) -> QVariant { return r.detail; },
                     [](const EventRow& r) -> QVariant { return r.detail; }},
};

QString sideWord(telemetry::Side side)
{
    return side == telemetry::Side::Client ? QCoreApplication::translate("Table", "client") : QCoreApplication::translate("Table", "server");
}

std::optional<Nanoseconds> ageOf(const analysis::Connection& connection, UtcTime now)
{
    if (ns(connection.openedAt) == 0 || connection.existed)
        return std::nullopt;
    const UtcTime end = ns(connection.closedAt) == 0 ? now : connection.closedAt;
    return std::max(Nanoseconds(0), end - connection.openedAt);
}

Severity severityOf(EventKind kind)
{
    switch (kind) {
    case EventKind::OomKill: return Severity::Critical;
    case EventKind::InstanceEnded:
    case EventKind::ListenEnded:
    case EventKind::Restart:
    case EventKind::NodeCondition:
    case EventKind::ClockStep: return Severity::Warning;
    case EventKind::InstanceStarted:
    case EventKind::ListenStarted: return Severity::Ok;
    default: return Severity::Unknown;
    }
}

/// Rows without an identity of their own get one from what they say and how often it was said before.
QString uniqueKey(std::map<QString, int>& seen, const QString& text)
{
    const int times = seen[text]++;
    return times == 0 ? text : QStringLiteral("%1#%2").arg(text).arg(times);
}

} // namespace

std::vector<ConnectionRow> connectionRows(const analysis::Snapshot& snapshot)
{
    std::vector<ConnectionRow> rows;
    rows.reserve(snapshot.connections.size());
    for (const analysis::Connection& c : snapshot.connections) {
        ConnectionRow row{.key = fromStd(c.key.toHex()) + sideWord(c.side), .from = shortName(c.from), .to = shortName(c.to)};
        row.local = fromStd(c.local);
        row.remote = fromStd(c.remote);
        row.protocol = protocolLabel(c.protocol, false);
        row.state = fromStd(c.state);
        row.side = sideWord(c.side);
        row.pid = c.pid;
        row.open = ns(c.closedAt) == 0;
        row.age = ageOf(c, snapshot.range.to);
        row.bytesSent = c.bytesSent;
        row.bytesReceived = c.bytesReceived;
        row.requests = c.requests;
        row.lost = c.payloadLost + c.payloadUnseen;
        if (c.rtt.count() > 0)
            row.rtt = static_cast<std::uint64_t>(c.rtt.count());
        rows.push_back(std::move(row));
    }
    return rows;
}

namespace {

QString waitsOnText(const analysis::OpenExchange& open)
{
    if (open.kind == analysis::OpenKind::Connect)
        return open.synSent == 1U ? QCoreApplication::translate("Table", "answer to its SYN")
                                  : QCoreApplication::translate("Table", "answer to its SYN, sent %1 times").arg(open.synSent.value_or(0));
    return open.waitsOn ? fromStd(*open.waitsOn) : QString();
}

} // namespace

std::vector<InFlightRow> inFlightRows(const analysis::Snapshot& snapshot)
{
    std::vector<InFlightRow> rows;
    std::map<QString, int> seen;
    for (const analysis::OpenExchange& open : snapshot.inFlight) {
        InFlightRow row{.service = shortName(open.service), .instance = fromStd(open.instance), .route = fromStd(open.route), .peer = shortName(open.peer)};
        row.key = uniqueKey(seen, QStringLiteral("%1 %2 %3 %4").arg(row.service, row.instance, row.route).arg(ns(open.startedAt)));
        if (open.count > 1)
            row.route = QCoreApplication::translate("Table", "%1 × %2").arg(countText(open.count), row.route);
        row.waitsOn = waitsOnText(open);
        row.age = open.age;
        row.startedAt = open.startedAt;
        row.thread = open.thread;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<EventRow> eventRows(const analysis::Snapshot& snapshot)
{
    std::vector<EventRow> rows;
    std::map<QString, int> seen;
    for (const analysis::Event& event : snapshot.events) {
        const auto facts = factsOf(event.kind);
        EventRow row{.at = event.at, .subject = shortName(event.subject), .detail = fromStd(event.detail)};
        row.kind = facts ? QString::fromUtf8(facts->label.data(), static_cast<qsizetype>(facts->label.size()))
                         : QCoreApplication::translate("Table", "Event %1").arg(static_cast<int>(event.kind));
        row.severity = severityOf(event.kind);
        row.key = uniqueKey(seen, QStringLiteral("%1 %2 %3").arg(ns(event.at)).arg(row.kind, row.subject));
        rows.push_back(std::move(row));
    }
    return rows;
}

ConnectionTable::ConnectionTable(QObject* parent) : RowTable(kConnectionColumns, parent) {}
InFlightTable::InFlightTable(QObject* parent) : RowTable(kInFlightColumns, parent) {}
EventTable::EventTable(QObject* parent) : RowTable(kEventColumns, parent) {}

} // namespace binnacle::desktop
