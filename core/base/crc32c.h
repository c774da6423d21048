// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"

namespace binnacle {

/// CRC-32C (Castagnoli, RFC 3720 §12.1) of `bytes`, continuing from `before`.
std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

} // namespace binnacle
