// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/install_text.h"

#include "desktop/cli/table.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace binnacle::desktop {

namespace {

using kube::HostCoverage;
using kube::HostStatus;
using kube::InstalledAgent;
using kube::ObjectChange;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostHosts = 20; // named one by one; the rest is counted

const char* wordOf(ObjectChange::Kind kind)
{
    switch (kind) {
    case ObjectChange::Kind::Create: return "create";
    case ObjectChange::Kind::Change: return "change";
    case ObjectChange::Kind::Unchanged: return "unchanged";
    case ObjectChange::Kind::Remove: return "remove";
    }
    return "";
}

/// What came from a cluster must not steer the terminal; line ends stay.
std::string printable(std::string text)
{
    std::replace_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }, '?');
    return text;
}

std::string indented(const std::string& text, const std::string& indent)
{
    std::string out;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        out += indent + text.substr(start, end - start) + '\n';
        start = end + 1;
    }
    return out;
}

std::string changesText(const std::vector<ObjectChange>& changes)
{
    std::string text;
    for (const ObjectChange& change : changes) {
        const std::string word = wordOf(change.kind);
        text += "  " + word + std::string(11 - word.size(), ' ') + change.object.words() + '\n';
        for (const kube::FieldChange& field : change.fields)
            text += "               " + field.path + ": " + (field.before.empty() ? "–" : field.before) + " → " + (field.after.empty() ? "–" : field.after) + '\n';
    }
    return text;
}

std::string hostsText(const std::vector<HostCoverage>& hosts)
{
    const auto covered = std::ranges::count(hosts, HostCoverage::Verdict::Covered, &HostCoverage::verdict);
    std::string text = "Hosts: " + std::to_string(covered) + " of " + std::to_string(hosts.size()) + " get an agent that works now.\n";
    std::size_t named = 0;
    for (const HostCoverage& host : hosts) {
        if (host.verdict == HostCoverage::Verdict::Covered)
            continue;
        if (named++ < kMostHosts)
            text += "  " + host.host + ": " + host.reason + '\n';
    }
    return named > kMostHosts ? text + "  and " + std::to_string(named - kMostHosts) + " more\n" : text;
}

std::string lineOf(const InstalledAgent& pod)
{
    return "  " + (pod.host.empty() ? pod.pod : pod.host) + ": " + pod.sentence + '\n';
}

} // namespace

std::string planText(const kube::InstallPlan& plan)
{
    std::string text = changesText(plan.changes);
    if (!plan.hosts.empty())
        text += hostsText(plan.hosts);
    for (const std::string& note : plan.notes)
        text += "Note: " + note + ".\n";
    return printable(text);
}

std::string missingText(const std::vector<kube::Permission>& missing)
{
    Table table({{"you may not", {}}, {"which is needed to", {}}});
    for (const kube::Permission& permission : missing)
        table.add({permission.words(), permission.purpose});
    return table.text()
           + "\nAn administrator can install for you: `binnacle install … --print | kubectl apply --server-side -f -` with the same options, or let you do it by "
             "binding this to you:\n\n"
           + kube::roleThatGrants(missing);
}

std::string progressText(const kube::Rollout& now, const kube::Rollout& before)
{
    std::string text;
    for (const InstalledAgent& pod : now.agents) {
        const bool isKnown = std::ranges::any_of(before.agents, [&](const InstalledAgent& old) { return old.pod == pod.pod && old.sentence == pod.sentence; });
        if (!isKnown)
            text += lineOf(pod);
    }
    for (const std::string& trouble : now.troubles) {
        if (std::ranges::find(before.troubles, trouble) == before.troubles.end())
            text += "  " + trouble + '\n';
    }
    if (now.ready != before.ready || now.desired != before.desired)
        text += std::to_string(now.ready) + " of " + std::to_string(now.desired) + " agents collect\n";
    return printable(text);
}

