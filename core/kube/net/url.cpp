// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/url.h"

#include "core/base/internet_address.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLongestUrl = 8192;

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

std::uint16_t usualPort(std::string_view scheme)
{
    return scheme == "https" ? 443 : scheme == "socks5" ? 1080 : 80;
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool isUnreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Host names as resolvers take them, with the underscore that some internal names have; addresses are checked apart.
bool isHostName(std::string_view host)
{
    return !host.empty() && host.size() <= 253
        && std::ranges::all_of(host, [](char c) { return (isUnreserved(c) && c != '~') || static_cast<unsigned char>(c) >= 0x80; });
}

bool isPlainText(std::string_view text)
{
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

std::optional<std::uint16_t> parsePort(std::string_view text)
{
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
        return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

/// `[v6]:port`, `host:port`, `host`.  What is wrong, or nothing.
std::optional<std::string> splitHostAndPort(std::string_view text, Url& url)
{
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return "the bracket of its IPv6 address is not closed";
        url.host = lowered(text.substr(1, end - 1));
        if (url.host.find(':') == std::string::npos || !InternetAddress::parse(std::string_view(url.host).substr(0, url.host.find('%'))))
            return "what stands in brackets is no IPv6 address";
        text.remove_prefix(end + 1);
        if (!text.empty() && !text.starts_with(':'))
            return "something follows the bracket that is no port";
        port = text.empty() ? text : text.substr(1);
    } else {
        const std::size_t colon = text.find(':');
        if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos)
            return "an IPv6 address needs brackets: [" + std::string(text) + "]";
        url.host = lowered(text.substr(0, colon));
        if (!isHostName(url.host))
            return url.host.empty() ? "it names no host" : "`" + url.host + "` is no host name";
        port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    }
    const auto number = port.empty() ? std::optional(usualPort(url.scheme)) : parsePort(port);
    if (!number)
        return "`" + std::string(port) + "` is no port";
    url.port = *number;
    return std::nullopt;
}

/// What is wrong with it, or nothing.  `missingScheme` is taken where none is written.
std::optional<std::string> parse(std::string_view text, std::string_view missingScheme, Url& url)
{
    if (text.empty())
        return "it is empty";
    if (text.size() > kLongestUrl)
        return "it is longer than 8192 characters";
    if (!isPlainText(text))
        return "it holds a space or a control character";
    const std::size_t schemeEnd = text.find("://");
    url.scheme = schemeEnd == std::string_view::npos ? std::string(missingScheme) : lowered(text.substr(0, schemeEnd));
    if (url.scheme == "socks5h")
        url.scheme = "socks5"; // names are always resolved by the proxy here
    if (schemeEnd != std::string_view::npos)
        text.remove_prefix(schemeEnd + 3);
    text = text.substr(0, text.find_first_of("?#"));
    const std::size_t pathStart = text.find('/');
    std::string_view authority = text.substr(0, pathStart);
    url.path = pathStart == std::string_view::npos ? std::string{} : std::string(text.substr(pathStart));
    while (url.path.ends_with('/'))
        url.path.pop_back();
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        const std::string_view who = authority.substr(0, at);
        const std::size_t colon = who.find(':');
        url.user = percentDecode(who.substr(0, colon));
        url.password = colon == std::string_view::npos ? std::string{} : percentDecode(who.substr(colon + 1));
        authority.remove_prefix(at + 1);
    }
    return splitHostAndPort(authority, url);
}

/// For sentences: a password never shows, a long text is cut, and control characters do not reach a terminal.
std::string shown(std::string_view text)
{
    const std::size_t scheme = text.find("://");
    const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t at = text.substr(0, text.find('/', start)).rfind('@');
    std::string result(text.substr(0, 200));
    if (at != std::string_view::npos && at > start)
        result = (std::string(text.substr(0, start)) + "…" + std::string(text.substr(at))).substr(0, 200);
    std::ranges::replace_if(result, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return result;
}

} // namespace

std::string Url::hostAndPort() const
{
    const bool isV6 = host.find(':') != std::string::npos;
    return (isV6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::authority() const
{
    std::string text = hostAndPort();
    if (port == usualPort(scheme))
        text.erase(text.rfind(':'));
    return text;
}

std::string Url::toText() const { return scheme + "://" + authority() + path; }

Result<Url> parseServerUrl(std::string_view text)
{
    Url url;
    if (const auto wrong = parse(text, "http", url))
        return failure(ErrorCode::Invalid, "the cluster's server `" + shown(text) + "` is no usable URL: " + *wrong
                                               + ". Write it like https://host:6443");
    if (url.scheme != "https" && url.scheme != "http")
        return failure(ErrorCode::Unsupported, "the cluster's server `" + shown(text) + "` has the scheme `" + url.scheme + "`; an API server speaks https or http");
    return url;
}

Result<Url> parseProxyUrl(std::string_view text, std::string_view name)
{
    Url url;
    if (const auto wrong = parse(text, "http", url))
        return failure(ErrorCode::Invalid, std::string(name) + " `" + shown(text) + "` is no usable URL: " + *wrong + ". Write it like http://proxy:3128");
    if (url.scheme != "http" && url.scheme != "https" && url.scheme != "socks5")
        return failure(ErrorCode::Unsupported, std::string(name) + " `" + shown(text) + "` has the scheme `" + url.scheme + "`; a proxy must be http, https or socks5");
    url.path.clear();
    return url;
}

std::string percentEncode(std::string_view text, std::string_view kept)
{
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        if (isUnreserved(c) || kept.find(c) != std::string_view::npos) {
            result.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return result;
}

std::string percentDecode(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
        const int low = high >= 0 ? hexDigit(text[i + 2]) : -1;
        if (low >= 0) {
            result.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            result.push_back(text[i]);
        }
    }
    return result;
}

} // namespace binnacle::kube
