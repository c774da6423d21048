// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/setup_tables.h"

#include "core/kube/credentials/printable.h"
#include "desktop/viewmodels/figures.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace binnacle::desktop {

namespace {

constexpr std::array kPermissionColumns{
    Column<PermissionRow>{QT_TRANSLATE_NOOP("Table", "You may not"), CellKind::Code, [](const PermissionRow& r) -> QVariant { return r.what; },
                          [](const PermissionRow& r) -> QVariant { return r.what; }},
    Column<PermissionRow>{QT_TRANSLATE_NOOP("Table", "Which is needed to"), CellKind::Text, [](const PermissionRow& r) -> QVariant { return r.purpose; },
                          [](const PermissionRow& r) -> QVariant { return r.purpose; }},
};

constexpr std::array kObjectColumns{
    Column<ObjectRow>{QT_TRANSLATE_NOOP("Table", "What happens"), CellKind::Health, [](const ObjectRow& r) -> QVariant { return r.fate; },
                      [](const ObjectRow& r) -> QVariant { return r.order; }, [](const ObjectRow& r) { return r.severity; }},
    Column<ObjectRow>{QT_TRANSLATE_NOOP("Table", "Object"), CellKind::Text, [](const ObjectRow& r) -> QVariant { return r.object; },
                      [](const ObjectRow& r) -> QVariant { return r.object; }},
    Column<ObjectRow>{QT_TRANSLATE_NOOP("Table", "In detail"), CellKind::Text, [](const ObjectRow& r) -> QVariant { return r.note; },
                      [](const ObjectRow& r) -> QVariant { return r.note; }},
};

constexpr std::array kHostColumns{
    Column<SetupHostRow>{QT_TRANSLATE_NOOP("Table", "Agent"), CellKind::Health, [](const SetupHostRow& r) -> QVariant { return r.state; },
                         [](const SetupHostRow& r) -> QVariant { return r.state; }, [](const SetupHostRow& r) { return r.severity; }},
    Column<SetupHostRow>{QT_TRANSLATE_NOOP("Table", "Host"), CellKind::Text, [](const SetupHostRow& r) -> QVariant { return r.host; },
                         [](const SetupHostRow& r) -> QVariant { return r.host; }},
    Column<SetupHostRow>{QT_TRANSLATE_NOOP("Table", "Kernel"), CellKind::Code, [](const SetupHostRow& r) -> QVariant { return r.kernel; },
                         [](const SetupHostRow& r) -> QVariant { return r.kernel; }},
    Column<SetupHostRow>{QT_TRANSLATE_NOOP("Table", "Version"), CellKind::Code, [](const SetupHostRow& r) -> QVariant { return r.version; },
                         [](const SetupHostRow& r) -> QVariant { return r.version; }},
    Column<SetupHostRow>{QT_TRANSLATE_NOOP("Table", "In detail"), CellKind::Text, [](const SetupHostRow& r) -> QVariant { return r.note; },
                         [](const SetupHostRow& r) -> QVariant { return r.note; }},
};

QString words(const char* text) { return QCoreApplication::translate("Setup", text); }

/// What came from a cluster does not steer the screen.
QString safe(const std::string& text) { return fromStd(kube::printable(text)); }

QString orDash(const std::string& text) { return text.empty() ? noFigure() : safe(text); }

struct Fate {
    const char* word;
    Severity severity;
};

Fate fateOf(kube::ObjectChange::Kind kind)
{
    switch (kind) {
    case kube::ObjectChange::Kind::Create: return {QT_TRANSLATE_NOOP("Setup", "created"), Severity::Ok};
    case kube::ObjectChange::Kind::Change: return {QT_TRANSLATE_NOOP("Setup", "changed"), Severity::Warning};
    case kube::ObjectChange::Kind::Unchanged: return {QT_TRANSLATE_NOOP("Setup", "unchanged"), Severity::Quiet};
    case kube::ObjectChange::Kind::Remove: break;
    }
    return {QT_TRANSLATE_NOOP("Setup", "removed"), Severity::Critical};
}

QString fieldsText(const std::vector<kube::FieldChange>& fields)
{
    QStringList texts;
    for (const kube::FieldChange& field : fields)
        texts.append(QStringLiteral("%1: %2 → %3").arg(safe(field.path), orDash(field.before), orDash(field.after)));
    return texts.join(QStringLiteral("; "));
}

ObjectRow rowOf(const kube::ObjectName& object, const Fate& fate, const QString& note = {})
{
    const QString name = safe(object.words());
    return {.key = name, .fate = words(fate.word), .severity = fate.severity, .object = name, .note = note};
}

Severity severityOf(const kube::InstalledAgent& agent)
{
    switch (agent.state) {
    case kube::InstalledAgent::State::Ready: return agent.isOutdated ? Severity::Warning : Severity::Ok;
    case kube::InstalledAgent::State::Starting: return Severity::Unknown;
    case kube::InstalledAgent::State::Stuck: return Severity::Critical;
    case kube::InstalledAgent::State::Leaving: break;
    }
    return Severity::Quiet;
}

Severity severityOf(const kube::HostStatus& host)
{
    if (host.collects)
        return host.skew == kube::Skew::AgentTooOld || host.skew == kube::Skew::AgentTooNew || host.state == "outdated" ? Severity::Warning : Severity::Ok;
    return host.state == "stuck" ? Severity::Critical : host.state == "no agent" ? Severity::Warning : Severity::Unknown;
}

QString joined(const QString& first, const QString& second)
{
    return first.isEmpty() || second.isEmpty() ? first + second : first + QStringLiteral("; ") + second;
}

} // namespace

