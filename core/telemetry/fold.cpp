// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/fold.h"

#include "core/telemetry/internal/sums.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace binnacle::telemetry {
namespace {

constexpr std::size_t kOpenExchanges = 256;
constexpr std::size_t kConnections = 256;

// The content of dictionary entries in an order that does not depend on who came first.
auto order(const Entity& e)
{
    return std::tie(e.key, e.kind, e.name, e.nameSpace, e.type, e.serviceKind, e.attributes);
}

struct EntityLess {
    bool operator()(const Entity& a, const Entity& b) const { return order(a) < order(b); }
};
using EntityTable = std::map<Entity, std::uint32_t, EntityLess>; // node addresses are stable; the number is set in result()
using EntityRef = const EntityTable::value_type*;

/// An end by the content of its entities.
struct EndKey {
    End end; // its indexes are not used
    EntityRef instance = nullptr, remoteInstance = nullptr;
};

bool less(EntityRef a, EntityRef b) // none first
{
    if (!a || !b)
        return !a && b;
    return order(a->first) < order(b->first);
}

struct EndLess {
    bool operator()(const EndKey& a, const EndKey& b) const
    {
        const auto rest = [](const End& e) { return std::tie(e.side, e.local, e.remote, e.dialled, e.netns, e.protocol, e.tls); };
        if (a.instance != b.instance)
            return less(a.instance, b.instance);
        if (rest(a.end) != rest(b.end))
            return rest(a.end) < rest(b.end);
        return a.remoteInstance != b.remoteInstance && less(a.remoteInstance, b.remoteInstance);
    }
};
using EndTable = std::map<EndKey, std::uint32_t, EndLess>;
using EndRef = const EndTable::value_type*;
using StringTable = std::map<std::string, std::uint32_t, std::less<>>;
using StringRef = const StringTable::value_type*;

/// Orders pointers to table nodes by what they point to; none first.
template <class Table>
struct RefLess {
    using Ref = const typename Table::value_type*;
    bool operator()(Ref a, Ref b) const
    {
        if (!a || !b)
            return !a && b;
        return a != b && typename Table::key_compare{}(a->first, b->first);
    }
};

template <class A, class B, class LessA, class LessB>
struct PairLess {
    bool operator()(const std::pair<A, B>& a, const std::pair<A, B>& b) const
    {
        if (LessA{}(a.first, b.first) || LessA{}(b.first, a.first))
            return LessA{}(a.first, b.first);
        return LessB{}(a.second, b.second);
    }
};

using StringLess = RefLess<StringTable>;
using EndRefLess = RefLess<EndTable>;
using EntityRefLess = RefLess<EntityTable>;
using EndAndString = std::pair<EndRef, StringRef>;
using EndAndStringLess = PairLess<EndRef, StringRef, EndRefLess, StringLess>;
using EntityPair = std::pair<EntityRef, EntityRef>;
using EntityPairLess = PairLess<EntityRef, EntityRef, EntityRefLess, EntityRefLess>;
using EntityAndString = std::pair<EntityRef, StringRef>;
using EntityAndStringLess = PairLess<EntityRef, StringRef, EntityRefLess, StringLess>;

struct Requests {
    RequestRow row;                                          // but its statuses
    std::map<StringRef, std::uint64_t, StringLess> statuses;
};

struct ListenKey {
    EntityRef instance;
    Endpoint local;
    std::uint32_t netns;
};

struct ListenLess {
    bool operator()(const ListenKey& a, const ListenKey& b) const
    {
        if (a.instance != b.instance)
            return less(a.instance, b.instance);
        return std::tie(a.local, a.netns) < std::tie(b.local, b.netns);
    }
};

/// One reading of a connection: which of two is the later, and which of two connections is the busier.
struct Connection {
    ConnectionRow row; // but its end
    EndRef end = nullptr;

