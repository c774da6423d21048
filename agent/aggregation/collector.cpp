// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/collector.h"

#include "agent/aggregation/aggregator.h"
#include "agent/aggregation/owners.h"
#include "agent/metadata/process_table.h"
#include "core/base/thread_bound.h"
#include "core/protocols/route_template.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

namespace {

constexpr std::size_t kMaxHeldPerConnection = 256 * 1024;
constexpr std::size_t kMaxHeld = 8 * 1024 * 1024;
/// Both rings are emptied in turn, so that an opening and its data come at most one round apart.
constexpr std::uint8_t kRoundsToWait = 2;
/// For those whose translation was asked for; 120 ms and less.  Their bytes are held meanwhile.
constexpr std::uint8_t kRoundsToWaitForBackend = 8;
constexpr Nanoseconds kOpeningLost = std::chrono::seconds(2);
constexpr Nanoseconds kForgetPlaceholder = std::chrono::seconds(60);
constexpr Nanoseconds kForgetInstance = std::chrono::seconds(180); // longer than rows and processes are kept
constexpr std::uint32_t kSecondsWithoutSample = 30;
constexpr std::uint32_t kHouseKeeping = 30; // seconds

std::string exitText(int status)
{
    const int signal = status & 0x7f; // wait(2)
    return signal != 0 ? "signal " + std::to_string(signal) : "exit " + std::to_string((status >> 8) & 0xff);
}

} // namespace

class Collector::Impl final : public protocols::ExchangeSink {
public:
    Impl(Options options, CaptureControl* capture)
        : m_options(std::move(options)), m_capture(capture), m_source(m_options.procRoot), m_processes(m_source),
          m_instances(m_options.bootId, m_processes),
          m_rows({m_connections, m_listeners, m_instances, m_pending}, m_options.bootId, m_options.spansPerSecond), m_sequence(m_options.firstSequence)
    {
        m_processes.setOnReplaced([this](Process& process) { m_instances.onExited(process, m_now); });
    }

    // -- processes --
    void on(const ProcessForked& event)
    {
        saw(event.at);
        m_processes.on(event);
        m_instances.onForked(event);
    }

    void on(const ProcessExeced& event)
    {
        saw(event.at);
        Process& process = m_processes.on(event);
        if (process.ignored)
            return;
        m_instances.onExeced(process, event.at);
        if (process.instance != kNoInstance && m_instances.at(process.instance).listened)
            m_rows.note(event.at, EventKind::ProcessExec, process.instance, process.facts->program.name);
    }

    void on(const ProcessExited& event)
    {
        saw(event.at);
        Process* process = m_processes.on(event);
        if (!process)
            return;
        m_instances.onExited(*process, event.at);
        if (process->instance != kNoInstance && m_instances.at(process->instance).listened)
            m_rows.note(event.at, EventKind::ProcessExit, process->instance, exitText(event.status));
    }

    // -- listeners --
    void on(const ListenStarted& event)
    {
        saw(event.at);
        if (event.task.pid.value != 0)
            m_processes.ensure(event.task, event.at); // now: it may be gone when its name is needed
        m_listeners.started(event);
    }

    void on(const ListenEnded& event)
    {
        saw(event.at);
        if (ListeningSocket* listener = m_listeners.exact(event.netns, event.local))
            m_owners.instanceOf(*listener);
        const auto gone = m_listeners.ended(event);
        if (gone && gone->instance != kNoIndex)
            m_rows.note(event.at, EventKind::ListenEnded, gone->instance, gone->local.toText());
    }

    // -- connections --
    void on(const ConnectionOpened& event)
    {
        saw(event.at);
        m_pending.ended(event.connection);
        Connection& connection = m_connections.opened(event);
        if (event.task.pid.value != 0)
            m_processes.ensure(event.task, event.at);
        if (connection.settled)
            return;
        askBackend(connection);
        wait(connection);
    }

    void on(const ConnectionOwned& event)
    {
        saw(event.at);
        Connection* connection = m_connections.find(event.connection);
        if (!connection)
            return;
        m_processes.ensure(event.task, event.at);
        connection->task = event.task;
        connection->owned = true;
        if (connection->settled && !connection->ignored)
            m_owners.refine(*connection);
    }

    void on(const ConnectionClosed& event)
    {
        saw(event.at);
        Connection* connection = m_connections.find(event.connection);
        if (!connection)
            return;
        if (connection->opened && !connection->settled && awaitsBackend(*connection)) {
            connection->closing = std::make_unique<ConnectionClosed>(event);
            return;
        }
        if (connection->opened && !connection->settled)
            settle(*connection);
        end(*connection, event);
    }

