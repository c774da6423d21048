// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_facts.h"

#include "agent/metadata/process_memory.h"
#include "core/base/platform/files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace binnacle::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEnvironmentLimit = 128 * 1024;
constexpr std::size_t kArgumentsLimit = 16 * 1024;
constexpr std::size_t kMountsLimit = 256 * 1024;
constexpr std::size_t kNameLimit = 128; // of a service; longer ones are cut

template <class T>
std::optional<T> number(std::string_view text)
{
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string textOf(const fs::path& file, std::size_t limit)
{
    return platform::readFile(file, limit).value_or(std::string());
}

/// /proc/PID/stat, proc(5): the name is in parentheses and may hold any character, so fields are counted after the last one.
bool readStat(std::string_view text, ProcessFacts& facts, std::uint64_t& startStack)
{
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return false;
    facts.comm = text.substr(open + 1, close - open - 1);
    std::string_view rest = text.substr(close + 1);
    constexpr int kParentField = 4, kStartField = 22, kStackField = 28;
    for (int field = 2; !rest.empty(); ++field) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        if (field == kParentField)
            facts.parent = ProcessId{number<std::uint32_t>(word).value_or(0)};
        if (field == kStartField) {
            static const std::uint64_t tick = 1'000'000'000ull / static_cast<std::uint64_t>(std::max(1L, sysconf(_SC_CLK_TCK)));
            facts.startNs = number<std::uint64_t>(word).value_or(0) * tick;
        }
        if (field == kStackField)
            startStack = number<std::uint64_t>(word).value_or(0); // 0 where we may not look
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return facts.startNs != 0;
}

/// Of /proc/PID/stat: a process that is on its way out, or has gone, shows no memory, no mounts and, in version 1, `/` as its cgroup.
bool isEnding(std::string_view stat)
{
    constexpr int kFlagsField = 9;
    constexpr std::uint64_t kExiting = 0x4; // PF_EXITING, include/linux/sched.h
    const std::size_t close = stat.rfind(')');
    if (close == std::string_view::npos)
        return true;
    std::string_view rest = stat.substr(close + 1);
    for (int field = 2; field < kFlagsField; ++field) {
        const std::size_t end = rest.find(' ');
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return (number<std::uint64_t>(rest.substr(0, rest.find(' '))).value_or(0) & kExiting) != 0;
}

/// What the environment says, also where a title was written over it.
std::string serviceNameOf(const fs::path& process, std::uint64_t startStack)
{
    const std::string environment = textOf(process / "environ", kEnvironmentLimit);
    std::string name = serviceNameFromEnvironment(environment);
    if (name.empty() && isOverwrittenEnvironment(environment))
        name = serviceNameFromEnvironment(serviceEntriesFromMemory(process, startStack));
    return name;
}

NetworkNamespace netnsOf(const fs::path& process)
{
    std::error_code ignored;
    const std::string link = fs::read_symlink(process / "ns/net", ignored).string(); // net:[4026531833]
    const std::size_t open = link.find('[');
    if (open == std::string::npos || !link.ends_with(']'))
        return {};
    return NetworkNamespace{number<std::uint32_t>(std::string_view(link).substr(open + 1, link.size() - open - 2)).value_or(0)};
}

/// The Go linker leaves a note section; reading the section names of the executable finds it.  Source: cmd/link, elf.go.
bool isGoBinary(const fs::path& executable)
{
    std::ifstream file(executable, std::ios::binary);
    Elf64_Ehdr header{};
    if (!file.read(reinterpret_cast<char*>(&header), sizeof header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 || header.e_shnum > 256 ||
        header.e_shstrndx >= header.e_shnum)
        return false;
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    file.seekg(static_cast<std::streamoff>(header.e_shoff));
    if (!file.read(reinterpret_cast<char*>(sections.data()), static_cast<std::streamsize>(sections.size() * sizeof(Elf64_Shdr))))
        return false;
    std::string names(std::min<std::uint64_t>(sections[header.e_shstrndx].sh_size, 16 * 1024), '\0');
    file.seekg(static_cast<std::streamoff>(sections[header.e_shstrndx].sh_offset));
    file.read(names.data(), static_cast<std::streamsize>(names.size()));
    return names.find(".note.go.buildid") != std::string::npos || names.find(".go.buildinfo") != std::string::npos;
}

/// The value of `"key":"value"` in a runtime's JSON file; names hold no escapes.
std::string jsonText(std::string_view json, std::string_view key)
{
    const std::string quoted = '"' + std::string(key) + "\":";
    const std::size_t at = json.find(quoted);
    if (at == std::string_view::npos)
        return {};
    std::string_view rest = json.substr(at + quoted.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (!rest.starts_with('"'))
        return {};
    rest.remove_prefix(1);
    return std::string(rest.substr(0, std::min(rest.find('"'), kNameLimit)));
}

/// What the runtime calls the container, from the files that it keeps on the host: Docker's and containerd's.
/// `/proc/1/root` is the host's root also from inside a pod with the host's PID namespace.
std::string readContainerName(const fs::path& procRoot, const std::string& id)
{
    const fs::path host = procRoot / "1/root";
    std::string name = jsonText(textOf(host / "var/lib/docker/containers" / id / "config.v2.json", 256 * 1024), "Name");
    if (name.starts_with('/'))
        name.erase(0, 1);
    if (!name.empty())
        return name;
    for (const char* space : {"k8s.io", "default"}) {
        const std::string config = textOf(host / "run/containerd/io.containerd.runtime.v2.task" / space / id / "config.json", 1024 * 1024);
        for (const char* key : {"io.kubernetes.cri.container-name", "nerdctl/name"}) {
            if (name = jsonText(config, key); !name.empty())
                return name;
        }
    }
    return {};
}

} // namespace

std::vector<std::string> splitZeroSeparated(std::string_view text)
{
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    while (!parts.empty() && parts.back().empty())
        parts.pop_back(); // titles written over the arguments leave zeros behind
    return parts;
}

std::string serviceNameFromEnvironment(std::string_view environment)
{
    constexpr std::array kNames{std::string_view("OTEL_SERVICE_NAME="), std::string_view("SERVICE_NAME=")};
    std::array<std::string_view, kNames.size()> found;
    while (!environment.empty()) {
        const std::size_t end = std::min(environment.find('\0'), environment.size());
        const std::string_view entry = environment.substr(0, end);
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            if (entry.starts_with(kNames[i]))
                found[i] = entry.substr(kNames[i].size(), kNameLimit);
        }
        environment.remove_prefix(std::min(end + 1, environment.size()));
    }
    return std::string(!found[0].empty() ? found[0] : found[1]);
}

void identify(ProcessFacts& facts)
{
    facts.program = identifyProgram(facts.executable, facts.arguments, facts.comm, facts.goBinary);
}

std::vector<ProcessId> ProcfsSource::list()
{
    std::vector<ProcessId> pids;
    std::error_code problem;
    for (fs::directory_iterator entry(m_root, problem), end; !problem && entry != end; entry.increment(problem)) {
        if (const auto pid = number<std::uint32_t>(entry->path().filename().string()))
            pids.push_back(ProcessId{*pid});
    }
    std::ranges::sort(pids);
    return pids;
}

std::string ProcfsSource::containerNameOf(const std::string& id)
{
    if (id.size() != 64)
        return {};
    if (const auto known = m_containerNames.find(id); known != m_containerNames.end())
        return known->second;
    if (m_containerNames.size() >= kMaxRemembered)
        m_containerNames.clear();
    return m_containerNames[id] = readContainerName(m_root, id);
}

/// In pods by kubelet's mounts: the same from the first event on, whatever the agent may ask of the API server.  A cgroup path of
/// another namespace (`/`, `/../…`) does not name the pod; the mounts do.
void ProcfsSource::findContainer(const fs::path& process, ProcessFacts& facts)
{
    CgroupFacts& cgroup = facts.cgroup;
    const bool hidden = cgroup.podUid.empty() && (cgroup.path == "/" || cgroup.path.starts_with("/.."));
    if (!facts.executable.empty() && (!cgroup.podUid.empty() || (hidden && !sharesHostMounts(process)))) {
        PodContainer found;
        // By the container's id only: numbers of namespaces are used again.
        if (const auto known = m_podContainers.find(cgroup.containerId); known != m_podContainers.end())
            found = known->second;
        else
            found = podContainerFromMounts(textOf(process / "mountinfo", kMountsLimit));
        if (!found.name.empty() && !cgroup.containerId.empty()) { // without a name the mounts may still come
            if (m_podContainers.size() >= kMaxRemembered)
                m_podContainers.clear();
            m_podContainers.insert_or_assign(cgroup.containerId, found);
        }
        facts.containerName = std::move(found.name);
        if (cgroup.podUid.empty())
            cgroup.podUid = std::move(found.podUid);
    }
    if (facts.containerName.empty())
        facts.containerName = containerNameOf(cgroup.containerId);
}

bool ProcfsSource::sharesHostMounts(const fs::path& process) const
{
    std::error_code ignored;
    const fs::path host = fs::read_symlink(m_root / "1/ns/mnt", ignored);
    return !host.empty() && fs::read_symlink(process / "ns/mnt", ignored) == host;
}

bool ProcfsSource::isGoProgram(const fs::path& executable, const std::string& target)
{
    struct stat facts {};
    if (::stat(executable.c_str(), &facts) != 0)
        return false;
    const std::string key = target + '@' + std::to_string(facts.st_dev) + ':' + std::to_string(facts.st_ino);
    if (const auto known = m_goPrograms.find(key); known != m_goPrograms.end())
        return known->second;
    if (m_goPrograms.size() >= kMaxRemembered)
        m_goPrograms.clear();
    return m_goPrograms[key] = isGoBinary(executable);
}

std::optional<ProcessFacts> ProcfsSource::read(ProcessId pid)
{
    const fs::path process = m_root / std::to_string(pid.value);
    ProcessFacts facts;
    std::uint64_t startStack = 0;
    if (!readStat(textOf(process / "stat", 4096), facts, startStack))
        return std::nullopt;
    std::error_code ignored;
    facts.executable = fs::read_symlink(process / "exe", ignored).string(); // none: a kernel thread
    if (!facts.executable.empty()) {
        facts.arguments = splitZeroSeparated(textOf(process / "cmdline", kArgumentsLimit));
        facts.serviceName = serviceNameOf(process, startStack);
        // Known by path and inode: reading section names of each new process would cost more than the rest together.
        facts.goBinary = isGoProgram(process / "exe", facts.executable);
    }
    facts.cgroup = parseCgroupPath(pickCgroupPath(textOf(process / "cgroup", 64 * 1024)));
    findContainer(process, facts);
    facts.netns = netnsOf(process);
    if (isEnding(textOf(process / "stat", 4096)))
        return std::nullopt; // half of it may be from before and half from after
    identify(facts);
    return facts;
}

} // namespace binnacle::agent
