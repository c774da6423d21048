// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/lease_client.h"

#include "core/kube/api/api_status.h"
#include "core/kube/api/resource_path.h"
#include "core/kube/net/http_client.h"
#include "core/kube/objects/json_fields.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace binnacle::agent {

namespace {

namespace fields = kube::objects::fields;
using nlohmann::json;

constexpr std::chrono::seconds kPatience{5};

/// MicroTime of the API: always six digits after the point.
std::string microTime(UtcTime at)
{
    const UtcTime whole = std::chrono::floor<std::chrono::seconds>(at);
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>((at - whole).count() / 1'000));
    std::string text = toRfc3339(whole);
    return text.substr(0, text.size() - 1) + fraction;
}

UtcTime timeAt(const json& object, std::initializer_list<const char*> way)
{
    const std::string text = fields::text(object, way);
    return text.empty() ? UtcTime{} : parseTime(text, UtcTime{}).value_or(UtcTime{});
}

std::string_view verbOf(LeaseStep::Kind kind)
{
    return kind == LeaseStep::Kind::Read ? "get" : kind == LeaseStep::Kind::Create ? "create" : "update";
}

} // namespace

std::string toJson(const LeaseRecord& record, std::string_view nameSpace, std::string_view name)
{
    json metadata{{"name", name}, {"namespace", nameSpace}};
    if (!record.resourceVersion.empty())
        metadata["resourceVersion"] = record.resourceVersion;
    const json spec{{"holderIdentity", record.holder},
                    {"leaseDurationSeconds", record.durationSeconds},
                    {"leaseTransitions", record.transitions},
                    {"acquireTime", microTime(record.acquiredAt)},
                    {"renewTime", microTime(record.renewedAt)}};
    return json{{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", metadata}, {"spec", spec}}.dump(
        -1, ' ', false, json::error_handler_t::replace);
}

std::optional<LeaseRecord> leaseFromJson(std::string_view text)
{
    const json object = json::parse(text, nullptr, false);
    if (fields::text(object, {"kind"}) != "Lease")
        return std::nullopt;
    LeaseRecord record;
    record.holder = fields::text(object, {"spec", "holderIdentity"});
    record.durationSeconds = fields::number(object, {"spec", "leaseDurationSeconds"});
    record.transitions = fields::number(object, {"spec", "leaseTransitions"});
    record.acquiredAt = timeAt(object, {"spec", "acquireTime"});
    record.renewedAt = timeAt(object, {"spec", "renewTime"});
    record.resourceVersion = fields::text(object, {"metadata", "resourceVersion"});
    return record;
}

std::pair<LeaseAnswer, LeaseRecord> LeaseClient::carryOut(const LeaseStep& step, const Cancellation& cancellation)
{
    const bool creates = step.kind == LeaseStep::Kind::Create;
    const kube::ResourcePath path{{"coordination.k8s.io", "v1", "leases"}, m_nameSpace, creates ? std::string() : m_name, {}};
    kube::HttpRequest request;
    request.target = path.toTarget();
    request.headers = {{"Accept", "application/json"}};
    request.patience = kPatience;
    if (step.kind != LeaseStep::Kind::Read) {
        request.method = creates ? "POST" : "PUT";
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = toJson(step.record, m_nameSpace, m_name);
    }
    m_trouble.clear();
    const auto response = m_client.send(std::move(request), cancellation);
    if (!response) {
        m_trouble = response.error().what;
        return {LeaseAnswer::Unavailable, {}};
    }
    if (response->status >= 200 && response->status < 300) {
        if (auto record = leaseFromJson(response->body))
            return {LeaseAnswer::Found, std::move(*record)};
        m_trouble = "lease " + m_nameSpace + '/' + m_name + ": the answer is no Lease";
        return {LeaseAnswer::Unavailable, {}};
    }
    if (response->status == 409)
        return {LeaseAnswer::Conflict, {}};
    if (response->status == 404 && step.kind == LeaseStep::Kind::Read)
        return {LeaseAnswer::NotFound, {}};
    if (response->status == 404 && step.kind == LeaseStep::Kind::Update) // somebody deleted it
        return {LeaseAnswer::Conflict, {}};
    const std::string what = "leases of coordination.k8s.io in namespace " + m_nameSpace;
    m_trouble = kube::toError(kube::decodeStatus(response->status, response->body), verbOf(step.kind), what).what;
    return {LeaseAnswer::Unavailable, {}};
}

} // namespace binnacle::agent
