// SPDX-License-Identifier: Apache-2.0
#include "core/session/carver.h"
#include "tests/core/session/session_samples.h"

#include <sqlite3.h>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace binnacle;
using namespace binnacle::session;
using namespace binnacle::session::samples;
using telemetry::Batch;

namespace {

/// Everything that is given must be right; returns how much was given.
std::size_t givenAndRight(const SessionReader& reader, const Texts& wanted)
{
    const Texts got = textsOf(reader, false);
    std::size_t right = 0;
    for (const auto& [key, text] : got) {
        const auto at = wanted.find(key);
        EXPECT_TRUE(at != wanted.end() && at->second.starts_with(text)) << "a batch that nobody wrote: " << key.second;
        ++right;
    }
    return right;
}

/// Runs `child` in a process of its own and waits for it.
template <class Child>
int inChild(Child child)
{
    const pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

std::string sentence(const std::filesystem::path& file)
{
    const auto reader = SessionReader::open(file);
    return reader ? "" : reader.error().what;
}

void execute(const std::filesystem::path& file, const char* sql)
{
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    char* problem = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &problem), SQLITE_OK) << (problem ? problem : "");
    sqlite3_free(problem);
    sqlite3_close(database);
}

} // namespace

TEST(Damage, aCutFileGivesEveryWholeSegmentBeforeTheCut)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "whole.binnacle", 200, 30, 400);
    const std::string bytes = bytesOfFile(folder / "whole.binnacle");
    ASSERT_GT(bytes.size(), 80u * 65536);
    for (const int percent : {10, 30, 50, 70, 95}) {
        const std::size_t length = bytes.size() * static_cast<std::size_t>(percent) / 100;
        writeFile(folder / "cut.binnacle", std::string_view(bytes).substr(0, length));
        // What is there, found without the reader: each blob by its magic, length and CRC, where it lies in one piece.
        std::size_t whole = 0;
        const std::string_view cut = std::string_view(bytes).substr(0, length);
        for (std::size_t at = cut.find("BNSG"); at != std::string_view::npos; at = cut.find("BNSG", at + 1)) {
            const auto header = telemetry::readSegmentHeader(asBytes(cut.substr(at)));
            const std::size_t size = header ? telemetry::SegmentHeader::kSize + header->payloadBytes : 0;
            if (header && header->kind == telemetry::ChunkKind::Overview && at + size <= cut.size() && telemetry::verifySegment(asBytes(cut.substr(at, size))))
                whole += header->batches;
        }
        const auto reader = openOrFail(folder / "cut.binnacle");
        ASSERT_TRUE(reader) << percent;
        const std::size_t given = givenAndRight(*reader, wanted);
        std::cout << "cut at " << percent << " %: " << given << " of " << wanted.size() << " batches (" << whole << " lie whole in one page before the cut)\n";
        EXPECT_GE(given, whole);
        EXPECT_GE(given * 100, wanted.size() * static_cast<std::size_t>(percent > 15 ? percent - 12 : 1));
        std::size_t details = 0; // those are longer than a page: their overflow chains were followed
        ASSERT_TRUE(reader->read(allTime(), true, [&](const Batch& batch) {
            details += batch.detail ? 1 : 0;
            return true;
        }));
        EXPECT_GE(details * 100, wanted.size() * static_cast<std::size_t>(percent > 20 ? percent - 15 : 0));
        const SessionInfo info = reader->info();
        EXPECT_TRUE(info.damaged);
        EXPECT_FALSE(info.complete);
        EXPECT_NE(std::ranges::find(info.losses, Loss::FileDamaged, &LossTotal::loss), info.losses.end());
        EXPECT_EQ(info.agents.size(), 2u);
    }
}

TEST(Damage, flippedBitsCostTheirSegmentAndNothingElse)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "whole.binnacle", 120, 20, 40);
    const std::string bytes = bytesOfFile(folder / "whole.binnacle");
    Random random(21);
    std::size_t opened = 0, least = wanted.size();
    for (int round = 0; round < 40; ++round) {
        std::string damaged = bytes;
        for (int i = 0; i < 3; ++i) {
            const std::size_t bit = random.below(damaged.size() * 8);
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << (bit % 8));
        }
        writeFile(folder / "flipped.binnacle", damaged);
        const auto reader = SessionReader::open(folder / "flipped.binnacle");
        if (!reader)
            continue; // in the file's header: said so
        ++opened;
        const std::size_t given = givenAndRight(**reader, wanted);
        least = std::min(least, given);
        if (given < wanted.size()) {
            EXPECT_TRUE((*reader)->info().damaged);
            EXPECT_FALSE((*reader)->gaps().empty() && !(*reader)->info().damaged);
        }
    }
    EXPECT_GE(opened, 36u);
    EXPECT_GE(least, wanted.size() - 70) << "three flips reach three pages at most";
}

