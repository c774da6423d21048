// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/recorder.h"

#include <algorithm>
#include <thread>

namespace binnacle::desktop {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kAnswerPatience = std::chrono::seconds(10);
constexpr auto kClusterPatience = std::chrono::seconds(30); // a credential plugin may ask a person
constexpr auto kEndPatience = std::chrono::seconds(5);    // past the end, for an agent that is away
constexpr auto kDetailPatience = std::chrono::seconds(2); // detail follows its overview
constexpr auto kLook = std::chrono::milliseconds(50);

bool hasAnswered(const AgentStatus& agent) { return agent.identity.has_value(); }

/// An agent that may still answer, or a cluster that may still name one.
bool mayCome(const RecorderStatus& status, Clock::duration waited)
{
    const bool anyAgent = std::ranges::any_of(status.agents, [](const AgentStatus& agent) { return agent.state != AgentState::Refused; });
    if (anyAgent && waited < kAnswerPatience)
        return true;
    return std::ranges::any_of(status.clusters, [waited](const ClusterStatus& cluster) {
        const bool isOpening = cluster.state == ClusterState::Opening || cluster.state == ClusterState::Away;
        const bool hasAgents = cluster.state == ClusterState::Watching && cluster.agents > 0;
        return (isOpening || hasAgents) && waited < kClusterPatience;
    });
}

/// The whole wish is hopeless: nobody is there, or nobody wants us.
std::optional<Error> whyNobody(const RecorderStatus& status, Clock::duration waited)
{
    if (std::ranges::any_of(status.agents, hasAnswered) || mayCome(status, waited))
        return std::nullopt;
    for (const AgentStatus& agent : status.agents) {
        if (agent.trouble)
            return agent.trouble;
    }
    for (const ClusterStatus& cluster : status.clusters) {
        if (cluster.trouble)
            return cluster.trouble;
        if (cluster.state == ClusterState::Opening)
            return Error{ErrorCode::Unavailable, "context " + cluster.context + " did not say within 30 s which agents there are; `binnacle diagnose --context "
                                                     + cluster.context + "` shows which step takes so long"};
    }
    return Error{ErrorCode::Unavailable, "no agent answered within 10 s; check the address, and that `binnacle-agent run` runs there"};
}

/// Whether this agent's batches reach the end that was asked for.
class EndWatch {
public:
    EndWatch(Nanoseconds duration, bool detail) : m_duration(duration), m_detail(detail) {}

    bool isReached(const RecorderStatus& status, Clock::time_point now)
    {
        const auto isCovered = [&](const AgentStatus& agent) { return hasAnswered(agent) && agent.coveredTo >= agent.connectedAt + m_duration; };
        if (status.agents.empty() || !std::ranges::all_of(status.agents, isCovered))
            return false;
        if (m_coveredAt == Clock::time_point{})
            m_coveredAt = now;
        const auto hasDetail = [&](const AgentStatus& agent) { return agent.detailCoveredTo >= agent.connectedAt + m_duration; };
        return !m_detail || std::ranges::all_of(status.agents, hasDetail) || now - m_coveredAt > kDetailPatience;
    }

private:
    Nanoseconds m_duration;
    bool m_detail;
    Clock::time_point m_coveredAt{};
};

void removeEmpty(const std::filesystem::path& file)
{
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
}

} // namespace

Result<RecorderStatus> recordFor(const RecordJob& job, const std::function<void(const RecorderStatus&)>& progress, const std::atomic<bool>& cancel)
{
    if (job.targets.empty() && job.clusters.empty())
        return failure(ErrorCode::Invalid, "there is no agent to record; name one with --agent HOST:PORT, unix:PATH or ssh://HOST");
    auto recorder = Recorder::start({job.targets, job.file, job.last, job.detail, job.clusters, job.kube, job.ssh}, {});
    if (!recorder)
        return std::unexpected(std::move(recorder).error());
    auto began = Clock::now();
    auto lastProgress = began;
    bool hasBegun = false;
    EndWatch end(job.duration, job.detail);
    while (!cancel) {
        std::this_thread::sleep_for(kLook);
        const auto now = Clock::now();
        const RecorderStatus status = (*recorder)->status();
        if (auto nobody = whyNobody(status, now - began)) {
            (void)(*recorder)->stop();
            removeEmpty(job.file);
            return std::unexpected(std::move(*nobody));
        }
        if (!hasBegun && std::ranges::any_of(status.agents, hasAnswered)) {
            hasBegun = true;
            began = now; // reaching a cluster takes its time
        }
        if (status.storeTrouble || end.isReached(status, now) || now - began > job.duration + kEndPatience + kAnswerPatience)
            break;
        if (progress && now - lastProgress >= std::chrono::seconds(1)) {
            lastProgress = now;
            progress(status);
        }
    }
    const auto fetched = job.detail ? (*recorder)->fetchDetail() : Result<void>();
    const auto stopped = (*recorder)->stop();
    if (!fetched)
        return std::unexpected(Error(fetched.error()).within("overviews are recorded; spans could not be fetched through the gateway"));
    if (!stopped)
        return std::unexpected(stopped.error());
    return (*recorder)->status();
}

} // namespace binnacle::desktop
