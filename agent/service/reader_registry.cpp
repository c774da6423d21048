// SPDX-License-Identifier: Apache-2.0
#include "agent/service/reader_registry.h"

#include "core/base/platform/files.h"

#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace binnacle::agent {
namespace {

/// Field 22 of /proc/PID/stat, counted after the name, which may hold spaces; nothing when there is no such process.
std::optional<std::uint64_t> startOf(std::uint32_t pid)
{
    const auto stat = platform::readFile("/proc/" + std::to_string(pid) + "/stat", 4096);
    std::size_t at = stat ? stat->rfind(')') : std::string::npos;
    if (at == std::string::npos)
        return std::nullopt;
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = stat->find(' ', at + 1);
    return at == std::string::npos ? std::nullopt : std::optional<std::uint64_t>(std::strtoull(stat->c_str() + at, nullptr, 10));
}

} // namespace

void ReaderRegistry::connected(int descriptor, const PeerCredentials& peer)
{
    const std::lock_guard lock(m_mutex);
    m_peers[descriptor] = peer;
}

std::optional<PeerCredentials> ReaderRegistry::peerOf(int descriptor) const
{
    const std::lock_guard lock(m_mutex);
    const auto known = m_peers.find(descriptor);
    return known == m_peers.end() ? std::nullopt : std::optional(known->second);
}

void ReaderRegistry::addProcess(std::uint32_t pid)
{
    const auto started = startOf(pid);
    if (!started || pid == static_cast<std::uint32_t>(::getpid()))
        return;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_processes.insert({pid, *started}).second)
            return;
    }
    if (m_came)
        m_came(pid);
}

void ReaderRegistry::forgetEnded()
{
    std::vector<std::uint32_t> ended;
    {
        const std::lock_guard lock(m_mutex);
        std::erase_if(m_processes, [&](const Process& process) {
            const bool isOver = startOf(process.pid) != process.started;
            if (isOver)
                ended.push_back(process.pid);
            return isOver;
        });
    }
    for (const std::uint32_t pid : ended) {
        if (m_gone)
            m_gone(pid);
    }
}

} // namespace binnacle::agent
