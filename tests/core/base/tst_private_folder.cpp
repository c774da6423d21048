// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/private_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

namespace binnacle::platform {
namespace {

const std::string kName = "binnacle";

/// With a temporary folder of its own: other tests run at the same time.
class PrivateFolders : public ::testing::Test {
protected:
    PrivateFolders()
    {
        std::string path = "/tmp/binnacle-test-XXXXXX";
        m_temporary = ::mkdtemp(path.data());
        ::unsetenv("XDG_RUNTIME_DIR");
        ::setenv("TMPDIR", m_temporary.c_str(), 1);
    }
    ~PrivateFolders() override
    {
        ::unsetenv("TMPDIR");
        std::filesystem::remove_all(m_temporary);
    }

    /// As a killed program leaves it.
    std::filesystem::path abandoned(const std::string& ending, mode_t mode = 0700) const
    {
        const auto folder = m_temporary / (kName + ending);
        std::filesystem::create_directory(folder);
        std::ofstream(folder / "control") << "x";
        ::chmod(folder.c_str(), mode);
        makeOld(folder);
        return folder;
    }

    static void makeOld(const std::filesystem::path& folder)
    {
        const timespec longAgo[2]{{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, folder.c_str(), longAgo, 0), 0);
    }

private:
    std::filesystem::path m_temporary;
};

TEST_F(PrivateFolders, isEnteredByThisUserAloneAndGoesWithItsLastOwner)
{
    auto folder = *PrivateFolder::create(kName);
    const auto path = folder->path();
    struct stat facts{};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0700u);
    std::ofstream(path / "file") << "x";
    const auto other = folder;
    folder.reset();
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(PrivateFolders, removesWhatAKilledProgramLeft)
{
    const auto left = abandoned("-aBc012");
    const auto folder = *PrivateFolder::create(kName);
    EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(PrivateFolders, keepsWhatIsInUseFreshOrSomethingElse)
{
    const auto used = *PrivateFolder::create(kName);
    makeOld(used->path());
    const auto open = abandoned("-aBc013", 0755), longer = abandoned("-aBc0145"), fresh = abandoned("-aBc016");
    std::ofstream(fresh / "now") << "x"; // what is in it changes the folder's time
    const auto folder = *PrivateFolder::create(kName);
    for (const auto& path : {used->path(), open, longer, fresh})
        EXPECT_TRUE(std::filesystem::exists(path)) << path;
}

} // namespace
} // namespace binnacle::platform
