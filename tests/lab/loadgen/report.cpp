// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace loadgen {
namespace {

void writeCounts(std::ostream& out, const char* name, const std::map<std::string, std::uint64_t>& counts)
{
    out << ", \"" << name << "\": {";
    const char* separator = "";
    for (const auto& [key, count] : counts) {
        out << separator << '"' << key << "\": " << count;
        separator = ", ";
    }
    out << '}';
}

/// Nearest rank over sorted values.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, double share)
{
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

} // namespace

std::string Report::json()
{
    std::sort(latencies.begin(), latencies.end());
    std::ostringstream out;
    out << "{\"sent\": " << sent << ", \"completed\": " << completed << ", \"connections_opened\": " << connectionsOpened
        << ", \"bytes_sent\": " << bytesSent << ", \"bytes_received\": " << bytesReceived << ", \"started_ns\": " << startedNs
        << ", \"ended_ns\": " << endedNs;
    writeCounts(out, "statuses", statuses);
    writeCounts(out, "failed", failed);
    if (latencies.empty())
        out << ", \"latency\": null}";
    else
        out << ", \"latency\": {\"count\": " << latencies.size() << ", \"min_ns\": " << latencies.front()
            << ", \"p50_ns\": " << percentile(latencies, 0.5) << ", \"p90_ns\": " << percentile(latencies, 0.9)
            << ", \"p95_ns\": " << percentile(latencies, 0.95) << ", \"p99_ns\": " << percentile(latencies, 0.99)
            << ", \"max_ns\": " << latencies.back() << "}}";
    return out.str();
}

} // namespace loadgen
