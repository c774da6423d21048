// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/http/frames.h"
#include "core/protocols/line_feeds.h"

#include <optional>

/// The head of an HTTP/1 message: first line and fields (RFC 9112 §2 to §6).  For parser.cpp only.
namespace binnacle::protocols::http_head {

inline constexpr std::size_t kMaxMethod = 20;
/// Bodies longer than this are not believed; far from where sums of lengths and positions could wrap.
inline constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 60;

constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isMethodCharacter(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }
constexpr bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// A line without its end, `\n` or `\r\n` (RFC 9112 §2.2 lets a recipient take a bare LF); `next` is where the following one begins.
struct Line {
    std::string_view text;
    std::size_t next;
};

std::optional<Line> lineAt(std::string_view text, std::size_t from);

struct RequestLine {
    std::string_view method, target;
    std::uint8_t version;
};

std::optional<RequestLine> parseRequestLine(std::string_view line);

bool isKnownMethod(std::string_view method);
/// `beginning` is how a registered method begins.
bool couldBeMethod(std::string_view beginning);
/// The method, or `_OTHER`.
std::string_view knownMethod(std::string_view method);

using Framing = Http::Framing;

/// The first line and what it takes to go on from there.
struct Head {
    explicit Head(std::string_view text) : feeds(text)
    {
        const char* const feed = feeds.next();
        if (!feed)
            return;
        const auto size = static_cast<std::size_t>(feed - text.data());
        line = text.substr(0, size > 0 && text[size - 1] == '\r' ? size - 1 : size);
        fields = feed + 1;
    }
    LineFeeds feeds;
    std::string_view line;
    const char* fields = nullptr; // null: the first line is not all there
};

/// Reads the fields of a head whose first line was read, into `framing` and, where there is one, `request` (propagation ids).  Returns where
/// the body begins, null when the head is not all there.
const char* readFields(std::string_view text, const Head& head, Framing& framing, Http::Request* request);

} // namespace binnacle::protocols::http_head
