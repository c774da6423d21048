// SPDX-License-Identifier: Apache-2.0
// What the corpus (tests/golden/protocols/http) does not show: fields of the exchange, and single rules.
#include "core/base/entity_key.h"
#include "script.h"

#include <gtest/gtest.h>

namespace binnacle::protocols::test {
namespace {

const std::string kOk = "< HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n";

TEST(Http, fillsPositionsSequencesAndThreads)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\n\\r\\n\n" + kOk + "> GET /b HTTP/1.1\\r\\n\\r\\n\n" + kOk);
    ASSERT_EQ(result.exchanges.size(), 2u);
    const Exchange& second = result.exchanges[1].facts;
    EXPECT_EQ(second.protocol, Protocol::Http);
    EXPECT_EQ(second.version, 11);
    EXPECT_EQ(second.requestPosition, 19u);
    EXPECT_EQ(second.requestSequence, 1019u);
    EXPECT_EQ(second.responseSequence, 2038u);
    EXPECT_EQ(second.requestThread, 103u);
    EXPECT_EQ(second.responseThread, 104u);
    EXPECT_EQ(result.exchanges[1].method, "GET");
}

TEST(Http, takesSequenceInsideAChunkForPipelinedRequests)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\n\\r\\nGET /b HTTP/1.1\\r\\n\\r\\n\n" + kOk + kOk);
    ASSERT_EQ(result.exchanges.size(), 2u);
    EXPECT_EQ(result.exchanges[1].facts.requestSequence, 1019u);
}

TEST(Http, readsTraceparentAndHashesTheRequestId)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\nx-request-id:  abc-1 \\r\\n"
                              "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\\r\\n\\r\\n\n"
                              + kOk);
    ASSERT_EQ(result.exchanges.size(), 1u);
    const Exchange& exchange = result.exchanges[0].facts;
    ASSERT_TRUE(exchange.hasTraceparent);
    EXPECT_EQ(exchange.traceId[0], 0x4b);
    EXPECT_EQ(exchange.traceId[15], 0x36);
    EXPECT_EQ(exchange.parentSpanId[7], 0xb7);
    EXPECT_EQ(exchange.requestIdHash, stableHash64("abc-1"));
}

TEST(Http, believesNoTraceparentOfAnotherShape)
{
    for (const char* value : {"", "00-short", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                              "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"}) {
        const Result result = run(std::string("> GET /a HTTP/1.1\\r\\ntraceparent: ") + value + "\\r\\n\\r\\n\n" + kOk);
        ASSERT_EQ(result.exchanges.size(), 1u) << value;
        EXPECT_FALSE(result.exchanges[0].facts.hasTraceparent) << value;
        EXPECT_EQ(result.exchanges[0].facts.traceId, (std::array<std::uint8_t, 16>{})) << value;
    }
}

TEST(Http, doesNotCarryPropagationOverToTheNextRequest)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\nX-Request-Id: 1\\r\\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\\r\\n\\r\\n\n"
                              + kOk + "> GET /b HTTP/1.1\\r\\n\\r\\n\n" + kOk);
    ASSERT_EQ(result.exchanges.size(), 2u);
    EXPECT_FALSE(result.exchanges[1].facts.hasTraceparent);
    EXPECT_EQ(result.exchanges[1].facts.requestIdHash, 0u);
}

TEST(Http, countsOnly5xxAsErrors)
{
    for (const auto& [status, error] : {std::pair("200", false), std::pair("302", false), std::pair("404", false), std::pair("499", false),
                                        std::pair("500", true), std::pair("599", true)}) {
        const Result result = run(std::string("> GET /a HTTP/1.1\\r\\n\\r\\n\n< HTTP/1.1 ") + status + " x\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
        ASSERT_EQ(result.exchanges.size(), 1u) << status;
        EXPECT_EQ(result.exchanges[0].status, status);
        EXPECT_EQ(result.exchanges[0].facts.error, error) << status;
    }
}

TEST(Http, takesAStatusLineWithoutReason)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\n\\r\\n\n< HTTP/1.1 200\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(result.exchanges[0].status, "200");
}

TEST(Http, givesTheTimeOfTheLastByteAndNotOfTheClose)
{
    const Result result = run("> GET /a HTTP/1.0\\r\\n\\r\\n\n< HTTP/1.0 200 OK\\r\\n\\r\\nbody\nwait 500\n< tail\n");
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(ns(result.exchanges[0].facts.responseEnd), 503'000'000);
    EXPECT_FALSE(result.exchanges[0].facts.error);
}

TEST(Http, staysInFlightWhileItIsUnanswered)
{
    const Result result = run("noclose\n> GET /slow/7 HTTP/1.1\\r\\n\\r\\n\n");
    EXPECT_TRUE(result.exchanges.empty());
    EXPECT_EQ(result.inFlight, std::vector<std::string>{"GET /slow/{id} since 1"});
}

TEST(Http, anUploadWithoutEndIsInFlightToo)
{
    const Result result = run("noclose\n> POST /up HTTP/1.1\\r\\nContent-Length: 100\\r\\n\\r\\nabc\n");
    EXPECT_EQ(result.inFlight, std::vector<std::string>{"POST /up since 1"});
}

TEST(Http, aResponseRecordedBeforeItsRequestStillPairs)
{
    const Script script = parseScript("< HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\nwait -1\n> GET /a HTTP/1.1\\r\\n\\r\\n\n");
    const Result result = run(script);
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(result.exchanges[0].status, "200");
    EXPECT_GE(result.exchanges[0].facts.responseEnd, result.exchanges[0].facts.requestStart);
}

TEST(Http, aTimeoutNobodyAskedForIsNoAnswerToTheNextRequest)
{
    const Result result = run("> GET /a HTTP/1.1\\r\\n\\r\\n\n" + kOk + "< HTTP/1.1 408 Request Timeout\\r\\nContent-Length: 0\\r\\n\\r\\n\nwait 50\n"
                              + "> GET /b HTTP/1.1\\r\\n\\r\\n\n" + kOk);
    ASSERT_EQ(result.exchanges.size(), 2u);
    EXPECT_EQ(result.exchanges[1].status, "200");
    EXPECT_EQ(result.orphans, 1u);
}

TEST(Http, aHeadResponseToAnUnseenRequestDoesNotSwallowTheNext)
{
    const Result result = run("start mid\n< HTTP/1.1 200 OK\\r\\nContent-Length: 500\\r\\n\\r\\n\n> GET /a HTTP/1.1\\r\\n\\r\\n\n" + kOk);
    ASSERT_EQ(result.exchanges.size(), 1u) << result.print();
    EXPECT_EQ(result.exchanges[0].route, "GET /a");
    EXPECT_EQ(ns(result.exchanges[0].facts.responseEnd), 3'000'000);
}

TEST(Http, skipsABodyOfWhichOnlySizesAreKnown)
{
    Script script = parseScript("> PUT /x HTTP/1.1\\r\\nContent-Length: 100000\\r\\n\\r\\n{100000*b}\n" + kOk);
    script.pieces[0].captured = 60;
    const Result result = run(script);
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(result.exchanges[0].facts.requestBytes, 43u + 100000u);
    EXPECT_EQ(result.gap, 0u);
}

} // namespace
} // namespace binnacle::protocols::test
