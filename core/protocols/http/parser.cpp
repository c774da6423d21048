// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/http/head.h"

#include <algorithm>
#include <optional>

namespace binnacle::protocols {
namespace {

using namespace http_head;

/// A request line may stay unfinished this long before its beginning alone is believed.
constexpr std::size_t kConvincing = 64;

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

/// The head was consumed.  A body that lies behind it whole is passed over at once.
Step begun(ByteReader& in, Http::Lane& lane, const Framing& framing)
{
    if (!framing.chunked && framing.length.value_or(0) <= in.left()) {
        in.skip(static_cast<std::size_t>(framing.length.value_or(0)));
        lane.part = Part::Whole;
        return Step::Frame;
    }
    lane.inMessage = true;
    lane.part = Part::Begin;
    lane.at = framing.chunked ? Http::Lane::At::ChunkSize : Http::Lane::At::Body;
    lane.skip = framing.chunked ? 0 : *framing.length;
    return Step::Frame;
}

/// For the next message that begins with the same bytes.
bool remember(Http::Lane& lane, std::string_view head, const Framing& framing, SharedBytes* heads)
{
    if (!lane.seen.isWorthIt(head))
        return false;
    lane.seen.remember(head, heads);
    lane.seenFraming = framing;
    return true;
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
    if (!text.empty() && text[0] != '\r' && text[0] != '\n')
        return Step::Frame;
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
        return couldBeMethod(text) ? Likeness::Maybe : Likeness::No;
    if (!isKnownMethod(text.substr(0, space)))
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
    if (text.size() >= kSize && text.starts_with(kBegin) && isDigit(text[7]) && text[8] == ' ' && isDigit(text[9]) && isDigit(text[10])
        && isDigit(text[11]))
        return Likeness::Yes; // as nearly all of them do
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

/// The status is known, the head was consumed.
Step beginResponse(ByteReader& in, Http::Lane& lane, const Framing& framing, const Http::Request* answering, Http::Response& out)
{
    const auto& status = out.status;
    const int code = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    out.leaves = code == 101 || (answering && answering->verb == Http::Verb::Connect && code / 100 == 2);
    if (out.leaves || hasNoBody(code, answering))
        return begun(in, lane, {});
    if (framing.invalid && !framing.chunked)
        return Step::Resync;
    const Step step = begun(in, lane, framing);
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

Step Http::nextRequest(ByteReader& in, State& state, RouteCache& routes, const Request*& found)
{
    Lane& lane = state.lane(Direction::Request);
    if (lane.at != Lane::At::Head)
        return nextOfBody(in, lane);
    if (const Step blank = skipEmptyLines(in); blank != Step::Frame)
        return blank;
    const std::string_view text = in.restAsText();
    if (const std::size_t size = lane.scanned == 0 ? lane.seen.beginning(text) : 0) {
        found = &state.seenRequest;
        in.skip(size);
        return begun(in, lane, lane.seenFraming);
    }
    if (isHopeless(text, lane))
        return unfinished(text, lane);
    const Head head(text);
    if (!head.fields)
        return !text.empty() && !isMethodCharacter(text[0]) ? Step::Resync : unfinished(text, lane);
    const auto line = parseRequestLine(head.line);
    if (!line)
        return Step::Resync;
    Framing framing;
    Request& out = state.request;
    out.hasTraceparent = false;
    out.requestIdHash = 0;
    const char* const body = readFields(text, head, framing, &out);
    if (!body)
        return unfinished(text, lane);
    if ((framing.invalid || framing.otherCoding) && !framing.chunked)
        return Step::Resync;
    const std::string_view method = knownMethod(line->method);
    out.route = routes.route(method, line->target);
    out.methodLength = static_cast<std::uint8_t>(method.size());
    out.version = line->version;
    out.verb = verbOf(method);
    const std::string_view whole = text.substr(0, static_cast<std::size_t>(body - text.data()));
    state.heads = &routes.heads();
    if (remember(lane, whole, framing, state.heads))
        state.seenRequest = out;
    found = &out;
    in.skip(whole.size());
    return begun(in, lane, framing);
}

Step Http::nextResponse(ByteReader& in, State& state, const Request* answering, Response& out)
{
    Lane& lane = state.lane(Direction::Response);
    if (lane.at != Lane::At::Head)
        return nextOfBody(in, lane);
    if (const Step blank = skipEmptyLines(in); blank != Step::Frame)
        return blank;
    const std::string_view text = in.restAsText();
    if (const std::size_t size = lane.scanned == 0 ? lane.seen.beginning(text) : 0) {
        out = state.seenResponse;
        in.skip(size);
        return beginResponse(in, lane, lane.seenFraming, answering, out);
    }
    if (likenessOfResponse(text) == Likeness::No)
        return Step::Resync;
    if (isHopeless(text, lane))
        return unfinished(text, lane);
    const Head head(text);
    if (head.fields && (head.line.size() < 12 || (head.line.size() > 12 && head.line[12] != ' ')))
        return Step::Resync;
    Framing framing;
    const char* const body = head.fields ? readFields(text, head, framing, nullptr) : nullptr;
    if (!body)
        return unfinished(text, lane);
    const std::string_view status = head.line.substr(9, 3);
    const std::string_view whole = text.substr(0, static_cast<std::size_t>(body - text.data()));
    in.skip(whole.size());
    if (status[0] == '1' && status != "101")
        return Step::Skip; // interim (RFC 9110 §15.2): the final one follows
    std::copy_n(status.begin(), 3, out.status.begin());
    if (remember(lane, whole, framing, state.heads))
        state.seenResponse = out;
    return beginResponse(in, lane, framing, answering, out);
}

} // namespace binnacle::protocols
