// SPDX-License-Identifier: Apache-2.0
#include "core/base/crc32c.h"

#include <array>

namespace binnacle {
namespace {

// Eight tables: one step takes eight bytes ("slicing by eight").
constexpr auto kTables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) ? 0x82F63B78u : 0u);
        tables[0][i] = value;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t t = 1; t < 8; ++t)
            tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
    }
    return tables;
}();

} // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t before)
{
    std::uint32_t crc = ~before;
    while (bytes.size() >= 8) {
        const std::uint32_t first = crc ^ (bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24);
        crc = kTables[7][first & 0xff] ^ kTables[6][(first >> 8) & 0xff] ^ kTables[5][(first >> 16) & 0xff] ^ kTables[4][first >> 24]
              ^ kTables[3][bytes[4]] ^ kTables[2][bytes[5]] ^ kTables[1][bytes[6]] ^ kTables[0][bytes[7]];
        bytes = bytes.subspan(8);
    }
    for (const std::uint8_t byte : bytes)
        crc = (crc >> 8) ^ kTables[0][(crc ^ byte) & 0xff];
    return ~crc;
}

} // namespace binnacle
