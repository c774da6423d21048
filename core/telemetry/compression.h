// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <string>

/// One zstd frame in, one out: chunks and dictionaries on the wire, payloads of segments.
namespace binnacle::telemetry {

/// Nothing that we read may grow past this, whatever its bytes promise.
inline constexpr std::size_t kMaxUnpacked = 64u << 20;

/// Level 3: on chunks, higher levels gain 2-4 % and cost several times as much.
std::string compress(ByteView plain, int level = 3);

/// Corrupt when it is no whole zstd frame or would be larger than `limit`.
Result<std::string> decompress(ByteView packed, std::size_t limit = kMaxUnpacked);

} // namespace binnacle::telemetry
