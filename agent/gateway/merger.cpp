// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/merger.h"

#include "agent/gateway/fleet_history.h"
#include "agent/service/wire.h"
#include "core/telemetry/compression.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>

namespace binnacle::agent {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kGather = std::chrono::milliseconds(100); // news of many agents are looked at together
constexpr std::size_t kMostWaiting = 120;               // seconds of one agent that nobody else has come to yet
constexpr std::int64_t kOtherClock = 10;                // seconds: this far from the others it is no delay
constexpr std::size_t kStrings = 2u << 20;              // names of some thousand hosts and services

std::int64_t secondOf(UtcTime at) { return ns(at) / kSecond; }

std::unique_ptr<RollingBuffer> bufferFor(const Merger::Options& options)
{
    BufferOptions buffer;
    buffer.agent = options.identity.agent;
    buffer.memoryBytes = options.memoryBytes;
    buffer.stringBytes = kStrings;
    return std::move(*RollingBuffer::open(buffer)); // in memory: nothing that could fail
}

telemetry::AgentIdentity identityFor(telemetry::AgentIdentity identity, const RollingBuffer& buffer)
{
    identity.epoch = buffer.epoch();
    identity.captureSource = telemetry::kMergedSource;
    return identity;
}

std::string whyMissing(const LinkStatus& status, std::int64_t newest, std::int64_t middle)
{
    if (!status.isConnected)
        return status.why.empty() ? "the agent on " + status.node + " is not connected" : status.why;
    if (newest != 0 && std::abs(newest - middle) > kOtherClock)
        return "the clock of " + status.node + " and those of the other hosts differ by more than " + std::to_string(kOtherClock)
               + " s, or its agent is that far behind; look at its time synchronisation";
    return "what the agent on " + status.node + " saw did not come in time to be merged; `--fleet hosts` reads it from the agent itself";
}

} // namespace

void TailFollower::read()
{
    m_status = m_link->status();
    if (!m_status.identity)
        return;
    if (m_agent != m_status.identity->agent) {
        m_agent = m_status.identity->agent;
        m_place = m_link->tail().atOldest();
        m_batches.clear();
        m_newest = 0;
    }
    while (true) {
        const AgentTail::Step step = m_link->tail().next(m_place);
        if (step.outcome == AgentTail::Outcome::Nothing)
            return;
        if (step.outcome == AgentTail::Outcome::Behind)
            m_place = m_link->tail().atOldest(); // those seconds are past
        else
            take(*step.item);
    }
}

/// What cannot be understood is missing, and said to be.
void TailFollower::take(const v1::StreamItem& item)
{
    if (item.has_opening()) {
        if (const auto dictionary = telemetry::decompress(asBytes(item.opening().dictionary())))
            (void)m_reader.open(telemetry::ChunkKind::Overview, item.opening().segment(), asBytes(*dictionary));
    } else if (item.has_batch()) {
        const v1::ChunkFrame& part = item.batch().overview();
        const auto bytes = telemetry::decompress(asBytes(part.chunk()));
        if (auto batch = bytes ? m_reader.next(telemetry::SegmentReader::ChunkRef{part.segment(), asBytes(*bytes)}, std::nullopt) : std::unexpected(bytes.error()))
            keep(std::move(*batch));
    } else if (item.has_segment()) {
        if (auto batches = telemetry::readSegment(asBytes(item.segment().bytes()))) {
            for (telemetry::Batch& batch : *batches)
                keep(std::move(batch));
        }
    }
}

void TailFollower::keep(telemetry::Batch&& batch)
{
    if (batch.range.length() > Nanoseconds(kSecond)) // a roll-up: its seconds are gone
        return;
    m_newest = std::max(m_newest, secondOf(batch.range.to + Nanoseconds(kSecond - 1)));
    m_batches[secondOf(batch.range.from)].push_back(std::make_shared<const telemetry::Batch>(std::move(batch)));
    while (m_batches.size() > kMostWaiting)
        m_batches.erase(m_batches.begin());
}

std::vector<analysis::BatchPtr> TailFollower::take(std::int64_t second)
{
    std::vector<analysis::BatchPtr> batches;
    if (const auto found = m_batches.find(second); found != m_batches.end())
        batches = std::move(found->second);
    m_batches.erase(m_batches.begin(), m_batches.upper_bound(second));
    return batches;
}

