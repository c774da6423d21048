// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/conntrack/conntrack_reader.h"

#include "agent/metadata/conntrack/conntrack_message.h"
#include "core/base/platform/descriptor.h"
#include "core/base/platform/files.h"

#include <absl/container/flat_hash_map.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <future>
#include <linux/filter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <mutex>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace binnacle::agent {

namespace {

namespace fs = std::filesystem;
using conntrack::FlowTuple;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kMostQuestions = 8'192;
constexpr std::size_t kMostRecent = 16'384;
constexpr auto kKeepRecent = std::chrono::minutes(2); // as long as TIME_WAIT in the table
constexpr const char* kShortOnes = "short_translations";
constexpr int kEventBufferBytes = 4 << 20;
constexpr std::size_t kReceiveBytes = 32 * 1024;

using platform::Descriptor;

std::string errorText(int error) { return std::strerror(error); }

/// Whether this kernel tracks connections at all: without, nothing is translated.
bool isTracking(const fs::path& procRoot)
{
    std::error_code ignored;
    return fs::exists(procRoot / "sys/net/netfilter/nf_conntrack_count", ignored);
}

/// Not asked when the agent lives in the host's namespace already: that needs no right.
Result<void> enterHostNetwork(const fs::path& procRoot)
{
    const fs::path host = procRoot / "1/ns/net";
    struct stat ours {}, theirs {};
    const bool known = ::stat("/proc/thread-self/ns/net", &ours) == 0 && ::stat(host.c_str(), &theirs) == 0;
    if (known && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
        return {};
    const Descriptor space(::open(host.c_str(), O_RDONLY | O_CLOEXEC));
    if (!space.isOpen())
        return failure(ErrorCode::Denied, "the host's network namespace cannot be opened (" + host.string() + ": " + errorText(errno) +
                                              "); give the agent hostPID and the capability SYS_PTRACE");
    if (::setns(space.number(), CLONE_NEWNET) != 0)
        return failure(ErrorCode::Denied, "the host's network namespace cannot be entered (" + errorText(errno) + "); give the agent the capability SYS_ADMIN");
    return {};
}

Descriptor openNetlink(int flags)
{
    Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_NETFILTER));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    if (!socket.isOpen() || ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return Descriptor();
    return socket;
}

/// Lets through what has a new destination, or does not say.  Source: bpf(4) ancillary loads, net/core/filter.c.
bool keepOnlyTranslated(int socket)
{
    constexpr std::uint32_t kAttributes = NLMSG_HDRLEN + sizeof(nfgenmsg);
    std::array<sock_filter, 8> program{{
        BPF_STMT(BPF_LD | BPF_IMM, kAttributes),
        BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_NLATTR)), // where CTA_STATUS is
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(nlattr)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPS_DST_NAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    }};
    std::vector<sock_filter> whole(program.begin(), program.end());
    whole.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
    const sock_fprog attach{static_cast<unsigned short>(whole.size()), whole.data()};
    return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &attach, sizeof attach) == 0;
}

