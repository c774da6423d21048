// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_inventory.h"

#include "core/telemetry/dictionary_builder.h"

#include <algorithm>
#include <utility>

#ifndef BINNACLE_VERSION
#define BINNACLE_VERSION "0.0.0"
#endif

namespace binnacle::desktop {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);
constexpr auto kLook = std::chrono::milliseconds(50);
constexpr auto kPatience = std::chrono::seconds(2);   // with kinds that take longer than the pods
constexpr auto kStillThere = std::chrono::seconds(3); // an answer that late is no gap

/// A cluster is larger than a host: its names have to find room in one segment.  And they hardly change: a segment of a minute says them
/// once where six of ten seconds would say them six times (docs/adr/0009-inventory-segments-of-a-minute.md).
constexpr telemetry::SegmentLimits kLimits{.batches = 64, .bytes = 16u << 20, .clusterStrings = 32u << 20};

Nanoseconds steadyNow() { return std::chrono::steady_clock::now().time_since_epoch(); }

UtcTime secondOf(UtcTime at) { return std::chrono::floor<std::chrono::seconds>(at); }

bool beginsTenSeconds(UtcTime at) { return secondOf(at) == at && at.time_since_epoch() / kSecond % 10 == 0; }

/// Nothing is lost by it, since the list was made up for; but what happened meanwhile was seen late.
void addSilence(telemetry::Batch& batch, Nanoseconds silence)
{
    const auto seconds = static_cast<std::uint64_t>(silence / kSecond);
    telemetry::DictionaryBuilder names(*batch.dictionary);
    const std::uint32_t what = names.string("kubernetes_unanswered");
    const std::uint32_t advice = names.string("The API server did not answer for " + std::to_string(seconds) + " s; what changed in the cluster meanwhile was seen late.");
    batch.overview->coverage.push_back({telemetry::kNone, what, seconds, seconds, advice});
    batch.dictionary = names.take();
}

} // namespace

InventoryBatches::InventoryBatches(const InventoryWatch& watch, std::string context, std::uint32_t epoch) : m_watch(watch)
{
    m_identity.agent = EntityKey::ofText("inventory\n" + watch.clusterUid() + '\n' + context);
    m_identity.host = "cluster inventory (context " + context + ')';
    m_identity.version = BINNACLE_VERSION;
    m_identity.epoch = epoch;
    m_identity.captureSource = telemetry::kInventorySource;
}

telemetry::Batch InventoryBatches::next(TimeRange range)
{
    const std::uint64_t version = m_watch.version(); // before the rows: what changes in between is told again
    const bool isNew = m_version != version;
    if (isNew)
        m_rows = m_watch.rows();
    m_version = version;
    telemetry::Batch batch;
    batch.key = {m_identity.agent, m_identity.epoch, ++m_sequence};
    batch.range = range;
    batch.anchor = {HostTime(steadyNow()), range.to, kSecond};
    batch.dictionary = m_rows.dictionary;
    telemetry::Overview& overview = batch.overview.emplace();
    overview.presence = m_rows.presence;
    overview.coverage = m_rows.coverage;
    if (isNew || beginsTenSeconds(range.from))
        overview.addresses = m_rows.addresses;
    return batch;
}

ClusterInventory::ClusterInventory(kube::HttpClient& client, std::string context, kube::WatchOptions options, Sink sink)
    : m_context(std::move(context)), m_sink(std::move(sink)), m_watch(client, options), m_encoder(telemetry::Level::Second, kLimits)
{
    m_thread = std::thread([this] { run(); });
}

ClusterInventory::~ClusterInventory() { stop(); }

void ClusterInventory::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isOver = true;
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

ClusterInventory::Status ClusterInventory::status() const
{
    Status status;
    status.away = m_watch.away();
    for (const kube::objects::InventoryLimit& limit : m_watch.limits())
        status.limits.push_back(limit.advice);
    const std::lock_guard lock(m_mutex);
    status.speaks = m_speaks;
    return status;
}

/// False: it is time to stop.
bool ClusterInventory::pause(Nanoseconds time)
{
    std::unique_lock lock(m_mutex);
    return !m_wake.wait_for(lock, time, [this] { return m_isOver; });
}

/// Session time where agents made it; else the cluster's own, and this machine's only when nobody else says what time it is.
UtcTime ClusterInventory::now() const
{
    const auto session = m_sink.sessionOffset ? m_sink.sessionOffset() : std::nullopt;
    const auto offset = session ? session : m_watch.serverOffset();
    return offset ? UtcTime(steadyNow() + *offset) : utcNow();
}

bool ClusterInventory::begin()
{
    const bool isLate = InventoryWatch::Clock::now() - m_startedAt >= kPatience;
    if (!(m_watch.isSettled() && m_watch.hasAnything()) && !(isLate && m_watch.hasPods()))
        return false;
    const auto epoch = static_cast<std::uint32_t>(utcNow().time_since_epoch() / kSecond);
    m_batches.emplace(m_watch, m_context, epoch);
    m_sink.began(m_batches->identity());
    const std::lock_guard lock(m_mutex);
    m_speaks = true;
    return true;
}

void ClusterInventory::speak(TimeRange range)
{
    auto batch = std::make_shared<telemetry::Batch>(m_batches->next(range));
    if (m_toldTo != UtcTime{} && range.from - m_toldTo >= kStillThere)
        addSilence(*batch, range.from - m_toldTo);
    auto encoded = m_encoder.append(*batch);
    m_toldTo = range.to;
    m_sink.item(DecodedChunk{std::move(*encoded.overview), std::nullopt, std::move(batch)});
}

void ClusterInventory::run()
{
    while (!m_batches) {
        if (!pause(kLook))
            return;
        m_watch.tick();
        begin();
    }
    // The second under way is told at once as far as it has come, and its rest when it is over.
    UtcTime from = secondOf(now()), to = now();
    while (true) {
        if (from < to && !m_watch.away())
            speak({from, to});
        from = to;
        to = secondOf(from) + kSecond;
        for (UtcTime present = now(); present < to; present = now()) {
            if (to - present > kSecond) { // agents say that it is earlier
                from = secondOf(present);
                to = from + kSecond;
            }
            if (!pause(to - present + std::chrono::milliseconds(1)))
                return;
        }
        m_watch.tick();
        if (const UtcTime present = secondOf(now()); present > to) { // this machine slept, or agents say that it is later
            from = present - kSecond;
            to = present;
        }
    }
}

} // namespace binnacle::desktop