    auto rank() const
    {
        const ConnectionRow& r = row;
        return std::make_tuple(r.bytesSent + r.bytesReceived, r.closedAt, r.requests, r.captured, r.payloadLost, r.payloadUnseen, r.bytesSent,
                               r.state, r.rtt, r.rttVariance, r.pid, r.existed, r.openedAt, r.localPort, r.remotePort, r.connection);
    }
    bool isAbove(const Connection& other) const
    {
        return rank() != other.rank() ? rank() > other.rank() : EndRefLess{}(end, other.end);
    }
};

struct Exchange {
    UtcTime startedAt;
    EntityKey connection;
    std::uint32_t thread;
    EndRef end;
    StringRef route;
};

struct ExchangeLess {
    bool operator()(const Exchange& a, const Exchange& b) const
    {
        const auto head = [](const Exchange& e) { return std::tie(e.startedAt, e.connection, e.thread); };
        if (head(a) != head(b))
            return head(a) < head(b);
        return EndAndStringLess{}({a.end, a.route}, {b.end, b.route});
    }
};

struct Event {
    UtcTime at;
    EventKind kind;
    EntityRef subject;
    StringRef detail;
};

struct EventLess {
    bool operator()(const Event& a, const Event& b) const
    {
        if (std::tie(a.at, a.kind) != std::tie(b.at, b.kind))
            return std::tie(a.at, a.kind) < std::tie(b.at, b.kind);
        return EntityAndStringLess{}({a.subject, a.detail}, {b.subject, b.detail});
    }
};

/// What an address was last said to lead to.
struct Lead {
    UtcTime saidAt;
    EntityRef service;
    StringRef name;

    /// Of two said at once the greater content, so that the order of adding means nothing.
    bool isBefore(const Lead& other) const
    {
        return saidAt != other.saidAt ? saidAt < other.saidAt : EntityAndStringLess{}({service, name}, {other.service, other.name});
    }
};

template <class Ref>
std::uint32_t indexOf(Ref ref)
{
    return ref ? ref->second : kNone;
}

} // namespace

struct Fold::State {
    bool isEmpty = true, hasOverview = false;
    BatchKey key;
    TimeRange range;
    ClockAnchor anchor;
    AgentHealth health;

    // Entries; result() numbers those that rows use.
    StringTable strings;
    EntityTable entities;
    EndTable ends;

    std::map<EntityPair, PresenceRow, EntityPairLess> presence;
    std::map<ListenKey, ListenRow, ListenLess> listening;
    std::map<EndAndString, Requests, EndAndStringLess> requests;
    std::map<EndAndString, OpenRow, EndAndStringLess> open;
    std::set<Exchange, ExchangeLess> openExchanges;
    std::map<EndRef, PendingConnectRow, EndRefLess> pendingConnects;
    std::map<EndRef, TcpRow, EndRefLess> tcp;
    std::map<EntityKey, Connection> connections;
    std::multiset<Event, EventLess> events;
    std::map<std::pair<Loss, EndRef>, std::uint64_t, PairLess<Loss, EndRef, std::less<>, EndRefLess>> losses;
    std::map<EntityAndString, std::pair<CoverageRow, StringRef>, EntityAndStringLess> coverage;
    std::map<Endpoint, Lead> addresses;
    std::map<EntityRef, std::pair<Nanoseconds, StringRef>, EntityRefLess> hosts;
    std::map<EntityPair, std::uint32_t, EntityPairLess> instances; // of service and host

    // -- the batch being added --
    const Dictionary* batch = nullptr;

    StringRef string(std::uint32_t i) { return i == kNone ? nullptr : &*strings.try_emplace(batch->strings[i]).first; }
    EntityRef entity(std::uint32_t i) { return i == kNone ? nullptr : &*entities.try_emplace(batch->entities[i]).first; }

    EndRef end(std::uint32_t i)
    {
        if (i == kNone)
            return nullptr;
        EndKey key{batch->ends[i], entity(batch->ends[i].instance), entity(batch->ends[i].remoteInstance)};
        key.end.instance = key.end.remoteInstance = kNone;
        return &*ends.try_emplace(std::move(key)).first;
    }

