// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/kernel_object.h"

#include "agent/probes/internal/loader_messages.h"
#include "agent/probes/internal/sent_copy.h"

#include <binnacle_bpf.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace binnacle::agent {
namespace {

constexpr std::size_t kLifecycleRing = 4u << 20;
constexpr std::size_t kLeastSharedRing = 2u << 20; // a CPU at full load writes 80 MB a second, and a busy reader comes 20 ms late

std::size_t ringSize(std::size_t asked)
{
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return std::bit_ceil(std::max(asked, page));
}

/// Into how many rings `bytes` are shared out: one a CPU where there is room for that.  A power of two.
std::size_t ringCount(std::size_t bytes, std::uint32_t processors, std::size_t most)
{
    const std::size_t room = std::max<std::size_t>(bytes / kLeastSharedRing, 1);
    return std::min({std::bit_ceil(std::size_t{processors}), std::bit_floor(room), most});
}

void set(binnacle_bpf& skeleton, const KernelFacts& facts, const ProbePlan& plan, std::size_t rings, std::size_t ringBytes)
{
    auto& settings = *skeleton.rodata;
    settings.own_pid = static_cast<__u32>(getpid());
    settings.own_pidns_inode = facts.pidNamespaceInode;
    settings.data_ring_mark = static_cast<__u32>(ringBytes / 4);
    settings.data_ring_mask = static_cast<__u32>(rings - 1);
    settings.lifecycle_ring_mark = kLifecycleRing / 4;
    settings.jiffy_us = facts.jiffyMicroseconds;
    settings.has_socket_cookie = plan.uses(Hook::SocketCookie);
    settings.processors = facts.processors;
    settings.has_sock_from_file = plan.uses(Hook::SocketFromFile);
    settings.has_sent_copy = plan.uses(Hook::SentCopy);
    settings.close_is_destroy = !plan.uses(Hook::SocketDestroy);
}

void chooseHooks(binnacle_bpf& skeleton, const ProbePlan& plan)
{
    for (const HookPlan& hook : plan.hooks) {
        for (const HookProgram& part : programsOf(skeleton, hook.hook))
            bpf_program__set_autoload(part.program, hook.state == HookState::Used);
    }
}

/// `memlock` of a map's fdinfo: what the kernel accounts for it.
std::size_t memoryOf(int map)
{
    std::ifstream file("/proc/self/fdinfo/" + std::to_string(map));
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("memlock:"))
            return std::stoul(line.substr(8));
    }
    return 0;
}

} // namespace

std::vector<HookProgram> programsOf(binnacle_bpf& s, Hook hook)
{
    switch (hook) {
    case Hook::SocketState: return {{s.progs.socket_state, &s.links.socket_state}};
    case Hook::SocketDestroy: return {{s.progs.socket_destroy, &s.links.socket_destroy}};
    case Hook::ResetSent: return {{s.progs.reset_sent, &s.links.reset_sent}};
    case Hook::ResetReceived: return {{s.progs.reset_received, &s.links.reset_received}};
    case Hook::PayloadSocket:
        return {{s.progs.payload_sent, &s.links.payload_sent}, {s.progs.payload_received, &s.links.payload_received}};
    case Hook::PayloadSyscall: return {{s.progs.payload_syscall, &s.links.payload_syscall}};
    case Hook::SentCopy: return {{s.progs.find_sent_copy, nullptr}};
    case Hook::ProcessFork: return {{s.progs.process_fork, &s.links.process_fork}};
    case Hook::ProcessExec: return {{s.progs.process_exec, &s.links.process_exec}};
    case Hook::ProcessExit: return {{s.progs.process_exit, &s.links.process_exit}};
    case Hook::ExistingSockets: return {{s.progs.existing_sockets, &s.links.existing_sockets}};
    case Hook::SocketSamples: return {{s.progs.socket_samples, nullptr}};
    case Hook::SocketCookie:
    case Hook::SocketFromFile: break;
    }
    return {};
}

Result<std::unique_ptr<KernelObject>> KernelObject::load(const KernelFacts& facts, const ProbeOptions& options, ProbePlan& plan)
{
    auto object = loadAsPlanned(facts, options, plan);
    if (object || !plan.uses(Hook::SentCopy))
        return object;
    // It knows more of the kernel's inside than the others, which are worth more.
    ProbePlan without = plan;
    without.lose(Hook::SentCopy, object.error().what);
    auto again = loadAsPlanned(facts, options, without);
    if (!again)
        return object;
    plan = std::move(without);
    return again;
}

