// SPDX-License-Identifier: Apache-2.0
// What is taken for a protocol and what is not.
#include "script.h"

#include <gtest/gtest.h>
#include <random>

namespace binnacle::protocols::test {
namespace {

TEST(Detection, knowsItsProtocolsFromTheFirstChunk)
{
    EXPECT_EQ(run("noclose\n> GET / HTTP/1.1\\r\\n\n").protocol, Protocol::Http);
    EXPECT_EQ(run("noclose\n> *1\\r\\n$4\\r\\nPING\\r\\n\n").protocol, Protocol::Redis);
}

TEST(Detection, waitsWhileItCannotSay)
{
    EXPECT_EQ(run("noclose\n> GE\n").verdict, Verdict::Undecided);
    EXPECT_EQ(run("noclose\n> *1\\r\\n$4\\r\\nPI\n").verdict, Verdict::Undecided);
    EXPECT_EQ(run("noclose\n> PING\\r\\n\n").verdict, Verdict::Undecided) << "NATS says this too";
    EXPECT_EQ(run("noclose\n> PING\\r\\n\n< +PONG\\r\\n\n").protocol, Protocol::Redis);
}

struct Foreign {
    const char* name;
    const char* script;
};

class NotOurs : public ::testing::TestWithParam<Foreign> {};

TEST_P(NotOurs, isRefused)
{
    const Result result = run(std::string("noclose\n") + GetParam().script);
    EXPECT_EQ(result.verdict, Verdict::NotAProtocolWeKnow) << result.print();
    EXPECT_TRUE(result.exchanges.empty());
    EXPECT_EQ(result.resync, 0u) << "what is not ours is no loss";
}

INSTANTIATE_TEST_SUITE_P(
    Protocols, NotOurs,
    ::testing::Values(Foreign{"tls", "> \\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03\n"},
                      Foreign{"postgresql", "> \\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f\n"},
                      Foreign{"postgresql_query", "> Q\\0\\0\\0\\x0dSELECT 1\\0\n"},
                      Foreign{"mysql_server_first", "< J\\0\\0\\0\\x0a8.0.32\\0\n"},
                      Foreign{"ssh", "< SSH-2.0-OpenSSH_9.2\\r\\n\n"},
                      Foreign{"smtp", "< 220 mail ESMTP\\r\\n\n> EHLO x\\r\\n\n"},
                      Foreign{"pop3", "< +OK ready\\r\\n\n> USER x\\r\\n\n"},
                      Foreign{"nats", "< INFO {\"server_id\":\"x\"}\\r\\n\n> CONNECT {}\\r\\nPING\\r\\n\n"},
                      Foreign{"memcached", "> get key\\r\\n\n< VALUE key 0 1\\r\\n1\\r\\nEND\\r\\n\n"},
                      Foreign{"memcached_set", "> set k 0 0 1\\r\\n1\\r\\n\n< STORED\\r\\n\n"},
                      Foreign{"http2", "> PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\n"},
                      Foreign{"rtsp", "> OPTIONS rtsp://cam/1 RTSP/1.0\\r\\nCSeq: 1\\r\\n\\r\\n\n"},
                      Foreign{"sip", "> OPTIONS sip:bob@x SIP/2.0\\r\\n\\r\\n\n"},
                      Foreign{"kafka", "> \\0\\0\\0\\x23\\0\\x12\\0\\0\\0\\0\\0\\x01\n"},
                      Foreign{"mongodb", "> \\x3f\\0\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\0\\xd4\\x07\\0\\0\n"},
                      Foreign{"amqp", "> AMQP\\0\\0\\x09\\x01\n"},
                      Foreign{"a_star", "> * what is this\\r\\n\n"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Detection, refusesRandomBytes)
{
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        Script script;
        script.close = false;
        std::string bytes(64, ' ');
        for (char& c : bytes)
            c = static_cast<char>(random());
        script.pieces.push_back({Direction::Request, bytes, 0, 1});
        EXPECT_NE(run(script).verdict, Verdict::Parse);
    }
}

TEST(Detection, givesUpOnAnOldConnectionOfAnotherKind)
{
    std::string text = "start mid\nnoclose\n";
    for (int i = 0; i < 20; ++i)
        text += "> \\x01\\x02\\x03\n< \\x04\\x05\\x06\n";
    EXPECT_EQ(run(text).verdict, Verdict::NotAProtocolWeKnow);
}

TEST(Detection, waitsForTheEndOfALongTransferOnAnOldConnection)
{
    std::string text = "start mid\nnoclose\n";
    for (int i = 0; i < 500; ++i)
        text += "< {1000*x}\n";
    EXPECT_EQ(run(text).verdict, Verdict::Undecided);
    EXPECT_EQ(run(text + "> GET / HTTP/1.1\\r\\n\\r\\n\n").verdict, Verdict::Parse);
}

TEST(Detection, turnsRolesThatWereGuessedWrong)
{
    const Result result = run("start mid\nroles guessed\n< GET /a HTTP/1.1\\r\\n\\r\\n\n> HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    EXPECT_EQ(result.swapped, std::optional(true));
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(result.exchanges[0].route, "GET /a");
}

TEST(Detection, turnsRolesByAResponseAlone)
{
    const Result result = run("start mid\nroles guessed\nnoclose\n> HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    EXPECT_EQ(result.swapped, std::optional(true));
}

TEST(Detection, keepsRolesThatWereGuessedRight)
{
    const Result result = run("start mid\nroles guessed\nnoclose\n> *2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n\n");
    EXPECT_EQ(result.swapped, std::optional(false));
    EXPECT_EQ(run("roles guessed\nnoclose\n> GE\n").swapped, std::nullopt);
}

TEST(Detection, doesNotTurnRolesThatAreKnown)
{
    const Result result = run("noclose\n< GET /a HTTP/1.1\\r\\n\\r\\n\n");
    EXPECT_EQ(result.swapped, std::optional(false));
    EXPECT_EQ(result.verdict, Verdict::NotAProtocolWeKnow);
}

TEST(Detection, aListReplyIsNotTakenForARequest)
{
    const Result result = run("start mid\nroles guessed\nnoclose\n> *2\\r\\n$9\\r\\nmaxmemory\\r\\n$1\\r\\n0\\r\\n\n");
    EXPECT_EQ(result.verdict, Verdict::Undecided);
}

} // namespace
} // namespace binnacle::protocols::test
