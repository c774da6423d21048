// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "desktop/ingest/askpass.h"
#include "desktop/ingest/ssh_link.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace binnacle::desktop {

/// The ways by ssh to some targets, one login each.  Thread: any.
class SshLinks {
public:
    /// With an askpass server ssh asks there, unless the user's environment names a program for it.
    explicit SshLinks(SshPrompts prompts, std::shared_ptr<const AskpassServer> askpass = nullptr);
    SshLinks(const SshLinks&) = delete;
    SshLinks& operator=(const SshLinks&) = delete;

    /// Begins to log in for a target by ssh and gives the local end in its place; others come back as they are.
    Result<Target> open(const Target& target);
    /// Opens all, one after the other: ssh may ask for something, and one at a time can be answered.  Fails with the sentence of the first that
    /// does not get in, however often it may be tried.
    Result<std::vector<Target>> openAndWait(const std::vector<Target>& targets, const Cancellation& cancellation = {});
    void close(const Target& local);

    /// Why an agent does not answer, if that is known; nothing for a target of somebody else.
    std::optional<Error> whyAway(const Target& local) const;
    void retry();
    /// Called on some link's thread, soon after something changed; nothing more is once it is replaced.
    void onChange(std::function<void()> changed);

private:
    SshLink* find(const Target& local) const;

    /// Outlives this object for callbacks under way.
    struct Listener {
        std::mutex mutex;
        std::function<void()> changed;
    };
    const SshPrompts m_prompts;
    const std::shared_ptr<const AskpassServer> m_askpass; // may be null
    const std::shared_ptr<Listener> m_listener = std::make_shared<Listener>();
    mutable std::mutex m_mutex; // guards what follows
    std::vector<std::unique_ptr<SshLink>> m_links;
};

} // namespace binnacle::desktop
