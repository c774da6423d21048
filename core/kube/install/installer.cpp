// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/installer.h"

#include "core/kube/install/internal/ownership.h"

#include <algorithm>
#include <charconv>
#include <thread>

namespace binnacle::kube {
namespace {

using namespace std::chrono_literals;

constexpr int kOldestMinor = 21;
constexpr auto kBetweenLooks = 1000ms;
constexpr auto kStuckFor = 60s; // nothing but troubles for so long: waiting longer helps nobody
constexpr const char* kApplyType = "application/apply-patch+yaml"; // JSON is YAML

std::string namespaceState(const std::optional<std::string>& live)
{
    return live ? textAt(readJson(*live), "/status/phase") : std::string("absent");
}

/// `21` of `"minor": "21+"`.
int minorOf(const Json& version)
{
    const std::string text = textAt(version, "/minor");
    int minor = 0;
    std::from_chars(text.data(), text.data() + text.size(), minor);
    return minor;
}

bool isExcused(const InstallPlan& plan, const std::string& host)
{
    return std::ranges::any_of(plan.hosts, [&](const HostCoverage& known) {
        return known.host == host && (known.verdict == HostCoverage::Verdict::Later || known.verdict == HostCoverage::Verdict::NotAble);
    });
}

int excusedHosts(const InstallPlan& plan)
{
    return static_cast<int>(std::ranges::count_if(plan.hosts, [&](const HostCoverage& host) { return isExcused(plan, host.host); }));
}

bool isSame(const Rollout& a, const Rollout& b)
{
    const auto words = [](const Rollout& rollout) {
        std::string all = std::to_string(rollout.desired);
        for (const InstalledAgent& pod : rollout.agents)
            all += '\n' + pod.pod + ' ' + pod.host + ' ' + pod.sentence;
        for (const std::string& trouble : rollout.troubles)
            all += '\n' + trouble;
        return all;
    };
    return words(a) == words(b);
}

bool onlyTroubles(const Rollout& rollout)
{
    if (rollout.agents.empty())
        return !rollout.troubles.empty();
    const bool anyStarting = std::ranges::any_of(rollout.agents, [](const InstalledAgent& pod) {
        return pod.state == InstalledAgent::State::Starting || pod.state == InstalledAgent::State::Leaving || pod.isOutdated;
    });
    return !anyStarting;
}

} // namespace

Pace realPace(const Cancellation& cancellation)
{
    return {[] { return std::chrono::steady_clock::now(); },
            [cancellation](std::chrono::milliseconds duration) {
                constexpr auto kStep = 50ms;
                for (auto left = duration; left > 0ms && !cancellation.isCancelled(); left -= kStep)
                    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(left, kStep));
            }};
}

bool InstallPlan::changesNothing() const
{
    return std::ranges::all_of(changes, [](const ObjectChange& change) { return change.kind == ObjectChange::Kind::Unchanged; });
}

Installer::Installer(ClusterApi& api, InstallOptions options, Pace pace, Cancellation cancellation)
    : m_api(api), m_options(std::move(options)), m_pace(std::move(pace)), m_cancellation(std::move(cancellation))
{
}

Result<void> Installer::cancelledNow() const
{
    if (m_cancellation.isCancelled())
        return failure(ErrorCode::Cancelled, "cancelled");
    return {};
}

Result<void> Installer::checkServer()
{
    const auto answer = kube::ask(m_api, {"GET", "/version", {}, {}});
    if (!answer)
        return std::unexpected(Error(answer.error()).within("asking for the server's version"));
    const Json version = readJson(*answer);
    if (textAt(version, "/major") == "1" && minorOf(version) < kOldestMinor)
        return failure(ErrorCode::Unsupported, "the server is Kubernetes " + textAt(version, "/gitVersion") + "; the oldest that Binnacle installs on is 1.21");
    return {};
}

