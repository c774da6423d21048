// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/recorder.h"

#include "core/base/bounded_queue.h"
#include "core/session/session_writer.h"
#include "desktop/ingest/agent_client.h"
#include "desktop/ingest/clock_aligner.h"
#include "desktop/ingest/cluster_targets.h"
#include "desktop/ingest/ssh_links.h"
#include "desktop/ingest/unsaved_recordings.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace binnacle::desktop {
namespace {

constexpr std::size_t kQueueLimit = 512;
constexpr std::size_t kDetailLimit = kQueueLimit / 2; // fuller than this, overviews have the rest to themselves
constexpr auto kBeat = std::chrono::seconds(1);
constexpr auto kPopPatience = std::chrono::milliseconds(100);
constexpr auto kRetry = std::chrono::milliseconds(5);
constexpr auto kStillThere = std::chrono::seconds(3); // an agent's last batch is that much older than the others' when it has gone
constexpr auto kSilent = std::chrono::seconds(5);     // what comes is never that late: analysis::kAgentPatience
constexpr std::array kPingPauses{std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(5)}; // then the last for good

/// What the store thread is given.
using StoreItem = std::variant<telemetry::AgentIdentity, Decoded, session::ClockOffset>;
using StoreItemPtr = std::shared_ptr<StoreItem>;

std::uint64_t spansIn(const telemetry::Batch& batch) { return batch.detail ? batch.detail->spans.size() : 0; }

} // namespace

class Recorder::Private {
public:
    Private(RecorderOptions options, RecorderListeners listeners) : m_options(std::move(options)), m_listeners(std::move(listeners)), m_queue(kQueueLimit) {}

    Result<void> begin();
    void addClient(Target target);
    void removeClient(const Target& target);
    std::optional<Error> whyAway(const Target& target) const;
    void hurry() const;
    RecorderStatus status() const;
    void retry();
    Result<void> fetchDetail();
    void end();
    void closeWithGap(const AgentStatus& agent);
    void forget(const AgentStatus& agent);

    // Reading threads.
    struct DetailGate {
        std::uint64_t droppedSegment = 0; // of which chunks are missing: the rest of it cannot be read
        std::uint32_t epoch = 0;
    };
    void takeItem(DetailGate& gate, Decoded&& item);
    bool mustDrop(DetailGate& gate, const Decoded& item) const;
    void hand(StoreItemPtr item);

    // Store thread.
    void runStore();
    void store(StoreItem& item);
    void storeDecoded(Decoded& item);
    void storeChunk(const DecodedChunk& decoded);
    void noteWritten(const Result<void>& written);
    void noteBatch(const std::shared_ptr<const telemetry::Batch>& batch);
    void storeDropped();
    void tellSilent(const RecorderStatus& present);

    // Clock thread.
    void runClock();
    void pingAll();

    const RecorderOptions m_options;
    const RecorderListeners m_listeners;
    std::filesystem::path m_file;
    bool m_temporary = false;
    std::unique_ptr<session::SessionWriter> m_writer; // store thread, once it runs
    BoundedQueue<StoreItemPtr> m_queue;
    std::atomic<bool> m_stopping{false};
    std::atomic<bool> m_changed{true};
    std::atomic<std::uint64_t> m_droppedSpans{0};
    std::uint64_t m_droppedTold = 0; // store thread
    bool m_toldSilent = false;       // store thread

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::vector<std::shared_ptr<AgentClient>> m_clients; // guarded by m_mutex, as below
    RecorderStatus m_status;                             // without agents
    ClockAligner m_clocks;
    Result<void> m_outcome;
    bool m_isOver = false;

    std::thread m_storeThread, m_clockThread;
    std::unique_ptr<ClusterTargets> m_clusters; // last: its thread calls addClient and removeClient
};

Result<void> Recorder::Private::begin()
{
    m_temporary = m_options.file.empty();
    if (m_temporary) {
        auto path = unsavedRecordingPath();
        if (!path)
            return std::unexpected(std::move(path).error().within("recording"));
        m_file = std::move(*path);
    } else {
        m_file = m_options.file;
    }
    m_status.file = m_file;
    m_status.temporary = m_temporary;
    session::WriterOptions how;
    how.ifExists = session::WriterOptions::IfExists::Replace;
    how.programVersion = BINNACLE_VERSION;
    auto writer = session::SessionWriter::create(m_file, how);
    if (!writer)
        return std::unexpected(std::move(writer).error());
    m_writer = std::move(*writer);
    m_storeThread = std::thread([this] { runStore(); });
    m_clockThread = std::thread([this] { runClock(); });
    if (!m_options.clusters.empty()) {
        ClusterTargets::Sink sink{[this](const Target& target) { addClient(target); }, [this](const Target& target) { removeClient(target); },
                                  [this] { m_changed = true; }, {}};
        sink.inventory.began = [this](const telemetry::AgentIdentity& identity) { hand(std::make_shared<StoreItem>(identity)); };
        sink.inventory.item = [this](Decoded&& item) { hand(std::make_shared<StoreItem>(std::move(item))); };
        sink.inventory.sessionOffset = [this] {
            const std::lock_guard lock(m_mutex);
            return m_clocks.sessionOffset();
        };
        m_clusters = std::make_unique<ClusterTargets>(m_options.kube, m_options.clusters, std::move(sink));
    }
    for (const Target& target : m_options.targets)
        addClient(target);
    if (m_options.ssh)
        m_options.ssh->onChange([this] { hurry(); });
    if (m_clusters)
        m_clusters->start();
    return {};
}

