// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <sstream>
#include <string_view>
#include <utility>

namespace loadgen {
namespace {

constexpr const char* kUsage =
    "loadgen --target ADDRESS:PORT [--target …] [--redis] [--requests N[,N…] | --duration SECONDS]\n"
    "        [--connections C] [--pipeline P] [--connection-per-request] [--source-ports FIRST-LAST] [--hold]\n"
    "        [--rate R] [--timeout SECONDS] [--path PATH …] [--method M] [--body BYTES]\n"
    "        [--command GET|SET|PING|ECHO|LPUSH] [--key K] [--value BYTES] [--secret TEXT]\n"
    "Sends exactly N requests and prints what came back as one JSON object.  With N,M a line on stdin starts the next phase.\n";

std::optional<sockaddr_in> parseTarget(const std::string& text)
{
    const auto colon = text.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
        return std::nullopt;
    address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10)));
    return address;
}

std::vector<std::uint64_t> parsePhases(const std::string& text)
{
    std::vector<std::uint64_t> phases;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');)
        phases.push_back(std::strtoull(part.c_str(), nullptr, 10));
    return phases;
}

std::chrono::nanoseconds seconds(const char* text)
{
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::strtod(text, nullptr) * 1e9));
}

bool parsePorts(const char* text, Options& options)
{
    unsigned first = 0, last = 0;
    if (std::sscanf(text, "%u-%u", &first, &last) != 2 || first == 0 || last < first || last > 65535)
        return false;
    options.firstSourcePort = static_cast<std::uint16_t>(first);
    options.lastSourcePort = static_cast<std::uint16_t>(last);
    return true;
}

constexpr option kLong[] = {
    {"target", required_argument, nullptr, 't'},     {"redis", no_argument, nullptr, 'r'},
    {"requests", required_argument, nullptr, 'n'},   {"duration", required_argument, nullptr, 'd'},
    {"connections", required_argument, nullptr, 'c'}, {"pipeline", required_argument, nullptr, 'p'},
    {"connection-per-request", no_argument, nullptr, 'o'}, {"source-ports", required_argument, nullptr, 's'},
    {"hold", no_argument, nullptr, 'h'},             {"rate", required_argument, nullptr, 'R'},
    {"timeout", required_argument, nullptr, 'T'},    {"path", required_argument, nullptr, 'P'},
    {"method", required_argument, nullptr, 'm'},     {"body", required_argument, nullptr, 'b'},
    {"command", required_argument, nullptr, 'C'},    {"key", required_argument, nullptr, 'k'},
    {"value", required_argument, nullptr, 'v'},      {"secret", required_argument, nullptr, 'x'},
    {nullptr, 0, nullptr, 0}};

/// False when the value can't be meant.
bool apply(int letter, const char* value, Options& options, bool& ownPaths)
{
    switch (letter) {
    case 't': {
        const auto target = parseTarget(value);
        if (target)
            options.targets.push_back(*target);
        return target.has_value();
    }
    case 'r': options.wire = Wire::Redis; return true;
    case 'n': options.phases = parsePhases(value); return !options.phases.empty();
    case 'd': options.duration = seconds(value); return options.duration.count() > 0;
    case 'c': options.connections = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10)); return options.connections > 0;
    case 'p': options.pipeline = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10)); return options.pipeline > 0;
    case 'o': options.connectionPerRequest = true; return true;
    case 's': return parsePorts(value, options);
    case 'h': options.hold = true; return true;
    case 'R': options.rate = std::strtod(value, nullptr); return options.rate >= 0;
    case 'T': options.timeout = seconds(value); return options.timeout.count() > 0;
    case 'P':
        if (!std::exchange(ownPaths, true))
            options.paths.clear();
        options.paths.emplace_back(value);
        return *value == '/';
    case 'm': options.method = value; return true;
    case 'b': options.bodyBytes = std::strtoull(value, nullptr, 10); return true;
    case 'C': options.command = value; return true;
    case 'k': options.key = value; return true;
    case 'v': options.valueBytes = std::strtoull(value, nullptr, 10); return true;
    case 'x': options.secret = value; return true;
    default: return false;
    }
}

} // namespace

std::optional<Options> parseOptions(int argc, char** argv)
{
    Options options;
    bool ownPaths = false;
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "", kLong, nullptr)) != -1) {
        if (!apply(letter, optarg, options, ownPaths)) {
            std::fputs(kUsage, stderr);
            return std::nullopt;
        }
    }
    if (options.targets.empty() || optind != argc) {
        std::fputs(kUsage, stderr);
        return std::nullopt;
    }
    return options;
}

} // namespace loadgen
