// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/loss_table.h"

#include "desktop/viewmodels/figures.h"

#include <array>

namespace binnacle::desktop {

namespace {

/// Reasons are stable names (`data_ring_full`); people read words.
QString words(const std::string& name) { return fromStd(name).replace(QLatin1Char('_'), QLatin1Char(' ')); }

constexpr std::array kLossColumns{
    Column<LossRow>{QT_TRANSLATE_NOOP("Table", "Place"), CellKind::Text, [](const LossRow& r) -> QVariant { return r.place; },
                    [](const LossRow& r) -> QVariant { return r.place; }},
    Column<LossRow>{QT_TRANSLATE_NOOP("Table", "Reason"), CellKind::Health, [](const LossRow& r) -> QVariant { return r.reason; },
                    [](const LossRow& r) -> QVariant { return r.reason; }, [](const LossRow&) { return Severity::Warning; }},
    Column<LossRow>{QT_TRANSLATE_NOOP("Table", "Lost"), CellKind::Number,
                    [](const LossRow& r) -> QVariant {
                        return r.unit == QLatin1String("bytes") ? bytesText(r.count) : countText(r.count) + QLatin1Char(' ') + r.unit;
                    },
                    [](const LossRow& r) -> QVariant { return QVariant::fromValue(r.count); }},
    Column<LossRow>{QT_TRANSLATE_NOOP("Table", "When"), CellKind::Number, [](const LossRow& r) -> QVariant { return rangeText(r.range); },
                    [](const LossRow& r) -> QVariant { return static_cast<qlonglong>(ns(r.range.from)); }},
    Column<LossRow>{QT_TRANSLATE_NOOP("Table", "What to do"), CellKind::Text, [](const LossRow& r) -> QVariant { return r.advice; },
                    [](const LossRow& r) -> QVariant { return r.advice; }},
};

constexpr std::array kCoverageColumns{
    Column<CoverageRow>{QT_TRANSLATE_NOOP("Table", "Subject"), CellKind::Text, [](const CoverageRow& r) -> QVariant { return r.subject; },
                        [](const CoverageRow& r) -> QVariant { return r.subject; }},
    Column<CoverageRow>{QT_TRANSLATE_NOOP("Table", "Not understood"), CellKind::Text, [](const CoverageRow& r) -> QVariant { return r.what; },
                        [](const CoverageRow& r) -> QVariant { return r.what; }},
    Column<CoverageRow>{QT_TRANSLATE_NOOP("Table", "Share"), CellKind::Number, [](const CoverageRow& r) -> QVariant { return shareText(r.share); },
                        [](const CoverageRow& r) -> QVariant { return r.share; }, nullptr, nullptr, [](const CoverageRow& r) { return r.share; }},
    Column<CoverageRow>{QT_TRANSLATE_NOOP("Table", "What to do"), CellKind::Text, [](const CoverageRow& r) -> QVariant { return r.advice; },
                        [](const CoverageRow& r) -> QVariant { return r.advice; }},
};

/// An agent's own figures are not in merged seconds.
QString orUnknown(const AgentRow& row, const QString& figure) { return row.hasFigures ? figure : QStringLiteral("–"); }

constexpr std::array kAgentColumns{
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "State"), CellKind::Health, [](const AgentRow& r) -> QVariant { return r.state; },
                     [](const AgentRow& r) -> QVariant { return static_cast<int>(r.severity); }, [](const AgentRow& r) { return r.severity; }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Host"), CellKind::Text, [](const AgentRow& r) -> QVariant { return r.host; },
                     [](const AgentRow& r) -> QVariant { return r.host; }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "CPU"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, shareText(r.cpuShare)); },
                     [](const AgentRow& r) -> QVariant { return r.cpuShare; }, nullptr, QT_TRANSLATE_NOOP("Table", "Of one core, in its last second")},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Memory"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, bytesText(r.residentBytes)); },
                     [](const AgentRow& r) -> QVariant { return QVariant::fromValue(r.residentBytes); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "BPF maps"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, bytesText(r.mapBytes)); },
                     [](const AgentRow& r) -> QVariant { return QVariant::fromValue(r.mapBytes); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Buffer"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, bytesText(r.bufferBytes)); },
                     [](const AgentRow& r) -> QVariant { return QVariant::fromValue(r.bufferBytes); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Records/s"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, countText(r.records)); },
                     [](const AgentRow& r) -> QVariant { return QVariant::fromValue(r.records); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Exchanges/s"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, countText(r.exchanges)); },
                     [](const AgentRow& r) -> QVariant { return QVariant::fromValue(r.exchanges); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Ring"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, shareText(r.ringFill)); },
                     [](const AgentRow& r) -> QVariant { return r.ringFill; },
                     [](const AgentRow& r) { return r.ringFill >= 0.9 ? Severity::Critical : r.ringFill >= 0.5 ? Severity::Warning : Severity::None; },
                     QT_TRANSLATE_NOOP("Table", "How full the fullest ring buffer was; at 100 % data are lost")},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Collects"), CellKind::Text, [](const AgentRow& r) -> QVariant { return orUnknown(r, r.budget); },
                     [](const AgentRow& r) -> QVariant { return r.budget; }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Uptime"), CellKind::Number, [](const AgentRow& r) -> QVariant { return orUnknown(r, durationText(r.uptime)); },
                     [](const AgentRow& r) -> QVariant { return static_cast<qlonglong>(r.uptime.count()); }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Version"), CellKind::Code, [](const AgentRow& r) -> QVariant { return r.version; },
                     [](const AgentRow& r) -> QVariant { return r.version; }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Kernel"), CellKind::Code, [](const AgentRow& r) -> QVariant { return r.kernel; },
                     [](const AgentRow& r) -> QVariant { return r.kernel; }},
    Column<AgentRow>{QT_TRANSLATE_NOOP("Table", "Capture"), CellKind::Text, [](const AgentRow& r) -> QVariant { return r.capture; },
                     [](const AgentRow& r) -> QVariant { return r.capture; }, [](const AgentRow&) { return Severity::Quiet; }},
};

QString budgetWord(std::uint32_t step)
{
    switch (step) {
    case 0: return QCoreApplication::translate("Agent", "everything");
    case 1: return QCoreApplication::translate("Agent", "sampled spans");
    default: return QCoreApplication::translate("Agent", "counters only");
    }
}

void judge(AgentRow& row)
{
    if (row.silence > std::chrono::seconds(5)) {
        row.severity = Severity::Critical;
        row.state = QCoreApplication::translate("Agent", "Silent for %1").arg(durationText(row.silence));
    } else if (row.ringFill >= 0.9 || row.budget != budgetWord(0)) {
        row.severity = Severity::Warning;
        row.state = QCoreApplication::translate("Agent", "Overloaded");
    } else {
        row.severity = Severity::Ok;
        row.state = QCoreApplication::translate("Agent", "Well");
    }
}

} // namespace

