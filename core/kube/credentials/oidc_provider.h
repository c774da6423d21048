// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/credentials/credential_options.h"
#include "core/kube/credentials/credential_provider.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// The auth-provider `oidc`: the kubeconfig's id-token while it lasts, then new ones by the refresh token.  An issuer that exchanges the refresh token
/// as well is followed in memory; the kubeconfig is never written.
class OidcProvider : public CredentialProvider {
public:
    OidcProvider(const UserCredentials& user, const CredentialOptions& options);

    Result<Answer> obtain(const Cancellation& cancellation) override;
    After401 after401() const override { return After401::Nothing; }
    bool keepsLastGood() const override { return false; }
    void describe(CredentialReport& report) const override;

private:
    std::string setting(const char* name) const;
    bool isGood(const std::string& idToken) const;
    Result<std::string> issuerAuthority() const;
    Result<std::string> tokenEndpoint(const std::string& authority, const Cancellation& cancellation) const;
    Result<void> refresh(const Cancellation& cancellation);
    Result<IssuerAnswer> postGrant(const std::string& endpoint, const std::string& authority, const Cancellation& cancellation) const;
    Result<void> takeTokens(const IssuerAnswer& answer);
    Result<IssuerAnswer> call(const IssuerRequest& request, const Cancellation& cancellation) const;

    std::map<std::string, std::string> m_config;
    std::string m_user;
    IssuerCall m_call;
    std::function<UtcTime()> m_now;
    std::string m_idToken, m_refreshToken;
    bool m_refreshTokenChanged = false;
};

/// When a JSON Web Token says that it ends; nothing when it says nothing or is none.  Its signature is the server's to judge.
std::optional<UtcTime> tokenExpiry(std::string_view jsonWebToken);

} // namespace binnacle::kube
