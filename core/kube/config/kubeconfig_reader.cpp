// SPDX-License-Identifier: Apache-2.0
// From YAML values to kubeconfig entries: the fields of k8s.io/client-go/tools/clientcmd/api/v1, with Go's strictness about types.
#include "core/kube/config/kubeconfig.h"

#include "core/base/base64.h"
#include "core/kube/config/yaml_value.h"

#include <optional>
#include <set>

namespace binnacle::kube {

namespace {

using Kind = YamlValue::Kind;
constexpr std::string_view kExecExtension = "client.authentication.k8s.io/exec";

std::string_view kindWords(Kind kind)
{
    switch (kind) {
    case Kind::Null:
        return "nothing";
    case Kind::Bool:
        return "a truth value";
    case Kind::Number:
        return "a number";
    case Kind::String:
        return "text";
    case Kind::List:
        return "a list";
    case Kind::Map:
        return "a map";
    }
    return "";
}

/// Reads typed fields of maps and keeps the first thing that is wrong; what follows an error is read into nothing.
class FieldReader {
public:
    const std::optional<std::string>& problem() const { return m_problem; }

    /// The field if it is there, is not null and has the kind; `path` is where the map stands, for the error.
    const YamlValue* field(const YamlValue& map, std::string_view key, Kind kind, const std::string& path)
    {
        const YamlValue* value = map.find(key);
        return value && hasKind(*value, kind, path.empty() ? std::string(key) : path + "." + std::string(key)) ? value : nullptr;
    }

    bool hasKind(const YamlValue& value, Kind kind, const std::string& path)
    {
        if (value.kind == Kind::Null)
            return false; // Go leaves the field as it is
        if (value.kind == kind)
            return true;
        const bool quote = kind == Kind::String && (value.kind == Kind::Bool || value.kind == Kind::Number);
        const bool unquote = kind == Kind::Bool && value.kind == Kind::String;
        wrong(value.line, path + " must be " + std::string(kindWords(kind)) + ", not " + std::string(kindWords(value.kind))
                              + (quote ? "; put it in quotes" : unquote ? "; write true or false without quotes" : ""));
        return false;
    }

    void text(const YamlValue& map, std::string_view key, const std::string& path, std::string& out)
    {
        if (const YamlValue* value = field(map, key, Kind::String, path))
            out = value->text;
    }

    void file(const YamlValue& map, std::string_view key, const std::string& path, std::filesystem::path& out)
    {
        if (const YamlValue* value = field(map, key, Kind::String, path))
            out = value->text;
    }

    void truth(const YamlValue& map, std::string_view key, const std::string& path, bool& out)
    {
        if (const YamlValue* value = field(map, key, Kind::Bool, path))
            out = value->boolean;
    }

    void data(const YamlValue& map, std::string_view key, const std::string& path, std::string& out)
    {
        const YamlValue* value = field(map, key, Kind::String, path);
        if (!value)
            return;
        if (auto decoded = fromBase64(value->text))
            out = std::move(*decoded);
        else
            wrong(value->line, path + "." + std::string(key) + " is not base64: byte " + std::to_string(decoded.error())
                                   + " is wrong (no spaces, no URL alphabet, padding with = is needed)");
    }

    void texts(const YamlValue& map, std::string_view key, const std::string& path, std::vector<std::string>& out)
    {
        if (const YamlValue* list = field(map, key, Kind::List, path)) {
            for (const YamlValue& item : list->items)
                out.push_back(hasKind(item, Kind::String, path + "." + std::string(key) + "[]") ? item.text : std::string());
        }
    }

    void wrong(int line, std::string what)
    {
        if (!m_problem)
            m_problem = "line " + std::to_string(line) + ": " + std::move(what);
    }

private:
    std::optional<std::string> m_problem;
};

class Reader {
public:
    explicit Reader(const std::filesystem::path& origin) : m_origin(origin) {}

