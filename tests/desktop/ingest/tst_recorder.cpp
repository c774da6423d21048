// SPDX-License-Identifier: Apache-2.0
#include "core/session/session_reader.h"
#include "desktop/ingest/recorder.h"
#include "tests/desktop/ingest/fake_host.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <mutex>

namespace binnacle::desktop {
namespace {

/// What listeners heard: by second how often its overview and its detail came.
class Heard {
public:
    RecorderListeners listeners()
    {
        RecorderListeners result;
        result.batch = [this](const std::shared_ptr<const telemetry::Batch>& batch) {
            const std::lock_guard lock(m_mutex);
            m_overviews[batch->range.from] += batch->overview.has_value();
            m_details[batch->range.from] += batch->detail.has_value();
        };
        result.gap = [this](const telemetry::Gap& gap) {
            const std::lock_guard lock(m_mutex);
            m_gaps.push_back(gap);
        };
        result.silent = [this](const std::vector<telemetry::Gap>& gaps) {
            const std::lock_guard lock(m_mutex);
            m_silent = gaps;
        };
        return result;
    }
    std::size_t overviews() const { return count(m_overviews); }
    std::size_t details() const { return count(m_details); }
    bool hadDuplicates() const
    {
        const std::lock_guard lock(m_mutex);
        return std::ranges::any_of(m_overviews, [](const auto& entry) { return entry.second > 1; })
               || std::ranges::any_of(m_details, [](const auto& entry) { return entry.second > 1; });
    }
    std::vector<telemetry::Gap> gaps() const
    {
        const std::lock_guard lock(m_mutex);
        return m_gaps;
    }
    std::vector<telemetry::Gap> silent() const
    {
        const std::lock_guard lock(m_mutex);
        return m_silent;
    }

private:
    std::size_t count(const std::map<UtcTime, int>& times) const
    {
        const std::lock_guard lock(m_mutex);
        return static_cast<std::size_t>(std::ranges::count_if(times, [](const auto& entry) { return entry.second > 0; }));
    }
    mutable std::mutex m_mutex;
    std::map<UtcTime, int> m_overviews, m_details;
    std::vector<telemetry::Gap> m_gaps, m_silent;
};

struct Contents {
    std::vector<std::uint64_t> requests; // of the route that counts the second, in order
    std::size_t spans = 0, withDetail = 0;
    std::vector<telemetry::Gap> gaps;
};

Contents contentsOf(const std::filesystem::path& file)
{
    Contents contents;
    auto reader = session::SessionReader::open(file);
    EXPECT_TRUE(reader.has_value()) << (reader ? "" : reader.error().what);
    if (!reader)
        return contents;
    const auto read = (*reader)->read((*reader)->covered(), true, [&](const telemetry::Batch& batch) {
        if (batch.overview)
            contents.requests.push_back(batch.overview->requests.front().requests);
        contents.withDetail += batch.detail.has_value();
        contents.spans += batch.detail ? batch.detail->spans.size() : 0;
        return true;
    });
    EXPECT_TRUE(read.has_value());
    contents.gaps = (*reader)->gaps();
    return contents;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last)
{
    std::vector<std::uint64_t> result;
    for (std::uint64_t n = first; n <= last; ++n)
        result.push_back(n);
    return result;
}

std::unique_ptr<Recorder> record(const FakeHost& host, Heard& heard, const std::filesystem::path& file, Nanoseconds last = {})
{
    auto recorder = Recorder::start({{host.target()}, file, last, true}, heard.listeners());
    EXPECT_TRUE(recorder.has_value()) << (recorder ? "" : recorder.error().what);
    return std::move(*recorder);
}

TEST(Recorder, writesEachSecondOnceAndTellsItsListeners)
{
    FakeHost host;
    host.feed(14);
    Heard heard;
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = record(host, heard, file);
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(21);
    waitFor([&] { return heard.overviews() == 21 && heard.details() == 21; });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_FALSE(heard.hadDuplicates());
    const Contents contents = contentsOf(file);
    EXPECT_EQ(contents.requests, numbers(15, 35)); // joined in the middle of a segment
    EXPECT_EQ(contents.spans, 42u);
    EXPECT_TRUE(contents.gaps.empty());
}

TEST(Recorder, putsWhatTheAgentStillHasBefore)
{
    FakeHost host;
    host.feed(47);
    Heard heard;
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = record(host, heard, file, std::chrono::seconds(1000));
    waitFor([&] { return heard.overviews() == 47 && heard.details() == 47; });
    host.feed(5);
    waitFor([&] { return heard.overviews() == 52 && heard.details() == 52; });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_EQ(contentsOf(file).requests, numbers(1, 52));
    EXPECT_FALSE(heard.hadDuplicates());
}

TEST(Recorder, resumesAfterALostConnectionWithoutLossOrDuplicate)
{
    FakeHost host;
    host.feed(3);
    Heard heard;
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = record(host, heard, file);
    waitFor([&] { return host.server().readers() == 1; });
    std::size_t fed = 0;
    for (const std::int64_t away : {1, 4, 9, 23}) {
        host.feed(6);
        fed += 6;
        waitFor([&] { return heard.overviews() == fed && heard.details() == fed; });
        host.stopServing();
        host.feed(away);
        fed += static_cast<std::size_t>(away);
        host.serve();
        waitFor([&] { return heard.overviews() == fed && heard.details() == fed; });
    }
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_FALSE(heard.hadDuplicates());
    EXPECT_TRUE(heard.gaps().empty());
    EXPECT_EQ(contentsOf(file).requests, numbers(4, 3 + fed));
}

TEST(Recorder, whileNothingComesFromAnAgentThatIsAGapAndNoneInTheFile)
{
    FakeHost host;
    Heard heard;
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = record(host, heard, file);
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(3);
    waitFor([&] { return heard.overviews() == 3 && recorder->status().agents.front().clock; }); // what time it is there
    host.stopServing();
    waitFor([&] { return !heard.silent().empty(); });
    const telemetry::Gap gap = heard.silent().front();
    EXPECT_EQ(gap.agent, samples::kAgent);
    EXPECT_EQ(gap.range.from, samples::secondRange(3).to);
    EXPECT_FALSE(gap.what.empty());
    waitFor([&] { return heard.silent().front().range.to > gap.range.to; }); // it grows
    host.serve();
    host.feed(2);
    waitFor([&] { return heard.overviews() == 5 && heard.silent().empty(); });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_TRUE(heard.gaps().empty());
}

TEST(Recorder, goesOnWithTheAgentsNextEpochAndStatesTheGap)
{
    FakeHost host;
    Heard heard;
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = record(host, heard, file);
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(8);
    waitFor([&] { return heard.overviews() == 8 && heard.details() == 8; });
    const std::uint32_t epoch = host.epoch();
    host.restart(30);
    EXPECT_GT(host.epoch(), epoch);
    host.feed(5);
    waitFor([&] { return heard.overviews() == 13 && heard.details() == 13; });
    ASSERT_TRUE(recorder->stop().has_value());
    const std::vector<telemetry::Gap> gaps = heard.gaps();
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps.front().reason, Loss::AgentGap);
    EXPECT_EQ(gaps.front().range, (TimeRange{samples::secondRange(8).to, samples::secondRange(39).from}));
    std::vector<std::uint64_t> expected = numbers(1, 8);
    const auto later = numbers(39, 43);
    expected.insert(expected.end(), later.begin(), later.end());
    const Contents contents = contentsOf(file);
    EXPECT_EQ(contents.requests, expected);
    ASSERT_EQ(contents.gaps.size(), 1u);
    EXPECT_EQ(contents.gaps.front().reason, Loss::AgentGap);
}

TEST(Recorder, keepsAllOverviewsWhenItsListenerIsSlow)
{
    FakeHost host;
    Heard heard;
    RecorderListeners listeners = heard.listeners();
    std::atomic<bool> isHeld{true};
    const auto listen = listeners.batch;
    listeners.batch = [&, listen](const std::shared_ptr<const telemetry::Batch>& batch) {
        waitFor([&] { return !isHeld; });
        listen(batch);
    };
    const auto file = host.folder() / "r.binnacle";
    const auto recorder = std::move(*Recorder::start({{host.target()}, file, {}, true}, listeners));
    waitFor([&] { return host.server().readers() == 1; });
    // Few at a time: a reader far behind is given whole segments, and those would not fill the queue.
    int fed = 0;
    for (; recorder->status().detailDropped == 0; fed += 10) {
        host.feed(10, 40);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_LE(host.buffer().stats().peakMemoryBytes, 16u << 20);
    isHeld = false;
    waitFor([&] { return heard.overviews() == static_cast<std::size_t>(fed) && recorder->status().agents.front().detailCoveredTo == samples::secondRange(fed).to; });
    ASSERT_TRUE(recorder->stop().has_value());
    const Contents contents = contentsOf(file);
    EXPECT_EQ(contents.requests, numbers(1, fed));
    const auto info = (*session::SessionReader::open(file))->info();
    const auto overrun = std::ranges::find(info.losses, Loss::StoreOverrun, &session::LossTotal::loss);
    ASSERT_NE(overrun, info.losses.end());
    EXPECT_EQ(overrun->count + contents.spans, static_cast<std::uint64_t>(fed) * 40u); // every span is there or counted
}

TEST(Recorder, saysWhoIsAwayAndWhy)
{
    FakeHost host;
    host.feed(1);
    host.speak(9);
    Heard heard;
    const auto recorder = record(host, heard, host.folder() / "r.binnacle");
    waitFor([&] { return recorder->status().agents.front().state == AgentState::Refused; });
    const AgentStatus status = recorder->status().agents.front();
    EXPECT_NE(status.trouble->what.find("upgrade"), std::string::npos) << status.trouble->what;
    host.stopServing();
    waitFor([&] { return recorder->status().agents.front().state == AgentState::Away; });
    EXPECT_NE(recorder->status().agents.front().trouble->what.find("no agent answers"), std::string::npos);
}

TEST(Recorder, removesATemporaryFileUnlessItWasSaved)
{
    FakeHost host;
    std::filesystem::path temporary;
    const auto saved = host.folder() / "saved.binnacle";
    {
        Heard heard;
        const auto recorder = record(host, heard, {});
        waitFor([&] { return host.server().readers() == 1; });
        host.feed(12);
        waitFor([&] { return heard.overviews() == 12 && heard.details() == 12; });
        temporary = recorder->file();
        EXPECT_TRUE(std::filesystem::exists(temporary));
        ASSERT_TRUE(recorder->saveAs(saved).has_value());
        EXPECT_TRUE(recorder->status().temporary);
    }
    EXPECT_FALSE(std::filesystem::exists(temporary));
    EXPECT_EQ(contentsOf(saved).requests, numbers(1, 12));
}

TEST(Recorder, joinsSeveralAgentsInOneFile)
{
    FakeHost a, b({7, 8}, "host-b");
    Heard heard;
    const auto file = a.folder() / "r.binnacle";
    const auto recorder = std::move(*Recorder::start({{a.target(), b.target()}, file, {}, true}, heard.listeners()));
    waitFor([&] { return a.server().readers() == 1 && b.server().readers() == 1; });
    a.feed(11);
    b.feed(11);
    waitFor([&] { return recorder->status().batches == 22; });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_EQ(contentsOf(file).requests.size(), 22u);
    EXPECT_EQ((*session::SessionReader::open(file))->agents().size(), 2u);
}

TEST(RecordFor, endsAfterTheBatchThatCoversTheEnd)
{
    FakeHost host;
    host.feed(20);
    std::atomic<bool> isOver{false};
    std::thread life([&] {
        while (!isOver) {
            host.feed(1);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    });
    const auto file = host.folder() / "r.binnacle";
    const std::atomic<bool> never{false};
    const auto status = recordFor({{host.target()}, std::chrono::seconds(15), std::chrono::seconds(10), file, true}, {}, never);
    isOver = true;
    life.join();
    ASSERT_TRUE(status.has_value()) << status.error().what;
    const AgentStatus& agent = status->agents.front();
    EXPECT_GE(agent.coveredTo, agent.connectedAt + std::chrono::seconds(15));
    EXPECT_LE(status->covered.from, agent.connectedAt - std::chrono::seconds(10));
    const auto requests = contentsOf(file).requests;
    EXPECT_EQ(requests, numbers(requests.front(), requests.back()));
}

TEST(RecordFor, failsWithTheAgentsSentenceAndLeavesNoFile)
{
    FakeHost host;
    host.speak(9);
    const std::atomic<bool> never{false};
    const auto file = host.folder() / "r.binnacle";
    const auto status = recordFor({{host.target()}, std::chrono::seconds(5), {}, file, true}, {}, never);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::Unsupported);
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(RecordFor, endsEarlyWithWhatThereIs)
{
    FakeHost host;
    std::atomic<bool> cancel{false};
    std::thread life([&] {
        waitFor([&] { return host.server().readers() == 1; });
        host.feed(4);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        cancel = true;
    });
    const auto file = host.folder() / "r.binnacle";
    const auto status = recordFor({{host.target()}, std::chrono::hours(1), {}, file, true}, {}, cancel);
    life.join();
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(contentsOf(file).requests, numbers(1, 4));
}

} // namespace
} // namespace binnacle::desktop
