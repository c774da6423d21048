// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/process_facts.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/node_hash_map.h>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace binnacle::agent {

inline constexpr std::uint32_t kNoInstance = 0xffffffff;

/// One process from fork to a minute after its exit.
struct Process {
    ProcessId pid;
    ProcessId parent;
    std::uint64_t startNs = 0;  // since boot; with the pid its identity
    HostTime began{};           // when we heard of it; zero = before our time
    HostTime ended{};           // zero while it lives
    std::shared_ptr<const ProcessFacts> facts; // null until somebody asks; shared with what it forked
    bool complete = false;      // `facts` come from /proc, or are inherited from such
    bool tried = false;         // /proc was asked
    bool ignored = false;
    std::uint32_t instance = kNoInstance; // kept by InstanceTable
};

/// Which program is behind a pid, also for processes that are gone.
///
/// Seeded from /proc, kept by fork, exec and exit events.  Reads /proc only for processes that listen or talk, and for new programs
/// while they come slower than kEagerReads a second.  Thread: the drain thread.  An ended process is kept for kKeepEnded, at most
/// kMaxEnded of them.  Pointers stay valid until forget().
class ProcessTable {
public:
    static constexpr Nanoseconds kKeepEnded = std::chrono::seconds(60);
    static constexpr std::size_t kMaxEnded = 16'384;
    static constexpr std::uint32_t kEagerReads = 100;

    /// `source` is not owned and outlives this.  `replaced` hears of a process whose exit was not told when its pid comes again.
    explicit ProcessTable(ProcessSource& source) : m_source(source) {}
    void setOnReplaced(std::function<void(Process&)> replaced) { m_replaced = std::move(replaced); }

    void seed();
    void on(const ProcessForked& event);
    /// The same process with another program: facts start anew.
    Process& on(const ProcessExeced& event);
    Process* on(const ProcessExited& event); // null when it was never heard of

    /// The process that had this pid at this time; nothing when it was never heard of.
    Process* find(ProcessId pid, HostTime at);
    /// As find(), but makes one from what /proc shows, at the least from the task's name.
    Process& ensure(const Task& task, HostTime at);
    /// Reads /proc when that was not done yet.  Never null.
    const ProcessFacts& factsOf(Process& process);
    /// The topmost ancestor that runs the same server program.
    Process& treeRoot(Process& process);

    /// Told of nobody: by number, beside our own programs, which are known by name wherever they run: gateways, agents of another host on
    /// this kernel, desktops.
    void ignore(ProcessId pid);
    bool ignored(ProcessId pid) const;

    template <class F>
    void forEachLive(F&& visit)
    {
        for (auto& [pid, process] : m_processes) {
            if (process.ended == HostTime{})
                visit(process);
        }
    }

    /// Processes that were gone before anything but their task name could be read, since the last call.
    std::uint64_t takeUnnamed() { return std::exchange(m_unnamed, 0); }
    /// Drops what ended long before `now`; allows kEagerReads more reads.  Once a second.
    void forget(HostTime now);

    std::size_t size() const { return m_processes.size(); }

private:
    struct Ended {
        ProcessId pid;
        std::uint64_t startNs = 0;
        HostTime at{};
    };

    Process& replace(ProcessId pid);
    void setFacts(Process& process, ProcessFacts facts);
    void inherit(Process& child, ProcessId parent);
    void placeByNetwork(ProcessFacts& facts) const;
    bool readNow(Process& process);
    void nameByTask(Process& process, const std::string& comm);

    ProcessSource& m_source;
    std::function<void(Process&)> m_replaced;
    absl::node_hash_map<ProcessId, Process> m_processes;          // the latest of each pid
    absl::node_hash_map<ProcessId, Process> m_predecessors;       // the one before, where the pid was used again within a minute
    absl::flat_hash_map<std::uint64_t, std::string> m_cgroupPaths; // by v2 inode, learned from processes that could be read
    absl::flat_hash_map<ProcessId, bool> m_ignored;
    std::deque<Ended> m_ended;
    std::uint64_t m_unnamed = 0;
    std::uint32_t m_eagerLeft = kEagerReads;
};

} // namespace binnacle::agent
