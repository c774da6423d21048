// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/directory.h"

#include <algorithm>
#include <tuple>

namespace binnacle::analysis::internal {

namespace {

/// Which of two descriptions of one thing holds: the later one, and of two at once the greater text.
bool outranks(UtcTime at, const telemetry::Entity& entity, UtcTime knownAt, const telemetry::Entity& known)
{
    return std::tie(at, entity.name, entity.nameSpace, entity.type, entity.attributes)
        > std::tie(knownAt, known.name, known.nameSpace, known.type, known.attributes);
}

/// An agent without access to Kubernetes knows a container and nothing of its pod: then the list knows better.
bool namesPod(const telemetry::Entity& instance)
{
    return std::any_of(instance.attributes.begin(), instance.attributes.end(), [](const auto& attribute) { return attribute.first == "k8s.pod.name"; });
}

} // namespace

std::uint32_t Directory::agent(const EntityKey& key)
{
    const auto [entry, fresh] = m_agentOf.try_emplace(key, static_cast<std::uint32_t>(m_agents.size()));
    if (fresh) {
        m_agents.emplace_back().identity.agent = key;
        ++m_version;
    }
    return entry->second;
}

void Directory::describeAgent(const telemetry::AgentIdentity& identity)
{
    telemetry::AgentIdentity& known = m_agents[agent(identity.agent)].identity;
    if (std::tie(identity.epoch, identity.version, identity.host) < std::tie(known.epoch, known.version, known.host))
        return;
    known = identity;
    m_agents[agent(identity.agent)].lists = telemetry::isInventory(identity);
    ++m_version;
}

std::uint32_t Directory::text(const std::string& text)
{
    const auto [entry, fresh] = m_textOf.try_emplace(text, static_cast<std::uint32_t>(m_texts.size()));
    if (fresh)
        m_texts.push_back(text);
    return entry->second;
}

const std::string& Directory::textAt(std::uint32_t index) const
{
    static const std::string nothing;
    return index < m_texts.size() ? m_texts[index] : nothing;
}

const std::vector<AddressUse>* Directory::findUses(const InternetAddress& address) const
{
    const auto found = m_uses.find(address);
    return found == m_uses.end() ? nullptr : &found->second;
}

const std::vector<KnownLead>* Directory::findLeads(const Endpoint& address) const
{
    const auto found = m_leads.find(address);
    return found == m_leads.end() ? nullptr : &found->second;
}

const std::vector<std::uint32_t>* Directory::findListeners(Place place, std::uint16_t port) const
{
    const auto found = m_listenersAt.find({place, port});
    return found == m_listenersAt.end() ? nullptr : &found->second;
}

std::size_t Directory::bytes() const
{
    std::size_t text = 0;
    for (const std::string& each : m_texts)
        text += each.size();
    return m_ends.size() * (sizeof(KnownEnd) + sizeof(EndKey) + 8) + m_instances.size() * (sizeof(KnownInstance) + 300)
        + m_services.size() * (sizeof(KnownService) + 100) + m_listeners.size() * (sizeof(KnownListener) + sizeof(ListenerKey) + sizeof(Seen) + 60)
        + m_texts.size() * 80 + 2 * text + m_leads.size() * (sizeof(KnownLead) + sizeof(Seen) + sizeof(Endpoint) + 40);
}

std::string Directory::hostName(std::uint32_t agent) const
{
    if (agent >= m_agents.size())
        return {};
    const telemetry::AgentIdentity& identity = m_agents[agent].identity;
    return identity.host.empty() ? identity.agent.toHex().substr(0, 12) : identity.host;
}

std::string Directory::hostOf(std::uint32_t instance) const
{
    const KnownInstance& known = m_instances[instance];
    if (known.observedAt != UtcTime::max())
        return hostName(known.agent);
    for (const auto& [name, value] : known.entity.attributes) {
        if (name == "k8s.node.name")
            return value;
    }
    return {};
}

std::uint32_t Directory::ensureInstance(const telemetry::Entity& entity, TimeRange said, bool listed)
{
    const auto [entry, fresh] = m_instanceOf.try_emplace(entity.key, static_cast<std::uint32_t>(m_instances.size()));
    if (fresh) {
        m_instances.emplace_back();
        ++m_version;
    }
    KnownInstance& known = m_instances[entry->second];
    if (!listed)
        known.observedAt = std::min(known.observedAt, said.from);
    bool better = fresh;
    if (!fresh && known.describedByList != listed) // one observed it, the other did not
        better = namesPod(entity) != namesPod(known.entity) ? namesPod(entity) : !listed;
    else if (!fresh)
        better = outranks(said.to, entity, known.describedAt, known.entity);
    if (better) {
        if (known.entity.name != entity.name)
            ++m_version;
        known.entity = entity;
        known.describedAt = said.to;
        known.describedByList = listed;
    }
    return entry->second;
}

std::uint32_t Directory::ensureService(const telemetry::Entity& entity, UtcTime at)
{
    const auto [entry, fresh] = m_serviceOf.try_emplace(entity.key, static_cast<std::uint32_t>(m_services.size()));
    if (fresh) {
        m_services.emplace_back();
        ++m_version;
    }
    KnownService& known = m_services[entry->second];
    if (fresh || outranks(at, entity, known.describedAt, known.entity)) {
        known.entity = entity;
        known.describedAt = at;
    }
    return entry->second;
}

std::uint32_t Directory::ensureEnd(KnownEnd end, TimeRange range)
{
    if (m_ends.size() >= kMaxEnds && end.side == telemetry::Side::Server && end.remoteInstance == kNone)
        end.remote = {};
    const EndKey key(static_cast<std::uint8_t>(end.side), end.place, end.instance, end.remoteInstance, end.local, end.remote, end.dialled,
                     static_cast<std::uint8_t>(end.protocol), end.tls);
    const auto [entry, fresh] = m_endOf.try_emplace(key, static_cast<std::uint32_t>(m_ends.size()));
    if (fresh) {
        m_ends.push_back(end);
        ++m_version;
    }
    m_ends[entry->second].seen.extend(range);
    use(end.local.address, end.place, range);
    return entry->second;
}

void Directory::use(const InternetAddress& address, Place place, TimeRange range)
{
    if (address.isLoopback() || address.isUnspecified())
        return;
    std::vector<AddressUse>& uses = m_uses[address];
    auto found = std::find_if(uses.begin(), uses.end(), [&](const AddressUse& use) { return use.place == place; });
    if (found == uses.end()) {
        found = uses.insert(uses.end(), AddressUse{place, {}});
        ++m_version;
    }
    found->seen.extend(range);
}

/// The half that was not said for longest.
void Directory::forgetLeads()
{
    const auto lastSaid = [](const std::vector<KnownLead>& leads) {
        return std::max_element(leads.begin(), leads.end(), [](const KnownLead& a, const KnownLead& b) { return a.seen.last() < b.seen.last(); })->seen.last();
    };
    std::vector<UtcTime> times;
    for (const auto& [address, leads] : m_leads)
        times.push_back(lastSaid(leads));
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    absl::erase_if(m_leads, [&](const auto& entry) { return lastSaid(entry.second) < *middle; });
    ++m_version;
}

Directory::Batch::Batch(Directory& directory, const telemetry::Batch& batch)
    : m_directory(directory), m_batch(batch), m_agent(directory.agent(batch.key.agent))
{
    directory.m_agents[m_agent].seen.extend(batch.range);
    if (!batch.dictionary)
        return;
    m_entities.resize(batch.dictionary->entities.size(), kNone);
    m_ends.resize(batch.dictionary->ends.size(), kNone);
    m_texts.resize(batch.dictionary->strings.size(), kNone);
}

const telemetry::Entity* Directory::Batch::entity(std::uint32_t entity) const
{
    return entity < m_entities.size() ? &m_batch.dictionary->entities[entity] : nullptr;
}

std::uint32_t Directory::Batch::instance(std::uint32_t index)
{
    const telemetry::Entity* found = entity(index);
    if (!found || found->kind != telemetry::EntityKind::Instance)
        return kNone;
    if (m_entities[index] == kNone)
        m_entities[index] = m_directory.ensureInstance(*found, m_batch.range, lists());
    KnownInstance& known = m_directory.m_instances[m_entities[index]];
    if (known.agent == kNone || (!lists() && m_directory.m_agents[known.agent].lists))
        known.agent = m_agent;
    return m_entities[index];
}

std::uint32_t Directory::Batch::service(std::uint32_t index)
{
    const telemetry::Entity* found = entity(index);
    if (!found || found->kind != telemetry::EntityKind::Service)
        return kNone;
    if (m_entities[index] == kNone)
        m_entities[index] = m_directory.ensureService(*found, m_batch.range.to);
    return m_entities[index];
}

std::uint32_t Directory::Batch::text(std::uint32_t index)
{
    if (index >= m_texts.size())
        return kNone;
    if (m_texts[index] == kNone)
        m_texts[index] = m_directory.text(m_batch.dictionary->strings[index]);
    return m_texts[index];
}

KnownEnd Directory::Batch::read(const telemetry::End& end)
{
    KnownEnd known;
    known.side = end.side;
    known.place = {m_agent, end.netns};
    known.instance = instance(end.instance);
    known.remoteInstance = instance(end.remoteInstance);
    known.local = end.local;
    known.remote = end.remote;
    known.dialled = end.side == telemetry::Side::Client ? end.dialled : Endpoint{};
    known.protocol = end.protocol;
    known.tls = end.tls;
    return known;
}

std::uint32_t Directory::Batch::end(std::uint32_t index)
{
    if (index >= m_ends.size())
        return kNone;
    if (m_ends[index] == kNone)
        m_ends[index] = m_directory.ensureEnd(read(m_batch.dictionary->ends[index]), m_batch.range);
    return m_ends[index];
}

std::uint32_t Directory::Batch::listener(const telemetry::ListenRow& row)
{
    const Place place{m_agent, row.netns};
    const std::uint32_t owner = instance(row.instance);
    const ListenerKey key(place, row.local, owner);
    const auto [entry, fresh] =
        m_directory.m_listenerOf.try_emplace(key, static_cast<std::uint32_t>(m_directory.m_listeners.size()));
    if (fresh) {
        m_directory.m_listeners.push_back({place, row.local, owner, {}});
        m_directory.m_listenersAt[{place, row.local.port}].push_back(entry->second);
        ++m_directory.m_version;
    }
    m_directory.m_listeners[entry->second].seen.extend(m_batch.range);
    m_directory.use(row.local.address, place, m_batch.range);
    return entry->second;
}

void Directory::Batch::address(const telemetry::AddressRow& row)
{
    const std::uint32_t leadsTo = service(row.service), name = text(row.name);
    if (leadsTo == kNone && name == kNone)
        return;
    const TimeRange said{m_batch.range.from, row.saidAt == UtcTime{} ? m_batch.range.to : row.saidAt};
    if (leadsTo != kNone)
        m_directory.m_services[leadsTo].seen.extend(said);
    if (lists() && addRoute(name, leadsTo, row))
        return;
    if (m_directory.m_leads.size() >= kMaxLeads && !m_directory.m_leads.contains(row.address))
        m_directory.forgetLeads();
    if (m_directory.m_leads.size() >= kMaxLeads && !m_directory.m_leads.contains(row.address))
        return; // all of them were said just now
    std::vector<KnownLead>& leads = m_directory.m_leads[row.address];
    auto found = std::find_if(leads.begin(), leads.end(), [&](const KnownLead& lead) { return lead.service == leadsTo && lead.name == name; });
    if (found == leads.end()) {
        if (leads.size() >= kMaxLeadsOfAddress)
            leads.erase(std::min_element(leads.begin(), leads.end(), [](const KnownLead& a, const KnownLead& b) { return a.seen.last() < b.seen.last(); }));
        found = leads.insert(leads.end(), KnownLead{leadsTo, name, {}});
        ++m_directory.m_version;
    }
    found->seen.extend(said);
}

/// False: the row has an address, and leads there as well.
bool Directory::Batch::addRoute(std::uint32_t name, std::uint32_t service, const telemetry::AddressRow& row)
{
    if (!row.address.address.isUnspecified())
        return false;
    if (name == kNone || service == kNone)
        return true;
    std::vector<KnownRoute>& routes = m_directory.m_routes;
    const std::tuple key(name, service, row.address.port);
    auto known = m_directory.m_routeOf.find(key);
    if (known == m_directory.m_routeOf.end()) {
        if (routes.size() >= kMaxRoutes)
            return true;
        known = m_directory.m_routeOf.emplace(key, static_cast<std::uint32_t>(routes.size())).first;
        routes.push_back({name, service, row.address.port, {}});
        ++m_directory.m_version;
    }
    routes[known->second].seen.extend({m_batch.range.from, row.saidAt == UtcTime{} ? m_batch.range.to : row.saidAt});
    return true;
}

std::uint32_t Directory::Batch::otherHost(std::uint32_t index)
{
    const telemetry::Entity* found = entity(index);
    return found && found->kind == telemetry::EntityKind::Host && found->key != m_batch.key.agent ? m_directory.text(found->name) : kNone;
}

void Directory::Batch::present(const telemetry::PresenceRow& row)
{
    const std::uint32_t who = instance(row.instance);
    if (who == kNone)
        return;
    const std::uint32_t what = service(row.service);
    KnownInstance& known = m_directory.m_instances[who];
    known.seen.extend(m_batch.range);
    if (what == kNone)
        return;
    m_directory.m_services[what].seen.extend(m_batch.range);
    const auto& services = m_directory.m_services;
    bool better = false;
    if (known.service != kNone && known.assignedByList != lists()) {
        // What was observed goes before what is listed; but only Kubernetes knows workloads.
        const bool isWorkload = services[what].entity.serviceKind == telemetry::ServiceKind::Workload;
        const bool wasWorkload = services[known.service].entity.serviceKind == telemetry::ServiceKind::Workload;
        better = isWorkload != wasWorkload ? isWorkload : !lists();
    } else {
        const bool same = m_batch.range.to == known.assignedAt && known.service != kNone && services[what].entity.key > services[known.service].entity.key;
        better = m_batch.range.to > known.assignedAt || same;
    }
    if (!better)
        return;
    known.assignedAt = m_batch.range.to;
    known.assignedByList = lists();
    if (!lists())
        known.agent = m_agent;
    if (known.service != what)
        ++m_directory.m_version;
    known.service = what;
}

std::uint32_t Directory::Batch::agentOf(const telemetry::HostRow& row)
{
    const telemetry::Entity* host = entity(row.host);
    if (!host || host->kind != telemetry::EntityKind::Host)
        return kNone;
    const std::uint32_t index = m_directory.agent(host->key);
    KnownAgent& known = m_directory.m_agents[index];
    if (known.identity.host.empty())
        known.identity.host = host->name;
    if (row.told > Nanoseconds::zero())
        known.seen.extend(m_batch.range);
    return index;
}

std::uint32_t Directory::Batch::counted(const telemetry::InstanceCountRow& row, std::uint32_t number)
{
    const telemetry::Entity* host = entity(row.host);
    const std::uint32_t what = service(row.service);
    if (!host || host->kind != telemetry::EntityKind::Host || what == kNone)
        return kNone;
    telemetry::Entity one = m_directory.m_services[what].entity; // its name and type
    one.key = EntityKey::ofText("counted|" + one.key.toHex() + '|' + host->key.toHex() + '|' + std::to_string(number));
    one.kind = telemetry::EntityKind::Instance;
    const std::uint32_t index = m_directory.ensureInstance(one, m_batch.range, false);
    KnownInstance& known = m_directory.m_instances[index];
    known.agent = m_directory.agent(host->key);
    known.service = what; // it is this service's by its key
    known.assignedAt = std::max(known.assignedAt, m_batch.range.to);
    known.seen.extend(m_batch.range);
    return index;
}

bool isPublic(const InternetAddress& address)
{
    if (address.isLoopback() || address.isUnspecified())
        return false;
    const auto& b = address.bytes;
    if (!address.isV4())
        return (b[0] & 0xfe) != 0xfc && !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
    const std::uint8_t first = b[12], second = b[13];
    return first != 10 && !(first == 172 && (second & 0xf0) == 16) && !(first == 192 && second == 168) && !(first == 169 && second == 254)
        && !(first == 100 && (second & 0xc0) == 64) && first != 0 && first != 127;
}

} // namespace binnacle::analysis::internal
