// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/support/kubeconfig_json.h"

#include "core/base/base64.h"

namespace binnacle::kube::tests {

namespace {

using nlohmann::json;
constexpr auto kExecExtension = "client.authentication.k8s.io/exec";

void put(json& object, const char* key, const std::string& text)
{
    if (!text.empty())
        object[key] = text;
}

void put(json& object, const std::string& key, const InlineOrFile& material)
{
    put(object, key.c_str(), material.file.string());
    if (!material.inlineText.empty())
        object[key + "-data"] = toBase64(material.inlineText);
}

json clusterJson(const ClusterEndpoint& cluster)
{
    json out = {{"server", cluster.server}};
    put(out, "tls-server-name", cluster.tlsServerName);
    put(out, "certificate-authority", cluster.certificateAuthority);
    put(out, "proxy-url", cluster.proxyUrl);
    if (cluster.insecureSkipTlsVerify)
        out["insecure-skip-tls-verify"] = true;
    if (cluster.disableCompression)
        out["disable-compression"] = true;
    if (!cluster.execConfigJson.empty())
        out["extensions"] = json::array({{{"name", kExecExtension}, {"extension", json::parse(cluster.execConfigJson)}}});
    return out;
}

json execJson(const UserEntry& user)
{
    const ExecPlugin& exec = *user.credentials.exec;
    json out = {{"command", exec.command}, {"provideClusterInfo", exec.provideClusterInfo}, {"args", nullptr}, {"env", nullptr}};
    put(out, "apiVersion", exec.apiVersion);
    put(out, "installHint", exec.installHint);
    const bool hasDefault = exec.apiVersion == "client.authentication.k8s.io/v1beta1" || exec.apiVersion == "client.authentication.k8s.io/v1alpha1";
    put(out, "interactiveMode", user.interactiveMode.empty() && hasDefault ? "IfAvailable" : user.interactiveMode);
    if (!exec.arguments.empty())
        out["args"] = exec.arguments;
    for (const auto& [name, value] : exec.environment)
        out["env"].push_back({{"name", name}, {"value", value}});
    return out;
}

json userJson(const UserEntry& entry)
{
    const UserCredentials& user = entry.credentials;
    json out = json::object();
    put(out, "client-certificate", user.clientCertificate);
    put(out, "client-key", user.clientKey);
    put(out, "token", user.token.inlineText);
    put(out, "tokenFile", user.token.file.string());
    put(out, "username", user.username);
    put(out, "password", user.password);
    put(out, "as", user.impersonation.user);
    put(out, "as-uid", user.impersonation.uid);
    if (!user.impersonation.groups.empty())
        out["as-groups"] = user.impersonation.groups;
    for (const auto& [key, values] : user.impersonation.extra)
        out["as-user-extra"][key] = values.empty() ? json(nullptr) : json(values);
    if (user.authProvider)
        out["auth-provider"] = {{"name", user.authProvider->name}, {"config", user.authProvider->config.empty() ? json(nullptr) : json(user.authProvider->config)}};
    if (user.exec)
        out["exec"] = execJson(entry);
    return out;
}

json contextJson(const ContextEntry& context)
{
    json out = {{"cluster", context.cluster}, {"user", context.user}};
    put(out, "namespace", context.defaultNamespace);
    return out;
}

template <class Map, class Write>
json named(const Map& map, const char* body, Write write)
{
    json list = nullptr;
    for (const auto& [name, entry] : map)
        list.push_back({{"name", name}, {body, write(entry)}});
    return list;
}

/// Go writes an absent list as null and an empty one as []: they say the same.
void emptyToNull(json& value)
{
    if ((value.is_array() || value.is_object()) && value.empty())
        value = nullptr;
}

json& child(json& object, const char* key)
{
    static json nothing;
    nothing = nullptr;
    return object.is_object() && object.contains(key) ? object[key] : nothing;
}

} // namespace

nlohmann::json viewJson(const Kubeconfig& kubeconfig)
{
    return {{"kind", "Config"}, {"apiVersion", "v1"}, {"current-context", kubeconfig.currentContext},
            {"clusters", named(kubeconfig.clusters, "cluster", clusterJson)}, {"users", named(kubeconfig.users, "user", userJson)},
            {"contexts", named(kubeconfig.contexts, "context", contextJson)}};
}

Result<Kubeconfig> minified(const Kubeconfig& kubeconfig)
{
    if (kubeconfig.currentContext.empty())
        return failure(ErrorCode::Invalid, "current-context must exist in order to minify");
    const auto context = kubeconfig.contexts.find(kubeconfig.currentContext);
    if (context == kubeconfig.contexts.end())
        return failure(ErrorCode::NotFound, "cannot locate context " + kubeconfig.currentContext);
    Kubeconfig small;
    small.currentContext = kubeconfig.currentContext;
    small.contexts.insert(*context);
    const auto cluster = kubeconfig.clusters.find(context->second.cluster);
    const auto user = kubeconfig.users.find(context->second.user);
    if (!context->second.cluster.empty() && cluster == kubeconfig.clusters.end())
        return failure(ErrorCode::NotFound, "cannot locate cluster " + context->second.cluster);
    if (!context->second.user.empty() && user == kubeconfig.users.end())
        return failure(ErrorCode::NotFound, "cannot locate user " + context->second.user);
    if (!context->second.cluster.empty())
        small.clusters.insert(*cluster);
    if (!context->second.user.empty())
        small.users.insert(*user);
    return small;
}

nlohmann::json withoutUnread(nlohmann::json view)
{
    if (!view.is_object())
        return view;
    view.erase("preferences");
    view.erase("extensions");
    for (json& item : child(view, "clusters")) {
        json kept = json::array();
        for (json& extension : child(item["cluster"], "extensions")) {
            if (extension["name"] == kExecExtension && !extension["extension"].is_null())
                kept.push_back(extension);
        }
        item["cluster"].erase("extensions");
        if (!kept.empty())
            item["cluster"]["extensions"] = kept;
    }
    for (json& item : child(view, "contexts"))
        child(item, "context").erase("extensions");
    for (json& item : child(view, "users")) {
        json& user = item["user"];
        user.erase("extensions");
        for (const char* key : {"args", "env"})
            emptyToNull(child(child(user, "exec"), key));
        emptyToNull(child(child(user, "auth-provider"), "config"));
        for (json& values : child(user, "as-user-extra"))
            emptyToNull(values);
    }
    for (const char* key : {"clusters", "users", "contexts"})
        emptyToNull(child(view, key));
    return view;
}

} // namespace binnacle::kube::tests
