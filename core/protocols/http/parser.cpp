// SPDX-License-Identifier: Apache-2.0
#include "core/base/entity_key.h"
#include "core/protocols/http/frames.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace binnacle::protocols {
namespace {

/// The registered methods (IANA) that are seen in practice; others are `_OTHER`, as in OpenTelemetry.
constexpr std::array<std::string_view, 24> kMethods{
    "GET",  "POST", "PUT",  "HEAD",   "DELETE", "PATCH",     "OPTIONS",  "CONNECT", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL",
    "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "MKCALENDAR", "REPORT", "PURGE",   "LINK",  "UNLINK",   "QUERY",     "ACL"};
constexpr std::size_t kMaxMethod = 20;
/// Bodies longer than this are not believed; far from where sums of lengths and positions could wrap.
constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 60;
/// A request line may stay unfinished this long before its beginning alone is believed.
constexpr std::size_t kConvincing = 64;

constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isMethodCharacter(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }
constexpr bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

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

/// A line without its end, `\n` or `\r\n` (RFC 9112 §2.2 lets a recipient take a bare LF); `next` is where the following one begins.
struct Line {
    std::string_view text;
    std::size_t next;
};

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

/// "HTTP/1.1" → 11.
std::optional<std::uint8_t> versionOf(std::string_view text)
{
    if (text.size() != 8 || !text.starts_with("HTTP/1.") || !isDigit(text[7]))
        return std::nullopt;
    return static_cast<std::uint8_t>(10 + std::min(text[7] - '0', 1));
}

struct RequestLine {
    std::string_view method, target;
    std::uint8_t version;
};

std::optional<RequestLine> parseRequestLine(std::string_view line)
{
    const std::size_t space = line.find(' ');
    if (space == 0 || space > kMaxMethod || line.size() < space + 11)
        return std::nullopt;
    for (std::size_t i = 0; i < space; ++i) {
        if (!isMethodCharacter(line[i]))
            return std::nullopt;
    }
    const auto version = versionOf(line.substr(line.size() - 8));
    if (!version || line[line.size() - 9] != ' ')
        return std::nullopt;
    return RequestLine{line.substr(0, space), line.substr(space + 1, line.size() - space - 10), *version};
}

std::string_view knownMethod(std::string_view method)
{
    const auto found = std::find(kMethods.begin(), kMethods.end(), method);
    return found == kMethods.end() ? std::string_view("_OTHER") : *found;
}

/// What a head says about the body behind it.
struct Framing {
    std::optional<std::uint64_t> length;
    bool chunked = false;
    bool otherCoding = false; // a transfer coding that does not say where it ends
    bool invalid = false;
};

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

/// Reads the fields from `from` on; returns where the body begins, nothing when the head is not all there.  This is where the time of a small
/// message goes: a line that is of no interest costs one search for its end and one look at its first letter.
std::optional<std::size_t> readFields(std::string_view text, std::size_t from, Framing& framing, Http::Request* request)
{
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    for (const char* line = begin + from; line < end;) {
        const auto* feed = static_cast<const char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)));
        if (!feed)
            return std::nullopt;
        const auto size = static_cast<std::size_t>(feed - line);
        const auto next = static_cast<std::size_t>(feed + 1 - begin);
        if (size == 0 || (size == 1 && *line == '\r'))
            return next;
        const std::string_view name = fieldOfInterest({line, size}, request != nullptr);
        if (!name.empty()) {
            const auto value = foldedValue(text, static_cast<std::size_t>(line - begin) + name.size() + 1, next);
            if (!value)
                return std::nullopt;
            if (name.size() == 11 || name.size() == 12)
                takePropagation(name, *value, *request);
            else
                takeFraming(name, *value, framing);
        }
        line = feed + 1;
    }
    return std::nullopt;
}

/// A head that was unfinished before is read again only when its empty line has come, so that one that dribbles in costs no more than one
/// that comes at once.
bool isHopeless(std::string_view text, Http::Lane& lane)
{
    if (lane.scanned == 0)
        return false;
    const std::size_t from = lane.scanned > 3 ? lane.scanned - 3 : 0;
    const std::string_view fresh = text.substr(std::min(from, text.size()));
    return fresh.find("\n\r\n") == std::string_view::npos && fresh.find("\n\n") == std::string_view::npos;
}

Step unfinished(std::string_view text, Http::Lane& lane)
{
    lane.scanned = static_cast<std::uint32_t>(text.size());
    return Step::NeedMore;
}