    void on(const ConnectFailed& event)
    {
        saw(event.at);
        const auto waited = m_pending.ended(event.connection);
        const std::uint32_t instance = m_owners.connecting(event.task, event.at);
        if (instance != kNoIndex)
            m_rows.onConnectFailed(instance, event, waited ? waited->addresses.remote : event.addresses.remote);
    }

    void on(const ConnectPending& event)
    {
        saw(event.at);
        const std::uint32_t instance = m_owners.connecting(event.task, event.at);
        if (instance == kNoIndex || m_owners.isOwn(event.addresses))
            return;
        const bool isNew = m_pending.saw(event, instance);
        if (isNew && m_nat && !event.addresses.remote.address.isLoopback())
            m_nat->ask(event.connection, event.addresses);
    }

    void on(const SocketSample& event)
    {
        saw(event.at);
        m_sampling = true;
        if (event.state == TcpState::Listen) {
            m_listeners.sampled(event);
            return;
        }
        Connection* connection = m_connections.find(event.connection);
        if (!connection)
            return;
        connection->secondsWithoutSample = 0;
        if (connection->settled && !connection->ignored)
            m_rows.onCounters(*connection, event.tcp, event.payload, event.state);
    }

    void expect(ConnectionId id) { m_connections.fetch(id); }

    void on(const DataChunk& chunk)
    {
        saw(chunk.at);
        Connection* connection = m_connections.find(chunk.connection);
        if (!connection) {
            connection = &m_connections.ensure(chunk.connection, chunk.at);
            wait(*connection);
        }
        if (!connection->settled) [[unlikely]] {
            if (!isReady(*connection)) {
                hold(*connection, chunk);
                return;
            }
            settle(*connection);
        }
        feed(*connection, chunk);
    }

    void feed(Connection& connection, const DataChunk& chunk)
    {
        connection.captured += chunk.bytes.size();
        if (!chunk.unseen)
            connection.counted += chunk.size - chunk.bytes.size();
        if (!connection.parser)
            return;
        protocols::Chunk part;
        part.at = chunk.at;
        part.direction = chunk.sent == (connection.fedAs == Side::Client) ? protocols::Direction::Request : protocols::Direction::Response;
        part.position = chunk.position;
        part.tcpSequence = chunk.tcpSequence;
        part.thread = chunk.tid;
        part.bytes = chunk.bytes;
        part.originalSize = chunk.size;
        m_feeding = &connection;
        m_connections.remember(connection, connection.parser->state());
        connection.parser->feed(part, *this);
        if (connection.rolesGuessed && connection.parser->rolesSwapped().has_value()) [[unlikely]]
            learnRoles(connection);
        if (connection.parser->verdict() == protocols::Verdict::NotAProtocolWeKnow) [[unlikely]]
            stopParsing(connection);
    }

    void onExchange(const protocols::Exchange& exchange) override { onRun(exchange, 1); }
    void onRun(const protocols::Exchange& first, std::uint32_t count) override
    {
        if (m_feeding->rolesGuessed) [[unlikely]] {
            if (m_feeding->parser->rolesSwapped().has_value())
                learnRoles(*m_feeding);
        }
        m_rows.onExchange(*m_feeding, first, count);
    }
    void onLoss(Loss loss, std::uint64_t count, HostTime) override { m_rows.lost(loss, count, *m_feeding); }

    // -- rounds and seconds --
    void drained()
    {
        hearBackends();
        std::vector<ConnectionId> still;
        for (const ConnectionId id : std::exchange(m_waiting, {})) {
            Connection* connection = m_connections.find(id);
            if (!connection || connection->settled || connection->abandoned)
                continue;
            if (connection->opened && (++connection->roundsWaited >= roundsToWait(*connection) || isReady(*connection)))
                settleAndEnd(*connection);
            else if (!connection->opened && m_now - connection->firstSeen > kOpeningLost)
                abandon(*connection);
            else
                still.push_back(id);
        }
        m_waiting.insert(m_waiting.end(), still.begin(), still.end());
    }

