// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/net/http_client.h"
#include "tests/core/kube/doubles/scripted_server.h"

#include <mutex>

namespace binnacle::kube::test {

/// Credentials that a test sets by hand.
class FixedCredentials final : public CredentialSource {
public:
    explicit FixedCredentials(RequestCredentials first = {}) : m_current(std::move(first)) {}

    Result<RequestCredentials> load(const Cancellation&) override
    {
        const std::lock_guard lock(m_mutex);
        ++m_loads;
        return m_current;
    }

    Retry invalidate(const RequestCredentials& refused) override
    {
        const std::lock_guard lock(m_mutex);
        m_refused.push_back(refused.authorization);
        if (!m_next)
            return Retry::Pointless;
        m_current = *std::exchange(m_next, std::nullopt);
        return Retry::Worthwhile;
    }

    CredentialReport report() const override { return {}; }

    void setNext(RequestCredentials next)
    {
        const std::lock_guard lock(m_mutex);
        m_next = std::move(next);
    }
    void set(RequestCredentials now)
    {
        const std::lock_guard lock(m_mutex);
        m_current = std::move(now);
    }
    std::vector<std::string> refused() const
    {
        const std::lock_guard lock(m_mutex);
        return m_refused;
    }

private:
    mutable std::mutex m_mutex; // guards what follows
    RequestCredentials m_current;
    std::optional<RequestCredentials> m_next;
    std::vector<std::string> m_refused;
    int m_loads = 0;
};

/// One authority and one server certificate, made once a program: keys take time.
inline const Identity& authority()
{
    static const Identity made = makeAuthority("binnacle test authority");
    return made;
}

inline const ServerTls& serverTls()
{
    static const ServerTls made{issue(authority(), {}), {}, true, 0};
    return made;
}

inline ClusterAccess accessTo(std::uint16_t port, const std::string& scheme = "https", const std::string& host = "127.0.0.1")
{
    ClusterAccess access;
    access.cluster.name = "c";
    access.cluster.server = scheme + "://" + host + ":" + std::to_string(port);
    access.user.name = "u";
    if (scheme == "https")
        access.cluster.certificateAuthority.inlineText = authority().certificatePem();
    return access;
}

inline HttpClientOptions plainOptions()
{
    HttpClientOptions options;
    options.environment = {};
    return options;
}

} // namespace binnacle::kube::test