    Result<Kubeconfig> read(const YamlValue& root)
    {
        if (root.kind == Kind::Null)
            return Kubeconfig{}; // an empty file says nothing
        if (m_fields.hasKind(root, Kind::Map, "a kubeconfig"))
            readRoot(root);
        if (m_fields.problem())
            return failure(ErrorCode::Corrupt, *m_fields.problem());
        return std::move(m_config);
    }

private:
    void readRoot(const YamlValue& root)
    {
        std::string version, kind;
        m_fields.text(root, "apiVersion", "", version);
        m_fields.text(root, "kind", "", kind);
        if ((!version.empty() && version != "v1") || (!kind.empty() && kind != "Config"))
            m_fields.wrong(root.line, "this is kind \"" + (kind.empty() ? "Config" : kind) + "\" of version \"" + (version.empty() ? "v1" : version)
                                          + "\", a kubeconfig is kind \"Config\" of version \"v1\"");
        m_fields.text(root, "current-context", "", m_config.currentContext);
        if (const YamlValue* preferences = m_fields.field(root, "preferences", Kind::Map, "")) {
            bool colors = false;
            m_fields.truth(*preferences, "colors", "preferences", colors);
            readExtensions(*preferences, "preferences");
        }
        readExtensions(root, "");
        named(root, "clusters", "cluster", [this](const auto& name, const YamlValue& body, const auto& path) { readCluster(name, body, path); });
        named(root, "users", "user", [this](const auto& name, const YamlValue& body, const auto& path) { readUser(name, body, path); });
        named(root, "contexts", "context", [this](const auto& name, const YamlValue& body, const auto& path) { readContext(name, body, path); });
    }

    /// A list of `{name, <body>}`: each name once.
    template <class Take>
    void named(const YamlValue& map, std::string_view listKey, std::string_view bodyKey, Take take)
    {
        static const YamlValue kEmpty = [] { YamlValue value; value.kind = Kind::Map; return value; }();
        std::set<std::string> seen;
        const YamlValue* list = m_fields.field(map, listKey, Kind::List, "");
        for (std::size_t i = 0; list && i < list->items.size(); ++i) {
            const std::string path = std::string(listKey) + "[" + std::to_string(i) + "]";
            const YamlValue& item = list->items[i];
            std::string name;
            const bool isMap = m_fields.hasKind(item, Kind::Map, path);
            if (isMap)
                m_fields.text(item, "name", path, name);
            const YamlValue* body = isMap ? m_fields.field(item, bodyKey, Kind::Map, path) : nullptr;
            if (!seen.insert(name).second)
                m_fields.wrong(item.line, "duplicate name \"" + name + "\" in the list of " + std::string(listKey) + ": each name may stand there once");
            take(name, body ? *body : kEmpty, path + "." + std::string(bodyKey));
        }
    }

    /// All are checked as client-go does; the one for exec plugins is returned, as JSON.
    std::string readExtensions(const YamlValue& map, const std::string& path)
    {
        std::string execConfig;
        std::set<std::string> seen;
        const YamlValue* list = m_fields.field(map, "extensions", Kind::List, path);
        for (std::size_t i = 0; list && i < list->items.size(); ++i) {
            const YamlValue& item = list->items[i];
            if (!m_fields.hasKind(item, Kind::Map, path + ".extensions[]") && item.kind != Kind::Null)
                return execConfig;
            std::string name;
            m_fields.text(item, "name", path + ".extensions[]", name);
            if (!seen.insert(name).second)
                m_fields.wrong(item.line, "duplicate name \"" + name + "\" in a list of extensions");
            if (const YamlValue* body = item.find("extension"); body && name == kExecExtension)
                execConfig = body->toJson();
        }
        return execConfig;
    }

    void readCluster(const std::string& name, const YamlValue& body, const std::string& path)
    {
        ClusterEndpoint cluster;
        cluster.name = name;
        cluster.origin = m_origin;
        m_fields.text(body, "server", path, cluster.server);
        m_fields.text(body, "tls-server-name", path, cluster.tlsServerName);
        m_fields.truth(body, "insecure-skip-tls-verify", path, cluster.insecureSkipTlsVerify);
        m_fields.file(body, "certificate-authority", path, cluster.certificateAuthority.file);
        m_fields.data(body, "certificate-authority-data", path, cluster.certificateAuthority.inlineText);
        m_fields.text(body, "proxy-url", path, cluster.proxyUrl);
        m_fields.truth(body, "disable-compression", path, cluster.disableCompression);
        cluster.execConfigJson = readExtensions(body, path);
        resolvePath(cluster.certificateAuthority.file);
        m_config.clusters.try_emplace(name, std::move(cluster));
    }

