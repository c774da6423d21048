// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/identity.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::telemetry;

// The texts are pinned: files of different versions compare by these keys.
TEST(Identity, canonicalTextsAreLaidDownForGood)
{
    EXPECT_EQ(hostKey("machine", "boot"), EntityKey::ofText("host\nmachine\nboot"));
    EXPECT_EQ(processKey("boot", 4711, 123456789), EntityKey::ofText("process\nboot\n4711\n123456789"));
    EXPECT_EQ(podInstanceKey("uid", "web"), EntityKey::ofText("instance/pod\nuid\nweb"));
    EXPECT_EQ(containerInstanceKey("c0ffee"), EntityKey::ofText("instance/container\nc0ffee"));
    EXPECT_EQ(programInstanceKey("boot", 4026531840, "/system.slice/redis.service", "redis-server", 6379),
              EntityKey::ofText("instance/program\nboot\n4026531840\n/system.slice/redis.service\nredis-server\n6379"));
    EXPECT_EQ(connectionKey("boot", 4026531840, 99), EntityKey::ofText("connection\nboot\n4026531840\n99"));
    EXPECT_EQ(serviceKey("", "shop", "workload", "api"), EntityKey::ofText("service\n\nshop\nworkload\napi"));
}

TEST(Identity, hashesAreLaidDownForGood)
{
    EXPECT_EQ(hostKey("machine", "boot").toHex(), "e6603a9f4a166d9b99bb97eabfcd8dcf");
    EXPECT_EQ(serviceKey("", "shop", "workload", "api").toHex(), "881d6f70012cfde95ed5fbaa2c151d33");
}

TEST(Identity, partsDoNotRunTogether)
{
    EXPECT_NE(serviceKey("a", "b", "c", "d"), serviceKey("ab", "", "c", "d"));
    EXPECT_NE(podInstanceKey("x", "y"), podInstanceKey("xy", ""));
    EXPECT_NE(programInstanceKey("b", 1, "/", "nginx", 80), programInstanceKey("b", 1, "/", "nginx", 8080));
}