Merger::Merger(const Fleet& fleet, Options options)
    : m_fleet(fleet), m_options(std::move(options)), m_buffer(bufferFor(m_options)), m_identity(identityFor(m_options.identity, *m_buffer))
{
    m_thread = std::thread([this] { run(); });
}

Merger::~Merger() { stop(); }

void Merger::stop()
{
    m_stopping = true;
    if (m_thread.joinable())
        m_thread.join();
}

void Merger::run()
{
    while (!m_stopping) {
        const std::uint64_t version = m_fleet.version();
        follow();
        mergeWhatIsDue();
        m_fleet.waitForNews(version, kPatience);
        std::this_thread::sleep_for(kGather);
    }
}

void Merger::follow()
{
    const std::vector<LinkPtr> links = m_fleet.links();
    if (!std::ranges::equal(links, m_followers, {}, {}, [](const auto& follower) { return follower->link(); }))
        renewFollowers(links);
    for (const auto& follower : m_followers) {
        follower->read();
        if (follower->status().identity)
            m_merge.addAgent(*follower->status().identity);
    }
}

/// Who stays keeps what it has read.
void Merger::renewFollowers(const std::vector<LinkPtr>& links)
{
    std::unordered_map<LinkPtr, std::unique_ptr<TailFollower>> known;
    for (auto& follower : m_followers)
        known.emplace(follower->link(), std::move(follower));
    m_followers.clear();
    for (const LinkPtr& link : links) {
        const auto stays = known.find(link);
        m_followers.push_back(stays != known.end() ? std::move(stays->second) : std::make_unique<TailFollower>(link));
    }
}

/// How far half of the connected hosts are: one whose clock is wrong does not lead the others.
std::int64_t Merger::middle() const
{
    std::vector<std::int64_t> newest;
    for (const auto& follower : m_followers) {
        if (follower->newest() != 0 && follower->status().isConnected)
            newest.push_back(follower->newest());
    }
    if (newest.empty())
        return 0;
    std::ranges::nth_element(newest, newest.begin() + static_cast<std::ptrdiff_t>(newest.size() / 2));
    return newest[newest.size() / 2];
}

bool Merger::isDue(std::int64_t second, std::int64_t middle) const
{
    if (middle <= second)
        return false;
    if (middle > second + m_options.patience)
        return true;
    return std::ranges::none_of(m_followers, [&](const auto& follower) {
        if (!follower->status().isConnected || follower->newest() > second)
            return false;
        const std::int64_t last = follower->newest() != 0 ? follower->newest() : follower->awaitedSince(middle);
        return last + m_options.patience >= middle; // else nobody waits for it any more
    });
}

void Merger::mergeWhatIsDue()
{
    const std::int64_t now = middle();
    if (now == 0)
        return;
    std::int64_t oldest = 0;
    for (const auto& follower : m_followers) {
        if (follower->oldest() != 0)
            oldest = oldest == 0 ? follower->oldest() : std::min(oldest, follower->oldest());
    }
    if (m_next == 0)
        m_next = oldest;
    m_next = std::max(m_next, now - static_cast<std::int64_t>(kMostWaiting)); // all were away for long
    while (!m_stopping && isDue(m_next, now))
        merge(m_next++, now);
}

void Merger::merge(std::int64_t second, std::int64_t middle)
{
    const UtcTime from = utcTime(second * kSecond);
    std::vector<analysis::BatchPtr> batches;
    std::vector<analysis::MissingHost> missing;
    for (const auto& follower : m_followers) {
        std::vector<analysis::BatchPtr> own = follower->take(second);
        if (own.empty()) {
            const LinkStatus& status = follower->status();
            missing.push_back({status.identity ? status.identity->agent : keyOfSilentHost(status.node), status.identity ? status.identity->host : status.node,
                               whyMissing(status, follower->newest(), middle)});
        }
        std::ranges::move(own, std::back_inserter(batches));
    }
    if (batches.empty())
        return; // nobody told anything: a hole, and no batch that says so
    telemetry::Batch sum = m_merge.merge({from, from + Nanoseconds(kSecond)}, batches, missing);
    sum.anchor = m_options.anchor();
    m_buffer->append(std::move(sum));
}

} // namespace binnacle::agent
