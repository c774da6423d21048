// SPDX-License-Identifier: Apache-2.0
// Vectors of RFC 3720 appendix B.4.
#include "core/base/crc32c.h"

#include <array>
#include <gtest/gtest.h>
#include <numeric>
#include <string>

namespace binnacle {
namespace {

TEST(Crc32c, knowsTheVectorsOfItsRfc)
{
    std::array<std::uint8_t, 32> bytes{};
    EXPECT_EQ(crc32c(bytes), 0x8a9136aau);
    bytes.fill(0xff);
    EXPECT_EQ(crc32c(bytes), 0x62a8ab43u);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    EXPECT_EQ(crc32c(bytes), 0x46dd794eu);
    std::iota(bytes.rbegin(), bytes.rend(), std::uint8_t{0});
    EXPECT_EQ(crc32c(bytes), 0x113fdb5cu);
    EXPECT_EQ(crc32c(asBytes("123456789")), 0xe3069283u);
    EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, goesOnFromWhereItWas)
{
    const std::string text = "The quick brown fox jumps over the lazy dog, and then some more of it.";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(crc32c(asBytes(text.substr(cut)), crc32c(asBytes(text.substr(0, cut)))), crc32c(asBytes(text))) << cut;
}

TEST(Crc32c, seesEveryFlippedBit)
{
    std::string text(40, 'x');
    const std::uint32_t whole = crc32c(asBytes(text));
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string flipped = text;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_NE(crc32c(asBytes(flipped)), whole);
    }
}

} // namespace
} // namespace binnacle
