// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/route_template.h"

#include "core/base/entity_key.h"

#include <array>

namespace binnacle::protocols {
namespace {

constexpr std::size_t kMaxToken = 32;
constexpr std::string_view kPlaceholder = "{id}";
constexpr std::string_view kCut = "…";

enum Kind : std::uint8_t { kOther = 0, kDigit = 1, kHexLower = 2, kHexUpper = 4, kLower = 8, kUpper = 16, kMark = 32 };

constexpr std::array<std::uint8_t, 256> makeKinds()
{
    std::array<std::uint8_t, 256> kinds{};
    for (int c = '0'; c <= '9'; ++c)
        kinds[c] = kDigit;
    for (int c = 'a'; c <= 'z'; ++c)
        kinds[c] = c <= 'f' ? kHexLower | kLower : kLower;
    for (int c = 'A'; c <= 'Z'; ++c)
        kinds[c] = c <= 'F' ? kHexUpper | kUpper : kUpper;
    for (const char c : {'-', '_', '.', '~', '$'})
        kinds[static_cast<unsigned char>(c)] = kMark;
    return kinds;
}
constexpr auto kKinds = makeKinds();

/// What a token is made of, from one pass over it.
struct Makeup {
    std::size_t digits = 0, letters = 0, marks = 0, lower = 0, upper = 0;
    std::size_t hexadecimal = 0; // digits included
    std::size_t digitsAtEnd = 0;
    std::size_t runs = 0; // of digits
    bool foreign = false; // has a byte that is neither letter, digit nor mark
};

Makeup makeupOf(std::string_view token)
{
    Makeup m;
    bool inDigits = false;
    for (const char c : token) {
        const std::uint8_t kind = kKinds[static_cast<unsigned char>(c)];
        const bool digit = (kind & kDigit) != 0;
        m.digits += digit;
        m.runs += digit && !inDigits;
        m.digitsAtEnd = digit ? m.digitsAtEnd + 1 : 0;
        m.lower += (kind & kLower) != 0;
        m.upper += (kind & kUpper) != 0;
        m.marks += kind == kMark;
        m.hexadecimal += (kind & (kDigit | kHexLower | kHexUpper)) != 0;
        m.foreign |= kind == kOther;
        inDigits = digit;
    }
    m.letters = m.lower + m.upper;
    return m;
}

bool looksLikeUuid(std::string_view token, const Makeup& m)
{
    return token.size() == 36 && m.hexadecimal == 32 && token[8] == '-' && token[13] == '-' && token[18] == '-' && token[23] == '-';
}

/// `orders2024`, `v10`: letters, then one number of up to four digits.  `e2e`, `k8s`, `i18n`: a short name around a short number.
bool isWordWithNumber(std::string_view token, const Makeup& m)
{
    if (m.runs != 1 || m.marks != 0)
        return false;
    if (m.digitsAtEnd == m.digits)
        return m.digits <= 4;
    return token.size() <= 4 && m.digits == 1;
}

bool isIdentifier(std::string_view token)
{
    if (token.empty())
        return false;
    if (token.size() > kMaxToken)
        return true;
    const Makeup m = makeupOf(token);
    if (m.foreign || looksLikeUuid(token, m))
        return true;
    if (m.digits == 0) // base64-like without a digit: both cases mixed, no separator
        return token.size() >= 20 && m.marks == 0 && m.upper >= 3 && m.lower >= 3;
    if (m.letters == 0)
        return true;
    if (m.hexadecimal == token.size() && token.size() >= 8)
        return true;
    if (token.size() >= 12)
        return true;
    return token.size() >= 4 && m.digits >= 2 && !isWordWithNumber(token, m);
}

/// The path of origin-form and absolute-form (RFC 9112 §3.2).
std::string_view pathOf(std::string_view target)
{
    if (!target.starts_with('/')) {
        const std::size_t scheme = target.find("://");
        if (scheme != std::string_view::npos && scheme < target.find_first_of("/?#")) {
            const std::size_t slash = target.find_first_of("/?#", scheme + 3);
            target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
        }
    }
    const std::size_t end = target.find_first_of("?#");
    target = target.substr(0, end);
    return target.empty() ? std::string_view("/") : target;
}

} // namespace

void appendRouteTemplate(std::string_view target, RouteText& out)
{
    std::string_view path = pathOf(target);
    if (path == "*") {
        out.append('*');
        return;
    }
    if (!path.starts_with('/')) {
        out.append("{authority}");
        return;
    }
    while (!path.empty()) {
        path.remove_prefix(1); // the slash
        const std::size_t end = std::min(path.find('/'), path.size());
        std::string_view token = path.substr(0, end);
        token = token.substr(0, token.find(';'));
        if (isIdentifier(token))
            token = kPlaceholder;
        if (out.room() < 1 + token.size() + kCut.size()) {
            out.append(kCut);
            return;
        }
        out.append('/');
        out.append(token);
        path.remove_prefix(end);
    }
}

RouteCache::RouteCache() : m_slots(std::make_unique<Slot[]>(kSlots)) {}

const RouteText& RouteCache::route(std::string_view method, std::string_view target)
{
    target = target.substr(0, target.find('?')); // what differs only in its query shares an entry
    std::uint64_t hash = stableHash64(target);
    for (const char c : method)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15U;
    hash |= 1; // 0 marks an empty slot
    Slot& slot = m_slots[(hash >> 32) % kSlots];
    if (slot.hash != hash) {
        slot.hash = hash;
        slot.text.clear();
        slot.text.append(method);
        slot.text.append(' ');
        appendRouteTemplate(target, slot.text);
    }
    return slot.text;
}

} // namespace binnacle::protocols