/// What the cluster itself decides: old kernels among its hosts, OpenShift.
Result<void> Installer::chooseByCluster(InstallPlan& plan)
{
    const auto openShift = find(m_api, "/apis/security.openshift.io/v1");
    if (openShift && *openShift && m_options.distribution == InstallOptions::Distribution::Plain) {
        m_options.distribution = InstallOptions::Distribution::OpenShift;
        plan.notes.push_back("this is OpenShift: SecurityContextConstraints for the agents' account come with it");
    }
    const auto nodes = list(m_api, "/api/v1/nodes");
    if (!nodes) {
        if (nodes.error().code != ErrorCode::Denied)
            return std::unexpected(Error(nodes.error()).within("listing hosts"));
        plan.notes.push_back("you may not list hosts, so that those which get no agent cannot be named; kernels are taken to be 5.11 or newer");
        return {};
    }
    plan.hosts = hostCoverage(*nodes, m_options);
    if (hasOldKernels(plan.hosts) && !m_options.hasOldKernels) {
        m_options.hasOldKernels = true;
        plan.notes.push_back("a host has a kernel before 5.11: the agents get SYS_RESOURCE besides, to lift its limit on locked memory");
    }
    return {};
}

Result<void> Installer::checkElsewhere()
{
    const auto elsewhere = namespaceOfAgents(m_api);
    if (elsewhere && *elsewhere != m_options.nameSpace)
        return failure(ErrorCode::Invalid, "there are agents in namespace " + *elsewhere + " already, and one a host is enough: say --namespace " + *elsewhere
                                               + ", or uninstall them first");
    return {};
}

/// What this program installs with other options and these do not want, where it was applied by us: a re-installation without the gateway takes it away.
Result<void> Installer::findRemovals(InstallPlan& plan)
{
    InstallOptions everything = m_options;
    everything.hasGateway = true;
    everything.priorityClass.clear();
    const auto all = agentManifests(everything);
    if (!all)
        return std::unexpected(all.error());
    std::vector<Permission> needed;
    for (auto manifest = all->rbegin(); manifest != all->rend(); ++manifest) { // what was applied last goes first
        const ObjectName& object = manifest->object;
        if (std::ranges::find(plan.manifests, object, &Manifest::object) != plan.manifests.end())
            continue;
        BN_TRY(cancelledNow());
        const auto live = find(m_api, pathOf(object));
        if (!live && live.error().code == ErrorCode::Denied) {
            plan.notes.push_back("you may not look at " + object.words() + ": if an earlier installation left it, it stays");
            continue;
        }
        if (!live)
            return std::unexpected(Error(live.error()).within("looking at " + object.words()));
        const Json found = *live ? readJson(**live) : Json();
        if (!isApplied(found) || !hasLabel(found))
            continue;
        const KindFacts& facts = factsOf(object.kind);
        plan.removals.push_back({object, textAt(found, "/metadata/uid")});
        needed.push_back({std::string(facts.group), std::string(facts.plural), "delete", object.nameSpace, object.name, "remove " + object.words()});
    }
    if (needed.empty())
        return {};
    auto missing = missingPermissions(m_api, needed);
    if (!missing)
        return std::unexpected(missing.error());
    plan.missing = std::move(*missing);
    return {};
}

Result<ApiAnswer> Installer::patch(const Manifest& manifest, std::string_view dryRun)
{
    const std::string target = pathOf(manifest.object) + "?fieldManager=" + std::string(kFieldManager) + "&force=false" + std::string(dryRun);
    return m_api.ask({"PATCH", target, kApplyType, manifest.json});
}