Descriptor openEvents()
{
    Descriptor socket = openNetlink(SOCK_NONBLOCK);
    if (!socket.isOpen())
        return socket;
    const int bytes = kEventBufferBytes, group = NFNLGRP_CONNTRACK_NEW;
    if (::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    keepOnlyTranslated(socket.number()); // without it there is more to read, no more
    if (::setsockopt(socket.number(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
        return Descriptor();
    return socket;
}

/// The latest translated flows, by what was dialled.
class RecentFlows {
public:
    void add(const conntrack::Flow& flow, SteadyTime now)
    {
        m_flows[flow.original] = {flow.reply.source, ++m_order};
        m_ages.push_back({flow.original, m_order, now});
        while (!m_ages.empty() && (m_ages.size() > kMostRecent || now - m_ages.front().at > kKeepRecent)) {
            const auto old = m_flows.find(m_ages.front().tuple);
            if (old != m_flows.end() && old->second.order == m_ages.front().order)
                m_flows.erase(old);
            m_ages.pop_front();
        }
    }
    std::optional<Endpoint> find(const FlowTuple& original, SteadyTime now) const
    {
        const auto known = m_flows.find(original);
        if (known == m_flows.end() || m_ages.empty() || now - m_ages.back().at > kKeepRecent)
            return std::nullopt;
        return known->second.backend;
    }
    void clear()
    {
        m_flows.clear();
        m_ages.clear();
    }

private:
    struct Known {
        Endpoint backend;
        std::uint64_t order = 0;
    };
    struct Age {
        FlowTuple tuple;
        std::uint64_t order = 0;
        SteadyTime at;
    };
    absl::flat_hash_map<FlowTuple, Known> m_flows;
    std::deque<Age> m_ages;
    std::uint64_t m_order = 0;
};

} // namespace

class ConntrackReader::Impl {
public:
    ~Impl()
    {
        m_stop = true;
        wake();
        if (m_thread.joinable())
            m_thread.join();
    }

    Result<void> start(const fs::path& procRoot)
    {
        m_wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!m_wake.isOpen())
            return failure(ErrorCode::Unavailable, "no descriptor is left: " + errorText(errno));
        std::promise<Result<void>> opened;
        auto result = opened.get_future();
        m_thread = std::thread([this, procRoot, opened = std::move(opened)]() mutable {
            ::pthread_setname_np(::pthread_self(), "bn-conntrack");
            Result<void> ready = open(procRoot);
            const bool works = ready.has_value();
            opened.set_value(std::move(ready));
            if (works)
                run();
        });
        return result.get();
    }

    bool ask(ConnectionId connection, const SocketAddresses& addresses)
    {
        bool first;
        {
            const std::lock_guard lock(m_mutex);
            if (m_questions.size() >= kMostQuestions) {
                ++m_refused;
                return false;
            }
            first = m_questions.empty();
            m_questions.push_back({connection, {addresses.local, addresses.remote}});
        }
        if (first)
            wake();
        return true;
    }

    void takeAnswers(std::vector<NatAnswer>& answers)
    {
        const std::lock_guard lock(m_mutex);
        answers.insert(answers.end(), m_answers.begin(), m_answers.end());
        m_answers.clear();
    }

    Stats stats() const { return {m_asked, m_translated, m_heard, m_refused, m_eventsLost}; }

    std::vector<KnowledgeLimit> takeLimits()
    {
        std::vector<KnowledgeLimit> limits = m_limits; // written before start() returned
        if (const std::uint64_t lost = m_eventsLost; std::exchange(m_lostTold, lost) != lost && !m_areShortOnesUnseen)
            limits.push_back({kShortOnes, "Connection tracking told of more connections at once than could be read; very short ones may keep the address that was "
                                          "dialled. Give the agent more CPU."});
        const auto sinceTold = [](std::uint64_t now, std::uint64_t& told) { return now - std::exchange(told, now); };
        const std::uint64_t refused = sinceTold(m_refused, m_refusedTold), asked = sinceTold(m_asked, m_askedTold);
        if (refused > 0)
            limits.push_back({"translations_unasked", "More new connections than connection tracking can be asked about; they keep the address that was dialled.",
                              refused, refused + asked});
        return limits;
    }

private:
    struct Question {
        ConnectionId connection;
        FlowTuple tuple;
    };

    void wake() const
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t ignored = ::write(m_wake.number(), &one, sizeof one); // full: it is awake
    }

    Result<void> open(const fs::path& procRoot)
    {
        if (const auto entered = enterHostNetwork(procRoot); !entered) // what runs outside pods is where it should be all the same
            m_limits.push_back({"translations_elsewhere", "Only translations in the agent's own network namespace are seen: " + entered.error().what + "."});
        m_queries = openNetlink(0);
        const ErrorCode unread = isTracking(procRoot) ? ErrorCode::Unavailable : ErrorCode::Unsupported;
        if (!m_queries.isOpen())
            return failure(unread, "this kernel has no netlink for its packet filter (" + errorText(errno) + "): addresses are shown as dialled");
        const timeval patience{0, 200'000};
        ::setsockopt(m_queries.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const Endpoint nobody{*InternetAddress::parse("127.0.0.1"), 1};
        int error = 0;
        lookUp({nobody, nobody}, error);
        if (error == EPERM)
            return failure(ErrorCode::Denied, "connection tracking may not be read; give the agent the capability NET_ADMIN");
        if (error != 0 && error != ENOENT)
            return failure(unread, "this kernel does not show its connection tracking (" + errorText(error) +
                                                       "); load the module nf_conntrack_netlink if addresses are translated here");
        m_events = openEvents();
        const auto setting = platform::readFile(procRoot / "sys/net/netfilter/nf_conntrack_events", 16);
        if (!m_events.isOpen())
            limitShortOnes("Connection tracking does not tell of new connections (" + errorText(errno) + "): very short ones may keep the address that was dialled.");
        else if (setting && setting->starts_with('0'))
            limitShortOnes("Very short connections may keep the address that was dialled: net.netfilter.nf_conntrack_events is 0. Set it to 1.");
        return {};
    }

    void limitShortOnes(std::string sentence)
    {
        m_areShortOnesUnseen = true;
        m_limits.push_back({kShortOnes, std::move(sentence)});
    }

    void run()
    {
        while (!m_stop) {
            std::array<pollfd, 2> waits{{{m_wake.number(), POLLIN, 0}, {m_events.number(), POLLIN, 0}}}; // poll(2) passes over negative ones
            ::poll(waits.data(), waits.size(), -1);
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t ignored = ::read(m_wake.number(), &count, sizeof count);
            readEvents(); // before questions: what began before they were asked is told by now
            answerAll();
        }
    }

    void readEvents()
    {
        const SteadyTime now = std::chrono::steady_clock::now();
        while (m_events.isOpen()) {
            const ssize_t size = ::recv(m_events.number(), m_buffer.data(), m_buffer.size(), 0);
            if (size < 0 && errno == ENOBUFS) {
                ++m_eventsLost;
                m_recent.clear();
                continue;
            }
            if (size <= 0)
                return;
            ByteView rest(m_buffer.data(), static_cast<std::size_t>(size));
            while (const auto message = conntrack::nextMessage(rest)) {
                if (!message->isNew || !message->flow)
                    continue;
                ++m_heard;
                m_recent.add(*message->flow, now);
            }
        }
    }

    void answerAll()
    {
        std::vector<Question> questions;
        {
            const std::lock_guard lock(m_mutex);
            questions.swap(m_questions);
        }
        const SteadyTime now = std::chrono::steady_clock::now();
        for (const Question& question : questions) {
            std::optional<Endpoint> backend = m_recent.find(question.tuple, now);
            int error = 0;
            if (!backend)
                backend = lookUp(question.tuple, error);
            if (backend && *backend == question.tuple.destination)
                backend.reset();
            ++m_asked;
            m_translated += backend ? 1 : 0;
            const std::lock_guard lock(m_mutex);
            m_answers.push_back({question.connection, backend});
        }
    }

    std::optional<Endpoint> lookUp(const FlowTuple& tuple, int& error)
    {
        const std::uint32_t sequence = ++m_sequence == 0 ? ++m_sequence : m_sequence;
        const std::vector<std::uint8_t> request = conntrack::requestFor(tuple, sequence);
        if (request.empty() || ::send(m_queries.number(), request.data(), request.size(), 0) < 0) {
            error = errno;
            return std::nullopt;
        }
        for (;;) {
            const ssize_t size = ::recv(m_queries.number(), m_buffer.data(), m_buffer.size(), 0);
            if (size < 0 && errno == EINTR)
                continue;
            if (size <= 0) {
                error = size < 0 ? errno : EIO;
                return std::nullopt;
            }
            ByteView rest(m_buffer.data(), static_cast<std::size_t>(size));
            while (const auto message = conntrack::nextMessage(rest)) {
                if (message->sequence != sequence)
                    continue; // a late answer to a question that was given up
                error = message->error;
                // The kernel finds a flow by either direction; a server's socket asks by the reply's.
                const bool found = message->flow && message->flow->original == tuple;
                return found ? std::optional(message->flow->reply.source) : std::nullopt;
            }
        }
    }

    Descriptor m_wake, m_queries, m_events;
    std::array<std::uint8_t, kReceiveBytes> m_buffer{};
    RecentFlows m_recent;            // of the thread
    std::uint32_t m_sequence = 0;    // of the thread
    std::vector<KnowledgeLimit> m_limits;
    bool m_areShortOnesUnseen = false;
    std::uint64_t m_lostTold = 0, m_refusedTold = 0, m_askedTold = 0; // of whoever takes limits
    std::atomic<bool> m_stop = false;
    std::atomic<std::uint64_t> m_asked = 0, m_translated = 0, m_heard = 0, m_refused = 0, m_eventsLost = 0;
    std::mutex m_mutex;
    std::vector<Question> m_questions; // guarded by m_mutex
    std::vector<NatAnswer> m_answers;  // guarded by m_mutex
    std::thread m_thread;
};

ConntrackReader::ConntrackReader(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ConntrackReader::~ConntrackReader() = default;

Result<std::unique_ptr<ConntrackReader>> ConntrackReader::start(fs::path procRoot)
{
    auto impl = std::make_unique<Impl>();
    if (auto started = impl->start(procRoot); !started)
        return std::unexpected(std::move(started).error());
    return std::unique_ptr<ConntrackReader>(new ConntrackReader(std::move(impl)));
}

bool ConntrackReader::ask(ConnectionId connection, const SocketAddresses& addresses) { return m_impl->ask(connection, addresses); }
void ConntrackReader::takeAnswers(std::vector<NatAnswer>& answers) { m_impl->takeAnswers(answers); }
ConntrackReader::Stats ConntrackReader::stats() const { return m_impl->stats(); }
std::vector<KnowledgeLimit> ConntrackReader::takeLimits() { return m_impl->takeLimits(); }

} // namespace binnacle::agent