    telemetry::Batch seal(TimeRange range, ClockAnchor anchor)
    {
        learnOfCluster(std::max(m_now, anchor.toHost(range.from)));
        hearBackends();
        settleBefore(anchor.toHost(range.to));
        m_listeners.forEach([this](ListeningSocket& listener) { m_owners.instanceOf(listener); });
        m_instances.assignServices(m_now);
        for (const InstanceChange& change : m_instances.takeChanges())
            m_rows.note(change.at != HostTime{} ? change.at : m_now, change.kind, change.instance, m_instances.at(change.instance).serviceName);
        m_rows.lost(Loss::ProcessGone, m_processes.takeUnnamed());
        m_rows.lost(Loss::EntitiesFull, m_instances.takeOverflows());
        m_pending.forgetUnseen(m_now);

        for (const KnowledgeLimit& limit : m_limits)
            m_rows.limited(limit);
        if (m_nat) {
            for (const KnowledgeLimit& limit : m_nat->takeLimits())
                m_rows.limited(limit);
        }

        telemetry::Batch batch;
        batch.key = {m_options.agent, m_options.epoch, m_sequence++};
        batch.range = range;
        batch.anchor = anchor;
        m_rows.seal(batch, m_cluster.hostName().empty() ? m_options.hostName : m_cluster.hostName(), m_cluster);
        batch.overview->health.records = m_records - std::exchange(m_recordsSealed, m_records);
        batch.overview->health.exchanges = m_rows.exchanges() - std::exchange(m_exchangesSealed, m_rows.exchanges());
        keepHouse();
        return batch;
    }

    void lost(Loss loss, std::uint64_t count) { m_rows.lost(loss, count); }
    void note(HostTime at, EventKind kind, std::string detail) { m_rows.note(at, kind, kNoIndex, std::move(detail)); }
    void begin(TimeRange first, ClockAnchor anchor) { m_rows.begin(anchor.toHost(first.to)); }
    void seed() { m_processes.seed(); }
    void ignore(ProcessId pid) { m_processes.ignore(pid); }
    void ignore(NetworkNamespace netns, const Endpoint& endpoint) { m_owners.ignore(netns, endpoint); }
    void setCapture(CaptureControl* capture) { m_capture = capture; }
    void setCluster(ClusterKnowledgeSource* source) { m_cluster.setSource(source); }
    void setNat(NatLookup* lookup) { m_nat = lookup; }
    void setLimits(std::vector<KnowledgeLimit> limits) { m_limits = std::move(limits); }
    void setBudgetStep(std::uint32_t step)
    {
        m_rows.setSpanBudget(step == 0 ? m_options.spansPerSecond : step == 1 ? m_options.spansPerSecond / 10 : 0);
    }
    std::uint64_t records() const { return m_records; }
    std::uint64_t exchanges() const { return m_rows.exchanges(); }
    std::size_t connections() const { return m_connections.size(); }

private:
    void saw(HostTime at)
    {
        ++m_records;
        m_now = std::max(m_now, at);
    }

    void wait(const Connection& connection) { m_waiting.push_back(connection.id); }

    /// A server's end that is over can wait as well: its client on this host may be found by the client's answer.
    static std::uint8_t roundsToWait(const Connection& connection)
    {
        return connection.askedBackend || connection.closing ? kRoundsToWaitForBackend : kRoundsToWait;
    }

    /// A client's, unless its other end is here and thus is what was dialled.  Loopback is never translated by kube-proxy's defaults.
    void askBackend(Connection& connection)
    {
        if (m_nat && connection.side != Side::Server && !connection.peer && !connection.addresses.remote.address.isLoopback())
            connection.askedBackend = m_nat->ask(connection.id, connection.addresses);
    }

    /// Whether an answer may still tell who is at the other end: of a client's its own, of a server's that of a client on this host.
    bool awaitsBackend(const Connection& connection) const
    {
        const bool maybeDialled = m_nat && connection.side == Side::Server && !connection.addresses.remote.address.isLoopback();
        return !connection.peer && (connection.askedBackend || maybeDialled);
    }

    void hearBackends()
    {
        if (!m_nat)
            return;
        m_backends.clear();
        m_nat->takeAnswers(m_backends);
        for (const NatAnswer& answer : m_backends) {
            if (answer.backend && m_pending.translate(answer.connection, *answer.backend))
                continue;
            Connection* connection = m_connections.find(answer.connection);
            if (!connection)
                continue;
            connection->askedBackend = false;
            if (!answer.backend || connection->side == Side::Server || *answer.backend == connection->addresses.remote)
                continue;
            m_connections.translate(*connection, *answer.backend);
            if (connection->settled && !connection->ignored) {
                Aggregator::forgetRows(*connection);
                m_owners.meetPeer(*connection);
            }
        }
    }

    /// Whether more cannot be learned by waiting.
    static bool isReady(const Connection& connection)
    {
        return connection.opened && !connection.existed && connection.peer && (connection.side == Side::Client || connection.owned);
    }

