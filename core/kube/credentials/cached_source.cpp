// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/cached_source.h"

#include <algorithm>

namespace binnacle::kube {

namespace {

constexpr std::chrono::milliseconds kTick{20}; // how late a waiting caller may see its cancellation
/// New credentials that are refused within this time are as bad as the old ones: a plugin is not run in circles.
constexpr std::chrono::seconds kRefusedPause{30};

} // namespace

CachedSource::CachedSource(std::vector<std::unique_ptr<CredentialProvider>> providers, Fixed fixed, CredentialReport first, std::function<UtcTime()> now)
    : m_fixed(std::move(fixed)), m_firstReport(first), m_now(std::move(now)), m_report(std::move(first))
{
    for (auto& provider : providers)
        m_parts.push_back({std::move(provider), {}, {}, true, false, false});
    publish();
}

bool CachedSource::isStale(const Part& part) const
{
    return part.stale || !part.answer || (part.answer->askAgainAt && m_now() >= *part.answer->askAgainAt);
}

bool CachedSource::anyStale() const
{
    return std::ranges::any_of(m_parts, [this](const Part& part) { return isStale(part); });
}

Result<RequestCredentials> CachedSource::load(const Cancellation& cancellation)
{
    std::unique_lock lock(m_mutex);
    const std::uint64_t before = m_runs;
    const bool waits = m_busy;
    BN_TRY(waitForTurn(lock, cancellation));
    if (!anyStale())
        return m_current;
    if (waits && m_runs != before && m_lastFailure)
        return std::unexpected(*m_lastFailure);
    return renew(lock, cancellation);
}

Result<void> CachedSource::waitForTurn(std::unique_lock<std::mutex>& lock, const Cancellation& cancellation)
{
    while (m_busy) {
        if (cancellation.isCancelled())
            return failure(ErrorCode::Cancelled, "cancelled while another request was asking for credentials");
        m_turn.wait_for(lock, kTick);
    }
    return {};
}

Result<RequestCredentials> CachedSource::renew(std::unique_lock<std::mutex>& lock, const Cancellation& cancellation)
{
    m_busy = true;
    std::optional<Error> problem;
    for (Part& part : m_parts) {
        if (problem || !isStale(part))
            continue;
        lock.unlock();
        auto answer = part.provider->obtain(cancellation);
        lock.lock();
        if (answer)
            take(part, std::move(*answer));
        else if (!part.answer || !part.provider->keepsLastGood())
            problem = std::move(answer).error();
    }
    describe(m_firstReport, problem);
    publish();
    const bool cancelled = problem && problem->code == ErrorCode::Cancelled;
    m_runs += cancelled ? 0 : 1;
    m_lastFailure = cancelled ? std::nullopt : problem;
    m_busy = false;
    m_turn.notify_all();
    if (problem)
        return std::unexpected(std::move(*problem));
    return m_current;
}

void CachedSource::take(Part& part, Answer answer)
{
    part.answer = std::move(answer);
    part.obtainedAt = m_now();
    part.stale = false;
    part.afterRefusal = std::exchange(part.wasRefused, false);
}

/// The first provider that has a thing gives it.
void CachedSource::publish()
{
    RequestCredentials next;
    next.impersonation = m_fixed.impersonation;
    for (const Part& part : m_parts) {
        if (!part.answer)
            continue;
        const IssuedCredentials& issued = part.answer->credentials;
        if (next.authorization.empty() && !issued.token.empty())
            next.authorization = "Bearer " + issued.token;
        if (next.clientCertificate.empty() && !issued.clientCertificate.empty()) {
            next.clientCertificate = issued.clientCertificate;
            next.clientKey = issued.clientKey;
        }
    }
    if (next.authorization.empty())
        next.authorization = m_fixed.authorization;
    const bool sameCertificate = next.clientCertificate == m_current.clientCertificate && next.clientKey == m_current.clientKey;
    const bool same = sameCertificate && next.authorization == m_current.authorization;
    next.generation = m_current.generation + (sameCertificate ? 0 : 1);
    next.revision = m_current.revision + (same ? 0 : 1);
    m_current = std::move(next);
}

void CachedSource::describe(CredentialReport report, const std::optional<Error>& problem)
{
    for (const Part& part : m_parts) {
        part.provider->describe(report);
        if (!part.answer)
            continue;
        report.obtainedAt = std::max(report.obtainedAt.value_or(part.obtainedAt), part.obtainedAt);
        const auto& issued = part.answer->credentials;
        if (issued.expiresAt)
            report.expiresAt = std::min(report.expiresAt.value_or(*issued.expiresAt), *issued.expiresAt);
        if (auto facts = certificateFacts(issued.clientCertificate); facts && !report.certificate)
            report.certificate = std::move(*facts);
    }
    report.lastError = problem ? problem->what : std::string();
    m_report = std::move(report);
}

CredentialSource::Retry CachedSource::invalidate(const RequestCredentials& refused)
{
    using After401 = CredentialProvider::After401;
    std::unique_lock lock(m_mutex);
    if (refused.revision != m_current.revision)
        return Retry::Worthwhile; // it was exchanged in the meantime
    bool mustCompare = false;
    for (Part& part : m_parts) {
        const bool justRenewed = part.afterRefusal && m_now() - part.obtainedAt < kRefusedPause;
        const After401 after = part.provider->after401();
        if (after == After401::Nothing || (after == After401::Renew && justRenewed))
            continue;
        part.stale = true;
        if (after == After401::Renew) {
            part.wasRefused = true;
            return Retry::Worthwhile;
        }
        mustCompare = true;
    }
    lock.unlock();
    if (!mustCompare)
        return Retry::Pointless;
    const auto again = load(Cancellation{}); // files: at once
    return again && again->revision != refused.revision ? Retry::Worthwhile : Retry::Pointless;
}

CredentialReport CachedSource::report() const
{
    const std::lock_guard lock(m_mutex);
    return m_report;
}

} // namespace binnacle::kube
