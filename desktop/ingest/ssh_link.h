// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/platform/local_socket.h"
#include "core/base/platform/private_folder.h"
#include "desktop/ingest/ssh_command.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace binnacle::desktop {

struct SshLinkOptions {
    Target target; // Ssh
    SshProgram ssh;
    std::chrono::milliseconds firstPause{1'000}; // between logins, doubled up to …
    std::chrono::milliseconds longestPause{30'000};
    std::chrono::milliseconds deniedPause{30'000}; // after the agent refused this user: sudo writes down each try
};

/// The way to an agent on another machine, by the user's own ssh: one login, and over it a session for each connection to local().
///
/// Logs in again with growing pauses when the login ends; after a refusal only when retry() says so, since a person is asked each time.
/// Owns its thread, the ssh processes (ended by their id), and a socket in a folder of this user alone.  When this program is killed the
/// inputs of these processes end, and with them the processes, here and there.
/// Thread: any.
class SshLink {
public:
    enum class Phase : std::uint8_t {
        LoggingIn, // connections to local() wait
        In,
        Pausing, // the next login comes; connections are closed at once
        Refused, // the next one comes with retry()
    };

    /// Returns at once.  `changed` is called on the link's thread: phase() differs.
    static Result<std::unique_ptr<SshLink>> open(SshLinkOptions options, std::function<void()> changed);
    ~SshLink();

    const Target& remote() const { return m_options.target; }
    const Target& local() const { return m_local; } // a Unix target
    Phase phase() const;
    /// Why the agent does not answer, as far as it lies between here and there.
    std::optional<Error> whyAway() const;
    void retry();

private:
    struct Session {
        Cancellation over;
        std::future<void> ended;
    };

    SshLink(SshLinkOptions options, std::shared_ptr<platform::PrivateFolder> folder, platform::LocalListener listener, std::function<void()> changed);
    void run();
    Error logIn();
    Result<void> serveUntilEnd(const platform::NativeSocket& login, std::future<Result<platform::ChildResult>>& ended);
    void startSession(platform::NativeSocket connection);
    void carry(platform::NativeSocket connection, const Cancellation& over);
    void noteSession(Error why);
    void endSessions();
    void setPhase(Phase phase, std::optional<Error> why = {});
    void pause(std::chrono::milliseconds time);
    bool isStopping() const;

    const SshLinkOptions m_options;
    const std::shared_ptr<platform::PrivateFolder> m_folder;
    platform::LocalListener m_listener; // the link's thread, as m_sessions
    const std::function<void()> m_changed;
    Target m_local;
    std::list<Session> m_sessions;

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_wake;
    Phase m_phase = Phase::LoggingIn;
    std::optional<Error> m_why;        // of the login
    std::optional<Error> m_sessionWhy; // of the last session, while the login stands
    std::chrono::steady_clock::time_point m_deniedUntil{};
    bool m_stopping = false, m_hurry = false;
    std::thread m_thread; // last
};

} // namespace binnacle::desktop
