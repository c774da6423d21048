// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/pod_progress.h"

#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace binnacle::kube {
namespace {

using State = InstalledAgent::State;

struct Told {
    State state = State::Starting;
    std::string sentence;
};

std::string lowered(std::string_view text)
{
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return lower;
}

const Json& conditionOf(const Json& pod, std::string_view type)
{
    static const Json kNone;
    for (const Json& condition : itemsAt(pod, "/status/conditions")) {
        if (textAt(condition, "/type") == type)
            return condition;
    }
    return kNone;
}

std::string withMessage(std::string sentence, const std::string& message)
{
    return message.empty() ? sentence : sentence + " (" + message + ')';
}

Told tellWaiting(const Json& status, const std::string& image)
{
    const std::string reason = textAt(status, "/state/waiting/reason");
    const std::string message = textAt(status, "/state/waiting/message");
    if (reason == "ImagePullBackOff" || reason == "ErrImagePull" || reason == "ImageInspectError" || reason == "RegistryUnavailable")
        return {State::Stuck, withMessage("the image " + image + " cannot be pulled: name one that the host reaches with --image, and --image-pull-secret if it asks "
                                          "for a password", message)};
    if (reason == "ErrImageNeverPull")
        return {State::Stuck, "the image " + image + " is not on the host, and --image-pull-policy Never forbids pulling it: import it there"};
    if (reason == "InvalidImageName")
        return {State::Stuck, "`" + image + "` is no name of an image: say --image again"};
    if (reason == "CrashLoopBackOff")
        return {State::Stuck, "the agent ends again and again; its last words follow"};
    if (reason == "CreateContainerConfigError" || reason == "CreateContainerError" || reason == "RunContainerError")
        return {State::Stuck, withMessage("the host cannot start the container", message)};
    return {State::Starting, reason == "ContainerCreating" || reason.empty() ? "pulling the image and making the container" : withMessage(reason, message)};
}

Told tellTerminated(const Json& status)
{
    const Json& ended = at(status, "/state/terminated");
    const std::string reason = textAt(ended, "/reason");
    if (reason == "OOMKilled")
        return {State::Stuck, "the kernel ended the agent for its memory: give it more (limits in deploy/), and report it"};
    return {State::Stuck, "the agent ended with status " + std::to_string(numberAt(ended, "/exitCode")) + "; its last words follow"};
}

Told tellRunning(const Json& pod, const Json& status)
{
    if (textAt(conditionOf(pod, "Ready"), "/status") == "True")
        return {State::Ready, "collects"};
    if (numberAt(status, "/restartCount") > 2)
        return {State::Stuck, "runs, was restarted " + std::to_string(numberAt(status, "/restartCount")) + " times, and does not collect; its last words follow"};
    return {State::Starting, "runs; waiting for its first second of data"};
}

Told tellUnscheduled(const Json& pod)
{
    const Json& scheduled = conditionOf(pod, "PodScheduled");
    const std::string message = textAt(scheduled, "/message");
    if (textAt(scheduled, "/reason") == "Unschedulable") {
        const bool lacksRoom = message.contains("Insufficient");
        return {State::Stuck, withMessage(lacksRoom ? "there is no room on the host; --priority-class system-node-critical would make some" : "no host takes the pod",
                                          message)};
    }
    return {State::Starting, "waiting for the scheduler"};
}

Told tell(const Json& pod, const Json& status, const std::string& image)
{
    if (at(pod, "/metadata/deletionTimestamp").is_string())
        return {State::Leaving, "is being ended"};
    if (textAt(pod, "/status/phase") == "Failed") {
        const std::string reason = textAt(pod, "/status/reason");
        return {State::Stuck, withMessage(reason.empty() ? "failed" : reason, textAt(pod, "/status/message"))};
    }
    if (textAt(pod, "/spec/nodeName").empty())
        return tellUnscheduled(pod);
    if (at(status, "/state/running").is_object())
        return tellRunning(pod, status);
    if (at(status, "/state/terminated").is_object())
        return tellTerminated(status);
    return tellWaiting(status, image);
}

/// A pod of a DaemonSet is bound to its host by affinity, and names it there before the scheduler does.
std::string hostOf(const Json& pod)
{
    if (std::string host = textAt(pod, "/spec/nodeName"); !host.empty())
        return host;
    const std::string road = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
    return textAt(pod, road.c_str());
}

InstalledAgent podFrom(const Json& pod, long long generation)
{
    static const Json kNone;
    const Json& status = at(pod, "/status/containerStatuses/0");
    InstalledAgent agent;
    agent.host = hostOf(pod);
    agent.pod = textAt(pod, "/metadata/name");
    agent.uid = textAt(pod, "/metadata/uid");
    agent.image = textAt(pod, "/spec/containers/0/image");
    agent.version = textAt(pod, "/metadata/labels/app.kubernetes.io~1version");
    agent.restarts = static_cast<int>(numberAt(status, "/restartCount"));
    agent.hasLastWords = at(status, "/lastState/terminated").is_object() || at(status, "/state/terminated").is_object();
    const std::string own = textAt(pod, "/metadata/labels/pod-template-generation");
    agent.isOutdated = generation != 0 && !own.empty() && own != std::to_string(generation);
    Told told = tell(pod, status, agent.image);
    agent.state = told.state;
    agent.sentence = std::move(told.sentence);
    return agent;
}

std::string troubleOf(const std::string& message)
{
    const std::string lower = lowered(message);
    if (lower.contains("violates podsecurity"))
        return "PodSecurity refuses the pods: label the namespace pod-security.kubernetes.io/enforce=privileged (hostPID needs that level), or ask whoever set the "
               "level. " + message;
    if (lower.contains("admission webhook") || lower.contains("denied the request"))
        return "a policy of the cluster refuses the pods: ask its owner for an exception for this namespace. " + message;
    if (lower.contains("security context constraint"))
        return "OpenShift refuses the pods: install with --openshift. " + message;
    if (lower.contains("quota"))
        return "a quota refuses the pods: raise it for this namespace. " + message;
    return "the pods cannot be made. " + message;
}

} // namespace

