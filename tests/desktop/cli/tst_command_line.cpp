// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/session_writer.h"
#include "desktop/cli/command_line.h"
#include "desktop/cli/sources.h"
#include "desktop/cli/table.h"
#include "tests/core/analysis/shop.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace binnacle;
using namespace binnacle::desktop;
using namespace binnacle::tests;

namespace {

struct Ran {
    CommandLineOutcome outcome;
    std::string out, error;
};

Ran run(std::vector<std::string> words, const CommandLineHooks& hooks = {})
{
    words.insert(words.begin(), "binnacle");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.outcome = runCommandLine(static_cast<int>(argv.size()), argv.data(), hooks);
    std::fflush(stdout);
    ran.out = testing::internal::GetCapturedStdout();
    ran.error = testing::internal::GetCapturedStderr();
    return ran;
}

} // namespace

TEST(CommandLine, withoutASubCommandTheWindowOpens)
{
    const Ran ran = run({"--agent", "unix:/run/a.sock", "--agent", "localhost:9465", "--at", "-30s"});
    EXPECT_FALSE(ran.outcome.exitStatus.has_value());
    EXPECT_EQ(ran.outcome.window.agents, (std::vector<std::string>{"unix:/run/a.sock", "localhost:9465"}));
    EXPECT_EQ(ran.outcome.window.at, "-30s");
    EXPECT_TRUE(ran.outcome.window.files.empty());
}

TEST(CommandLine, wrongUsageIsTwoWithASentence)
{
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"shwo"}, {"show"}, {"show", "weather"}, {"show", "map", "--colour"}, {"record", "--for", "5s"}, {"info"}, {"--wrong"},
          {"screenshot", "x.binnacle", "--page", "map", "--theme", "pink", "-o", "x.png"}, {"show", "map", "x.binnacle", "--agent", "unix:/x"}}) {
        const Ran ran = run(words);
        EXPECT_EQ(ran.outcome.exitStatus, 2) << words.front() << ": " << ran.error;
        EXPECT_FALSE(ran.error.empty());
        EXPECT_TRUE(ran.out.empty());
    }
}

TEST(CommandLine, helpIsNoError)
{
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"}, {"show", "--help"}, {"show", "map", "--help"}, {"--version"}}) {
        const Ran ran = run(words);
        EXPECT_EQ(ran.outcome.exitStatus, 0);
        EXPECT_FALSE(ran.out.empty()) << words.front();
    }
}

TEST(CommandLine, whatFailsIsOneWithASentence)
{
    const Ran ran = run({"show", "map", "/nowhere/shop.binnacle"});
    EXPECT_EQ(ran.outcome.exitStatus, 1);
    EXPECT_NE(ran.error.find("/nowhere/shop.binnacle"), std::string::npos) << ran.error;
    EXPECT_EQ(run({"show", "map", "--agent", "unix:/nowhere/agent.sock"}).outcome.exitStatus, 1);
    EXPECT_EQ(run({"/nowhere/shop.binnacle"}).outcome.exitStatus, 1);
}

TEST(CommandLine, screenshotIsLentByTheWindow)
{
    ScreenshotRequest asked;
    CommandLineHooks hooks;
    hooks.screenshot = [&](const ScreenshotRequest& request) -> Result<void> {
        asked = request;
        return {};
    };
    const std::vector<std::string> words{"screenshot", "shop.binnacle", "--page", "map", "--at", "-5s", "--size", "800x600", "--theme", "light", "--scale", "2", "-o", "map.png"};
    EXPECT_EQ(run(words, hooks).outcome.exitStatus, 0);
    EXPECT_EQ(asked.page, "map");
    EXPECT_EQ(asked.at, "-5s");
    EXPECT_EQ(asked.width, 800);
    EXPECT_EQ(asked.height, 600);
    EXPECT_EQ(asked.theme, "light");
    EXPECT_EQ(asked.scale, 2);
    EXPECT_EQ(asked.output, "map.png");
    EXPECT_EQ(run(words).outcome.exitStatus, 1) << "no window, no picture";
    EXPECT_EQ(run({"screenshot", "x", "--page", "map", "--size", "12x", "-o", "x.png"}, hooks).outcome.exitStatus, 2);
}

