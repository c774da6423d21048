// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_table.h"

#include <string_view>
#include <utility>

namespace binnacle::agent {

namespace {

/// Two readings of one start: the kernel's in nanoseconds, /proc's rounded down to a clock tick.
bool sameStart(std::uint64_t a, std::uint64_t b)
{
    constexpr std::uint64_t kTick = 20'000'000;
    return a == 0 || b == 0 || (a > b ? a - b : b - a) <= kTick;
}

/// Arguments as the program was started with, unless they were cut at the record's size: /proc may show a title instead.
bool prefersOld(const std::vector<std::string>& started, const std::vector<std::string>& now)
{
    constexpr std::size_t kRecord = 250; // BN_PROCESS_ARGUMENTS, less what a cut may leave
    std::size_t size = 0;
    for (const std::string& word : started)
        size += word.size() + 1;
    return !started.empty() && (size < kRecord || now.empty() || now.front() != started.front());
}

bool isOurs(const ProcessFacts& facts) { return facts.program.name == "binnacle-agent" || facts.program.name == "binnacle"; }

constexpr std::size_t kMaxCgroupPaths = 20'000;
constexpr int kMaxTreeDepth = 16;

} // namespace

void ProcessTable::seed()
{
    for (const ProcessId pid : m_source.list()) {
        auto facts = m_source.read(pid);
        if (!facts)
            continue;
        Process& process = m_processes[pid];
        process.pid = pid;
        process.parent = facts->parent;
        process.startNs = facts->startNs;
        process.ignored = m_ignored.contains(pid);
        process.complete = process.tried = true;
        setFacts(process, std::move(*facts));
    }
}

void ProcessTable::setFacts(Process& process, ProcessFacts facts)
{
    process.ignored |= isOurs(facts);
    process.facts = std::make_shared<const ProcessFacts>(std::move(facts));
}

Process& ProcessTable::replace(ProcessId pid)
{
    Process& process = m_processes[pid];
    if (process.pid == pid && process.ended == HostTime{} && m_replaced)
        m_replaced(process);
    if (process.pid == pid && (process.ended != HostTime{} || process.facts))
        m_predecessors.insert_or_assign(pid, std::move(process));
    process = Process{};
    process.pid = pid;
    process.ignored = m_ignored.contains(pid);
    return process;
}

void ProcessTable::inherit(Process& child, ProcessId parent)
{
    const auto known = m_processes.find(parent);
    if (known == m_processes.end())
        return;
    child.facts = known->second.facts;
    child.complete = known->second.complete;
    if (known->second.ignored)
        child.ignored = true;
}

void ProcessTable::on(const ProcessForked& event)
{
    const auto known = m_processes.find(event.task.pid);
    if (known != m_processes.end() && known->second.ended == HostTime{} && known->second.startNs != 0 && sameStart(known->second.startNs, event.startNs) &&
        known->second.complete)
        return; // seeded from /proc while its fork was still in the ring
    Process& process = replace(event.task.pid);
    process.parent = event.parent;
    process.startNs = event.startNs;
    process.began = event.at;
    inherit(process, event.parent);
}

Process& ProcessTable::on(const ProcessExeced& event)
{
    auto known = m_processes.find(event.task.pid);
    const bool same = known != m_processes.end() && known->second.ended == HostTime{} && sameStart(known->second.startNs, event.startNs);
    Process& process = same ? known->second : replace(event.task.pid);
    process.startNs = event.startNs;
    process.parent = event.parent;
    if (!same)
        inherit(process, event.parent);
    ProcessFacts facts;
    const bool moved = event.netns.value != 0 && (!process.facts || process.facts->netns != event.netns);
    if (process.facts) { // an environment and a cgroup are inherited unless somebody changes them
        facts.cgroup = process.facts->cgroup;
        facts.containerName = process.facts->containerName;
        facts.serviceName = process.facts->serviceName;
        facts.netns = process.facts->netns;
    }
    facts.parent = event.parent;
    facts.startNs = event.startNs;
    facts.comm = event.task.name;
    facts.executable = event.executable;
    facts.arguments = splitZeroSeparated(event.arguments);
    if (event.netns.value != 0)
        facts.netns = event.netns;
    if (const auto path = m_cgroupPaths.find(event.task.cgroup); event.task.cgroup != 0 && path != m_cgroupPaths.end())
        facts.cgroup = parseCgroupPath(path->second);
    else if (moved)
        placeByNetwork(facts);
    identify(facts);
    setFacts(process, std::move(facts));
    process.complete = process.tried = false;
    if (m_eagerLeft > 0) {
        --m_eagerLeft;
        readNow(process);
    }
    if (process.complete && event.task.cgroup != 0 && m_cgroupPaths.size() < kMaxCgroupPaths)
        m_cgroupPaths.insert_or_assign(event.task.cgroup, process.facts->cgroup.path);
    return process;
}

/// A runtime starts programs in other containers than its own, and they may be gone before /proc can be asked.  Whoever else lives in
/// the network namespace then tells the container, or one of its pod, whose service is the same.
void ProcessTable::placeByNetwork(ProcessFacts& facts) const
{
    const auto first = m_processes.find(ProcessId{1});
    if (first != m_processes.end() && first->second.facts && first->second.facts->netns == facts.netns)
        return; // the host's own, where anybody may be
    const ProcessFacts* best = nullptr;
    for (const auto& [pid, other] : m_processes) {
        if (!other.complete || other.ended != HostTime{} || other.facts->netns != facts.netns || other.facts->cgroup.containerId.empty())
            continue;
        if (!best || (best->containerName.empty() && !other.facts->containerName.empty())) // a pod's sandbox has no name
            best = other.facts.get();
    }
    if (!best)
        return;
    facts.cgroup = best->cgroup;
    facts.containerName = best->containerName;
}

Process* ProcessTable::on(const ProcessExited& event)
{
    const auto known = m_processes.find(event.task.pid);
    if (known == m_processes.end() || known->second.ended != HostTime{} || !sameStart(known->second.startNs, event.startNs))
        return nullptr;
    known->second.ended = event.at;
    m_ignored.erase(event.task.pid); // its connections know; the next process with this pid is another
    m_ended.push_back({event.task.pid, known->second.startNs, event.at});
    return &known->second;
}

Process* ProcessTable::find(ProcessId pid, HostTime at)
{
    const auto known = m_processes.find(pid);
    if (known != m_processes.end() && known->second.began <= at + kDisorder)
        return &known->second;
    const auto before = m_predecessors.find(pid);
    if (before != m_predecessors.end())
        return &before->second;
    return known != m_processes.end() ? &known->second : nullptr;
}

Process& ProcessTable::ensure(const Task& task, HostTime at)
{
    Process* process = find(task.pid, at);
    if (!process) {
        process = &replace(task.pid);
        readNow(*process);
        if (process->facts) {
            process->parent = process->facts->parent;
            process->startNs = process->facts->startNs;
        }
    }
    if (!process->complete && !process->tried && process->ended == HostTime{})
        readNow(*process);
    if (!process->facts)
        nameByTask(*process, task.name);
    if (process->complete && task.cgroup != 0 && m_cgroupPaths.size() < kMaxCgroupPaths)
        m_cgroupPaths.try_emplace(task.cgroup, process->facts->cgroup.path);
    return *process;
}

void ProcessTable::nameByTask(Process& process, const std::string& comm)
{
    ProcessFacts facts;
    facts.parent = process.parent;
    facts.comm = comm.empty() ? std::string("unknown") : comm;
    identify(facts);
    setFacts(process, std::move(facts));
    ++m_unnamed;
}

const ProcessFacts& ProcessTable::factsOf(Process& process)
{
    if (!process.complete && !process.tried && process.ended == HostTime{})
        readNow(process);
    if (!process.facts)
        nameByTask(process, {});
    return *process.facts;
}

bool ProcessTable::readNow(Process& process)
{
    process.tried = true;
    auto read = m_source.read(process.pid);
    if (!read || !sameStart(read->startNs, process.startNs))
        return false;
    if (process.facts && prefersOld(process.facts->arguments, read->arguments)) {
        read->arguments = process.facts->arguments;
        identify(*read);
    }
    setFacts(process, std::move(*read));
    process.complete = true;
    return true;
}

Process& ProcessTable::treeRoot(Process& process)
{
    Process* root = &process;
    const std::string program = factsOf(process).program.name;
    for (int depth = 0; depth < kMaxTreeDepth; ++depth) {
        const auto parent = m_processes.find(root->parent);
        if (root->parent.value == 0 || parent == m_processes.end() || &parent->second == root)
            break;
        if (factsOf(parent->second).program.name != program)
            break;
        root = &parent->second;
    }
    return *root;
}

void ProcessTable::ignore(ProcessId pid)
{
    m_ignored[pid] = true;
    if (const auto known = m_processes.find(pid); known != m_processes.end())
        known->second.ignored = true;
}

bool ProcessTable::ignored(ProcessId pid) const
{
    const auto known = m_processes.find(pid);
    return m_ignored.contains(pid) || (known != m_processes.end() && known->second.ignored);
}

void ProcessTable::forget(HostTime now)
{
    m_eagerLeft = kEagerReads;
    while (!m_ended.empty() && (m_ended.front().at + kKeepEnded < now || m_ended.size() > kMaxEnded)) {
        const Ended old = m_ended.front();
        m_ended.pop_front();
        for (auto* table : {&m_processes, &m_predecessors}) {
            const auto known = table->find(old.pid);
            if (known != table->end() && known->second.ended == old.at && known->second.startNs == old.startNs) {
                table->erase(known);
                break;
            }
        }
    }
}

} // namespace binnacle::agent
