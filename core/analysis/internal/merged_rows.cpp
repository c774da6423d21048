// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/merged_rows.h"

#include "core/telemetry/fold.h"

#include <algorithm>

namespace binnacle::analysis::internal {

using telemetry::Side;

namespace {

constexpr std::size_t kOpenExchanges = 256; // as many as one batch of an agent has

} // namespace

MergedRows::MergedRows(const Directory& directory, const Resolution& resolution, TimeRange second)
    : m_directory(directory), m_resolution(resolution), m_second(second), m_sums(directory, resolution), m_serviceOf(resolution.nodes().size()),
      m_typeOf(resolution.typesOfNodes())
{
    for (std::uint32_t i = 0; i < directory.services().size(); ++i) {
        const KnownService& known = directory.services()[i];
        const std::uint32_t node = resolution.nodeOfService(i);
        if (node == kNone)
            continue;
        if (!m_serviceOf[node] || known.entity.key < m_serviceOf[node]->key)
            m_serviceOf[node] = &known.entity;
        if (known.seen.last > second.from) // one without an instance is there too
            m_used.emplace(idOf(node), node);
    }
}

void MergedRows::add(const Frame& frame)
{
    m_sums.add(frame);
    m_frames.push_back(&frame);
    for (const QueueCell& cell : frame.queues()) {
        const KnownListener& listener = m_directory.listeners()[cell.listener];
        const std::uint32_t node = m_resolution.nodeOfInstance(listener.instance);
        if (node == kNone)
            continue;
        m_used.emplace(idOf(node), node);
        std::uint32_t& queue = m_listening[{idOf(node), listener.local.port}];
        queue = std::max(queue, cell.acceptQueue);
    }
}

void MergedRows::addMissing(std::uint32_t end, UtcTime at)
{
    if (const EndTarget target = m_resolution.ofEnd(end, at); target.edge != kNone)
        m_missing.emplace(target.edge, target.side);
}

telemetry::Batch MergedRows::finish(const std::vector<MissingHost>& missing)
{
    m_sums.finish();
    writeHosts(missing);
    writeEdges();
    writeOpenExchanges();
    writeListening();
    writeLosses();
    writeCoverage();
    writeEvents();
    writeInstances();
    writePresence(); // of all that was used until here
    for (const Frame* frame : m_frames) {
        for (const AgentPart& part : frame->agents())
            telemetry::addHealth(m_out.health, part.health);
    }
    return {.key = {}, .range = m_second, .anchor = {}, .dictionary = m_names.take(), .overview = std::move(m_out), .detail = {}};
}

std::uint32_t MergedRows::host(const EntityKey& key, const std::string& name)
{
    telemetry::Entity entity;
    entity.key = key;
    entity.kind = telemetry::EntityKind::Host;
    entity.name = name;
    return m_names.entity(entity);
}

std::uint32_t MergedRows::hostOf(std::uint32_t agent) { return host(m_directory.agents()[agent].identity.agent, m_directory.hostName(agent)); }

void MergedRows::writeHosts(const std::vector<MissingHost>& missing)
{
    std::map<std::pair<std::string, EntityKey>, Nanoseconds> told;
    for (const auto& [agent, sums] : m_sums.agents())
        told[{m_directory.hostName(agent), m_directory.agents()[agent].identity.agent}] = std::min(sums.told, m_second.length());
    for (const auto& [name, time] : told)
        m_out.hosts.push_back({host(name.second, name.first), time, kNone});
    std::map<std::pair<std::string, EntityKey>, std::string> lacking;
    for (const MissingHost& each : missing)
        lacking[{each.host, each.agent}] = each.why;
    for (const auto& [name, why] : lacking)
        m_out.hosts.push_back({host(name.second, name.first), {}, m_names.string(why)});
}

void MergedRows::writeInstances()
{
    std::map<std::tuple<std::string_view, std::string, EntityKey>, std::pair<std::uint32_t, std::set<std::uint32_t>>> counts; // node, instances
    const auto add = [&](std::uint32_t agent, const InstanceSet& set, bool alive) {
        for (const std::uint32_t instance : set) {
            const std::uint32_t node = m_resolution.nodeOfInstance(instance);
            if (node == kNone)
                continue;
            auto& [at, those] = counts[{idOf(node), m_directory.hostName(agent), m_directory.agents()[agent].identity.agent}];
            at = node;
            if (alive)
                those.insert(m_resolution.countedAs(instance));
        }
    };
    for (const Frame* frame : m_frames) {
        for (const AgentPart& part : frame->agents()) {
            add(part.agent, *part.present, true);
            add(part.agent, frame->ended(), false); // a frame of one batch has one part
        }
    }
    for (const auto& [key, count] : counts) {
        m_used.emplace(idOf(count.first), count.first);
        m_out.instances.push_back({service(count.first), host(std::get<2>(key), std::get<1>(key)), static_cast<std::uint32_t>(count.second.size())});
    }
}

void MergedRows::writePresence()
{
    for (const auto& [id, node] : m_used)
        m_out.presence.push_back({instance(node), service(node), m_second.from, 1});
}

void MergedRows::writeListening()
{
    for (const auto& [key, queue] : m_listening)
        m_out.listening.push_back({instance(m_used.at(key.first)), {{}, static_cast<std::uint16_t>(key.second)}, 0, queue, 0});
}

telemetry::Entity MergedRows::entityOf(std::uint32_t node) const
{
    const ResolvedNode& resolved = m_resolution.nodes()[node];
    telemetry::Entity entity;
    entity.key = m_serviceOf[node] ? m_serviceOf[node]->key : EntityKey::ofText("service|" + resolved.id);
    entity.kind = telemetry::EntityKind::Service;
    entity.name = resolved.name;
    entity.nameSpace = resolved.nameSpace.value_or(std::string());
    entity.type = m_typeOf[node];
    switch (resolved.kind) {
    case NodeKind::Workload: entity.serviceKind = telemetry::ServiceKind::Workload; break;
    case NodeKind::Service: entity.serviceKind = telemetry::ServiceKind::Kubernetes; break;
    case NodeKind::External:
        entity.serviceKind = telemetry::ServiceKind::External;
        entity.name = resolved.id.substr(resolved.id.find(':') + 1);
        break;
    case NodeKind::Process:
    case NodeKind::Internet: break;
    }
    return entity;
}

std::uint32_t MergedRows::service(std::uint32_t node) { return m_names.entity(entityOf(node)); }

/// Stands for all of the service.
std::uint32_t MergedRows::instance(std::uint32_t node)
{
    telemetry::Entity entity;
    entity.key = EntityKey::ofText("merged|" + idOf(node));
    entity.name = m_resolution.nodes()[node].name;
    m_used.emplace(idOf(node), node);
    return m_names.entity(entity);
}

/// The Internet is no instance: a server's end without an address has it for its peer.
std::uint32_t MergedRows::end(EdgeSide of, Protocol protocol, std::optional<InternetAddress> remote)
{
    const ResolvedEdge& edge = m_resolution.edges()[of.first];
    const auto known = [this](std::uint32_t node) { return m_resolution.nodes()[node].kind == NodeKind::Internet ? kNone : instance(node); };
    telemetry::End end;
    end.side = of.second;
    end.protocol = protocol;
    end.tls = edge.tls;
    if (of.second == Side::Client) {
        end.instance = known(edge.from);
        end.remoteInstance = known(edge.to);
        end.remote = end.dialled = {remote.value_or(InternetAddress{}), edge.port};
    } else {
        end.instance = known(edge.to);
        end.remoteInstance = known(edge.from);
        end.local = {{}, edge.port};
    }
    return m_names.end(end);
}

void MergedRows::writeEdges()
{
    std::vector<std::uint32_t> seen;
    for (std::uint32_t i = 0; i < m_sums.edges().size(); ++i) {
        if (m_sums.edges()[i].seen())
            seen.push_back(i);
    }
    std::sort(seen.begin(), seen.end(), [this](std::uint32_t a, std::uint32_t b) { return nameOf(a) < nameOf(b); });
    for (const std::uint32_t i : seen) {
        for (const Side side : {Side::Client, Side::Server}) {
            const SideSums& sums = side == Side::Client ? m_sums.edges()[i].client : m_sums.edges()[i].server;
            const SideSums& other = side == Side::Client ? m_sums.edges()[i].server : m_sums.edges()[i].client;
            if (sums.seen)
                writeSide({i, side}, sums);
            if (other.seen && m_missing.contains({i, side}))
                m_out.losses.push_back({Loss::AgentGap, 1, end({i, side}, m_resolution.edges()[i].protocol)});
        }
    }
}

void MergedRows::writeSide(EdgeSide of, const SideSums& side)
{
    writeRequests(of);
    if (side.tcpSeen)
        writeTcp(of, side);
    if (side.open > 0)
        m_out.open.push_back({end(of, m_resolution.edges()[of.first].protocol), m_names.string({}), side.open, side.oldest});
    if (side.pending.count > 0)
        writePending(of, side.pending);
}

void MergedRows::writeRequests(EdgeSide of)
{
    std::vector<telemetry::RequestRow> routes = m_sums.routesOf(of.first, of.second);
    std::ranges::sort(routes, {}, [this](const telemetry::RequestRow& row) { return std::string_view(m_directory.textAt(row.route)); });
    for (telemetry::RequestRow& row : routes) {
        row.end = end(of, m_resolution.edges()[of.first].protocol);
        row.route = m_names.string(m_directory.textAt(row.route));
        std::sort(row.statuses.begin(), row.statuses.end(), [this](const auto& a, const auto& b) { return m_directory.textAt(a.status) < m_directory.textAt(b.status); });
        for (telemetry::StatusCount& status : row.statuses)
            status.status = m_names.string(m_directory.textAt(status.status));
        m_out.requests.push_back(std::move(row));
    }
}

void MergedRows::writeTcp(EdgeSide of, const SideSums& side)
{
    telemetry::TcpRow row = m_sums.tcpOf(of.first, of.second);
    row.end = end(of, Protocol::Unknown);
    row.active = side.active;
    row.activeAt = {};
    std::sort(row.failed.begin(), row.failed.end(), [](const auto& a, const auto& b) { return a.error < b.error; });
    m_out.tcp.push_back(std::move(row));
}

void MergedRows::writePending(EdgeSide of, const PendingSums& pending)
{
    const std::uint32_t at = end(of, Protocol::Unknown, m_directory.ends()[pending.oldestEnd].remote.address);
    m_out.pendingConnects.push_back({at, pending.count, pending.oldest, pending.synSent});
}

void MergedRows::writeOpenExchanges()
{
    using Exchange = std::tuple<UtcTime, EntityKey, std::string_view, std::uint32_t, std::uint32_t, Side>; // begin, connection, route, thread, edge, side
    std::vector<Exchange> all;
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const telemetry::OpenExchangeRow& row : sums.last->openExchanges) {
            if (const EndTarget target = m_resolution.ofEnd(row.end, row.startedAt); target.edge != kNone)
                all.emplace_back(row.startedAt, row.connection, m_directory.textAt(row.route), row.thread, target.edge, target.side);
        }
    }
    std::sort(all.begin(), all.end(), [this](const Exchange& a, const Exchange& b) {
        const auto rest = [this](const Exchange& e) { return std::tuple(std::get<0>(e), std::get<1>(e), std::get<2>(e), std::get<3>(e), nameOf(std::get<4>(e)), std::get<5>(e)); };
        return rest(a) < rest(b);
    });
    all.resize(std::min(all.size(), kOpenExchanges));
    for (const auto& [begin, connection, route, thread, edge, side] : all)
        m_out.openExchanges.push_back({end({edge, side}, m_resolution.edges()[edge].protocol), m_names.string(route), connection, begin, thread});
}

