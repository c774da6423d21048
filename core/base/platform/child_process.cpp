// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/child_process.h"

#include "core/base/platform/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace binnacle::platform {

namespace {

using Steady = std::chrono::steady_clock;
using Ending = ChildResult::Ending;
constexpr std::chrono::milliseconds kPoliteTime{100};  // between the request to end and the end
constexpr std::chrono::seconds kOrphanTime{1};         // for pipes that a grandchild keeps open

struct Pipe {
    Descriptor read, write;
};

std::unexpected<Error> systemFailure(const std::string& doing, int problem)
{
    const ErrorCode code = problem == ENOENT ? ErrorCode::NotFound : problem == EACCES || problem == EPERM ? ErrorCode::Denied : ErrorCode::Unavailable;
    return failure(code, doing + ": " + std::strerror(problem));
}

/// Close-on-exec at both ends.  A child that another thread starts between the two calls may inherit them: then the orphan time ends the reading.
Result<Pipe> makePipe()
{
    int ends[2];
    if (::pipe(ends) != 0)
        return systemFailure("a pipe cannot be made", errno);
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    for (const int end : ends)
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return pipe;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> all;
    for (std::string& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

struct SpawnSettings {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
    SpawnSettings()
    {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings()
    {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }

    /// The child begins with no signal blocked or ignored, whatever our threads do.
    void prepare(const ChildCommand& command, int output, int errors)
    {
        if (command.stream != NativeSocket::kNone)
            posix_spawn_file_actions_adddup2(&files, static_cast<int>(command.stream), STDIN_FILENO);
        else if (command.input == ChildCommand::Input::Nothing)
            posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
        sigset_t none, ignored;
        sigemptyset(&none);
        sigemptyset(&ignored);
        for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD})
            sigaddset(&ignored, signal);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &ignored);
        short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (command.input == ChildCommand::Input::Nothing)
            flags |= POSIX_SPAWN_SETPGROUP; // a group of its own, number 0 = its pid
        posix_spawnattr_setflags(&attributes, flags);
    }
};

/// Children that run now, as kill(2) takes them.  A program that ends while one of its threads waits for a child takes it along.
class LiveChildren {
public:
    static LiveChildren& all()
    {
        static auto* const live = [] { // never destroyed: threads may outlive main()
            std::atexit([] { all().killAll(); });
            return new LiveChildren;
        }();
        return *live;
    }
    void add(pid_t target)
    {
        const std::lock_guard lock(m_mutex);
        m_targets.insert(target);
    }
    void remove(pid_t target)
    {
        const std::lock_guard lock(m_mutex);
        m_targets.erase(target);
    }

private:
    void killAll()
    {
        const std::lock_guard lock(m_mutex);
        for (const pid_t target : m_targets)
            ::kill(target, SIGKILL);
    }

    std::mutex m_mutex;
    std::set<pid_t> m_targets;
};

/// One child, from start to end; kills and reaps it in the destructor at the latest.
class Child {
public:
    explicit Child(const ChildCommand& command) : m_command(command) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        if (m_pid > 0 && !m_reaped) {
            send(SIGKILL);
            LiveChildren::all().remove(target());
            int status = 0;
            while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
            }
        }
    }

    Result<void> start()
    {
        const bool isStreamed = m_command.stream != NativeSocket::kNone;
        auto output = isStreamed ? Result<Pipe>(Pipe{Descriptor(), Descriptor()}) : makePipe();
        auto errors = makePipe();
        if (!output || !errors)
            return std::unexpected(!output ? output.error() : errors.error());
        SpawnSettings settings;
        settings.prepare(m_command, isStreamed ? static_cast<int>(m_command.stream) : output->write.number(), errors->write.number());
        std::vector<std::string> arguments{m_command.program.string()}, variables;
        arguments.insert(arguments.end(), m_command.arguments.begin(), m_command.arguments.end());
        for (const auto& [name, value] : m_command.environment)
            variables.push_back(name + "=" + value);
        const int problem = ::posix_spawn(&m_pid, arguments.front().c_str(), &settings.files, &settings.attributes, pointers(arguments).data(),
                                          pointers(variables).data());
        if (problem != 0) {
            m_pid = -1;
            return systemFailure(m_command.program.string() + " cannot be started", problem);
        }
        LiveChildren::all().add(target());
        m_output = std::move(output->read);
        m_errors = std::move(errors->read);
        return {};
    }

    ChildResult waitForEnd(const Cancellation& cancellation)
    {
        const auto began = Steady::now();
        const auto deadline = m_command.timeOut ? began + *m_command.timeOut : Steady::time_point::max();
        while (!isDone()) {
            readSome();
            reap(WNOHANG);
            if (m_tooLarge)
                return stop(Ending::OutputTooLarge, began);
            if (cancellation.isCancelled())
                return stop(Ending::Cancelled, began);
            if (!m_reaped && Steady::now() >= deadline)
                return stop(Ending::TimedOut, began);
        }
        m_result.duration = Steady::now() - began;
        return std::move(m_result);
    }

