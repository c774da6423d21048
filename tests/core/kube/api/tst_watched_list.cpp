// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/watched_list.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"
#include "tests/core/kube/doubles/recording_sink.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

using namespace test;
using nlohmann::json;
using Notes = std::vector<std::string>;

json pod(const std::string& name, const std::string& label = "ü")
{
    return {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", "n"}, {"labels", {{"l", label}}}}}, {"spec", json::object()}};
}

struct Watching {
    explicit Watching(const json& script = json::object(), Detail detail = Detail::Whole)
        : server([&script] {
              json whole = script;
              whole["objects"] = json::array({pod("a"), pod("b")});
              return whole;
          }()),
          client(reactor, server.access(), std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer admin-token"}), plainOptions())
    {
        WatchOptions options;
        options.firstPause = std::chrono::milliseconds(5);
        options.longestPause = std::chrono::milliseconds(50);
        ListQuery query{.collection = {{.plural = "pods"}}};
        query.detail = detail;
        query.pageSize = 1;
        list = std::make_unique<WatchedList>(client, query, sink, options);
    }

    void put(const json& object) const { server.order("POST", "/object", {{"action", "put"}, {"object", object}}); }
    void remove(const json& object) const { server.order("POST", "/object", {{"action", "delete"}, {"object", object}}); }
    bool sees(const std::string& what, long times = 1) const { return eventually([&] { return sink->count(what) >= times; }); }
    long watchesAsked() const
    {
        const auto requests = server.log("request");
        return std::ranges::count_if(requests, [](const json& entry) { return entry["target"].get<std::string>().find("watch=true") != std::string::npos; });
    }

    ApiDouble server;
    Reactor reactor;
    HttpClient client;
    std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
    std::unique_ptr<WatchedList> list;
};

TEST(WatchedList, streamsTheListThenTheChanges)
{
    const Watching watching;
    ASSERT_TRUE(watching.sees("synced")) << watching.sink->trouble();
    watching.put(pod("c"));
    watching.put(pod("a", "new"));
    watching.remove(pod("b"));
    ASSERT_TRUE(watching.sees("-n/b"));
    EXPECT_EQ(watching.sink->notes(), (Notes{"+n/a", "+n/b", "synced", "+n/c", "~n/a", "-n/b"}));
    EXPECT_EQ(watching.server.log("request").size(), 1u) << "one request does it all";
}

TEST(WatchedList, aServerWithoutStreamedListsIsListedPageByPage)
{
    const Watching watching(json{{"gates", {{"WatchList", false}}}});
    ASSERT_TRUE(watching.sees("synced")) << watching.sink->trouble();
    watching.put(pod("c"));
    ASSERT_TRUE(watching.sees("+n/c"));
    EXPECT_EQ(watching.sink->notes(), (Notes{"+n/a", "+n/b", "synced", "+n/c"}));
}

TEST(WatchedList, eventsMayBeCutAnywhere)
{
    for (const json& chunk : {json(1), json(7), json("utf8")}) {
        const Watching watching(json{{"watch", {{"chunk", chunk}}}});
        ASSERT_TRUE(watching.sees("synced"));
        watching.put(pod("c", "ää€𝄞"));
        EXPECT_TRUE(watching.sees("+n/c")) << chunk;
    }
}

TEST(WatchedList, resumesAfterEveryKindOfEndWithoutTellingTwice)
{
    for (const char* how : {"end", "eof", "reset"}) {
        const Watching watching;
        ASSERT_TRUE(watching.sees("synced"));
        watching.put(pod("c"));
        ASSERT_TRUE(watching.sees("+n/c"));
        watching.server.order("POST", "/watches", {{"do", how}});
        watching.put(pod("d"));
        ASSERT_TRUE(watching.sees("+n/d")) << how;
        EXPECT_EQ(watching.sink->notes(), (Notes{"+n/a", "+n/b", "synced", "+n/c", "+n/d"})) << how;
    }
}

TEST(WatchedList, halfALineIsNoEvent)
{
    const Watching watching(json{{"watch", {{"faults", json::array({{{"times", 1}, {"after_events", 4}, {"do", "half_line"}, {"then", "eof"}}})}}}});
    ASSERT_TRUE(watching.sees("synced"));
    for (int i = 0; i < 4; ++i)
        watching.put(pod("c" + std::to_string(i)));
    ASSERT_TRUE(watching.sees("+n/c3"));
    EXPECT_EQ(watching.sink->count("gap"), 0);
    EXPECT_EQ(watching.sink->notes().size(), 7u);
}

TEST(WatchedList, anExpiredVersionIsAGapAndTheDifferencesFollow)
{
    const Watching watching;
    ASSERT_TRUE(watching.sees("synced"));
    watching.server.order("POST", "/stall");
    watching.put(pod("c"));
    watching.remove(pod("b"));
    watching.server.order("POST", "/expire", {{"watches", true}});
    watching.server.order("POST", "/resume");
    ASSERT_TRUE(watching.sees("synced", 2)) << watching.sink->trouble();
    EXPECT_EQ(watching.sink->count("gap"), 1);
    EXPECT_TRUE(watching.sees("+n/c"));
    EXPECT_TRUE(watching.sees("-n/b"));
    EXPECT_EQ(watching.sink->count("+n/a"), 1) << "what stayed is not told again";
}

TEST(WatchedList, aVersionThatExpiredMeanwhileIsAGapToo)
{
    const Watching watching;
    ASSERT_TRUE(watching.sees("synced"));
    watching.put(pod("c"));
    ASSERT_TRUE(watching.sees("+n/c"));
    watching.server.order("POST", "/expire", {{"watches", true}});
    ASSERT_TRUE(watching.sees("synced", 2));
    watching.put(pod("d"));
    EXPECT_TRUE(watching.sees("+n/d"));
}

TEST(WatchedList, aBusyServerIsAskedAgain)
{
    const Watching watching(json{{"responses", json::array({{{"match", {{"pattern", "watch=true"}}}, {"times", 2}, {"status", 429}, {"headers", {{"Retry-After", "0"}}}, {"body", "busy"}}})}});
    ASSERT_TRUE(watching.sees("synced"));
    EXPECT_EQ(watching.sink->count("trouble"), 2);
    EXPECT_GE(watching.watchesAsked(), 3);
}

TEST(WatchedList, whatIsForbiddenIsToldAndTriedAgain)
{
    const Watching watching(json{{"authorization", {{"rules", json::array()}}}});
    ASSERT_TRUE(watching.sees("trouble", 3));
    EXPECT_NE(watching.sink->trouble().find("this user may not watch pods (403: "), std::string::npos) << watching.sink->trouble();
    watching.server.order("POST", "/script", {{"authorization", nullptr}});
    EXPECT_TRUE(watching.sees("synced"));
}

TEST(WatchedList, saysThatItGoesOnAfterATroubleThoughNothingChanged)
{
    const Watching watching;
    ASSERT_TRUE(watching.sees("synced"));
    watching.server.order("POST", "/script", {{"authorization", {{"rules", json::array()}}}});
    watching.server.order("POST", "/watches", {{"do", "reset"}});
    ASSERT_TRUE(watching.sees("trouble"));
    EXPECT_EQ(watching.sink->count("synced"), 1);
    watching.server.order("POST", "/script", {{"authorization", nullptr}});
    ASSERT_TRUE(watching.sees("synced", 2));
    EXPECT_EQ(watching.sink->notes().back(), "synced");
    EXPECT_EQ(watching.sink->count("+n/a"), 1) << "what was known is not told again";
}

TEST(WatchedList, metadataAloneIsAskedForByHeader)
{
    const Watching watching({}, Detail::MetadataOnly);
    ASSERT_TRUE(watching.sees("synced"));
    EXPECT_NE(watching.server.log("request").front()["headers"].dump().find("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"), std::string::npos);
}

TEST(WatchedList, endsWithItsObject)
{
    Watching watching;
    ASSERT_TRUE(watching.sees("synced"));
    watching.list.reset();
    EXPECT_TRUE(eventually([&] { return watching.server.order("GET", "/state").dump().find("\"watches\":[]") != std::string::npos; }))
        << watching.server.order("GET", "/state").dump();
}

} // namespace
} // namespace binnacle::kube
