// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::kube {

/// One PEM or text that a kubeconfig gives either inline or as a file; the file is read when it is used, and again when it changes.
struct InlineOrFile {
    std::string inlineText;     // decoded; wins only where the field's own rule says so
    std::filesystem::path file; // absolute: resolved against the kubeconfig that named it
    bool isSet() const { return !inlineText.empty() || !file.empty(); }
    friend bool operator==(const InlineOrFile&, const InlineOrFile&) = default;
};

/// Where an API server is and how its certificate is judged: a kubeconfig's `cluster`.
struct ClusterEndpoint {
    std::string name;
    std::string server; // as written; parsed by net/url.h
    InlineOrFile certificateAuthority;
    bool insecureSkipTlsVerify = false;
    std::string tlsServerName; // empty: the URL's host
    std::string proxyUrl;      // empty: the environment decides
    bool disableCompression = false;
    std::string execConfigJson; // extension `client.authentication.k8s.io/exec`, as JSON; empty when absent
    std::filesystem::path origin;
    friend bool operator==(const ClusterEndpoint&, const ClusterEndpoint&) = default;
};

struct ExecPlugin {
    enum class InteractiveMode : std::uint8_t { Never, IfAvailable, Always };
    std::string apiVersion;
    std::string command; // absolute when it held a separator
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string installHint;
    bool provideClusterInfo = false;
    InteractiveMode interactiveMode = InteractiveMode::IfAvailable;
    friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

struct AuthProvider {
    std::string name;
    std::map<std::string, std::string> config;
    friend bool operator==(const AuthProvider&, const AuthProvider&) = default;
};

struct Impersonation {
    std::string user;
    std::string uid;
    std::vector<std::string> groups;
    std::map<std::string, std::vector<std::string>> extra;
    friend bool operator==(const Impersonation&, const Impersonation&) = default;
};

/// Who asks: a kubeconfig's `user`.
struct UserCredentials {
    std::string name;
    InlineOrFile clientCertificate;
    InlineOrFile clientKey;
    InlineOrFile token; // with both, the file wins at request time
    std::string username;
    std::string password;
    Impersonation impersonation;
    std::optional<ExecPlugin> exec;
    std::optional<AuthProvider> authProvider;
    std::filesystem::path origin;
    friend bool operator==(const UserCredentials&, const UserCredentials&) = default;
};

/// Everything needed to talk to one cluster as one user: what a context of a kubeconfig, or a pod's service account, comes to.
struct ClusterAccess {
    std::string context; // empty in a pod
    std::string defaultNamespace = "default";
    ClusterEndpoint cluster;
    UserCredentials user;
    std::filesystem::path origin; // of the context's entry
    friend bool operator==(const ClusterAccess&, const ClusterAccess&) = default;
};

} // namespace binnacle::kube
