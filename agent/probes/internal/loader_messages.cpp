// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/loader_messages.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace binnacle::agent {
namespace {

constexpr std::size_t kKept = 16 * 1024;
std::string keptText;
int depth = 0;

int keep(libbpf_print_level level, const char* format, va_list arguments)
{
    if (level == LIBBPF_DEBUG)
        return 0;
    std::array<char, 4096> line{};
    const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
    keptText.append(line.data());
    if (keptText.size() > kKept)
        keptText.erase(0, keptText.size() - kKept);
    return size;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// `[none] integrity confidentiality` → the word in brackets.
std::string lockdown()
{
    std::ifstream file("/sys/kernel/security/lockdown");
    std::string text;
    std::getline(file, text);
    const auto from = text.find('[');
    const auto to = text.find(']');
    return from == std::string::npos || to == std::string::npos ? std::string() : text.substr(from + 1, to - from - 1);
}

/// The verifier's own reason: the line before `processed N insns`; else the loader's last line.
std::string lastSentence(const std::string& text)
{
    std::string last;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("processed ") && !last.empty())
            return last;
        if (!line.empty())
            last = line;
    }
    return last;
}

Error notPermitted()
{
    if (lockdown() == "confidentiality")
        return {ErrorCode::Denied, "operation not permitted: the kernel is locked down (confidentiality) and refuses eBPF programs "
                                   "that read memory. Boot with lockdown=integrity or without lockdown"};
    return {ErrorCode::Denied, "operation not permitted: loading eBPF needs root, or the capabilities BPF, PERFMON and SYS_PTRACE "
                               "(SYS_ADMIN before Linux 5.8). In a container use `privileged: true` or add these capabilities, "
                               "and allow bpf(2) in its seccomp profile"};
}

} // namespace

LoaderMessages::LoaderMessages()
{
    if (depth++ > 0)
        return;
    keptText.clear();
    libbpf_set_print(keep);
}

LoaderMessages::~LoaderMessages() { --depth; } // the text stays readable until the next one begins

const std::string& LoaderMessages::text() { return keptText; }
void LoaderMessages::clear() { keptText.clear(); }

Error explainMissingTypes(const std::string& file, int error)
{
    if (!file.empty())
        return {ErrorCode::NotFound, fmt::format("the kernel's type information (BTF) cannot be read from {}: {}. "
                                                 "Give a file made for exactly this kernel", file, std::strerror(error))};
    return {ErrorCode::Unsupported, fmt::format("failed to load BTF from /sys/kernel/btf/vmlinux: {}. This kernel was built without "
                                                "CONFIG_DEBUG_INFO_BTF. Use a kernel that has it (Debian 11, Ubuntu 20.10, RHEL 8.2 or "
                                                "newer), or give a BTF file made for this kernel with --btf FILE", std::strerror(error))};
}

Error explainLoadFailure(int error, const std::string& loaderText)
{
    if (error < 0)
        error = -error;
    if (contains(loaderText, "failed to find valid kernel BTF") || contains(loaderText, "Error loading vmlinux BTF"))
        return explainMissingTypes({}, ENOENT);
    if (contains(loaderText, "RLIMIT_MEMLOCK") || (error == EPERM && contains(loaderText, "ulimit")))
        return {ErrorCode::Denied, "operation not permitted: the limit of locked memory is too low for eBPF maps. Run `ulimit -l "
                                   "unlimited`, set LimitMEMLOCK=infinity in the unit, or add the capability SYS_RESOURCE"};
    switch (error) {
    case EPERM:
    case EACCES:
        if (!contains(loaderText, "BEGIN PROG LOAD LOG"))
            return notPermitted();
        break;
    case ENOSYS:
        return {ErrorCode::Unsupported, "this kernel was built without eBPF (CONFIG_BPF_SYSCALL). Use a distribution's kernel, 5.8 or newer"};
    case ENOMEM:
    case E2BIG:
        return {ErrorCode::Full, "not enough memory for the eBPF maps. Lower --ring-bytes or --max-connections, or raise the memory limit"};
    case ENOSPC:
        return {ErrorCode::Full, "no space: the kernel refuses more eBPF objects. Lower --ring-bytes or --max-connections"};
    default:
        break;
    }
    return {ErrorCode::Unsupported, fmt::format("the kernel refused an eBPF program: {}. The loader said: {}", std::strerror(error),
                                                lastSentence(loaderText))};
}

} // namespace binnacle::agent
