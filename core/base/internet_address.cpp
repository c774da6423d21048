// SPDX-License-Identifier: Apache-2.0
#include "core/base/internet_address.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <vector>

namespace binnacle {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::array<std::uint8_t, 4>> parseV4(std::string_view text)
{
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < 4; ++i) {
        unsigned value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem != std::errc{} || value > 255)
            return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(value);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (i < 3) {
            if (!text.starts_with('.'))
                return std::nullopt;
            text.remove_prefix(1);
        }
    }
    return text.empty() ? std::optional(bytes) : std::nullopt;
}

std::optional<std::vector<std::uint16_t>> parseGroups(std::string_view text)
{
    std::vector<std::uint16_t> groups;
    while (!text.empty()) {
        if (text.find('.') != std::string_view::npos && text.find(':') == std::string_view::npos) {
            const auto v4 = parseV4(text);
            if (!v4)
                return std::nullopt;
            groups.push_back(static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1]));
            groups.push_back(static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]));
            return groups;
        }
        unsigned value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
        if (problem != std::errc{} || value > 0xffff)
            return std::nullopt;
        groups.push_back(static_cast<std::uint16_t>(value));
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.empty())
            break;
        if (!text.starts_with(':') || text.size() == 1)
            return std::nullopt;
        text.remove_prefix(1);
    }
    return groups;
}

} // namespace

bool InternetAddress::isV4() const
{
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool InternetAddress::isUnspecified() const
{
    return std::all_of(bytes.begin() + (isV4() ? 12 : 0), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

bool InternetAddress::isLoopback() const
{
    if (isV4())
        return bytes[12] == 127;
    return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; });
}

InternetAddress InternetAddress::fromV4(std::uint32_t networkOrder)
{
    InternetAddress address;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    std::memcpy(address.bytes.data() + 12, &networkOrder, 4);
    return address;
}

std::string InternetAddress::toText() const
{
    if (isV4())
        return std::to_string(bytes[12]) + '.' + std::to_string(bytes[13]) + '.' + std::to_string(bytes[14]) + '.' + std::to_string(bytes[15]);
    std::array<std::uint16_t, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i)
        groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    // RFC 5952 §4.2: the longest run of two or more zero groups is written "::", the first one on a tie.
    std::size_t runStart = 8;
    std::size_t runLength = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t length = 0;
        while (i + length < 8 && groups[i + length] == 0)
            ++length;
        if (length > runLength) {
            runStart = i;
            runLength = length;
        }
    }
    std::string result;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == runStart) {
            result += "::";
            i += runLength - 1;
            continue;
        }
        if (!result.empty() && result.back() != ':')
            result += ':';
        char text[8];
        std::snprintf(text, sizeof text, "%x", groups[i]);
        result += text;
    }
    return result;
}

std::optional<InternetAddress> InternetAddress::parse(std::string_view text)
{
    if (text.find(':') == std::string_view::npos) {
        const auto v4 = parseV4(text);
        if (!v4)
            return std::nullopt;
        std::uint32_t word = 0;
        std::memcpy(&word, v4->data(), 4);
        return fromV4(word);
    }
    const std::size_t gap = text.find("::");
    const auto head = parseGroups(gap == std::string_view::npos ? text : text.substr(0, gap));
    const auto tail = parseGroups(gap == std::string_view::npos ? std::string_view{} : text.substr(gap + 2));
    if (!head || !tail)
        return std::nullopt;
    const std::size_t count = head->size() + tail->size();
    if (gap == std::string_view::npos ? count != 8 : count > 7)
        return std::nullopt;
    std::array<std::uint16_t, 8> groups{};
    std::copy(head->begin(), head->end(), groups.begin());
    std::copy(tail->begin(), tail->end(), groups.end() - static_cast<std::ptrdiff_t>(tail->size()));
    InternetAddress address;
    for (std::size_t i = 0; i < 8; ++i) {
        address.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
        address.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
    }
    return address;
}

std::string Endpoint::toText() const
{
    const std::string host = address.toText();
    return (address.isV4() ? host : '[' + host + ']') + ':' + std::to_string(port);
}

} // namespace binnacle
