// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/directory.h"

#include <cstddef>
#include <cstdint>
#include <vector>

/// When the peer of an end may have become another one, because its address or port passed from hand to hand.
///
/// Most ends have one owner at the other side for ever and cost one look a fold.  The times given are a superset: rows that are kept
/// apart for nothing are added up when they turn out to have one owner.  Thread: its owner's.
namespace binnacle::analysis::internal {

/// An address in more places than this is one that many hosts have, each for itself, and not one that goes from hand to hand.
inline constexpr std::size_t kMaxPlacesOfAddress = 16;
/// Changes of one end that are told apart; of more the latest.
inline constexpr std::size_t kMaxChanges = 32;

class Hands {
public:
    /// `directory` is not owned and must outlive this.
    explicit Hands(const Directory& directory) : m_directory(directory) {}

    /// Begin of the stretch around `at` in which the end's peer did not change: rows of one end with equal begins may be added.
    UtcTime since(std::uint32_t end, UtcTime at);
    /// Ascending, each once; empty for an end whose peer was one and the same all the time.
    std::vector<UtcTime> changes(std::uint32_t end);

private:
    struct Known {
        std::uint64_t version = ~std::uint64_t{0};
        bool several = false;
    };

    bool several(std::uint32_t end);

    const Directory& m_directory;
    std::vector<Known> m_known; // by end
};

} // namespace binnacle::analysis::internal
