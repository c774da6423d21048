// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/conntrack/conntrack_message.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace binnacle::agent::conntrack {
namespace {

Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*InternetAddress::parse(address), port}; }

std::string hex(ByteView bytes)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i > 0 && i % 4 == 0)
            text += ' ';
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

std::vector<std::uint8_t> bytesOf(std::string_view text)
{
    std::vector<std::uint8_t> bytes;
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i + 1 < text.size();) {
        if (text[i] == ' ') {
            ++i;
            continue;
        }
        bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
        i += 2;
    }
    return bytes;
}

// 10.88.0.7:40000 dialled 10.96.0.10:80; 10.88.0.9:8080 answers.  Little endian hosts.
const std::string kOriginal = "34000180 14000180 08000100 0a580007 08000200 0a60000a "
                              "1c000280 05000100 06000000 06000200 9c400000 06000300 00500000 ";
const std::string kReply = "34000280 14000180 08000100 0a580009 08000200 0a580007 "
                           "1c000280 05000100 06000000 06000200 1f900000 06000300 9c400000 ";
const std::string kAnswer = "84000000 00010000 07000000 00000000 02000000 " + kOriginal + kReply + "08000300 0000002a";

TEST(ConntrackMessageTest, asksByTheOriginalDirection)
{
    const auto request = requestFor({endpoint("10.88.0.7", 40'000), endpoint("10.96.0.10", 80)}, 7);
    EXPECT_EQ(hex(request) + ' ', "48000000 01010100 07000000 00000000 02000000 " + kOriginal);
}

TEST(ConntrackMessageTest, asksForVersion6WithWholeAddresses)
{
    const auto request = requestFor({endpoint("fd00::7", 40'000), endpoint("fd00:96::a", 80)}, 1);
    EXPECT_EQ(hex(request), "60000000 01010100 01000000 00000000 0a000000 "
                            "4c000180 2c000180 14000300 fd000000 00000000 00000000 00000007 14000400 fd000096 00000000 00000000 0000000a "
                            "1c000280 05000100 06000000 06000200 9c400000 06000300 00500000");
}

TEST(ConntrackMessageTest, neverAsksAcrossFamilies) { EXPECT_TRUE(requestFor({endpoint("10.0.0.1", 1), endpoint("fd00::1", 1)}, 1).empty()); }

TEST(ConntrackMessageTest, readsBothDirections)
{
    const auto bytes = bytesOf(kAnswer);
    ByteView rest(bytes);
    const auto message = nextMessage(rest);
    ASSERT_TRUE(message && message->flow);
    EXPECT_TRUE(message->isNew);
    EXPECT_EQ(message->sequence, 7u);
    EXPECT_EQ(message->flow->original, (FlowTuple{endpoint("10.88.0.7", 40'000), endpoint("10.96.0.10", 80)}));
    EXPECT_EQ(message->flow->reply, (FlowTuple{endpoint("10.88.0.9", 8'080), endpoint("10.88.0.7", 40'000)}));
    EXPECT_TRUE(rest.empty());
    EXPECT_FALSE(nextMessage(rest));
}

TEST(ConntrackMessageTest, readsTheErrorOfARequest)
{
    const auto bytes = bytesOf("24000000 02000000 09000000 00000000 feffffff 48000000 01010100 09000000 00000000");
    ByteView rest(bytes);
    const auto message = nextMessage(rest);
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->isError);
    EXPECT_EQ(message->error, ENOENT);
    EXPECT_EQ(message->sequence, 9u);
}

TEST(ConntrackMessageTest, passesOverWhatIsNotTcp)
{
    std::string udp = kAnswer;
    for (std::size_t at; (at = udp.find("05000100 06")) != std::string::npos;)
        udp.replace(at, 11, "05000100 11");
    const auto bytes = bytesOf(udp);
    ByteView rest(bytes);
    const auto message = nextMessage(rest);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->flow);
}

TEST(ConntrackMessageTest, cutAtEveryByteGivesNoMessage)
{
    const auto bytes = bytesOf(kAnswer);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ByteView rest(bytes.data(), size);
        EXPECT_FALSE(nextMessage(rest)) << size;
        EXPECT_EQ(rest.size(), size) << "nothing is consumed";
    }
}

TEST(ConntrackMessageTest, wrongLengthsInsideGiveNoFlow)
{
    auto bytes = bytesOf(kAnswer);
    for (std::size_t at = 20; at + 4 <= bytes.size(); at += 4) { // every place where a length may stand
        auto broken = bytes;
        broken[at] = 0xff;
        broken[at + 1] = 0xff;
        ByteView rest(broken);
        const auto message = nextMessage(rest);
        ASSERT_TRUE(message) << at;
        EXPECT_TRUE(rest.empty()) << at;
    }
    bytes[0] = 4; // shorter than its own header
    ByteView rest(bytes);
    EXPECT_FALSE(nextMessage(rest));
}

} // namespace
} // namespace binnacle::agent::conntrack
