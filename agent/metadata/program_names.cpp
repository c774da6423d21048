// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/program_names.h"

#include "agent/metadata/process_facts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace binnacle::agent {

namespace {

enum class Interpreter : std::uint8_t { None, Python, Node, Java, Ruby, Perl, Php, Shell, DotNet };

struct ProgramFacts {
    std::string_view program, type;
};

/// Programs that serve one purpose per listening address, whatever the number of their processes.
constexpr std::array kServerPrograms{
    ProgramFacts{"nginx", "nginx"}, ProgramFacts{"openresty", "nginx"}, ProgramFacts{"apache2", "apache"}, ProgramFacts{"httpd", "apache"},
    ProgramFacts{"lighttpd", "lighttpd"}, ProgramFacts{"caddy", "caddy"}, ProgramFacts{"haproxy", "haproxy"}, ProgramFacts{"envoy", "envoy"},
    ProgramFacts{"traefik", "traefik"}, ProgramFacts{"varnishd", "varnish"}, ProgramFacts{"squid", "squid"},
    ProgramFacts{"postgres", "postgresql"}, ProgramFacts{"pgbouncer", "pgbouncer"}, ProgramFacts{"mysqld", "mysql"},
    ProgramFacts{"mariadbd", "mariadb"}, ProgramFacts{"mongod", "mongodb"}, ProgramFacts{"mongos", "mongodb"},
    ProgramFacts{"redis-server", "redis"}, ProgramFacts{"redis-sentinel", "redis"}, ProgramFacts{"valkey-server", "valkey"},
    ProgramFacts{"keydb-server", "keydb"}, ProgramFacts{"memcached", "memcached"}, ProgramFacts{"clickhouse-server", "clickhouse"},
    ProgramFacts{"etcd", "etcd"}, ProgramFacts{"nats-server", "nats"}, ProgramFacts{"mosquitto", "mosquitto"},
    ProgramFacts{"named", "bind"}, ProgramFacts{"unbound", "unbound"}, ProgramFacts{"dnsmasq", "dnsmasq"}, ProgramFacts{"coredns", "coredns"},
};

constexpr std::array kTypes{
    ProgramFacts{"beam.smp", "erlang"}, ProgramFacts{"php-fpm", "php"}, ProgramFacts{"uwsgi", "python"}, ProgramFacts{"sshd", "sshd"},
    ProgramFacts{"kafka", "kafka"}, ProgramFacts{"Kafka", "kafka"}, ProgramFacts{"QuorumPeerMain", "zookeeper"},
    ProgramFacts{"CassandraDaemon", "cassandra"}, ProgramFacts{"Elasticsearch", "elasticsearch"},
};

std::string_view baseName(std::string_view path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view firstWord(std::string_view text)
{
    return text.substr(0, text.find_first_of(" :\t"));
}

/// `python3.11` is `python` with a version after it.
bool isVersioned(std::string_view name, std::string_view stem)
{
    if (!name.starts_with(stem))
        return false;
    return std::ranges::all_of(name.substr(stem.size()), [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; });
}

Interpreter interpreterOf(std::string_view name)
{
    if (isVersioned(name, "python") || isVersioned(name, "pypy"))
        return Interpreter::Python;
    if (name == "node" || name == "nodejs" || name == "bun" || name == "deno")
        return Interpreter::Node;
    if (name == "java")
        return Interpreter::Java;
    if (isVersioned(name, "ruby"))
        return Interpreter::Ruby;
    if (isVersioned(name, "perl"))
        return Interpreter::Perl;
    if (isVersioned(name, "php") || isVersioned(name, "php-cli"))
        return Interpreter::Php;
    if (name == "dotnet")
        return Interpreter::DotNet;
    static constexpr std::array kShells{"sh", "bash", "dash", "ash", "zsh", "ksh"};
    return std::ranges::find(kShells, name) != kShells.end() ? Interpreter::Shell : Interpreter::None;
}

std::string_view typeOf(Interpreter interpreter)
{
    switch (interpreter) {
    case Interpreter::Python: return "python";
    case Interpreter::Node: return "node";
    case Interpreter::Java: return "java";
    case Interpreter::Ruby: return "ruby";
    case Interpreter::Perl: return "perl";
    case Interpreter::Php: return "php";
    case Interpreter::DotNet: return "dotnet";
    case Interpreter::Shell: return "shell";
    case Interpreter::None: break;
    }
    return {};
}

/// How an interpreter's command line is read up to its script.
struct OptionRules {
    std::string_view code;     // letters whose argument is the program itself: no script
    std::string_view module;   // letters whose argument names a module
    std::string_view valued;   // letters that take a value, in the same word or the next
    bool clustered = true;     // `-um x` is `-u -m x`
};

OptionRules rulesOf(Interpreter interpreter)
{
    switch (interpreter) {
    case Interpreter::Python: return {"c", "m", "WX", true};
    case Interpreter::Node: return {"ep", "", "rC", false};
    case Interpreter::Ruby: return {"e", "", "ICEr", true};
    case Interpreter::Perl: return {"eE", "", "I", true};
    case Interpreter::Php: return {"rBRE", "", "Sctdz", false};
    case Interpreter::Shell: return {"cs", "", "oO", true};
    default: return {};
    }
}

bool longOptionHasValue(std::string_view option)
{
    static constexpr std::array kValued{"--require", "--import", "--loader", "--experimental-loader", "--conditions", "--env-file",
                                        "--check-hash-based-pycs", "--rcfile", "--init-file", "--title", "--config"};
    return std::ranges::find(kValued, option) != kValued.end();
}

bool isEvalOption(std::string_view option) { return option == "--eval" || option == "--print"; }

/// The script, or the module, or nothing when the program came another way (-c, -e, standard input).
std::optional<std::string_view> scriptOf(Interpreter interpreter, const std::vector<std::string>& arguments)
{
    const OptionRules rules = rulesOf(interpreter);
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word.empty() || word == "-" || isEvalOption(word))
            return std::nullopt;
        if (word == "--")
            return i + 1 < arguments.size() ? std::optional<std::string_view>(arguments[i + 1]) : std::nullopt;
        if (word[0] != '-') {
            if (interpreter == Interpreter::Node && (word == "run" || word == "start"))
                continue; // deno run x, bun run x
            return word;
        }
        if (word.starts_with("--")) {
            i += longOptionHasValue(word) ? 1 : 0;
            continue;
        }
        const std::size_t letters = rules.clustered ? word.size() : std::min<std::size_t>(2, word.size());
        for (std::size_t at = 1; at < letters; ++at) {
            const bool last = at + 1 == word.size();
            if (rules.code.find(word[at]) != std::string_view::npos)
                return std::nullopt;
            if (rules.module.find(word[at]) != std::string_view::npos) {
                if (!last)
                    return word.substr(at + 1);
                return i + 1 < arguments.size() ? std::optional<std::string_view>(arguments[i + 1]) : std::nullopt;
            }
            if (rules.valued.find(word[at]) != std::string_view::npos) {
                i += last ? 1 : 0;
                break;
            }
        }
    }
    return std::nullopt;
}