    void hold(Connection& connection, const DataChunk& chunk)
    {
        if (connection.abandoned || connection.heldBytes + chunk.bytes.size() > kMaxHeldPerConnection || m_held + chunk.bytes.size() > kMaxHeld) {
            if (!connection.opened) {
                m_rows.unattributed(chunk.size);
                return;
            }
            settle(connection);
            feed(connection, chunk);
            return;
        }
        auto held = std::make_unique<HeldChunk>(HeldChunk{chunk, {chunk.bytes.begin(), chunk.bytes.end()}});
        held->chunk.bytes = held->copy;
        connection.heldBytes += chunk.bytes.size();
        m_held += chunk.bytes.size();
        connection.held.push_back(std::move(held));
    }

    void abandon(Connection& connection)
    {
        connection.abandoned = true;
        for (const auto& held : releaseHeld(connection))
            m_rows.unattributed(held->chunk.size);
    }

    std::vector<std::unique_ptr<HeldChunk>> releaseHeld(Connection& connection)
    {
        m_held -= std::exchange(connection.heldBytes, 0);
        return std::exchange(connection.held, {});
    }

    void settle(Connection& connection)
    {
        connection.settled = true;
        m_connections.pair(connection);
        m_owners.identify(connection);
        if (connection.ignored) {
            releaseHeld(connection);
            if (m_capture)
                m_capture->setVerdict(connection.id, CaptureControl::Verdict::Off);
            return;
        }
        m_owners.meetPeer(connection);
        connection.fedAs = connection.side;
        connection.parser.emplace(connection.existed ? protocols::Start::MidStream : protocols::Start::FromFirstByte,
                                  connection.rolesGuessed ? protocols::Roles::Guessed : protocols::Roles::Known, m_routes);
        if (connection.existed)
            connection.parser->quietSince(connection.firstSeen);
        m_rows.onOpened(connection);
        for (const auto& held : releaseHeld(connection))
            feed(connection, held->chunk);
    }

    /// The first bytes told which end is the server.
    void learnRoles(Connection& connection)
    {
        connection.rolesGuessed = false;
        if (!connection.parser->rolesSwapped().value_or(false))
            return;
        connection.side = connection.side == Side::Client ? Side::Server : Side::Client;
        Aggregator::forgetRows(connection);
    }

    void stopParsing(Connection& connection)
    {
        connection.parser.reset();
        connection.notParsed = true;
        if (m_capture)
            m_capture->setVerdict(connection.id, CaptureControl::Verdict::CountOnly);
    }

    void settleAndEnd(Connection& connection)
    {
        settle(connection);
        if (const auto closing = std::move(connection.closing))
            end(connection, *closing);
    }

    void end(Connection& connection, const ConnectionClosed& event)
    {
        if (connection.settled && !connection.ignored)
            finish(connection, event);
        drop(connection);
    }

    void finish(Connection& connection, const ConnectionClosed& event)
    {
        m_rows.onCounters(connection, event.tcp, event.payload, TcpState::Close);
        if (connection.parser) {
            protocols::StreamEnd end;
            end.at = event.at;
            if (event.payload.seenSent + event.payload.seenReceived > 0) {
                const bool client = connection.fedAs == Side::Client;
                end.requestBytes = client ? event.payload.seenSent : event.payload.seenReceived;
                end.responseBytes = client ? event.payload.seenReceived : event.payload.seenSent;
            }
            m_feeding = &connection;
            connection.parser->close(end, *this);
        }
        m_rows.onClosed(connection, event);
    }

    void drop(Connection& connection)
    {
        for (const auto& held : releaseHeld(connection))
            m_rows.unattributed(held->chunk.size);
        if (m_feeding == &connection)
            m_feeding = nullptr;
        m_connections.erase(connection);
    }

    void settleBefore(HostTime end)
    {
        for (const ConnectionId id : m_waiting) {
            Connection* connection = m_connections.find(id);
            if (connection && connection->opened && !connection->settled && connection->openedAt < end)
                settleAndEnd(*connection);
        }
    }

    void learnOfCluster(HostTime now)
    {
        ClusterKnowledgePtr news = m_cluster.takeNews();
        if (!news)
            return;
        if (const auto self = m_options.self.value != 0 ? m_source.read(m_options.self) : std::nullopt) {
            if (const PodPlace place = findPod(*news, self->cgroup.containerId, self->cgroup.podUid); place.pod)
                m_cluster.setOwn(place.pod->workload);
        }
        m_instances.setKnowledge(std::move(news), now);
    }

