// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include "reply_reader.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace loadgen {
namespace {

volatile std::sig_atomic_t g_stop = 0;

std::int64_t now(clockid_t clock = CLOCK_MONOTONIC)
{
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::string bulk(const std::string& text)
{
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

} // namespace

struct Engine::Connection {
    std::size_t index = 0;
    int fd = -1;
    std::string received;
    std::deque<std::int64_t> sentAt; // one a request in flight, oldest first
    std::int64_t retryAt = 0;        // after a failed connect: not before
};

Engine::Engine(const Options& options)
    : m_options(options), m_epoll(epoll_create1(EPOLL_CLOEXEC)), m_nextPort(options.firstSourcePort)
{
    for (std::size_t i = 0; i < options.connections; ++i) {
        m_connections.push_back(std::make_unique<Connection>());
        m_connections.back()->index = i;
    }
}

Engine::~Engine()
{
    for (auto& connection : m_connections)
        closeConnection(*connection);
    close(m_epoll);
}

void Engine::stop()
{
    g_stop = 1;
}

/// A fixed local port may still be half gone from its last life; the next one is taken then.
bool Engine::bindSource(int fd)
{
    const int on = 1;
    const linger reset{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    for (int tries = m_options.lastSourcePort - m_options.firstSourcePort; tries >= 0; --tries) {
        sockaddr_in source{};
        source.sin_family = AF_INET;
        source.sin_port = htons(m_nextPort);
        m_nextPort = m_nextPort == m_options.lastSourcePort ? m_options.firstSourcePort : static_cast<std::uint16_t>(m_nextPort + 1);
        if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0)
            return true;
    }
    return false;
}

/// connect() blocks: in the lab it takes microseconds, and so the time of a refusal is known.
bool Engine::ensureOpen(Connection& connection)
{
    if (connection.fd >= 0)
        return true;
    const sockaddr_in& target = m_options.targets[connection.index % m_options.targets.size()];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if ((m_options.firstSourcePort && !bindSource(fd)) || connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
        close(fd);
        return false;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(m_epoll, EPOLL_CTL_ADD, fd, &event);
    connection.fd = fd;
    ++m_report.connectionsOpened;
    return true;
}

void Engine::closeConnection(Connection& connection)
{
    if (connection.fd >= 0)
        close(connection.fd);
    connection.fd = -1;
    connection.received.clear();
}

/// Everything in flight on the connection came to nothing.
void Engine::fail(Connection& connection, const char* why)
{
    if (!connection.sentAt.empty())
        m_report.failed[why] += connection.sentAt.size();
    m_open -= connection.sentAt.size();
    connection.sentAt.clear();
    closeConnection(connection);
}

std::string Engine::request(const Connection&)
{
    const std::uint64_t number = m_number++;
    const std::string& secret = m_options.secret;
    if (m_options.wire == Wire::Redis) {
        if (m_options.command == "PING")
            return "*1\r\n$4\r\nPING\r\n";
        const std::string value = secret + std::string(m_options.valueBytes, 'v');
        if (m_options.command == "GET")
            return "*2\r\n$3\r\nGET\r\n" + bulk(m_options.key);
        if (m_options.command == "ECHO")
            return "*2\r\n$4\r\nECHO\r\n" + bulk(value);
        return "*3\r\n" + bulk(m_options.command) + bulk(m_options.key) + bulk(value);
    }
    std::string path = m_options.paths[number % m_options.paths.size()];
    std::string head, body(m_options.bodyBytes, 'b');
    if (!secret.empty()) {
        path += (path.find('?') == std::string::npos ? "?token=" : "&token=") + secret;
        head = "Authorization: Bearer " + secret + "\r\nCookie: session=" + secret + "\r\n";
        body += secret;
    }
    if (!body.empty())
        head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (m_options.connectionPerRequest)
        head += "Connection: close\r\n";
    return m_options.method + " " + path + " HTTP/1.1\r\nHost: shop\r\nUser-Agent: loadgen\r\n" + head + "\r\n" + body;
}

bool Engine::mayStart() const
{
    if (g_stop || m_left == 0)
        return false;
    const std::int64_t elapsed = now() - m_phaseStart;
    if (m_options.duration.count() > 0 && elapsed >= m_options.duration.count())
        return false;
    return m_options.rate <= 0 || static_cast<double>(m_phaseSent) <= m_options.rate * static_cast<double>(elapsed) / 1e9;
}

/// Tops up what is in flight; the batch goes out in one send() as a pipelining client does it.
void Engine::fill(Connection& connection)
{
    if (connection.retryAt > now() || connection.sentAt.size() >= m_options.pipeline || (m_options.pipeline > 1 && !connection.sentAt.empty()))
        return;
    std::string batch;
    std::size_t count = 0;
    while (connection.sentAt.size() + count < m_options.pipeline && mayStart()) {
        batch += request(connection);
        ++count;
        --m_left;
        ++m_phaseSent;
    }
    if (count == 0)
        return;
    m_report.sent += count;
    if (!ensureOpen(connection)) {
        m_report.failed["connect"] += count;
        connection.retryAt = now() + 10'000'000; // a refusal returns at once: without a pause it would be a flood
        return;
    }
    connection.sentAt.insert(connection.sentAt.end(), count, now());
    m_open += count;
    for (std::size_t done = 0; done < batch.size();) {
        const ssize_t sent = send(connection.fd, batch.data() + done, batch.size() - done, MSG_NOSIGNAL);
        if (sent < 0)
            return fail(connection, "closed");
        done += static_cast<std::size_t>(sent);
    }
    m_report.bytesSent += batch.size();
}

void Engine::receive(Connection& connection)
{
    char buffer[65536];
    const ssize_t size = recv(connection.fd, buffer, sizeof buffer, 0);
    if (size <= 0)
        return fail(connection, "closed"); // counts nothing when nothing was in flight
    m_report.bytesReceived += static_cast<std::uint64_t>(size);
    connection.received.append(buffer, static_cast<std::size_t>(size));
    takeReplies(connection);
}

void Engine::takeReplies(Connection& connection)
{
    const std::int64_t at = now();
    std::size_t done = 0;
    bool closes = false;
    while (!connection.sentAt.empty()) {
        const auto reply = readReply(m_options.wire, std::string_view(connection.received).substr(done));
        if (!reply)
            break;
        if (reply->status == "?")
            return fail(connection, "protocol");
        m_report.latencies.push_back(static_cast<std::uint64_t>(at - connection.sentAt.front()));
        connection.sentAt.pop_front();
        ++m_report.statuses[reply->status];
        ++m_report.completed;
        --m_open;
        done += reply->bytes;
        closes = closes || reply->closes;
    }
    connection.received.erase(0, done);
    if (closes || (m_options.connectionPerRequest && connection.sentAt.empty()))
        fail(connection, "closed");
}

void Engine::expire()
{
    const std::int64_t at = now();
    for (auto& connection : m_connections)
        if (!connection->sentAt.empty() && at - connection->sentAt.front() > m_options.timeout.count())
            fail(*connection, "timeout");
}

void Engine::run(std::uint64_t requests)
{
    m_left = requests;
    m_phaseSent = 0;
    m_phaseStart = now();
    if (m_report.startedNs == 0)
        m_report.startedNs = now(CLOCK_REALTIME);
    const auto ended = [&] {
        const bool over = m_options.duration.count() > 0 && now() - m_phaseStart >= m_options.duration.count();
        return m_open == 0 && (m_left == 0 || g_stop || over);
    };
    std::int64_t nextExpiry = 0;
    while (!ended()) {
        for (auto& connection : m_connections)
            fill(*connection);
        epoll_event events[64];
        const int ready = epoll_wait(m_epoll, events, 64, m_open > 0 && m_options.rate <= 0 ? 20 : 1);
        for (int i = 0; i < ready; ++i)
            receive(*static_cast<Connection*>(events[i].data.ptr));
        if (now() >= nextExpiry) {
            expire();
            nextExpiry = now() + 20'000'000;
        }
    }
    m_report.endedNs = now(CLOCK_REALTIME);
}

} // namespace loadgen
