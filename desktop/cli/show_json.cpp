// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/show_json.h"

#include "core/analysis/words.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace binnacle::desktop {

namespace {

using namespace analysis;
using Json = nlohmann::ordered_json;

template <class T>
Json orNull(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json orNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json latencyJson(const Histogram& histogram)
{
    if (histogram.empty())
        return nullptr;
    Json json;
    json["count"] = histogram.count();
    json["p50_ns"] = *histogram.quantile(0.50);
    json["p90_ns"] = *histogram.quantile(0.90);
    json["p95_ns"] = *histogram.quantile(0.95);
    json["p99_ns"] = *histogram.quantile(0.99);
    json["max_ns"] = histogram.max();
    return json;
}

Json countsJson(const std::map<std::string, std::uint64_t>& counts)
{
    Json json = Json::object();
    for (const auto& [name, count] : counts)
        json[name] = count;
    return json;
}

Json ledgerJson(const std::optional<Ledger>& ledger)
{
    if (!ledger)
        return nullptr;
    Json json;
    json["requests"] = ledger->requests;
    json["errors"] = ledger->errors;
    json["latency"] = latencyJson(ledger->latency);
    return json;
}

Json seenFrom(const Edge& edge)
{
    Json sides = Json::array();
    if (edge.client)
        sides.push_back("client");
    if (edge.server)
        sides.push_back("server");
    return sides;
}

/// What `show tcp` says of a pair, behind from, to and port.
void addTcp(Json& json, const TcpSummary& tcp)
{
    json["active"] = tcp.active;
    json["opened"] = tcp.opened;
    json["closed"] = tcp.closed;
    json["failed"] = tcp.failed;
    json["failed_by"] = countsJson(tcp.failedBy);
    json["connect_latency"] = latencyJson(tcp.connectTime);
    json["rtt"] = latencyJson(tcp.rtt);
    json["rtt_var"] = latencyJson(tcp.rttVariance);
    json["lifetime"] = latencyJson(tcp.lifetime);
    json["segments_out"] = orNull(tcp.segmentsOut);
    json["segments_in"] = orNull(tcp.segmentsIn);
    json["retransmits_out"] = orNull(tcp.retransmitsOut);
    json["retransmits_in"] = orNull(tcp.retransmitsIn);
    json["syn_retransmits"] = orNull(tcp.synRetransmits);
    json["out_of_order"] = orNull(tcp.outOfOrder);
    json["resets_sent"] = orNull(tcp.resetsSent);
    json["resets_received"] = orNull(tcp.resetsReceived);
    json["zero_windows"] = orNull(tcp.zeroWindows);
    json["zero_window_ns"] = orNull(tcp.zeroWindowNs);
    json["accept_queue_overflows"] = orNull(tcp.acceptQueueOverflows);
    json["accept_queue_max"] = orNull(tcp.acceptQueueMax);
    json["drops"] = nullptr; // not collected yet
    json["bytes_sent"] = tcp.bytesSent;
    json["bytes_received"] = tcp.bytesReceived;
    json["reuse_ratio"] = orNull(tcp.reuseRatio);
}

bool isOutside(const Node& node) { return node.kind == NodeKind::External || node.kind == NodeKind::Internet; }

/// A Kubernetes Service, which nobody counts.
bool isCounted(const Node& node) { return !isOutside(node) && (node.observed || node.kind != NodeKind::Service); }

void addNode(Json& json, const Node& node)
{
    const bool counted = isCounted(node) && node.instancesKnown;
    json["id"] = node.id;
    json["name"] = node.name;
    json["namespace"] = orNull(node.nameSpace);
    json["kind"] = nodeKindName(node.kind);
    json["type"] = orNull(node.type);
    json["instances"] = counted ? Json(node.instances) : Json(nullptr);
    json["instances_max"] = isCounted(node) ? Json(node.instancesMax) : Json(nullptr);
    json["hosts"] = node.hosts;
    json["health"] = healthName(node.health);
    json["health_reasons"] = node.healthReasons;
    json["observed"] = node.observed;
}

Json nodeJson(const Node& node)
{
    Json json;
    addNode(json, node);
    return json;
}

/// With the Kubernetes Services that nobody was seen to call, by id.
Json nodesJson(const Snapshot& snapshot)
{
    std::map<std::string_view, const Node*> nodes;
    for (const Node& node : snapshot.nodes)
        nodes.emplace(node.id, &node);
    for (const PossibleEdge& edge : snapshot.possible)
        nodes.emplace(edge.from.id, &edge.from);
    Json json = Json::array();
    for (const auto& [id, node] : nodes)
        json.push_back(nodeJson(*node));
    return json;
}

/// Beyond the contract's edges: ways that Kubernetes leads and nobody was seen to go.
Json possibleJson(const PossibleEdge& edge)
{
    Json json;
    json["from"] = edge.from.id;
    json["to"] = edge.to;
    json["port"] = edge.port;
    return json;
}

Json edgeJson(const Edge& edge, TimeRange range)
{
    Json json;
    json["from"] = edge.from;
    json["to"] = edge.to;
    json["port"] = edge.port;
    json["protocol"] = protocolName(edge.protocol);
    json["tls"] = edge.tls;
    json["requests"] = edge.chosen.requests;
    json["errors"] = edge.chosen.errors;
    json["statuses"] = countsJson(edge.chosen.statuses);
    json["rps"] = ratePerSecond(edge.chosen.requests, range);
    json["latency"] = latencyJson(edge.chosen.latency);
    json["ttfb"] = latencyJson(edge.chosen.firstByte);
    json["in_flight"] = edge.inFlight;
    json["oldest_in_flight_ns"] = edge.inFlight > 0 ? Json(edge.oldestInFlight.count()) : Json(nullptr);
    json["pending_connects"] = edge.pending.count;
    json["oldest_pending_connect_ns"] = edge.pending.count > 0 ? Json(edge.pending.oldest.count()) : Json(nullptr);
    json["bytes_sent"] = edge.tcp.seen ? Json(edge.bytesSent) : Json(nullptr);
    json["bytes_received"] = edge.tcp.seen ? Json(edge.bytesReceived) : Json(nullptr);
    json["client"] = ledgerJson(edge.client);
    json["server"] = ledgerJson(edge.server);
    json["seen_from"] = seenFrom(edge);
    json["failed_connects"] = edge.failedConnects;
    json["losses"] = edge.losses;
    json["tcp"] = nullptr;
    if (edge.tcp.seen) {
        json["tcp"] = Json::object();
        addTcp(json["tcp"], edge.tcp);
    }
    json["health"] = healthName(edge.health);
    json["health_reasons"] = edge.healthReasons;
    return json;
}

Json routeJson(const RouteSummary& route)
{
    Json json;
    json["route"] = route.route;
    json["requests"] = route.requests;
    json["errors"] = route.errors;
    json["statuses"] = countsJson(route.statuses);
    json["latency"] = latencyJson(route.latency);
    return json;
}

Json serviceJson(const Node& node, TimeRange range)
{
    Json json;
    addNode(json, node);
    json["requests"] = node.inbound.requests;
    json["errors"] = node.inbound.errors;
    json["statuses"] = countsJson(node.inbound.statuses);
    json["rps"] = ratePerSecond(node.inbound.requests, range);
    json["latency"] = latencyJson(node.inbound.latency);
    json["routes"] = Json::array();
    for (const RouteSummary& route : node.routes)
        json["routes"].push_back(routeJson(route));
    json["clients"] = node.clients;
    json["servers"] = node.servers;
    json["listening"] = Json::array();
    for (const ListeningAddress& listening : node.listening) {
        if (json["listening"].empty() || json["listening"].back() != listening.address)
            json["listening"].push_back(listening.address);
    }
    return json;
}

/// One row a (from, to, port): where two protocols share one, the connections are counted with one of them.
Json pairsJson(const Snapshot& snapshot)
{
    std::map<std::tuple<std::string, std::string, std::uint16_t>, const Edge*> pairs;
    for (const Edge& edge : snapshot.edges) {
        const Edge*& known = pairs[{edge.from, edge.to, edge.port}];
        if (!known || (edge.tcp.seen && !known->tcp.seen))
            known = &edge;
    }
    Json rows = Json::array();
    for (const auto& [key, edge] : pairs) {
        if (!edge->tcp.seen)
            continue;
        Json row;
        row["from"] = edge->from;
        row["to"] = edge->to;
        row["port"] = edge->port;
        addTcp(row, edge->tcp);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// Beyond the contract's pairs: each connection as its own end reports it, by (from, to, opened).
Json connectionJson(const Connection& connection)
{
    Json json;
    json["from"] = connection.from;
    json["to"] = connection.to;
    json["local"] = connection.local;
    json["remote"] = connection.remote;
    json["side"] = connection.side == telemetry::Side::Client ? "client" : "server";
    json["protocol"] = protocolName(connection.protocol);
    json["instance"] = orNull(connection.instance);
    json["pid"] = connection.pid == 0 ? Json(nullptr) : Json(connection.pid);
    json["state"] = orNull(connection.state);
    json["existed"] = connection.existed;
    json["opened_ns"] = connection.existed && connection.openedAt == UtcTime{} ? Json(nullptr) : Json(ns(connection.openedAt));
    json["closed_ns"] = connection.closedAt == UtcTime{} ? Json(nullptr) : Json(ns(connection.closedAt));
    json["bytes_sent"] = connection.bytesSent;
    json["bytes_received"] = connection.bytesReceived;
    json["captured"] = connection.captured;
    json["payload_lost"] = connection.payloadLost;
    json["payload_unseen"] = connection.payloadUnseen;
    json["requests"] = connection.requests;
    json["rtt_ns"] = connection.rtt.count() == 0 ? Json(nullptr) : Json(connection.rtt.count());
    return json;
}

Json openJson(const OpenExchange& open)
{
    Json json;
    json["service"] = open.service;
    json["instance"] = orNull(open.instance);
    json["route"] = orNull(open.route);
    json["peer"] = orNull(open.peer);
    json["started_ns"] = ns(open.startedAt);
    json["age_ns"] = open.age.count();
    json["waits_on"] = orNull(open.waitsOn);
    json["thread"] = orNull(open.thread);
    json["stack"] = open.stack.empty() ? Json(nullptr) : Json(open.stack);
    json["kind"] = open.kind == OpenKind::Connect ? "connect" : "exchange";
    json["count"] = open.count;
    json["syn_sent"] = orNull(open.synSent);
    return json;
}

Json eventJson(const Event& event)
{
    Json json;
    json["at_ns"] = ns(event.at);
    json["kind"] = eventKindName(event.kind);
    json["subject"] = event.subject;
    json["detail"] = orNull(event.detail);
    return json;
}

Json coverageJson(const CoverageSummary& coverage)
{
    Json json;
    json["subject"] = coverage.subject;
    json["what"] = coverage.what;
    json["share"] = coverage.share;
    json["advice"] = orNull(coverage.advice);
    return json;
}

Json horizonJson(const telemetry::BufferHorizon& horizon, const Snapshot& snapshot)
{
    const auto agent = std::find_if(snapshot.agents.begin(), snapshot.agents.end(),
                                    [&](const AgentSummary& known) { return known.identity.agent == horizon.agent; });
    const bool empty = horizon.range.from >= horizon.range.to;
    const std::string host = agent == snapshot.agents.end() ? horizon.host : agent->identity.host;
    Json json;
    json["agent"] = agent == snapshot.agents.end() ? horizon.agent.toHex() : host;
    json["signal"] = horizon.signal;
    json["from_ns"] = empty ? Json(nullptr) : Json(ns(horizon.range.from));
    json["to_ns"] = empty ? Json(nullptr) : Json(ns(horizon.range.to));
    json["bytes"] = horizon.bytes;
    json["host"] = orNull(host);
    json["merged"] = horizon.isMerged;
    return json;
}

template <class Rows, class Make>
Json arrayOf(const Rows& rows, const Make& make)
{
    Json json = Json::array();
    for (const auto& row : rows)
        json.push_back(make(row));
    return json;
}

const std::vector<std::string> kTcpKeys{"active", "opened", "closed", "failed", "failed_by", "connect_latency", "rtt", "rtt_var", "lifetime",
                                        "segments_out", "segments_in", "retransmits_out", "retransmits_in", "syn_retransmits", "out_of_order",
                                        "resets_sent", "resets_received", "zero_windows", "zero_window_ns", "accept_queue_overflows",
                                        "accept_queue_max", "drops", "bytes_sent", "bytes_received", "reuse_ratio"};

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

} // namespace

const std::vector<ShowFacts>& showFacts()
{
    static const std::vector<ShowFacts> facts{
        {ShowWhat::Map, "map", "services and who calls whom", {"nodes", "edges"}},
        {ShowWhat::Services, "services", "rate, errors, latency, routes, callers and callees of each service", {"services"}},
        {ShowWhat::Tcp, "tcp", "connections between each two services, and each of them", {"pairs", "connections"}},
        {ShowWhat::InFlight, "inflight", "exchanges that are not finished, and connects that wait for an answer, at the end of the range", {"inflight"}},
        {ShowWhat::Events, "events", "what changed", {"events"}},
        {ShowWhat::Losses, "losses", "data that were there and are gone", {"losses"}},
        {ShowWhat::Coverage, "coverage", "what was there and was never understood", {"coverage"}},
        {ShowWhat::Buffer, "buffer", "how far back each signal reaches", {"buffer"}},
    };
    return facts;
}

const ShowFacts* findShow(std::string_view name)
{
    for (const ShowFacts& facts : showFacts()) {
        if (facts.name == name)
            return &facts;
    }
    return nullptr;
}

const ShowFacts& factsOf(ShowWhat what) { return showFacts()[static_cast<std::size_t>(what)]; }

const std::vector<std::string>& rowKeys(std::string_view array)
{
    static const std::vector<std::string> node{"id",            "name",  "namespace", "kind",          "type", "instances",
                                               "instances_max", "hosts", "health",    "health_reasons", "observed"};
    static const std::map<std::string, std::vector<std::string>, std::less<>> keys{
        {"nodes", node},
        {"edges",
         {"from", "to", "port", "protocol", "tls", "requests", "errors", "statuses", "rps", "latency", "ttfb", "in_flight", "oldest_in_flight_ns",
          "pending_connects", "oldest_pending_connect_ns", "bytes_sent", "bytes_received", "client", "server", "seen_from", "failed_connects", "losses",
          "tcp", "health", "health_reasons"}},
        {"possible", {"from", "to", "port"}},
        {"services", joined(node, {"requests", "errors", "statuses", "rps", "latency", "routes", "clients", "servers", "listening"})},
        {"pairs", joined({"from", "to", "port"}, kTcpKeys)},
        {"connections", {"from", "to", "local", "remote", "side", "protocol", "instance", "pid", "state", "existed", "opened_ns", "closed_ns", "bytes_sent",
                         "bytes_received", "captured", "payload_lost", "payload_unseen", "requests", "rtt_ns"}},
        {"inflight", {"service", "instance", "route", "peer", "started_ns", "age_ns", "waits_on", "thread", "stack", "kind", "count", "syn_sent"}},
        {"events", {"at_ns", "kind", "subject", "detail"}},
        {"losses", {"place", "reason", "unit", "count", "from_ns", "to_ns", "advice"}},
        {"coverage", {"subject", "what", "share", "advice"}},
        {"buffer", {"agent", "signal", "from_ns", "to_ns", "bytes", "host", "merged"}},
    };
    static const std::vector<std::string> none;
    const auto found = keys.find(array);
    return found == keys.end() ? none : found->second;
}

Json agentsJson(const std::vector<telemetry::AgentIdentity>& agents)
{
    return arrayOf(agents, [](const telemetry::AgentIdentity& agent) {
        Json json;
        json["host"] = orNull(agent.host);
        json["boot_id"] = orNull(agent.bootId);
        json["version"] = orNull(agent.version);
        json["epoch"] = agent.epoch;
        return json;
    });
}

Json lossesJson(const std::vector<LossSummary>& losses)
{
    return arrayOf(losses, [](const LossSummary& loss) {
        Json json;
        json["place"] = loss.place;
        json["reason"] = loss.reason;
        json["unit"] = loss.unit;
        json["count"] = loss.count;
        json["from_ns"] = ns(loss.range.from);
        json["to_ns"] = ns(loss.range.to);
        json["advice"] = loss.advice;
        return json;
    });
}

Json showJson(ShowWhat what, const Snapshot& snapshot, const ShowSource& source, std::span<const telemetry::BufferHorizon> horizons)
{
    std::vector<telemetry::AgentIdentity> agents;
    for (const AgentSummary& agent : snapshot.agents)
        agents.push_back(agent.identity);
    Json json;
    json["schema"] = "binnacle.show." + std::string(factsOf(what).name) + "/1";
    json["source"]["kind"] = source.kind;
    json["source"]["path"] = source.path;
    json["source"]["agents"] = agentsJson(agents);
    json["from_ns"] = ns(snapshot.range.from);
    json["to_ns"] = ns(snapshot.range.to);
    json["losses"] = lossesJson(snapshot.losses);
    json["coverage"] = arrayOf(snapshot.coverage, coverageJson);
    switch (what) {
    case ShowWhat::Map:
        json["nodes"] = nodesJson(snapshot);
        json["edges"] = arrayOf(snapshot.edges, [&](const Edge& edge) { return edgeJson(edge, snapshot.range); });
        json["possible"] = arrayOf(snapshot.possible, possibleJson);
        break;
    case ShowWhat::Services:
        json["services"] = Json::array();
        for (const Node& node : snapshot.nodes) {
            if (!isOutside(node))
                json["services"].push_back(serviceJson(node, snapshot.range));
        }
        break;
    case ShowWhat::Tcp:
        json["pairs"] = pairsJson(snapshot);
        json["connections"] = arrayOf(snapshot.connections, connectionJson);
        break;
    case ShowWhat::InFlight: json["inflight"] = arrayOf(snapshot.inFlight, openJson); break;
    case ShowWhat::Events: json["events"] = arrayOf(snapshot.events, eventJson); break;
    case ShowWhat::Buffer:
        json["buffer"] = arrayOf(horizons, [&](const telemetry::BufferHorizon& horizon) { return horizonJson(horizon, snapshot); });
        break;
    case ShowWhat::Losses:
    case ShowWhat::Coverage: break; // every view carries them
    }
    return json;
}

} // namespace binnacle::desktop
