// SPDX-License-Identifier: Apache-2.0
// Identities are in files and on the wire: these values must never change.
#include "core/base/entity_key.h"
#include "core/base/ids.h"

#include <gtest/gtest.h>
#include <type_traits>

namespace binnacle {
namespace {

TEST(EntityKey, isXxh3OfTheTextForGood)
{
    EXPECT_EQ(EntityKey::ofText("").toHex(), "99aa06d3014798d86001c324468d497f"); // XXH3-128 of nothing, seed 0, as in the reference
    EXPECT_EQ(EntityKey::ofText("host:0123456789abcdef").toHex(), "f896a11bfd6090b2588a9bb433dc6593");
    EXPECT_EQ(EntityKey::ofText("service:shop/api").toHex(), "57f36c2dbcf7d018cfd5f3df66b1c57e");
}

TEST(StableHash, isXxh3OfTheBytesForGood)
{
    EXPECT_EQ(stableHash64(""), 0x2d06800538d394c2u);
    EXPECT_EQ(stableHash64("service:shop/api"), 0x9ca4aad5d7eadaa8u);
}

TEST(EntityKey, survivesItsText)
{
    const EntityKey key = EntityKey::ofText("a");
    EXPECT_EQ(EntityKey::fromHex(key.toHex()), key);
    EXPECT_EQ(EntityKey::fromHex((EntityKey{0, 1}).toHex()), (EntityKey{0, 1}));
    for (const char* text : {"", "1", "g9aa06d3014798d86001c324468d497f", "99aa06d3014798d86001c324468d497", "99aa06d3014798d86001c324468d497f0"})
        EXPECT_EQ(EntityKey::fromHex(text), std::nullopt) << text;
}

TEST(EntityKey, isNoneWhenZero)
{
    EXPECT_FALSE(EntityKey{});
    EXPECT_TRUE(EntityKey::ofText(""));
}

TEST(Id, kindsDoNotMix)
{
    using A = Id<struct ATag>;
    using B = Id<struct BTag>;
    static_assert(!std::is_convertible_v<A, B> && !std::is_convertible_v<int, A>);
    EXPECT_LT(A{1}, A{2});
}

} // namespace
} // namespace binnacle
