// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/buffer/buffer_reading.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

using telemetry::ChunkKind;

BufferOptions optionsIn(const samples::ScratchFolder& scratch)
{
    BufferOptions options;
    options.agent = samples::kAgent;
    options.folder = scratch.path() / "buffer";
    return options;
}

std::unique_ptr<RollingBuffer> openIn(const samples::ScratchFolder& scratch)
{
    auto buffer = RollingBuffer::open(optionsIn(scratch));
    EXPECT_TRUE(buffer.has_value()) << (buffer ? "" : buffer.error().what);
    return buffer ? std::move(*buffer) : nullptr;
}

std::vector<telemetry::Batch> history(const RollingBuffer& buffer, ChunkKind kind, std::vector<telemetry::Level> levels = {telemetry::Level::Second},
                                      TimeRange range = {samples::secondRange(-100'000).from, samples::secondRange(100'000).from})
{
    std::vector<telemetry::Batch> result;
    buffer.readHistory(kind, range, levels, [&](const SealedBytes& segment) {
        const auto batches = telemetry::readSegment(asBytes(*segment.bytes));
        EXPECT_TRUE(batches.has_value());
        if (batches)
            result.insert(result.end(), batches->begin(), batches->end());
        return true;
    });
    return result;
}

std::uint64_t folderBytes(const std::filesystem::path& folder)
{
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        bytes += entry.file_size();
    return bytes;
}

TEST(BufferOnDisk, hasEverythingAfterAnOrderlyRestartAndTakesTheNextEpoch)
{
    const samples::ScratchFolder scratch;
    std::uint32_t epoch = 0;
    {
        const auto buffer = openIn(scratch);
        epoch = buffer->epoch();
        for (std::int64_t n = 1; n <= 23; ++n)
            buffer->append(samples::second(n));
    }
    const auto buffer = openIn(scratch);
    EXPECT_GT(buffer->epoch(), epoch);
    for (const ChunkKind kind : telemetry::kChunkKinds)
        EXPECT_EQ(sequencesOf(history(*buffer, kind)), sequences(1, 23));
}

TEST(BufferOnDisk, statesTheGapBetweenTwoEpochs)
{
    const samples::ScratchFolder scratch;
    Cursor last;
    {
        const auto buffer = openIn(scratch);
        for (std::int64_t n = 1; n <= 12; ++n)
            last = {buffer->epoch(), buffer->append(samples::second(n)).sequence};
    }
    const auto buffer = openIn(scratch);
    buffer->append(samples::second(40));
    const std::vector<telemetry::Gap> gaps = buffer->gaps();
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps.front().reason, Loss::AgentGap);
    EXPECT_EQ(gaps.front().range, (TimeRange{samples::secondRange(12).to, samples::secondRange(40).from}));

    auto reader = DecodingReader::from(*buffer, ChunkKind::Overview, last);
    reader.readAll();
    ASSERT_EQ(reader.gaps.size(), 1u);
    EXPECT_EQ(reader.gaps.front().reason, Loss::AgentGap);
    EXPECT_EQ(reader.gaps.front().range.to, samples::secondRange(40).from);
    EXPECT_EQ(reader.batches.size(), 1u);
}

TEST(BufferOnDisk, resumesAReaderFromTheEpochBefore)
{
    const samples::ScratchFolder scratch;
    Cursor have;
    {
        const auto buffer = openIn(scratch);
        for (std::int64_t n = 1; n <= 25; ++n) {
            const auto key = buffer->append(samples::second(n));
            if (n == 13)
                have = {key.epoch, key.sequence};
        }
    }
    const auto buffer = openIn(scratch);
    buffer->append(samples::second(30));
    auto reader = DecodingReader::from(*buffer, ChunkKind::Overview, have);
    reader.readAll();
    std::vector<std::uint64_t> counts;
    for (const telemetry::Batch& batch : reader.batches)
        counts.push_back(batch.overview->requests.front().requests);
    EXPECT_EQ(counts, (std::vector<std::uint64_t>{11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 30}));
    EXPECT_EQ(reader.gaps.size(), 1u);
}

/// Writes a second after the other and says which is kept, until it is killed.
[[noreturn]] void writeUntilKilled(const BufferOptions& options, int report)
{
    auto buffer = RollingBuffer::open(options);
    for (std::int64_t n = 1; buffer; ++n) {
        (*buffer)->append(samples::second(n, 40));
        if (::write(report, &n, sizeof n) != sizeof n)
            break;
    }
    ::_exit(1);
}