/// `java -jar shop.jar`, `java -cp x com.acme.Shop`, `java -m shop/com.acme.Shop`.
std::optional<std::string_view> javaProgram(const std::vector<std::string>& arguments)
{
    static constexpr std::array kValued{"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-opens", "--add-exports", "--add-modules",
                                        "--add-reads", "--limit-modules", "--upgrade-module-path", "--patch-module", "--source"};
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        const bool hasNext = i + 1 < arguments.size();
        if (word == "-jar" && hasNext)
            return baseName(arguments[i + 1]);
        if ((word == "-m" || word == "--module") && hasNext)
            return std::string_view(arguments[i + 1]).substr(arguments[i + 1].find_last_of("./") + 1);
        if (std::ranges::find(kValued, word) != kValued.end())
            ++i;
        else if (!word.starts_with("-") && !word.starts_with("@"))
            return word.ends_with(".java") ? baseName(word) : word.substr(word.rfind('.') + 1);
    }
    return std::nullopt;
}

std::optional<std::string_view> dotnetProgram(const std::vector<std::string>& arguments)
{
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i].ends_with(".dll"))
            return baseName(arguments[i]);
    }
    return std::nullopt;
}

std::string_view withoutExtension(std::string_view name)
{
    static constexpr std::array kExtensions{".py", ".pyc", ".pyz", ".js", ".mjs", ".cjs", ".ts", ".mts", ".jar", ".war", ".java", ".rb",
                                            ".pl", ".php", ".sh", ".bash", ".dll"};
    for (const std::string_view extension : kExtensions) {
        if (name.size() > extension.size() && name.ends_with(extension))
            return name.substr(0, name.size() - extension.size());
    }
    return name;
}

