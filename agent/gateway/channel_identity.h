// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/net/own_certificate.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace binnacle::kube {
class HttpClient;
}

namespace binnacle::agent {

/// ServiceAccounts of deploy/, in the namespace of the installation.
inline constexpr std::string_view kAgentAccount = "binnacle-agent";
inline constexpr std::string_view kGatewayAccount = "binnacle-gateway";

/// Who this program is to another one of the same cluster: a key made at its start, and tokens of its ServiceAccount whose audience names
/// that key.  Whoever meets the key in a TLS handshake has the API server review the token for exactly that audience; a token that
/// somebody else shows with his own key is worth nothing (docs/adr/0008-tokens-that-name-the-key.md).
///
/// Thread: any.  proof() and review() block up to 5 s.
class ChannelIdentity {
public:
    struct Account {
        std::string nameSpace;
        std::string name;
        std::string pod; // the token is worth nothing once this pod is gone; empty: it is not bound to one
    };
    struct Peer {
        std::string user; // system:serviceaccount:NAMESPACE:NAME
        std::string pod;  // that its token is bound to; empty: none
    };

    /// `client` outlives this.
    static Result<std::unique_ptr<ChannelIdentity>> create(kube::HttpClient& client, Account own);

    const kube::OwnCertificate& certificate() const { return m_certificate; }

    /// A token for our own key, asked for anew when three quarters of its life are over.
    Result<std::string> proof();

    /// Denied: the token is not good for the key of that certificate, or not of `account` in our namespace.
    Result<Peer> review(std::string_view certificatePem, const std::string& token, std::string_view account) const;

private:
    using Clock = std::chrono::steady_clock;
    ChannelIdentity(kube::HttpClient& client, Account own, kube::OwnCertificate certificate, std::string audience);
    Result<std::string> requestToken();

    kube::HttpClient& m_client; // not owned, see create()
    const Account m_own;
    const kube::OwnCertificate m_certificate;
    const std::string m_audience;
    std::mutex m_mutex;
    std::string m_token; // guarded by m_mutex, as below
    Clock::time_point m_renewAt{};
};

} // namespace binnacle::agent
