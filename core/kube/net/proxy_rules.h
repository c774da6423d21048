// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/internet_address.h"
#include "core/kube/net/url.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// The list of NO_PROXY as Go's httpproxy reads it: `*`, addresses, CIDRs, `host` (with its sub-domains), `.suffix` and `*.suffix`
/// (sub-domains only), each with an optional `:port`.  What cannot be understood matches nothing.
class NoProxy {
public:
    static NoProxy parse(std::string_view list);
    /// `host` is lower case, an IPv6 address without brackets.
    bool matches(std::string_view host, std::uint16_t port) const;

private:
    struct Network {
        InternetAddress address;
        unsigned prefixBits = 128; // counted in the mapped form
        std::uint16_t port = 0;    // 0: any
    };
    struct Domain {
        std::string suffix; // begins with a dot
        bool itself = true; // the name without the dot matches as well
        std::uint16_t port = 0;
    };
    void add(std::string_view item);

    bool m_everything = false;
    std::vector<Network> m_networks;
    std::vector<Domain> m_domains;
};

/// What the environment says about proxies, taken once where a program starts and passed on as a value.
struct ProxyEnvironment {
    std::string httpsProxy;
    std::string httpProxy;
    std::string noProxy;
    std::string httpsProxyName = "HTTPS_PROXY"; // which variable it was
    std::string httpProxyName = "HTTP_PROXY";

    static ProxyEnvironment ofProcess();
};

/// The proxy for `server`, or none.  A cluster's `proxy-url` holds for every host; the environment's never for loopback, nor for
/// what NO_PROXY lists.
Result<std::optional<Url>> proxyFor(const Url& server, std::string_view proxyUrl, const ProxyEnvironment& environment);

} // namespace binnacle::kube