    void addKey(const Batch& b)
    {
        if (isEmpty) {
            key = b.key;
            range = b.range;
            anchor = b.anchor;
            isEmpty = false;
            return;
        }
        key = {key.agent == b.key.agent ? key.agent : EntityKey{}, std::max(key.epoch, b.key.epoch), std::max(key.sequence, b.key.sequence)};
        range = {std::min(range.from, b.range.from), std::max(range.to, b.range.to)};
        const auto when = [](const ClockAnchor& a) { return std::tie(a.utc, a.host, a.error); };
        if (when(anchor) < when(b.anchor))
            anchor = b.anchor;
    }

    void addInstances(const Overview& o)
    {
        for (const PresenceRow& row : o.presence) {
            const auto [at, isNew] = presence.try_emplace({entity(row.instance), entity(row.service)}, row);
            at->second.assignedSince = std::min(at->second.assignedSince, row.assignedSince);
            at->second.processes = std::max(at->second.processes, row.processes);
        }
        for (const ListenRow& row : o.listening) {
            const auto [at, isNew] = listening.try_emplace({entity(row.instance), row.local, row.netns}, row);
            at->second.acceptQueue = std::max(at->second.acceptQueue, row.acceptQueue);
            at->second.acceptQueueLimit = std::max(at->second.acceptQueueLimit, row.acceptQueueLimit);
        }
    }

    void addRequests(const Overview& o)
    {
        for (const RequestRow& row : o.requests) {
            Requests& to = requests[{end(row.end), string(row.route)}];
            RequestRow plain = row;
            plain.statuses.clear();
            internal::addRow(to.row, plain);
            for (const StatusCount& status : row.statuses)
                to.statuses[string(status.status)] += status.count;
        }
        for (const OpenRow& row : o.open) {
            OpenRow& to = open.try_emplace({end(row.end), string(row.route)}, row).first->second;
            to.count = std::max(to.count, row.count);
            to.oldestAge = std::max(to.oldestAge, row.oldestAge);
        }
        for (const OpenExchangeRow& row : o.openExchanges)
            openExchanges.insert({row.startedAt, row.connection, row.thread, end(row.end), string(row.route)});
        while (openExchanges.size() > kOpenExchanges)
            openExchanges.erase(std::prev(openExchanges.end()));
    }

    void addTcp(const Overview& o, UtcTime batchEnd)
    {
        for (const PendingConnectRow& row : o.pendingConnects) {
            PendingConnectRow& to = pendingConnects.try_emplace(end(row.end), row).first->second;
            to.count = std::max(to.count, row.count);
            to.oldestAge = std::max(to.oldestAge, row.oldestAge);
            to.synSent = std::max(to.synSent, row.synSent);
        }
        for (const TcpRow& row : o.tcp) {
            TcpRow& to = tcp[end(row.end)];
            internal::addRow(to, row);
            const UtcTime at = row.activeAt == UtcTime{} ? batchEnd : row.activeAt;
            std::tie(to.activeAt, to.active) = std::max(std::tuple(to.activeAt, to.active), std::tuple(at, row.active));
        }
    }

    void addConnections(const Overview& o)
    {
        for (const ConnectionRow& row : o.connections) {
            Connection reading{row, end(row.end)};
            reading.row.end = kNone;
            const auto [at, isNew] = connections.try_emplace(row.connection, reading);
            if (!isNew && reading.isAbove(at->second))
                at->second = reading;
        }
        if (connections.size() <= kConnections)
            return;
        std::vector<const Connection*> ranked;
        for (const auto& [connection, reading] : connections)
            ranked.push_back(&reading);
        std::ranges::nth_element(ranked, ranked.begin() + kConnections, [](auto* a, auto* b) { return a->isAbove(*b); });
        for (auto at = ranked.begin() + kConnections; at != ranked.end(); ++at)
            connections.erase(EntityKey((*at)->row.connection));
    }

    void addAddresses(const Overview& o, UtcTime batchEnd)
    {
        for (const AddressRow& row : o.addresses) {
            const Lead lead{row.saidAt == UtcTime{} ? batchEnd : row.saidAt, entity(row.service), string(row.name)};
            const auto [at, isNew] = addresses.try_emplace(row.address, lead);
            if (!isNew && at->second.isBefore(lead))
                at->second = lead;
        }
    }