std::vector<PermissionRow> permissionRows(const std::vector<kube::Permission>& missing)
{
    std::vector<PermissionRow> rows;
    for (const kube::Permission& permission : missing)
        rows.push_back({.key = safe(permission.words()), .what = safe(permission.words()), .purpose = safe(permission.purpose)});
    return rows;
}

std::vector<ObjectRow> objectRows(const std::vector<kube::ObjectChange>& changes)
{
    std::vector<ObjectRow> rows;
    for (const bool stays : {false, true}) { // what is done stands first
        for (const kube::ObjectChange& change : changes) {
            if ((change.kind == kube::ObjectChange::Kind::Unchanged) == stays)
                rows.push_back(rowOf(change.object, fateOf(change.kind), fieldsText(change.fields)));
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i].order = static_cast<int>(i);
    return rows;
}

std::vector<ObjectRow> objectRows(const kube::UninstallPlan& plan)
{
    std::vector<ObjectRow> rows;
    for (const kube::OwnedObject& one : plan.objects)
        rows.push_back(rowOf(one.object, {QT_TRANSLATE_NOOP("Setup", "deleted"), Severity::Critical}));
    for (const kube::UninstallPlan::Kept& kept : plan.kept)
        rows.push_back(leftRow(kept));
    for (const std::string& leftover : plan.leftovers)
        rows.push_back({.key = safe(leftover), .fate = words(QT_TRANSLATE_NOOP("Setup", "left over")), .severity = Severity::Warning, .object = safe(leftover)});
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i].order = static_cast<int>(i);
    return rows;
}

ObjectRow leftRow(const kube::UninstallPlan::Kept& kept) { return rowOf(kept.object, {QT_TRANSLATE_NOOP("Setup", "stays"), Severity::Quiet}, safe(kept.reason)); }

void markDone(std::vector<ObjectRow>& rows, const QString& key, const QString& fate)
{
    for (ObjectRow& row : rows) {
        if (row.key != key)
            continue;
        row.fate = fate;
        row.severity = Severity::Ok;
    }
}

std::vector<SetupHostRow> uncoveredRows(const std::vector<kube::HostCoverage>& hosts)
{
    using Verdict = kube::HostCoverage::Verdict;
    std::vector<SetupHostRow> rows;
    for (const Verdict verdict : {Verdict::NotAble, Verdict::Left, Verdict::Later}) {
        for (const kube::HostCoverage& host : hosts) {
            if (host.verdict != verdict)
                continue;
            SetupHostRow row{.key = safe(host.host), .host = safe(host.host), .kernel = orDash(host.kernel)};
            row.state = words(verdict == Verdict::NotAble ? QT_TRANSLATE_NOOP("Setup", "cannot collect") : verdict == Verdict::Left ? QT_TRANSLATE_NOOP("Setup", "none") : QT_TRANSLATE_NOOP("Setup", "later"));
            row.severity = verdict == Verdict::NotAble ? Severity::Critical : verdict == Verdict::Left ? Severity::Warning : Severity::Unknown;
            row.note = safe(host.reason);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::vector<SetupHostRow> progressRows(const kube::InstallPlan& plan, const kube::Rollout& rollout)
{
    std::vector<SetupHostRow> rows;
    const auto kernelOf = [&plan](const std::string& host) {
        const auto known = std::ranges::find(plan.hosts, host, &kube::HostCoverage::host);
        return known == plan.hosts.end() ? noFigure() : orDash(known->kernel);
    };
    for (const kube::InstalledAgent& agent : rollout.agents) {
        // A host's first row is the same from waiting to collecting, so that it keeps its place.
        const bool isFirst = !agent.host.empty() && std::ranges::find(rows, safe(agent.host), &SetupHostRow::key) == rows.end();
        rows.push_back({.key = safe(isFirst ? agent.host : agent.pod), .host = agent.host.empty() ? words(QT_TRANSLATE_NOOP("Setup", "no host yet")) : safe(agent.host), .kernel = kernelOf(agent.host),
                        .version = orDash(agent.version), .state = words(kube::wordOf(agent)), .severity = severityOf(agent),
                        .note = safe(agent.sentence), .pod = safe(agent.pod)});
    }
    for (const kube::HostCoverage& host : plan.hosts) {
        const bool isWaiting = host.verdict == kube::HostCoverage::Verdict::Covered && std::ranges::find(rollout.agents, host.host, &kube::InstalledAgent::host) == rollout.agents.end();
        if (isWaiting)
            rows.push_back({.key = safe(host.host), .host = safe(host.host), .kernel = orDash(host.kernel), .version = noFigure(), .state = words(QT_TRANSLATE_NOOP("Setup", "waiting")),
                            .severity = Severity::Unknown, .note = words(QT_TRANSLATE_NOOP("Setup", "its pod is not there yet"))});
    }
    std::ranges::sort(rows, {}, [](const SetupHostRow& row) { return std::tuple(row.host, row.key); });
    return rows;
}

std::vector<SetupHostRow> statusRows(const std::vector<kube::HostStatus>& hosts)
{
    std::vector<SetupHostRow> rows;
    for (const kube::HostStatus& host : hosts) {
        rows.push_back({.key = safe(host.host + '/' + host.pod), .host = safe(host.host), .kernel = orDash(host.kernel), .version = orDash(host.version),
                        .state = words(host.state.c_str()), .severity = severityOf(host),
                        .note = joined(safe(host.detail), host.pod.empty() ? QString() : fromStd(kube::adviceFor(host.skew))), .pod = safe(host.pod)});
    }
    return rows;
}

PermissionTable::PermissionTable(QObject* parent) : RowTable(kPermissionColumns, parent) {}
ObjectTable::ObjectTable(QObject* parent) : RowTable(kObjectColumns, parent) {}
SetupHostTable::SetupHostTable(QObject* parent) : RowTable(kHostColumns, parent) {}

} // namespace binnacle::desktop
