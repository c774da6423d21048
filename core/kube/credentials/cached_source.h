// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/credentials/credential_options.h"
#include "core/kube/credentials/credential_provider.h"
#include "core/kube/credentials/credential_source.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace binnacle::kube {

/// Puts together what providers give, keeps it while it is good, and asks them one caller at a time.
///
/// Owns its providers.  The mutex guards all but the providers, which belong to whoever set m_busy.  A waiting caller gets the answer, or the error,
/// of the run it waited for; one whose runner was cancelled runs itself.
class CachedSource : public CredentialSource {
public:
    struct Fixed {
        std::string authorization; // used when no provider has a token
        std::vector<std::pair<std::string, std::string>> impersonation;
    };

    /// `first` is what the report begins with.
    CachedSource(std::vector<std::unique_ptr<CredentialProvider>> providers, Fixed fixed, CredentialReport first, std::function<UtcTime()> now);

    Result<RequestCredentials> load(const Cancellation& cancellation) override;
    Retry invalidate(const RequestCredentials& refused) override;
    CredentialReport report() const override;

private:
    using Answer = CredentialProvider::Answer;
    struct Part {
        std::unique_ptr<CredentialProvider> provider;
        std::optional<Answer> answer;
        UtcTime obtainedAt{};
        bool stale = true;
        bool wasRefused = false;   // the next answer replaces one that the server refused
        bool afterRefusal = false; // this answer did
    };

    bool isStale(const Part& part) const;
    bool anyStale() const;
    Result<void> waitForTurn(std::unique_lock<std::mutex>& lock, const Cancellation& cancellation);
    Result<RequestCredentials> renew(std::unique_lock<std::mutex>& lock, const Cancellation& cancellation);
    void take(Part& part, Answer answer);
    void publish();
    void describe(CredentialReport report, const std::optional<Error>& problem);

    const Fixed m_fixed;
    const CredentialReport m_firstReport;
    const std::function<UtcTime()> m_now;

    mutable std::mutex m_mutex;
    std::condition_variable m_turn;
    bool m_busy = false;
    std::uint64_t m_runs = 0;
    std::optional<Error> m_lastFailure; // of run m_runs
    std::vector<Part> m_parts;
    RequestCredentials m_current;
    CredentialReport m_report;
};

} // namespace binnacle::kube