TEST(Damage, aWrongPageInTheTreeCostsNothingButItself)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "whole.binnacle", 120, 20, 40);
    const std::string bytes = bytesOfFile(folder / "whole.binnacle");
    for (std::size_t page = 2; page <= 12; ++page) { // the roots of all tables among them
        std::string damaged = bytes;
        damaged.replace((page - 1) * 65536, 65536, 65536, '\xa5');
        writeFile(folder / "page.binnacle", damaged);
        const auto reader = SessionReader::open(folder / "page.binnacle");
        ASSERT_TRUE(reader) << page << ' ' << reader.error().what;
        EXPECT_GE(givenAndRight(**reader, wanted), wanted.size() - 70) << page;
    }
}

TEST(Damage, randomFilesNeverCrash)
{
    const Folder folder;
    writeSession(folder / "whole.binnacle", 20, 3, 5);
    const std::string bytes = bytesOfFile(folder / "whole.binnacle");
    Random random(5);
    for (int round = 0; round < 100; ++round) {
        std::string damaged = bytes;
        for (auto n = random.below(400); n > 0; --n)
            damaged[random.chance(50) ? random.below(damaged.size()) : random.below(4096)] = static_cast<char>(random.raw());
        writeFile(folder / "random.binnacle", damaged);
        if (const auto reader = SessionReader::open(folder / "random.binnacle")) {
            (void)textsOf(**reader);
            (void)(*reader)->info(SessionReader::Check::Everything);
            (void)(*reader)->gaps();
        }
    }
}

TEST(Damage, killedWriterLosesNothingThatWasAppended)
{
    Random random(77);
    for (int moment = 0; moment < 20; ++moment) {
        const Folder folder;
        int pipes[2];
        ASSERT_EQ(pipe(pipes), 0);
        const pid_t pid = fork();
        if (pid == 0) {
            ::close(pipes[0]);
            auto writer = SessionWriter::create(folder / "a.binnacle", {.checkpointEvery = std::chrono::milliseconds(0)});
            for (std::uint64_t sequence = 0; writer && sequence < 100'000; ++sequence) {
                if (!(*writer)->append(BusyHost{.ends = 5, .spans = 30}.second(sequence)))
                    _exit(2);
                if (write(pipes[1], &sequence, sizeof sequence) != sizeof sequence)
                    _exit(3);
            }
            _exit(1);
        }
        ::close(pipes[1]);
        const std::uint64_t until = random.below(30);
        std::uint64_t appended = 0;
        while (appended < until && read(pipes[0], &appended, sizeof appended) == sizeof appended) {
        }
        usleep(static_cast<useconds_t>(random.below(3000)));
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        std::uint64_t last = 0;
        bool any = until > 0;
        while (read(pipes[0], &last, sizeof last) == sizeof last) {
            appended = last;
            any = true;
        }
        ::close(pipes[0]);
        if (!any)
            continue; // killed before the first batch
        for (const bool withJournal : {true, false}) {
            if (!withJournal) {
                std::filesystem::remove(folder / "a.binnacle-wal");
                std::filesystem::remove(folder / "a.binnacle-shm");
            }
            const auto reader = SessionReader::open(folder / "a.binnacle");
            ASSERT_TRUE(reader) << reader.error().what << (withJournal ? "" : " (journal lost)") << " moment " << moment;
            const Texts got = textsOf(**reader);
            ASSERT_GE(got.size(), appended + 1 - (withJournal ? 0 : std::min<std::uint64_t>(appended + 1, 1))) << (withJournal ? "" : "journal lost");
            for (const auto& [key, text] : got) {
                telemetry::Batch expected = BusyHost{.ends = 5, .spans = 30}.second(key.second);
                if (!withJournal && text.find("\noverview\n") == std::string::npos)
                    expected.overview.reset(); // its two rows were on their way into the file when the journal was lost
                ASSERT_EQ(text, Text::of(expected).substr(0, text.size()));
            }
        }
    }
}

TEST(Damage, aFullDiskEndsTheRecordingWithASentenceAndAWholeFile)
{
    const Folder folder;
    const int status = inChild([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{3u << 20, 3u << 20}; // no file of this process grows beyond 3 MiB
        setrlimit(RLIMIT_FSIZE, &limit);
        auto writer = SessionWriter::create(folder / "a.binnacle");
        if (!writer)
            return 2;
        int refused = 0;
        for (std::uint64_t sequence = 0; sequence < 400; ++sequence) {
            const auto done = (*writer)->append(BusyHost{.ends = 40, .spans = 400, .traced = true}.second(sequence));
            if (!done && done.error().code != ErrorCode::Full)
                return 3;
            if (!done && done.error().what.find("is full, recording stopped") == std::string::npos)
                return 4;
            refused += done ? 0 : 1;
            if (refused && done)
                return 5;
        }
        if (!refused || !(*writer)->isFull() || (*writer)->refusedBytes() == 0)
            return 6;
        (void)(*writer)->close();
        return 0;
    });
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 0);
    const auto reader = openOrFail(folder / "a.binnacle");
    ASSERT_TRUE(reader);
    const Texts got = textsOf(*reader);
    ASSERT_GT(got.size(), 5u);
    std::uint64_t next = 0;
    for (const auto& [key, text] : got) {
        EXPECT_EQ(key.second, next++) << "everything up to the moment it was full";
        const std::string wanted = Text::of(BusyHost{.ends = 40, .spans = 400, .traced = true}.second(key.second));
        EXPECT_TRUE(text == wanted || (next == got.size() && wanted.starts_with(text)));
    }
    EXPECT_FALSE(reader->info(SessionReader::Check::Everything).damaged);
}

