// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/http/head.h"

#include "core/base/entity_key.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace binnacle::protocols::http_head {
namespace {

/// The registered methods (IANA) that are seen in practice; others are `_OTHER`, as in OpenTelemetry.
constexpr std::array<std::string_view, 24> kMethods{
    "GET",  "POST", "PUT",  "HEAD",   "DELETE", "PATCH",     "OPTIONS",  "CONNECT", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL",
    "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "MKCALENDAR", "REPORT", "PURGE",   "LINK",  "UNLINK",   "QUERY",     "ACL"};

/// Eight letters at once; a letter differs from its lower case in one bit, and what else that bit joins is in no name that we look for.
bool equalsIgnoringCase(std::string_view text, std::string_view lowerCase)
{
    static constexpr std::uint64_t kCaseBits = 0x2020202020202020U;
    if (text.size() != lowerCase.size())
        return false;
    const auto wordAt = [](std::string_view s, std::size_t at) {
        std::uint64_t word = 0;
        std::memcpy(&word, s.data() + at, sizeof word);
        return word | kCaseBits;
    };
    if (text.size() < 8)
        return std::equal(text.begin(), text.end(), lowerCase.begin(), [](char a, char b) { return lower(a) == b; });
    for (std::size_t i = 0; i + 8 < text.size(); i += 8) {
        if (wordAt(text, i) != wordAt(lowerCase, i))
            return false;
    }
    return wordAt(text, text.size() - 8) == wordAt(lowerCase, text.size() - 8);
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// "HTTP/1.1" → 11.
std::optional<std::uint8_t> versionOf(std::string_view text)
{
    if (text.size() != 8 || !text.starts_with("HTTP/1.") || !isDigit(text[7]))
        return std::nullopt;
    return static_cast<std::uint8_t>(10 + std::min(text[7] - '0', 1));
}

std::optional<std::uint64_t> decimal(std::string_view digits)
{
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (!isDigit(c))
            return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return digits.empty() || digits.size() > 18 || value > kMaxLength ? std::nullopt : std::optional(value);
}

/// "5", or "5, 5" (RFC 9112 §6.3: a list of equal values is one value).
void addLength(std::string_view value, Framing& framing)
{
    while (!framing.invalid) {
        const std::size_t comma = value.find(',');
        const auto length = decimal(trimmed(value.substr(0, comma)));
        framing.invalid = !length || (framing.length && framing.length != length);
        framing.length = length;
        if (comma == std::string_view::npos)
            return;
        value.remove_prefix(comma + 1);
    }
}

void addCodings(std::string_view value, Framing& framing)
{
    const std::size_t comma = value.rfind(',');
    const std::string_view last = trimmed(comma == std::string_view::npos ? value : value.substr(comma + 1));
    framing.chunked = equalsIgnoringCase(last, "chunked");
    framing.otherCoding = !framing.chunked && !last.empty() && !equalsIgnoringCase(last, "identity");
}

template <std::size_t Count>
bool takeHex(std::string_view hex, std::array<std::uint8_t, Count>& out)
{
    const auto value = [](char c) { return isDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    bool any = false;
    for (std::size_t i = 0; i < Count; ++i) {
        const int high = value(hex[2 * i]);
        const int low = value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
        any |= out[i] != 0;
    }
    return any; // all zero is "none" (W3C Trace Context §3.2.2)
}

/// 00-<trace id>-<parent id>-<flags>; a later version may have more behind it.
void takeTraceparent(std::string_view value, Http::Request& out)
{
    value = trimmed(value);
    if (value.size() < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-' || value.starts_with("ff"))
        return;
    out.hasTraceparent = takeHex(value.substr(3, 32), out.traceId) && takeHex(value.substr(36, 16), out.parentSpanId);
}

/// Is this line `name: …`?  `name` in lower case.  Most lines fail at the colon.
bool isField(std::string_view line, std::string_view name)
{
    return line.size() > name.size() && line[name.size()] == ':' && equalsIgnoringCase(line.substr(0, name.size()), name);
}

/// The value from `begin` up to the end of the last line folded to it (obs-fold, RFC 9112 §5.2).  Nothing if that end is not there yet.
std::optional<std::string_view> foldedValue(std::string_view text, std::size_t begin, std::size_t next)
{
    while (next < text.size() && (text[next] == ' ' || text[next] == '\t')) {
        const auto line = lineAt(text, next);
        if (!line)
            return std::nullopt;
        next = line->next;
    }
    if (next >= text.size())
        return std::nullopt;
    return trimmed(text.substr(begin, next - begin));
}

void takeFraming(std::string_view name, std::string_view value, Framing& framing)
{
    if (name.size() == 14)
        addLength(value, framing);
    else
        addCodings(value, framing);
}

/// "Content-Length: 612\r\n" as nearly everybody writes it, `value` what is between colon and line feed.  Nothing: look closer.
std::optional<std::uint64_t> plainLength(std::string_view value)
{
    std::uint64_t length = 0;
    std::size_t i = !value.empty() && value[0] == ' ' ? 1 : 0;
    const std::size_t first = i;
    for (; i < value.size() && isDigit(value[i]); ++i)
        length = length * 10 + static_cast<std::uint64_t>(value[i] - '0');
    const bool plain = i > first && i - first <= 15 && i + 1 == value.size() && value[i] == '\r';
    return plain ? std::optional(length) : std::nullopt;
}

void takePropagation(std::string_view name, std::string_view value, Http::Request& out)
{
    if (name.size() == 11)
        takeTraceparent(value, out);
    else if (!value.empty())
        out.requestIdHash = stableHash64(value);
}

/// The name if it is one of the fields that we read, all told apart by their length.
std::string_view fieldOfInterest(std::string_view line, bool request)
{
    static constexpr std::string_view kContentLength = "content-length", kTransferEncoding = "transfer-encoding",
                                      kTraceparent = "traceparent", kRequestId = "x-request-id";
    switch (lower(line[0])) {
    case 'c': return isField(line, kContentLength) ? kContentLength : std::string_view{};
    case 't':
        if (isField(line, kTransferEncoding))
            return kTransferEncoding;
        return request && isField(line, kTraceparent) ? kTraceparent : std::string_view{};
    case 'x': return request && isField(line, kRequestId) ? kRequestId : std::string_view{};
    default: return {};
    }
}

/// First letters of the fields that we read, and what an empty line begins with.
constexpr auto kMatters = [] {
    std::array<bool, 256> matters{};
    for (const char c : {'c', 'C', 't', 'T', 'x', 'X', '\r', '\n'})
        matters[static_cast<unsigned char>(c)] = true;
    return matters;
}();

} // namespace

std::optional<Line> lineAt(std::string_view text, std::size_t from)
{
    if (from >= text.size())
        return std::nullopt;
    const auto* feed = static_cast<const char*>(std::memchr(text.data() + from, '\n', text.size() - from));
    if (!feed)
        return std::nullopt;
    const auto end = static_cast<std::size_t>(feed - text.data());
    const std::size_t length = end - from;
    return Line{text.substr(from, length > 0 && text[end - 1] == '\r' ? length - 1 : length), end + 1};
}

std::optional<RequestLine> parseRequestLine(std::string_view line)
{
    std::size_t space = 0;
    while (space < line.size() && space <= kMaxMethod && isMethodCharacter(line[space]))
        ++space;
    if (space == 0 || space > kMaxMethod || line.size() < space + 11 || line[space] != ' ')
        return std::nullopt;
    const auto version = versionOf(line.substr(line.size() - 8));
    if (!version || line[line.size() - 9] != ' ')
        return std::nullopt;
    return RequestLine{line.substr(0, space), line.substr(space + 1, line.size() - space - 10), *version};
}

bool isKnownMethod(std::string_view method) { return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end(); }

bool couldBeMethod(std::string_view beginning)
{
    return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view m) { return m.starts_with(beginning); });
}

std::string_view knownMethod(std::string_view method)
{
    if (method == "GET") // before the others are looked through
        return kMethods.front();
    const auto found = std::find(kMethods.begin(), kMethods.end(), method);
    return found == kMethods.end() ? std::string_view("_OTHER") : *found;
}

/// This is where the time of a small message goes: a line that is of no interest costs its share of the search for line feeds and one look
/// at its first letter.
const char* readFields(std::string_view text, const Head& head, Framing& framing, Http::Request* request)
{
    LineFeeds feeds = head.feeds; // a copy of its own stays in registers
    const char* line = head.fields;
    while (const char* const feed = feeds.next()) {
        const char* const begin = std::exchange(line, feed + 1);
        if (!kMatters[static_cast<unsigned char>(*begin)])
            continue;
        const auto size = static_cast<std::size_t>(feed - begin);
        if (size == 0 || (size == 1 && *begin == '\r'))
            return feed + 1;
        const std::string_view name = fieldOfInterest({begin, size}, request != nullptr);
        if (name.empty())
            continue;
        const bool folded = line < text.data() + text.size() && (*line == ' ' || *line == '\t');
        if (name.size() == 14 && !folded && !framing.length && !framing.invalid) {
            framing.length = plainLength({begin + 15, size - 15});
            if (framing.length)
                continue;
        }
        const auto value = foldedValue(text, static_cast<std::size_t>(begin - text.data()) + name.size() + 1,
                                       static_cast<std::size_t>(feed + 1 - text.data()));
        if (!value)
            return nullptr;
        if (name.size() == 11 || name.size() == 12)
            takePropagation(name, *value, *request);
        else
            takeFraming(name, *value, framing);
    }
    return nullptr;
}

} // namespace binnacle::protocols::http_head
