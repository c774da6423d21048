// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <vector>

namespace loadgen {

enum class Wire : std::uint8_t { Http, Redis };

/// What to send, how and to whom.  Every count is exact: the generator stops when that many replies came or failed.
struct Options {
    std::vector<sockaddr_in> targets;        // connections go round robin over them
    Wire wire = Wire::Http;
    std::vector<std::uint64_t> phases{1};    // requests a phase; between two phases a line on stdin is awaited
    std::chrono::nanoseconds duration{};     // instead of a count: stop sending after that long
    std::uint32_t connections = 1;
    std::uint32_t pipeline = 1;              // requests in flight on one connection
    bool connectionPerRequest = false;
    bool hold = false;                       // after the report keep the connections until stdin ends
    double rate = 0;                         // requests a second over all connections, 0 = as fast as they go
    std::chrono::nanoseconds timeout = std::chrono::seconds(30);
    std::uint16_t firstSourcePort = 0, lastSourcePort = 0; // fixed local ports, closed by reset: 4-tuples come again
    std::vector<std::string> paths{"/"};     // HTTP, in turn
    std::string method = "GET";
    std::size_t bodyBytes = 0;
    std::string command = "GET";             // Redis: GET | SET | PING | ECHO | LPUSH
    std::string key = "load:key";
    std::size_t valueBytes = 16;
    std::string secret;                      // planted in query string, header, body, Redis value
};

/// nullopt after a sentence on stderr: wrong usage.
std::optional<Options> parseOptions(int argc, char** argv);

} // namespace loadgen
