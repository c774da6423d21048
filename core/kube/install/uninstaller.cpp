// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/uninstaller.h"

#include "core/kube/install/internal/ownership.h"

#include <algorithm>
#include <array>
#include <utility>

namespace binnacle::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenLooks = 500ms;

/// What a namespace may hold that people would miss; controllers' own children have owners and do not count.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kWatched{{
    {"Pod", "/api/v1/namespaces/NS/pods"},
    {"ConfigMap", "/api/v1/namespaces/NS/configmaps"},
    {"Secret", "/api/v1/namespaces/NS/secrets"},
    {"Service", "/api/v1/namespaces/NS/services"},
    {"PersistentVolumeClaim", "/api/v1/namespaces/NS/persistentvolumeclaims"},
    {"ServiceAccount", "/api/v1/namespaces/NS/serviceaccounts"},
    {"Deployment", "/apis/apps/v1/namespaces/NS/deployments"},
    {"StatefulSet", "/apis/apps/v1/namespaces/NS/statefulsets"},
    {"DaemonSet", "/apis/apps/v1/namespaces/NS/daemonsets"},
    {"Job", "/apis/batch/v1/namespaces/NS/jobs"},
    {"Ingress", "/apis/networking.k8s.io/v1/namespaces/NS/ingresses"},
    {"RoleBinding", "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings"},
}};

std::string inNamespace(std::string_view path, const std::string& nameSpace)
{
    std::string out(path);
    return out.replace(out.find("NS"), 2, nameSpace);
}

std::string ownerOf(const Json& object)
{
    for (const Json& entry : itemsAt(object, "/metadata/managedFields")) {
        if (const std::string manager = textAt(entry, "/manager"); !manager.empty())
            return manager;
    }
    return "someone else";
}

/// Made by Kubernetes or OpenShift in every namespace.
bool comesByItself(std::string_view kind, const Json& object)
{
    static constexpr std::string_view kNames[] = {"kube-root-ca.crt", "openshift-service-ca.crt", "default", "builder", "deployer"};
    const std::string name = textAt(object, "/metadata/name");
    const std::string type = textAt(object, "/type");
    return std::ranges::find(kNames, name) != std::end(kNames) || at(object, "/metadata/ownerReferences").is_array()
           || type == "kubernetes.io/service-account-token" || type == "kubernetes.io/dockercfg" || (kind == "RoleBinding" && name.starts_with("system:"));
}

std::string reasonItStays(const std::string& object)
{
    const Json live = readJson(object);
    const Json& finalizers = at(live, "/metadata/finalizers");
    if (finalizers.is_array() && !finalizers.empty())
        return "waits for its finalizer " + finalizers.front().dump();
    for (const Json& condition : itemsAt(live, "/status/conditions")) {
        if (textAt(condition, "/status") == "True" && !textAt(condition, "/message").empty())
            return textAt(condition, "/message");
    }
    return "is still being deleted";
}

} // namespace

Uninstaller::Uninstaller(ClusterApi& api, std::string nameSpace, Pace pace, Cancellation cancellation)
    : m_api(api), m_nameSpace(std::move(nameSpace)), m_pace(std::move(pace)), m_cancellation(std::move(cancellation))
{
}

Result<void> Uninstaller::addKind(std::string_view kind, UninstallPlan& plan)
{
    const std::string nameSpace = factsOf(kind).isNamespaced ? m_nameSpace : std::string();
    const std::string selector = "?labelSelector=" + percentEncoded(std::string(kPartOfLabel) + '=' + std::string(kPartOf));
    const auto found = list(m_api, pathOf({std::string(kind), nameSpace, ""}) + selector);
    if (!found && found.error().code == ErrorCode::NotFound)
        return {}; // a kind that this cluster does not have
    if (!found)
        return std::unexpected(Error(found.error()).within("listing " + std::string(factsOf(kind).plural)));
    const Json objects = readJson(*found);
    for (const Json& object : itemsAt(objects, "/items")) {
        const ObjectName name{std::string(kind), nameSpace, textAt(object, "/metadata/name")};
        if (isApplied(object))
            plan.objects.push_back({name, textAt(object, "/metadata/uid")});
        else
            plan.kept.push_back({name, "was not installed by `binnacle` but by " + ownerOf(object)});
        if (const std::string folder = textAt(object, "/spec/template/spec/volumes/0/hostPath/path"); !folder.empty())
            plan.leftovers.push_back("the buffer in " + folder + " of each host: delete the folder there");
    }
    return {};
}

