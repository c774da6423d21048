// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/sample_source.h"

#include <algorithm>
#include <fstream>
#include <map>

namespace binnacle::desktop {

namespace {

using namespace analysis;

constexpr int kIncidentFrom = 180, kIncidentTo = 210, kGapSecond = 240, kLossSecond = 200;

struct Rates {
    std::uint64_t requests, errors;
    std::uint64_t p50, p99; // ns
};

bool incident(int second) { return second >= kIncidentFrom && second < kIncidentTo; }

/// What the edge into a service did in one second; a slow wave, so that charts have a shape.
Rates ratesOf(const std::string& subject, int second)
{
    const std::uint64_t wave = static_cast<std::uint64_t>(second % 20);
    if (subject.find("cache") != std::string::npos)
        return {300 + 4 * wave, 0, 180'000, 900'000};
    if (subject.find("api") != std::string::npos)
        return {97 + wave, incident(second) ? (97 + wave) / 2 : 0, 12'000'000, incident(second) ? 820'000'000u : 41'000'000u};
    if (subject.find("web") != std::string::npos)
        return {101 + wave, incident(second) ? (97 + wave) / 2 : 0, 14'000'000, incident(second) ? 850'000'000u : 48'000'000u};
    return {0, 0, 0, 0};
}

int secondOf(UtcTime t) { return static_cast<int>((t - SampleSource::begin()) / std::chrono::seconds(1)); }

void addTo(Ledger& ledger, const Rates& rates, const char* good, const char* bad)
{
    ledger.requests += rates.requests;
    ledger.errors += rates.errors;
    if (rates.requests > rates.errors)
        ledger.statuses[good] += rates.requests - rates.errors;
    if (rates.errors > 0)
        ledger.statuses[bad] += rates.errors;
    const std::uint64_t slow = std::max<std::uint64_t>(1, rates.requests / 40);
    ledger.latency.record(rates.p50, rates.requests - slow);
    ledger.latency.record(rates.p99, slow);
    ledger.firstByte.record(rates.p50 / 2, rates.requests - slow);
    ledger.firstByte.record(rates.p99 * 3 / 4, slow);
}

Ledger ledgerOf(const std::string& subject, int from, int to, std::uint64_t onTheWay)
{
    const bool redis = subject.find("cache") != std::string::npos;
    Ledger ledger;
    for (int second = from; second < to; ++second) {
        if (second == kGapSecond)
            continue;
        Rates rates = ratesOf(subject, second);
        if (rates.requests == 0)
            continue;
        rates.p50 += onTheWay;
        rates.p99 += onTheWay;
        addTo(ledger, rates, redis ? "OK" : "200", redis ? "ERR" : "503");
    }
    return ledger;
}

std::vector<RouteSummary> routesOf(const Ledger& ledger, const std::string& to)
{
    const bool redis = to.find("cache") != std::string::npos;
    const std::vector<std::pair<std::string, int>> shares = redis ? std::vector<std::pair<std::string, int>>{{"GET", 70}, {"SET", 25}, {"INCR", 5}}
                                                                  : std::vector<std::pair<std::string, int>>{{"GET /products", 55}, {"GET /products/{id}", 30}, {"POST /orders", 15}};
    std::vector<RouteSummary> routes;
    for (const auto& [route, share] : shares) {
        RouteSummary summary{.route = route, .requests = ledger.requests * static_cast<std::uint64_t>(share) / 100};
        summary.errors = ledger.errors * static_cast<std::uint64_t>(share) / 100;
        summary.latency = ledger.latency;
        summary.firstByte = ledger.firstByte;
        routes.push_back(std::move(summary));
    }
    return routes;
}

Edge makeEdge(const std::string& from, const std::string& to, std::uint16_t port, Protocol protocol, int begin, int end)
{
    Edge edge{.from = from, .to = to, .port = port, .protocol = protocol};
    if (protocol != Protocol::Unknown) {
        edge.server = ledgerOf(to, begin, end, 0);
        edge.client = ledgerOf(to, begin, end, 240'000);
        edge.chosen = *edge.server;
        edge.routes = routesOf(edge.chosen, to);
    }
    const bool bad = incident(end - 1) && edge.chosen.errors > 0;
    edge.health = bad ? Health::Critical : Health::Ok;
    if (bad)
        edge.healthReasons = {"50 % of the requests of the last 5 seconds failed (503)."};
    edge.bytesSent = edge.chosen.requests * 420 + 12'000;
    edge.bytesReceived = edge.chosen.requests * 5'200 + 88'000;
    edge.inFlight = bad ? 12 : 1;
    edge.oldestInFlight = bad ? std::chrono::milliseconds(3200) : std::chrono::milliseconds(4);
    TcpSummary& tcp = edge.tcp;
    tcp.active = 8;
    tcp.opened = static_cast<std::uint64_t>(std::max(0, end - begin)) / 3;
    tcp.closed = tcp.opened;
    tcp.rtt.record(85'000, 40);
    tcp.connectTime.record(130'000, 20);
    tcp.segmentsOut = 4000;
    tcp.segmentsIn = 3900;
    tcp.retransmitsOut = bad ? 7 : 0;
    tcp.bytesSent = edge.bytesSent;
    tcp.bytesReceived = edge.bytesReceived;
    tcp.reuseRatio = protocol == Protocol::Unknown ? std::nullopt : std::optional(0.94);
    if (bad && to == "process:api") {
        edge.failedConnects = tcp.failed = 31;
        tcp.failedBy["ECONNREFUSED"] = 31;
        edge.healthReasons.push_back("31 connects failed (ECONNREFUSED).");
    }
    return edge;
}

Node makeNode(const std::string& id, const std::string& name, const std::string& type, NodeKind kind, std::uint32_t instances, std::uint32_t most)
{
    Node node{.id = id, .name = name, .kind = kind, .type = type, .instances = instances, .instancesMax = most};
    if (kind == NodeKind::Process)
        node.hosts = {"node-1"};
    return node;
}

void addInstances(Snapshot& snapshot, Node& node, std::uint16_t port)
{
    for (std::uint32_t i = 0; i < node.instancesMax; ++i) {
        const std::string name = node.name + "-" + std::to_string(i + 1);
        snapshot.instances.push_back({.key = EntityKey::ofText(name), .name = name, .host = "node-1", .node = node.id, .alive = i < node.instances});
        node.listening.push_back({"10.244.0." + std::to_string(10 * port % 90 + i + 2) + ":" + std::to_string(port), name});
    }
}

void joinEdges(Snapshot& snapshot)
{
    for (Node& node : snapshot.nodes) {
        for (const Edge& edge : snapshot.edges) {
            if (edge.from == node.id)
                node.servers.push_back(edge.to);
            if (edge.to != node.id)
                continue;
            node.clients.push_back(edge.from);
            node.inbound.requests += edge.chosen.requests;
            node.inbound.errors += edge.chosen.errors;
            for (const auto& [status, count] : edge.chosen.statuses)
                node.inbound.statuses[status] += count;
            node.inbound.latency.merge(edge.chosen.latency);
            node.inFlight += edge.inFlight;
            node.oldestInFlight = std::max(node.oldestInFlight, edge.oldestInFlight);
            node.health = std::max(node.health, edge.health);
            node.healthReasons.insert(node.healthReasons.end(), edge.healthReasons.begin(), edge.healthReasons.end());
            node.routes.insert(node.routes.end(), edge.routes.begin(), edge.routes.end());
        }
    }
}

void addConnections(Snapshot& snapshot)
{
    for (const Edge& edge : snapshot.edges) {
        for (int i = 0; i < 8; ++i) {
            Connection c{.key = EntityKey::ofText(edgeId(edge) + std::to_string(i)), .from = edge.from, .to = edge.to};
            c.local = "10.244.0.12:" + std::to_string(40'000 + i);
            c.remote = "10.244.0.40:" + std::to_string(edge.port);
            c.protocol = edge.protocol;
            c.state = i < 7 ? "ESTABLISHED" : "TIME_WAIT";
            c.pid = static_cast<std::uint32_t>(3100 + i);
            c.existed = i == 0;
            c.openedAt = snapshot.range.from - std::chrono::seconds(10 * i + 5);
            c.closedAt = i < 7 ? UtcTime{} : snapshot.range.to - std::chrono::seconds(1);
            c.bytesSent = edge.bytesSent / 8;
            c.bytesReceived = edge.bytesReceived / 8;
            c.requests = edge.chosen.requests / 8;
            c.rtt = std::chrono::microseconds(80 + i);
            c.payloadLost = i == 3 ? 1448 : 0;
            snapshot.connections.push_back(std::move(c));
        }
    }
}

void addTrouble(Snapshot& snapshot, int from, int to)
{
    if (from <= kLossSecond && kLossSecond < to) {
        snapshot.losses.push_back({.place = "kernel", .reason = "data_ring_full", .unit = "bytes",
                                   .advice = "The agent could not keep up with the payload rate. Give it a larger ring (--ring-bytes) or more CPU.", .count = 48'231,
                                   .range = {SampleSource::begin() + std::chrono::seconds(kLossSecond), SampleSource::begin() + std::chrono::seconds(kLossSecond + 1)}});
    }
    snapshot.coverage.push_back({.subject = "external:10.9.0.7:5432", .what = "unknown_protocol", .advice = "The protocol on this port is not among those that are parsed; bytes and connections are counted.", .share = 1.0});
    if (incident(to - 1)) {
        for (int i = 0; i < 12; ++i) {
            snapshot.inFlight.push_back({.service = "process:api", .instance = "api-" + std::to_string(i % 3 + 1), .route = "GET /products", .peer = "process:web",
                                         .startedAt = snapshot.range.to - std::chrono::milliseconds(3200 - 250 * i), .age = std::chrono::milliseconds(3200 - 250 * i), .thread = 3140u});
        }
        snapshot.inFlight.push_back({.kind = OpenKind::Connect, .service = "process:web", .instance = "web-1", .route = "connect to 10.9.0.12:8000", .peer = "process:api", .count = 3,
                                     .synSent = 3u, .startedAt = snapshot.range.to - std::chrono::milliseconds(5100), .age = std::chrono::milliseconds(5100), .waitsOn = "peer"});
    }
    telemetry::AgentIdentity identity{.agent = EntityKey::ofText("node-1"), .host = "node-1", .bootId = "b", .version = "0.1.0", .kernel = "6.18.5", .epoch = 1, .captureSource = "socket"};
    telemetry::AgentHealth health{.cpu = std::chrono::milliseconds(34), .residentBytes = 41u << 20, .mapBytes = 17u << 20, .bufferMemoryBytes = 12u << 20, .bufferDiskBytes = 80u << 20};
    health.records = 4321;
    health.exchanges = 512;
    health.ringFillPermille = incident(to - 1) ? 640 : 60;
    health.uptime = std::chrono::minutes(42);
    snapshot.agents.push_back({.identity = identity, .latest = health, .lastBatch = snapshot.range.to, .batches = static_cast<std::uint64_t>(to - from)});
}

void addExtra(Snapshot& snapshot, int count)
{
    for (int i = 0; i < count; ++i) {
        const std::string name = "svc" + std::to_string(10'000 + i);
        Node node = makeNode("process:" + name, name, "go", NodeKind::Process, 1, 1);
        snapshot.nodes.push_back(std::move(node));
        for (const int to : {i / 2, i / 3, i / 5, i / 7}) {
            if (to >= i)
                continue;
            Edge edge = makeEdge("process:svc" + std::to_string(10'000 + to), "process:" + name, 8080, Protocol::Http, 0, 0);
            if (snapshot.edges.empty() || edgeId(snapshot.edges.back()) != edgeId(edge))
                snapshot.edges.push_back(std::move(edge));
        }
    }
}

std::vector<Event> allEvents()
{
    const auto at = [](int second) { return SampleSource::begin() + std::chrono::seconds(second); };
    return {{at(2), EventKind::AgentStarted, "node-1", "0.1.0"},
            {at(kIncidentFrom), EventKind::InstanceEnded, "process:api", "api-2"},
            {at(kIncidentFrom), EventKind::InstanceEnded, "process:api", "api-3"},
            {at(kIncidentTo), EventKind::InstanceStarted, "process:api", "api-2"},
            {at(kIncidentTo + 1), EventKind::InstanceStarted, "process:api", "api-3"},
            {at(kIncidentTo + 1), EventKind::ListenStarted, "process:api", "10.244.0.41:8000"}};
}

const std::string* spaceOf(const std::string& service)
{
    static const std::map<std::string, std::string> spaces{{"api", "shop"}, {"web", "shop"}, {"cache", "data"}};
    const auto found = spaces.find(service);
    return found == spaces.end() ? nullptr : &found->second;
}

std::string inCluster(const std::string& id)
{
    const std::string prefix = "process:";
    const std::string name = id.starts_with(prefix) ? id.substr(prefix.size()) : std::string();
    const std::string* space = spaceOf(name);
    return space ? "workload:" + *space + "/" + name : id;
}

void moveIntoCluster(Snapshot& snapshot)
{
    for (Node& node : snapshot.nodes) {
        if (const std::string* space = spaceOf(node.name)) {
            node.nameSpace = *space;
            node.kind = NodeKind::Workload;
            node.hosts = {"node-1", "node-2"};
        }
        node.id = inCluster(node.id);
        for (std::vector<std::string>* ids : {&node.clients, &node.servers})
            std::transform(ids->begin(), ids->end(), ids->begin(), inCluster);
    }
    for (Edge& edge : snapshot.edges) {
        edge.from = inCluster(edge.from);
        edge.to = inCluster(edge.to);
    }
    int number = 0;
    for (Instance& instance : snapshot.instances) {
        const bool odd = ++number % 2 == 1;
        instance.node = inCluster(instance.node);
        instance.host = odd ? "node-1" : "node-2";
        const std::string service = instance.name.substr(0, instance.name.find('-'));
        instance.attributes = {{"cloud.availability_zone", odd ? "eu-1a" : "eu-1b"}, {"k8s.container.name", "main"}, {"k8s.node.name", instance.host},
                               {"k8s.pod.label.app", service}, {"k8s.pod.label.tier", "backend"}, {"k8s.pod.label.track", odd ? "stable" : "canary"},
                               {"k8s.pod.name", instance.name}};
    }
    for (OpenExchange& open : snapshot.inFlight) {
        open.service = inCluster(open.service);
        open.peer = inCluster(open.peer);
    }
    for (Connection& connection : snapshot.connections) {
        connection.from = inCluster(connection.from);
        connection.to = inCluster(connection.to);
    }
    std::sort(snapshot.nodes.begin(), snapshot.nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
}

std::vector<Event> eventsOf(bool cluster)
{
    std::vector<Event> events = allEvents();
    if (!cluster)
        return events;
    for (Event& event : events)
        event.subject = inCluster(event.subject);
    const auto at = [](int second) { return SampleSource::begin() + std::chrono::seconds(second); };
    events.push_back({at(90), EventKind::Rollout, "workload:shop/web", "revision 4: image shop/web:1.9"});
    events.push_back({at(kIncidentFrom), EventKind::Scale, "workload:shop/api", "3 → 1 replicas"});
    events.push_back({at(kIncidentTo), EventKind::Scale, "workload:shop/api", "1 → 3 replicas"});
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    return events;
}

} // namespace

SampleSource::SampleSource(int seconds, bool grows) : m_seconds(seconds), m_grows(grows)
{
    m_origins = {{grows ? OriginKind::Agent : OriginKind::File, grows ? OriginState::Live : OriginState::Whole, grows ? "127.0.0.1:9465" : "shop.binnacle", ""}};
    if (grows)
        m_recording = {.recording = true, .temporary = true, .file = "/tmp/session.binnacle", .bytes = 4'812'221};
}

UtcTime SampleSource::begin() { return utcTime(1'795'420'800'000'000'000); } // 2026-11-23T08:00:00Z

void SampleSource::grow()
{
    ++m_seconds;
    ++m_revision;
}

void SampleSource::setOrigins(std::vector<Origin> origins)
{
    const std::lock_guard lock(m_mutex);
    m_origins = std::move(origins);
}

void SampleSource::setRecording(RecordingState recording)
{
    const std::lock_guard lock(m_mutex);
    m_recording = std::move(recording);
}

TimeRange SampleSource::covered() const { return m_seconds == 0 ? TimeRange{} : TimeRange{begin(), begin() + std::chrono::seconds(m_seconds)}; }

std::vector<Origin> SampleSource::origins() const
{
    const std::lock_guard lock(m_mutex);
    return m_origins;
}

RecordingState SampleSource::recording() const
{
    const std::lock_guard lock(m_mutex);
    return m_recording;
}

SnapshotPtr SampleSource::snapshot(TimeRange range) const
{
    ++m_asked;
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->range = range;
    const int from = std::max(0, secondOf(range.from)), to = std::min(m_seconds.load(), secondOf(range.to));
    if (to <= from)
        return snapshot;
    const std::uint32_t api = incident(to - 1) ? 1 : 3;
    snapshot->nodes = {makeNode("external:10.9.0.7:5432", "10.9.0.7:5432", "", NodeKind::External, 0, 0),
                       makeNode("internet", "internet", "", NodeKind::Internet, 0, 0),
                       makeNode("process:api", "api", "python", NodeKind::Process, api, 3),
                       makeNode("process:cache", "cache", "redis", NodeKind::Process, 1, 1),
                       makeNode("process:web", "web", "nginx", NodeKind::Process, 2, 2)};
    snapshot->edges = {makeEdge("internet", "process:web", 80, Protocol::Http, from, to),
                       makeEdge("process:api", "external:10.9.0.7:5432", 5432, Protocol::Unknown, from, to),
                       makeEdge("process:api", "process:cache", 6379, Protocol::Redis, from, to),
                       makeEdge("process:web", "process:api", 8000, Protocol::Http, from, to)};
    addInstances(*snapshot, snapshot->nodes[2], 8000);
    addInstances(*snapshot, snapshot->nodes[3], 6379);
    addInstances(*snapshot, snapshot->nodes[4], 80);
    addExtra(*snapshot, m_extra);
    std::sort(snapshot->nodes.begin(), snapshot->nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
    joinEdges(*snapshot);
    addConnections(*snapshot);
    addTrouble(*snapshot, from, to);
    if (m_inCluster)
        binnacle::desktop::moveIntoCluster(*snapshot);
    for (const Event& event : eventsOf(m_inCluster)) {
        if (range.contains(event.at))
            snapshot->events.push_back(event);
    }
    return snapshot;
}

std::vector<SecondSummary> SampleSource::seconds(TimeRange range) const
{
    std::vector<SecondSummary> out;
    for (int second = std::max(0, secondOf(range.from)); second < std::min(m_seconds.load(), secondOf(range.to)); ++second) {
        const Rates web = ratesOf("web", second), api = ratesOf("api", second), cache = ratesOf("cache", second);
        SecondSummary summary{.from = begin() + std::chrono::seconds(second), .requests = web.requests + api.requests + cache.requests, .errors = web.errors + api.errors};
        summary.worst = incident(second) ? Health::Critical : Health::Ok;
        summary.losses = second == kLossSecond ? 48'231 : 0;
        if (second == kGapSecond)
            summary = {.from = summary.from, .gap = true};
        out.push_back(summary);
    }
    return out;
}

std::vector<Event> SampleSource::events(TimeRange range) const
{
    std::vector<Event> events = eventsOf(m_inCluster);
    std::erase_if(events, [range](const Event& event) { return !range.contains(event.at); });
    return events;
}

std::vector<SeriesPoint> SampleSource::series(const std::string& subject, TimeRange range, std::size_t) const
{
    std::vector<SeriesPoint> points;
    for (int second = std::max(0, secondOf(range.from)); second < std::min(m_seconds.load(), secondOf(range.to)); ++second) {
        const Rates rates = ratesOf(subject, second);
        if (second == kGapSecond)
            continue;
        SeriesPoint point{.at = begin() + std::chrono::seconds(second), .width = std::chrono::seconds(1), .requests = rates.requests, .errors = rates.errors};
        if (rates.requests > 0) {
            point.p50 = Nanoseconds(static_cast<std::int64_t>(rates.p50 + static_cast<std::uint64_t>(second % 7) * 100'000));
            point.p90 = Nanoseconds(static_cast<std::int64_t>(rates.p50 * 2 + static_cast<std::uint64_t>(second % 5) * 300'000));
            point.p99 = Nanoseconds(static_cast<std::int64_t>(rates.p99 + static_cast<std::uint64_t>(second % 3) * 900'000));
        }
        points.push_back(point);
    }
    return points;
}

Result<void> SampleSource::saveAs(const std::string& file)
{
    std::ofstream out(file);
    if (!(out << "sample"))
        return failure(ErrorCode::Denied, "cannot write " + file);
    return {};
}

} // namespace binnacle::desktop
