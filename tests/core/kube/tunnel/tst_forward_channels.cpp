// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/forward_channels.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

std::string taken(ForwardChannels& channels, std::string_view message)
{
    const auto bytes = channels.take(asBytes(message));
    return bytes ? std::string(asText(*bytes)) : "error";
}

TEST(ForwardChannels, skipsOnePortMessageAChannelAndNothingElse)
{
    ForwardChannels channels(9002); // 0x232a
    EXPECT_EQ(taken(channels, {"\x00\x2a\x23", 3}), "");
    EXPECT_EQ(taken(channels, {"\x00\x2a\x23", 3}), "\x2a\x23") << "the second one is data";
    EXPECT_EQ(taken(channels, {"\x00more", 5}), "more");
    EXPECT_EQ(taken(channels, {"\x01\x2a\x23", 3}), "");
    EXPECT_EQ(channels.errorText(), "");
    EXPECT_EQ(taken(channels, {"\x01it failed", 10}), "");
    EXPECT_EQ(channels.errorText(), "it failed");
    EXPECT_EQ(taken(channels, {"\x02zz", 3}), "") << "no such channel";
    EXPECT_EQ(taken(channels, {"\x00", 1}), "");
    EXPECT_EQ(taken(channels, ""), "");
}

TEST(ForwardChannels, anotherPortIsNotOurs)
{
    ForwardChannels channels(9002);
    EXPECT_EQ(taken(channels, {"\x00\x23\x2a", 3}), "error");
    ForwardChannels data(9002);
    EXPECT_EQ(taken(data, {"\x00hello", 6}), "error");
}

TEST(ForwardChannels, anEndlessErrorIsCut)
{
    ForwardChannels channels(1);
    channels.take(asBytes(std::string_view("\x01\x01\x00", 3)));
    for (int i = 0; i < 10; ++i)
        channels.take(asBytes("\x01" + std::string(1000, 'x')));
    EXPECT_EQ(channels.errorText().size(), 4096u);
}

TEST(ForwardChannels, theRuntimesErrorsGetANextStep)
{
    const Error refused = forwardError("error forwarding port 9999 to pod 1, uid : failed to execute portforward in network namespace \"/var/run/netns/x\": failed to connect to "
                                       "localhost:9999 inside namespace 1, IPv4: dial tcp4 127.0.0.1:9999: connect: connection refused IPv6 dial tcp6: address localhost: no suitable", 9999);
    EXPECT_TRUE(refused.what.starts_with("nothing listens on port 9999 of the pod (connection refused)")) << refused.what;
    EXPECT_TRUE(forwardError("read: connection reset by peer", 1).what.starts_with("the program on port 1 of the pod reset")) << refused.what;
}

} // namespace
} // namespace binnacle::kube
