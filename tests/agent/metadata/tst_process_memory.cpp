// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_memory.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

using namespace std::string_view_literals;

/// `sleep` with an environment of our choice, ended with the test.
class Sleeper {
public:
    Sleeper()
    {
        m_pid = ::fork();
        if (m_pid == 0) {
            ::execle("/bin/sleep", "sleep", "60", nullptr, m_environment);
            ::_exit(127);
        }
        while (word(2) != "(sleep)") // until exec is done
            ::usleep(1'000);
        while (word(3) != "S") // until its C library is set up
            ::usleep(1'000);
    }
    ~Sleeper()
    {
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
    }
    std::string folder() const { return "/proc/" + std::to_string(m_pid); }
    std::string word(int number) const
    {
        std::ifstream file(folder() + "/stat");
        std::string text;
        for (int i = 0; i < number; ++i)
            file >> text;
        return text;
    }

private:
    const char* m_environment[4] = {"PATH=/bin", "SERVICE_NAME=checkout", "SECRET=never", nullptr};
    pid_t m_pid = -1;
};

TEST(ProcessMemoryTest, findsTheNameOnTheFirstStackPage)
{
    const Sleeper sleeper;
    const std::uint64_t startStack = std::stoull(sleeper.word(28));
    ASSERT_NE(startStack, 0u);
    EXPECT_EQ(serviceEntriesFromMemory(sleeper.folder(), startStack), "SERVICE_NAME=checkout\0"sv);
}

TEST(ProcessMemoryTest, findsTheNameThroughTheCLibrary)
{
    const Sleeper sleeper;
    EXPECT_EQ(serviceEntriesFromMemory(sleeper.folder(), 0), "SERVICE_NAME=checkout\0"sv);
}

TEST(ProcessMemoryTest, aProcessThatIsGoneHasNone)
{
    EXPECT_EQ(serviceEntriesFromMemory("/proc/0", 4'096), "");
}

TEST(ProcessMemoryTest, titlesOverTheEnvironmentAreNoticed)
{
    EXPECT_FALSE(isOverwrittenEnvironment(""sv));
    EXPECT_FALSE(isOverwrittenEnvironment("PATH=/bin\0A=b\0"sv));
    EXPECT_TRUE(isOverwrittenEnvironment("\0\0\0\0"sv));
    EXPECT_TRUE(isOverwrittenEnvironment("ess nginx -g daemon off;\0\0"sv));
    EXPECT_TRUE(isOverwrittenEnvironment("worker --level=3 x\0\0"sv));
}

} // namespace
} // namespace binnacle::agent