std::vector<InstalledAgent> agentPods(std::string_view podList, long long generation)
{
    std::vector<InstalledAgent> pods;
    const Json list = readJson(podList);
    for (const Json& pod : itemsAt(list, "/items"))
        pods.push_back(podFrom(pod, generation));
    std::ranges::sort(pods, [](const InstalledAgent& a, const InstalledAgent& b) { return std::tie(a.host, a.pod) < std::tie(b.host, b.pod); });
    return pods;
}

std::vector<std::string> creationTroubles(std::string_view eventList)
{
    std::vector<std::pair<std::string, std::string>> found; // when, what
    const Json list = readJson(eventList);
    for (const Json& event : itemsAt(list, "/items")) {
        if (textAt(event, "/reason") == "FailedCreate" && textAt(event, "/involvedObject/kind") == "DaemonSet")
            found.emplace_back(textAt(event, "/lastTimestamp"), troubleOf(textAt(event, "/message")));
    }
    std::ranges::sort(found, std::greater{});
    std::vector<std::string> sentences;
    for (auto& [when, sentence] : found) {
        if (std::ranges::find(sentences, sentence) == sentences.end())
            sentences.push_back(std::move(sentence));
    }
    return sentences;
}

std::string adviceForLog(std::string_view log)
{
    const std::string lower = lowered(log);
    if (lower.contains("operation not permitted") || lower.contains("permission denied"))
        return "The kernel refuses these capabilities: install again with --hardened-kernels, and see whether a seccomp, AppArmor or SELinux profile is at work.";
    if (lower.contains("btf"))
        return "The kernel carries no BTF: it was built without CONFIG_DEBUG_INFO_BTF. Use a kernel that has it, or leave the host out with --node-selector.";
    if (lower.contains("exec format error"))
        return "The image is of another architecture than the host: build it for both (deploy/image).";
    return {};
}

} // namespace binnacle::kube
