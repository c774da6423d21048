// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/words.h"
#include "desktop/cli/commands.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/recorder.h"
#include "desktop/ingest/ssh_links.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>

namespace binnacle::desktop {

namespace {

std::atomic<bool> cancelled = false; // set by a signal handler: the one thing that it may do

extern "C" void cancelRecording(int) { cancelled = true; }

/// Ctrl-C ends the recording with what there is, while this lives.
class CancelOnSignal {
public:
    CancelOnSignal()
    {
        cancelled = false;
        m_interrupt = std::signal(SIGINT, cancelRecording);
        m_terminate = std::signal(SIGTERM, cancelRecording);
    }
    ~CancelOnSignal()
    {
        std::signal(SIGINT, m_interrupt);
        std::signal(SIGTERM, m_terminate);
    }
    CancelOnSignal(const CancelOnSignal&) = delete;
    CancelOnSignal& operator=(const CancelOnSignal&) = delete;

private:
    void (*m_interrupt)(int);
    void (*m_terminate)(int);
};

Result<Nanoseconds> durationOf(const char* option, const std::string& text)
{
    if (const auto duration = parseDuration(text))
        return *duration;
    return failure(ErrorCode::Invalid, std::string(option) + ": `" + text + "` is no duration; write 30s, 5m or 1h30m");
}

/// Says when an agent or a cluster goes away, with the reason, and when it is back: while it lasts, the file has a gap that nobody would see.
class Absences {
public:
    void tell(const RecorderStatus& status)
    {
        for (const AgentStatus& agent : status.agents) {
            const bool isAway = agent.state == AgentState::Away || agent.state == AgentState::Refused;
            tell(agent.target.toWords(), isAway ? agent.trouble : std::nullopt, agent.state != AgentState::Connecting);
        }
        for (const ClusterStatus& cluster : status.clusters)
            tell("context " + cluster.context, cluster.trouble, cluster.state == ClusterState::Watching);
    }

private:
    /// Once an absence, though the sentence may change while it lasts.
    void tell(const std::string& who, const std::optional<Error>& trouble, bool works)
    {
        bool& isTold = m_told[who];
        if (trouble && !isTold)
            std::fprintf(stderr, "%s: %s\n", who.c_str(), trouble->what.c_str());
        else if (!trouble && isTold && works)
            std::fprintf(stderr, "%s: back\n", who.c_str());
        if (trouble || works)
            isTold = trouble.has_value();
    }

    std::map<std::string, bool> m_told; // by name: whether it was said to be away
};

void say(const RecorderStatus& status)
{
    std::fprintf(stderr, "%s recorded, %s batches, %s\n", analysis::durationWords(status.covered.length()).c_str(),
                 analysis::countWords(status.batches).c_str(), analysis::bytesWords(status.bytes).c_str());
}

void sayTroubles(const RecorderStatus& status)
{
    for (const AgentStatus& agent : status.agents) {
        if (agent.trouble)
            std::fprintf(stderr, "%s: %s\n", agent.target.toWords().c_str(), agent.trouble->what.c_str());
    }
    for (const ClusterStatus& cluster : status.clusters) {
        if (cluster.trouble)
            std::fprintf(stderr, "context %s: %s\n", cluster.context.c_str(), cluster.trouble->what.c_str());
        if (!cluster.leftOut.empty())
            std::fprintf(stderr, "%s\n", cluster.leftOut.c_str());
    }
}

} // namespace

Result<void> runRecord(const RecordCommand& command)
{
    RecordJob job;
    job.file = command.file;
    const auto duration = durationOf("--for", command.duration);
    if (!duration)
        return std::unexpected(duration.error());
    job.duration = *duration;
    if (!command.last.empty()) {
        const auto last = durationOf("--last", command.last);
        if (!last)
            return std::unexpected(last.error());
        job.last = *last;
    }
    job.clusters = command.clusters.wishes();
    if (!job.clusters.empty())
        job.kube = terminalRuntime();
    if (!command.agents.empty() || job.clusters.empty()) {
        const auto named = targetsOf(command.agents, command.clusters.fleet);
        if (!named)
            return std::unexpected(named.error());
        job.ssh = std::make_shared<SshLinks>(SshPrompts::Terminal);
        auto opened = job.ssh->openAndWait(*named);
        if (!opened)
            return std::unexpected(std::move(opened).error());
        job.targets = std::move(*opened);
    }
    const CancelOnSignal guard;
    Absences absences;
    const auto progress = [&absences](const RecorderStatus& now) {
        absences.tell(now);
        say(now);
    };
    const auto status = recordFor(job, progress, cancelled);
    if (!status)
        return std::unexpected(status.error());
    sayTroubles(*status);
    if (status->storeTrouble)
        return std::unexpected(*status->storeTrouble);
    std::fprintf(stderr, "%s: %s, %s batches, %s\n", command.file.string().c_str(), analysis::durationWords(status->covered.length()).c_str(),
                 analysis::countWords(status->batches).c_str(), analysis::bytesWords(status->bytes).c_str());
    return {};
}

} // namespace binnacle::desktop
