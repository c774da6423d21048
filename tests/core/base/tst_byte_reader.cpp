// SPDX-License-Identifier: Apache-2.0
#include "core/base/byte_reader.h"

#include <array>
#include <gtest/gtest.h>

namespace binnacle {
namespace {

constexpr std::array<std::uint8_t, 8> kBytes{1, 2, 3, 4, 5, 6, 7, 8};

TEST(ByteReader, readsBothByteOrders)
{
    ByteReader in(kBytes);
    EXPECT_EQ(in.takeBigEndian<std::uint16_t>(), 0x0102u);
    EXPECT_EQ(in.takeLittleEndian<std::uint16_t>(), 0x0403u);
    EXPECT_EQ(in.takeBigEndian<std::uint32_t>(), 0x05060708u);
    EXPECT_TRUE(in.atEnd());
}

TEST(ByteReader, takesNothingWhenThereIsNotEnough)
{
    ByteReader in(ByteView(kBytes).first(3));
    EXPECT_EQ(in.takeBigEndian<std::uint32_t>(), std::nullopt);
    EXPECT_EQ(in.take(4), std::nullopt);
    EXPECT_EQ(in.position(), 0u);
    EXPECT_TRUE(in.take(3));
    EXPECT_EQ(in.peek(), std::nullopt);
}

TEST(ByteReader, skipsNoFurtherThanTheEnd)
{
    ByteReader in(kBytes);
    EXPECT_EQ(in.skip(5), 5u);
    EXPECT_EQ(in.skip(5), 3u);
    in.rewind(100);
    EXPECT_EQ(in.position(), 8u);
    in.rewind(7);
    EXPECT_EQ(in.peek(), 8);
}

TEST(ByteReader, takesWholeLinesOnly)
{
    ByteReader in(asBytes("one\r\n\r\nthree\r"));
    EXPECT_EQ(in.takeLine(), "one");
    EXPECT_EQ(in.takeLine(), "");
    EXPECT_EQ(in.takeLine(), std::nullopt);
    EXPECT_EQ(in.restAsText(), "three\r");
}

} // namespace
} // namespace binnacle
