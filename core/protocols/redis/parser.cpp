// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/elements.h"

#include <algorithm>
#include <array>

namespace binnacle::protocols {
namespace redis_elements {
namespace {

// -- recognising --

/// Commands by which a connection is recognised from a single message.
constexpr std::array<std::string_view, 72> kCommonCommands{
    "GET",     "SET",    "DEL",      "MGET",     "MSET",    "INCR",      "DECR",     "INCRBY",    "EXPIRE",   "PEXPIRE",  "EXISTS",  "TTL",
    "PING",    "ECHO",   "AUTH",     "HELLO",    "SELECT",  "INFO",      "CONFIG",   "CLIENT",    "COMMAND",  "CLUSTER",  "QUIT",    "RESET",
    "HGET",    "HSET",   "HMGET",    "HMSET",    "HGETALL", "HDEL",      "HINCRBY",  "HEXISTS",   "LPUSH",    "RPUSH",    "LPOP",    "RPOP",
    "LRANGE",  "LLEN",   "BLPOP",    "BRPOP",    "SADD",    "SREM",      "SMEMBERS", "SISMEMBER", "SPOP",     "SCARD",    "ZADD",    "ZREM",
    "ZRANGE",  "ZSCORE", "ZRANGEBYSCORE", "SCAN", "KEYS",   "TYPE",      "MULTI",    "EXEC",      "WATCH",    "EVAL",     "EVALSHA", "PUBLISH",
    "SUBSCRIBE", "PSUBSCRIBE", "SETEX", "SETNX", "GETSET",  "XADD",      "XREAD",    "XREADGROUP", "SCRIPT",  "DBSIZE",   "FLUSHDB", "FLUSHALL"};

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

// -- runs --

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

} // namespace
} // namespace redis_elements

Likeness Redis::looksLike(ByteView bytes, Direction direction)
{
    return direction == Direction::Request ? redis_elements::likenessOfRequest(asText(bytes)) : redis_elements::likenessOfReply(asText(bytes));
}

std::size_t Redis::repeats(ByteView unit, ByteView behind, Direction direction, const State& state, std::size_t most)
{
    return direction == Direction::Request ? redis_elements::repeatedCommands(asText(unit), asText(behind), state.request, most)
                                           : redis_elements::repeatedReplies(asText(unit), asText(behind), state, most);
}

} // namespace binnacle::protocols
