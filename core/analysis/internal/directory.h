// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/spells.h"
#include "core/telemetry/batch.h"

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// Who and what is known: agents, services, instances, listeners, ends and texts under small numbers, so that frames hold numbers only.
///
/// Facts that contradict each other are settled by time and then by value, never by the order in which they came; and what an agent
/// observed goes before what an inventory lists.
/// Grows with what exists; server ends past kMaxEnds lose their client's address, so that a public site's visitors cannot fill
/// the memory.  Thread: its owner's.
namespace binnacle::analysis::internal {

inline constexpr std::uint32_t kNone = telemetry::kNone;
inline constexpr std::size_t kMaxEnds = 200'000;
inline constexpr std::size_t kMaxLeads = 100'000;       // addresses; those not said for longest are forgotten
inline constexpr std::size_t kMaxLeadsOfAddress = 8;    // pods' addresses are used again
inline constexpr std::size_t kMaxRoutes = 50'000;

/// A network namespace on one host.
struct Place {
    std::uint32_t agent = kNone;
    std::uint32_t netns = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
    template <class H>
    friend H AbslHashValue(H h, const Place& p)
    {
        return H::combine(std::move(h), p.agent, p.netns);
    }
};

struct KnownAgent {
    telemetry::AgentIdentity identity; // `agent` always, the rest when it was told
    bool lists = false;                // an inventory: it has observed nothing
    Seen seen;
};

struct KnownService {
    telemetry::Entity entity;
    Seen seen;
    UtcTime describedAt = UtcTime::min();
};

struct KnownInstance {
    telemetry::Entity entity;
    UtcTime describedAt = UtcTime::min();
    bool describedByList = false;
    std::uint32_t agent = kNone;         // one that observed it, else one that lists it
    std::uint32_t service = kNone;
    UtcTime assignedAt = UtcTime::min(); // batch that said so last
    bool assignedByList = false;
    UtcTime observedAt = UtcTime::max(); // begin of the first batch of an agent that speaks of it; max: only listed
    Seen seen;                           // in presence rows
};

struct KnownListener {
    Place place;
    Endpoint local;
    std::uint32_t instance = kNone;
    Spells seen;
};

struct KnownEnd {
    telemetry::Side side = telemetry::Side::Client;
    Place place;
    std::uint32_t instance = kNone;
    std::uint32_t remoteInstance = kNone;
    Endpoint local, remote;
    Endpoint dialled; // client: what the program asked for; equals `remote` where no translation was seen
    Protocol protocol = Protocol::Unknown;
    bool tls = false;
    Seen seen;
};

/// Where Kubernetes says that an address leads.
struct KnownLead {
    std::uint32_t service = kNone; // none: a Service without a workload
    std::uint32_t name = kNone;    // text: namespace/name of the Kubernetes Service; none for a pod's own address
    Spells seen;
};

/// What a cluster's API says may be called: a Kubernetes Service and the workload behind it.
struct KnownRoute {
    std::uint32_t name = kNone; // text: namespace/name of the Kubernetes Service
    std::uint32_t service = kNone;
    std::uint16_t port = 0;
    Seen seen;
};

/// Where an address was in use.
struct AddressUse {
    Place place;
    Spells seen;
};

class Directory {
public:
    std::uint32_t agent(const EntityKey& key);
    void describeAgent(const telemetry::AgentIdentity& identity);
    std::uint32_t text(const std::string& text);

    /// Numbers of one batch's dictionary; made anew for each batch.  An index that points nowhere becomes kNone.
    class Batch {
    public:
        Batch(Directory& directory, const telemetry::Batch& batch);
        std::uint32_t agent() const { return m_agent; }
        std::uint32_t instance(std::uint32_t entity);
        std::uint32_t service(std::uint32_t entity);
        std::uint32_t end(std::uint32_t end);
        std::uint32_t text(std::uint32_t string);
        std::uint32_t listener(const telemetry::ListenRow& row);
        void address(const telemetry::AddressRow& row);
        /// The name of a host that is not the one that speaks; kNone for anything else.
        std::uint32_t otherHost(std::uint32_t entity);
        void present(const telemetry::PresenceRow& row);
        /// The agent of a host that a merged second names; kNone: it is no host.
        std::uint32_t agentOf(const telemetry::HostRow& row);
        /// One of a service's instances on a host, of which a merged second tells no more than how many there are; kNone: no such host or service.
        std::uint32_t counted(const telemetry::InstanceCountRow& row, std::uint32_t number);
        const telemetry::Entity* entity(std::uint32_t entity) const;

