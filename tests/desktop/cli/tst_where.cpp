// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/where.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::desktop;

namespace {

const std::vector<std::string> kFields{"from", "requests", "latency", "seen_from", "tls", "type"};

nlohmann::ordered_json row()
{
    return nlohmann::ordered_json::parse(R"({"from":"process:web","requests":120,"latency":{"p99_ns":5000},"seen_from":["client","server"],"tls":false,"type":null})");
}

bool fits(const char* text)
{
    const auto where = Where::parse(text, kFields);
    EXPECT_TRUE(where.has_value()) << text;
    return where && where->matches(row());
}

std::string errorOf(const char* text)
{
    const auto where = Where::parse(text, kFields);
    return where ? std::string() : where.error().what;
}

} // namespace

TEST(Where, comparesFieldsOfARow)
{
    EXPECT_TRUE(fits(""));
    EXPECT_TRUE(fits("from=process:web"));
    EXPECT_FALSE(fits("from=process"));
    EXPECT_TRUE(fits("from!=process"));
    EXPECT_TRUE(fits("from~process:w*"));
    EXPECT_FALSE(fits("from~w*"));
    EXPECT_TRUE(fits("requests>119"));
    EXPECT_FALSE(fits("requests>120"));
    EXPECT_TRUE(fits("requests<120.5"));
    EXPECT_TRUE(fits("requests=120"));
    EXPECT_TRUE(fits("tls=false"));
    EXPECT_TRUE(fits("latency.p99_ns>4999"));
    EXPECT_FALSE(fits("latency.p50_ns>1"));
    EXPECT_TRUE(fits("seen_from=server"));
    EXPECT_FALSE(fits("seen_from=nobody"));
}

TEST(Where, nullFitsNothingButNotEqual)
{
    EXPECT_FALSE(fits("type=null"));
    EXPECT_FALSE(fits("type~*"));
    EXPECT_FALSE(fits("type<5"));
    EXPECT_TRUE(fits("type!=redis"));
}

TEST(Where, joinsConditionsByAnd)
{
    EXPECT_TRUE(fits("from=process:web and requests>100 and tls=false"));
    EXPECT_FALSE(fits("from=process:web and requests>1000"));
    EXPECT_TRUE(fits("from!=\"rock and roll\" and requests>1"));
}

TEST(Where, saysWhatIsWrong)
{
    EXPECT_EQ(errorOf("form=web"), "--where: there is no field `form` here; there are: from, requests, latency, seen_from, tls, type");
    EXPECT_NE(errorOf("requests>many").find("not a number"), std::string::npos);
    EXPECT_NE(errorOf("from").find("no condition"), std::string::npos);
    EXPECT_NE(errorOf("from=a and ").find("no condition"), std::string::npos);
    EXPECT_NE(errorOf("from!web").find("no condition"), std::string::npos);
}

TEST(Where, globs)
{
    EXPECT_TRUE(globMatches("*", ""));
    EXPECT_TRUE(globMatches("a*b*c", "a--b--b--c"));
    EXPECT_FALSE(globMatches("a*b*c", "a--b--b--d"));
    EXPECT_TRUE(globMatches("GET /?", "GET /x"));
    EXPECT_FALSE(globMatches("?", ""));
    EXPECT_FALSE(globMatches("", "x"));
    EXPECT_TRUE(globMatches("*.svc", "api.svc"));
    // Linear in the text for each star, so that this returns.
    EXPECT_FALSE(globMatches("*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}
