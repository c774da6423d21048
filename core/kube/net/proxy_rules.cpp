// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/proxy_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLongestList = 64u << 10;

std::string_view trimmed(std::string_view text)
{
    static constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlank);
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<unsigned> number(std::string_view text, unsigned most)
{
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value > most)
        return std::nullopt;
    return value;
}

bool sharesPrefix(const InternetAddress& a, const InternetAddress& b, unsigned bits)
{
    for (unsigned i = 0; i < 16 && bits > 0; ++i) {
        const unsigned here = std::min(bits, 8u);
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - here));
        if ((a.bytes[i] & mask) != (b.bytes[i] & mask))
            return false;
        bits -= here;
    }
    return true;
}

/// Takes `:port` off the end; an IPv6 address has one only behind its bracket.
std::optional<std::uint16_t> takePort(std::string_view& item)
{
    const std::size_t colon = item.rfind(':');
    const bool isBareV6 = colon != std::string_view::npos && !item.starts_with('[') && item.find(':') != colon;
    if (colon == std::string_view::npos || isBareV6 || (item.starts_with('[') && item[colon - 1] != ']'))
        return 0;
    const auto port = number(item.substr(colon + 1), 65535);
    item = item.substr(0, colon);
    return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

std::string fromEnvironment(std::initializer_list<const char*> names, std::string* found = nullptr)
{
    for (const char* name : names) {
        if (const char* value = std::getenv(name); value && *value) {
            if (found)
                *found = name;
            return value;
        }
    }
    return {};
}

} // namespace

NoProxy NoProxy::parse(std::string_view list)
{
    NoProxy rules;
    list = list.substr(0, kLongestList);
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        rules.add(trimmed(list.substr(0, comma)));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return rules;
}

void NoProxy::add(std::string_view item)
{
    if (item.empty())
        return;
    if (item == "*") {
        m_everything = true;
        return;
    }
    if (const std::size_t slash = item.find('/'); slash != std::string_view::npos) {
        const auto address = InternetAddress::parse(item.substr(0, slash));
        const auto bits = number(item.substr(slash + 1), address && address->isV4() ? 32 : 128);
        if (address && bits)
            m_networks.push_back({*address, *bits + (address->isV4() ? 96 : 0), 0});
        return;
    }
    const auto port = takePort(item);
    if (!port || item.empty())
        return;
    if (item.starts_with('[') && item.ends_with(']'))
        item = item.substr(1, item.size() - 2);
    if (const auto address = InternetAddress::parse(item)) {
        m_networks.push_back({*address, 128, *port});
        return;
    }
    if (item.starts_with("*."))
        item.remove_prefix(1);
    std::string suffix(item);
    std::ranges::transform(suffix, suffix.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    const bool itself = suffix.front() != '.';
    m_domains.push_back({itself ? "." + suffix : suffix, itself, *port});
}

bool NoProxy::matches(std::string_view host, std::uint16_t port) const
{
    if (m_everything)
        return true;
    const auto onPort = [port](std::uint16_t wanted) { return wanted == 0 || wanted == port; };
    if (const auto address = InternetAddress::parse(host))
        return std::ranges::any_of(m_networks, [&](const Network& network) {
            return onPort(network.port) && sharesPrefix(*address, network.address, network.prefixBits);
        });
    while (host.ends_with('.'))
        host.remove_suffix(1);
    return std::ranges::any_of(m_domains, [&](const Domain& domain) {
        const bool fits = host.ends_with(domain.suffix) || (domain.itself && host == std::string_view(domain.suffix).substr(1));
        return fits && onPort(domain.port);
    });
}

ProxyEnvironment ProxyEnvironment::ofProcess()
{
    ProxyEnvironment result;
    result.httpsProxy = fromEnvironment({"HTTPS_PROXY", "https_proxy"}, &result.httpsProxyName);
    result.httpProxy = fromEnvironment({"HTTP_PROXY", "http_proxy"}, &result.httpProxyName);
    result.noProxy = fromEnvironment({"NO_PROXY", "no_proxy"});
    return result;
}

Result<std::optional<Url>> proxyFor(const Url& server, std::string_view proxyUrl, const ProxyEnvironment& environment)
{
    if (!proxyUrl.empty())
        return parseProxyUrl(proxyUrl, "the cluster's proxy-url");
    const std::string& text = server.isTls() ? environment.httpsProxy : environment.httpProxy;
    const auto address = InternetAddress::parse(server.host);
    if (text.empty() || server.host == "localhost" || (address && address->isLoopback())
        || NoProxy::parse(environment.noProxy).matches(server.host, server.port))
        return std::optional<Url>();
    return parseProxyUrl(text, "the proxy of the environment variable " + (server.isTls() ? environment.httpsProxyName : environment.httpProxyName));
}

} // namespace binnacle::kube
