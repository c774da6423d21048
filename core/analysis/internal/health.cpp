// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/health.h"

#include "core/analysis/words.h"

#include <algorithm>
#include <tuple>

namespace binnacle::analysis::internal {

namespace {

constexpr double kCriticalShare = 0.05, kWarningShare = 0.01;
constexpr std::uint64_t kCriticalCount = 3;
constexpr Nanoseconds kBatch = std::chrono::seconds(1);

struct Failures {
    std::uint64_t bad = 0, errors = 0, attempts = 0;
    double share() const { return attempts == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(attempts); }

    Health health() const
    {
        if (share() >= kCriticalShare && bad >= kCriticalCount)
            return Health::Critical;
        return bad > 0 && share() >= kWarningShare ? Health::Warning : Health::Ok;
    }
};

/// A connection that carried no exchange is an attempt only where no exchanges are known.
Failures failuresOf(const Attempts& side, std::uint64_t failedConnects)
{
    const std::uint64_t succeeded = side.requests > 0 ? side.requests : side.opened;
    return {side.errors + failedConnects, side.errors, succeeded + failedConnects};
}

Failures worseOf(const Judged& edge)
{
    const Failures client = failuresOf(edge.client.value_or(Attempts{}), edge.failedConnects);
    const Failures server = failuresOf(edge.server.value_or(Attempts{}), edge.failedConnects);
    if (!edge.client || !edge.server)
        return edge.client ? client : server;
    const auto rank = [](const Failures& f) { return std::tuple(severity(f.health()), f.share(), f.bad); };
    return rank(client) > rank(server) ? client : server;
}

std::string lastBatches(std::size_t batches)
{
    return batches == 1 ? "in the last batch" : "in the last " + std::to_string(batches) + " batches";
}

std::string failureSentence(const Failures& failures, const Judged& edge)
{
    std::string text = countWords(failures.bad) + " of " + counted(failures.attempts, "attempt", "attempts") + " failed " + lastBatches(edge.batches)
        + " (" + shareWords(failures.share()) + "): ";
    std::string parts;
    if (failures.errors > 0)
        parts = counted(failures.errors, "error", "errors");
    if (edge.failedConnects > 0) {
        parts += (parts.empty() ? "" : ", ") + counted(edge.failedConnects, "connect came to nothing", "connects came to nothing");
        std::string causes;
        for (const auto& [name, count] : edge.failedBy)
            causes += (causes.empty() ? "" : ", ") + name + " " + countWords(count);
        parts += causes.empty() ? "" : " (" + causes + ")";
    }
    return text + parts + ".";
}

std::uint64_t completed(const Judged& edge) { return (edge.client ? edge.client->requests : 0) + (edge.server ? edge.server->requests : 0); }

/// Connections, and answers on those that stood already.
std::uint64_t cameThrough(const Judged& edge)
{
    const auto of = [](const Attempts& side) { return side.opened + side.requests - std::min(side.errors, side.requests); };
    return of(edge.client.value_or(Attempts{})) + of(edge.server.value_or(Attempts{}));
}

/// Since the first judged batch: what began a moment ago may well be answered yet.
Nanoseconds allAlong(const Judged& edge) { return kBatch * static_cast<std::int64_t>(edge.batches > 0 ? edge.batches - 1 : 0); }

bool hangs(const Judged& edge) { return edge.inFlight > 0 && completed(edge) == 0 && edge.oldest >= allAlong(edge); }

Health healthOf(const Waiting& waiting, const Judged& edge)
{
    if (waiting.connects == 0)
        return Health::Ok;
    if (cameThrough(edge) == 0 && waiting.oldest >= allAlong(edge))
        return Health::Critical;
    return waiting.oldest >= kLongConnect ? Health::Warning : Health::Ok;
}

/// "3 connects to 10.77.0.30:6379 wait for an answer, the oldest for 12 s (SYN sent 4 times)"
std::string waitingWords(const Waiting& waiting)
{
    std::string text = counted(waiting.connects, "connect", "connects") + " to " + waiting.address;
    if (waiting.moreAddresses > 0)
        text += " and " + counted(waiting.moreAddresses, "more address", "more addresses");
    text += waiting.connects == 1 ? " waits for an answer, for " : " wait for an answer, the oldest for ";
    return text + durationWords(waiting.oldest) + " (SYN sent " + (waiting.synSent == 1 ? "once" : countWords(waiting.synSent) + " times") + ")";
}

} // namespace

Verdict judge(const Judged& edge)
{
    Verdict verdict;
    if (!edge.told || edge.batches == 0 || (!edge.client && !edge.server)) {
        verdict.reasons.push_back("No data: no agent at either end says anything about the end of this range.");
        return verdict;
    }
    const Failures failures = worseOf(edge);
    verdict.health = failures.health();
    if (verdict.health != Health::Ok)
        verdict.reasons.push_back(failureSentence(failures, edge));
    if (hangs(edge)) {
        verdict.health = Health::Critical;
        verdict.reasons.push_back(counted(edge.inFlight, "exchange is", "exchanges are") + " in flight, the oldest for " + durationWords(edge.oldest)
                                  + ", and nothing completed " + lastBatches(edge.batches) + ".");
    }
    if (const Health waiting = healthOf(edge.waiting, edge); waiting != Health::Ok) {
        verdict.health = severity(waiting) > severity(verdict.health) ? waiting : verdict.health;
        verdict.reasons.push_back(waitingWords(edge.waiting)
                                  + (waiting == Health::Critical ? ", and nothing came through " + lastBatches(edge.batches) + "." : "."));
    }
    if (edge.losses > 0) {
        verdict.reasons.push_back("Data of this edge were lost (" + countWords(edge.losses) + "): its figures are not exact.");
        if (verdict.health == Health::Ok)
            verdict.health = Health::Unknown;
    }
    return verdict;
}

} // namespace binnacle::analysis::internal