void MergedRows::writeLosses()
{
    std::map<Loss, std::uint64_t> anywhere;
    std::map<std::pair<EdgeSide, Loss>, std::uint64_t> at;
    for (const Frame* frame : m_frames) {
        for (const LossCell& cell : frame->losses()) {
            const EndTarget target = m_resolution.ofEnd(cell.end, cell.at());
            (target.edge == kNone ? anywhere[cell.loss] : at[{{target.edge, target.side}, cell.loss}]) += cell.count;
        }
    }
    for (const auto& [loss, count] : anywhere)
        m_out.losses.push_back({loss, count, kNone});
    std::vector<std::tuple<EdgeSide, Loss, std::uint64_t>> sorted;
    for (const auto& [key, count] : at)
        sorted.emplace_back(key.first, key.second, count);
    std::sort(sorted.begin(), sorted.end(), [this](const auto& a, const auto& b) {
        const auto name = [this](const auto& row) { return std::tuple(nameOf(std::get<0>(row).first), std::get<0>(row).second, std::get<1>(row)); };
        return name(a) < name(b);
    });
    for (const auto& [of, loss, count] : sorted)
        m_out.losses.push_back({loss, count, end(of, m_resolution.edges()[of.first].protocol)});
}

/// kNone: of our own programs, of which nobody asked.
std::uint32_t MergedRows::subject(std::uint32_t instanceNumber, std::uint32_t serviceNumber, std::uint32_t agent, std::uint32_t other)
{
    if (other != kNone)
        return host(EntityKey::ofText("host|" + m_directory.textAt(other)), m_directory.textAt(other));
    if (instanceNumber == kNone && serviceNumber == kNone)
        return hostOf(agent);
    const std::uint32_t node = instanceNumber != kNone ? m_resolution.nodeOfInstance(instanceNumber) : m_resolution.nodeOfService(serviceNumber);
    return node == kNone ? kNone : instance(node);
}