private:
    bool pipesOpen() const { return m_output.isOpen() || m_errors.isOpen(); }
    bool isDone() const { return m_reaped && (!pipesOpen() || Steady::now() >= m_reapedAt + kOrphanTime); }

    pid_t target() const { return m_command.input == ChildCommand::Input::Nothing ? -m_pid : m_pid; }
    void send(int signal) const { ::kill(target(), signal); }

    ChildResult stop(Ending ending, Steady::time_point began)
    {
        send(SIGTERM);
        for (const auto patience = Steady::now() + kPoliteTime; !m_reaped && Steady::now() < patience;) {
            readSome();
            reap(WNOHANG);
        }
        send(SIGKILL); // whatever of the group is left
        reap(0);
        readSome();
        m_result.ending = ending;
        m_result.duration = Steady::now() - began;
        return std::move(m_result);
    }

    /// Waits at most as long as one look takes.  Once both pipes are closed only the end of the process is awaited.
    void readSome()
    {
        std::array<pollfd, 2> watched{pollfd{m_output.number(), POLLIN, 0}, pollfd{m_errors.number(), POLLIN, 0}};
        if (!pipesOpen()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            return;
        }
        if (::poll(watched.data(), watched.size(), static_cast<int>(m_command.lookEvery.count())) <= 0)
            return;
        if (watched[0].revents != 0)
            takeOutput();
        if (watched[1].revents != 0)
            takeErrors();
    }

    /// The number of bytes; 0 when there is none now, or at the end, where the pipe is closed.
    static std::size_t readBlock(Descriptor& from, std::array<char, 16384>& block)
    {
        const ssize_t got = ::read(from.number(), block.data(), block.size());
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            from.close();
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

    void takeOutput()
    {
        std::array<char, 16384> block;
        const std::size_t got = readBlock(m_output, block);
        const std::size_t room = m_command.maxOutputBytes - m_result.output.size();
        m_result.output.append(block.data(), std::min(got, room));
        m_tooLarge = m_tooLarge || got > room;
    }

    void takeErrors()
    {
        std::array<char, 16384> block;
        const std::size_t got = readBlock(m_errors, block);
        if (got > 0 && m_command.onErrorText)
            m_command.onErrorText({block.data(), got});
        m_result.errorText.append(block.data(), got);
        if (const std::size_t length = m_result.errorText.size(); length > m_command.maxErrorBytes) {
            m_result.errorText.erase(0, length - m_command.maxErrorBytes);
            m_result.errorTextIsCut = true;
        }
    }

    void reap(int options)
    {
        if (m_reaped)
            return;
        int status = 0;
        pid_t got = 0;
        do
            got = ::waitpid(m_pid, &status, options);
        while (got < 0 && errno == EINTR);
        if (got == 0)
            return;
        LiveChildren::all().remove(target());
        m_reaped = true;
        m_reapedAt = Steady::now();
        m_result.ending = got > 0 && WIFSIGNALED(status) ? Ending::Signalled : Ending::Exited;
        m_result.exitCode = got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        m_result.signal = got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

    const ChildCommand& m_command;
    pid_t m_pid = -1;
    Descriptor m_output, m_errors;
    bool m_reaped = false, m_tooLarge = false;
    Steady::time_point m_reapedAt{};
    ChildResult m_result;
};

} // namespace

Result<ChildResult> runChild(const ChildCommand& command, const Cancellation& cancellation)
{
    Child child(command);
    BN_TRY(child.start());
    return child.waitForEnd(cancellation);
}

} // namespace binnacle::platform
