// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/result.h"
#include "core/kube/credentials/credential_report.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::kube {

/// What one request carries to say who asks.
struct RequestCredentials {
    std::string authorization;     // the header's value, `Bearer …` or `Basic …`; empty: send no such header
    std::string clientCertificate; // PEM, with its chain; empty: offer none
    std::string clientKey;         // PEM
    std::vector<std::pair<std::string, std::string>> impersonation; // headers, one entry a value: names repeat
    std::uint64_t generation = 0;  // rises when the certificate or its key changes: connections opened with an older one are to be closed
    std::uint64_t revision = 0;    // rises with any change; tells invalidate() what was refused
    friend bool operator==(const RequestCredentials&, const RequestCredentials&) = default;
};

/// Says who asks, for one user of one cluster; made by a CredentialStore.
///
/// Thread: any; a plugin, an issuer or a file is asked by one caller at a time and the others wait for its answer.
/// Errors: sentences for a person with the next step.  Cancelled only when the caller's own `cancellation` asked for it.
class CredentialSource {
public:
    enum class Retry : std::uint8_t { Pointless, Worthwhile };

    virtual ~CredentialSource() = default;

    /// The credentials to use now, from the cache while they are good.  Blocks while a plugin or an issuer answers: never on the UI thread.
    virtual Result<RequestCredentials> load(const Cancellation& cancellation) = 0;

    /// The server answered 401 to a request that carried `refused`.  Worthwhile: load() again and send the request once more, once.
    virtual Retry invalidate(const RequestCredentials& refused) = 0;

    /// How the credentials came to be, for diagnosis.  Never blocks for long, not even while load() does.
    virtual CredentialReport report() const = 0;
};

} // namespace binnacle::kube