void MergedRows::writeCoverage()
{
    struct Share {
        const CoverageCell* first = nullptr;
        std::uint64_t part = 0, whole = 0;
        std::string_view advice;
    };
    const auto nameOfSubject = [this](const CoverageCell& cell) -> std::string {
        if (cell.host != kNone)
            return "host " + m_directory.textAt(cell.host);
        if (cell.instance == kNone && cell.service == kNone)
            return "host " + m_directory.hostName(cell.agent);
        const std::uint32_t node = cell.instance != kNone ? m_resolution.nodeOfInstance(cell.instance) : m_resolution.nodeOfService(cell.service);
        return node == kNone ? std::string() : idOf(node);
    };
    std::map<std::pair<std::string, std::string_view>, Share> shares;
    for (const Frame* frame : m_frames) {
        for (const CoverageCell& cell : frame->coverage()) {
            std::string name = nameOfSubject(cell);
            if (name.empty())
                continue;
            Share& share = shares[{std::move(name), m_directory.textAt(cell.what)}];
            share.first = share.first ? share.first : &cell;
            share.part += cell.part;
            share.whole += cell.whole;
            share.advice = std::max<std::string_view>(share.advice, m_directory.textAt(cell.advice));
        }
    }
    for (const auto& [key, share] : shares) {
        const std::uint32_t who = subject(share.first->instance, share.first->service, share.first->agent, share.first->host);
        m_out.coverage.push_back({who, m_names.string(key.second), share.part, share.whole, share.advice.empty() ? kNone : m_names.string(share.advice)});
    }
}

void MergedRows::writeEvents()
{
    std::vector<const EventCell*> all;
    for (const Frame* frame : m_frames) {
        for (const EventCell& cell : frame->events())
            all.push_back(&cell);
    }
    std::vector<std::tuple<UtcTime, EventKind, std::string, std::string_view, const EventCell*>> sorted;
    for (const EventCell* cell : all) {
        const std::uint32_t node = cell->instance != kNone ? m_resolution.nodeOfInstance(cell->instance) : m_resolution.nodeOfService(cell->service);
        const bool isHost = cell->instance == kNone && cell->service == kNone;
        if (!isHost && node == kNone)
            continue;
        std::string name = cell->host != kNone ? m_directory.textAt(cell->host) : isHost ? m_directory.hostName(cell->agent) : idOf(node);
        sorted.emplace_back(cell->at, cell->kind, std::move(name), m_directory.textAt(cell->detail), cell);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a), std::get<3>(a)) < std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b), std::get<3>(b));
    });
    for (const auto& [at, kind, name, detail, cell] : sorted)
        m_out.events.push_back({at, kind, subject(cell->instance, cell->service, cell->agent, cell->host), detail.empty() ? kNone : m_names.string(detail)});
}

} // namespace binnacle::analysis::internal
