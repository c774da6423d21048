// SPDX-License-Identifier: Apache-2.0
// What the API server lets us do, and the agents behind it.
#include "core/kube/api/api_client.h"
#include "core/kube/api/internal/json.h"
#include "core/kube/credentials/printable.h"
#include "core/kube/diagnose/internal/knowledge.h"
#include "core/kube/install/agent_manifests.h"
#include "core/kube/install/gateway_state.h"
#include "core/kube/install/installation.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace binnacle::kube {
namespace {

constexpr int kBothVerbsSince = 35; // 1.35: a WebSocket needs `create` as well (AuthorizePodWebsocketUpgradeCreatePermission)
constexpr std::size_t kMostAsked = 10; // agents whose clock is read
constexpr Nanoseconds kFarOff = std::chrono::seconds(2);
constexpr std::string_view kNextLogin = "Log in again; `binnacle diagnose --from credentials` begins with the credentials.";

ResourcePath reviews(const char* group, const char* version, const char* plural) { return {.kind = {group, version, plural}}; }

struct Right {
    const char* verb;
    const char* resource;
    const char* subresource;
    bool isAllowed = false;
};

Result<bool> mayI(const Diagnosis::Knowledge& known, const Right& right, const Cancellation& cancellation)
{
    const Json asked{{"verb", right.verb}, {"resource", right.resource}, {"subresource", right.subresource}, {"namespace", known.wish.agentNamespace}};
    const Json review{{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"}, {"spec", {{"resourceAttributes", asked}}}};
    const auto answer = ApiClient(*known.client).send(ApiCall::create(reviews("authorization.k8s.io", "v1", "selfsubjectaccessreviews"), review.dump()), cancellation);
    if (!answer)
        return std::unexpected(answer.error());
    const Json object = parseJson(*answer);
    const Json& allowed = memberOf(memberOf(object, "status"), "allowed");
    return allowed.is_boolean() && allowed.get<bool>();
}

std::string wordsFor(const Right& right)
{
    return std::string(right.verb) + ' ' + right.resource + (*right.subresource ? "/" + std::string(right.subresource) : "");
}

/// What an administrator applies; the same as deploy/kustomize/base/user-role.yaml.
std::string manifestFor(const std::string& agentNamespace)
{
    const std::string place = "  name: binnacle-user\n  namespace: " + agentNamespace + "\n";
    return "Somebody who may grant rights applies this, with your name as the subject:\n"
           "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n" + place +
           "rules:\n"
           "  - {apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}\n"
           "  - {apiGroups: [\"\"], resources: [pods/portforward], verbs: [get, create]}\n"
           "---\n"
           "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n" + place +
           "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: binnacle-user}\n"
           "subjects:\n  - {apiGroup: rbac.authorization.k8s.io, kind: User, name: YOUR-NAME}\n";
}

void tellUser(const Json& review, DiagnosisStep& step)
{
    const Json& user = memberOf(memberOf(review, "status"), "userInfo");
    std::string groups;
    for (const Json& group : memberOf(user, "groups").is_array() ? memberOf(user, "groups") : itemsOf(user))
        groups += (groups.empty() ? "" : ", ") + (group.is_string() ? group.get<std::string>() : std::string());
    const std::string name = textAt(user, "username");
    step.found.push_back("you are " + printable(name) + (groups.empty() ? "" : ", of " + printable(groups)));
    if (name == "system:anonymous")
        warn(step, "the server takes you for nobody: this context's user has no credentials that it knows", std::string(kNextLogin));
}

/// One line an agent's pod; those that run are remembered.
void takeAgents(Diagnosis::Knowledge& known, const ListAnswer& pods, DiagnosisStep& step, std::set<std::string>& nodesWithAgent)
{
    for (const std::string& item : pods.items) {
        const auto pod = agentPodOf(parseJson(item));
        if (!pod || pod->isEnding)
            continue;
        step.found.push_back(pod->port.pod + " on " + (pod->node.empty() ? "no node yet" : pod->node) + ", image " + printable(pod->image)
                             + (pod->trouble.empty() ? pod->isReady ? ", ready" : ", not ready yet" : ": " + printable(pod->trouble)));
        nodesWithAgent.insert(pod->node);
        if (pod->trouble.empty())
            known.agents.push_back(*pod);
        else
            warn(step, pod->port.pod + " does not run: " + printable(pod->trouble), "Look at it with `kubectl -n " + pod->port.namespaceName + " describe pod " + pod->port.pod + "`.");
    }
}

/// The handshake refuses those that are too old; older ones are told as well, since another installation brings them up.
void tellVersions(const ListAnswer& pods, DiagnosisStep& step)
{
    std::set<std::string> older;
    for (const std::string& item : pods.items) {
        const Json pod = parseJson(item);
        const std::string version = textAt(memberOf(memberOf(pod, "metadata"), "labels"), "app.kubernetes.io/version");
        if (isOlder(version, installedVersion()))
            older.insert(version);
    }
    for (const std::string& version : older) {
        const std::string sentence = "agents of version " + printable(version) + " are older than this program, " + std::string(installedVersion());
        step.needsInstall = true;
        if (skewOf(version, installedVersion()) == Skew::AgentTooOld)
            warn(step, sentence + ", by more than one minor version", "Upgrade them with `binnacle install`.");
        else
            step.found.push_back(sentence + ", and fit; `binnacle install` upgrades them");
    }
}

/// What is known without a right to look at Deployments: its pods.
void tellGateway(const Diagnosis::Knowledge& known, std::size_t hosts, DiagnosisStep& step, const Cancellation& cancellation)
{
    ListQuery query;
    query.collection = {.kind = {"", "v1", "pods"}, .namespaceName = known.wish.agentNamespace};
    query.labelSelector = kGatewaySelector;
    const auto pods = ApiClient(*known.client).list(query, cancellation);
    if (!pods)
        return step.found.push_back("whether there is a gateway is not known: " + printable(pods.error().what));
    std::string list;
    for (const std::string& item : pods->items)
        list += (list.empty() ? "" : ",") + item;
    const auto gateway = gatewayOfPods("{\"items\":[" + list + "]}");
    step.found.push_back(printable(wordsOf(gateway)));
    if (std::string advice = adviceFor(gateway, hosts, known.wish.agentNamespace); !advice.empty())
        warn(step, advice);
}

/// How many hosts there are; nothing when that may not be asked.
std::optional<std::size_t> tellNodes(const Diagnosis::Knowledge& known, const std::set<std::string>& nodesWithAgent, DiagnosisStep& step, const Cancellation& cancellation)
{
    ListQuery query;
    query.collection = {.kind = {"", "v1", "nodes"}};
    const auto nodes = ApiClient(*known.client).list(query, cancellation);
    if (!nodes) {
        step.found.push_back("hosts without an agent are not known: you may not list nodes, which Binnacle does not need otherwise");
        return std::nullopt;
    }
    std::string without;
    for (const std::string& item : nodes->items) {
        const Json node = parseJson(item);
        const std::string name = textAt(memberOf(node, "metadata"), "name");
        const std::string kernel = textAt(memberOf(memberOf(node, "status"), "nodeInfo"), "kernelVersion");
        if (!kernel.empty())
            step.found.push_back("node " + name + ": Linux " + printable(kernel));
        if (!nodesWithAgent.contains(name))
            without += (without.empty() ? "" : ", ") + name;
    }
    if (!without.empty())
        warn(step, "no agent on: " + without, "See why with `kubectl -n " + known.wish.agentNamespace + " describe daemonset binnacle-agent` (taints, node selectors, architecture).");
    return nodes->items.size();
}

} // namespace

void checkAuthentication(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    ApiClient api(*known.client);
    for (const char* version : {"v1", "v1beta1"}) { // 1.28, 1.27
        const Json review{{"apiVersion", std::string("authentication.k8s.io/") + version}, {"kind", "SelfSubjectReview"}};
        const auto answer = api.send(ApiCall::create(reviews("authentication.k8s.io", version, "selfsubjectreviews"), review.dump()), cancellation);
        if (answer)
            return tellUser(parseJson(*answer), step);
        if (answer.error().code != ErrorCode::NotFound)
            return fail(step, answer.error().what, std::string(kNextLogin));
    }
    // Older servers do not say who one is; that they take the credentials at all shows in any answer.
    const auto allowed = mayI(known, {"list", "pods", ""}, cancellation);
    if (!allowed)
        return fail(step, allowed.error().what, std::string(kNextLogin));
    step.found.emplace_back("the credentials are accepted; a server before 1.27 does not say for whom");
}

void checkRights(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    std::vector<Right> rights{{"list", "pods", ""}, {"watch", "pods", ""}, {"get", "pods", "portforward"}, {"create", "pods", "portforward"}};
    for (Right& right : rights) {
        const auto allowed = mayI(known, right, cancellation);
        if (!allowed)
            return fail(step, allowed.error().what);
        right.isAllowed = *allowed;
        step.found.push_back((*allowed ? "may " : "may not ") + wordsFor(right) + " in namespace " + known.wish.agentNamespace);
    }
    std::string missing;
    for (const Right& right : rights)
        missing += right.isAllowed ? "" : (missing.empty() ? "" : ", ") + wordsFor(right);
    if (missing.empty())
        return;
    // One of the two verbs is enough on some ways: SPDY needs `create`; a WebSocket before 1.35 needs `get`.
    const bool wayBySpdy = rights[3].isAllowed;
    const bool wayByWebSocket = rights[2].isAllowed && known.serverMinor > 0 && known.serverMinor < kBothVerbsSince;
    const std::string why = "missing in namespace " + known.wish.agentNamespace + ": " + missing;
    if (rights[0].isAllowed && rights[1].isAllowed && (wayBySpdy || wayByWebSocket))
        warn(step, why + "; " + (wayBySpdy ? "the older SPDY protocol is used instead" : "from Kubernetes 1.35 on it will not be enough"), manifestFor(known.wish.agentNamespace));
    else
        fail(step, why, manifestFor(known.wish.agentNamespace));
}

void checkAgents(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    known.agents.clear();
    ListQuery query;
    query.collection = {.kind = {"", "v1", "pods"}, .namespaceName = known.wish.agentNamespace};
    query.labelSelector = AgentPod::kLabels;
    const auto pods = ApiClient(*known.client).list(query, cancellation);
    if (!pods)
        return fail(step, pods.error().what, "The step `rbac` shows which right is missing.");
    std::set<std::string> nodesWithAgent;
    takeAgents(known, *pods, step, nodesWithAgent);
    if (known.agents.empty()) {
        const std::string why = pods->items.empty() ? "no pod with the label " + std::string(AgentPod::kLabels) + " is in namespace " + known.wish.agentNamespace
                                                    : "no agent runs: " + step.why;
        step.needsInstall = pods->items.empty();
        return fail(step, why, step.needsInstall ? "Install the agents with `binnacle install`, or name their namespace with --namespace." : step.next);
    }
    tellVersions(*pods, step);
    const auto hosts = tellNodes(known, nodesWithAgent, step, cancellation);
    tellGateway(known, hosts.value_or(nodesWithAgent.size()), step, cancellation);
}

void checkClock(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    std::size_t answers = 0;
    const std::size_t asked = std::min(known.agents.size(), kMostAsked);
    for (std::size_t i = 0; i < asked && !cancellation.isCancelled(); ++i) {
        const AgentPod& pod = known.agents[i];
        const auto answer = known.tools.askAgent(*known.client, pod.port, cancellation);
        if (!answer) {
            const bool isDenied = answer.error().code == ErrorCode::Denied;
            warn(step, pod.port.pod + ": " + answer.error().what,
                 isDenied ? "The step `rbac` shows which right is missing." : "Look at its log with `kubectl -n " + pod.port.namespaceName + " logs " + pod.port.pod + "`.");
            continue;
        }
        ++answers;
        const auto milliseconds = [](Nanoseconds time) { return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()); };
        step.found.push_back(printable(answer->host) + ": agent " + printable(answer->version) + ", Linux " + printable(answer->kernel) + ", clock "
                             + milliseconds(answer->offset) + " ms from this machine's (± " + milliseconds(answer->error) + " ms)");
        if (answer->offset > kFarOff + answer->error || answer->offset < -kFarOff - answer->error)
            warn(step, "the clock of " + printable(answer->host) + " is far from this machine's; sessions go by the agents' clocks", "Check time synchronisation here and there.");
    }
    if (known.agents.size() > asked)
        step.found.push_back(std::to_string(known.agents.size() - asked) + " more agents were not asked");
    if (answers == 0)
        step.state = StepState::Failed;
}

} // namespace binnacle::kube
