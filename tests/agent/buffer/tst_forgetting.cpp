// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/forgetting.h"

#include <gtest/gtest.h>
#include <numeric>

namespace binnacle::agent {
namespace {

TEST(Forgetting, takesFromTheFirstTierThatHoldsMoreThanItsShare)
{
    struct Case {
        TierBytes held;
        std::optional<Tier> expected;
    };
    for (const Case& c : {Case{{0, 0, 0, 0, 0}, std::nullopt}, Case{{501, 400, 100, 10, 10}, Tier::Detail}, Case{{500, 400, 100, 10, 10}, Tier::Seconds},
                          Case{{500, 200, 101, 10, 10}, Tier::TenSeconds}, Case{{500, 200, 100, 151, 10}, Tier::Minutes},
                          Case{{500, 200, 100, 150, 51}, Tier::TenMinutes}, Case{{0, 200, 100, 150, 50}, Tier::Seconds}})
        EXPECT_EQ(tierToForget(c.held, 1000), c.expected);
}

TEST(Forgetting, sharesMakeUpTheWhole)
{
    unsigned sum = 0;
    for (const TierFacts& facts : kTiers)
        sum += facts.sharePermille;
    EXPECT_EQ(sum, 1000u);
}

} // namespace
} // namespace binnacle::agent
