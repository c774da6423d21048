// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle {

/// Application protocols; the numbers are those on the wire and in files (proto/catalog/protocols.def).
enum class Protocol : std::uint8_t {
#define BN_PROTOCOL(symbol, number, name, label) symbol = number,
#include "proto/catalog/protocols.def"
#undef BN_PROTOCOL
};

/// Places where data can be destroyed (proto/catalog/losses.def).
enum class Loss : std::uint16_t {
#define BN_LOSS(symbol, number, place, reason, unit, advice) symbol = number,
#include "proto/catalog/losses.def"
#undef BN_LOSS
};

enum class EventKind : std::uint16_t {
#define BN_EVENT_KIND(symbol, number, name, label) symbol = number,
#include "proto/catalog/event_kinds.def"
#undef BN_EVENT_KIND
};

struct ProtocolFacts {
    Protocol protocol;
    std::string_view name;  // OpenTelemetry's, for JSON, SQL and settings
    std::string_view label; // for people
};

struct LossFacts {
    Loss loss;
    std::string_view place, reason, unit, advice;
};

struct EventKindFacts {
    EventKind kind;
    std::string_view name, label;
};

inline constexpr std::array kProtocols{
#define BN_PROTOCOL(symbol, number, name, label) ProtocolFacts{Protocol::symbol, name, label},
#include "proto/catalog/protocols.def"
#undef BN_PROTOCOL
};

inline constexpr std::array kLosses{
#define BN_LOSS(symbol, number, place, reason, unit, advice) LossFacts{Loss::symbol, place, reason, unit, advice},
#include "proto/catalog/losses.def"
#undef BN_LOSS
};

inline constexpr std::array kEventKinds{
#define BN_EVENT_KIND(symbol, number, name, label) EventKindFacts{EventKind::symbol, name, label},
#include "proto/catalog/event_kinds.def"
#undef BN_EVENT_KIND
};

/// Facts about a number read from a wire or a file; nothing for a number that this version does not know.
constexpr std::optional<ProtocolFacts> factsOf(Protocol protocol)
{
    for (const ProtocolFacts& facts : kProtocols) {
        if (facts.protocol == protocol)
            return facts;
    }
    return std::nullopt;
}

constexpr std::optional<LossFacts> factsOf(Loss loss)
{
    for (const LossFacts& facts : kLosses) {
        if (facts.loss == loss)
            return facts;
    }
    return std::nullopt;
}

constexpr std::optional<EventKindFacts> factsOf(EventKind kind)
{
    for (const EventKindFacts& facts : kEventKinds) {
        if (facts.kind == kind)
            return facts;
    }
    return std::nullopt;
}

} // namespace binnacle