namespace {

/// The shop for 40 s in a file of its own, removed at the end.
class ShopFile : public testing::Test {
protected:
    void SetUp() override
    {
        const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
        m_file = std::filesystem::path(testing::TempDir()) / ("binnacle-cli-" + name + ".binnacle");
        std::filesystem::remove(m_file);
        auto writer = session::SessionWriter::create(m_file);
        ASSERT_TRUE(writer.has_value());
        ASSERT_TRUE((*writer)->addAgent(identity("a")).has_value());
        const HandMadeSource source = shop(40, [](int s) { return ShopSecond{.orders = s < 30 ? 50U : 0U, .refused = s < 30 ? 0U : 4U, .apis = s < 30 ? 2 : 0}; });
        for (const Batch& batch : source.batches())
            ASSERT_TRUE((*writer)->append(batch).has_value());
        ASSERT_TRUE((*writer)->close().has_value());
    }
    void TearDown() override { std::filesystem::remove(m_file); }

    nlohmann::json json(std::vector<std::string> words) const
    {
        words.insert(words.end(), {m_file.string(), "--json"});
        const Ran ran = run(words);
        EXPECT_EQ(ran.outcome.exitStatus, 0) << ran.error;
        EXPECT_EQ(ran.error, "");
        return nlohmann::json::parse(ran.out);
    }

    std::filesystem::path m_file;
};

} // namespace

TEST_F(ShopFile, isShownWholeOrInParts)
{
    const nlohmann::json whole = json({"show", "map"});
    EXPECT_EQ(whole.at("source").at("kind"), "file");
    EXPECT_EQ(whole.at("source").at("agents").at(0).at("boot_id"), "boot-a");
    EXPECT_EQ(whole.at("to_ns").get<std::int64_t>() - whole.at("from_ns").get<std::int64_t>(), 40'000'000'000);
    ASSERT_EQ(whole.at("edges").size(), 2U);
    EXPECT_EQ(whole.at("edges").at(0).at("requests"), 4000);
    EXPECT_EQ(whole.at("edges").at(1).at("requests"), 3000);
    EXPECT_EQ(whole.at("edges").at(1).at("health"), "critical");
    EXPECT_EQ(whole.at("losses").size(), 0U);

    const nlohmann::json end = json({"show", "map", "--from", "-5s"});
    EXPECT_EQ(end.at("edges").at(0).at("requests"), 500);
    EXPECT_EQ(end.at("edges").at(1).at("to"), "process:api") << "known from before the range";
    EXPECT_EQ(end.at("edges").at(1).at("protocol"), "http");
    EXPECT_EQ(end.at("edges").at(1).at("failed_connects"), 20);

    const nlohmann::json filtered = json({"show", "services", "--to", std::to_string(ns(second(30))), "--where", "id=process:api"});
    ASSERT_EQ(filtered.at("services").size(), 1U);
    EXPECT_EQ(filtered.at("services").at(0).at("instances"), 2);
    EXPECT_EQ(filtered.at("services").at(0).at("health"), "ok");
}

TEST_F(ShopFile, saysWhatItHolds)
{
    const nlohmann::json info = json({"info"});
    EXPECT_EQ(info.at("schema"), "binnacle.info/1");
    EXPECT_EQ(info.at("complete"), true);
    EXPECT_EQ(info.at("damaged"), false);
    EXPECT_EQ(info.at("from_ns"), ns(second(0)));
    EXPECT_EQ(info.at("to_ns"), ns(second(40)));
    EXPECT_GT(info.at("segments"), 0);
    EXPECT_GT(info.at("bytes"), 0);
    EXPECT_EQ(info.at("agents").at(0).at("host"), "a");
    EXPECT_EQ(info.at("losses"), nlohmann::json::array());
    const Ran text = run({"info", m_file.string()});
    EXPECT_EQ(text.outcome.exitStatus, 0);
    EXPECT_NE(text.out.find("complete"), std::string::npos) << text.out;
}

TEST_F(ShopFile, everyViewHasATableToo)
{
    for (const char* what : {"map", "services", "tcp", "inflight", "events", "losses", "coverage", "buffer"}) {
        const Ran ran = run({"show", what, m_file.string()});
        EXPECT_EQ(ran.outcome.exitStatus, 0) << what << " " << ran.error;
        EXPECT_NE(ran.out.find("(40.0 s)"), std::string::npos) << ran.out;
    }
    const Ran wrong = run({"show", "map", m_file.string(), "--where", "colour=red"});
    EXPECT_EQ(wrong.outcome.exitStatus, 2);
    EXPECT_NE(wrong.error.find("there is no field `colour`"), std::string::npos);
}

TEST(Range, isHalfOpenAndReadsTimes)
{
    const TimeRange whole = seconds(0, 100);
    EXPECT_EQ(*rangeOf({}, whole, second(100)), whole);
    EXPECT_EQ(*rangeOf({"-30s", "-10s"}, whole, second(100)), seconds(70, 90));
    EXPECT_EQ(*rangeOf({std::to_string(ns(second(5))), std::nullopt}, whole, second(100)), seconds(5, 100));
    EXPECT_EQ(rangeOf({"yesterday", std::nullopt}, whole, second(100)).error().code, ErrorCode::Invalid);
    EXPECT_EQ(rangeOf({"-10s", "-30s"}, whole, second(100)).error().code, ErrorCode::Invalid);
}

TEST(Table, alignsWhatAPersonReads)
{
    Table table({{"NAME", Table::Align::Left}, {"P99", Table::Align::Right}});
    EXPECT_EQ(table.text(), "");
    table.add({"web", "1.50 µs"});
    table.add({"a-long-name", "–"});
    table.add({"esc\x1b[31m", "1"});
    EXPECT_EQ(table.text(), "NAME             P99\n"
                            "web          1.50 µs\n"
                            "a-long-name        –\n"
                            "esc?[31m           1\n");
}

namespace {

/// A kubeconfig of two contexts: one whole, one whose cluster is missing.
std::string twoContexts()
{
    const auto file = std::filesystem::temp_directory_path() / "binnacle_tst_contexts.json";
    std::ofstream(file) << R"({"apiVersion":"v1","kind":"Config","current-context":"lab",
        "clusters":[{"name":"lab","cluster":{"server":"https://127.0.0.1:1"}}],
        "users":[{"name":"alice","user":{"token":"secret"}}],
        "contexts":[{"name":"lab","context":{"cluster":"lab","user":"alice"}},{"name":"broken","context":{"cluster":"gone","user":"alice"}}]})";
    return file.string();
}

} // namespace

