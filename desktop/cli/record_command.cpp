// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/words.h"
#include "desktop/cli/commands.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/recorder.h"

#include <atomic>
#include <csignal>
#include <cstdio>

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
    for (const std::string& text : command.agents) {
        auto target = Target::parse(text);
        if (!target)
            return std::unexpected(std::move(target).error());
        job.targets.push_back(std::move(*target));
    }
    job.clusters = command.clusters.wishes();
    if (!job.clusters.empty())
        job.kube = terminalRuntime();
    if (job.targets.empty() && job.clusters.empty()) {
        auto local = findLocalAgent();
        if (!local)
            return std::unexpected(std::move(local).error());
        job.targets.push_back(std::move(*local));
    }
    const CancelOnSignal guard;
    const auto status = recordFor(job, say, cancelled);
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
