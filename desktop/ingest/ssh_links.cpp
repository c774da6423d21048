// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/ssh_links.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace binnacle::desktop {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);

} // namespace

SshLinks::SshLinks(SshPrompts prompts, std::shared_ptr<const AskpassServer> askpass) : m_prompts(prompts), m_askpass(std::move(askpass)) {}

Result<Target> SshLinks::open(const Target& target)
{
    if (target.kind != Target::Kind::Ssh)
        return target;
    platform::Environment environment = platform::environment();
    if (m_askpass && platform::variable(environment, "SSH_ASKPASS").empty())
        m_askpass->addTo(environment, target);
    auto ssh = findSsh(m_prompts, environment);
    if (!ssh)
        return std::unexpected(std::move(ssh).error());
    auto link = SshLink::open({.target = target, .ssh = std::move(*ssh)}, [listener = m_listener] {
        const std::lock_guard lock(listener->mutex);
        if (listener->changed)
            listener->changed();
    });
    if (!link)
        return std::unexpected(std::move(link).error());
    Target local = (*link)->local();
    const std::lock_guard lock(m_mutex);
    m_links.push_back(std::move(*link));
    return local;
}

Result<std::vector<Target>> SshLinks::openAndWait(const std::vector<Target>& targets, const Cancellation& cancellation)
{
    std::vector<Target> opened;
    for (const Target& target : targets) {
        auto local = open(target);
        if (!local)
            return std::unexpected(std::move(local).error());
        const SshLink* link = target.kind == Target::Kind::Ssh ? find(*local) : nullptr;
        while (link && link->phase() == SshLink::Phase::LoggingIn) {
            if (cancellation.isCancelled())
                return failure(ErrorCode::Cancelled, "cancelled while logging in");
            std::this_thread::sleep_for(kLook);
        }
        if (link && link->phase() != SshLink::Phase::In)
            return std::unexpected(link->whyAway().value_or(Error{ErrorCode::Unavailable, "ssh ended"}));
        opened.push_back(std::move(*local));
    }
    return opened;
}

void SshLinks::close(const Target& local)
{
    std::unique_ptr<SshLink> closed; // ended outside the lock: that takes a moment
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find_if(m_links, [&](const auto& link) { return link->local() == local; });
    if (found == m_links.end())
        return;
    closed = std::move(*found);
    m_links.erase(found);
}

SshLink* SshLinks::find(const Target& local) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find_if(m_links, [&](const auto& link) { return link->local() == local; });
    return found == m_links.end() ? nullptr : found->get();
}

std::optional<Error> SshLinks::whyAway(const Target& local) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find_if(m_links, [&](const auto& link) { return link->local() == local; });
    return found == m_links.end() ? std::nullopt : (*found)->whyAway();
}

void SshLinks::retry()
{
    const std::lock_guard lock(m_mutex);
    for (const auto& link : m_links)
        link->retry();
}

void SshLinks::onChange(std::function<void()> changed)
{
    const std::lock_guard lock(m_listener->mutex);
    m_listener->changed = std::move(changed);
}

} // namespace binnacle::desktop