Step ended(Http::Lane& lane)
{
    lane.at = Http::Lane::At::Head;
    lane.inMessage = false;
    lane.part = Part::End;
    return Step::Frame;
}

Step begun(Http::Lane& lane, const Framing& framing)
{
    if (!framing.chunked && framing.length.value_or(0) == 0) {
        lane.part = Part::Whole;
        return Step::Frame;
    }
    lane.inMessage = true;
    lane.part = Part::Begin;
    lane.at = framing.chunked ? Http::Lane::At::ChunkSize : Http::Lane::At::Body;
    lane.skip = framing.chunked ? 0 : *framing.length;
    return Step::Frame;
}

std::optional<std::uint64_t> chunkSize(std::string_view line)
{
    std::uint64_t size = 0;
    std::size_t digits = 0;
    for (; digits < line.size(); ++digits) {
        const char c = lower(line[digits]);
        const int value = isDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0)
            break;
        size = size * 16 + static_cast<std::uint64_t>(value);
        if (size > kMaxLength)
            return std::nullopt;
    }
    const bool bounded = digits == line.size() || line[digits] == ';' || isBlank(line[digits]);
    return digits > 0 && bounded ? std::optional(size) : std::nullopt;
}

/// One line of the chunked coding (RFC 9112 §7.1): a size with extensions, the end of a chunk, a trailer.
Step nextChunkLine(ByteReader& in, Http::Lane& lane)
{
    using At = Http::Lane::At;
    const std::string_view text = in.restAsText();
    const auto line = text.substr(std::min<std::size_t>(lane.scanned, text.size())).find('\n') == std::string_view::npos
                          ? std::nullopt
                          : lineAt(text, 0);
    if (!line)
        return lane.at == At::ChunkEnd && text.size() > 1 ? Step::Resync : unfinished(text, lane);
    if (lane.at == At::ChunkEnd && !line->text.empty())
        return Step::Resync;
    const std::optional<std::uint64_t> size = lane.at == At::ChunkSize ? chunkSize(line->text) : 0;
    if (!size)
        return Step::Resync;
    in.skip(line->next);
    if (lane.at == At::Trailer)
        return line->text.empty() ? ended(lane) : Step::Skip;
    if (lane.at == At::ChunkEnd) {
        lane.at = At::ChunkSize;
        return Step::Skip;
    }
    lane.at = *size == 0 ? At::Trailer : At::ChunkEnd;
    lane.skip = *size;
    return Step::Skip;
}

/// What comes after a head, alike for both directions.
Step nextOfBody(ByteReader& in, Http::Lane& lane)
{
    return lane.at == Http::Lane::At::Body ? ended(lane) : nextChunkLine(in, lane);
}

/// Empty lines before a request line (RFC 9112 §2.2), also after a body that its length leaves out.
Step skipEmptyLines(ByteReader& in)
{
    const std::string_view text = in.restAsText();
    std::size_t count = 0;
    while (count < text.size()) {
        const std::size_t line = text[count] == '\n' ? 1 : text.substr(count).starts_with("\r\n") ? 2 : 0;
        if (line == 0)
            break;
        count += line;
    }
    if (count == 0)
        return text == "\r" ? Step::NeedMore : Step::Frame;
    in.skip(count);
    return Step::Skip;
}

Likeness likenessOfRequest(std::string_view text)
{
    const std::size_t space = text.substr(0, kMaxMethod + 1).find(' ');
    if (space == std::string_view::npos)
        return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view m) { return m.starts_with(text); }) ? Likeness::Maybe
                                                                                                                     : Likeness::No;
    if (std::find(kMethods.begin(), kMethods.end(), text.substr(0, space)) == kMethods.end())
        return Likeness::No;
    if (const auto line = lineAt(text, 0))
        return parseRequestLine(line->text) ? Likeness::Yes : Likeness::No;
    const std::string_view rest = text.substr(space + 1);
    const bool readable = std::all_of(rest.begin(), rest.end(), [](char c) { return static_cast<unsigned char>(c) >= ' '; }) || rest.ends_with('\r');
    if (!readable)
        return Likeness::No;
    return rest.starts_with('/') && text.size() >= kConvincing ? Likeness::Yes : Likeness::Maybe;
}

