// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/directory.h"

#include <cstdint>
#include <vector>

namespace binnacle::analysis::internal {

/// A network namespace that has an address, and how sure that is at the time that was asked for.
struct PlaceThen {
    Place place;
    Holds holds = Holds::Later;
};

/// Places where an address is in use, the likeliest first: the one's own host, unless it gave the address up; then the one that had it.
std::vector<PlaceThen> placesOf(const Directory& directory, const InternetAddress& address, std::uint32_t agent, UtcTime at);

} // namespace binnacle::analysis::internal
