// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/live_session.h"

#include "desktop/workspace/save_copy.h"

#include <QThreadPool>

namespace binnacle::desktop {

namespace {

/// What the agents still have of the time before: the first picture is not an empty one.
constexpr Nanoseconds kBefore = std::chrono::minutes(1);

OriginState stateOf(AgentState state)
{
    switch (state) {
    case AgentState::Connecting: return OriginState::Connecting;
    case AgentState::Live:
    case AgentState::CatchingUp: return OriginState::Live;
    case AgentState::Away: return OriginState::Away;
    case AgentState::Refused: break;
    }
    return OriginState::Failed;
}

OriginState stateOf(ClusterState state)
{
    switch (state) {
    case ClusterState::Opening: return OriginState::Connecting;
    case ClusterState::Watching: return OriginState::Live;
    case ClusterState::Away: return OriginState::Away;
    case ClusterState::Refused: break;
    }
    return OriginState::Failed;
}

/// A cluster that is there but has no agents is as good as away: there is something to do.
Origin originOf(const ClusterStatus& cluster)
{
    const std::string name = cluster.context.empty() ? "the current context" : "context " + cluster.context;
    Origin origin{OriginKind::Cluster, stateOf(cluster.state), name, cluster.trouble ? cluster.trouble->what : std::string(), cluster.context};
    for (const std::string& limit : cluster.limits)
        origin.sentence += (origin.sentence.empty() ? "" : " ") + limit;
    if (origin.state == OriginState::Live && cluster.trouble)
        origin.state = OriginState::Away;
    if (origin.sentence.empty())
        origin.sentence = cluster.leftOut;
    return origin;
}

Origin originOf(const AgentStatus& agent)
{
    const bool isNamedByPath = agent.target.label.empty();
    Origin origin{OriginKind::Agent, stateOf(agent.state), agent.identity && isNamedByPath ? agent.identity->host : agent.target.toWords(), {}, agent.target.context};
    const bool well = origin.state == OriginState::Live || origin.state == OriginState::Connecting;
    if (agent.trouble && !well)
        origin.sentence = agent.trouble->what;
    return origin;
}

RecordingState recordingOf(const RecorderStatus& status)
{
    RecordingState recording{.recording = !status.storeTrouble, .temporary = status.temporary, .file = status.file.string(), .bytes = status.bytes};
    if (status.storeTrouble)
        recording.trouble = status.storeTrouble->what;
    return recording;
}

} // namespace

Result<std::shared_ptr<LiveSession>> LiveSession::start(LiveWish wish, const std::filesystem::path& file)
{
    std::shared_ptr<LiveSession> session(new LiveSession);
    const std::shared_ptr<Filled>& filled = session->filled();
    for (const ClusterWish& cluster : wish.clusters)
        filled->origins.push_back(originOf(ClusterStatus{.wish = cluster, .context = cluster.context}));
    for (const Target& target : wish.targets)
        filled->origins.push_back({OriginKind::Agent, OriginState::Connecting, target.toWords(), {}});
    RecorderListeners listeners;
    listeners.batch = [filled](const std::shared_ptr<const telemetry::Batch>& batch) {
        if (batch->overview) { // detail may come as a batch of its own; frames are made of overviews
            filled->frames.add(*batch);
            noteAdded(*filled);
        }
    };
    listeners.identity = [filled](const telemetry::AgentIdentity& identity) { filled->frames.addAgent(identity); };
    listeners.silent = [filled](const std::vector<telemetry::Gap>& gaps) {
        filled->frames.setSilent(gaps);
        noteAdded(*filled);
    };
    listeners.gap = [filled](const telemetry::Gap& gap) {
        filled->frames.addGap(gap);
        noteAdded(*filled);
    };
    listeners.status = [filled](const RecorderStatus& status) {
        std::vector<Origin> origins;
        for (const ClusterStatus& cluster : status.clusters)
            origins.push_back(originOf(cluster));
        for (const AgentStatus& agent : status.agents) {
            origins.push_back(originOf(agent));
            if (agent.identity)
                filled->frames.addAgent(*agent.identity);
        }
        const std::lock_guard lock(filled->mutex);
        filled->origins = std::move(origins);
        filled->recording = recordingOf(status);
    };
    auto recorder = Recorder::start({.targets = std::move(wish.targets), .file = file, .last = kBefore, .detail = true, .clusters = std::move(wish.clusters), .kube = std::move(wish.kube), .ssh = std::move(wish.ssh)},
                                    std::move(listeners));
    if (!recorder)
        return std::unexpected(std::move(recorder).error());
    session->m_recorder = std::move(*recorder);
    return session;
}

LiveSession::~LiveSession()
{
    // Ending closes streams and the file, which may take a second: not on the UI thread.
    QThreadPool::globalInstance()->start([recorder = std::move(m_recorder)]() mutable { recorder.reset(); });
}

RecordingState LiveSession::recording() const
{
    RecordingState state = FrameStoreSource::recording();
    if (m_savedBatches != 0 && m_recorder->status().batches == m_savedBatches)
        state.temporary = false; // nothing came since it was saved
    return state;
}

void LiveSession::retry() { m_recorder->retry(); }

Result<void> LiveSession::saveAs(const std::string& file)
{
    const std::uint64_t batches = m_recorder->status().batches;
    BN_TRY(saveCopy(file, [this](const std::filesystem::path& part) { return m_recorder->saveAs(part); }));
    m_savedBatches = batches;
    return {};
}

} // namespace binnacle::desktop
