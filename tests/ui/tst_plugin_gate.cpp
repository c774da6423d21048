// SPDX-License-Identifier: Apache-2.0
// Who asks is on another thread; whatever ends meanwhile, nobody waits for ever.
#include "desktop/workspace/plugin_gate.h"
#include "tests/ui/connect_support.h"

#include <gtest/gtest.h>

#include <future>

namespace binnacle::desktop {
namespace {

class Gate : public ::testing::Test {
protected:
    void SetUp() override
    {
        QObject::connect(gate.get(), &PluginGate::asked, [this](std::uint64_t id, const kube::PluginQuestion& question) {
            ids.push_back(id);
            commands.push_back(question.commandLine);
        });
        QObject::connect(gate.get(), &PluginGate::withdrawn, [this](std::uint64_t id) { withdrawn.push_back(id); });
    }
    std::future<bool> ask(const std::string& command, const Cancellation& cancellation = {})
    {
        return std::async(std::launch::async, [options = gate->options(), command, cancellation] {
            return options.confirmPlugin({command, {command}, {}, "alice", "/k"}, cancellation);
        });
    }
    static bool isOver(const std::future<bool>& asking) { return asking.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

    std::unique_ptr<PluginGate> gate = std::make_unique<PluginGate>();
    std::vector<std::uint64_t> ids, withdrawn;
    std::vector<std::string> commands;
};

TEST_F(Gate, aYesIsRememberedAndANoIsNot)
{
    int changes = 0;
    QObject::connect(gate.get(), &PluginGate::allowedChanged, [&changes] { ++changes; });
    auto first = ask("aws");
    ASSERT_TRUE(waitUntil([&] { return ids.size() == 1; }));
    EXPECT_FALSE(isOver(first)) << "it waits for the person";
    gate->answer(ids[0], false);
    EXPECT_FALSE(first.get());
    auto second = ask("aws");
    ASSERT_TRUE(waitUntil([&] { return ids.size() == 2; }));
    gate->answer(ids[1], true);
    EXPECT_TRUE(second.get());
    EXPECT_EQ(changes, 1);
    auto third = ask("aws");
    ASSERT_TRUE(waitUntil([&] { return isOver(third); }));
    EXPECT_TRUE(third.get());
    EXPECT_EQ(ids.size(), 2u) << "not shown again";
}

TEST_F(Gate, aCancelledQuestionIsWithdrawnAndItsAnswerComesToNothing)
{
    const Cancellation cancellation;
    auto asking = ask("aws", cancellation);
    ASSERT_TRUE(waitUntil([&] { return ids.size() == 1; }));
    cancellation.cancel();
    EXPECT_FALSE(asking.get()) << "without the event loop of the window";
    ASSERT_TRUE(waitUntil([&] { return withdrawn == ids; }));
    gate->answer(ids[0], true);
    EXPECT_TRUE(gate->allowed().entries().isEmpty());
    gate->repeat(ids[0]);
    EXPECT_EQ(ids.size(), 1u);
}

TEST_F(Gate, itsEndIsANoForAllWhoWait)
{
    auto first = ask("aws"), second = ask("gcloud");
    ASSERT_TRUE(waitUntil([&] { return ids.size() == 2; }));
    const KubeRuntimeOptions kept = gate->options();
    gate.reset();
    EXPECT_FALSE(first.get());
    EXPECT_FALSE(second.get());
    EXPECT_FALSE(kept.confirmPlugin({}, {})) << "later ones too";
    kept.onPluginText("nobody hears it");
}

TEST_F(Gate, whereNobodyListensItIsANo)
{
    gate->disconnect();
    auto asking = ask("aws");
    ASSERT_TRUE(waitUntil([&] { return isOver(asking); }));
    EXPECT_FALSE(asking.get());
}

TEST_F(Gate, aQuestionThatGotLostIsAskedAgain)
{
    auto asking = ask("aws");
    ASSERT_TRUE(waitUntil([&] { return ids.size() == 1; }));
    gate->repeat(ids[0]);
    ASSERT_EQ(ids.size(), 2u);
    EXPECT_EQ(ids[0], ids[1]);
    gate->answer(ids[1], true);
    EXPECT_TRUE(asking.get());
}

TEST_F(Gate, whatAPluginSaysComesHarmless)
{
    QString heard;
    QObject::connect(gate.get(), &PluginGate::said, [&heard](const QString& text) { heard += text; });
    std::async(std::launch::async, [options = gate->options()] { options.onPluginText("\x1b[2Jenter ABC\n"); }).get();
    ASSERT_TRUE(waitUntil([&] { return !heard.isEmpty(); }));
    EXPECT_EQ(heard, QLatin1String("U+001B[2Jenter ABC\n"));
}

} // namespace
} // namespace binnacle::desktop
