// SPDX-License-Identifier: Apache-2.0
// Merged seconds against the hosts' own: who reads them must see the same.
#include "core/analysis/frame_store.h"
#include "core/analysis/merge.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "core/telemetry/fold.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/core/analysis/snapshot_text.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace binnacle::tests {
namespace {

constexpr int kSeconds = 12;
const std::vector<std::string> kHosts{"a", "b", "c"};

/// On a: web in a pod, which the Internet calls, and a job that is not in Kubernetes.
Batch hostA(int offset)
{
    BatchBuilder b("a", offset);
    const auto web = b.instance("web-1", "nginx", true), job = b.instance("job", "python");
    b.present(web, b.service("web", "shop", ServiceKind::Workload)).present(job, b.service("job"));
    b.listen(web, endpoint("0.0.0.0", 80), 2, 3);
    b.requests(b.server(web, endpoint("10.0.0.2", 80), "203.0.113.9", 2, Protocol::Http), 40 + static_cast<std::uint64_t>(offset), 1, 5'000'000);
    for (const char* api : {"10.0.0.3", "10.0.0.4"}) {
        const auto to = b.client(web, "10.0.0.2", endpoint(api, 8000), 2, Protocol::Http);
        b.requests(to, 20, static_cast<std::uint64_t>(offset % 3), 3'000'000 + static_cast<std::uint64_t>(offset) * 7'919, "GET /orders/{id}");
        b.requests(to, 3, 0, 900'000, "GET /health");
        TcpRow& tcp = b.tcp(b.client(web, "10.0.0.2", endpoint(api, 8000), 2, Protocol::Unknown), 2, 7);
        tcp.bytesSent = 1000, tcp.bytesReceived = 5000, tcp.retransmitsOut = 1;
        tcp.rtt.record(45'000 + static_cast<std::uint64_t>(offset));
        tcp.failed.push_back({110, 1});
    }
    b.open(b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), 2, Protocol::Http), 2, std::chrono::milliseconds(700), "GET /orders/{id}");
    b.requests(b.client(job, "192.0.2.1", endpoint("198.51.100.7", 443), 1, Protocol::Http), 2);
    b.pending(b.client(job, "192.0.2.1", endpoint("10.77.0.1", 9), 1, Protocol::Unknown), 1, std::chrono::seconds(4), 3);
    b.requests(b.client(job, "127.0.0.1", endpoint("127.0.0.1", 9000), 1, Protocol::Http), 1);
    b.overview().events.push_back({second(offset + 0.5), EventKind::InstanceStarted, web, b.text("restarted")});
    b.overview().coverage.push_back({kNone, b.text("unknown_protocol"), 1, 10, b.text("nothing to do")});
    b.overview().coverage.push_back({web, b.text("tls_not_opened"), 1, 4, kNone});
    return b.build();
}

/// On b and c: an instance of api each, and one of a DaemonSet, which call a database that no agent sees.
Batch hostOfApi(const std::string& host, int offset)
{
    BatchBuilder b(host, offset);
    const std::string address = host == "b" ? "10.0.0.3" : "10.0.0.4";
    const auto api = b.instance("api-" + host, "python", true), sidecar = b.instance("api-sidecar-" + host, {}, true), log = b.instance("log-" + host, "fluentd", true);
    for (const auto each : {api, sidecar})
        b.entity(each).attributes.emplace_back("k8s.pod.uid", "pod-" + host);
    const auto service = b.service("api", "shop", ServiceKind::Workload);
    b.present(api, service).present(sidecar, service).present(log, b.service("log", "kube-system", ServiceKind::Workload));
    b.present(b.instance("gone-" + host), b.service("gone"), 0);
    b.listen(api, endpoint("0.0.0.0", 8000), 3, host == "b" ? 5 : 2);
    const auto here = b.server(api, endpoint(address, 8000), "10.0.0.2", 3, Protocol::Http);
    b.requests(here, 20, static_cast<std::uint64_t>(offset % 3), 2'000'000 + static_cast<std::uint64_t>(offset) * 104'729, "GET /orders/{id}");
    b.requests(here, 3, 0, 500'000, "GET /health");
    b.tcp(b.server(api, endpoint(address, 8000), "10.0.0.2", 3, Protocol::Unknown), 2, 7).bytesReceived = 1000;
    b.requests(b.client(api, address, endpoint("10.9.9.9", 5432), 3, Protocol::Redis), 5, 0, 1'500'000, "GET");
    if (host == "b" && offset == 4)
        b.lose(Loss::ParserGap, 2, here);
    b.lose(Loss::DataRingFull, 1);
    b.overview().health.cpu = std::chrono::milliseconds(3);
    return b.build();
}

Batch batchOf(const std::string& host, int offset) { return host == "a" ? hostA(offset) : hostOfApi(host, offset); }

HandMadeSource hosts()
{
    HandMadeSource source;
    for (const std::string& host : kHosts) {
        source.addAgent(identity(host));
        for (int offset = 0; offset < kSeconds; ++offset)
            source.add(batchOf(host, offset));
    }
    return source;
}

AgentIdentity gateway()
{
    AgentIdentity self = identity("gateway");
    self.captureSource = kMergedSource;
    return self;
}

class Merging {
public:
    Merging()
    {
        for (const std::string& host : kHosts)
            m_merge.addAgent(identity(host));
    }

    Batch second(int offset, const std::vector<std::string>& order, const std::set<std::string>& missing = {})
    {
        std::vector<analysis::BatchPtr> batches;
        std::vector<analysis::MissingHost> lacking;
        for (const std::string& host : order) {
            if (missing.contains(host))
                lacking.push_back({agentKey(host), host, "the agent on " + host + " does not answer"});
            else
                batches.push_back(std::make_shared<const Batch>(batchOf(host, offset)));
        }
        Batch merged = m_merge.merge(seconds(offset, offset + 1), batches, lacking);
        merged.key = {gateway().agent, 1, static_cast<std::uint64_t>(offset) + 1};
        return merged;
    }

private:
    analysis::FleetMerge m_merge;
};

/// As a reader gets it: encoded, sealed and read again.
Batch sent(const Batch& batch)
{
    SegmentWriter writer(Level::Second, {});
    writer.append(batch);
    const auto segment = writer.peek(ChunkKind::Overview);
    return readSegment(asBytes(segment->bytes))->front();
}

HandMadeSource merged(const std::map<int, std::set<std::string>>& missing = {})
{
    HandMadeSource source;
    source.addAgent(gateway());
    for (const std::string& host : kHosts)
        source.addAgent(identity(host)); // a gateway names who is behind it
    Merging merging;
    for (int offset = 0; offset < kSeconds; ++offset)
        source.add(sent(merging.second(offset, kHosts, missing.contains(offset) ? missing.at(offset) : std::set<std::string>{})));
    return source;
}

std::string text(const Histogram& h)
{
    std::string all = std::to_string(h.count()) + "/" + std::to_string(h.sum()) + "/" + std::to_string(h.min()) + "/" + std::to_string(h.max());
    for (const auto& bucket : h.buckets())
        all += " " + std::to_string(bucket.index) + ":" + std::to_string(bucket.count);
    return all;
}

std::string text(const analysis::Ledger& ledger)
{
    std::string all = std::to_string(ledger.requests) + " requests " + std::to_string(ledger.errors) + " errors " + std::to_string(ledger.lost) + " lost";
    for (const auto& [status, count] : ledger.statuses)
        all += " " + status + "=" + std::to_string(count);
    return all + " [" + text(ledger.latency) + "] [" + text(ledger.firstByte) + "]";
}

std::string joined(const std::vector<std::string>& words)
{
    std::string all;
    for (const std::string& word : words)
        all += word + ",";
    return all;
}

std::string text(const analysis::Edge& e)
{
    std::string all = analysis::edgeId(e) + " " + std::string(analysis::healthName(e.health)) + " " + joined(e.healthReasons) + "\n  chosen " + text(e.chosen);
    if (e.client)
        all += "\n  client " + text(*e.client);
    if (e.server)
        all += "\n  server " + text(*e.server);
    for (const analysis::RouteSummary& route : e.routes)
        all += "\n  " + route.route + " " + std::to_string(route.requests) + " " + std::to_string(route.errors) + " " + text(route.latency);
    all += "\n  open " + std::to_string(e.inFlight) + " " + std::to_string(e.oldestInFlight.count()) + " pending " + std::to_string(e.pending.count) + " losses "
           + std::to_string(e.losses);
    const analysis::TcpSummary& t = e.tcp;
    all += "\n  tcp " + std::to_string(t.active) + " " + std::to_string(t.opened) + " " + std::to_string(t.failed) + " " + std::to_string(t.bytesSent) + " "
           + std::to_string(t.bytesReceived) + " " + std::to_string(t.retransmitsOut.value_or(99)) + " " + std::to_string(t.acceptQueueMax.value_or(99)) + " " + text(t.rtt);
    return all + "\n";
}

std::string text(const analysis::Snapshot& s)
{
    std::string all;
    for (const analysis::Node& n : s.nodes) {
        all += n.id + " '" + n.name + "' " + n.nameSpace.value_or("-") + " " + n.type + " " + std::to_string(n.instances) + "/" + std::to_string(n.instancesMax)
               + (n.instancesKnown ? "" : "?") + " on " + joined(n.hosts) + " from " + joined(n.clients) + " to " + joined(n.servers) + " "
               + std::string(analysis::healthName(n.health)) + "\n  " + text(n.inbound) + "\n";
    }
    for (const analysis::Edge& edge : s.edges)
        all += text(edge);
    for (const analysis::LossSummary& loss : s.losses)
        all += loss.reason + " " + std::to_string(loss.count) + "\n";
    for (const analysis::CoverageSummary& part : s.coverage)
        all += part.subject + " " + part.what + " " + part.advice + " " + std::to_string(part.share) + "\n";
    for (const analysis::Event& event : s.events)
        all += std::to_string(ns(event.at)) + " " + event.subject + " " + event.detail + "\n";
    for (const analysis::AgentSummary& agent : s.agents)
        all += agent.identity.host + " " + std::to_string(agent.batches) + " " + std::to_string(ns(agent.lastBatch)) + "\n";
    return all;
}

std::string snapshotText(const BatchSource& source, TimeRange range) { return text(*analysis::buildSnapshot(source, range)); }

TEST(FleetMerge, givesTheSameServicesEdgesLedgersAndLossesAsTheHostsThemselves)
{
    const HandMadeSource own = hosts(), sums = merged();
    const std::string expected = snapshotText(own, seconds(0, kSeconds));
    EXPECT_NE(expected.find("workload:shop/api 'api' shop python 2/2 on b,c,"), std::string::npos) << expected;
    EXPECT_NE(expected.find("external:10.9.9.9:5432"), std::string::npos) << expected;
    EXPECT_NE(expected.find("external:a:9000"), std::string::npos) << expected;
    EXPECT_NE(expected.find("internet"), std::string::npos) << expected;
    EXPECT_EQ(snapshotText(sums, seconds(0, kSeconds)), expected);
    EXPECT_EQ(snapshotText(sums, seconds(3, 8)), snapshotText(own, seconds(3, 8)));
}

TEST(FleetMerge, oneBatchStandsForAllHosts)
{
    const HandMadeSource source = merged();
    for (const Batch& batch : source.batches()) {
        EXPECT_TRUE(batch.overview->connections.empty());
        EXPECT_EQ(batch.overview->hosts.size(), kHosts.size());
    }
    // web → api is one client's and one server's end with its connections' beside it, however many instances there are.
    const Batch& last = source.batches().back();
    std::size_t toApi = 0;
    for (const End& end : last.dictionary->ends)
        toApi += end.side == Side::Server && end.local.port == 8000;
    EXPECT_EQ(toApi, 2u);
}

TEST(FleetMerge, orderChangesNoBit)
{
    Merging first, second;
    std::vector<std::string> order = kHosts;
    std::mt19937 random(7);
    for (int offset = 0; offset < kSeconds; ++offset) {
        std::ranges::shuffle(order, random);
        const std::set<std::string> missing = offset == 6 ? std::set<std::string>{"b"} : std::set<std::string>{};
        SegmentWriter one(Level::Second, {}), other(Level::Second, {});
        one.append(first.second(offset, kHosts, missing));
        other.append(second.second(offset, order, missing));
        EXPECT_EQ(one.peek(ChunkKind::Overview)->bytes, other.peek(ChunkKind::Overview)->bytes) << offset;
    }
}

TEST(FleetMerge, aMissingHostIsAGapByNameAndNotAZero)
{
    const HandMadeSource source = merged({{5, {"c"}}, {6, {"c"}}});
    const auto snapshot = *analysis::buildSnapshot(source, seconds(4, 8));
    ASSERT_EQ(snapshot.gaps.size(), 1u);
    EXPECT_EQ(snapshot.gaps.front().agent, agentKey("c"));
    EXPECT_EQ(snapshot.gaps.front().range, seconds(5, 7));
    EXPECT_EQ(snapshot.gaps.front().what, "the agent on c does not answer");
    bool isTold = false;
    for (const analysis::LossSummary& loss : snapshot.losses)
        isTold = isTold || (loss.reason == "gap" && loss.advice.find("the agent on c does not answer") != std::string::npos);
    EXPECT_TRUE(isTold);
    // c's part of api's ledger lacks two seconds: who called it knows what was asked of it.
    const analysis::Edge* edge = findEdge(snapshot, "workload:shop/web", "workload:shop/api");
    ASSERT_NE(edge, nullptr);
    EXPECT_EQ(edge->chosen.requests, 4u * 46);
    EXPECT_EQ(edge->client->requests, 4u * 46);
    EXPECT_EQ(edge->server->requests, 4u * 46 - 2 * 23);
    // … and where it is not missing the server's is taken again.
    const auto later = *analysis::buildSnapshot(source, seconds(7, 12));
    EXPECT_TRUE(later.gaps.empty());
    EXPECT_EQ(text(findEdge(later, "workload:shop/web", "workload:shop/api")->chosen), text(*findEdge(later, "workload:shop/web", "workload:shop/api")->server));
    analysis::FrameStore frames;
    ASSERT_TRUE(frames.load(source).has_value());
    const auto each = frames.seconds(seconds(4, 8));
    ASSERT_EQ(each.size(), 4u);
    EXPECT_EQ((std::vector<bool>{each[0].gap, each[1].gap, each[2].gap, each[3].gap}), (std::vector<bool>{false, true, true, false}));
}

TEST(FleetMerge, whoDidNotSpeakUpToTheEndSaysNothingOfItsInstances)
{
    std::map<int, std::set<std::string>> missing;
    for (int offset = 4; offset < kSeconds; ++offset)
        missing[offset] = {"c"};
    const auto snapshot = *analysis::buildSnapshot(merged(missing), seconds(0, kSeconds));
    const analysis::Node* api = findNode(snapshot, "workload:shop/api");
    ASSERT_NE(api, nullptr);
    EXPECT_FALSE(api->instancesKnown);
    EXPECT_EQ(api->instances, 1u);
    EXPECT_EQ(api->instancesMax, 2u);
}

TEST(FleetMerge, rollUpsOfMergedSecondsKeepTheirHosts)
{
    const HandMadeSource own = hosts();
    Fold fold;
    const HandMadeSource source = merged({{5, {"c"}}});
    for (int offset = 0; offset < 10; ++offset)
        fold.add(source.batches()[static_cast<std::size_t>(offset)]);
    HandMadeSource rolled;
    for (const AgentIdentity& agent : source.agents())
        rolled.addAgent(agent);
    const Batch sum = sent(fold.result());
    rolled.add(sum);
    std::map<std::string, Nanoseconds> told;
    for (const HostRow& row : sum.overview->hosts)
        told[sum.dictionary->entities[row.host].name] = row.told;
    EXPECT_EQ(told["a"], std::chrono::seconds(10));
    EXPECT_EQ(told["c"], std::chrono::seconds(9));
    const auto snapshot = *analysis::buildSnapshot(rolled, seconds(0, 10));
    ASSERT_EQ(snapshot.gaps.size(), 1u);
    EXPECT_EQ(snapshot.gaps.front().agent, agentKey("c"));
    const auto expected = *analysis::buildSnapshot(own, seconds(0, 10));
    EXPECT_EQ(text(*findEdge(snapshot, "workload:shop/web", "workload:shop/api")->client), text(*findEdge(expected, "workload:shop/web", "workload:shop/api")->client));
    EXPECT_EQ(findNode(snapshot, "workload:shop/api")->instances, 2u);
}

} // namespace
} // namespace binnacle::tests