    void keepHouse()
    {
        m_processes.forget(m_now);
        m_instances.nextSecond();
        std::vector<Connection*> gone;
        m_connections.forEach([&](Connection& connection) {
            const bool closeWasLost = m_sampling && connection.settled && ++connection.secondsWithoutSample > kSecondsWithoutSample;
            if (closeWasLost || (!connection.opened && m_now - connection.firstSeen > kForgetPlaceholder))
                gone.push_back(&connection);
        });
        for (Connection* connection : gone)
            drop(*connection);
        if (++m_seconds % kHouseKeeping == 0)
            m_instances.forget(m_now - kForgetInstance, m_rows.usedInstances());
    }

    Options m_options;
    NatLookup* m_nat = nullptr; // not owned; outlives this because the program says so
    std::vector<NatAnswer> m_backends; // kept for its memory
    std::vector<KnowledgeLimit> m_limits;
    CaptureControl* m_capture; // not owned; outlives this because the program says so
    ProcfsSource m_source;
    ProcessTable m_processes;
    InstanceTable m_instances;
    ListenerTable m_listeners;
    ConnectionTable m_connections;
    PendingConnects m_pending;
    protocols::RouteCache m_routes;
    Aggregator m_rows;
    Owners m_owners{{m_processes, m_instances, m_listeners, m_rows}};
    ClusterRows m_cluster;
    Connection* m_feeding = nullptr; // whose parser is running
    std::vector<ConnectionId> m_waiting;
    std::size_t m_held = 0;
    HostTime m_now{};
    std::uint64_t m_sequence;
    std::uint64_t m_records = 0, m_recordsSealed = 0, m_exchangesSealed = 0;
    std::uint32_t m_seconds = 0;
    bool m_sampling = false;
};

Collector::Collector(Options options, CaptureControl* capture) : m_impl(std::make_unique<Impl>(std::move(options), capture)) {}
Collector::~Collector() = default;

void Collector::setCaptureControl(CaptureControl* capture) { m_impl->setCapture(capture); }
void Collector::setClusterKnowledge(ClusterKnowledgeSource* source) { m_impl->setCluster(source); }
void Collector::setNatLookup(NatLookup* lookup) { m_impl->setNat(lookup); }
void Collector::setLimits(std::vector<KnowledgeLimit> limits) { m_impl->setLimits(std::move(limits)); }
void Collector::seedProcesses() { m_impl->seed(); }
void Collector::begin(TimeRange first, ClockAnchor anchor) { m_impl->begin(first, anchor); }
void Collector::ignoreProcess(ProcessId pid) { m_impl->ignore(pid); }
void Collector::ignoreEndpoint(NetworkNamespace netns, const Endpoint& endpoint) { m_impl->ignore(netns, endpoint); }
void Collector::drained() { m_impl->drained(); }
telemetry::Batch Collector::seal(TimeRange range, ClockAnchor anchor) { return m_impl->seal(range, anchor); }
void Collector::note(HostTime at, EventKind kind, std::string detail) { m_impl->note(at, kind, std::move(detail)); }
void Collector::setBudgetStep(std::uint32_t step) { m_impl->setBudgetStep(step); }
std::uint64_t Collector::recordsSinceStart() const { return m_impl->records(); }
std::uint64_t Collector::exchangesSinceStart() const { return m_impl->exchanges(); }
std::size_t Collector::openConnections() const { return m_impl->connections(); }
void Collector::on(const ConnectionOpened& event) { m_impl->on(event); }
void Collector::on(const ConnectionOwned& event) { m_impl->on(event); }
void Collector::on(const ConnectionClosed& event) { m_impl->on(event); }
void Collector::on(const ConnectFailed& event) { m_impl->on(event); }
void Collector::on(const ListenStarted& event) { m_impl->on(event); }
void Collector::on(const ListenEnded& event) { m_impl->on(event); }
void Collector::on(const ProcessForked& event) { m_impl->on(event); }
void Collector::on(const ProcessExeced& event) { m_impl->on(event); }
void Collector::on(const ProcessExited& event) { m_impl->on(event); }
void Collector::expect(ConnectionId id) { m_impl->expect(id); }
void Collector::on(const DataChunk& event) { m_impl->on(event); }
void Collector::on(const SocketSample& event) { m_impl->on(event); }
void Collector::on(const ConnectPending& event) { m_impl->on(event); }
void Collector::lost(Loss loss, std::uint64_t count) { m_impl->lost(loss, count); }

} // namespace binnacle::agent
