// SPDX-License-Identifier: Apache-2.0
//
// What one second of one host costs a gateway: taking it into the tail, and giving it to a reader.  A host with 50 busy ends and the streams that
// agents send, dictionaries and all.  Prints bytes on the wire a host and second, microseconds of CPU, and what that is for 1,000 hosts.  Then what
// a fleet of such hosts is when it is merged: bytes to a reader, CPU and memory.
// Reported, never asserted: the machines are noisy.

#include "agent/buffer/rolling_buffer.h"
#include "agent/gateway/agent_tail.h"
#include "agent/service/wire.h"
#include "core/analysis/merge.h"
#include "core/base/platform/process.h"
#include "tests/core/telemetry/sample_batches.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

using namespace binnacle;
using namespace binnacle::agent;

constexpr int kSeconds = 600;
constexpr std::uint64_t kFleet = 300;
constexpr int kFleetSeconds = 30;

/// Of this process: other programs on the machine do not count.
double cpuMicroseconds() { return std::chrono::duration<double, std::micro>(platform::ownCpuTime()).count(); }

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

/// A host whose ten services are those of all the others, on addresses of its own; each serves pods of the next host and calls the same
/// twenty-five caches.
std::shared_ptr<const telemetry::Batch> secondOfFleet(std::uint64_t host, int second)
{
    telemetry::samples::BusyHost busy;
    busy.seed = host + 1;
    busy.agent = {7, host + 1};
    busy.spans = 0;
    telemetry::Batch batch = busy.second(static_cast<std::uint64_t>(second));
    telemetry::Dictionary names = *batch.dictionary;
    const auto move = [&](Endpoint& at, std::uint64_t to) {
        at.address.bytes[13] = static_cast<std::uint8_t>(1 + to / 250);
        at.address.bytes[14] = static_cast<std::uint8_t>(1 + to % 250);
    };
    for (telemetry::End& end : names.ends) {
        move(end.local, host);
        if (end.side != telemetry::Side::Server)
            continue;
        end.remote.address.bytes[15] = static_cast<std::uint8_t>(2 + (end.remote.address.bytes[15] + 1) % 10);
        move(end.remote, (host + 1) % kFleet);
    }
    batch.dictionary = std::make_shared<const telemetry::Dictionary>(std::move(names));
    return std::make_shared<const telemetry::Batch>(std::move(batch));
}

void benchMerging()
{
    analysis::FleetMerge merge;
    for (std::uint64_t host = 0; host < kFleet; ++host)
        merge.addAgent({{7, host + 1}, "worker-" + std::to_string(host) + ".example.internal", {}, "0.1.0", {}, 1, "socket"});
    BufferOptions options;
    options.agent = {1, 1};
    options.stringBytes = 2u << 20;
    const auto buffer = std::move(*RollingBuffer::open(options));
    auto reader = buffer->readFrom(std::array{telemetry::ChunkKind::Overview}, std::nullopt);
    const std::uint64_t before = platform::ownResidentBytes();
    std::size_t bytes = 0, ends = 0;
    double merging = 0;
    for (int second = 1; second <= kFleetSeconds; ++second) {
        std::vector<analysis::BatchPtr> batches;
        for (std::uint64_t host = 0; host < kFleet; ++host)
            batches.push_back(secondOfFleet(host, second));
        const double began = cpuMicroseconds();
        telemetry::Batch sum = merge.merge(batches.front()->range, batches, {});
        ends = sum.dictionary->ends.size();
        buffer->append(std::move(sum));
        merging += cpuMicroseconds() - began;
        for (ReadStep step = reader.front().next(); !std::holds_alternative<std::monostate>(step); step = reader.front().next()) {
            if (const auto* chunk = std::get_if<LiveChunkPtr>(&step))
                bytes += wire::itemOf(**chunk).ByteSizeLong();
        }
    }
    const double each = merging / kFleetSeconds / static_cast<double>(kFleet);
    std::printf("%llu such hosts merged: %zu ends, %.0f bytes a second to a reader; %.1f us a host and second (%.1f %% of a core); %.0f KiB a host\n",
                static_cast<unsigned long long>(kFleet), ends, static_cast<double>(bytes) / kFleetSeconds, each, each * static_cast<double>(kFleet) / 1e4,
                static_cast<double>(platform::ownResidentBytes() - before) / 1024 / static_cast<double>(kFleet));
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
    benchMerging();
    return 0;
}
