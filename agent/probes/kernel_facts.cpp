// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/kernel_facts.h"

#include "agent/probes/internal/loader_messages.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <sstream>

namespace binnacle::agent {
namespace {

using Types = std::unique_ptr<btf, decltype(&btf__free)>;

Result<Types> loadTypes(const std::string& file)
{
    btf* types = file.empty() ? btf__load_vmlinux_btf() : btf__parse(file.c_str(), nullptr);
    if (!types)
        return std::unexpected(explainMissingTypes(file, errno));
    return Types(types, &btf__free);
}

/// A tracepoint has a typedef `btf_trace_NAME`, an iterator a function `bpf_iter_NAME`.
int attachType(const btf& types, const std::string& name)
{
    if (name.starts_with("bpf_iter_"))
        return btf__find_by_name_kind(&types, name.c_str(), BTF_KIND_FUNC);
    return btf__find_by_name_kind(&types, ("btf_trace_" + name).c_str(), BTF_KIND_TYPEDEF);
}

bpf_insn instruction(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t immediate)
{
    return {code, static_cast<std::uint8_t>(to & 0xf), static_cast<std::uint8_t>(from & 0xf), offset, immediate};
}

/// Loads (and at once forgets) a program for `name`.
template <std::size_t count>
bool loads(const btf& types, const std::string& name, const std::array<bpf_insn, count>& code)
{
    const int type = attachType(types, name);
    if (type <= 0)
        return false;
    bpf_prog_load_opts options{}; // LIBBPF_OPTS is C: libbpf tells versions apart by the size
    options.sz = sizeof(options);
    options.expected_attach_type = name.starts_with("bpf_iter_") ? BPF_TRACE_ITER : BPF_TRACE_RAW_TP;
    options.attach_btf_id = static_cast<__u32>(type);
    const int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "bn_probe", "GPL", code.data(), code.size(), &options);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/// Its first argument is a typed socket.
constexpr const char* kSocketHook = "tcp_destroy_sock";

const std::array kNothing{instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0), instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};

/// A hardened kernel may know a name and still refuse programs for it, so each is tried.
bool hasAll(const btf& types, std::string_view names)
{
    std::istringstream in{std::string(names)};
    for (std::string name; in >> name;) {
        if (!loads(types, name, kNothing))
            return false;
    }
    return true;
}

/// BPF_PROG_TEST_RUN of a raw tracepoint: 5.10 (1b4d60ec162f).
bool runsByHand()
{
    const int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "bn_probe", "GPL", kNothing.data(), kNothing.size(), nullptr);
    if (fd < 0)
        return false;
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    const bool ran = bpf_prog_test_run_opts(fd, &run) == 0;
    close(fd);
    return ran;
}

bool probeSocketCookie(const btf& types)
{
    return loads(types, kSocketHook, std::array{
        instruction(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 0, 0),
        instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_socket_cookie),
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
        instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)});
}

/// The helper's own function: it cannot be probed without a typed file.
bool knowsSocketFromFile(const btf& types) { return btf__find_by_name_kind(&types, "bpf_sock_from_file", BTF_KIND_FUNC) > 0; }

Result<void> canLoadAnything(const btf& types)
{
    if (loads(types, kSocketHook, kNothing))
        return {};
    return std::unexpected(explainLoadFailure(errno));
}

Result<void> hasRingBuffer()
{
    const int probed = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr);
    if (probed != 0)
        return {}; // yes, or it could not be asked: the load will tell
    return failure(ErrorCode::Unsupported, "this kernel has no BPF ring buffer; Linux 5.8 or newer is needed");
}

/// bpf/lib/sent_copy.bpf.h; whether it is so on this kernel, finding the copy will tell.
#if defined(__x86_64__)
constexpr bool kMapsPagesInOneRun = true;
#else
constexpr bool kMapsPagesInOneRun = false;
#endif

std::uint32_t coarseTickMicroseconds()
{
    timespec resolution{};
    clock_getres(CLOCK_MONOTONIC_COARSE, &resolution); // one jiffy
    return resolution.tv_nsec > 0 ? static_cast<std::uint32_t>(resolution.tv_nsec / 1000) : 4000;
}

std::uint32_t ownPidNamespace()
{
    constexpr std::uint32_t kFirst = 0xEFFFFFFC; // include/linux/proc_ns.h: PROC_PID_INIT_INO
    struct stat status {};
    if (stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kFirst)
        return 0;
    return static_cast<std::uint32_t>(status.st_ino);
}

std::string kernelRelease()
{
    utsname name{};
    return uname(&name) == 0 ? name.release : "unknown";
}

HookSet hooksIn(const btf& types)
{
    HookSet hooks;
    for (const HookFacts& facts : kHooks) {
        if (!facts.attaches.empty())
            hooks.set(indexOf(facts.hook), hasAll(types, facts.attaches));
    }
    hooks.set(indexOf(Hook::SocketSamples), runsByHand());
    hooks.set(indexOf(Hook::SentCopy), kMapsPagesInOneRun && hooks.test(indexOf(Hook::PayloadSocket)) && hooks.test(indexOf(Hook::SocketSamples)));
    hooks.set(indexOf(Hook::SocketCookie), probeSocketCookie(types));
    hooks.set(indexOf(Hook::SocketFromFile), knowsSocketFromFile(types));
    return hooks;
}

} // namespace

Result<KernelFacts> KernelFacts::ask(const std::string& btfFile)
{
    const LoaderMessages messages;
    auto types = loadTypes(btfFile);
    if (!types)
        return std::unexpected(std::move(types).error());
    BN_TRY(canLoadAnything(**types));
    BN_TRY(hasRingBuffer());
    KernelFacts facts;
    facts.release = kernelRelease();
    facts.hasTypes = true;
    facts.hooks = hooksIn(**types);
    facts.jiffyMicroseconds = coarseTickMicroseconds();
    facts.pidNamespaceInode = ownPidNamespace();
    facts.processors = static_cast<std::uint32_t>(libbpf_num_possible_cpus());
    return facts;
}

} // namespace binnacle::agent
