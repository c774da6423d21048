// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/target.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

TEST(Target, readsTheFormsThatAPersonWrites)
{
    for (const char* text : {"127.0.0.1:9465", "host-a.example:1", "[::1]:9465", "unix:/run/binnacle/agent.sock", "unix:relative.sock", "ssh://web-1", "ssh://alice@web-1.example:2222",
                             "ssh://[fe80::1%eth0]:22", "ssh://root@10.0.0.7/run/other/agent.sock", "ssh://web-1?sudo", "ssh://u@h:1/a.sock?sudo"}) {
        const auto target = Target::parse(text);
        ASSERT_TRUE(target.has_value()) << text;
        EXPECT_EQ(target->toText(), text);
        EXPECT_EQ(Target::parse(target->toText()), *target);
    }
}

TEST(Target, refusesTheRestAndSaysWhichFormsThereAre)
{
    for (const char* text : {"", "host", "host:", ":80", "host:0", "host:65536", "host:80x", "::1:80", "unix:", "http://host:80", "ssh://", "ssh:///run/agent.sock",
                             "ssh://@host", "ssh://host:0", "ssh://host:x", "ssh://::1", "ssh://[::1", "ssh://[::1]x", "ssh://-oProxyCommand=x", "ssh://-l@host", "ssh://ho st",
                             "ssh://host$(id)", "ssh://host/a'b", "ssh://host/a b", "ssh://host?root"}) {
        const auto target = Target::parse(text);
        ASSERT_FALSE(target.has_value()) << text;
        EXPECT_NE(target.error().what.find("unix:PATH"), std::string::npos) << text;
    }
}

TEST(Target, anSshAddressHasItsParts)
{
    const auto target = Target::parse("ssh://alice@[::1]:2222/run/other/agent.sock?sudo");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->kind, Target::Kind::Ssh);
    EXPECT_EQ(target->user, "alice");
    EXPECT_EQ(target->host, "::1");
    EXPECT_EQ(target->port, 2222);
    EXPECT_EQ(target->path, "/run/other/agent.sock");
    EXPECT_TRUE(target->withSudo);
    EXPECT_EQ(Target::parse("ssh://web-1/")->toText(), "ssh://web-1");
}

} // namespace
} // namespace binnacle::desktop