    void addRest(const Overview& o)
    {
        for (const EventRow& row : o.events)
            events.insert({row.at, row.kind, entity(row.subject), string(row.detail)});
        for (const LossRow& row : o.losses)
            losses[{row.loss, end(row.end)}] += row.count;
        for (const CoverageRow& row : o.coverage) {
            auto& [to, advice] = coverage[{entity(row.subject), string(row.what)}];
            to.part += row.part;
            to.whole += row.whole;
            const StringRef other = string(row.advice);
            advice = StringLess{}(advice, other) ? other : advice;
        }
        for (const HostRow& row : o.hosts) {
            auto& [told, why] = hosts[entity(row.host)];
            told += row.told;
            const StringRef other = string(row.why);
            why = StringLess{}(why, other) ? other : why;
        }
        for (const InstanceCountRow& row : o.instances) {
            std::uint32_t& alive = instances[{entity(row.service), entity(row.host)}];
            alive = std::max(alive, row.alive);
        }
        addHealth(health, o.health);
    }

    // -- the result: only entries that a row uses, numbered in their order --

    struct Used {
        std::set<StringRef, StringLess> strings;
        std::set<EntityRef, EntityRefLess> entities;
        std::set<EndRef, EndRefLess> ends;
    };

    Used used() const;
    std::shared_ptr<const Dictionary> numbered(const Used& used);
    Overview rows() const;
};

Fold::State::Used Fold::State::used() const
{
    Used u;
    const auto string = [&](StringRef s) { s ? (void)u.strings.insert(s) : void(); };
    const auto entity = [&](EntityRef e) { e ? (void)u.entities.insert(e) : void(); };
    const auto end = [&](EndRef e) {
        if (!e)
            return;
        u.ends.insert(e);
        entity(e->first.instance);
        entity(e->first.remoteInstance);
    };
    for (const auto& [key, row] : presence)
        entity(key.first), entity(key.second);
    for (const auto& [key, row] : listening)
        entity(key.instance);
    for (const auto& [key, row] : requests) {
        end(key.first), string(key.second);
        for (const auto& [status, count] : row.statuses)
            string(status);
    }
    for (const auto& [key, row] : open)
        end(key.first), string(key.second);
    for (const Exchange& exchange : openExchanges)
        end(exchange.end), string(exchange.route);
    for (const auto& [key, row] : pendingConnects)
        end(key);
    for (const auto& [key, row] : tcp)
        end(key);
    for (const auto& [key, reading] : connections)
        end(reading.end);
    for (const Event& event : events)
        entity(event.subject), string(event.detail);
    for (const auto& [key, count] : losses)
        end(key.second);
    for (const auto& [key, row] : coverage)
        entity(key.first), string(key.second), string(row.second);
    for (const auto& [address, lead] : addresses)
        entity(lead.service), string(lead.name);
    for (const auto& [host, row] : hosts)
        entity(host), string(row.second);
    for (const auto& [key, alive] : instances)
        entity(key.first), entity(key.second);
    return u;
}

std::shared_ptr<const Dictionary> Fold::State::numbered(const Used& used)
{
    // The tables are this object's own and not const; a reference points to a const node only so that nobody changes keys.
    const auto setNumber = [](auto* ref, std::size_t number) {
        const_cast<std::uint32_t&>(ref->second) = static_cast<std::uint32_t>(number);
    };
    auto d = std::make_shared<Dictionary>();
    for (const StringRef s : used.strings) {
        setNumber(s, d->strings.size());
        d->strings.push_back(s->first);
    }
    for (const EntityRef e : used.entities) {
        setNumber(e, d->entities.size());
        d->entities.push_back(e->first);
    }
    for (const EndRef e : used.ends) {
        setNumber(e, d->ends.size());
        End end = e->first.end;
        end.instance = indexOf(e->first.instance);
        end.remoteInstance = indexOf(e->first.remoteInstance);
        d->ends.push_back(end);
    }
    return d;
}

