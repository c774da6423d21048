// SPDX-License-Identifier: Apache-2.0
// What client-go refuses before it opens a connection (tools/clientcmd/validation.go, transport/transport.go), in sentences with a next step.
#include "core/kube/config/internal/context_checks.h"

#include "core/kube/config/certificates.h"
#include "core/kube/config/internal/readable_text.h"

#include <algorithm>

namespace binnacle::kube {

namespace {

using Weight = ContextProblem::Weight;
constexpr std::string_view kExecV1 = "client.authentication.k8s.io/v1";
constexpr std::string_view kExecV1Beta1 = "client.authentication.k8s.io/v1beta1";

std::string inQuotes(const std::string& name) { return "\"" + name + "\""; }

class Checker {
public:
    Checker(const ClusterAccess& access, UtcTime now) : m_cluster(access.cluster), m_user(access.user), m_now(now) {}

    std::vector<ContextProblem> check()
    {
        checkServer();
        checkAuthority();
        checkProxy();
        checkMethods();
        checkCertificate();
        checkExec();
        checkAuthProvider();
        checkImpersonation();
        return std::move(m_problems);
    }

private:
    void fatal(std::string sentence) { m_problems.push_back({Weight::Fatal, std::move(sentence)}); }
    void warning(std::string sentence) { m_problems.push_back({Weight::Warning, std::move(sentence)}); }

    void checkServer()
    {
        if (m_cluster.server.empty())
            fatal("cluster " + inQuotes(m_cluster.name) + " of " + m_cluster.origin.string()
                  + " has no server, so there is no address to go to (kubectl would try localhost:8080). Run: kubectl config set-cluster "
                  + m_cluster.name + " --server=https://HOST:PORT");
        else if (!isEncrypted(m_cluster) && authKind(m_user) != "none")
            warning("the server " + m_cluster.server + " is not https: credentials of user " + inQuotes(m_user.name) + " are not sent to it");
    }

    void checkAuthority()
    {
        const InlineOrFile& authority = m_cluster.certificateAuthority;
        if (authority.isSet() && m_cluster.insecureSkipTlsVerify && isEncrypted(m_cluster)) {
            fatal("specifying a root certificates file with the insecure flag is not allowed: remove certificate-authority or insecure-skip-tls-verify from cluster "
                  + inQuotes(m_cluster.name));
            return;
        }
        if (both(authority))
            fatal("certificate-authority-data and certificate-authority are both specified for " + m_cluster.name + ": remove one of them");
        else if (authority.isSet())
            checkBundle(authority);
    }

    void checkBundle(const InlineOrFile& authority)
    {
        const auto pem = readMaterial(authority);
        if (!pem)
            return fatal("unable to read certificate-authority for " + m_cluster.name + ": " + pem.error().what);
        if (const auto fine = checkCertificateBundle(*pem); !fine && isEncrypted(m_cluster))
            fatal("unable to load root certificates: " + (authority.file.empty() ? "certificate-authority-data" : authority.file.string()) + " of cluster "
                  + m_cluster.name + ": " + fine.error().what);
    }