    private:
        KnownEnd read(const telemetry::End& end);
        bool lists() const { return m_directory.m_agents[m_agent].lists; }
        bool addRoute(std::uint32_t name, std::uint32_t service, const telemetry::AddressRow& row);

        Directory& m_directory;
        const telemetry::Batch& m_batch;
        std::uint32_t m_agent;
        std::vector<std::uint32_t> m_entities, m_ends, m_texts; // kNone = not asked yet
    };

    const std::vector<KnownAgent>& agents() const { return m_agents; }
    const std::vector<KnownService>& services() const { return m_services; }
    const std::vector<KnownInstance>& instances() const { return m_instances; }
    const std::vector<KnownListener>& listeners() const { return m_listeners; }
    const std::vector<KnownEnd>& ends() const { return m_ends; }
    const std::vector<KnownRoute>& routes() const { return m_routes; }
    const std::string& textAt(std::uint32_t index) const;
    const std::vector<AddressUse>* findUses(const InternetAddress& address) const;
    const std::vector<KnownLead>* findLeads(const Endpoint& address) const;
    /// Whatever listens there on this port; indexes of listeners().
    const std::vector<std::uint32_t>* findListeners(Place place, std::uint16_t port) const;
    /// Rises when something appears or is assigned anew; not when it is merely seen again.
    std::uint64_t version() const { return m_version; }
    std::size_t bytes() const;
    std::string hostName(std::uint32_t agent) const;
    /// Of the agent that observed it; of what is only listed, as the list says; empty: unknown.
    std::string hostOf(std::uint32_t instance) const;

private:
    friend class Batch;
    std::uint32_t ensureInstance(const telemetry::Entity& entity, TimeRange said, bool listed);
    std::uint32_t ensureService(const telemetry::Entity& entity, UtcTime at);
    std::uint32_t ensureEnd(KnownEnd end, TimeRange range);
    void use(const InternetAddress& address, Place place, TimeRange range);
    void forgetLeads();

    using EndKey = std::tuple<std::uint8_t, Place, std::uint32_t, std::uint32_t, Endpoint, Endpoint, Endpoint, std::uint8_t, bool>;
    using ListenerKey = std::tuple<Place, Endpoint, std::uint32_t>;

    std::vector<KnownAgent> m_agents;
    std::vector<KnownService> m_services;
    std::vector<KnownInstance> m_instances;
    std::vector<KnownListener> m_listeners;
    std::vector<KnownEnd> m_ends;
    std::vector<KnownRoute> m_routes;
    std::vector<std::string> m_texts;
    absl::flat_hash_map<EntityKey, std::uint32_t> m_agentOf, m_serviceOf, m_instanceOf;
    absl::flat_hash_map<ListenerKey, std::uint32_t> m_listenerOf;
    absl::flat_hash_map<std::pair<Place, std::uint16_t>, std::vector<std::uint32_t>> m_listenersAt;
    absl::flat_hash_map<EndKey, std::uint32_t> m_endOf;
    absl::flat_hash_map<std::tuple<std::uint32_t, std::uint32_t, std::uint16_t>, std::uint32_t> m_routeOf; // name, service, port
    absl::flat_hash_map<std::string, std::uint32_t> m_textOf;
    absl::flat_hash_map<InternetAddress, std::vector<AddressUse>> m_uses;
    absl::flat_hash_map<Endpoint, std::vector<KnownLead>> m_leads;
    std::uint64_t m_version = 0;
};

/// Everybody's address, as far as one can tell: not loopback, private (RFC 1918, RFC 4193), shared (RFC 6598) or link-local.
bool isPublic(const InternetAddress& address);

} // namespace binnacle::analysis::internal
