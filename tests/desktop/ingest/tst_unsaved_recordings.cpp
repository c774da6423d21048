// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/folders.h"
#include "core/base/platform/process.h"
#include "desktop/ingest/unsaved_recordings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace binnacle::desktop {
namespace {

/// A state folder of the test's own.
class UnsavedRecordings : public ::testing::Test {
protected:
    void SetUp() override
    {
        m_state = std::filesystem::path(::testing::TempDir()) / ("binnacle-state-" + std::to_string(platform::processId()));
        std::filesystem::remove_all(m_state);
        ::setenv("XDG_STATE_HOME", m_state.c_str(), 1);
    }
    void TearDown() override { std::filesystem::remove_all(m_state); }
    void write(const std::string& name, std::size_t bytes)
    {
        ASSERT_TRUE(unsavedRecordingPath().has_value()); // makes the folder
        std::ofstream(m_state / "binnacle/recordings" / name) << std::string(bytes, 'x');
    }
    std::filesystem::path m_state;
};

constexpr const char* kGoneProcess = "4194303"; // the largest pid there is, and not in use

TEST_F(UnsavedRecordings, lieWhereOnlyTheirUserLooks)
{
    const auto path = unsavedRecordingPath();
    ASSERT_TRUE(path.has_value()) << path.error().what;
    const auto permissions = std::filesystem::status(path->parent_path()).permissions();
    EXPECT_EQ(permissions & std::filesystem::perms::mask, std::filesystem::perms::owner_all);
    EXPECT_NE(*path, *unsavedRecordingPath());
}

TEST_F(UnsavedRecordings, areThoseOfProgramsThatRunNoMore)
{
    ASSERT_FALSE(platform::isRunning(4194303));
    write(std::to_string(platform::processId()) + "-1.binnacle", 10);
    write(std::string(kGoneProcess) + "-1.binnacle", 100);
    write(std::string(kGoneProcess) + "-1.binnacle-wal", 1000);
    write("notes.binnacle", 5);
    const auto found = findUnsavedRecordings();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].file.filename(), std::string(kGoneProcess) + "-1.binnacle");
    EXPECT_EQ(found[0].bytes, 1100u);
    removeRecording(found[0].file);
    EXPECT_TRUE(findUnsavedRecordings().empty());
    EXPECT_FALSE(std::filesystem::exists(found[0].file.string() + "-wal"));
}

TEST_F(UnsavedRecordings, aFolderThatIsNoneIsASentence)
{
    std::filesystem::create_directories(m_state / "binnacle");
    std::ofstream(m_state / "binnacle/recordings") << "a file";
    const auto path = unsavedRecordingPath();
    ASSERT_FALSE(path.has_value());
    EXPECT_NE(path.error().what.find("cannot be made"), std::string::npos) << path.error().what;
    EXPECT_TRUE(findUnsavedRecordings().empty());
}

} // namespace
} // namespace binnacle::desktop