std::string rolloutText(const kube::Rollout& rollout)
{
    std::string text = std::to_string(rollout.ready) + " of " + std::to_string(rollout.desired) + " agents collect";
    text += rollout.agents.empty() && rollout.troubles.empty() ? "; no pod was made yet\n" : "\n";
    for (const std::string& trouble : rollout.troubles)
        text += "  " + trouble + '\n';
    for (const InstalledAgent& pod : rollout.agents) {
        if (pod.state == InstalledAgent::State::Ready && !pod.isOutdated)
            continue;
        text += lineOf(pod);
        if (const auto words = rollout.lastWords.find(pod.pod); words != rollout.lastWords.end())
            text += indented(words->second, "    | ");
    }
    return printable(text);
}

std::string statusText(const kube::Installation& installation, const std::vector<HostStatus>& hosts)
{
    const auto collecting = std::ranges::count(hosts, true, &HostStatus::collects);
    std::string text = std::to_string(collecting) + " of " + std::to_string(installation.desired) + " agents collect; version " + installation.version + ", image "
                       + installation.image + ", namespace " + installation.nameSpace
                       + (installation.installedBy.empty() ? "" : ", installed by " + installation.installedBy) + '\n' + kube::wordsOf(installation.gateway) + '\n';
    if (const std::string advice = kube::adviceFor(installation.gateway, kube::hostsIn(hosts), installation.nameSpace); !advice.empty())
        text += advice + '\n';
    text += '\n';
    Table table({{"host", {}}, {"kernel", {}}, {"version", {}}, {"agent", {}}, {"pod", {}}, {"", {}}});
    for (const HostStatus& host : hosts) {
        const std::string skew = kube::adviceFor(host.skew);
        table.add({host.host, host.kernel, host.version, host.state, host.pod, host.detail + (host.detail.empty() || skew.empty() ? "" : "; ") + skew});
    }
    return printable(text) + table.text();
}

namespace {

Json gatewayJson(const kube::Installation& installation, std::size_t hosts)
{
    const std::string advice = kube::adviceFor(installation.gateway, hosts, installation.nameSpace);
    Json object{{"installed", installation.gateway.has_value()}, {"advice", advice.empty() ? Json() : Json(advice)}};
    if (installation.gateway)
        object.update({{"version", installation.gateway->version}, {"image", installation.gateway->image}, {"replicas", installation.gateway->desired}, {"ready", installation.gateway->ready}});
    return object;
}

} // namespace

std::string statusJson(const kube::Installation& installation, const std::vector<HostStatus>& hosts, std::string_view ownVersion)
{
    static constexpr const char* kSkews[] = {"same", "fits", "agent_too_old", "agent_too_new", "unknown"};
    const auto orNull = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    Json rows = Json::array();
    for (const HostStatus& host : hosts)
        rows.push_back({{"host", host.host}, {"kernel", orNull(host.kernel)}, {"version", orNull(host.version)}, {"state", host.state}, {"collects", host.collects},
                        {"pod", orNull(host.pod)}, {"skew", host.pod.empty() ? Json() : Json(kSkews[static_cast<int>(host.skew)])}, {"detail", orNull(host.detail)}});
    return Json{{"schema", "binnacle.status/1"}, {"namespace", installation.nameSpace}, {"installed_by", orNull(installation.installedBy)},
                {"version", orNull(installation.version)}, {"own_version", ownVersion}, {"image", orNull(installation.image)}, {"desired", installation.desired},
                {"collecting", std::ranges::count(hosts, true, &HostStatus::collects)}, {"gateway", gatewayJson(installation, kube::hostsIn(hosts))}, {"hosts", rows}}.dump(2) + '\n';
}

std::string uninstallText(const kube::UninstallPlan& plan)
{
    std::string text;
    for (const kube::OwnedObject& one : plan.objects)
        text += "  delete     " + one.object.words() + '\n';
    for (const kube::UninstallPlan::Kept& kept : plan.kept)
        text += "  keep       " + kept.object.words() + ": " + kept.reason + '\n';
    for (const std::string& leftover : plan.leftovers)
        text += "  left over  " + leftover + '\n';
    return printable(text);
}

} // namespace binnacle::desktop
