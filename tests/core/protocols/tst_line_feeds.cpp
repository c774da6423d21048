// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/line_feeds.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace binnacle::protocols {
namespace {

std::vector<std::size_t> feedsOf(std::string_view text)
{
    std::vector<std::size_t> places;
    LineFeeds feeds(text);
    while (const char* feed = feeds.next())
        places.push_back(static_cast<std::size_t>(feed - text.data()));
    EXPECT_EQ(feeds.next(), nullptr) << "stays at the end";
    return places;
}

std::vector<std::size_t> oneByOne(std::string_view text)
{
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n')
            places.push_back(i);
    }
    return places;
}

TEST(LineFeeds, emptyTextHasNone) { EXPECT_TRUE(feedsOf({}).empty()); }

/// Each length up to three blocks, each place of a feed, alone and with neighbours; the text ends where its memory ends.
TEST(LineFeeds, areFoundAtEachPlaceOfEachLength)
{
    for (std::size_t size = 1; size <= 100; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::vector<char> memory(size, 'x');
            memory[at] = '\n';
            memory[(at * 7) % size] = '\n';
            memory[size - 1 - at / 2] = static_cast<char>(0x8a); // differs from a feed in its highest bit
            const std::string_view text(memory.data(), memory.size());
            ASSERT_EQ(feedsOf(text), oneByOne(text)) << size << ' ' << at;
        }
    }
}

TEST(LineFeeds, allBytesMayBeFeeds)
{
    const std::string text(67, '\n');
    EXPECT_EQ(feedsOf(text), oneByOne(text));
}

/// What lies behind the end is not told of.
TEST(LineFeeds, endWithTheText)
{
    const std::string text = std::string(40, 'x') + std::string(30, '\n');
    EXPECT_TRUE(feedsOf(std::string_view(text).substr(0, 40)).empty());
}

} // namespace
} // namespace binnacle::protocols