TEST(Files, whatIsNoSessionIsSaidInASentence)
{
    const Folder folder;
    writeFile(folder / "empty.binnacle", "");
    writeFile(folder / "text.binnacle", "hello, this is a text of no particular kind that goes on for a while, more than a hundred bytes, I think");
    writeFile(folder / "short.binnacle", std::string_view("SQLite format 3\0abc", 19));
    execute(folder / "other.db", "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    EXPECT_NE(sentence(folder / "none.binnacle").find("does not exist"), std::string::npos);
    EXPECT_NE(sentence(folder.path()).find("is a folder"), std::string::npos);
    EXPECT_NE(sentence(folder / "empty.binnacle").find("is empty"), std::string::npos);
    EXPECT_NE(sentence(folder / "text.binnacle").find("is not a Binnacle session"), std::string::npos);
    EXPECT_NE(sentence(folder / "other.db").find("not a Binnacle session"), std::string::npos);
    EXPECT_NE(sentence(folder / "short.binnacle").find("cut off right at its beginning"), std::string::npos);
    writeSession(folder / "a.binnacle", 12, 2, 2);
    writeFile(folder / "stub.binnacle", bytesOfFile(folder / "a.binnacle").substr(0, 5000));
    EXPECT_NE(sentence(folder / "stub.binnacle").find("no second of it can be read"), std::string::npos);
}

TEST(Files, anotherUsersFileIsDeniedInASentence)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root to become another user";
    const Folder folder;
    writeSession(folder / "a.binnacle", 2, 2, 2);
    std::filesystem::permissions(folder / "a.binnacle", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const int status = inChild([&] {
        if (setuid(65534) != 0)
            return 2;
        const auto reader = SessionReader::open(folder / "a.binnacle");
        const auto writer = SessionWriter::create(folder / "b.binnacle");
        const bool denied = !reader && reader.error().code == ErrorCode::Denied && reader.error().what.find("may not be read") != std::string::npos;
        const bool unwritable = !writer && writer.error().what.find("cannot be written") != std::string::npos;
        return denied && unwritable ? 0 : 1;
    });
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Files, aReadOnlyFolderIsNoObstacleForReading)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root to become another user";
    const Folder folder;
    const Texts wanted = writeSession(folder / "a.binnacle", 12, 2, 2);
    const int status = inChild([&] {
        return setuid(65534) == 0 && textsOf(*openOrFail(folder / "a.binnacle")) == wanted ? 0 : 1;
    });
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Files, existingFilesAreNotOverwrittenUnasked)
{
    const Folder folder;
    writeSession(folder / "a.binnacle", 2, 2, 2);
    const auto refused = SessionWriter::create(folder / "a.binnacle");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("already exists"), std::string::npos);
    EXPECT_TRUE(SessionWriter::create(folder / "a.binnacle", {.ifExists = WriterOptions::IfExists::Replace}));
    EXPECT_TRUE(textsOf(*openOrFail(folder / "a.binnacle")).empty());
    writeFile(folder / "letter.txt", std::string(500, 'x'));
    EXPECT_FALSE(SessionWriter::create(folder / "letter.txt", {.ifExists = WriterOptions::IfExists::Replace}));
    EXPECT_EQ(bytesOfFile(folder / "letter.txt").size(), 500u);
    EXPECT_NE(SessionWriter::create(folder / "nowhere" / "a.binnacle").error().what.find("does not exist"), std::string::npos);
    EXPECT_NE(SessionWriter::create(folder.path()).error().what.find("is a folder"), std::string::npos);
}

TEST(Files, aNewerFileOpensAsFarAsItIsUnderstood)
{
    const Folder folder;
    const Texts wanted = writeSession(folder / "a.binnacle", 12, 2, 2);
    execute(folder / "a.binnacle", "UPDATE meta SET value = 9 WHERE name = 'binnacle_session_version'; ALTER TABLE segment_index ADD COLUMN novelty;"
                                   "CREATE TABLE from_the_future(x)");
    const auto reader = openOrFail(folder / "a.binnacle");
    ASSERT_TRUE(reader);
    EXPECT_EQ(textsOf(*reader), wanted);
    EXPECT_TRUE(reader->info().newer);
    EXPECT_EQ(reader->info().version, 9);
    const auto writer = SessionWriter::create(folder / "a.binnacle", {.ifExists = WriterOptions::IfExists::Continue});
    ASSERT_FALSE(writer);
    EXPECT_NE(writer.error().what.find("newer Binnacle"), std::string::npos);
}