Overview Fold::State::rows() const
{
    Overview o;
    for (const auto& [key, row] : presence)
        o.presence.push_back({indexOf(key.first), indexOf(key.second), row.assignedSince, row.processes});
    for (const auto& [key, row] : listening)
        o.listening.push_back({indexOf(key.instance), key.local, key.netns, row.acceptQueue, row.acceptQueueLimit});
    for (const auto& [key, sum] : requests) {
        RequestRow row = sum.row;
        row.end = indexOf(key.first);
        row.route = indexOf(key.second);
        for (const auto& [status, count] : sum.statuses)
            row.statuses.push_back({indexOf(status), count});
        o.requests.push_back(std::move(row));
    }
    for (const auto& [key, row] : open)
        o.open.push_back({indexOf(key.first), indexOf(key.second), row.count, row.oldestAge});
    for (const Exchange& e : openExchanges)
        o.openExchanges.push_back({indexOf(e.end), indexOf(e.route), e.connection, e.startedAt, e.thread});
    for (const auto& [key, row] : pendingConnects)
        o.pendingConnects.push_back({indexOf(key), row.count, row.oldestAge, row.synSent});
    for (const auto& [key, sum] : tcp) {
        TcpRow row = sum;
        row.end = indexOf(key);
        row.activeAt = sum.activeAt == range.to ? UtcTime{} : sum.activeAt;
        o.tcp.push_back(std::move(row));
    }
    for (const auto& [key, reading] : connections) {
        o.connections.push_back(reading.row);
        o.connections.back().end = indexOf(reading.end);
    }
    for (const Event& e : events)
        o.events.push_back({e.at, e.kind, indexOf(e.subject), indexOf(e.detail)});
    for (const auto& [key, count] : losses)
        o.losses.push_back({key.first, count, indexOf(key.second)});
    for (const auto& [key, row] : coverage)
        o.coverage.push_back({indexOf(key.first), indexOf(key.second), row.first.part, row.first.whole, indexOf(row.second)});
    for (const auto& [address, lead] : addresses)
        o.addresses.push_back({address, indexOf(lead.service), indexOf(lead.name), lead.saidAt == range.to ? UtcTime{} : lead.saidAt});
    for (const auto& [host, row] : hosts)
        o.hosts.push_back({indexOf(host), row.first, indexOf(row.second)});
    for (const auto& [key, alive] : instances)
        o.instances.push_back({indexOf(key.first), indexOf(key.second), alive});
    o.health = health;
    return o;
}

Fold::Fold() : m_state(std::make_unique<State>()) {}
Fold::~Fold() = default;
Fold::Fold(Fold&&) noexcept = default;
Fold& Fold::operator=(Fold&&) noexcept = default;

void Fold::add(const Batch& batch)
{
    State& s = *m_state;
    s.addKey(batch);
    if (!batch.overview)
        return;
    s.hasOverview = true;
    s.batch = batch.dictionary.get();
    s.addInstances(*batch.overview);
    s.addRequests(*batch.overview);
    s.addTcp(*batch.overview, batch.range.to);
    s.addConnections(*batch.overview);
    s.addRest(*batch.overview);
    s.addAddresses(*batch.overview, batch.range.to);
    s.batch = nullptr;
}

bool Fold::empty() const
{
    return m_state->isEmpty;
}

Batch Fold::result() const
{
    State& s = *m_state;
    Batch batch{.key = s.key, .range = s.range, .anchor = s.anchor, .dictionary = s.numbered(s.used()), .overview = {}, .detail = {}};
    if (s.hasOverview)
        batch.overview = s.rows();
    return batch;
}

void addHealth(AgentHealth& to, const AgentHealth& from)
{
    to.cpu += from.cpu;
    to.records += from.records;
    to.exchanges += from.exchanges;
    for (const auto member : {&AgentHealth::residentBytes, &AgentHealth::mapBytes, &AgentHealth::bufferMemoryBytes, &AgentHealth::bufferDiskBytes})
        to.*member = std::max(to.*member, from.*member);
    for (const auto member : {&AgentHealth::ringFillPermille, &AgentHealth::budgetStep, &AgentHealth::readers})
        to.*member = std::max(to.*member, from.*member);
    to.uptime = std::max(to.uptime, from.uptime);
}

Batch fold(const Batch& a, const Batch& b)
{
    Fold sum;
    sum.add(a);
    sum.add(b);
    return sum.result();
}

} // namespace binnacle::telemetry
