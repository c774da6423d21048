// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/elements.h"

#include <algorithm>

namespace binnacle::protocols {
namespace redis_elements {
namespace {

/// Elements that nesting can add up to; far from where sums could wrap.
constexpr std::uint64_t kMaxLeft = std::uint64_t{1} << 40;
constexpr std::size_t kMaxWord = 16; // of the words that make a push or a confirmation

/// The first word of an error when it has the shape of a code.
void takeError(std::string_view text, Redis::Response& out)
{
    static constexpr std::string_view kUnknown = "ERR unknown command";
    const std::string_view word = text.substr(0, text.find_first_of(" \r"));
    const bool shaped = !word.empty() && word.size() <= 16 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    out.error.clear();
    out.error.append(shaped ? word : std::string_view("ERR"));
    out.isError = true;
    out.unknownCommand = text.starts_with(kUnknown);
}

bool isConfirmationWord(std::string_view word)
{
    return word == "subscribe" || word == "psubscribe" || word == "ssubscribe" || word == "unsubscribe" || word == "punsubscribe"
           || word == "sunsubscribe";
}

bool isMessageWord(std::string_view word) { return word == "message" || word == "pmessage" || word == "smessage"; }

bool isSameIgnoringCase(std::string_view upperCase, std::string_view word)
{
    return std::equal(upperCase.begin(), upperCase.end(), word.begin(), word.end(), [](char a, char b) { return a == upper(b); });
}

/// The first word of an aggregate tells replies from what comes unasked.
void takeFirstWord(std::string_view word, const Redis::State& state, const Redis::Request* answering, Redis::ResponseLane& lane)
{
    if (isConfirmationWord(word) && answering && answering->verb == Redis::Verb::Subscribe
        && isSameIgnoringCase(answering->route.view(), word)) {
        lane.confirmation = true;
        lane.unasked = false;
    } else if (state.subscribed && (isMessageWord(word) || isConfirmationWord(word))) {
        lane.unasked = true;
    }
}

void replyBegins(Redis::ResponseLane& lane, char type, Redis::Response& out)
{
    lane.left = 1;
    lane.element = 0;
    lane.type = type;
    lane.unasked = type == '>';
    lane.confirmation = false;
    out.isError = out.unknownCommand = out.leaves = false;
}

/// "+OK\r\n" and its like: a value in one line.
Element readLineElement(ByteReader& in, Redis::ResponseLane& lane, const Redis::State& state, Redis::Response& out)
{
    const std::string_view text = in.restAsText();
    const auto line = textLine(text, lane);
    if (!line)
        return Element::NeedMore;
    if (line->next < line->text.size() + 2)
        return Element::Broken; // replies end with CR LF
    if (lane.element == 0 && text[0] == '-')
        takeError(line->text.substr(1), out);
    if (lane.element == 0 && state.monitoring && text[0] == '+' && line->text.size() > 1 && isDigit(line->text[1]))
        lane.unasked = true;
    in.skip(line->next);
    --lane.left;
    ++lane.element;
    return Element::Read;
}

/// "$5\r\nhello\r\n", also `=` and `!`.  What decides something has to be here whole, the rest is passed over.
Element readBulk(ByteReader& in, Redis::ResponseLane& lane, const Redis::State& state, const Redis::Request* answering, Redis::Response& out)
{
    const std::string_view text = in.restAsText();
    std::int64_t length = 0;
    std::size_t next = 0;
    const LineState line = numberLine(text, length, next);
    if (line != LineState::Whole)
        return line == LineState::Broken ? Element::Broken : Element::NeedMore;
    if (length < -1 || length > kMaxLength)
        return Element::Broken;
    const bool isError = lane.element == 0 && text[0] == '!';
    const bool isFirstWord = lane.element == 1 && (lane.type == '*' || lane.type == '>') && length <= static_cast<std::int64_t>(kMaxWord);
    if (length > 0 && (isError || isFirstWord)) {
        const std::size_t wanted = static_cast<std::size_t>(std::min<std::int64_t>(length, 32));
        if (text.size() - next < wanted)
            return Element::NeedMore;
        if (isError)
            takeError(text.substr(next, wanted), out);
        else
            takeFirstWord(text.substr(next, wanted), state, answering, lane);
    }
    in.skip(next);
    if (length >= 0)
        passOver(in, static_cast<std::uint64_t>(length) + 2, lane);
    --lane.left;
    ++lane.element;
    return Element::Read;
}

/// "*3\r\n", also `~`, `>`, `%` (pairs) and `|` (pairs, and the value that they describe still follows).
Element readAggregate(ByteReader& in, Redis::ResponseLane& lane)
{
    const char type = in.restAsText()[0];
    std::int64_t count = 0;
    std::size_t next = 0;
    const LineState line = numberLine(in.restAsText(), count, next);
    if (line != LineState::Whole)
        return line == LineState::Broken ? Element::Broken : Element::NeedMore;
    if (count < -1 || count > kMaxElements)
        return Element::Broken;
    const std::uint64_t added = count < 0 ? 0 : static_cast<std::uint64_t>(type == '%' || type == '|' ? 2 * count : count);
    lane.left += added;
    if (type != '|')
        --lane.left;
    if (lane.left > kMaxLeft)
        return Element::Broken;
    ++lane.element;
    in.skip(next);
    return Element::Read;
}

Element readElement(ByteReader& in, Redis::ResponseLane& lane, const Redis::State& state, const Redis::Request* answering, Redis::Response& out)
{
    switch (*in.peek()) {
    case '+': case '-': case ':': case '_': case '#': case ',': case '(': return readLineElement(in, lane, state, out);
    case '$': case '=': case '!': return readBulk(in, lane, state, answering, out);
    case '*': case '~': case '>': case '%': case '|': return readAggregate(in, lane);
    default: return Element::Broken;
    }
}

Step replyEnds(Redis::State& state, const Redis::Request* answering, Redis::Response& out)
{
    Redis::ResponseLane& lane = state.response;
    if (lane.unasked) {
        lane.inMessage = lane.confirmed > 0;
        return Step::Skip;
    }
    if (lane.confirmation && answering && ++lane.confirmed < answering->replies) {
        lane.inMessage = true; // the response is all confirmations together
        return Step::Skip;
    }
    lane.confirmed = 0;
    lane.inMessage = false;
    lane.part = Part::Whole;
    out.leaves = answering && answering->verb == Redis::Verb::Replicate && !out.isError;
    if (answering && answering->verb == Redis::Verb::Monitor && !out.isError)
        state.monitoring = true;
    return Step::Frame;
}

} // namespace
} // namespace redis_elements

Step Redis::nextResponse(ByteReader& in, State& state, const Request* answering, Response& out)
{
    using namespace redis_elements;
    ResponseLane& lane = state.response;
    const std::size_t begin = in.position();
    if (lane.left == 0 && (!lane.inMessage || (lane.confirmed > 0 && !lane.bulkOpen))) {
        if (in.atEnd())
            return Step::NeedMore;
        replyBegins(lane, static_cast<char>(*in.peek()), out);
        if (const std::size_t size = lane.inMessage ? 0 : wholeBulk(in.restAsText(), -1)) {
            in.skip(size);
            lane.left = 0;
            lane.element = 1;
            lane.bulkOpen = false;
            return replyEnds(state, answering, out);
        }
    }
    while (lane.left > 0 && lane.skip == 0) {
        const Element element = in.atEnd() ? Element::NeedMore : readElement(in, lane, state, answering, out);
        if (element == Element::Broken)
            return Step::Resync;
        if (element == Element::NeedMore)
            return partly(in, begin, lane);
    }
    lane.bulkOpen = lane.skip > 0;
    if (lane.skip == 0)
        return replyEnds(state, answering, out);
    lane.inMessage = true;
    return Step::Skip;
}

} // namespace binnacle::protocols
