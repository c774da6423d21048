// SPDX-License-Identifier: Apache-2.0
#include "core/base/entity_key.h"

#include <charconv>
#include <cstdio>
#include <xxhash.h>

namespace binnacle {

EntityKey EntityKey::ofText(std::string_view canonical)
{
    const XXH128_hash_t hash = XXH3_128bits(canonical.data(), canonical.size());
    return {hash.high64, hash.low64};
}

std::string EntityKey::toHex() const
{
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high), static_cast<unsigned long long>(low));
    return text;
}

std::optional<EntityKey> EntityKey::fromHex(std::string_view hex)
{
    EntityKey key;
    if (hex.size() != 32)
        return std::nullopt;
    const auto part = [](std::string_view digits, std::uint64_t& value) {
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        return problem == std::errc{} && end == digits.data() + digits.size();
    };
    if (!part(hex.substr(0, 16), key.high) || !part(hex.substr(16), key.low))
        return std::nullopt;
    return key;
}

std::uint64_t stableHash64(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

} // namespace binnacle
