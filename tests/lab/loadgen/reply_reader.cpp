// SPDX-License-Identifier: Apache-2.0
#include "reply_reader.h"

#include <cctype>
#include <cstdlib>
#include <strings.h>

namespace loadgen {
namespace {

std::optional<std::string_view> headerValue(std::string_view head, std::string_view name)
{
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() > name.size() && line[name.size()] == ':' && strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const auto begin = line.find_first_not_of(' ', name.size() + 1);
            return begin == std::string_view::npos ? std::string_view{} : line.substr(begin);
        }
    }
    return std::nullopt;
}

/// Length of a complete chunked body, no trailers expected from the lab's servers.
std::optional<std::size_t> chunkedLength(std::string_view body)
{
    std::size_t at = 0;
    for (;;) {
        const auto end = body.find("\r\n", at);
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto size = std::strtoull(std::string(body.substr(at, end - at)).c_str(), nullptr, 16);
        at = end + 2 + size + 2;
        if (at > body.size())
            return std::nullopt;
        if (size == 0)
            return at;
    }
}

std::optional<Reply> readHttp(std::string_view received)
{
    const auto headEnd = received.find("\r\n\r\n");
    if (headEnd == std::string_view::npos)
        return std::nullopt;
    const std::string_view head = received.substr(0, headEnd + 2);
    if (!head.starts_with("HTTP/1.") || head.size() < 12)
        return Reply{"?", received.size(), true};
    Reply reply{std::string(head.substr(9, 3)), headEnd + 4, false};
    const auto connection = headerValue(head, "Connection");
    reply.closes = connection && strncasecmp(connection->data(), "close", 5) == 0;
    if (const auto length = headerValue(head, "Content-Length"))
        reply.bytes += std::strtoull(std::string(*length).c_str(), nullptr, 10);
    else if (headerValue(head, "Transfer-Encoding")) {
        const auto body = chunkedLength(received.substr(reply.bytes));
        if (!body)
            return std::nullopt;
        reply.bytes += *body;
    }
    return reply.bytes <= received.size() ? std::optional(reply) : std::nullopt;
}

std::optional<Reply> readRedis(std::string_view received)
{
    const auto end = received.find("\r\n");
    if (end == std::string_view::npos)
        return std::nullopt;
    switch (received[0]) {
    case '+':
    case ':': return Reply{"OK", end + 2, false};
    case '-': return Reply{std::string(received.substr(1, received.find_first_of(" \r") - 1)), end + 2, false};
    case '$': {
        const long length = std::strtol(std::string(received.substr(1, end - 1)).c_str(), nullptr, 10);
        const std::size_t whole = length < 0 ? end + 2 : end + 2 + static_cast<std::size_t>(length) + 2;
        return whole <= received.size() ? std::optional(Reply{"OK", whole, false}) : std::nullopt;
    }
    default: return Reply{"?", received.size(), true};
    }
}

} // namespace

std::optional<Reply> readReply(Wire wire, std::string_view received)
{
    return wire == Wire::Http ? readHttp(received) : readRedis(received);
}

} // namespace loadgen
