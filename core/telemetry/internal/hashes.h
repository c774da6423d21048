// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <absl/hash/hash.h>

#include <functional>
#include <string_view>
#include <tuple>

/// Hashes for tables inside one run; never written anywhere.
namespace binnacle::telemetry::internal {

/// Finds std::string keys by std::string_view (Debian's Abseil has a string_view of its own).
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct EntityHash {
    std::size_t operator()(const Entity& e) const
    {
        return absl::HashOf(e.key, static_cast<int>(e.kind), e.name, e.nameSpace, e.type, static_cast<int>(e.serviceKind), e.attributes);
    }
};

struct EndHash {
    std::size_t operator()(const End& e) const
    {
        return absl::HashOf(static_cast<int>(e.side), e.instance, e.local, e.remote, e.dialled, e.remoteInstance, e.netns,
                            static_cast<int>(e.protocol), e.tls);
    }
};

} // namespace binnacle::telemetry::internal
