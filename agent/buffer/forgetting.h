// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

/// Which of what is kept goes first when a cap is reached.  Pure.
namespace binnacle::agent {

/// What is kept apart, in the order in which it is forgotten.
enum class Tier : std::uint8_t { Detail, Seconds, TenSeconds, Minutes, TenMinutes };
inline constexpr std::size_t kTierCount = 5;

struct TierFacts {
    Tier tier;
    std::string_view name;       // of the signal, for people and file names
    telemetry::ChunkKind kind;
    Nanoseconds batch;           // length of one batch
    unsigned sharePermille;      // of a cap, before others have to give way
};

inline constexpr std::array<TierFacts, kTierCount> kTiers{{
    {Tier::Detail, "detail", telemetry::ChunkKind::Detail, std::chrono::seconds(1), 500},
    {Tier::Seconds, "overview_1s", telemetry::ChunkKind::Overview, std::chrono::seconds(1), 200},
    {Tier::TenSeconds, "overview_10s", telemetry::ChunkKind::Overview, std::chrono::seconds(10), 100},
    {Tier::Minutes, "overview_1min", telemetry::ChunkKind::Overview, std::chrono::minutes(1), 150},
    {Tier::TenMinutes, "overview_10min", telemetry::ChunkKind::Overview, std::chrono::minutes(10), 50},
}};

constexpr const TierFacts& factsOf(Tier tier) { return kTiers[static_cast<std::size_t>(tier)]; }

constexpr Tier secondsTier(telemetry::ChunkKind kind)
{
    return kind == telemetry::ChunkKind::Detail ? Tier::Detail : Tier::Seconds;
}

using TierBytes = std::array<std::uint64_t, kTierCount>;

/// The first tier that holds more than its share of `cap`, or else the first that holds anything; nothing when all are empty.
constexpr std::optional<Tier> tierToForget(const TierBytes& held, std::uint64_t cap)
{
    for (const TierFacts& facts : kTiers) {
        if (held[static_cast<std::size_t>(facts.tier)] > cap / 1000 * facts.sharePermille)
            return facts.tier;
    }
    for (const TierFacts& facts : kTiers) {
        if (held[static_cast<std::size_t>(facts.tier)] > 0)
            return facts.tier;
    }
    return std::nullopt;
}

} // namespace binnacle::agent
