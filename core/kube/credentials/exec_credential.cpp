// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/exec_credential.h"

#include "core/base/base64.h"
#include "core/kube/config/certificates.h"
#include "core/kube/config/internal/readable_text.h"
#include "core/kube/config/yaml_value.h"
#include "core/kube/credentials/printable.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube {

namespace {

using nlohmann::json;
constexpr auto kReplace = json::error_handler_t::replace;

/// Most plugins write JSON; kubectl's decoder takes YAML too.
json decoded(std::string_view output)
{
    json value = json::parse(output, nullptr, false);
    if (!value.is_discarded())
        return value;
    const auto yaml = parseYaml(output);
    return yaml ? json::parse(yaml->toJson(), nullptr, false) : json(json::value_t::discarded);
}

std::string textOf(const json& object, const char* key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::unexpected<Error> wrong(std::string what) { return failure(ErrorCode::Corrupt, std::move(what)); }

Result<void> checkFieldTypes(const json& status)
{
    for (const char* key : {"token", "clientCertificateData", "clientKeyData", "expirationTimestamp"}) {
        const auto found = status.find(key);
        if (found != status.end() && !found->is_string() && !found->is_null())
            return wrong("decoding stdout: status." + std::string(key) + " is no text");
    }
    return {};
}

/// RFC 3339 only: the relative forms of parseTime() have no place here.
Result<std::optional<UtcTime>> expiry(const std::string& text)
{
    if (text.empty())
        return std::nullopt;
    const bool dated = text.size() >= 20 && text[4] == '-' && text[7] == '-';
    const auto time = dated ? parseTime(text, UtcTime{}) : std::nullopt;
    if (!time)
        return wrong("decoding stdout: status.expirationTimestamp \"" + printable(text) + "\" is no RFC 3339 time");
    return time;
}

Result<void> checkPair(const IssuedCredentials& issued)
{
    if (issued.clientCertificate.empty() != issued.clientKey.empty())
        return wrong("exec plugin returned only certificate or key, not both");
    if (issued.token.empty() && issued.clientCertificate.empty())
        return wrong("exec plugin didn't return a token or cert/key pair");
    if (!isHeaderValue(issued.token))
        return wrong("exec plugin returned a token with a control character in it, which no HTTP header may have");
    if (issued.clientCertificate.empty())
        return {};
    if (auto fine = checkKeyPair(issued.clientCertificate, issued.clientKey); !fine)
        return std::unexpected(std::move(fine).error().within("failed parsing client key/certificate"));
    return {};
}

json clusterJson(const ClusterEndpoint& cluster, std::string_view authorityPem)
{
    json out = {{"server", cluster.server}};
    if (!cluster.tlsServerName.empty())
        out["tls-server-name"] = cluster.tlsServerName;
    if (cluster.insecureSkipTlsVerify)
        out["insecure-skip-tls-verify"] = true;
    if (!authorityPem.empty())
        out["certificate-authority-data"] = toBase64(authorityPem);
    if (!cluster.proxyUrl.empty())
        out["proxy-url"] = cluster.proxyUrl;
    if (cluster.disableCompression)
        out["disable-compression"] = true;
    out["config"] = cluster.execConfigJson.empty() ? json(nullptr) : json::parse(cluster.execConfigJson, nullptr, false);
    return out;
}

} // namespace

Result<std::string> execInfoJson(const ExecPlugin& plugin, const ClusterEndpoint& cluster, std::string_view authorityPem, Interactive interactive)
{
    json spec = {{"interactive", interactive == Interactive::Yes}};
    if (plugin.provideClusterInfo) {
        spec["cluster"] = clusterJson(cluster, authorityPem);
        if (spec["cluster"]["config"].is_discarded())
            return failure(ErrorCode::Corrupt, "the extension client.authentication.k8s.io/exec of cluster " + cluster.name + " is no JSON");
    }
    const json info = {{"kind", "ExecCredential"}, {"apiVersion", plugin.apiVersion}, {"spec", std::move(spec)}};
    return info.dump(-1, ' ', false, kReplace);
}

std::string answeredVersion(std::string_view output) { return textOf(decoded(output), "apiVersion"); }

Result<IssuedCredentials> parseExecCredential(std::string_view output, const ExecPlugin& plugin)
{
    const json answer = decoded(output);
    if (!answer.is_object())
        return wrong("decoding stdout: couldn't get version/kind; the plugin wrote " + std::to_string(output.size())
                     + " bytes that are no ExecCredential object in JSON");
    const std::string version = textOf(answer, "apiVersion"), kind = textOf(answer, "kind");
    if (version.empty() || kind != "ExecCredential")
        return wrong("decoding stdout: the plugin wrote kind \"" + printable(kind) + "\" of version \"" + printable(version)
                     + "\", not an ExecCredential of version " + plugin.apiVersion);
    if (version != plugin.apiVersion)
        return wrong("exec plugin is configured to use API version " + plugin.apiVersion + ", plugin returned version " + printable(version)
                     + ": set apiVersion of the exec entry in the kubeconfig to what the plugin speaks, or update the plugin");
    const auto status = answer.find("status");
    if (status == answer.end() || !status->is_object())
        return wrong("exec plugin didn't return a status field");
    BN_TRY(checkFieldTypes(*status));
    IssuedCredentials issued;
    issued.token = textOf(*status, "token");
    issued.clientCertificate = textOf(*status, "clientCertificateData");
    issued.clientKey = textOf(*status, "clientKeyData");
    const auto expires = expiry(textOf(*status, "expirationTimestamp"));
    if (!expires)
        return std::unexpected(expires.error());
    issued.expiresAt = *expires;
    BN_TRY(checkPair(issued));
    return issued;
}

} // namespace binnacle::kube
