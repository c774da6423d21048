// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

/// Real traffic in real processes: the process that observes is left out of what it sees, so the load runs in children.
namespace binnacle::agent::test {

/// A forked child.  Killed and waited for at the end, if it is still there.
class Child {
public:
    /// `work` runs in the child, which then exits with its result.
    explicit Child(const std::function<int()>& work);
    ~Child();
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;

    pid_t pid() const { return m_pid; }
    bool running();
    int wait();      // its exit status, 128 + signal when it was killed
    void signal(int number);

private:
    pid_t m_pid = -1;
    int m_status = -1;
};

/// Holds a child until it is told to go on, in either direction.
class Gate {
public:
    Gate();
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    void open();
    void pass(); // blocks until opened once

private:
    int m_ends[2] = {-1, -1};
};

/// A loopback port that is bound and not yet listened on: children inherit it.
class BoundPort {
public:
    BoundPort();
    ~BoundPort();
    BoundPort(const BoundPort&) = delete;
    BoundPort& operator=(const BoundPort&) = delete;
    std::uint16_t number() const { return m_port; }
    int descriptor() const { return m_fd; }

private:
    int m_fd = -1;
    std::uint16_t m_port = 0;
};

using Talk = std::function<void(int connection)>;

/// listen, accept `count` connections one after the other, talk on each, close.
int serve(const BoundPort& port, int count, const Talk& talk);

/// Connects `count` times, one after the other.  Returns how many could not be connected.
int connectTo(std::uint16_t port, int count, const Talk& talk);

int connected(std::uint16_t port, std::uint16_t fromPort = 0); // a descriptor, or -errno
void sendAll(int fd, const std::string& bytes);
std::string receiveExactly(int fd, std::size_t bytes);
void drainToEnd(int fd);
/// The calling thread runs on one CPU from now on: the `number`th of those that it may use at the first call, counted round.
void moveToCpu(int number);
std::string pattern(std::size_t bytes, char first = 'a');

} // namespace binnacle::agent::test