std::optional<std::string_view> programOfInterpreter(Interpreter interpreter, const std::vector<std::string>& arguments)
{
    if (interpreter == Interpreter::Java)
        return javaProgram(arguments);
    if (interpreter == Interpreter::DotNet)
        return dotnetProgram(arguments);
    const auto script = scriptOf(interpreter, arguments);
    return script ? std::optional(baseName(*script)) : std::nullopt;
}

/// `gunicorn: master [app]`: setproctitle() writes over the arguments, so that the first word is all there is.
std::optional<std::string_view> titleOf(Interpreter interpreter, std::string_view argv0)
{
    const std::string_view word = firstWord(baseName(argv0.substr(0, argv0.find(' '))));
    if (word.empty() || word[0] == '-' || interpreterOf(word) == interpreter || argv0.find_first_of(" :") == std::string_view::npos)
        return std::nullopt;
    return word;
}

bool isPrefixOfOther(std::string_view a, std::string_view b) { return a.starts_with(b) || b.starts_with(a); }

/// One executable under several names: what it was called by, if the kernel agrees that it was.
std::string_view calledBy(std::string_view executable, std::string_view argv0, std::string_view comm)
{
    std::string_view word = firstWord(baseName(firstWord(argv0)));
    if (word.starts_with("-"))
        word.remove_prefix(1);
    constexpr std::size_t kCommLength = 15; // TASK_COMM_LEN without the zero
    const bool agreed = !word.empty() && word.substr(0, kCommLength) == comm;
    return agreed && !isPrefixOfOther(word, executable) ? word : executable;
}

void describe(std::string_view program, Interpreter interpreter, bool goBinary, ProgramIdentity& out)
{
    for (const ProgramFacts& facts : kServerPrograms) {
        if (facts.program == program && interpreter == Interpreter::None) {
            out.type = facts.type;
            out.serverProgram = true;
            return;
        }
    }
    for (const ProgramFacts& facts : kTypes) {
        if (facts.program == program)
            out.type = facts.type;
    }
    if (out.type.empty())
        out.type = interpreter != Interpreter::None ? typeOf(interpreter) : goBinary ? std::string_view("go") : std::string_view();
}

} // namespace

ProgramIdentity identifyProgram(std::string_view executable, const std::vector<std::string>& arguments, std::string_view comm, bool goBinary)
{
    if (executable.ends_with(" (deleted)"))
        executable.remove_suffix(10);
    const std::string_view argv0 = arguments.empty() ? std::string_view() : std::string_view(arguments.front());
    std::string_view file = baseName(executable);
    if (interpreterOf(file) == Interpreter::None && interpreterOf(baseName(argv0)) != Interpreter::None && arguments.size() > 1 &&
        baseName(arguments[1]) == file)
        file = baseName(argv0); // the kernel names a script by its own path; its arguments begin with the interpreter
    const Interpreter interpreter = interpreterOf(file);
    ProgramIdentity out;
    if (interpreter != Interpreter::None) {
        auto script = titleOf(interpreter, argv0);
        if (!script)
            script = programOfInterpreter(interpreter, arguments);
        out.name = script ? withoutExtension(*script) : file;
    } else if (!file.empty()) {
        out.name = calledBy(file, argv0, comm);
    }
    if (out.name.empty())
        out.name = file.empty() ? comm : file;
    describe(out.name, interpreter, goBinary, out);
    return out;
}

ServiceName serviceNameOf(const ProcessFacts& facts)
{
    if (!facts.serviceName.empty())
        return {facts.serviceName, NameSource::Environment};
    if (!facts.cgroup.unit.empty())
        return {facts.cgroup.unit, NameSource::Unit};
    if (!facts.containerName.empty())
        return {facts.containerName, NameSource::Container};
    return {facts.program.name, NameSource::Program};
}

} // namespace binnacle::agent