/// Agents make them while they run, so that they carry no field of ours; in a namespace that stays they would stay too.
Result<void> Uninstaller::addLeases(UninstallPlan& plan)
{
    const auto found = list(m_api, pathOf({"Lease", m_nameSpace, ""}));
    if (!found)
        return {}; // whoever may not list them may not have a namespace to leave them in either
    const Json leases = readJson(*found);
    for (const Json& lease : itemsAt(leases, "/items")) {
        if (const std::string name = textAt(lease, "/metadata/name"); name.starts_with("binnacle-"))
            plan.objects.push_back({{"Lease", m_nameSpace, name}, textAt(lease, "/metadata/uid")});
    }
    return {};
}

Result<std::vector<std::string>> Uninstaller::strangersIn()
{
    std::vector<std::string> strangers;
    for (const auto& [kind, path] : kWatched) {
        const auto found = list(m_api, inNamespace(path, m_nameSpace));
        if (!found && found.error().code == ErrorCode::NotFound)
            continue;
        if (!found)
            return std::unexpected(found.error());
        const Json objects = readJson(*found);
        for (const Json& object : itemsAt(objects, "/items")) {
            if (!hasLabel(object) && !comesByItself(kind, object))
                strangers.push_back(std::string(kind) + ' ' + textAt(object, "/metadata/name"));
        }
    }
    return strangers;
}

Result<void> Uninstaller::addNamespace(UninstallPlan& plan)
{
    const ObjectName name{"Namespace", "", m_nameSpace};
    const auto live = find(m_api, pathOf(name));
    if (!live)
        return std::unexpected(Error(live.error()).within("looking at " + name.words()));
    if (!*live)
        return {};
    const Json object = readJson(**live);
    if (!isApplied(object) || !hasLabel(object)) {
        plan.kept.push_back({name, "was not made by `binnacle`"});
        return {};
    }
    const auto strangers = strangersIn();
    if (!strangers) {
        plan.kept.push_back({name, "whether it holds something else cannot be seen (" + strangers.error().what + ")"});
        return {};
    }
    if (!strangers->empty()) {
        std::string all;
        for (const std::string& stranger : *strangers)
            all += (all.empty() ? "" : ", ") + stranger;
        plan.kept.push_back({name, "holds what is not ours: " + all + ". `kubectl delete namespace " + m_nameSpace + "` takes it all away"});
        return {};
    }
    plan.objects.push_back({name, textAt(object, "/metadata/uid")});
    return {};
}

Result<UninstallPlan> Uninstaller::plan()
{
    UninstallPlan plan;
    const std::vector<KindFacts>& kinds = installedKinds();
    for (auto facts = kinds.rbegin(); facts != kinds.rend(); ++facts) {
        if (facts->kind == "Lease") {
            BN_TRY(addLeases(plan));
        } else if (facts->kind != "Namespace") {
            BN_TRY(addKind(facts->kind, plan));
        }
    }
    BN_TRY(addNamespace(plan));
    return plan;
}

void Uninstaller::deleteSuccessor(OwnedObject& one, const std::string& live)
{
    const std::string uid = textAt(readJson(live), "/metadata/uid");
    if (uid == std::exchange(one.uid, uid))
        return;
    (void)requestDeletion(m_api, one); // what comes of it is seen at the next look
}

Result<std::vector<UninstallPlan::Kept>> Uninstaller::remove(const UninstallPlan& plan, std::chrono::milliseconds patience,
                                                             const std::function<void(const ObjectName&)>& onGone)
{
    const auto begin = m_pace.now();
    std::vector<UninstallPlan::Kept> left;
    std::vector<OwnedObject> waiting;
    for (const OwnedObject& one : plan.objects) {
        const auto answer = requestDeletion(m_api, one);
        if (answer || answer.error().code == ErrorCode::NotFound)
            waiting.push_back(one);
        else
            left.push_back({one.object, answer.error().what});
    }
    while (!waiting.empty()) {
        const bool isLastLook = m_cancellation.isCancelled() || m_pace.now() - begin >= patience;
        bool agentsEnd = false; // and may make their Lease anew, to give it back
        std::vector<OwnedObject> still;
        for (OwnedObject& one : waiting) {
            const auto live = find(m_api, pathOf(one.object));
            const bool isGone = live && !*live;
            const bool isLease = one.object.kind == "Lease";
            agentsEnd |= one.object.kind == "DaemonSet" && !isGone;
            if (isGone && (isLastLook || !isLease || !agentsEnd)) {
                onGone(one.object);
            } else if (isLastLook) {
                left.push_back({one.object, live ? reasonItStays(**live) : live.error().what});
            } else {
                if (isLease && live && *live)
                    deleteSuccessor(one, **live);
                still.push_back(std::move(one));
            }
        }
        waiting = std::move(still);
        if (!waiting.empty())
            m_pace.wait(kBetweenLooks);
    }
    return left;
}

} // namespace binnacle::kube
