// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/result.h"
#include "core/kube/credentials/credential_report.h"
#include "core/kube/credentials/exec_credential.h"

#include <cstdint>

namespace binnacle::kube {

/// One way of getting credentials.  Keeps no cache of its own: CachedSource asks when they are stale, one caller at a time.
class CredentialProvider {
public:
    enum class After401 : std::uint8_t {
        Nothing, // asking again gives the same
        Reread,  // it may have changed: compare
        Renew,   // asking again makes new ones
    };

    struct Answer {
        IssuedCredentials credentials;
        std::optional<UtcTime> askAgainAt; // none: not before a 401
    };

    virtual ~CredentialProvider() = default;
    virtual Result<Answer> obtain(const Cancellation& cancellation) = 0;
    virtual After401 after401() const = 0;
    /// Whether what was good before serves on while obtain() fails.
    virtual bool keepsLastGood() const = 0;
    /// Adds what it knows; called only by the thread that obtained, right after it.
    virtual void describe(CredentialReport& report) const = 0;
};

} // namespace binnacle::kube
