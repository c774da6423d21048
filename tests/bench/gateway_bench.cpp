// SPDX-License-Identifier: Apache-2.0
//
// What one second of one host costs a gateway: taking it into the tail, and giving it to a reader.  A host with 50 busy ends and the streams that
// agents send, dictionaries and all.  Prints bytes on the wire a host and second, microseconds of CPU, and what that is for 1,000 hosts.
// Reported, never asserted: the machines are noisy.

#include "agent/buffer/rolling_buffer.h"
#include "agent/gateway/agent_tail.h"
#include "agent/service/wire.h"
#include "tests/core/telemetry/sample_batches.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

namespace {

using namespace binnacle;
using namespace binnacle::agent;

constexpr int kSeconds = 600;

/// Of this process: other programs on the machine do not count.
double cpuMicroseconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// The overviews of a busy host as its agent streams them.
std::vector<v1::StreamItem> streamOf(const telemetry::samples::BusyHost& host)
{
    BufferOptions options;
    options.agent = host.agent;
    const auto buffer = std::move(*RollingBuffer::open(options));
    auto reader = buffer->readFrom(std::array{telemetry::ChunkKind::Overview}, std::nullopt);
    std::vector<v1::StreamItem> items;
    for (int second = 1; second <= kSeconds; ++second) {
        buffer->append(host.second(static_cast<std::uint64_t>(second)));
        for (ReadStep step = reader.front().next(); !std::holds_alternative<std::monostate>(step); step = reader.front().next()) {
            if (const auto* chunk = std::get_if<LiveChunkPtr>(&step))
                items.push_back(wire::itemOf(**chunk));
        }
    }
    return items;
}

} // namespace

int main()
{
    const telemetry::samples::BusyHost host;
    const std::vector<v1::StreamItem> items = streamOf(host);
    std::size_t bytes = 0;
    for (const v1::StreamItem& item : items)
        bytes += item.ByteSizeLong();

    AgentTail tail(256u << 10);
    tail.begin(host.agent);
    double before = cpuMicroseconds();
    for (const v1::StreamItem& item : items) {
        if (!tail.take(item))
            std::fprintf(stderr, "a chunk was not taken\n");
    }
    const double taking = (cpuMicroseconds() - before) / kSeconds;

    AgentTail::Place place = tail.atOldest();
    std::size_t given = 0;
    before = cpuMicroseconds();
    for (AgentTail::Step step = tail.next(place); step.outcome == AgentTail::Outcome::Item; step = tail.next(place), ++given)
        (void)step.item->SerializeAsString();
    const double giving = (cpuMicroseconds() - before) / static_cast<double>(given ? given : 1);

    const double perSecond = static_cast<double>(bytes) / kSeconds;
    std::printf("a host with %d busy ends: %.0f bytes a second on the wire; 1,000 hosts: %.2f MB/s\n", host.ends, perSecond, perSecond / 1e3);
    std::printf("into the tail: %.1f us a host and second; 1,000 hosts: %.1f %% of a core\n", taking, taking / 10);
    std::printf("to a reader: %.1f us; 1,000 hosts: %.1f %% of a core for each reader\n", giving, giving / 10);
    std::printf("the tail of %zu KiB holds %zu s\n", tail.bytes() >> 10, given);
    return 0;
}
