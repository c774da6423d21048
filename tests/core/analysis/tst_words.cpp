// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/errno_names.h"
#include "core/analysis/words.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace std::chrono_literals;

TEST(Words, durations)
{
    EXPECT_EQ(durationWords(0ns), "0 ns");
    EXPECT_EQ(durationWords(950ns), "950 ns");
    EXPECT_EQ(durationWords(1500ns), "1.50 µs");
    EXPECT_EQ(durationWords(12'345'678ns), "12.3 ms");
    EXPECT_EQ(durationWords(999'600'000ns), "1.00 s");
    EXPECT_EQ(durationWords(Nanoseconds(4200ms)), "4.20 s");
    EXPECT_EQ(durationWords(Nanoseconds(119s)), "119 s");
    EXPECT_EQ(durationWords(Nanoseconds(125s)), "2 m 05 s");
    EXPECT_EQ(durationWords(Nanoseconds(7500s)), "2 h 05 m");
    EXPECT_EQ(durationWords(-1500ns), "-1.50 µs");
    EXPECT_EQ(durationWords(std::optional<Nanoseconds>{}), "–");
}

TEST(Words, bytesRatesCountsAndShares)
{
    EXPECT_EQ(bytesWords(812), "812 B");
    EXPECT_EQ(bytesWords(1536), "1.50 KiB");
    EXPECT_EQ(bytesWords(20u << 20), "20.0 MiB");
    EXPECT_EQ(bytesWords(~std::uint64_t{0}), "16.0 EiB");
    EXPECT_EQ(rateWords(0), "0");
    EXPECT_EQ(rateWords(0.25), "0.25/s");
    EXPECT_EQ(rateWords(12.5), "12.5/s");
    EXPECT_EQ(rateWords(1200), "1.20 k/s");
    EXPECT_EQ(countWords(7), "7");
    EXPECT_EQ(countWords(1234567), "1,234,567");
    EXPECT_EQ(countWords(123456), "123,456");
    EXPECT_EQ(shareWords(0), "0 %");
    EXPECT_EQ(shareWords(0.0004), "< 0.1 %");
    EXPECT_EQ(shareWords(0.015), "1.5 %");
    EXPECT_EQ(shareWords(0.31), "31 %");
    EXPECT_EQ(shareWords(1), "100 %");
    EXPECT_EQ(timeOfDayWords(utcTime(1'800'000'000'123'000'000)), "08:00:00.123");
    EXPECT_EQ(counted(1, "request", "requests"), "1 request");
    EXPECT_EQ(counted(2000, "request", "requests"), "2,000 requests");
}

TEST(Words, numbersThatThisVersionDoesNotKnow)
{
    EXPECT_EQ(protocolName(static_cast<Protocol>(200)), "tcp");
    EXPECT_EQ(eventKindName(static_cast<EventKind>(999)), "unknown");
    EXPECT_EQ(lossSummary(static_cast<Loss>(999), 3, {}).reason, "loss_999");
    EXPECT_EQ(lossSummary(Loss::ParserGap, 3, {}).reason, "gap");
    EXPECT_FALSE(lossSummary(Loss::ParserGap, 3, {}).advice.empty());
}

TEST(Words, errnosAndStates)
{
    EXPECT_EQ(errnoName(111), "ECONNREFUSED");
    EXPECT_EQ(errnoName(110), "ETIMEDOUT");
    EXPECT_EQ(errnoName(113), "EHOSTUNREACH");
    EXPECT_EQ(errnoName(4095), "errno 4095");
    EXPECT_EQ(errnoWords("ECONNREFUSED"), "connection refused");
    EXPECT_EQ(errnoWords("errno 4095"), std::nullopt);
    EXPECT_EQ(tcpStateName(1), "ESTABLISHED");
    EXPECT_EQ(tcpStateName(10), "LISTEN");
    EXPECT_EQ(tcpStateName(77), "state 77");
}

TEST(Words, worstFirst)
{
    EXPECT_GT(severity(Health::Critical), severity(Health::Warning));
    EXPECT_GT(severity(Health::Warning), severity(Health::Unknown));
    EXPECT_GT(severity(Health::Unknown), severity(Health::Ok));
}
