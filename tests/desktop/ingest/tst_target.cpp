// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/target.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

TEST(Target, readsTheFormsThatAPersonWrites)
{
    for (const char* text : {"127.0.0.1:9465", "host-a.example:1", "[::1]:9465", "unix:/run/binnacle/agent.sock", "unix:relative.sock"}) {
        const auto target = Target::parse(text);
        ASSERT_TRUE(target.has_value()) << text;
        EXPECT_EQ(target->toText(), text);
        EXPECT_EQ(Target::parse(target->toText()), *target);
    }
}

TEST(Target, refusesTheRestAndSaysWhichFormsThereAre)
{
    for (const char* text : {"", "host", "host:", ":80", "host:0", "host:65536", "host:80x", "::1:80", "unix:", "ssh://host", "http://host:80"}) {
        const auto target = Target::parse(text);
        ASSERT_FALSE(target.has_value()) << text;
        EXPECT_NE(target.error().what.find("unix:PATH"), std::string::npos) << text;
    }
}

} // namespace
} // namespace binnacle::desktop
