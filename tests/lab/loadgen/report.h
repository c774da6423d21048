// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace loadgen {

/// What the generator itself saw, by its own clock: the truth that the tests hold the agent to.
struct Report {
    std::uint64_t sent = 0, completed = 0, connectionsOpened = 0;
    std::uint64_t bytesSent = 0, bytesReceived = 0;
    std::map<std::string, std::uint64_t> statuses;  // of complete replies
    std::map<std::string, std::uint64_t> failed;    // connect, closed, timeout, protocol
    std::vector<std::uint64_t> latencies;           // ns: before send() to after the recv() that completed the reply
    std::int64_t startedNs = 0, endedNs = 0;        // CLOCK_REALTIME

    std::string json();                             // sorts latencies
};

} // namespace loadgen
