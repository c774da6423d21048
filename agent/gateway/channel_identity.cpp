// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/channel_identity.h"

#include "core/base/clocks.h"
#include "core/kube/api/api_client.h"
#include "core/kube/objects/json_fields.h"

#include <algorithm>

namespace binnacle::agent {
namespace {

using nlohmann::json;
namespace fields = kube::objects::fields;

constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kLife{3600};            // asked for; the API server gives at least ten minutes
constexpr std::chrono::seconds kLongestUse{45 * 60};   // whatever the clocks say
constexpr std::size_t kLongestToken = 16u << 10;
constexpr const char* kApiVersion = "authentication.k8s.io/v1";

std::string audienceFor(const std::string& fingerprint) { return "binnacle:key:sha256:" + fingerprint; }

Result<json> ask(kube::HttpClient& client, kube::ResourcePath path, const json& question)
{
    kube::ApiCall call = kube::ApiCall::create(path, question.dump());
    call.request.patience = kPatience;
    auto answer = kube::ApiClient(client).send(std::move(call));
    if (!answer)
        return std::unexpected(std::move(answer).error());
    return json::parse(*answer, nullptr, false);
}

bool hasAudience(const json& review, const std::string& audience)
{
    bool found = false;
    fields::forEach(fields::at(review, {"status", "audiences"}), [&](const json& one) { found = found || one == audience; });
    return found;
}

std::string podOf(const json& review)
{
    std::string pod;
    fields::forEach(fields::at(review, {"status", "user", "extra", "authentication.kubernetes.io/pod-name"}),
                    [&](const json& one) { pod = one.is_string() ? one.get<std::string>() : pod; });
    return pod;
}

} // namespace

ChannelIdentity::ChannelIdentity(kube::HttpClient& client, Account own, kube::OwnCertificate certificate, std::string audience)
    : m_client(client), m_own(std::move(own)), m_certificate(std::move(certificate)), m_audience(std::move(audience))
{
}

Result<std::unique_ptr<ChannelIdentity>> ChannelIdentity::create(kube::HttpClient& client, Account own)
{
    auto certificate = kube::makeOwnCertificate(own.pod.empty() ? own.name : own.pod);
    if (!certificate)
        return std::unexpected(std::move(certificate).error());
    const auto fingerprint = kube::publicKeyFingerprint(certificate->certificate);
    if (!fingerprint)
        return std::unexpected(fingerprint.error());
    return std::unique_ptr<ChannelIdentity>(new ChannelIdentity(client, std::move(own), std::move(*certificate), audienceFor(*fingerprint)));
}

Result<std::string> ChannelIdentity::proof()
{
    const std::lock_guard lock(m_mutex);
    if (!m_token.empty() && Clock::now() < m_renewAt)
        return m_token;
    auto token = requestToken();
    if (token)
        m_token = *token;
    return token;
}

/// m_mutex is held: whoever else needs the token waits for this one.
Result<std::string> ChannelIdentity::requestToken()
{
    json question{{"apiVersion", kApiVersion},
                  {"kind", "TokenRequest"},
                  {"spec", {{"audiences", {m_audience}}, {"expirationSeconds", kLife.count()}}}};
    if (!m_own.pod.empty())
        question["spec"]["boundObjectRef"] = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", m_own.pod}};
    const UtcTime asked = utcNow();
    const auto answer = ask(m_client, {{"", "v1", "serviceaccounts"}, m_own.nameSpace, m_own.name, "token"}, question);
    if (!answer)
        return std::unexpected(Error(answer.error()).within("a token that proves who this is"));
    std::string token = fields::text(*answer, {"status", "token"}, kLongestToken);
    if (token.empty())
        return failure(ErrorCode::Unavailable, "the API server gave no token to service account " + m_own.nameSpace + '/' + m_own.name);
    const auto end = parseTime(fields::text(*answer, {"status", "expirationTimestamp"}), asked);
    const Nanoseconds life = end && *end > asked ? *end - asked : Nanoseconds(kLife);
    m_renewAt = Clock::now() + std::min<Nanoseconds>(life / 4 * 3, kLongestUse);
    return token;
}

Result<ChannelIdentity::Peer> ChannelIdentity::review(std::string_view certificatePem, const std::string& token, std::string_view account) const
{
    const auto fingerprint = kube::publicKeyFingerprint(certificatePem);
    if (!fingerprint)
        return failure(ErrorCode::Denied, "the other side's certificate cannot be read");
    const std::string audience = audienceFor(*fingerprint);
    const json question{{"apiVersion", kApiVersion}, {"kind", "TokenReview"}, {"spec", {{"token", token}, {"audiences", {audience}}}}};
    const auto answer = ask(m_client, {{"authentication.k8s.io", "v1", "tokenreviews"}, {}, {}, {}}, question);
    if (!answer) // not the peer's fault, and no reason to stay away for good
        return failure(ErrorCode::Unavailable, "whether the token shown is good cannot be found out: " + answer.error().what);
    if (!fields::flag(*answer, {"status", "authenticated"}) || !hasAudience(*answer, audience)) {
        const std::string why = fields::text(*answer, {"status", "error"});
        return failure(ErrorCode::Denied, "the token shown is expired, of another cluster, or names another key than the one of this connection"
                                              + (why.empty() ? std::string() : " (" + why + ')'));
    }
    const std::string expected = "system:serviceaccount:" + m_own.nameSpace + ':' + std::string(account);
    Peer peer{fields::text(*answer, {"status", "user", "username"}), podOf(*answer)};
    if (peer.user != expected)
        return failure(ErrorCode::Denied, "the other side is " + peer.user + ", and " + expected + " is expected");
    return peer;
}

} // namespace binnacle::agent
