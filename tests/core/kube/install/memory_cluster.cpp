// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/install/memory_cluster.h"

#include <algorithm>

namespace binnacle::tests {

using kube::ApiAnswer;
using kube::ApiQuestion;

namespace {

std::string unescaped(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
    }
    return out;
}

std::string parameter(const std::string& query, const std::string& name)
{
    const std::size_t start = ('&' + query).find('&' + name + '=');
    if (start == std::string::npos)
        return {};
    const std::string rest = query.substr(start + name.size() + 1);
    return unescaped(rest.substr(0, rest.find('&')));
}

bool hasLabel(const Json& object, const std::string& selector)
{
    if (selector.empty())
        return true;
    const std::size_t equals = selector.find('=');
    const Json labels = object["metadata"].value("labels", Json::object());
    return labels.value(selector.substr(0, equals), "") == selector.substr(equals + 1);
}

} // namespace

ApiAnswer refusal(int code, const std::string& reason, const std::string& message)
{
    return {code, Json{{"kind", "Status"}, {"status", "Failure"}, {"message", message}, {"reason", reason}, {"code", code}}.dump()};
}

MemoryCluster::MemoryCluster()
{
    script("GET /version", {200, R"({"major":"1","minor":"34","gitVersion":"v1.34.4"})"});
    script("GET /apis/security.openshift.io", refusal(404, "NotFound", "the server could not find the requested resource"));
}

void MemoryCluster::put(const std::string& path, Json object, const std::string& manager)
{
    object["metadata"]["uid"] = "uid-" + std::to_string(m_nextUid++);
    object["metadata"]["managedFields"] = Json::array({{{"manager", manager}, {"operation", manager == "binnacle" ? "Apply" : "Update"}}});
    m_objects[path] = std::move(object);
}

void MemoryCluster::script(const std::string& start, ApiAnswer answer) { m_scripts.emplace_back(start, std::move(answer)); }

const Json* MemoryCluster::find(const std::string& path) const
{
    const auto found = m_objects.find(path);
    return found == m_objects.end() ? nullptr : &found->second;
}

std::vector<std::string> MemoryCluster::paths() const
{
    std::vector<std::string> all;
    for (const auto& [path, object] : m_objects)
        all.push_back(path);
    return all;
}

ApiAnswer MemoryCluster::get(const std::string& path, const std::string& query) const
{
    if (const Json* object = find(path))
        return {200, object->dump()};
    const bool isCollection = std::ranges::any_of(std::vector<std::string>{"s", "ies"}, [&](const std::string& end) { return path.ends_with(end); })
                              && !path.ends_with("-agents");
    if (!isCollection)
        return refusal(404, "NotFound", path + " not found");
    Json list = {{"items", Json::array()}};
    for (const auto& [other, object] : m_objects) {
        const bool isInside = other.starts_with(path + '/') && other.find('/', path.size() + 1) == std::string::npos;
        if (isInside && hasLabel(object, parameter(query, "labelSelector")))
            list["items"].push_back(object);
    }
    return {200, list.dump()};
}

ApiAnswer MemoryCluster::apply(const std::string& path, const std::string& query, const std::string& body)
{
    Json object = Json::parse(body);
    const Json* live = find(path);
    const std::string owner = live ? (*live)["metadata"]["managedFields"][0]["manager"].get<std::string>() : std::string();
    if (live && owner != "binnacle") {
        ApiAnswer conflict = refusal(409, "Conflict", "Apply failed with 1 conflict: conflict with \"" + owner + "\": .spec");
        Json status = Json::parse(conflict.body);
        status["details"]["causes"] = Json::array({{{"reason", "FieldManagerConflict"}, {"message", "conflict with \"" + owner + "\" using apps/v1"}, {"field", ".spec"}}});
        return {409, status.dump()};
    }
    if (query.contains("dryRun=All"))
        return {live ? 200 : 201, object.dump()};
    put(path, object, "binnacle");
    return {live ? 200 : 201, m_objects[path].dump()};
}

ApiAnswer MemoryCluster::review(const std::string& body) const
{
    const Json attributes = Json::parse(body)["spec"]["resourceAttributes"];
    std::string resource = attributes["resource"];
    if (attributes.contains("subresource"))
        resource += '/' + attributes["subresource"].get<std::string>();
    const bool allowed = !allows || allows(attributes["verb"], resource);
    return {201, Json{{"status", {{"allowed", allowed}}}}.dump()};
}

ApiAnswer MemoryCluster::remove(const std::string& path, const std::string& body)
{
    const Json* live = find(path);
    if (!live)
        return refusal(404, "NotFound", path + " not found");
    if (Json::parse(body)["preconditions"]["uid"] != (*live)["metadata"]["uid"])
        return refusal(409, "Conflict", "the UID in the precondition does not match");
    if (deletesAtOnce)
        m_objects.erase(path);
    return {200, "{}"};
}

Result<ApiAnswer> MemoryCluster::ask(const ApiQuestion& question)
{
    asked.push_back(question.method + ' ' + question.target);
    if (onAsk)
        onAsk();
    for (auto script = m_scripts.rbegin(); script != m_scripts.rend(); ++script) {
        if (asked.back().starts_with(script->first))
            return script->second;
    }
    const std::size_t mark = question.target.find('?');
    const std::string path = question.target.substr(0, mark);
    const std::string query = mark == std::string::npos ? "" : question.target.substr(mark + 1);
    if (path.ends_with("/selfsubjectaccessreviews"))
        return review(question.body);
    if (question.method == "PATCH")
        return apply(path, query, question.body);
    if (question.method == "DELETE")
        return remove(path, question.body);
    return get(path, query);
}

kube::Pace FakeTime::pace()
{
    return {[this] { return now; },
            [this](std::chrono::milliseconds duration) {
                now += duration;
                onWait();
            }};
}

Json linuxHost(const std::string& name, const std::string& kernel)
{
    return {{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/os", "linux"}}}}},
            {"spec", Json::object()},
            {"status",
             {{"nodeInfo", {{"operatingSystem", "linux"}, {"architecture", "amd64"}, {"kernelVersion", kernel}}},
              {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
}

Json agentPod(const std::string& host, const std::string& nameSpace)
{
    return {{"metadata",
             {{"name", "binnacle-agent-" + host},
              {"namespace", nameSpace},
              {"labels", {{"app.kubernetes.io/name", "binnacle-agent"}, {"app.kubernetes.io/part-of", "binnacle"}, {"app.kubernetes.io/version", "0.1.0"}}},
              {"ownerReferences", Json::array({{{"kind", "DaemonSet"}}})}}},
            {"spec", {{"nodeName", host}, {"containers", Json::array({{{"name", "agent"}, {"image", "registry.example/agent:0.1.0"}}})}}},
            {"status",
             {{"phase", "Running"},
              {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})},
              {"containerStatuses", Json::array({{{"restartCount", 0}, {"state", {{"running", Json::object()}}}}})}}}};
}

} // namespace binnacle::tests
