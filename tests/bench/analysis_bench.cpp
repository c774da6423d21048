// SPDX-License-Identifier: Apache-2.0
// What it costs to ask for a snapshot of a range, as scrubbing does: 500 services on 20 hosts, 2,000 edges seen from both ends, three
// routes an edge, ten minutes.  Prints milliseconds of CPU and a digest of the answers, which must not change with the speed.
#include "core/analysis/frame_store.h"
#include "core/base/entity_key.h"
#include "core/base/platform/process.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/core/analysis/snapshot_text.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;

namespace {

constexpr int kServices = 500, kHosts = 20, kCallees = 4, kSeconds = 600;

std::string addressOf(int service) { return "10.1." + std::to_string(service / 250) + "." + std::to_string(service % 250 + 1); }

int calleeOf(int service, int i) { return (service * 7 + 13 * (i + 1)) % kServices; }

void addEdge(BatchBuilder& b, std::uint32_t end, int second, int from, int to)
{
    for (int route = 0; route < 3; ++route)
        b.requests(end, static_cast<std::uint64_t>(5 + (from + to + second) % 7), (from + second) % 97 == 0 ? 1 : 0,
                   static_cast<std::uint64_t>(900'000 + 13'000 * ((from * 31 + second * 7 + route) % 100)), "GET /r" + std::to_string(route));
}

Batch batchOf(int host, int second)
{
    BatchBuilder b("host-" + std::to_string(host), second);
    for (int service = host; service < kServices; service += kHosts) {
        const std::string name = "svc-" + std::to_string(service);
        const auto instance = b.instance(name + "-1", "go", true);
        const auto netns = static_cast<std::uint32_t>(100 + service);
        b.present(instance, b.service(name, "shop", ServiceKind::Workload)).listen(instance, endpoint("0.0.0.0", 8080), netns);
        for (int i = 0; i < kCallees; ++i) {
            const int to = calleeOf(service, i);
            addEdge(b, b.client(instance, addressOf(service), endpoint(addressOf(to), 8080), netns, Protocol::Http), second, service, to);
            const auto tcp = b.client(instance, addressOf(service), endpoint(addressOf(to), 8080), netns, Protocol::Unknown);
            b.tcp(tcp, 1, 4).rtt.record(80'000, 4);
            telemetry::ConnectionRow connection;
            connection.connection = EntityKey::ofText(name + ">" + std::to_string(to));
            connection.end = tcp;
            connection.openedAt = tests::second(0);
            connection.bytesSent = static_cast<std::uint64_t>(second) * 1000;
            b.overview().connections.push_back(connection);
        }
        for (int from = 0; from < kServices; ++from) {
            for (int i = 0; i < kCallees; ++i) {
                if (calleeOf(from, i) == service)
                    addEdge(b, b.server(instance, endpoint(addressOf(service), 8080), addressOf(from), netns, Protocol::Http), second, from, service);
            }
        }
    }
    return b.build();
}

std::string digestOf(const Snapshot& snapshot)
{
    std::string text = nodesText(snapshot) + edgesText(snapshot);
    for (const Edge& edge : snapshot.edges) {
        text += std::to_string(edge.chosen.latency.quantile(0.99).value_or(0)) + std::to_string(edge.routes.size()) + std::to_string(edge.tcp.opened);
        for (const RouteSummary& route : edge.routes)
            text += route.route + std::to_string(route.requests) + std::to_string(route.latency.sum());
    }
    for (const Node& node : snapshot.nodes)
        text += std::to_string(node.inbound.latency.quantile(0.5).value_or(0)) + std::to_string(node.routes.size());
    text += std::to_string(snapshot.connections.size()) + std::to_string(snapshot.instances.size());
    return std::to_string(stableHash64(text));
}

} // namespace

int main(int count, char** arguments)
{
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 9;
    FrameStore store;
    for (int host = 0; host < kHosts; ++host)
        store.addAgent(identity("host-" + std::to_string(host)));
    for (int second = 0; second < kSeconds; ++second) {
        for (int host = 0; host < kHosts; ++host)
            store.add(batchOf(host, second));
    }
    for (const int length : {1, 30, 60, 300}) {
        std::vector<double> took;
        std::string digest;
        for (int round = 0; round < rounds; ++round) {
            const int to = kSeconds - 7 - round;
            const Nanoseconds begun = platform::ownCpuTime();
            const SnapshotPtr snapshot = store.snapshot(seconds(to - length, to));
            took.push_back(std::chrono::duration<double, std::milli>(platform::ownCpuTime() - begun).count());
            digest += digestOf(*snapshot);
        }
        std::sort(took.begin(), took.end());
        std::printf("%3d s: median %.1f ms, best %.1f ms of CPU, digest %llx\n", length, took[took.size() / 2], took.front(),
                    static_cast<unsigned long long>(stableHash64(digest)));
    }
    std::printf("store: %zu MiB\n", store.bytes() >> 20);
    return 0;
}
