// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace binnacle::agent::test {
namespace {

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::vector<int> allowedCpus()
{
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof(allowed), &allowed);
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed))
            cpus.push_back(cpu);
    }
    return cpus;
}

int statusOf(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

} // namespace

Child::Child(const std::function<int()>& work)
{
    std::fflush(nullptr);
    m_pid = fork();
    if (m_pid == 0) {
        std::signal(SIGPIPE, SIG_IGN);
        _exit(work());
    }
}

Child::Child(Child&& other) noexcept : m_pid(std::exchange(other.m_pid, -1)), m_status(other.m_status) {}

Child::~Child()
{
    if (m_pid > 0 && running()) {
        signal(SIGKILL);
        wait();
    }
}

bool Child::running()
{
    int raw = 0;
    if (m_status >= 0 || m_pid <= 0)
        return false;
    if (waitpid(m_pid, &raw, WNOHANG) == 0)
        return true;
    m_status = statusOf(raw);
    return false;
}

int Child::wait()
{
    int raw = 0;
    if (m_status < 0 && m_pid > 0 && waitpid(m_pid, &raw, 0) == m_pid)
        m_status = statusOf(raw);
    return m_status;
}

void Child::signal(int number) { kill(m_pid, number); }

Gate::Gate()
{
    if (pipe(m_ends) != 0)
        std::abort();
}

Gate::~Gate()
{
    close(m_ends[0]);
    close(m_ends[1]);
}

void Gate::open()
{
    const char go = 1;
    if (write(m_ends[1], &go, 1) != 1)
        std::abort();
}

void Gate::pass()
{
    char go = 0;
    if (read(m_ends[0], &go, 1) != 1)
        std::abort();
}

BoundPort::BoundPort()
{
    m_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(m_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (bind(m_fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || getsockname(m_fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        std::abort();
    m_port = ntohs(address.sin_port);
}

BoundPort::~BoundPort() { close(m_fd); }

int serve(const BoundPort& port, int count, const Talk& talk)
{
    if (listen(port.descriptor(), 512) != 0)
        return errno;
    for (int i = 0; i < count; ++i) {
        const int connection = accept(port.descriptor(), nullptr, nullptr);
        if (connection < 0)
            return errno;
        talk(connection);
        close(connection);
    }
    return 0;
}

int connected(std::uint16_t port, std::uint16_t fromPort)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in to = loopback(port);
    if (fromPort != 0) {
        const int yes = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        const sockaddr_in from = loopback(fromPort);
        if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) {
            const int error = errno;
            close(fd);
            return -error;
        }
    }
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0)
        return fd;
    const int error = errno;
    close(fd);
    return -error;
}

int connectTo(std::uint16_t port, int count, const Talk& talk)
{
    int failures = 0;
    for (int i = 0; i < count; ++i) {
        int fd = connected(port);
        for (int again = 0; fd == -ECONNREFUSED && i == 0 && again < 200; ++again) { // the server may not listen yet
            usleep(10000);
            fd = connected(port);
        }
        if (fd < 0) {
            ++failures;
            continue;
        }
        talk(fd);
        close(fd);
    }
    return failures;
}

void sendAll(int fd, const std::string& bytes)
{
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t sent = write(fd, bytes.data() + done, bytes.size() - done);
        if (sent <= 0)
            return;
        done += static_cast<std::size_t>(sent);
    }
}

std::string receiveExactly(int fd, std::size_t bytes)
{
    std::string all(bytes, '\0');
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t got = read(fd, all.data() + done, bytes - done);
        if (got <= 0)
            break;
        done += static_cast<std::size_t>(got);
    }
    all.resize(done);
    return all;
}

void drainToEnd(int fd)
{
    std::array<char, 16384> room;
    while (read(fd, room.data(), room.size()) > 0) {
    }
}

std::string pattern(std::size_t bytes, char first)
{
    std::string text(bytes, ' ');
    for (std::size_t i = 0; i < bytes; ++i)
        text[i] = static_cast<char>(first + static_cast<char>((i * 7 + i / 251) % 23));
    return text;
}

void moveToCpu(int number)
{
    static const std::vector<int> cpus = allowedCpus();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus[static_cast<std::size_t>(number) % cpus.size()], &one);
    sched_setaffinity(0, sizeof(one), &one);
}

} // namespace binnacle::agent::test