void Recorder::Private::addClient(Target target)
{
    AgentClientOptions options;
    options.target = std::move(target);
    options.last = m_options.last;
    options.detail = m_options.detail;
    options.explain = [this](const Target& of) { return whyAway(of); };
    const auto gate = std::make_shared<DetailGate>();
    AgentClient::Sink sink{[this](const telemetry::AgentIdentity& identity) { hand(std::make_shared<StoreItem>(identity)); },
                           [this, gate](Decoded&& item) { takeItem(*gate, std::move(item)); }, [this] { m_changed = true; },
                           [this](const AgentStatus& agent) { forget(agent); }};
    auto client = std::make_shared<AgentClient>(std::move(options), std::move(sink));
    const std::lock_guard lock(m_mutex);
    m_clients.push_back(std::move(client));
}

/// What lies between here and an agent, if anything does.
std::optional<Error> Recorder::Private::whyAway(const Target& target) const
{
    auto why = m_options.ssh ? m_options.ssh->whyAway(target) : std::nullopt;
    return why || !m_clusters ? why : m_clusters->whyAway(target);
}

RecorderStatus Recorder::Private::status() const
{
    const std::lock_guard lock(m_mutex);
    RecorderStatus status = m_status;
    status.detailDropped = m_droppedSpans;
    for (const auto& client : m_clients) {
        for (AgentStatus& agent : client->statuses()) {
            if (agent.identity)
                agent.clock = m_clocks.offsetOf(agent.identity->agent);
            status.agents.push_back(std::move(agent));
        }
    }
    if (m_clusters)
        status.clusters = m_clusters->status();
    return status;
}

void Recorder::Private::retry()
{
    if (m_clusters)
        m_clusters->retry();
    if (m_options.ssh)
        m_options.ssh->retry();
    hurry();
}

/// Connects again at once to what waits.
void Recorder::Private::hurry() const
{
    const std::lock_guard lock(m_mutex);
    for (const auto& client : m_clients)
        client->retryNow();
}

Result<void> Recorder::Private::fetchDetail()
{
    std::vector<std::shared_ptr<AgentClient>> clients;
    TimeRange range;
    {
        const std::lock_guard lock(m_mutex);
        clients = m_clients;
        range = m_status.covered;
    }
    Result<void> outcome;
    for (const auto& client : clients) {
        const auto fetched = client->fetchDetail(range, [this](Decoded&& item) { hand(std::make_shared<StoreItem>(std::move(item))); });
        outcome = outcome ? fetched : outcome;
    }
    return outcome;
}

void Recorder::Private::removeClient(const Target& target)
{
    std::shared_ptr<AgentClient> removed;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::ranges::find_if(m_clients, [&](const auto& client) { return client->target() == target; });
        if (found == m_clients.end())
            return;
        removed = *found;
        m_clients.erase(found);
    }
    removed->stop();
    for (const AgentStatus& agent : removed->statuses())
        forget(agent);
    m_changed = true;
}

/// An agent that is not read any more.
void Recorder::Private::forget(const AgentStatus& agent)
{
    if (agent.identity) {
        const std::lock_guard lock(m_mutex);
        m_clocks.forget(agent.identity->agent);
    }
    closeWithGap(agent);
}

/// An agent that is not there at the end of the recording: what its host did meanwhile is unknown, and not nothing.
void Recorder::Private::closeWithGap(const AgentStatus& agent)
{
    TimeRange missing;
    {
        const std::lock_guard lock(m_mutex);
        missing = {agent.coveredTo, m_status.covered.to};
    }
    if (!agent.identity || agent.coveredTo == UtcTime{} || missing.to - missing.from < kStillThere)
        return;
    const std::string why = agent.trouble ? agent.trouble->what : "the agent was no longer there";
    hand(std::make_shared<StoreItem>(Decoded(telemetry::Gap{agent.identity->agent, missing, Loss::AgentGap, why})));
}

