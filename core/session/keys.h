// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/entity_key.h"

#include <optional>
#include <string>
#include <string_view>

/// Keys as the columns of a session hold them: 16 bytes, big-endian, so that SQL orders them as we do.
namespace binnacle::session {

inline std::string bytesOf(const EntityKey& key)
{
    std::string bytes;
    for (const std::uint64_t half : {key.high, key.low}) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes.push_back(static_cast<char>(half >> shift));
    }
    return bytes;
}

inline std::optional<EntityKey> keyOf(std::string_view bytes)
{
    if (bytes.size() != 16)
        return std::nullopt;
    EntityKey key;
    for (std::size_t i = 0; i < 16; ++i) {
        std::uint64_t& half = i < 8 ? key.high : key.low;
        half = half << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return key;
}

} // namespace binnacle::session