std::int64_t runAndKill(const BufferOptions& options, std::chrono::microseconds after)
{
    int report[2];
    EXPECT_EQ(::pipe(report), 0);
    const pid_t child = ::fork();
    if (child == 0)
        writeUntilKilled(options, report[1]);
    ::close(report[1]);
    std::int64_t kept = 0, n = 0;
    EXPECT_EQ(::read(report[0], &n, sizeof n), static_cast<ssize_t>(sizeof n)); // it is under way
    kept = n;
    ::usleep(static_cast<useconds_t>(after.count()));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (::read(report[0], &n, sizeof n) == static_cast<ssize_t>(sizeof n))
        kept = n;
    ::close(report[0]);
    return kept;
}

TEST(BufferOnDisk, keepsEverySecondThatWasAppendedThroughKillNineAtTwentyMoments)
{
    const samples::ScratchFolder scratch;
    std::mt19937 seed(20261123);
    for (int round = 0; round < 20; ++round) {
        BufferOptions options = optionsIn(scratch);
        options.folder = scratch.path() / std::to_string(round);
        const std::int64_t kept = runAndKill(options, std::chrono::microseconds(seed() % 60'000));
        const auto buffer = RollingBuffer::open(options);
        ASSERT_TRUE(buffer.has_value()) << buffer.error().what;
        for (const ChunkKind kind : telemetry::kChunkKinds) {
            const auto batches = history(**buffer, kind);
            ASSERT_GE(batches.size(), static_cast<std::size_t>(kept)) << "round " << round;
            EXPECT_EQ(sequencesOf(batches), sequences(1, batches.size()));
            EXPECT_LE(batches.size(), static_cast<std::size_t>(kept) + 1); // the one under way may be whole
        }
    }
}

TEST(BufferOnDisk, hasTheSameRollUpsAfterKillNineAsTheSecondsTellFolded)
{
    const samples::ScratchFolder scratch;
    runAndKill(optionsIn(scratch), std::chrono::milliseconds(80));
    const auto buffer = openIn(scratch);
    std::uint64_t bySecond = 0, byTen = 0, byMinute = 0, byTenMinutes = 0;
    const auto add = [](std::uint64_t& sum, const std::vector<telemetry::Batch>& batches) {
        for (const telemetry::Batch& batch : batches) {
            for (const telemetry::RequestRow& row : batch.overview->requests)
                sum += row.requests;
        }
    };
    add(bySecond, history(*buffer, ChunkKind::Overview, {telemetry::Level::Second}));
    add(byTen, history(*buffer, ChunkKind::Overview, {telemetry::Level::TenSeconds}));
    add(byMinute, history(*buffer, ChunkKind::Overview, {telemetry::Level::Minute}));
    add(byTenMinutes, history(*buffer, ChunkKind::Overview, {telemetry::Level::TenMinutes}));
    EXPECT_GT(bySecond, 0u);
    EXPECT_EQ(byTen, bySecond);
    EXPECT_EQ(byMinute, bySecond);
    EXPECT_EQ(byTenMinutes, bySecond);
}

TEST(BufferOnDisk, survivesATailThatIsCutAtAnyByte)
{
    const samples::ScratchFolder scratch;
    BufferOptions options = optionsIn(scratch);
    runAndKill(options, std::chrono::microseconds(0));
    const auto tail = options.folder / "overview_1s.tail";
    if (!std::filesystem::exists(tail))
        GTEST_SKIP() << "the kill fell between two segments";
    const auto whole = std::filesystem::file_size(tail);
    const auto copy = scratch.path() / "copy";
    for (std::uintmax_t length = 0; length < whole; length += 1 + whole / 97) {
        std::filesystem::remove_all(copy);
        std::filesystem::copy(options.folder, copy);
        std::filesystem::resize_file(copy / "overview_1s.tail", length);
        BufferOptions cut = options;
        cut.folder = copy;
        const auto buffer = RollingBuffer::open(cut);
        ASSERT_TRUE(buffer.has_value());
        const auto batches = history(**buffer, ChunkKind::Overview);
        EXPECT_EQ(sequencesOf(batches), sequences(1, batches.size()));
    }
}

TEST(BufferOnDisk, leavesOutASegmentThatWasDamaged)
{
    const samples::ScratchFolder scratch;
    {
        const auto buffer = openIn(scratch);
        for (std::int64_t n = 1; n <= 35; ++n)
            buffer->append(samples::second(n));
    }
    for (const auto& entry : std::filesystem::directory_iterator(optionsIn(scratch).folder)) {
        if (entry.path().filename().string().starts_with("overview_1s-") && entry.path().string().find("-11-20-") != std::string::npos) {
            std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(200);
            file.put('\x55');
        }
    }
    const auto buffer = openIn(scratch);
    std::vector<std::uint64_t> expected = sequences(1, 10);
    const auto rest = sequences(21, 35);
    expected.insert(expected.end(), rest.begin(), rest.end());
    EXPECT_EQ(sequencesOf(history(*buffer, ChunkKind::Overview)), expected);
}

TEST(BufferOnDisk, staysUnderItsCapAndForgetsDetailBeforeSecondsBeforeRollUps)
{
    const samples::ScratchFolder scratch;
    BufferOptions options = optionsIn(scratch);
    options.memoryBytes = 8u << 20;
    options.diskBytes = 8u << 20;
    auto buffer = std::move(*RollingBuffer::open(options));
    for (std::int64_t n = 1; n <= 3'000; ++n) {
        buffer->append(samples::second(n, 150));
        ASSERT_LE(buffer->stats().diskBytes, options.diskBytes);
        if (n % 500 == 0) {
            ASSERT_LE(folderBytes(options.folder), options.diskBytes);
        }
    }
    std::map<std::string, UtcTime> from;
    for (const telemetry::BufferHorizon& horizon : buffer->horizons())
        from[horizon.signal] = horizon.range.from;
    EXPECT_GT(from["detail"], samples::secondRange(1).from); // something had to go
    EXPECT_GE(from["detail"], from["overview_1s"]);
    EXPECT_GE(from["overview_1s"], from["overview_10s"]);
    EXPECT_GE(from["overview_10s"], from["overview_1min"]);
    EXPECT_EQ(from["overview_10min"], samples::secondRange(1).from);
}

TEST(BufferOnDisk, givesTheFinestThatIsLeftForEachPartOfARange)
{
    const samples::ScratchFolder scratch;
    BufferOptions options = optionsIn(scratch);
    options.memoryBytes = options.diskBytes = 1u << 20;
    const auto buffer = std::move(*RollingBuffer::open(options));
    std::uint64_t sent = 0;
    for (std::int64_t n = 1; n <= 12'000; ++n) {
        telemetry::Batch batch = samples::second(3, 0);
        batch.range = samples::secondRange(n);
        sent += 4;
        buffer->append(std::move(batch));
    }
    std::uint64_t requests = 0;
    std::set<Nanoseconds> lengths;
    UtcTime end = samples::secondRange(1).from;
    for (const telemetry::Batch& batch : history(*buffer, ChunkKind::Overview, {telemetry::kLevels.begin(), telemetry::kLevels.end()})) {
        ASSERT_EQ(batch.range.from, end) << "neither hole nor overlap: " << (batch.range.from - end).count() / 1'000'000'000 << " s before a batch of "
                                         << batch.range.length().count() / 1'000'000'000 << " s";
        end = batch.range.to;
        lengths.insert(batch.range.length());
        for (const telemetry::RequestRow& row : batch.overview->requests)
            requests += row.requests;
    }
    EXPECT_EQ(requests, sent);
    EXPECT_GE(lengths.size(), 3u); // seconds were forgotten, and more than one level answers
}

TEST(BufferOnDisk, goesOnInMemoryWhenTheDiskIsFullAndSaysSo)
{
    const samples::ScratchFolder scratch;
    const pid_t child = ::fork(); // the limit is a process's
    if (child == 0) {
        auto buffer = RollingBuffer::open(optionsIn(scratch));
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit small{8'000, 8'000}; // no file may grow past it: as on a full disk, writes fail half way
        ::setrlimit(RLIMIT_FSIZE, &small);
        for (std::int64_t n = 1; n <= 30; ++n)
            (*buffer)->append(samples::second(n, 400));
        std::uint64_t lost = 0;
        for (const telemetry::LossRow& row : (*buffer)->takeLosses())
            lost += row.loss == Loss::BufferDiskFull ? row.count : 0;
        const bool isWhole = sequencesOf(history(**buffer, ChunkKind::Detail)) == sequences(1, 30);
        ::_exit(lost > 0 && isWhole && !(*buffer)->stats().diskInUse ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_TRUE(RollingBuffer::open(optionsIn(scratch)).has_value()); // what is there opens
}

TEST(BufferOnDisk, refusesAFolderThatAnotherAgentUses)
{
    const samples::ScratchFolder scratch;
    const auto first = openIn(scratch);
    const auto second = RollingBuffer::open(optionsIn(scratch));
    ASSERT_FALSE(second.has_value());
    EXPECT_NE(second.error().what.find("another agent"), std::string::npos);
    EXPECT_NE(second.error().what.find("--buffer"), std::string::npos);
}

TEST(BufferOnDisk, refusesAFolderThatCannotBeWritten)
{
    BufferOptions options;
    options.folder = "/proc/no-such-folder";
    const auto buffer = RollingBuffer::open(options);
    ASSERT_FALSE(buffer.has_value());
    EXPECT_EQ(buffer.error().code, ErrorCode::Denied);
}

} // namespace
} // namespace binnacle::agent