Likeness likenessOfResponse(std::string_view text)
{
    static constexpr std::string_view kBegin = "HTTP/1.";
    static constexpr std::size_t kSize = 12; // "HTTP/1.1 200"
    if (!text.starts_with(kBegin.substr(0, text.size())))
        return Likeness::No;
    for (std::size_t i = kBegin.size(); i < std::min(text.size(), kSize); ++i) {
        if (i == 8 ? text[i] != ' ' : !isDigit(text[i]))
            return Likeness::No;
    }
    return text.size() < kSize ? Likeness::Maybe : Likeness::Yes;
}

Http::Verb verbOf(std::string_view method)
{
    return method == "HEAD" ? Http::Verb::Head : method == "CONNECT" ? Http::Verb::Connect : Http::Verb::Other;
}

/// RFC 9112 §6.3, rules 1 and 2: these have no body whatever their fields say.
bool hasNoBody(int status, const Http::Request* answering)
{
    return status == 204 || status == 304 || (answering && answering->verb == Http::Verb::Head);
}

Step beginResponse(Http::Lane& lane, std::string_view status, const Framing& framing, const Http::Request* answering, Http::Response& out)
{
    const int code = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    std::copy_n(status.begin(), 3, out.status.begin());
    out.leaves = code == 101 || (answering && answering->verb == Http::Verb::Connect && code / 100 == 2);
    if (out.leaves || hasNoBody(code, answering))
        return begun(lane, {});
    if (framing.invalid && !framing.chunked)
        return Step::Resync;
    const Step step = begun(lane, framing);
    if (!framing.chunked && (framing.otherCoding || !framing.length)) { // until the connection closes
        lane.inMessage = true;
        lane.part = Part::Begin;
        lane.at = Http::Lane::At::Body;
        lane.skip = LaneState::kUntilClose;
    }
    return step;
}

} // namespace

Likeness Http::looksLike(ByteView bytes, Direction direction)
{
    return direction == Direction::Request ? likenessOfRequest(asText(bytes)) : likenessOfResponse(asText(bytes));
}

Step Http::nextRequest(ByteReader& in, State& state, RouteCache& routes, Request& out)
{
    Lane& lane = state.lane(Direction::Request);
    if (lane.at != Lane::At::Head)
        return nextOfBody(in, lane);
    if (const Step blank = skipEmptyLines(in); blank != Step::Frame)
        return blank;
    const std::string_view text = in.restAsText();
    if (isHopeless(text, lane))
        return unfinished(text, lane);
    const auto line = lineAt(text, 0);
    if (!line)
        return !text.empty() && !isMethodCharacter(text[0]) ? Step::Resync : unfinished(text, lane);
    const auto head = parseRequestLine(line->text);
    if (!head)
        return Step::Resync;
    Framing framing;
    out.hasTraceparent = false;
    out.requestIdHash = 0;
    const auto body = readFields(text, line->next, framing, &out);
    if (!body)
        return unfinished(text, lane);
    if ((framing.invalid || framing.otherCoding) && !framing.chunked)
        return Step::Resync;
    const std::string_view method = knownMethod(head->method);
    out.route = routes.route(method, head->target);
    out.methodLength = static_cast<std::uint8_t>(method.size());
    out.version = head->version;
    out.verb = verbOf(method);
    in.skip(*body);
    return begun(lane, framing);
}

Step Http::nextResponse(ByteReader& in, State& state, const Request* answering, Response& out)
{
    Lane& lane = state.lane(Direction::Response);
    if (lane.at != Lane::At::Head)
        return nextOfBody(in, lane);
    if (const Step blank = skipEmptyLines(in); blank != Step::Frame)
        return blank;
    const std::string_view text = in.restAsText();
    if (likenessOfResponse(text) == Likeness::No)
        return Step::Resync;
    if (isHopeless(text, lane))
        return unfinished(text, lane);
    const auto line = lineAt(text, 0);
    if (line && (line->text.size() < 12 || (line->text.size() > 12 && line->text[12] != ' ')))
        return Step::Resync;
    Framing framing;
    const auto body = line ? readFields(text, line->next, framing, nullptr) : std::nullopt;
    if (!body)
        return unfinished(text, lane);
    const std::string_view status = line->text.substr(9, 3);
    in.skip(*body);
    if (status[0] == '1' && status != "101")
        return Step::Skip; // interim (RFC 9110 §15.2): the final one follows
    return beginResponse(lane, status, framing, answering, out);
}

} // namespace binnacle::protocols
