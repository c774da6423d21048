// SPDX-License-Identifier: Apache-2.0
#include "agent/app/own_cost.h"
#include "core/base/platform/process.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string stepsOf(std::string_view seconds_)
{
    Budget budget(0.5);
    std::string steps;
    for (const char second : seconds_)
        steps += static_cast<char>('0' + budget.note(second == 'c' ? milliseconds(600) : milliseconds(100), seconds(1), second == 'l'));
    return steps;
}

TEST(Budget, stepsDownAfterThreeSecondsOverItAndUpAfterTenCalmOnes)
{
    // c = over the CPU share, l = data lost, . = calm
    EXPECT_EQ(stepsOf("cc.cc.ll."), "000000000");
    EXPECT_EQ(stepsOf("cccccccccc"), "0011122222");
    EXPECT_EQ(stepsOf("lcl"), "001");
    EXPECT_EQ(stepsOf("ccc.........."), "0011111111110");
    EXPECT_EQ(stepsOf("ccc.....c....."), "00111111111111");
}

TEST(OwnCost, growsWithWorkAndMemory)
{
    const Nanoseconds before = platform::ownCpuTime();
    volatile std::uint64_t sum = 0;
    while (platform::ownCpuTime() - before < milliseconds(5))
        sum = sum + 1;
    EXPECT_GT(platform::ownCpuTime(), before);
    EXPECT_GT(platform::ownResidentBytes(), 1u << 20);
}

} // namespace
} // namespace binnacle::agent