std::vector<LossRow> lossRows(const analysis::Snapshot& snapshot)
{
    std::vector<LossRow> rows;
    for (const analysis::LossSummary& loss : snapshot.losses) {
        rows.push_back({.key = fromStd(loss.place + "/" + loss.reason),
                        .place = words(loss.place),
                        .reason = words(loss.reason),
                        .unit = fromStd(loss.unit),
                        .advice = fromStd(loss.advice),
                        .count = loss.count,
                        .range = loss.range});
    }
    return rows;
}

std::vector<CoverageRow> coverageRows(const analysis::Snapshot& snapshot)
{
    std::vector<CoverageRow> rows;
    for (const analysis::CoverageSummary& part : snapshot.coverage) {
        rows.push_back({.key = fromStd(part.subject + "/" + part.what),
                        .subject = shortName(part.subject),
                        .what = words(part.what),
                        .advice = fromStd(part.advice),
                        .share = part.share});
    }
    return rows;
}

std::vector<AgentRow> agentRows(const analysis::Snapshot& snapshot)
{
    std::vector<AgentRow> rows;
    for (const analysis::AgentSummary& agent : snapshot.agents) {
        const telemetry::AgentHealth& latest = agent.latest;
        AgentRow row{.key = fromStd(agent.identity.agent.toHex()), .host = fromStd(agent.identity.host), .version = fromStd(agent.identity.version)};
        row.kernel = fromStd(agent.identity.kernel);
        row.capture = fromStd(agent.identity.captureSource);
        row.budget = budgetWord(latest.budgetStep);
        row.silence = std::max(Nanoseconds(0), snapshot.range.to - agent.lastBatch);
        row.cpuShare = static_cast<double>(latest.cpu.count()) / 1e9;
        row.residentBytes = latest.residentBytes;
        row.mapBytes = latest.mapBytes;
        row.bufferBytes = latest.bufferMemoryBytes + latest.bufferDiskBytes;
        row.records = latest.records;
        row.exchanges = latest.exchanges;
        row.ringFill = latest.ringFillPermille / 1000.0;
        row.uptime = latest.uptime;
        row.readers = latest.readers;
        row.hasFigures = !agent.isMerged;
        judge(row);
        rows.push_back(std::move(row));
    }
    return rows;
}

LossTable::LossTable(QObject* parent) : RowTable(kLossColumns, parent) {}
CoverageTable::CoverageTable(QObject* parent) : RowTable(kCoverageColumns, parent) {}
AgentTable::AgentTable(QObject* parent) : RowTable(kAgentColumns, parent) {}

} // namespace binnacle::desktop