Result<void> Installer::preview(InstallPlan& plan)
{
    std::string conflicts;
    bool hasNamespace = true;
    for (const Manifest& manifest : plan.manifests) {
        BN_TRY(cancelledNow());
        if (!hasNamespace && !manifest.object.nameSpace.empty()) {
            plan.changes.push_back({manifest.object, ObjectChange::Kind::Create, {}}); // a dry run has no namespace to put it into
            continue;
        }
        const auto live = find(m_api, pathOf(manifest.object));
        if (!live)
            return std::unexpected(Error(live.error()).within("looking at " + manifest.object.words()));
        if (manifest.object.kind == "Namespace") {
            hasNamespace = live->has_value();
            if (namespaceState(*live) == "Terminating")
                return failure(ErrorCode::Unavailable, "namespace " + m_options.nameSpace + " is being deleted: wait until it is gone, then install again");
        }
        const auto applied = patch(manifest, "&dryRun=All");
        if (!applied)
            return std::unexpected(Error(applied.error()).within("trying " + manifest.object.words()));
        if (applied->status == 409 && !conflictsOf(applied->body).empty())
            conflicts += (conflicts.empty() ? "" : "\n") + explain(manifest.object, conflictsOf(applied->body));
        else if (!applied->isFine())
            return std::unexpected(errorOf(*applied).within("the server would refuse " + manifest.object.words()));
        else
            plan.changes.push_back(compareObjects(manifest.object, *live, applied->body));
    }
    if (!conflicts.empty())
        return failure(ErrorCode::Denied, conflicts);
    return {};
}

Result<InstallPlan> Installer::plan()
{
    BN_TRY(checkOptions(m_options));
    BN_TRY(checkServer());
    InstallPlan plan;
    BN_TRY(chooseByCluster(plan));
    auto manifests = agentManifests(m_options);
    if (!manifests)
        return std::unexpected(manifests.error());
    plan.manifests = std::move(*manifests);
    auto missing = missingPermissions(m_api, permissionsToInstall(plan.manifests, m_options.nameSpace));
    if (!missing)
        return std::unexpected(missing.error());
    plan.missing = std::move(*missing);
    if (!plan.missing.empty())
        return plan;
    BN_TRY(checkElsewhere());
    BN_TRY(findRemovals(plan));
    if (!plan.missing.empty())
        return plan;
    BN_TRY(preview(plan));
    for (const OwnedObject& removal : plan.removals)
        plan.changes.push_back({removal.object, ObjectChange::Kind::Remove, {}});
    return plan;
}

Result<void> Installer::applyOne(const Manifest& manifest)
{
    const auto answer = patch(manifest, "");
    if (!answer)
        return failure(answer.error().code, "applying " + manifest.object.words() + ": " + answer.error().what);
    if (answer->isFine())
        return {};
    const auto conflicts = conflictsOf(answer->body);
    const Error refused = errorOf(*answer);
    return failure(refused.code, conflicts.empty() ? "applying " + manifest.object.words() + ": " + refused.what : explain(manifest.object, conflicts));
}

Result<void> Installer::apply(const InstallPlan& plan, const std::function<void(const ObjectChange&)>& onDone)
{
    for (std::size_t done = 0; done < plan.changes.size(); ++done) {
        const std::string before = "; " + std::to_string(done) + " of " + std::to_string(plan.changes.size())
                                   + " objects are applied: the same command goes on, `binnacle uninstall` takes them away";
        if (m_cancellation.isCancelled())
            return failure(ErrorCode::Cancelled, "cancelled" + before);
        if (done < plan.manifests.size()) {
            if (const auto applied = applyOne(plan.manifests[done]); !applied)
                return failure(applied.error().code, applied.error().what + before);
        } else {
            const OwnedObject& removal = plan.removals[done - plan.manifests.size()];
            const auto deleted = requestDeletion(m_api, removal);
            if (!deleted && deleted.error().code != ErrorCode::NotFound)
                return failure(deleted.error().code, "removing " + removal.object.words() + ": " + deleted.error().what + before);
        }
        onDone(plan.changes[done]);
    }
    return {};
}

