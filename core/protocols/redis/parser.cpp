// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/frames.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace binnacle::protocols {
namespace {

/// More than a server takes (proto-max-bulk-len is 512 MB, arrays are limited to 2^31); far from where sums could wrap.
constexpr std::int64_t kMaxLength = std::int64_t{1} << 40;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;
constexpr std::uint64_t kMaxLeft = std::uint64_t{1} << 40;
constexpr std::size_t kMaxWord = 16; // of the words that make a push or a confirmation
constexpr std::size_t kMaxNumber = 20;

constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// What a character of a command's name becomes in upper case; 0 = it is in no name.
constexpr auto kNameCharacters = [] {
    std::array<char, 256> upperCase{};
    for (int c = 0; c < 128; ++c) {
        const char character = static_cast<char>(c);
        if (isLetter(character) || character == '.' || character == '_' || character == '-')
            upperCase[static_cast<std::size_t>(c)] = upper(character);
    }
    return upperCase;
}();

/// Commands by which a connection is recognised from a single message.
constexpr std::array<std::string_view, 72> kCommonCommands{
    "GET",     "SET",    "DEL",      "MGET",     "MSET",    "INCR",      "DECR",     "INCRBY",    "EXPIRE",   "PEXPIRE",  "EXISTS",  "TTL",
    "PING",    "ECHO",   "AUTH",     "HELLO",    "SELECT",  "INFO",      "CONFIG",   "CLIENT",    "COMMAND",  "CLUSTER",  "QUIT",    "RESET",
    "HGET",    "HSET",   "HMGET",    "HMSET",    "HGETALL", "HDEL",      "HINCRBY",  "HEXISTS",   "LPUSH",    "RPUSH",    "LPOP",    "RPOP",
    "LRANGE",  "LLEN",   "BLPOP",    "BRPOP",    "SADD",    "SREM",      "SMEMBERS", "SISMEMBER", "SPOP",     "SCARD",    "ZADD",    "ZREM",
    "ZRANGE",  "ZSCORE", "ZRANGEBYSCORE", "SCAN", "KEYS",   "TYPE",      "MULTI",    "EXEC",      "WATCH",    "EVAL",     "EVALSHA", "PUBLISH",
    "SUBSCRIBE", "PSUBSCRIBE", "SETEX", "SETNX", "GETSET",  "XADD",      "XREAD",    "XREADGROUP", "SCRIPT",  "DBSIZE",   "FLUSHDB", "FLUSHALL"};

/// Commands that are families: their first argument is a name and not a key.
constexpr std::array<std::string_view, 17> kFamilies{"ACL",    "CLIENT",   "CLUSTER",  "COMMAND", "CONFIG",  "DEBUG",  "FUNCTION", "LATENCY", "MEMORY",
                                                     "MODULE", "OBJECT",   "PUBSUB",   "SCRIPT",  "SLOWLOG", "XGROUP", "XINFO",    "SENTINEL"};

template <std::size_t Count>
bool contains(const std::array<std::string_view, Count>& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// `text` in upper case when it has the shape of a command's name.
template <std::uint8_t Limit>
void takeName(std::string_view text, BoundedText<Limit>& out)
{
    char name[Limit];
    out.clear();
    if (text.empty() || text.size() > Limit || !isLetter(text[0]))
        return;
    for (std::size_t i = 0; i < text.size(); ++i) {
        name[i] = kNameCharacters[static_cast<unsigned char>(text[i])];
        if (name[i] == 0)
            return;
    }
    out.append({name, text.size()});
}

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

/// A line up to CR LF; `next` is behind it.
struct Line {
    std::string_view text;
    std::size_t next;
};

enum class LineState : std::uint8_t { Whole, Unfinished, Broken };

LineState longNumberLine(std::string_view text, std::int64_t& value, std::size_t& next)
{
    std::size_t i = 1;
    const bool negative = i < text.size() && text[i] == '-';
    i += negative;
    const std::size_t firstDigit = i;
    value = 0;
    for (; i < text.size() && isDigit(text[i]); ++i) {
        if (i - firstDigit >= kMaxNumber - 2)
            return LineState::Broken;
        value = value * 10 + (text[i] - '0');
    }
    if (i == text.size())
        return LineState::Unfinished;
    if (i == firstDigit || text[i] != '\r' || (i + 1 < text.size() && text[i + 1] != '\n'))
        return LineState::Broken;
    if (i + 1 == text.size())
        return LineState::Unfinished;
    value = negative ? -value : value;
    next = i + 2;
    return LineState::Whole;
}

/// The number behind a type byte: "$16\r\n".  Written by hand, with the numbers of one and two digits first: it is most of what there is to
/// parse.
inline LineState numberLine(std::string_view text, std::int64_t& value, std::size_t& next)
{
    if (text.size() >= 5 && isDigit(text[1])) {
        const bool two = isDigit(text[2]);
        const std::size_t end = two ? 3 : 2;
        if (text[end] == '\r' && text[end + 1] == '\n') {
            value = two ? 10 * (text[1] - '0') + (text[2] - '0') : text[1] - '0';
            next = end + 2;
            return LineState::Whole;
        }
    }
    return longNumberLine(text, value, next);
}

/// Eight bytes at once: what is compared here is too short for a call to be worth it.
inline bool beginsWith(std::string_view text, std::string_view beginning)
{
    const std::size_t size = beginning.size();
    if (text.size() < size)
        return false;
    const auto differsAt = [&](std::size_t at) {
        std::uint64_t a = 0, b = 0;
        std::memcpy(&a, text.data() + at, sizeof a);
        std::memcpy(&b, beginning.data() + at, sizeof b);
        return a != b;
    };
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        if (differsAt(at))
            return false;
    }
    if (size >= 8)
        return at == size || !differsAt(size - 8);
    while (at < size && text[at] == beginning[at])
        ++at;
    return at == size;
}

/// "$5\r\nhello\r\n" at the beginning: how many bytes it has; 0 when it is not here whole or not one.  `least` is the smallest length allowed:
/// -1 stands for no value at all.
inline std::size_t wholeBulk(std::string_view text, std::int64_t least)
{
    std::int64_t length = 0;
    std::size_t next = 0;
    if (text.empty() || text[0] != '$' || numberLine(text, length, next) != LineState::Whole || length < least || length > kMaxLength)
        return 0;
    const std::uint64_t data = length < 0 ? 0 : static_cast<std::uint64_t>(length) + 2;
    return text.size() - next < data ? 0 : next + static_cast<std::size_t>(data);
}

/// Up to the line feed; a bare one ends an inline command too.
std::optional<Line> textLine(std::string_view text, LaneState& lane)
{
    const std::size_t end = text.find('\n', std::min<std::size_t>(lane.scanned, text.size()));
    if (end == std::string_view::npos) {
        lane.scanned = static_cast<std::uint32_t>(text.size());
        return std::nullopt;
    }
    lane.scanned = 0;
    return Line{text.substr(0, end > 0 && text[end - 1] == '\r' ? end - 1 : end), end + 1};
}

/// What reading one element came to.
enum class Element : std::uint8_t { Read, NeedMore, Broken };

/// Keeps the promise of Step: what was consumed of a message stays consumed.
Step partly(const ByteReader& in, std::size_t begin, LaneState& lane)
{
    if (in.position() == begin)
        return Step::NeedMore;
    lane.inMessage = true;
    return Step::Skip;
}

/// The data of a bulk string and its CR LF: passed over now as far as they are here, the rest by the frame.
void passOver(ByteReader& in, std::uint64_t length, LaneState& lane)
{
    lane.skip = length - in.skip(static_cast<std::size_t>(std::min<std::uint64_t>(length, in.left())));
}

// -- requests --

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

/// The size of a whole command that begins as the one before did; else 0.
inline std::size_t sizeIfAlike(std::string_view text, std::string_view head, std::uint32_t arguments)
{
    if (head.empty() || !beginsWith(text, head))
        return 0;
    std::size_t size = head.size();
    for (; arguments > 0; --arguments) {
        const std::size_t bulk = wholeBulk(text.substr(size), 0);
        if (bulk == 0)
            return 0;
        size += bulk;
    }
    return size;
}

std::size_t repeatedCommands(std::string_view unit, std::string_view behind, const Redis::RequestLane& lane, std::size_t most)
{
    const std::string_view head = lane.head.view();
    if (head.empty() || !beginsWith(unit, head))
        return 0;
    std::size_t count = 0;
    while (count < most && behind.size() >= unit.size() && sizeIfAlike(behind.substr(0, unit.size()), head, lane.headArguments) == unit.size()) {
        behind.remove_prefix(unit.size());
        ++count;
    }
    return count;
}

// -- replies --

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

/// Replies of one element: bulk strings of one length, whatever they hold, and lines with the same text.
std::size_t repeatedReplies(std::string_view unit, std::string_view behind, const Redis::State& state, std::size_t most)
{
    const bool isLine = unit[0] == '+' || unit[0] == '-' || unit[0] == ':';
    const std::size_t header = unit[0] == '$' ? unit.find('\n') + 1 : isLine && !state.monitoring ? unit.size() : 0;
    if (header == 0)
        return 0;
    std::size_t count = 0;
    while (count < most && behind.size() >= unit.size() && beginsWith(behind, unit.substr(0, header))) {
        behind.remove_prefix(unit.size());
        ++count;
    }
    return count;
}

// -- recognising --

Likeness likenessOfInline(std::string_view text)
{
    const std::size_t end = std::min(text.find_first_of(" \r\n"), text.size());
    BoundedText<Redis::kMaxName> name;
    takeName(text.substr(0, end), name);
    const auto begins = [&](std::string_view command) { return end == text.size() ? command.starts_with(name.view()) : command == name.view(); };
    if (name.empty() || std::none_of(kCommonCommands.begin(), kCommonCommands.end(), begins))
        return Likeness::No;
    return text.find('\n') == std::string_view::npos ? Likeness::Maybe : Likeness::Weak;
}

Likeness likenessOfRequest(std::string_view text)
{
    if (text.empty())
        return Likeness::Maybe;
    if (text[0] != '*')
        return likenessOfInline(text);
    std::int64_t number = 0;
    std::size_t next = 0;
    LineState line = numberLine(text, number, next);
    if (line != LineState::Whole || number < 1)
        return line == LineState::Unfinished ? Likeness::Maybe : Likeness::No;
    text.remove_prefix(next);
    if (text.empty())
        return Likeness::Maybe;
    line = text[0] == '$' ? numberLine(text, number, next) : LineState::Broken;
    if (line != LineState::Whole || number < 1 || number > Redis::kMaxName)
        return line == LineState::Unfinished ? Likeness::Maybe : Likeness::No;
    if (text.size() - next < static_cast<std::size_t>(number))
        return Likeness::Maybe;
    BoundedText<Redis::kMaxName> name;
    takeName(text.substr(next, static_cast<std::size_t>(number)), name);
    return name.empty() ? Likeness::No : contains(kCommonCommands, name.view()) ? Likeness::Yes : Likeness::Weak;
}

Likeness likenessOfReply(std::string_view text)
{
    if (text.empty())
        return Likeness::Maybe;
    std::int64_t number = 0;
    std::size_t next = 0;
    LineState line = LineState::Broken;
    switch (text[0]) {
    case ':': case '$': case '*': case '%': case '~': case '>': case '|': case '=': case '!': line = numberLine(text, number, next); break;
    case '+': case '-': case '_': case '#': case ',': case '(': {
        const std::size_t end = text.substr(0, 512).find_first_of("\r\n");
        line = end == std::string_view::npos                          ? LineState::Unfinished
               : end + 1 == text.size() && text[end] == '\r'          ? LineState::Unfinished
               : text[end] == '\r' && text[end + 1] == '\n'           ? LineState::Whole
                                                                      : LineState::Broken;
        break;
    }
    default: break;
    }
    return line == LineState::Whole ? Likeness::Weak : line == LineState::Unfinished ? Likeness::Maybe : Likeness::No;
}

} // namespace

Likeness Redis::looksLike(ByteView bytes, Direction direction)
{
    return direction == Direction::Request ? likenessOfRequest(asText(bytes)) : likenessOfReply(asText(bytes));
}

Step Redis::nextRequest(ByteReader& in, State& state, RouteCache&, const Request*& found)
{
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

Step Redis::nextResponse(ByteReader& in, State& state, const Request* answering, Response& out)
{
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

std::size_t Redis::repeats(ByteView unit, ByteView behind, Direction direction, const State& state, std::size_t most)
{
    return direction == Direction::Request ? repeatedCommands(asText(unit), asText(behind), state.request, most)
                                           : repeatedReplies(asText(unit), asText(behind), state, most);
}

} // namespace binnacle::protocols
