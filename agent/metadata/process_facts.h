// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "agent/metadata/cgroup_path.h"
#include "agent/metadata/mount_info.h"
#include "agent/metadata/program_names.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace binnacle::agent {

/// What is known of one program image.  Never leaves the agent as it is: arguments may hold secrets.
struct ProcessFacts {
    ProcessId parent;
    std::uint64_t startNs = 0; // since boot, to the clock tick (10 ms) when read from /proc
    std::string comm;
    std::string executable;    // path, links resolved when read from /proc
    std::vector<std::string> arguments;
    std::string serviceName;   // OTEL_SERVICE_NAME, else SERVICE_NAME
    std::string containerName; // in a pod by kubelet's mounts, else by the runtime's own files, when they can be read
    CgroupFacts cgroup;
    NetworkNamespace netns;
    bool goBinary = false;
    ProgramIdentity program;   // made of the above by identify()
};

/// Fills `program`.
void identify(ProcessFacts& facts);

/// Where facts come from.
class ProcessSource {
public:
    virtual ~ProcessSource() = default;
    virtual std::vector<ProcessId> list() = 0;
    /// Nothing when the process is gone or was never shown.
    virtual std::optional<ProcessFacts> read(ProcessId pid) = 0;
};

/// The procfs mounted at `root`: shows the tasks of one PID namespace, which are exactly those the agent reports.
/// Blocks for the reads (tens of microseconds a process).  Limits: 128 KiB of environment, 16 KiB of arguments.
class ProcfsSource final : public ProcessSource {
public:
    explicit ProcfsSource(std::filesystem::path root) : m_root(std::move(root)) {}
    std::vector<ProcessId> list() override;
    std::optional<ProcessFacts> read(ProcessId pid) override;

private:
    /// What is expensive to find and does not change while its subject lives.
    void findContainer(const std::filesystem::path& process, ProcessFacts& facts);
    bool sharesHostMounts(const std::filesystem::path& process) const;
    std::string containerNameOf(const std::string& id);
    bool isGoProgram(const std::filesystem::path& executable, const std::string& target);

    static constexpr std::size_t kMaxRemembered = 4'096;
    std::filesystem::path m_root;
    std::unordered_map<std::string, std::string> m_containerNames; // by id
    std::unordered_map<std::string, PodContainer> m_podContainers; // by id
    std::unordered_map<std::string, bool> m_goPrograms;            // by path, mount namespace and inode
};

/// Zero-separated text as the kernel gives arguments and environment.
std::vector<std::string> splitZeroSeparated(std::string_view text);

/// The name that `environment` gives the service; empty if none.
std::string serviceNameFromEnvironment(std::string_view environment);

} // namespace binnacle::agent
