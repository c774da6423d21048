// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/watch_framing.h"

#include <gtest/gtest.h>

#include <vector>

namespace binnacle::kube {
namespace {

std::vector<std::string> linesOf(LineFramer& framer, std::string_view bytes)
{
    std::vector<std::string> lines;
    framer.feed(bytes);
    for (auto line = framer.next(); line && *line; line = framer.next())
        lines.emplace_back(**line);
    return lines;
}

TEST(LineFramer, chunksMayEndAnywhere)
{
    const std::string text = "{\"type\":\"ADDED\",\"object\":{\"a\":\"ü\"}}\n\n{\"b\":1}\r\n{\"c\"";
    const std::vector<std::string> wanted{"{\"type\":\"ADDED\",\"object\":{\"a\":\"ü\"}}", "{\"b\":1}"};
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        LineFramer framer;
        auto lines = linesOf(framer, std::string_view(text).substr(0, cut));
        const auto more = linesOf(framer, std::string_view(text).substr(cut));
        lines.insert(lines.end(), more.begin(), more.end());
        EXPECT_EQ(lines, wanted) << cut;
        EXPECT_TRUE(framer.hasRest());
    }
}

TEST(LineFramer, aLineWithoutEndIsRefusedInTime)
{
    LineFramer framer(10);
    framer.feed("0123456789");
    EXPECT_TRUE(framer.next());
    framer.feed("x");
    EXPECT_FALSE(framer.next());
}

TEST(WatchEventKind, knowsTheApisWords)
{
    EXPECT_EQ(watchEventKind("BOOKMARK"), WatchEventKind::Bookmark);
    EXPECT_EQ(watchEventKind("ERROR"), WatchEventKind::Error);
    EXPECT_EQ(watchEventKind("added"), WatchEventKind::Unknown);
}

} // namespace
} // namespace binnacle::kube
