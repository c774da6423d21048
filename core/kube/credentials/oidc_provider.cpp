// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/oidc_provider.h"

#include "core/base/base64.h"
#include "core/base/platform/files.h"
#include "core/kube/config/internal/readable_text.h"
#include "core/kube/credentials/printable.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>

namespace binnacle::kube {

namespace {

using nlohmann::json;
constexpr std::chrono::seconds kBeforeExpiry{10}; // a token that ends sooner is not used (client-go, oidc.go)

std::string textOf(const json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// application/x-www-form-urlencoded.
std::string formEncoded(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        std::array<char, 4> code{};
        std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += plain ? std::string(1, c) : c == ' ' ? "+" : code.data();
    }
    return out;
}

/// RFC 6749 §5.2: `error` and `error_description`, or the beginning of whatever it is.
std::string refusal(const IssuerAnswer& answer)
{
    const json body = json::parse(answer.body, nullptr, false);
    const std::string error = textOf(body, "error"), description = textOf(body, "error_description");
    const std::string said = error.empty() ? answer.body.substr(0, 300) : error + (description.empty() ? "" : ": " + description);
    return "HTTP " + std::to_string(answer.status) + (said.empty() ? "" : ", " + printable(said));
}

} // namespace

std::optional<UtcTime> tokenExpiry(std::string_view jsonWebToken)
{
    const std::size_t first = jsonWebToken.find('.');
    const std::size_t second = first == std::string_view::npos ? first : jsonWebToken.find('.', first + 1);
    if (second == std::string_view::npos || jsonWebToken.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    const auto payload = fromBase64Url(jsonWebToken.substr(first + 1, second - first - 1));
    const json claims = payload ? json::parse(*payload, nullptr, false) : json();
    const auto expires = claims.is_object() ? claims.find("exp") : claims.end();
    constexpr double kLast = 9.2e9; // seconds: nanoseconds end in 2262
    if (!claims.is_object() || expires == claims.end() || !expires->is_number() || !(std::fabs(expires->get<double>()) < kLast))
        return std::nullopt;
    return UtcTime(std::chrono::seconds(static_cast<std::int64_t>(expires->get<double>())));
}

OidcProvider::OidcProvider(const UserCredentials& user, const CredentialOptions& options)
    : m_config(user.authProvider->config), m_user(user.name), m_call(options.callIssuer), m_now(options.now),
      m_idToken(setting("id-token")), m_refreshToken(setting("refresh-token"))
{
}

std::string OidcProvider::setting(const char* name) const
{
    const auto found = m_config.find(name);
    return found == m_config.end() ? std::string() : found->second;
}

bool OidcProvider::isGood(const std::string& idToken) const
{
    const auto expires = tokenExpiry(idToken);
    return expires && m_now() + kBeforeExpiry < *expires;
}

Result<OidcProvider::Answer> OidcProvider::obtain(const Cancellation& cancellation)
{
    if (!isGood(m_idToken))
        BN_TRY(refresh(cancellation));
    Answer answer;
    answer.credentials.token = m_idToken;
    answer.credentials.expiresAt = tokenExpiry(m_idToken);
    if (answer.credentials.expiresAt)
        answer.askAgainAt = *answer.credentials.expiresAt - kBeforeExpiry;
    return answer;
}

Result<void> OidcProvider::refresh(const Cancellation& cancellation)
{
    const std::string who = " (user " + m_user + ", issuer " + printable(setting("idp-issuer-url")) + ")";
    if (m_refreshToken.empty())
        return failure(ErrorCode::Denied, "No valid id-token, and cannot refresh without refresh-token" + who + ": log in again with your OIDC tool");
    if (!m_call)
        return failure(ErrorCode::Unsupported, "the id-token has expired and nothing here can ask the issuer for a new one" + who);
    const auto authority = issuerAuthority();
    if (!authority)
        return std::unexpected(authority.error());
    const auto endpoint = tokenEndpoint(*authority, cancellation);
    if (!endpoint)
        return std::unexpected(endpoint.error());
    const auto answer = postGrant(*endpoint, *authority, cancellation);
    if (!answer)
        return std::unexpected(answer.error());
    if (auto taken = takeTokens(*answer); !taken)
        return std::unexpected(std::move(taken).error().within("failed to refresh token" + who));
    return {};
}

/// Empty: the system's.
Result<std::string> OidcProvider::issuerAuthority() const
{
    if (const std::string data = setting("idp-certificate-authority-data"); !data.empty()) {
        auto pem = fromBase64(data);
        if (!pem)
            return failure(ErrorCode::Corrupt, "idp-certificate-authority-data of user " + m_user + " is not base64");
        return std::move(*pem);
    }
    const std::filesystem::path file = setting("idp-certificate-authority");
    if (file.empty())
        return std::string();
    auto pem = platform::readFile(file);
    if (!pem)
        return std::unexpected(std::move(pem).error().within("idp-certificate-authority of user " + m_user));
    return pem;
}

Result<std::string> OidcProvider::tokenEndpoint(const std::string& authority, const Cancellation& cancellation) const
{
    std::string issuer = setting("idp-issuer-url");
    if (issuer.ends_with('/'))
        issuer.pop_back();
    const auto answer = call({"GET", issuer + "/.well-known/openid-configuration", {{"Accept", "application/json"}}, {}, authority}, cancellation);
    if (!answer)
        return std::unexpected(answer.error());
    std::string endpoint = answer->status == 200 ? textOf(json::parse(answer->body, nullptr, false), "token_endpoint") : std::string();
    if (endpoint.empty())
        return failure(ErrorCode::Unavailable, "the issuer " + printable(issuer) + " does not say where its token endpoint is (" + refusal(*answer) + ")");
    return endpoint;
}

/// RFC 6749 §6.  A secret goes into the Basic header (§2.3.1); issuers that do not take it there get it in the body.
Result<IssuerAnswer> OidcProvider::postGrant(const std::string& endpoint, const std::string& authority, const Cancellation& cancellation) const
{
    const std::string id = setting("client-id"), secret = setting("client-secret");
    const std::string grant = "grant_type=refresh_token&refresh_token=" + formEncoded(m_refreshToken);
    const std::string inBody = grant + "&client_id=" + formEncoded(id) + (secret.empty() ? "" : "&client_secret=" + formEncoded(secret));
    IssuerRequest request{"POST", endpoint, {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}}, inBody, authority};
    if (secret.empty())
        return call(request, cancellation);
    IssuerRequest basic = request;
    basic.headers.emplace_back("Authorization", "Basic " + toBase64(formEncoded(id) + ":" + formEncoded(secret)));
    basic.body = grant;
    auto answer = call(basic, cancellation);
    const bool mayBeTheHeader = answer && (answer->status == 400 || answer->status == 401);
    return mayBeTheHeader ? call(request, cancellation) : answer;
}

Result<void> OidcProvider::takeTokens(const IssuerAnswer& answer)
{
    if (answer.status < 200 || answer.status > 299)
        return failure(ErrorCode::Denied, refusal(answer) + ". Log in again with your OIDC tool");
    const json body = json::parse(answer.body, nullptr, false);
    const std::string idToken = textOf(body, "id_token"), refreshToken = textOf(body, "refresh_token");
    if (idToken.empty())
        return failure(ErrorCode::Corrupt, "token response did not contain an id_token: log in with the scope openid, or the issuer gives none on refresh");
    if (!isGood(idToken) || !isHeaderValue(idToken))
        return failure(ErrorCode::Corrupt, "the new id_token has expired already or has no exp: is the clock of this machine right?");
    m_refreshTokenChanged = m_refreshTokenChanged || (!refreshToken.empty() && refreshToken != m_refreshToken);
    if (!refreshToken.empty())
        m_refreshToken = refreshToken;
    m_idToken = idToken;
    return {};
}

Result<IssuerAnswer> OidcProvider::call(const IssuerRequest& request, const Cancellation& cancellation) const
{
    auto answer = m_call(request, cancellation);
    if (!answer)
        return std::unexpected(std::move(answer).error().within("the OIDC issuer of user " + m_user + " cannot be asked (" + printable(request.url) + ")"));
    return answer;
}

void OidcProvider::describe(CredentialReport& report) const
{
    report.issuer = setting("idp-issuer-url");
    if (m_refreshTokenChanged)
        report.notes.push_back("the issuer exchanged the refresh token of user " + m_user
                               + "; the kubeconfig keeps the old one, which other programs may find refused");
}

} // namespace binnacle::kube
