// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/dictionary_builder.h"

#include <algorithm>
#include <bit>
#include <random>
#include <set>
#include <sstream>
#include <string>

/// Batches for tests: random ones that use every field, and a busy host as it really looks.  All from a seed.
namespace binnacle::telemetry::samples {

inline constexpr std::int64_t kStartNs = 1'795'406'700'000'000'000; // 2026-11-23T04:05:00Z
inline constexpr std::int64_t kSecond = 1'000'000'000;

class Random {
public:
    explicit Random(std::uint64_t seed) : m_engine(seed) {}
    std::uint64_t below(std::uint64_t limit) { return m_engine() % limit; }
    bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
    /// Any magnitude up to `bits`, small ones as often as large ones.
    std::uint64_t number(int bits = 63) { return m_engine() >> (63 - below(static_cast<std::uint64_t>(bits))) >> 1; }
    std::uint64_t raw() { return m_engine(); }
    std::uint32_t raw32() { return static_cast<std::uint32_t>(m_engine()); }
    EntityKey key() { return {raw(), raw()}; }

private:
    std::mt19937_64 m_engine;
};

inline Histogram histogram(Random& random, int values = 20)
{
    Histogram h;
    for (auto n = random.below(static_cast<std::uint64_t>(values)); n > 0; --n)
        h.record(random.chance(5) ? 0 : random.number(40), 1 + random.below(5));
    return h;
}

inline std::string text(Random& random, std::size_t most = 24)
{
    std::string s(random.below(most + 1), '\0');
    for (char& c : s)
        c = static_cast<char>(random.raw());
    return s;
}

/// Every field with any value it may have.
inline Batch anyBatch(Random& random, EntityKey agent, std::uint64_t sequence, std::uint32_t epoch = 1)
{
    Batch b{.key = {agent, epoch, sequence},
            .range = {utcTime(kStartNs + static_cast<std::int64_t>(sequence) * kSecond), utcTime(kStartNs + static_cast<std::int64_t>(sequence + 1) * kSecond)},
            .anchor = {hostTime(random.number(50)), utcTime(static_cast<std::int64_t>(random.number(60))), Nanoseconds(random.number(20))},
            .dictionary = {}, .overview = {}, .detail = {}};
    DictionaryBuilder builder;
    const auto anyTime = [&] { return random.chance(10) ? UtcTime{} : utcTime(kStartNs + static_cast<std::int64_t>(random.number(40)) - static_cast<std::int64_t>(random.number(40))); };
    const auto string = [&] { return builder.string(text(random)); };
    const auto entity = [&] {
        Entity e{.key = random.key(), .kind = static_cast<EntityKind>(1 + random.below(3)), .name = text(random), .nameSpace = text(random, 5),
                 .type = text(random, 5), .serviceKind = static_cast<ServiceKind>(1 + random.below(3)), .attributes = {}};
        for (auto n = random.below(3); n > 0; --n)
            e.attributes.emplace_back(text(random, 8), text(random, 8));
        return builder.entity(e);
    };
    const auto entityOrNone = [&] { return random.chance(30) ? kNone : entity(); };
    const auto address = [&] {
        InternetAddress a = InternetAddress::fromV4(random.raw32());
        if (random.chance(30)) {
            for (auto& byte : a.bytes)
                byte = static_cast<std::uint8_t>(random.raw());
        }
        return a;
    };
    const auto endpoint = [&] { return Endpoint{address(), static_cast<std::uint16_t>(random.raw())}; };
    const auto end = [&] {
        return builder.end({.side = random.chance(50) ? Side::Client : Side::Server, .instance = entityOrNone(), .local = endpoint(), .remote = endpoint(),
                            .dialled = endpoint(), .remoteInstance = entityOrNone(), .netns = random.raw32(),
                            .protocol = static_cast<Protocol>(random.below(256)), .tls = random.chance(50)});
    };
    const auto rows = [&](auto make) {
        for (auto n = random.below(6); n > 0; --n)
            make();
    };
    const auto optional = [&] { return random.chance(50) ? std::optional<std::uint64_t>(random.number()) : std::nullopt; };
    if (!random.chance(10)) {
        Overview& o = b.overview.emplace();
        rows([&] { o.presence.push_back({entity(), entityOrNone(), anyTime(), random.raw32()}); });
        rows([&] { o.listening.push_back({entity(), endpoint(), random.raw32(), random.raw32(), random.raw32()}); });
        rows([&] {
            RequestRow r{.end = end(), .route = string(), .requests = random.number(), .errors = random.number(), .reused = random.number(),
                         .requestBytes = random.number(), .responseBytes = random.number(), .statuses = {}, .latency = histogram(random), .firstByte = histogram(random)};
            rows([&] { r.statuses.push_back({string(), random.number()}); });
            o.requests.push_back(r);
        });
        rows([&] { o.open.push_back({end(), string(), random.number(), Nanoseconds(random.number(50))}); });
        rows([&] { o.openExchanges.push_back({end(), string(), random.key(), anyTime(), random.raw32()}); });
        rows([&] {
            TcpRow r{.end = end(), .opened = random.number(), .closed = random.number(), .active = random.number(), .activeAt = {}, .failed = {},
                     .bytesSent = random.number(), .bytesReceived = random.number(), .payloadLost = random.number(), .payloadUnseen = random.number(),
                     .segmentsOut = optional(), .segmentsIn = optional(), .retransmitsOut = optional(), .retransmitsIn = optional(),
                     .synRetransmits = optional(), .outOfOrder = optional(), .resetsSent = optional(), .resetsReceived = optional(),
                     .zeroWindows = optional(), .zeroWindowNs = optional(), .connectTime = histogram(random), .rtt = histogram(random),
                     .rttVariance = histogram(random), .lifetime = histogram(random)};
            if (random.chance(30))
                r.activeAt = b.range.to - Nanoseconds(1 + random.number(29));
            rows([&] { r.failed.push_back({random.raw32(), random.number()}); });
            o.tcp.push_back(r);
        });
        rows([&] {
            o.connections.push_back({.connection = random.key(), .end = end(), .localPort = static_cast<std::uint16_t>(random.raw()),
                                     .remotePort = static_cast<std::uint16_t>(random.raw()), .pid = random.raw32(), .state = static_cast<std::uint8_t>(random.raw()),
                                     .existed = random.chance(50), .openedAt = anyTime(), .closedAt = random.chance(50) ? UtcTime{} : anyTime(),
                                     .bytesSent = random.number(), .bytesReceived = random.number(), .captured = random.number(), .payloadLost = random.number(),
                                     .payloadUnseen = random.number(), .rtt = Nanoseconds(random.number(40)), .rttVariance = Nanoseconds(random.number(40)),
                                     .requests = random.number()});
        });
        rows([&] { o.events.push_back({anyTime(), static_cast<EventKind>(random.below(65536)), entityOrNone(), random.chance(30) ? kNone : string()}); });
        rows([&] { o.losses.push_back({static_cast<Loss>(random.below(65536)), random.number(), random.chance(50) ? kNone : end()}); });
        rows([&] { o.coverage.push_back({entityOrNone(), string(), random.number(), random.number(), random.chance(30) ? kNone : string()}); });
        rows([&] {
            o.addresses.push_back({endpoint(), entityOrNone(), random.chance(50) ? kNone : string(),
                                   random.chance(70) ? UtcTime{} : b.range.to - Nanoseconds(1 + random.number(29))});
        });
        o.health = {.cpu = Nanoseconds(random.number(40)), .residentBytes = random.number(), .mapBytes = random.number(), .bufferMemoryBytes = random.number(),
                    .bufferDiskBytes = random.number(), .records = random.number(), .exchanges = random.number(), .ringFillPermille = random.raw32(),
                    .budgetStep = random.raw32(), .uptime = Nanoseconds(random.number(50)), .readers = random.raw32()};
    }
    if (!b.overview || !random.chance(20)) {
        Detail& d = b.detail.emplace();
        rows([&] {
            Span s{.id = random.raw(), .end = end(), .route = string(), .status = string(), .error = random.chance(30), .start = anyTime(),
                   .firstByte = Nanoseconds(random.number(40)), .duration = Nanoseconds(random.number(40)), .connection = random.key(),
                   .requestThread = random.raw32(), .responseThread = random.raw32(), .requestCoroutine = random.chance(50) ? 0 : random.raw(),
                   .responseCoroutine = random.chance(50) ? 0 : random.raw(), .requestSequence = random.raw32(), .responseSequence = random.raw32(),
                   .requestBytes = random.number(), .responseBytes = random.number(), .correlation = random.chance(50) ? 0 : random.raw()};
            if (random.chance(50))
                s.traceId = std::bit_cast<std::array<std::uint8_t, 16>>(random.key());
            if (random.chance(50))
                s.parentSpanId = std::bit_cast<std::array<std::uint8_t, 8>>(random.raw());
            if (random.chance(50))
                s.requestIdHash = random.raw();
            d.spans.push_back(s);
        });
    }
    b.dictionary = builder.take();
    return b;
}

/// The rows that came after the golden session was laid down: anyBatch() draws the same numbers as ever.
inline void addPendingConnects(Batch& batch, Random& random)
{
    const std::size_t ends = batch.overview ? batch.dictionary->ends.size() : 0;
    for (auto rows = ends > 0 ? random.below(4) : 0; rows > 0; --rows)
        batch.overview->pendingConnects.push_back({static_cast<std::uint32_t>(random.below(ends)), random.number(), Nanoseconds(random.number(50)), random.raw32()});
}

/// What only a merged second has, of the same kind.
inline void addHosts(Batch& batch, Random& random)
{
    const std::size_t entities = batch.overview ? batch.dictionary->entities.size() : 0, strings = batch.overview ? batch.dictionary->strings.size() : 0;
    const auto entity = [&] { return static_cast<std::uint32_t>(random.below(entities)); };
    const bool allTold = random.chance(50);
    for (auto rows = entities > 0 ? random.below(4) : 0; rows > 0; --rows) {
        const bool told = allTold || random.chance(50) || strings == 0;
        batch.overview->hosts.push_back({entity(), told ? batch.range.length() : Nanoseconds(random.number(20)), told ? kNone : static_cast<std::uint32_t>(random.below(strings))});
        batch.overview->instances.push_back({entity(), entity(), static_cast<std::uint32_t>(random.below(10'000))});
    }
}

/// One second of a host with `ends` busy ends, as an agent would report it: keep-alive connections, skewed latencies,
/// a few routes and statuses, TCP and connection rows, `spans` spans.
struct BusyHost {
    std::uint64_t seed = 1;
    int ends = 50;
    int spans = 1000;
    bool traced = false; // traceparent on every span
    EntityKey agent{1, 2};
    std::uint32_t epoch = 1;

    Batch second(std::uint64_t sequence) const
    {
        Random random(seed * 1'000'003 + sequence);
        Random fixed(seed);
        DictionaryBuilder builder;
        const std::int64_t from = kStartNs + static_cast<std::int64_t>(sequence) * kSecond;
        Batch b{.key = {agent, epoch, sequence}, .range = {utcTime(from), utcTime(from + kSecond)},
                .anchor = {hostTime(static_cast<std::uint64_t>(from - kStartNs + 5000 * kSecond)), utcTime(from), Nanoseconds(180)},
                .dictionary = {}, .overview = {}, .detail = {}};
        Overview& o = b.overview.emplace();
        Detail& d = b.detail.emplace();
        const int instances = std::max(1, ends / 5);
        std::vector<std::uint32_t> instanceIds;
        for (int i = 0; i < instances; ++i) {
            const std::string name = "api-" + std::to_string(i);
            Entity pod{.key = fixed.key(), .kind = EntityKind::Instance, .name = name + "-7d9c5b6f4-x2k8p", .nameSpace = "shop", .type = "python",
                       .serviceKind = ServiceKind::Process, .attributes = {}};
            pod.attributes = {{"container.id", fixed.key().toHex() + fixed.key().toHex()}, {"k8s.pod.uid", fixed.key().toHex()}};
            const auto service = builder.entity({.key = fixed.key(), .kind = EntityKind::Service, .name = name, .nameSpace = "shop", .type = "python",
                                                 .serviceKind = ServiceKind::Workload, .attributes = {}});
            instanceIds.push_back(builder.entity(pod));
            o.presence.push_back({instanceIds.back(), service, utcTime(kStartNs - static_cast<std::int64_t>(fixed.below(3'600'000'000'000))), 3});
            o.listening.push_back({instanceIds.back(), {InternetAddress::fromV4(0), 8000}, 0xf0000000u + static_cast<std::uint32_t>(i), 0, 511});
        }
        std::vector<std::pair<std::uint32_t, EntityKey>> connections;
        const auto v4 = [](std::uint32_t host) { return InternetAddress::fromV4(0x0000000a | host << 24 | (host / 250) << 16); };
        for (int i = 0; i < ends; ++i) {
            const bool isServer = i % 2 == 0;
            const int instance = i % instances;
            const auto netns = 0xf0000000u + static_cast<std::uint32_t>(instance);
            const Endpoint local{v4(static_cast<std::uint32_t>(instance + 2)), static_cast<std::uint16_t>(isServer ? 8000 : 0)};
            const Endpoint remote{v4(static_cast<std::uint32_t>(i + 20)), static_cast<std::uint16_t>(isServer ? 0 : 6379)};
            End end{.side = isServer ? Side::Server : Side::Client, .instance = instanceIds[static_cast<std::size_t>(instance)], .local = local,
                    .remote = remote, .dialled = remote, .remoteInstance = kNone, .netns = netns, .protocol = isServer ? Protocol::Http : Protocol::Redis, .tls = false};
            const auto exchangesOf = builder.end(end);
            end.protocol = Protocol::Unknown;
            const auto tcpOf = builder.end(end);
            Histogram latency, firstByte, rtt, rttVariance; // the kernel measures round trips in microseconds
            const std::uint64_t requests = 20 + random.below(60);
            for (std::uint64_t n = 0; n < requests; ++n) {
                const std::uint64_t value = 900'000 + random.number(20) + (random.chance(2) ? 20'000'000 : 0);
                latency.record(value);
                firstByte.record(value * 9 / 10);
            }
            const std::uint64_t errors = random.chance(5) ? 1 : 0;
            std::vector<StatusCount> statuses{{builder.string(isServer ? "200" : "OK"), requests - errors}};
            if (errors)
                statuses.push_back({builder.string(isServer ? "500" : "ERR"), errors});
            o.requests.push_back({.end = exchangesOf, .route = builder.string(isServer ? "GET /orders/{id}" : "GET"), .requests = requests, .errors = errors,
                                  .reused = requests, .requestBytes = requests * 180, .responseBytes = requests * 910, .statuses = statuses, .latency = latency, .firstByte = firstByte});
            for (int c = 0; c < 2; ++c) {
                const auto key = fixed.key();
                connections.emplace_back(exchangesOf, key);
                rtt.record(1000 * (40 + random.number(7)));
                rttVariance.record(1000 * (9 + random.number(5)));
                const std::uint64_t life = sequence + 100;
                const std::uint64_t sent = life * 9000 + random.below(4000), received = life * 45000 + random.below(9000);
                o.connections.push_back({.connection = key, .end = tcpOf, .localPort = static_cast<std::uint16_t>(isServer ? 8000 : 30000 + fixed.below(30000)),
                                         .remotePort = static_cast<std::uint16_t>(isServer ? 30000 + fixed.below(30000) : 6379), .pid = 4000 + static_cast<std::uint32_t>(instance),
                                         .state = 1, .existed = false, .openedAt = utcTime(kStartNs - static_cast<std::int64_t>(fixed.number(38))), .closedAt = {},
                                         .bytesSent = sent, .bytesReceived = received, .captured = sent + received, .payloadLost = 0,
                                         .payloadUnseen = 0, .rtt = Nanoseconds(1000 * (40 + random.number(7))), .rttVariance = Nanoseconds(1000 * (9 + random.number(5))), .requests = life * 25 + random.below(25)});
            }
            o.tcp.push_back({.end = tcpOf, .opened = 0, .closed = 0, .active = 2, .activeAt = {}, .failed = {}, .bytesSent = requests * 180, .bytesReceived = requests * 910,
                             .payloadLost = 0, .payloadUnseen = 0, .segmentsOut = requests * 2, .segmentsIn = requests * 2, .retransmitsOut = random.below(2),
                             .connectTime = {}, .rtt = rtt, .rttVariance = rttVariance, .lifetime = {}});
        }
        o.health = {.cpu = Nanoseconds(8'000'000 + random.number(20)), .residentBytes = 41u << 20, .mapBytes = 18u << 20, .bufferMemoryBytes = 33u << 20, .bufferDiskBytes = 0,
                    .records = 12000, .exchanges = 2500, .ringFillPermille = 30, .budgetStep = 0, .uptime = Nanoseconds(from - kStartNs), .readers = 1};
        std::vector<std::int64_t> starts;
        for (int i = 0; i < spans; ++i)
            starts.push_back(from + static_cast<std::int64_t>(random.below(kSecond)));
        std::ranges::sort(starts);
        for (const std::int64_t start : starts) {
            const auto& [end, connection] = connections[random.below(connections.size())];
            Span s{.id = random.raw(), .end = end, .route = builder.string("GET /orders/{id}"), .status = builder.string("200"), .error = false, .start = utcTime(start),
                   .firstByte = Nanoseconds(900'000 + random.number(20)), .duration = Nanoseconds(1'000'000 + random.number(21)), .connection = connection,
                   .requestThread = 4000 + static_cast<std::uint32_t>(random.below(20)), .responseThread = 0, .requestCoroutine = 0, .responseCoroutine = 0,
                   .requestSequence = random.raw32(), .responseSequence = random.raw32(), .requestBytes = 150 + random.below(60), .responseBytes = 800 + random.below(900), .correlation = 0};
            s.responseThread = s.requestThread;
            if (traced) {
                s.traceId = std::bit_cast<std::array<std::uint8_t, 16>>(random.key());
                s.parentSpanId = std::bit_cast<std::array<std::uint8_t, 8>>(random.raw());
            }
            d.spans.push_back(s);
        }
        b.dictionary = builder.take();
        return b;
    }
};

/// What a batch says, with every index replaced by what it points to: equal texts, equal batches, whatever their dictionaries.
class Text {
public:
    static std::string of(const Batch& b)
    {
        Text t(b);
        t.all();
        return t.m_out.str();
    }

private:
    explicit Text(const Batch& b) : m_batch(b), m_dictionary(*b.dictionary) {}

    static std::string hex(std::string_view text)
    {
        static const char* digits = "0123456789abcdef";
        std::string out;
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x20 && byte < 0x7f && byte != '\\')
                out += c;
            else
                out += {'\\', digits[byte >> 4], digits[byte & 15]};
        }
        return '"' + out + '"';
    }
    std::string string(std::uint32_t i) const { return i == kNone ? "-" : hex(m_dictionary.strings.at(i)); }
    std::string entity(std::uint32_t i) const
    {
        if (i == kNone)
            return "-";
        const Entity& e = m_dictionary.entities.at(i);
        std::string text = '{' + e.key.toHex() + ' ' + std::to_string(static_cast<int>(e.kind)) + ' ' + hex(e.name) + hex(e.nameSpace) + hex(e.type)
                           + std::to_string(static_cast<int>(e.serviceKind));
        for (const auto& [name, value] : e.attributes)
            text += ' ' + hex(name) + '=' + hex(value);
        return text + '}';
    }
    std::string end(std::uint32_t i) const
    {
        if (i == kNone)
            return "-";
        const End& e = m_dictionary.ends.at(i);
        return '[' + std::to_string(static_cast<int>(e.side)) + ' ' + entity(e.instance) + ' ' + e.local.toText() + ' ' + e.remote.toText() + ' ' + e.dialled.toText() + ' '
               + entity(e.remoteInstance) + ' ' + std::to_string(e.netns) + ' ' + std::to_string(static_cast<int>(e.protocol)) + (e.tls ? " tls" : "") + ']';
    }
    static std::string histogram(const Histogram& h)
    {
        std::string text = "h(" + std::to_string(h.count()) + ' ' + std::to_string(h.sum()) + ' ' + std::to_string(h.min()) + ' ' + std::to_string(h.max()) + ' '
                           + std::to_string(h.zeroCount());
        for (const auto& bucket : h.buckets())
            text += ' ' + std::to_string(bucket.index) + ':' + std::to_string(bucket.count);
        return text + ')';
    }

    template <class... Parts>
    void line(const char* what, const Parts&... parts)
    {
        m_out << what;
        ((m_out << ' ' << parts), ...);
        m_out << '\n';
    }
    static std::string maybe(const std::optional<std::uint64_t>& v) { return v ? std::to_string(*v) : "null"; }

    void all()
    {
        const Batch& b = m_batch;
        line("batch", b.key.agent.toHex(), b.key.epoch, b.key.sequence, ns(b.range.from), ns(b.range.to), ns(b.anchor.host), ns(b.anchor.utc), b.anchor.error.count());
        if (b.overview)
            overview(*b.overview);
        if (!b.detail)
            return;
        line("detail");
        for (const Span& s : b.detail->spans)
            line("span", s.id, end(s.end), string(s.route), string(s.status), s.error, ns(s.start), s.firstByte.count(), s.duration.count(), s.connection.toHex(),
                 s.requestThread, s.responseThread, s.requestCoroutine, s.responseCoroutine, s.requestSequence, s.responseSequence, s.requestBytes, s.responseBytes,
                 s.correlation, hex({reinterpret_cast<const char*>(s.traceId.data()), 16}), hex({reinterpret_cast<const char*>(s.parentSpanId.data()), 8}), s.requestIdHash);
    }

    void overview(const Overview& o)
    {
        line("overview");
        for (const auto& r : o.presence)
            line("presence", entity(r.instance), entity(r.service), ns(r.assignedSince), r.processes);
        for (const auto& r : o.listening)
            line("listening", entity(r.instance), r.local.toText(), r.netns, r.acceptQueue, r.acceptQueueLimit);
        for (const auto& r : o.requests) {
            std::string statuses;
            for (const auto& s : r.statuses)
                statuses += string(s.status) + ':' + std::to_string(s.count) + ' ';
            line("requests", end(r.end), string(r.route), r.requests, r.errors, r.reused, r.requestBytes, r.responseBytes, statuses, histogram(r.latency), histogram(r.firstByte));
        }
        for (const auto& r : o.open)
            line("open", end(r.end), string(r.route), r.count, r.oldestAge.count());
        for (const auto& r : o.openExchanges)
            line("open exchange", end(r.end), string(r.route), r.connection.toHex(), ns(r.startedAt), r.thread);
        for (const auto& r : o.pendingConnects)
            line("pending connects", end(r.end), r.count, r.oldestAge.count(), r.synSent);
        for (const auto& r : o.tcp) {
            std::string failed;
            for (const auto& f : r.failed)
                failed += std::to_string(f.error) + ':' + std::to_string(f.count) + ' ';
            line("tcp", end(r.end), r.opened, r.closed, r.active, ns(r.activeAt), failed, r.bytesSent, r.bytesReceived, r.payloadLost, r.payloadUnseen, maybe(r.segmentsOut),
                 maybe(r.segmentsIn), maybe(r.retransmitsOut), maybe(r.retransmitsIn), maybe(r.synRetransmits), maybe(r.outOfOrder), maybe(r.resetsSent),
                 maybe(r.resetsReceived), maybe(r.zeroWindows), maybe(r.zeroWindowNs), histogram(r.connectTime), histogram(r.rtt), histogram(r.rttVariance), histogram(r.lifetime));
        }
        for (const auto& r : o.connections)
            line("connection", r.connection.toHex(), end(r.end), r.localPort, r.remotePort, r.pid, int(r.state), r.existed, ns(r.openedAt), ns(r.closedAt), r.bytesSent,
                 r.bytesReceived, r.captured, r.payloadLost, r.payloadUnseen, r.rtt.count(), r.rttVariance.count(), r.requests);
        for (const auto& r : o.events)
            line("event", ns(r.at), int(r.kind), entity(r.subject), string(r.detail));
        for (const auto& r : o.losses)
            line("loss", int(r.loss), r.count, end(r.end));
        for (const auto& r : o.coverage)
            line("coverage", entity(r.subject), string(r.what), r.part, r.whole, string(r.advice));
        for (const auto& r : o.addresses)
            line("address", r.address.toText(), entity(r.service), string(r.name), ns(r.saidAt));
        for (const auto& r : o.hosts)
            line("host", entity(r.host), r.told.count(), string(r.why));
        for (const auto& r : o.instances)
            line("instances", entity(r.service), entity(r.host), r.alive);
        const AgentHealth& h = o.health;
        line("health", h.cpu.count(), h.residentBytes, h.mapBytes, h.bufferMemoryBytes, h.bufferDiskBytes, h.records, h.exchanges, h.ringFillPermille, h.budgetStep,
             h.uptime.count(), h.readers);
    }

    const Batch& m_batch;
    const Dictionary& m_dictionary;
    std::ostringstream m_out;
};

} // namespace binnacle::telemetry::samples
