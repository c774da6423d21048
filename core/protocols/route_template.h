// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/seen_bytes.h"
#include "core/protocols/bounded_text.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace binnacle::protocols {

inline constexpr std::uint8_t kMaxRoute = 120;
using RouteText = BoundedText<kMaxRoute>;

/// Appends the template of an HTTP request target to `out`.
///
/// The rules are fixed, not learned, so that history and two clusters stay comparable (learned names are an alias table at read):
///  1. Only the path counts: `?query` and `#fragment` are dropped, `http://host/path` is `/path`; `*` stays; `host:port` (CONNECT) is `{authority}`.
///  2. The path is split at `/`; an empty token stays; `;parameters` of a token are dropped.
///  3. A token is replaced by `{id}` when it
///      - is longer than 32 bytes, or has a byte outside `A–Z a–z 0–9 - _ . ~ $` (so: `%`, `@`, `:`, `=`, `+`, spaces, UTF-8),
///      - is only digits, with at most a sign or points and dashes between (numbers, dates, IPv4),
///      - is a UUID, or hexadecimal with a digit and 8 characters or more,
///      - mixes digits in: 12 characters or more with a digit, or from 4 characters on two digits or more of which the letters are not one
///        leading word (`a1b2` is replaced; `v1`, `v10`, `oauth2`, `e2e`, `http2`, `mp3`, `orders2024` stay: the last is a word with a number of
///        up to 4 digits behind it),
///      - has 20 characters or more of both cases with no separator (base64-like).
///  4. What is over kMaxRoute bytes ends with `…` at a token border.
void appendRouteTemplate(std::string_view target, RouteText& out);

/// Remembers the templates of paths seen lately, by hash and not by text, so that a repeated path costs one hash.
/// Bounded: kSlots entries; a new path replaces the one in its slot.  Thread: any one at a time.
class RouteCache {
public:
    static constexpr std::size_t kSlots = 512;

    RouteCache();
    /// "GET" and "/orders/7?x=1" → "GET /orders/{id}".
    const RouteText& route(std::string_view method, std::string_view target);
    /// The heads that the parsers who share this cache know again.
    SharedBytes& heads() { return m_heads; }

private:
    struct Slot {
        std::uint64_t hash = 0;
        RouteText text;
    };
    std::unique_ptr<Slot[]> m_slots;
    SharedBytes m_heads;
};

} // namespace binnacle::protocols
