// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/ssh_link.h"

#include <algorithm>
#include <utility>

namespace binnacle::desktop {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(100);       // how late a stop or an end may be seen
constexpr auto kLoginPatience = std::chrono::seconds(2);     // for a login to end after one of its sessions did
constexpr auto kNow = std::chrono::seconds(0);
constexpr std::size_t kMostHello = 4096;

bool isFinal(ErrorCode code) { return code == ErrorCode::Denied || code == ErrorCode::Unsupported; }

template <class Value>
bool isOver(const std::future<Value>& future)
{
    return future.wait_for(kNow) == std::future_status::ready;
}

} // namespace

Result<std::unique_ptr<SshLink>> SshLink::open(SshLinkOptions options, std::function<void()> changed)
{
    auto folder = platform::PrivateFolder::create("binnacle");
    if (!folder)
        return std::unexpected(std::move(folder).error());
    auto listener = platform::LocalListener::open((*folder)->path() / "agent");
    if (!listener)
        return std::unexpected(std::move(listener).error());
    return std::unique_ptr<SshLink>(new SshLink(std::move(options), std::move(*folder), std::move(*listener), std::move(changed)));
}

SshLink::SshLink(SshLinkOptions options, std::shared_ptr<platform::PrivateFolder> folder, platform::LocalListener listener, std::function<void()> changed)
    : m_options(std::move(options)), m_folder(std::move(folder)), m_listener(std::move(listener)), m_changed(std::move(changed))
{
    m_local.kind = Target::Kind::Unix;
    m_local.path = (m_folder->path() / "agent").string();
    m_local.label = m_options.target.toText();
    m_thread = std::thread([this] { run(); });
}

SshLink::~SshLink()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

SshLink::Phase SshLink::phase() const
{
    const std::lock_guard lock(m_mutex);
    return m_phase;
}

bool SshLink::isStopping() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopping;
}

std::optional<Error> SshLink::whyAway() const
{
    const std::lock_guard lock(m_mutex);
    if (m_phase == Phase::In)
        return m_sessionWhy;
    if (m_why)
        return m_why;
    return Error{ErrorCode::Unavailable, "ssh is still logging in for " + m_options.target.toText() + "; answer it if it asks for something"};
}

void SshLink::retry()
{
    {
        const std::lock_guard lock(m_mutex);
        m_hurry = m_phase == Phase::Pausing || m_phase == Phase::Refused;
        m_deniedUntil = {};
    }
    m_wake.notify_all();
}

void SshLink::setPhase(Phase phase, std::optional<Error> why)
{
    {
        const std::lock_guard lock(m_mutex);
        m_phase = phase;
        m_sessionWhy.reset();
        if (phase == Phase::In || why)
            m_why = std::move(why); // while it logs in again the last reason still tells most
    }
    m_wake.notify_all();
    m_changed();
}

void SshLink::run()
{
    auto wait = m_options.firstPause;
    while (!isStopping()) {
        setPhase(Phase::LoggingIn);
        Error why = logIn();
        const bool wasIn = phase() == Phase::In;
        if (!isStopping())
            setPhase(!wasIn && isFinal(why.code) ? Phase::Refused : Phase::Pausing, std::move(why));
        endSessions();
        wait = wasIn ? m_options.firstPause : wait;
        pause(wait);
        wait = std::min(wait * 2, m_options.longestPause);
    }
}

/// Nobody waits for a way that is not there: what connects meanwhile is closed, and asks why.
void SshLink::pause(std::chrono::milliseconds time)
{
    const bool isForGood = phase() == Phase::Refused;
    const auto until = Steady::now() + time;
    while (isForGood || Steady::now() < until) {
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopping || std::exchange(m_hurry, false))
                return;
        }
        m_listener.accept(kLook);
    }
}

/// From the login to its end: the reason.
Error SshLink::logIn()
{
    auto ends = platform::makeSocketPair();
    if (!ends)
        return std::move(ends).error();
    const Cancellation over;
    platform::NativeSocket ours = std::move(ends->first);
    const auto control = m_folder->path() / "control";
    std::error_code ignored;
    std::filesystem::remove(control, ignored); // of an ssh that was killed: the next would carry no sessions
    platform::ChildCommand command = sshLogin(m_options.ssh, m_options.target, control);
    command.stream = ends->second.get();
    auto ended = std::async(std::launch::async, [command, theirs = std::move(ends->second), &over] { return platform::runChild(command, over); });
    const auto served = serveUntilEnd(ours, ended);
    const bool wasIn = phase() == Phase::In;
    over.cancel();
    const auto result = ended.get();
    if (!served)
        return served.error();
    if (!result)
        return Error(result.error()).within("ssh");
    return sshLoginError(m_options.target, *result, m_options.ssh.prompts, wasIn);
}

/// Fails when something else than ssh's hello comes.
Result<void> SshLink::serveUntilEnd(const platform::NativeSocket& login, std::future<Result<platform::ChildResult>>& ended)
{
    std::string said;
    while (!isOver(ended) && !isStopping()) {
        if (said == kSshHello) {
            if (auto connection = m_listener.accept(kLook))
                startSession(std::move(*connection));
            continue;
        }
        const platform::Received received = platform::receiveSome(login, kLook);
        said += received.bytes;
        if (received.isOver)
            ended.wait_for(kLook);
        if (said == kSshHello)
            setPhase(Phase::In);
        else if (said.size() > kMostHello || !(kSshHello.starts_with(said)))
            return failure(ErrorCode::Unsupported, "ssh to " + m_options.target.toText() + ": the shell there prints text of its own (" + said.substr(0, said.find('\n'))
                                                       + ") before a command runs; make its start-up files silent when there is no terminal");
    }
    return {};
}

void SshLink::startSession(platform::NativeSocket connection)
{
    std::erase_if(m_sessions, [](const Session& session) { return isOver(session.ended); });
    {
        const std::lock_guard lock(m_mutex);
        if (Steady::now() < m_deniedUntil)
            return;
        m_sessionWhy.reset();
    }
    Session& session = m_sessions.emplace_back();
    session.ended = std::async(std::launch::async, [this, connection = std::move(connection), over = session.over]() mutable { carry(std::move(connection), over); });
}

/// The connection is closed after the reason is known, so that who loses it can ask.
void SshLink::carry(platform::NativeSocket connection, const Cancellation& over)
{
    platform::ChildCommand command = sshRelay(m_options.ssh, m_options.target, m_folder->path() / "control");
    command.stream = connection.get();
    const auto result = platform::runChild(command, over);
    const bool isOrderly = result && result->ending == platform::ChildResult::Ending::Exited && result->exitCode == 0; // one of the ends ended it
    if (over.isCancelled() || isOrderly)
        return;
    if (!result)
        return noteSession(Error(result.error()).within("ssh"));
    if (isSshFailure(*result)) {
        std::unique_lock lock(m_mutex);
        if (m_wake.wait_for(lock, kLoginPatience, [this] { return m_stopping || m_phase != Phase::In; }))
            return; // the login's reason is the better one
    }
    noteSession(sshRelayError(m_options.target, *result));
}

void SshLink::noteSession(Error why)
{
    const std::lock_guard lock(m_mutex);
    if (why.code == ErrorCode::Denied)
        m_deniedUntil = Steady::now() + m_options.deniedPause;
    m_sessionWhy = std::move(why);
}

void SshLink::endSessions()
{
    for (const Session& session : m_sessions)
        session.over.cancel();
    m_sessions.clear(); // waits for each
}

} // namespace binnacle::desktop
