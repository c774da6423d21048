// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/elements.h"

#include <algorithm>
#include <array>
#include <utility>

namespace binnacle::protocols {
namespace redis_elements {
namespace {

/// Commands that are families: their first argument is a name and not a key.
constexpr std::array<std::string_view, 17> kFamilies{"ACL",    "CLIENT",   "CLUSTER",  "COMMAND", "CONFIG",  "DEBUG",  "FUNCTION", "LATENCY", "MEMORY",
                                                     "MODULE", "OBJECT",   "PUBSUB",   "SCRIPT",  "SLOWLOG", "XGROUP", "XINFO",    "SENTINEL"};

/// For each first letter the lengths of the families that begin with it, a bit each.
constexpr auto kFamilyLengths = [] {
    std::array<std::uint32_t, 26> lengths{};
    for (const std::string_view family : kFamilies)
        lengths[static_cast<std::size_t>(family[0] - 'A')] |= 1U << family.size();
    return lengths;
}();

/// Is the first argument of this command a name too?
bool isFamily(std::string_view name)
{
    const bool possible = !name.empty() && name[0] >= 'A' && name[0] <= 'Z' && name.size() < 32
                          && (kFamilyLengths[static_cast<std::size_t>(name[0] - 'A')] >> name.size() & 1) != 0;
    return possible && contains(kFamilies, name);
}

Redis::Verb verbOf(std::string_view name, std::string_view subcommand)
{
    if (name.size() < 4)
        return Redis::Verb::Other;
    if (name.ends_with("SUBSCRIBE"))
        return Redis::Verb::Subscribe;
    if (name == "MONITOR")
        return Redis::Verb::Monitor;
    if (name == "PSYNC" || name == "SYNC")
        return Redis::Verb::Replicate;
    return name == "CLIENT" && subcommand == "REPLY" ? Redis::Verb::ClientReply : Redis::Verb::Other;
}

/// Is a command read to its end answered at all?
bool isAnswered(Redis::State& state, const Redis::Request& request)
{
    using Reply = Redis::RequestLane::Reply;
    const Reply reply = request.verb == Redis::Verb::ClientReply ? state.request.reply : Reply::NotNamed;
    if (reply == Reply::On)
        state.repliesOff = false;
    if (reply == Reply::Off)
        state.repliesOff = true;
    const bool skipped = std::exchange(state.skipNext, reply == Reply::Skip);
    return !state.repliesOff && !skipped && reply != Reply::Skip;
}

Step commandEnds(Redis::State& state, const Redis::Request*& found)
{
    Redis::RequestLane& lane = state.request;
    Redis::Request& out = state.read;
    found = &out;
    lane.head.clear();
    const std::string_view name = lane.name.empty() ? std::string_view("OTHER") : lane.name.view();
    out.route.clear();
    out.route.append(name);
    out.nameLength = static_cast<std::uint8_t>(name.size());
    if (!lane.subcommand.empty()) {
        out.route.append(' ');
        out.route.append(lane.subcommand.view());
    }
    out.verb = verbOf(name, lane.subcommand.view());
    const bool subscribes = out.verb == Redis::Verb::Subscribe;
    out.replies = subscribes ? std::max(1U, lane.arguments) : 1;
    if (subscribes)
        state.subscribed = true;
    else if (name != "PING" && name != "QUIT")
        state.subscribed = false; // in RESP2 no other command is allowed while subscribed, and in RESP3 messages are pushes
    lane.inMessage = false;
    lane.part = Part::Whole;
    return isAnswered(state, out) ? Step::Frame : Step::Skip;
}

void beginCommand(Redis::RequestLane& lane, std::int64_t elements)
{
    lane.left = static_cast<std::uint64_t>(elements);
    lane.element = 0;
    lane.arguments = static_cast<std::uint32_t>(elements - 1);
    lane.name.clear();
    lane.subcommand.clear();
    lane.reply = Redis::RequestLane::Reply::NotNamed;
}

void takeReplyMode(std::string_view word, Redis::RequestLane& lane)
{
    using Reply = Redis::RequestLane::Reply;
    BoundedText<4> mode;
    takeName(word, mode);
    lane.reply = mode.view() == "ON" ? Reply::On : mode.view() == "OFF" ? Reply::Off : mode.view() == "SKIP" ? Reply::Skip : Reply::NotNamed;
}

/// Is the next argument one that is read, and not skipped?
bool isRead(const Redis::RequestLane& lane)
{
    switch (lane.element) {
    case 0: return true;
    case 1: return isFamily(lane.name.view());
    case 2: return lane.name.view() == "CLIENT" && lane.subcommand.view() == "REPLY";
    default: return false;
    }
}

void takeArgument(std::string_view word, Redis::RequestLane& lane)
{
    if (lane.element == 0)
        takeName(word, lane.name);
    else if (lane.element == 1)
        takeName(word, lane.subcommand);
    else
        takeReplyMode(word, lane);
}

/// "$3\r\nGET\r\n"
Element readArgument(ByteReader& in, Redis::RequestLane& lane)
{
    const std::string_view text = in.restAsText();
    if (text.empty())
        return Element::NeedMore;
    std::int64_t length = 0;
    std::size_t next = 0;
    const LineState line = text[0] == '$' ? numberLine(text, length, next) : LineState::Broken;
    if (line != LineState::Whole)
        return line == LineState::Broken ? Element::Broken : Element::NeedMore;
    if (length < 0 || length > kMaxLength)
        return Element::Broken;
    const std::uint64_t data = static_cast<std::uint64_t>(length) + 2;
    if (lane.element < 3 && length <= Redis::kMaxName && isRead(lane)) {
        if (text.size() - next < data)
            return Element::NeedMore;
        if (text[next + data - 2] != '\r' || text[next + data - 1] != '\n')
            return Element::Broken;
        takeArgument(text.substr(next, data - 2), lane);
        in.skip(next + data);
    } else {
        in.skip(next);
        passOver(in, data, lane);
    }
    ++lane.element;
    --lane.left;
    return Element::Read;
}

/// "PING\r\n", as a person types it.  Only the first words are looked at; quotes do not matter for them.
Step inlineCommand(ByteReader& in, Redis::State& state, const Redis::Request*& found)
{
    Redis::RequestLane& lane = state.request;
    const std::string_view text = in.restAsText();
    if (!isLetter(text[0]) && text[0] != '\r' && text[0] != '\n' && text[0] != ' ')
        return Step::Resync;
    const auto line = textLine(text, lane);
    if (!line)
        return Step::NeedMore;
    in.skip(line->next);
    std::string_view rest = line->text;
    beginCommand(lane, 1);
    for (; !rest.empty(); ++lane.element) {
        const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
        rest.remove_prefix(begin);
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (word.empty())
            break;
        if (lane.element < 3 && isRead(lane))
            takeArgument(word, lane);
        rest.remove_prefix(word.size());
    }
    lane.left = 0;
    if (lane.element == 0)
        return Step::Skip; // an empty line gets no reply
    lane.arguments = lane.element - 1;
    return commandEnds(state, found);
}

/// "*3\r\n"
Step commandBegins(ByteReader& in, Redis::RequestLane& lane)
{
    std::int64_t elements = 0;
    std::size_t next = 0;
    const LineState line = numberLine(in.restAsText(), elements, next);
    if (line == LineState::Unfinished)
        return Step::NeedMore;
    if (line == LineState::Broken || elements > kMaxElements)
        return Step::Resync;
    in.skip(next);
    if (elements <= 0)
        return Step::Skip; // gets no reply
    beginCommand(lane, elements);
    return Step::Frame;
}

/// A command of which only the name is read and that changes nothing but what every other one does.
bool isPlain(const Redis::State& state)
{
    const std::string_view name = state.request.name.view();
    return !name.empty() && !isFamily(name) && state.read.verb == Redis::Verb::Other && name != "PING" && name != "QUIT";
}

/// `head` is what was read of a command up to behind its name.
void rememberHead(std::string_view head, Redis::State& state)
{
    if (head.size() > Redis::kMaxHead || !isPlain(state))
        return;
    state.request.head.append(head);
    state.request.headArguments = state.request.arguments;
}

} // namespace
} // namespace redis_elements

Step Redis::nextRequest(ByteReader& in, State& state, RouteCache&, const Request*& found)
{
    using namespace redis_elements;
    RequestLane& lane = state.request;
    const std::size_t begin = in.position();
    const std::string_view whole = in.restAsText();
    const bool begins = lane.left == 0 && !lane.inMessage;
    if (begins) {
        if (in.atEnd())
            return Step::NeedMore;
        if (const std::size_t size = sizeIfAlike(whole, lane.head.view(), lane.headArguments)) {
            in.skip(size);
            lane.part = Part::Whole;
            state.subscribed = false;
            found = &state.read;
            return isAnswered(state, state.read) ? Step::Frame : Step::Skip;
        }
        if (*in.peek() != '*')
            return inlineCommand(in, state, found);
        if (const Step step = commandBegins(in, lane); step != Step::Frame)
            return step;
    }
    std::size_t behindName = 0; // bytes left there
    while (lane.left > 0 && lane.skip == 0) {
        const Element element = readArgument(in, lane);
        if (element == Element::Broken)
            return Step::Resync;
        if (element == Element::NeedMore)
            return partly(in, begin, lane);
        if (lane.element == 1)
            behindName = in.left();
    }
    if (lane.skip > 0) {
        lane.inMessage = true;
        return Step::Skip;
    }
    const Step step = commandEnds(state, found);
    if (begins)
        rememberHead(whole.substr(0, whole.size() - behindName), state);
    return step;
}

} // namespace binnacle::protocols
