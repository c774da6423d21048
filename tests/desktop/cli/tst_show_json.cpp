// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/snapshot.h"
#include "desktop/cli/row_filter.h"
#include "desktop/cli/show_json.h"
#include "desktop/cli/show_text.h"
#include "tests/core/analysis/shop.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace binnacle;
using namespace binnacle::desktop;
using namespace binnacle::tests;
using Json = nlohmann::ordered_json;

namespace {

/// A shop where something of everything happens.
analysis::Snapshot everything()
{
    HandMadeSource source = shop(10, [](int s) {
        return ShopSecond{.orderErrors = s == 9 ? 20U : 0U, .refused = s == 9 ? 3U : 0U, .hanging = s == 9 ? 2U : 0U, .hangingFor = std::chrono::seconds(2),
                          .connecting = s == 9 ? 2U : 0U, .connectingFor = std::chrono::milliseconds(3500), .orderLosses = s == 2 ? 1U : 0U};
    });
    BatchBuilder b("b", 9);
    const auto host = b.instance("batch-1", "go"), peer = b.instance("db-1", "postgresql");
    b.present(host, b.service("batch", "jobs", ServiceKind::Workload)).present(peer, b.service("db"));
    b.listen(peer, endpoint("10.3.0.3", 5432), 2, 4);
    const auto end = b.client(host, "10.3.0.2", endpoint("10.3.0.3", 5432), 1, Protocol::Unknown);
    TcpRow& tcp = b.tcp(end, 7, 2);
    tcp.closed = 5;
    tcp.bytesSent = 1000;
    tcp.bytesReceived = 2000;
    tcp.retransmitsOut = 1;
    tcp.rtt.record(50'000, 10);
    tcp.connectTime.record(90'000, 7);
    b.overview().events.push_back({second(9.25), EventKind::ProcessExec, host, b.text("/usr/bin/batch")});
    b.overview().coverage.push_back({host, b.text("unknown_protocol"), 3000, 3000, b.text("No parser speaks it yet.")});
    const auto open = b.client(host, "10.3.0.2", endpoint("10.3.0.3", 5432), 1, Protocol::Http);
    b.overview().openExchanges.push_back({open, b.text("GET /slow"), {}, second(8), 4711});
    telemetry::ConnectionRow connection;
    connection.connection = EntityKey::ofText("one");
    connection.end = end;
    connection.localPort = 41000;
    connection.remotePort = 5432;
    connection.pid = 4711;
    connection.state = 1;
    connection.openedAt = second(9);
    connection.bytesSent = 1000;
    connection.bytesReceived = 2000;
    connection.captured = 2900;
    connection.payloadUnseen = 100;
    b.overview().connections.push_back(connection);
    source.addAgent(identity("b", 3));
    source.add(b.build());
    auto snapshot = analysis::buildSnapshot(source, source.covered());
    EXPECT_TRUE(snapshot.has_value());
    return std::move(*snapshot);
}

const ShowSource kSource{"file", "shop.binnacle"};

std::vector<telemetry::BufferHorizon> horizons()
{
    return {{agentKey("a"), "overview_1s", seconds(0, 10), 4096}, // its name is the snapshot's
            {agentKey("nobody"), "detail", {}, 0},
            {agentKey("behind a gateway"), "overview_1s", seconds(0, 5), 2048, "node-7"},
            {agentKey("gateway"), "overview_1s", seconds(0, 5), 1024, "gateway-1", true}};
}

std::vector<std::string> keysOf(const Json& object)
{
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items())
        keys.push_back(key);
    return keys;
}

} // namespace

TEST(ShowJson, everyRowHasEveryDocumentedKeyInItsOrder)
{
    const analysis::Snapshot snapshot = everything();
    for (const ShowFacts& facts : showFacts()) {
        const Json object = showJson(facts.what, snapshot, kSource, horizons());
        EXPECT_EQ(object.at("schema"), "binnacle.show." + std::string(facts.name) + "/1");
        for (const char* key : {"source", "from_ns", "to_ns", "losses", "coverage"})
            EXPECT_TRUE(object.contains(key)) << facts.name << " " << key;
        EXPECT_EQ(keysOf(object.at("source")), (std::vector<std::string>{"kind", "path", "agents"}));
        EXPECT_EQ(keysOf(object.at("source").at("agents").at(0)), (std::vector<std::string>{"host", "boot_id", "version", "epoch"}));
        for (const std::string_view array : facts.arrays) {
            const Json& rows = object.at(std::string(array));
            EXPECT_FALSE(rows.empty()) << array << ": a test of nothing";
            for (const Json& row : rows)
                EXPECT_EQ(keysOf(row), rowKeys(array)) << array;
        }
    }
}

TEST(ShowJson, documentedKeysAreThoseOfTheContract)
{
    // contracts.md, word by word; a change here is a change of a promise.  `observed` was added: false of what an API lists and no agent saw.
    EXPECT_EQ(rowKeys("nodes"), (std::vector<std::string>{"id", "name", "namespace", "kind", "type", "instances", "instances_max", "hosts", "health", "health_reasons", "observed"}));
    EXPECT_EQ(rowKeys("edges"), (std::vector<std::string>{"from", "to", "port", "protocol", "tls", "requests", "errors", "statuses", "rps", "latency", "ttfb", "in_flight",
                                                          "oldest_in_flight_ns", "pending_connects", "oldest_pending_connect_ns", "bytes_sent", "bytes_received", "client", "server", "seen_from", "failed_connects",
                                                          "losses", "tcp", "health", "health_reasons"}));
    EXPECT_EQ(rowKeys("inflight"), (std::vector<std::string>{"service", "instance", "route", "peer", "started_ns", "age_ns", "waits_on", "thread", "stack", "kind", "count", "syn_sent"}));
    EXPECT_EQ(rowKeys("pairs").size(), 28U);
    EXPECT_EQ(rowKeys("possible"), (std::vector<std::string>{"from", "to", "port"}));
    EXPECT_EQ(rowKeys("services").size(), 20U);
}

TEST(ShowJson, latencyHasItsSixFiguresOrIsNull)
{
    const Json map = showJson(ShowWhat::Map, everything(), kSource);
    bool some = false, none = false;
    for (const Json& edge : map.at("edges")) {
        if (edge.at("latency").is_null()) {
            EXPECT_EQ(edge.at("requests"), 0);
            none = true;
            continue;
        }
        some = true;
        EXPECT_EQ(keysOf(edge.at("latency")), (std::vector<std::string>{"count", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns"}));
        EXPECT_EQ(edge.at("latency").at("count"), edge.at("requests"));
    }
    EXPECT_TRUE(some && none);
}

TEST(ShowJson, whatWasNotCollectedIsNullAndNotZero)
{
    const analysis::Snapshot snapshot = everything();
    const Json pairs = showJson(ShowWhat::Tcp, snapshot, kSource).at("pairs");
    const Json* batch = nullptr;
    for (const Json& pair : pairs)
        batch = pair.at("from") == "workload:jobs/batch" ? &pair : batch;
    ASSERT_NE(batch, nullptr) << pairs.dump(1);
    EXPECT_EQ(batch->at("opened"), 7);
    EXPECT_EQ(batch->at("active"), 2);
    EXPECT_EQ(batch->at("retransmits_out"), 1);
    EXPECT_EQ(batch->at("accept_queue_max"), 4);
    for (const char* key : {"segments_out", "syn_retransmits", "zero_windows", "drops", "accept_queue_overflows", "lifetime", "reuse_ratio"})
        EXPECT_TRUE(batch->at(key).is_null()) << key;
    // An edge whose connections no end reported.
    const Json map = showJson(ShowWhat::Map, snapshot, kSource);
    EXPECT_TRUE(map.at("edges").at(0).at("tcp").is_null());
    EXPECT_TRUE(map.at("edges").at(0).at("bytes_sent").is_null());
}

TEST(ShowJson, anEmptyRangeHasEveryArray)
{
    const analysis::Snapshot empty;
    for (const ShowFacts& facts : showFacts()) {
        const Json object = showJson(facts.what, empty, kSource);
        for (const std::string_view array : facts.arrays)
            EXPECT_EQ(object.at(std::string(array)), Json::array()) << array;
        EXPECT_FALSE(showText(facts.what, object).empty());
    }
}

TEST(ShowJson, isTheGoldenText)
{
    std::string text;
    const analysis::Snapshot snapshot = everything();
    for (const ShowFacts& facts : showFacts())
        text += showJson(facts.what, snapshot, kSource, horizons()).dump(1) + "\n";
    std::ifstream file(BINNACLE_GOLDEN_SHOW);
    std::stringstream golden;
    golden << file.rdbuf();
    if (std::getenv("BINNACLE_RENEW_GOLDEN")) {
        std::ofstream(BINNACLE_GOLDEN_SHOW) << text;
        GTEST_SKIP() << "golden file renewed; review it as a diff";
    }
    EXPECT_EQ(text, golden.str());
}

TEST(ShowText, saysTheSameInTables)
{
    const analysis::Snapshot snapshot = everything();
    const std::string map = showText(ShowWhat::Map, showJson(ShowWhat::Map, snapshot, kSource));
    EXPECT_NE(map.find("process:web"), std::string::npos);
    EXPECT_NE(map.find("http:8000"), std::string::npos);
    EXPECT_NE(map.find("Lost in this range:"), std::string::npos);
    EXPECT_NE(map.find("process:web → process:api is critical: "), std::string::npos) << map;
    const std::string buffer = showText(ShowWhat::Buffer, showJson(ShowWhat::Buffer, snapshot, kSource, horizons()));
    EXPECT_NE(buffer.find("overview_1s"), std::string::npos);
    EXPECT_NE(buffer.find("4.00 KiB"), std::string::npos);
    EXPECT_NE(buffer.find("\nnode-7 "), std::string::npos) << buffer;
    EXPECT_NE(buffer.find("\ngateway-1 (all hosts added up) "), std::string::npos) << buffer;
    EXPECT_NE(buffer.find('\n' + agentKey("nobody").toHex()), std::string::npos) << "without a name, the key";
    const std::string inFlight = showText(ShowWhat::InFlight, showJson(ShowWhat::InFlight, snapshot, kSource));
    EXPECT_NE(inFlight.find("GET /slow"), std::string::npos);
    EXPECT_NE(inFlight.find("connect to 10.0.0.3:8000      2  process:api"), std::string::npos) << inFlight;
}

TEST(RowFilter, keepsTheMapWhole)
{
    const analysis::Snapshot snapshot = everything();
    Json edges = showJson(ShowWhat::Map, snapshot, kSource);
    ASSERT_TRUE(filterRows(ShowWhat::Map, edges, "to=process:api").has_value());
    ASSERT_EQ(edges.at("edges").size(), 1U);
    ASSERT_EQ(edges.at("nodes").size(), 2U); // those that the edge joins
    EXPECT_EQ(edges.at("nodes").at(0).at("id"), "process:api");

    Json nodes = showJson(ShowWhat::Map, snapshot, kSource);
    ASSERT_TRUE(filterRows(ShowWhat::Map, nodes, "type=nginx").has_value());
    ASSERT_EQ(nodes.at("nodes").size(), 1U);
    EXPECT_EQ(nodes.at("edges").size(), 2U); // those that touch it

    Json untouched = showJson(ShowWhat::Map, snapshot, kSource);
    const auto wrong = filterRows(ShowWhat::Map, untouched, "colour=red");
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, ErrorCode::Invalid);
    EXPECT_NE(wrong.error().what.find("instances_max"), std::string::npos) << "names the fields of both";
    EXPECT_FALSE(filterRows(ShowWhat::Map, untouched, "type=nginx and to=process:api").has_value());
}

TEST(RowFilter, asksForANamespaceEverywhere)
{
    const analysis::Snapshot snapshot = everything();
    const auto left = [&](ShowWhat what, const char* where) {
        Json object = showJson(what, snapshot, kSource);
        EXPECT_TRUE(filterRows(what, object, where).has_value()) << where;
        return object;
    };
    const Json map = left(ShowWhat::Map, "namespace=jobs");
    ASSERT_EQ(map.at("nodes").size(), 1U);
    EXPECT_EQ(map.at("nodes").at(0).at("id"), "workload:jobs/batch");
    ASSERT_FALSE(map.at("edges").empty());
    for (const Json& edge : map.at("edges"))
        EXPECT_EQ(edge.at("from"), "workload:jobs/batch");
    EXPECT_EQ(left(ShowWhat::Map, "namespace=jobs and port=5432").at("nodes").size(), 2U) << "a field of edges makes it a filter of edges";
    EXPECT_EQ(left(ShowWhat::Services, "namespace=jobs").at("services").size(), 1U);
    const Json tcp = left(ShowWhat::Tcp, "namespace=jobs");
    ASSERT_EQ(tcp.at("pairs").size(), 1U);
    EXPECT_EQ(tcp.at("pairs").at(0).at("from"), "workload:jobs/batch");
    EXPECT_FALSE(tcp.at("pairs").at(0).contains("namespace")) << "it can be asked for; it is not shown";
    EXPECT_EQ(tcp.at("connections").size(), 1U);
    EXPECT_EQ(left(ShowWhat::InFlight, "namespace=jobs").at("inflight").size(), 1U);
    EXPECT_EQ(left(ShowWhat::Events, "namespace~jo*").at("events").size(), 1U);
    EXPECT_TRUE(left(ShowWhat::Tcp, "namespace=elsewhere").at("pairs").empty());
}

TEST(RowFilter, keepsRowsOfAList)
{
    Json services = showJson(ShowWhat::Services, everything(), kSource);
    ASSERT_TRUE(filterRows(ShowWhat::Services, services, "requests>0 and health=critical").has_value());
    for (const Json& service : services.at("services"))
        EXPECT_EQ(service.at("health"), "critical");
    EXPECT_FALSE(services.at("services").empty());
}