/// Detail gives way when the store is slow; and what is left of a segment with a hole is of no use.
bool Recorder::Private::mustDrop(DetailGate& gate, const Decoded& item) const
{
    const bool isSlow = m_queue.size() > kDetailLimit;
    if (const auto* segment = std::get_if<DecodedSegment>(&item))
        return isSlow && segment->header.kind == telemetry::ChunkKind::Detail;
    const auto* decoded = std::get_if<DecodedChunk>(&item);
    if (!decoded || decoded->chunk.kind != telemetry::ChunkKind::Detail)
        return false;
    const telemetry::EncodedChunk& chunk = decoded->chunk;
    if (isSlow)
        gate = {chunk.segment, chunk.key.epoch};
    return isSlow || (gate.droppedSegment == chunk.segment && gate.epoch == chunk.key.epoch);
}

void Recorder::Private::takeItem(DetailGate& gate, Decoded&& item)
{
    if (!mustDrop(gate, item)) {
        hand(std::make_shared<StoreItem>(std::move(item)));
        return;
    }
    if (const auto* chunk = std::get_if<DecodedChunk>(&item))
        m_droppedSpans += spansIn(*chunk->batch);
    if (const auto* segment = std::get_if<DecodedSegment>(&item)) {
        for (const auto& batch : segment->batches)
            m_droppedSpans += spansIn(*batch);
    }
}

/// Waits while the queue is full: flow control then holds the agent back.  It is closed after all who hand have ended.
void Recorder::Private::hand(StoreItemPtr item)
{
    while (!m_queue.push(item) && !m_queue.isClosed())
        std::this_thread::sleep_for(kRetry);
}

void Recorder::Private::runStore()
{
    auto lastStatus = std::chrono::steady_clock::time_point{};
    while (!m_queue.isClosed() || m_queue.size() > 0) {
        if (auto item = m_queue.pop(kPopPatience))
            store(**item);
        storeDropped();
        const auto now = std::chrono::steady_clock::now();
        if (m_changed.exchange(false) || now - lastStatus >= kBeat) {
            lastStatus = now;
            const RecorderStatus present = status();
            tellSilent(present);
            if (m_listeners.status)
                m_listeners.status(present);
        }
    }
    const auto closed = m_writer->close();
    noteWritten(closed);
    m_writer.reset();
}

/// What an agent's host does while nothing comes from it is unknown, and not nothing: the time is a gap for as long as it lasts.
void Recorder::Private::tellSilent(const RecorderStatus& present)
{
    if (!m_listeners.silent)
        return;
    std::optional<Nanoseconds> offset;
    {
        const std::lock_guard lock(m_mutex);
        offset = m_clocks.sessionOffset();
    }
    std::vector<telemetry::Gap> silent;
    for (const AgentStatus& agent : present.agents) {
        const UtcTime now = std::max(offset ? UtcTime(std::chrono::steady_clock::now().time_since_epoch() + *offset) : UtcTime{}, present.covered.to);
        if (!agent.identity || agent.coveredTo == UtcTime{} || now - agent.coveredTo < kSilent)
            continue;
        const std::string why = agent.trouble ? agent.trouble->what : "nothing comes from the agent at the moment";
        silent.push_back({agent.identity->agent, {agent.coveredTo, std::chrono::floor<std::chrono::seconds>(now)}, Loss::AgentGap, why});
    }
    if (!silent.empty() || m_toldSilent)
        m_listeners.silent(silent);
    m_toldSilent = !silent.empty();
}

void Recorder::Private::store(StoreItem& item)
{
    if (const auto* identity = std::get_if<telemetry::AgentIdentity>(&item)) {
        noteWritten(m_writer->addAgent(*identity));
        if (m_listeners.identity)
            m_listeners.identity(*identity);
    } else if (auto* decoded = std::get_if<Decoded>(&item))
        storeDecoded(*decoded);
    else
        noteWritten(m_writer->addClockOffset(std::get<session::ClockOffset>(item)));
}

void Recorder::Private::storeDecoded(Decoded& item)
{
    if (const auto* chunk = std::get_if<DecodedChunk>(&item)) {
        storeChunk(*chunk);
    } else if (const auto* segment = std::get_if<DecodedSegment>(&item)) {
        noteWritten(m_writer->appendSegment(asBytes(segment->bytes)));
        for (const auto& batch : segment->batches)
            noteBatch(batch);
    } else if (const auto& gap = std::get<telemetry::Gap>(item); true) {
        noteWritten(m_writer->addGap(gap));
        if (m_listeners.gap)
            m_listeners.gap(gap);
    }
}