    void readUser(const std::string& name, const YamlValue& body, const std::string& path)
    {
        UserEntry entry;
        UserCredentials& user = entry.credentials;
        user.name = name;
        user.origin = m_origin;
        m_fields.file(body, "client-certificate", path, user.clientCertificate.file);
        m_fields.data(body, "client-certificate-data", path, user.clientCertificate.inlineText);
        m_fields.file(body, "client-key", path, user.clientKey.file);
        m_fields.data(body, "client-key-data", path, user.clientKey.inlineText);
        m_fields.text(body, "token", path, user.token.inlineText);
        m_fields.file(body, "tokenFile", path, user.token.file);
        m_fields.text(body, "username", path, user.username);
        m_fields.text(body, "password", path, user.password);
        readImpersonation(body, path, user.impersonation);
        if (const YamlValue* provider = m_fields.field(body, "auth-provider", Kind::Map, path))
            user.authProvider = readAuthProvider(*provider, path + ".auth-provider");
        if (const YamlValue* exec = m_fields.field(body, "exec", Kind::Map, path))
            user.exec = readExec(*exec, path + ".exec", entry.interactiveMode);
        readExtensions(body, path);
        for (std::filesystem::path* file : {&user.clientCertificate.file, &user.clientKey.file, &user.token.file})
            resolvePath(*file);
        m_config.users.try_emplace(name, std::move(entry));
    }

    void readImpersonation(const YamlValue& body, const std::string& path, Impersonation& out)
    {
        m_fields.text(body, "as", path, out.user);
        m_fields.text(body, "as-uid", path, out.uid);
        m_fields.texts(body, "as-groups", path, out.groups);
        if (const YamlValue* extra = m_fields.field(body, "as-user-extra", Kind::Map, path)) {
            for (const auto& [key, values] : extra->fields)
                m_fields.texts(*extra, key, path + ".as-user-extra", out.extra[key]);
        }
    }

    AuthProvider readAuthProvider(const YamlValue& body, const std::string& path)
    {
        AuthProvider provider;
        m_fields.text(body, "name", path, provider.name);
        if (const YamlValue* config = m_fields.field(body, "config", Kind::Map, path)) {
            for (const auto& [key, value] : config->fields)
                m_fields.text(*config, key, path + ".config", provider.config[key]);
        }
        return provider;
    }

    ExecPlugin readExec(const YamlValue& body, const std::string& path, std::string& interactiveMode)
    {
        ExecPlugin exec;
        m_fields.text(body, "apiVersion", path, exec.apiVersion);
        m_fields.text(body, "command", path, exec.command);
        m_fields.texts(body, "args", path, exec.arguments);
        m_fields.text(body, "installHint", path, exec.installHint);
        m_fields.truth(body, "provideClusterInfo", path, exec.provideClusterInfo);
        m_fields.text(body, "interactiveMode", path, interactiveMode);
        if (const YamlValue* variables = m_fields.field(body, "env", Kind::List, path)) {
            for (const YamlValue& variable : variables->items) {
                auto& [name, value] = exec.environment.emplace_back();
                if (m_fields.hasKind(variable, Kind::Map, path + ".env[]")) {
                    m_fields.text(variable, "name", path + ".env[]", name);
                    m_fields.text(variable, "value", path + ".env[]", value);
                }
            }
        }
        resolveCommand(exec.command);
        return exec;
    }

    void readContext(const std::string& name, const YamlValue& body, const std::string& path)
    {
        ContextEntry context;
        context.origin = m_origin;
        m_fields.text(body, "cluster", path, context.cluster);
        m_fields.text(body, "user", path, context.user);
        m_fields.text(body, "namespace", path, context.defaultNamespace);
        readExtensions(body, path);
        m_config.contexts.try_emplace(name, std::move(context));
    }

    /// A relative path is meant from the folder of the file that holds it.
    void resolvePath(std::filesystem::path& file) const
    {
        if (file.empty() || file.is_absolute())
            return;
        file = (m_origin.parent_path() / file).lexically_normal();
        if (!file.has_filename() && file.has_parent_path()) // as Go's Join: no separator at the end
            file = file.parent_path();
    }

    /// A bare command is looked up in PATH when it runs.
    void resolveCommand(std::string& command) const
    {
        if (command.find(std::filesystem::path::preferred_separator) == std::string::npos)
            return;
        std::filesystem::path file(command);
        resolvePath(file);
        command = file.string();
    }

    std::filesystem::path m_origin;
    FieldReader m_fields;
    Kubeconfig m_config;
};

} // namespace

Result<Kubeconfig> parseKubeconfig(std::string_view text, const std::filesystem::path& origin)
{
    auto root = parseYaml(text);
    if (!root)
        return std::unexpected(std::move(root).error());
    return Reader(origin).read(*root);
}

} // namespace binnacle::kube
