// SPDX-License-Identifier: Apache-2.0
#include "core/base/seen_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace binnacle {
namespace {

TEST(SeenBytes, knowsWhatCameBeforeByItsBeginning)
{
    SeenBytes seen;
    EXPECT_EQ(seen.beginning("GET / HTTP/1.1\r\n\r\n"), 0u);
    seen.remember("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(seen.beginning("GET / HTTP/1.1\r\n\r\n"), 18u);
    EXPECT_EQ(seen.beginning("GET / HTTP/1.1\r\n\r\nand a body"), 18u);
    EXPECT_EQ(seen.beginning("GET / HTTP/1.1\r\n\r"), 0u) << "shorter";
    EXPECT_EQ(seen.beginning("GET / HTTP/1.0\r\n\r\n"), 0u) << "one byte differs";
    EXPECT_EQ(seen.beginning("GET / HTTP/1.1\r\n\r\n"), 18u) << "a stranger between does not make it forget";
}

TEST(SeenBytes, soonDoesNothingForBytesThatKeepChanging)
{
    SeenBytes seen;
    int remembered = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = "GET /" + std::to_string(100000 + i);
        EXPECT_EQ(seen.beginning(text), 0u);
        if (seen.isWorthIt(text)) {
            seen.remember(text);
            ++remembered;
        }
    }
    EXPECT_LT(remembered, 100);
    EXPECT_GT(remembered, 50) << "it has to notice when they stop changing";
}

TEST(SeenBytes, noticesWhenBytesStopChanging)
{
    SeenBytes seen;
    for (int i = 0; i < 100; ++i) {
        const std::string text = "a" + std::to_string(i);
        seen.beginning(text);
        if (seen.isWorthIt(text))
            seen.remember(text);
    }
    int known = 0;
    for (int i = 0; i < 100; ++i) {
        if (seen.beginning("the same") > 0)
            ++known;
        else if (seen.isWorthIt("the same"))
            seen.remember("the same");
    }
    EXPECT_GT(known, 80);
}

TEST(SeenBytes, passesOverWhatIsTooLong)
{
    SeenBytes seen;
    EXPECT_TRUE(seen.isWorthIt(std::string(SeenBytes::kMost, 'x')));
    EXPECT_FALSE(seen.isWorthIt(std::string(SeenBytes::kMost + 1, 'x')));
}

} // namespace
} // namespace binnacle