void Recorder::Private::storeChunk(const DecodedChunk& decoded)
{
    const telemetry::EncodedChunk& chunk = decoded.chunk;
    if (decoded.opening)
        m_writer->openDictionary(chunk.key.agent, chunk.key.epoch, chunk.kind, chunk.segment, *decoded.opening);
    noteWritten(m_writer->append(chunk));
    noteBatch(decoded.batch);
}

void Recorder::Private::noteWritten(const Result<void>& written)
{
    const std::lock_guard lock(m_mutex);
    m_status.bytes = m_writer->writtenBytes();
    if (written || m_status.storeTrouble)
        return;
    m_status.storeTrouble = written.error();
    m_outcome = written;
    m_changed = true;
}

void Recorder::Private::noteBatch(const std::shared_ptr<const telemetry::Batch>& batch)
{
    {
        const std::lock_guard lock(m_mutex);
        TimeRange& covered = m_status.covered;
        covered.from = covered.to == UtcTime{} ? batch->range.from : std::min(covered.from, batch->range.from);
        covered.to = std::max(covered.to, batch->range.to);
        m_status.batches += batch->overview.has_value();
    }
    if (m_listeners.batch)
        m_listeners.batch(batch);
}

void Recorder::Private::storeDropped()
{
    const std::uint64_t dropped = m_droppedSpans;
    if (dropped > m_droppedTold)
        noteWritten(m_writer->addLoss(Loss::StoreOverrun, dropped - std::exchange(m_droppedTold, dropped)));
}

void Recorder::Private::runClock()
{
    std::size_t round = 0;
    std::unique_lock lock(m_mutex);
    while (!m_wake.wait_for(lock, kPingPauses[std::min(round, kPingPauses.size() - 1)], [this] { return m_isOver; })) {
        ++round;
        lock.unlock();
        pingAll();
        lock.lock();
    }
}

void Recorder::Private::pingAll()
{
    std::vector<std::shared_ptr<AgentClient>> clients;
    {
        const std::lock_guard lock(m_mutex);
        clients = m_clients;
    }
    std::map<EntityKey, UtcTime> asked;
    for (const auto& client : clients) {
        client->checkAlive();
        for (const auto& [agent, reading] : client->ping()) {
            const std::lock_guard lock(m_mutex);
            m_clocks.add(agent, reading);
            asked[agent] = reading.remote;
        }
    }
    std::vector<ClockOffset> offsets;
    {
        const std::lock_guard lock(m_mutex);
        offsets = m_clocks.offsets();
    }
    for (const ClockOffset& offset : offsets) {
        // The session's offset is what brings the agent's clock to session time.
        if (const auto at = asked.find(offset.agent); at != asked.end() && !m_stopping)
            hand(std::make_shared<StoreItem>(session::ClockOffset{offset.agent, at->second, -offset.offset, offset.error}));
    }
}

void Recorder::Private::end()
{
    if (m_options.ssh)
        m_options.ssh->onChange({});
    if (m_clusters)
        m_clusters->stop();
    std::vector<std::shared_ptr<AgentClient>> clients;
    {
        const std::lock_guard lock(m_mutex);
        if (std::exchange(m_isOver, true))
            return;
        clients = m_clients;
    }
    m_wake.notify_all();
    m_stopping = true;
    for (const auto& client : clients) {
        client->stop();
        for (const AgentStatus& agent : client->statuses()) {
            if (agent.state == AgentState::Away || agent.state == AgentState::Refused)
                closeWithGap(agent);
        }
    }
    if (m_clockThread.joinable())
        m_clockThread.join();
    m_queue.close();
    if (m_storeThread.joinable())
        m_storeThread.join();
}

Recorder::Recorder(std::unique_ptr<Private> state) : d(std::move(state)) {}

Recorder::~Recorder()
{
    d->end();
    if (d->m_temporary)
        removeRecording(d->m_file);
}

Result<std::unique_ptr<Recorder>> Recorder::start(RecorderOptions options, RecorderListeners listeners)
{
    auto state = std::make_unique<Private>(std::move(options), std::move(listeners));
    BN_TRY(state->begin());
    return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

void Recorder::addTarget(Target target) { d->addClient(std::move(target)); }

void Recorder::removeTarget(const Target& target) { d->removeClient(target); }

void Recorder::retry() { d->retry(); }

Result<void> Recorder::fetchDetail() { return d->fetchDetail(); }

RecorderStatus Recorder::status() const { return d->status(); }

std::filesystem::path Recorder::file() const { return d->m_file; }

Result<void> Recorder::saveAs(const std::filesystem::path& path) { return session::copySession(d->m_file, path); }

Result<void> Recorder::stop()
{
    d->end();
    const std::lock_guard lock(d->m_mutex);
    return d->m_outcome;
}

} // namespace binnacle::desktop
