// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.h"
#include "report.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace loadgen {

/// Drives all connections from one thread with epoll: a closed loop, `pipeline` requests in flight on each.
/// Limits: IPv4; a reply larger than memory is not expected of the lab's servers.
class Engine {
public:
    explicit Engine(const Options& options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Sends `requests` more and returns when each of them was answered or failed, or when stop() was called and none is open.
    void run(std::uint64_t requests);
    Report& report() { return m_report; }
    static void stop(); // async-signal-safe

private:
    struct Connection;

    bool ensureOpen(Connection& connection);
    bool bindSource(int fd);
    void closeConnection(Connection& connection);
    void fail(Connection& connection, const char* why);
    void fill(Connection& connection);
    void receive(Connection& connection);
    void takeReplies(Connection& connection);
    void expire();
    bool mayStart() const;
    std::string request(const Connection& connection);

    const Options& m_options;
    Report m_report;
    int m_epoll = -1;
    std::vector<std::unique_ptr<Connection>> m_connections;
    std::uint64_t m_left = 0, m_open = 0, m_number = 0;
    std::uint16_t m_nextPort = 0;
    std::int64_t m_phaseStart = 0;
    std::uint64_t m_phaseSent = 0;
};

} // namespace loadgen