    void checkProxy()
    {
        const std::string& url = m_cluster.proxyUrl;
        if (url.empty())
            return;
        const std::string prefix = "invalid 'proxy-url' " + inQuotes(url) + " for cluster " + inQuotes(m_cluster.name) + ": ";
        const std::size_t colon = url.find(':');
        std::string scheme = url.substr(0, colon == std::string::npos ? 0 : colon);
        std::ranges::transform(scheme, scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (!looksLikeUrl(url))
            fatal(prefix + "could not parse: " + url);
        else if (scheme != "http" && scheme != "https" && scheme != "socks5")
            fatal(prefix + "unsupported scheme " + inQuotes(scheme) + ", must be http, https, or socks5");
    }

    /// What Go's url.Parse refuses of what people write: control characters, a broken %-escape, a space in the host.
    static bool looksLikeUrl(const std::string& url)
    {
        const auto isHex = [](unsigned char c) { return std::isxdigit(c) != 0; };
        const std::size_t path = url.find('/', url.find("://") == std::string::npos ? 0 : url.find("://") + 3);
        for (std::size_t i = 0; i < url.size(); ++i) {
            const auto c = static_cast<unsigned char>(url[i]);
            if (c < 0x20 || c == 0x7f || (c == ' ' && i < path))
                return false;
            if (c == '%' && (i + 2 >= url.size() || !isHex(static_cast<unsigned char>(url[i + 1])) || !isHex(static_cast<unsigned char>(url[i + 2]))))
                return false;
        }
        return !url.starts_with(':');
    }

    void checkMethods()
    {
        const bool basic = !m_user.username.empty() || !m_user.password.empty();
        if (!m_user.token.inlineText.empty() && basic)
            fatal("more than one authentication method found for " + m_user.name + "; found [token basicAuth], only one is allowed: remove token, or username and password");
        else if (!m_user.token.file.empty() && basic)
            fatal("username/password or bearer token may be set, but not both: remove tokenFile, or username and password of user " + inQuotes(m_user.name));
        checkHeader("token", m_user.token.inlineText);
        if (!m_user.token.file.empty() && m_user.token.inlineText.empty() && isEncrypted(m_cluster)) {
            if (const auto token = readMaterial({{}, m_user.token.file}); !token)
                fatal("the tokenFile of user " + inQuotes(m_user.name) + " cannot be read: " + token.error().what);
        }
    }

    void checkHeader(const char* field, const std::string& value)
    {
        if (!isHeaderValue(value))
            fatal(std::string(field) + " of user " + inQuotes(m_user.name) + " has a line end or another control character in it, which no HTTP header may have: remove it");
    }

    void checkCertificate()
    {
        const InlineOrFile &certificate = m_user.clientCertificate, &key = m_user.clientKey;
        if (!certificate.isSet()) {
            if (key.isSet())
                warning("user " + inQuotes(m_user.name) + " has a client-key but no client-certificate: the key is not used");
            return;
        }
        const std::size_t before = m_problems.size();
        if (both(certificate))
            fatal("client-cert-data and client-cert are both specified for " + m_user.name + ": remove one of them");
        if (both(key))
            fatal("client-key-data and client-key are both specified for " + m_user.name + ": remove one of them");
        if (!key.isSet())
            fatal("client-key-data or client-key must be specified for " + m_user.name + " to use the clientCert authentication method.");
        const auto certificatePem = readOrSay(certificate, "client-cert"), keyPem = readOrSay(key, "client-key");
        if (m_problems.size() == before && isEncrypted(m_cluster))
            checkPair(*certificatePem, *keyPem);
    }

    Result<std::string> readOrSay(const InlineOrFile& material, const char* what)
    {
        auto text = readMaterial(material);
        if (!text)
            fatal("unable to read " + std::string(what) + " for " + m_user.name + ": " + text.error().what);
        return text;
    }

    void checkPair(const std::string& certificate, const std::string& key)
    {
        if (const auto fine = checkKeyPair(certificate, key); !fine)
            return fatal("user " + inQuotes(m_user.name) + ": " + fine.error().what);
        const auto facts = certificateFacts(certificate);
        if (facts && facts->notAfter < m_now)
            warning("the client certificate of user " + inQuotes(m_user.name) + " (" + facts->subject + ") expired at " + toRfc3339(facts->notAfter)
                    + ": the server will refuse it. Get a new kubeconfig, or renew the certificate");
        else if (facts && facts->notBefore > m_now)
            warning("the client certificate of user " + inQuotes(m_user.name) + " (" + facts->subject + ") is not valid before "
                    + toRfc3339(facts->notBefore) + ": is the clock of this machine right?");
    }

    void checkExec()
    {
        if (!m_user.exec)
            return;
        const ExecPlugin& exec = *m_user.exec;
        const std::string use = " must be specified for " + m_user.name + " to use exec authentication plugin";
        if (m_user.authProvider)
            fatal("authProvider cannot be provided in combination with an exec plugin for " + m_user.name);
        if (exec.command.empty())
            fatal("command" + use);
        if (exec.apiVersion.empty())
            fatal("apiVersion" + use);
        else if (exec.apiVersion != kExecV1 && exec.apiVersion != kExecV1Beta1)
            fatal("exec plugin: invalid apiVersion " + inQuotes(exec.apiVersion) + " for " + m_user.name + ": it must be " + std::string(kExecV1) + " or "
                  + std::string(kExecV1Beta1) + (exec.apiVersion.ends_with("/v1alpha1") ? "; update the plugin and its entry in the kubeconfig" : ""));
        for (const auto& [name, value] : exec.environment) {
            if (name.empty())
                fatal("env variable name" + use);
        }
    }

    void checkAuthProvider()
    {
        if (!m_user.authProvider || m_user.exec)
            return;
        const std::string& name = m_user.authProvider->name;
        const auto& config = m_user.authProvider->config;
        if (name == "gcp")
            fatal("The gcp auth plugin has been removed. Use the exec plugin gke-gcloud-auth-plugin: gcloud container clusters get-credentials CLUSTER writes it");
        else if (name == "azure")
            fatal("The azure auth plugin has been removed. Use the exec plugin kubelogin: kubelogin convert-kubeconfig rewrites the kubeconfig");
        else if (name != "oidc")
            fatal("no Auth Provider found for name " + inQuotes(name) + " of user " + inQuotes(m_user.name));
        for (const char* needed : {"idp-issuer-url", "client-id"}) {
            if (const auto value = config.find(needed); name == "oidc" && (value == config.end() || value->second.empty()))
                fatal("Must provide " + std::string(needed) + " in the auth-provider of user " + inQuotes(m_user.name));
        }
    }

    void checkImpersonation()
    {
        const Impersonation& as = m_user.impersonation;
        if (as.user.empty() && (!as.uid.empty() || !as.groups.empty() || !as.extra.empty()))
            fatal("requesting uid, groups or user-extra for " + m_user.name + " without impersonating a user: add `as`, or remove as-uid, as-groups and as-user-extra");
        checkHeader("as", as.user);
        checkHeader("as-uid", as.uid);
        for (const std::string& group : as.groups)
            checkHeader("as-groups", group);
        for (const auto& [key, values] : as.extra) {
            for (const std::string& value : values)
                checkHeader("as-user-extra", value);
        }
    }

    static bool both(const InlineOrFile& material) { return !material.inlineText.empty() && !material.file.empty(); }

    const ClusterEndpoint& m_cluster;
    const UserCredentials& m_user;
    UtcTime m_now;
    std::vector<ContextProblem> m_problems;
};

} // namespace

std::vector<ContextProblem> findProblems(const ClusterAccess& access, UtcTime now) { return Checker(access, now).check(); }

void checkInteractiveMode(const std::string& written, UserCredentials& user, std::vector<ContextProblem>& problems)
{
    using Mode = ExecPlugin::InteractiveMode;
    if (!user.exec)
        return;
    if (written == "Never")
        user.exec->interactiveMode = Mode::Never;
    else if (written == "IfAvailable" || (written.empty() && user.exec->apiVersion == kExecV1Beta1))
        user.exec->interactiveMode = Mode::IfAvailable;
    else if (written == "Always")
        user.exec->interactiveMode = Mode::Always;
    else if (written.empty())
        problems.push_back({Weight::Fatal, "interactiveMode must be specified for " + user.name + " to use exec authentication plugin: Never, IfAvailable or Always"});
    else
        problems.push_back({Weight::Fatal, "invalid interactiveMode for " + user.name + ": " + inQuotes(written) + ", must be Never, IfAvailable or Always"});
}

} // namespace binnacle::kube
