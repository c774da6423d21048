// SPDX-License-Identifier: Apache-2.0
#include "core/base/seen_bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

TEST(SeenBytes, knowsTheSameWhenBytesAreKept)
{
    SharedBytes shared;
    SeenBytes first, second;
    first.remember("GET / HTTP/1.1\r\n\r\n", &shared);
    second.remember("GET / HTTP/1.1\r\n\r\n", &shared);
    for (SeenBytes* seen : {&first, &second}) {
        EXPECT_EQ(seen->beginning("GET / HTTP/1.1\r\n\r\nand a body"), 18u);
        EXPECT_EQ(seen->beginning("GET / HTTP/1.1\r\n\r"), 0u) << "shorter";
        EXPECT_EQ(seen->beginning("GET / HTTP/1.0\r\n\r\n"), 0u) << "one byte differs";
    }
    first.remember("POST /", &shared);
    EXPECT_EQ(first.beginning("POST /orders"), 6u);
    EXPECT_EQ(second.beginning("GET / HTTP/1.1\r\n\r\n"), 18u) << "each remembers its own";
}

TEST(SeenBytes, goesOnWithoutKeepingWhenThatIsFull)
{
    SharedBytes shared;
    std::vector<SeenBytes> all(3 * SharedBytes::kMostBytes / SeenBytes::kMost / 2);
    const auto textOf = [](std::size_t i) { return std::to_string(i) + std::string(SeenBytes::kMost - 8, 'x'); };
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].remember(textOf(i), &shared);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].beginning(textOf(i)), textOf(i).size());
        EXPECT_EQ(all[i].beginning(textOf(i + 1)), 0u);
    }
}

TEST(SharedBytes, keepsOneCopyWhileSomebodyHasIt)
{
    SharedBytes shared;
    const auto first = shared.keep("the same", 7), again = shared.keep("the same", 7), other = shared.keep("another", 7);
    EXPECT_EQ(first.get(), again.get());
    EXPECT_EQ(std::string_view(other.get(), 7), "another") << "the same digest";
    std::vector<SharedBytes::Bytes> held;
    const std::string text(SeenBytes::kMost, 'x');
    for (std::uint64_t digest = 8; held.size() <= SharedBytes::kMostBytes / text.size(); ++digest)
        held.push_back(shared.keep(text, digest));
    EXPECT_EQ(held.back(), nullptr) << "full";
    held.clear();
    EXPECT_NE(shared.keep(text, 1'000'000), nullptr) << "given back";
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