void Installer::addWords(Rollout& rollout)
{
    const std::string pods = "/api/v1/namespaces/" + m_options.nameSpace + "/pods/";
    for (const InstalledAgent& pod : rollout.agents) {
        if (pod.state != InstalledAgent::State::Stuck || !pod.hasLastWords)
            continue;
        const auto log = kube::ask(m_api, {"GET", pods + pod.pod + "/log?container=agent&tailLines=8" + (pod.restarts > 0 ? "&previous=true" : ""), {}, {}});
        const std::string words = log ? *log : "(its log cannot be read: " + log.error().what + ")\n";
        const std::string advice = adviceForLog(words);
        rollout.lastWords[pod.pod] = words + (advice.empty() ? "" : advice + '\n');
    }
}

Result<Rollout> Installer::look(const InstallPlan& plan, const AgentProbe& probe)
{
    auto installation = readInstallation(m_api, m_options.nameSpace);
    if (!installation)
        return std::unexpected(installation.error());
    Rollout rollout;
    rollout.desired = installation->desired;
    bool allReady = installation->isObserved;
    int seen = 0;
    for (InstalledAgent& pod : installation->agents) {
        if (pod.state == InstalledAgent::State::Ready && !pod.isOutdated && probe) {
            const auto arrived = probe(pod);
            if (!arrived || !*arrived) {
                pod.state = InstalledAgent::State::Starting;
                pod.sentence = arrived ? "collects; its first batch has not arrived here yet" : "collects; " + arrived.error().what;
            }
        }
        const bool isReady = pod.state == InstalledAgent::State::Ready && !pod.isOutdated;
        rollout.ready += isReady ? 1 : 0;
        seen += isReady || !isExcused(plan, pod.host) ? 1 : 0;
        allReady = allReady && (isReady || isExcused(plan, pod.host));
    }
    rollout.agents = std::move(installation->agents);
    if (allReady && rollout.desired > 0 && seen >= rollout.desired - excusedHosts(plan))
        rollout.end = Rollout::End::Complete;
    if (static_cast<int>(rollout.agents.size()) < rollout.desired) {
        const auto events = list(m_api, "/api/v1/namespaces/" + m_options.nameSpace + "/events?fieldSelector="
                                            + percentEncoded("involvedObject.name=" + std::string(kAgentDaemonSet)));
        if (events) // without the permission the pods' own words must do
            rollout.troubles = creationTroubles(*events);
    }
    if (installation->isObserved && rollout.desired == 0)
        rollout.troubles.push_back("no host takes an agent: look at --node-selector and --tolerate");
    return rollout;
}

Result<Rollout> Installer::follow(const InstallPlan& plan, std::chrono::milliseconds patience, const AgentProbe& probe,
                                  const std::function<void(const Rollout&)>& onProgress)
{
    const auto begin = m_pace.now();
    auto moved = begin;
    std::optional<Rollout> last;
    while (true) {
        auto now = look(plan, probe);
        if (!now && m_cancellation.isCancelled()) { // it ended the question under way
            Rollout stopped = last.value_or(Rollout{});
            stopped.end = Rollout::End::Cancelled;
            return stopped;
        }
        if (!now)
            return std::unexpected(now.error());
        if (!last || !isSame(*last, *now)) {
            moved = m_pace.now();
            onProgress(*now);
        }
        if (now->end == Rollout::End::Running && m_cancellation.isCancelled())
            now->end = Rollout::End::Cancelled;
        else if (now->end == Rollout::End::Running && m_pace.now() - begin >= patience)
            now->end = Rollout::End::TimedOut;
        else if (now->end == Rollout::End::Running && onlyTroubles(*now) && m_pace.now() - moved >= kStuckFor)
            now->end = Rollout::End::Stuck;
        if (now->end != Rollout::End::Running) {
            addWords(*now);
            return std::move(*now);
        }
        last = std::move(*now);
        m_pace.wait(kBetweenLooks);
    }
}

} // namespace binnacle::kube