TEST(CommandLine, contextsAreListedWithWhatIsWrongWithThem)
{
    const Ran text = run({"contexts", "--kubeconfig", twoContexts()});
    EXPECT_EQ(text.outcome.exitStatus, 0) << text.error;
    EXPECT_NE(text.out.find("https://127.0.0.1:1"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("broken: "), std::string::npos) << text.out;
    EXPECT_EQ(text.out.find("secret"), std::string::npos);
    const Ran ran = run({"contexts", "--json", "--kubeconfig", twoContexts()});
    const auto object = nlohmann::json::parse(ran.out);
    EXPECT_EQ(object["schema"], "binnacle.contexts/1");
    EXPECT_EQ(object["current"], "lab");
    ASSERT_EQ(object["contexts"].size(), 2u);
    EXPECT_EQ(object["contexts"][0]["name"], "broken");
    EXPECT_FALSE(object["contexts"][0]["problems"].empty());
    EXPECT_EQ(object["contexts"][1]["auth"], "token");
    EXPECT_TRUE(object["contexts"][1]["current"]);
}

TEST(CommandLine, diagnoseFailsWithTheStepThatDoes)
{
    const Ran ran = run({"diagnose", "--context", "lab", "--kubeconfig", twoContexts()});
    EXPECT_EQ(ran.outcome.exitStatus, 1);
    EXPECT_NE(ran.out.find("failed   dns"), std::string::npos) << ran.out;
    EXPECT_NE(ran.error.find("the step `dns` failed"), std::string::npos) << ran.error;
    const Ran json = run({"diagnose", "--context", "broken", "--json", "--kubeconfig", twoContexts()});
    EXPECT_EQ(json.outcome.exitStatus, 1);
    EXPECT_EQ(nlohmann::json::parse(json.out)["steps"][0]["state"], "failed");
    const Ran wrong = run({"diagnose", "--from", "weather", "--kubeconfig", twoContexts()});
    EXPECT_EQ(wrong.outcome.exitStatus, 2);
    EXPECT_NE(wrong.error.find("rbac"), std::string::npos) << wrong.error;
}

TEST(CommandLine, theWindowAndTheSourcesTakeContexts)
{
    const Ran window = run({"--context", "lab", "--context", "prod", "--namespace", "tools", "--kubeconfig", "k"});
    EXPECT_EQ(window.outcome.window.contexts, (std::vector<std::string>{"lab", "prod"}));
    EXPECT_EQ(window.outcome.window.agentNamespace, "tools");
    EXPECT_EQ(run({"show", "map", "x.binnacle", "--context", "lab"}).outcome.exitStatus, 2);
    const Ran show = run({"show", "map", "--context", "nowhere", "--kubeconfig", twoContexts()});
    EXPECT_EQ(show.outcome.exitStatus, 1);
    EXPECT_NE(show.error.find("nowhere"), std::string::npos) << show.error;
}