Result<std::unique_ptr<KernelObject>> KernelObject::loadAsPlanned(const KernelFacts& facts, const ProbeOptions& options, const ProbePlan& plan)
{
    const LoaderMessages messages;
    bpf_object_open_opts open{};
    open.sz = sizeof(open);
    open.btf_custom_path = options.btfFile.empty() ? nullptr : options.btfFile.c_str();
    std::unique_ptr<KernelObject> object(new KernelObject);
    object->m_skeleton = binnacle_bpf__open_opts(&open);
    if (!object->m_skeleton)
        return std::unexpected(explainLoadFailure(errno));
    binnacle_bpf& skeleton = *object->m_skeleton;
    const std::size_t bytes = ringSize(options.ringBytes);
    const std::size_t rings = ringCount(bytes, facts.processors, bpf_map__max_entries(skeleton.maps.data_rings));
    object->m_dataRingBytes = bytes / rings;
    BN_TRY(object->makeDataRings(rings));
    bpf_map__set_max_entries(skeleton.maps.connections, std::max(1u, options.maxConnections));
    set(skeleton, facts, plan, rings, object->m_dataRingBytes);
    chooseHooks(skeleton, plan);
    if (const int error = binnacle_bpf__load(&skeleton); error != 0)
        return std::unexpected(explainLoadFailure(error));
    BN_TRY(object->enterDataRings());
    return object;
}

Result<void> KernelObject::makeDataRings(std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
        const int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "data_ring", 0, 0, static_cast<__u32>(m_dataRingBytes), nullptr);
        if (ring < 0)
            return std::unexpected(explainLoadFailure(ring));
        m_dataRings.push_back(ring);
    }
    // The first one is the pattern of all.
    if (const int error = bpf_map__set_inner_map_fd(m_skeleton->maps.data_rings, m_dataRings.front()); error != 0)
        return std::unexpected(explainLoadFailure(error));
    return {};
}

Result<void> KernelObject::enterDataRings()
{
    for (__u32 slot = 0; slot < m_dataRings.size(); ++slot) {
        if (const int error = bpf_map_update_elem(bpf_map__fd(m_skeleton->maps.data_rings), &slot, &m_dataRings[slot], BPF_ANY); error != 0)
            return std::unexpected(explainLoadFailure(error));
    }
    return {};
}

KernelObject::~KernelObject()
{
    for (const int ring : m_dataRings)
        close(ring);
    if (m_skeleton)
        binnacle_bpf__destroy(m_skeleton);
}

Result<void> KernelObject::attachHook(Hook hook)
{
    for (const HookProgram& part : programsOf(*m_skeleton, hook)) {
        if (!part.link)
            continue;
        *part.link = bpf_program__attach(part.program);
        if (!*part.link)
            return failure(ErrorCode::Unsupported, fmt::format("cannot be attached: {}", std::strerror(errno)));
    }
    return {};
}

Result<void> KernelObject::attach(ProbePlan& plan)
{
    const LoaderMessages messages;
    if (plan.uses(Hook::SentCopy)) {
        if (auto found = findSentCopy(*m_skeleton); !found) // before anything is watched: it sends bytes of its own
            plan.lose(Hook::SentCopy, found.error().what);
    }
    for (const HookFacts& facts : kHooks) {
        if (!plan.uses(facts.hook))
            continue;
        if (auto attached = attachHook(facts.hook); !attached)
            plan.lose(facts.hook, attached.error().what);
    }
    if (plan.uses(Hook::SocketState) || plan.uses(Hook::PayloadSocket) || plan.uses(Hook::PayloadSyscall))
        return {};
    return failure(ErrorCode::Unsupported, "no eBPF program could be attached; run `binnacle-agent check`");
}

const bpf_link* KernelObject::existingSockets() const { return m_skeleton->links.existing_sockets; }
std::size_t KernelObject::lifecycleRingBytes() const { return kLifecycleRing; }

std::size_t KernelObject::mapBytes() const
{
    std::size_t bytes = 0;
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, m_skeleton->obj) bytes += memoryOf(bpf_map__fd(map));
    for (const int ring : m_dataRings)
        bytes += memoryOf(ring);
    return bytes;
}

} // namespace binnacle::agent
