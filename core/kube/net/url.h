// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// A URL as far as connecting needs it.
struct Url {
    std::string scheme; // lower case
    std::string user;   // percent-decoded, as is `password`
    std::string password;
    std::string host; // lower case, an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string path; // begins with '/' or is empty; never ends with one

    bool isTls() const { return scheme == "https"; }
    std::string authority() const; // for the Host header and for people: `host`, `host:8443`, `[::1]:6443`; a scheme's own port is left out
    std::string hostAndPort() const; // always with the port, as CONNECT wants it
    std::string toText() const;      // without user and password
    friend bool operator==(const Url&, const Url&) = default;
};

/// `cluster.server` by client-go's rules: the scheme may be missing (then it is http), a path prefix is kept (Rancher), query and
/// fragment are dropped, a trailing slash is harmless.
Result<Url> parseServerUrl(std::string_view text);

/// `proxy-url` and the environment's variables: http, https or socks5.  `name` says where the text stands, for the error's sentence.
Result<Url> parseProxyUrl(std::string_view text, std::string_view name);

/// Percent-encodes everything but RFC 3986's unreserved characters and those of `kept`.
std::string percentEncode(std::string_view text, std::string_view kept = {});
/// Nothing decoded from a broken escape: it stays as written.
std::string percentDecode(std::string_view text);

} // namespace binnacle::kube
