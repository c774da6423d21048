// SPDX-License-Identifier: Apache-2.0
#include "core/base/base64.h"
#include "core/base/platform/child_process.h"
#include "core/base/platform/programs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace binnacle::platform {
namespace {

using Ending = ChildResult::Ending;

ChildCommand shell(const std::string& script)
{
    ChildCommand command;
    command.program = "/bin/sh";
    command.arguments = {"-c", script};
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    return command;
}

ChildResult run(const ChildCommand& command, const Cancellation& cancellation = {})
{
    auto result = runChild(command, cancellation);
    EXPECT_TRUE(result) << (result ? "" : result.error().what);
    return result ? std::move(*result) : ChildResult{};
}

TEST(ChildProcess, givesBothOutputsAndTheExitCode)
{
    const auto result = run(shell("printf out; printf err >&2; exit 3"));
    EXPECT_EQ(result.ending, Ending::Exited);
    EXPECT_EQ(result.exitCode, 3);
    EXPECT_EQ(result.output, "out");
    EXPECT_EQ(result.errorText, "err");
    EXPECT_GT(result.duration.count(), 0);
}

TEST(ChildProcess, hasOnlyTheEnvironmentItIsGivenAndNoInput)
{
    auto command = shell("cat; printf '%s|%s' \"$A\" \"$HOME\"");
    command.environment["A"] = "b c";
    EXPECT_EQ(run(command).output, "b c|");
}

TEST(ChildProcess, aSignalIsNoExitCode)
{
    const auto result = run(shell("kill -9 $$"));
    EXPECT_EQ(result.ending, Ending::Signalled);
    EXPECT_EQ(result.signal, 9);
}

TEST(ChildProcess, aProgramThatIsNotThereIsAnError)
{
    ChildCommand command;
    command.program = "/nonexistent/program";
    const auto result = runChild(command, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::NotFound);
}

TEST(ChildProcess, theTimeOutEndsItAndWhatItStarted)
{
    auto command = shell("sleep 1000 & echo $!; wait");
    command.timeOut = std::chrono::milliseconds(200);
    const auto result = run(command);
    EXPECT_EQ(result.ending, Ending::TimedOut);
    const auto grandchild = std::filesystem::path("/proc") / result.output.substr(0, result.output.find('\n')) / "stat";
    const auto isAlive = [&] {
        std::string line;
        std::getline(std::ifstream(grandchild), line);
        return !line.empty() && line.find(") Z ") == std::string::npos;
    };
    for (int i = 0; i < 1000 && isAlive(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_FALSE(isAlive());
}

TEST(ChildProcess, aChildThatIgnoresTheRequestIsEndedAllTheSame)
{
    auto command = shell("trap '' TERM; while :; do sleep 0.01; done");
    command.timeOut = std::chrono::milliseconds(200);
    EXPECT_EQ(run(command).ending, Ending::TimedOut);
}

TEST(ChildProcess, cancellationEndsIt)
{
    const Cancellation cancellation;
    auto command = shell("echo started >&2; sleep 1000");
    command.onErrorText = [&](std::string_view) { cancellation.cancel(); };
    EXPECT_EQ(run(command, cancellation).ending, Ending::Cancelled);
}

TEST(ChildProcess, tooMuchOutputEndsIt)
{
    auto command = shell("while :; do echo 0123456789; done");
    command.maxOutputBytes = 100000;
    const auto result = run(command);
    EXPECT_EQ(result.ending, Ending::OutputTooLarge);
    EXPECT_EQ(result.output.size(), 100000u);
}

TEST(ChildProcess, theEndOfALongComplaintIsKept)
{
    auto command = shell("i=0; while [ $i -lt 1000 ]; do echo line $i >&2; i=$((i+1)); done; echo last >&2");
    command.maxErrorBytes = 50;
    const auto result = run(command);
    EXPECT_EQ(result.errorText.size(), 50u);
    EXPECT_TRUE(result.errorText.ends_with("last\n"));
    EXPECT_TRUE(result.errorTextIsCut);
}

TEST(ChildProcess, aDaemonThatKeepsThePipeIsNotWaitedForLong)
{
    auto command = shell("setsid sleep 1000 & echo $!");
    command.timeOut = std::chrono::hours(1);
    const auto result = run(command); // that it returns is the test
    EXPECT_EQ(result.ending, Ending::Exited);
    const int daemon = std::atoi(result.output.c_str());
    ASSERT_GT(daemon, 1);
    EXPECT_EQ(::kill(daemon, SIGKILL), 0); // it lived on
}

/// The number that a child of a program wrote down before that program ended.
pid_t childOfAnEndedProgram(const std::filesystem::path& file)
{
    const pid_t program = fork();
    if (program == 0) {
        std::thread([&file] { (void)runChild(shell("echo $$ > " + file.string() + "; exec sleep 600"), {}); }).detach();
        for (pid_t number = 0; number == 0;) {
            std::ifstream(file) >> number;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        std::exit(0);
    }
    int status = 0;
    waitpid(program, &status, 0);
    pid_t number = 0;
    std::ifstream(file) >> number;
    return number;
}

bool isGone(pid_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string number, name, state;
    return !(file >> number >> name >> state) || state == "Z"; // nobody may be there to reap it
}

TEST(ChildProcess, endsWithTheProgramThatStartedIt)
{
    const auto file = std::filesystem::temp_directory_path() / ("binnacle-child-" + std::to_string(utcNow().time_since_epoch().count()));
    const pid_t child = childOfAnEndedProgram(file);
    std::filesystem::remove(file);
    ASSERT_GT(child, 0);
    for (int i = 0; i < 2000 && !isGone(child); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(isGone(child));
}

TEST(Programs, findsOnlyWhatMayRunAndNeverInTheCurrentFolder)
{
    EXPECT_TRUE(findProgram("sh", "/nonexistent:/bin"));
    EXPECT_FALSE(findProgram("sh", "/nonexistent"));
    EXPECT_FALSE(findProgram("passwd", "/etc")); // a file, but no program
    EXPECT_FALSE(findProgram("", "/bin"));
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path("/bin");
    EXPECT_FALSE(findProgram("sh", ".::"));
    std::filesystem::current_path(before);
}

TEST(Programs, asksTheLoginShellForItsPath)
{
    const auto home = std::filesystem::temp_directory_path() / ("binnacle-login-" + std::to_string(utcNow().time_since_epoch().count()));
    std::filesystem::create_directories(home);
    std::ofstream(home / ".profile") << "echo Welcome.; PATH=/from/profile:$PATH\n";
    const auto answer = askLoginShellForPath({{"SHELL", "/bin/sh"}, {"HOME", home.string()}, {"PATH", "/usr/bin:/bin"}}, {});
    std::filesystem::remove_all(home);
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_TRUE(answer->path.starts_with("/from/profile:")) << answer->path;
    EXPECT_EQ(answer->shell, "/bin/sh");
}

TEST(Base64, bothWays)
{
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        EXPECT_EQ(fromBase64(toBase64(text)), text);
    EXPECT_EQ(toBase64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(fromBase64("Zm9v\r\nYmE="), "fooba");
    EXPECT_EQ(fromBase64("Zm9vYmE").error(), 7u);
    EXPECT_EQ(fromBase64("Zm 9v").error(), 2u);
    EXPECT_EQ(fromBase64("__-_").error(), 0u);
    EXPECT_FALSE(fromBase64("Zm9vYmE=="));
    EXPECT_FALSE(fromBase64("Zm9vYmE=Zg=="));
    EXPECT_EQ(fromBase64Url("Zm9vYmE"), "fooba");
    EXPECT_EQ(fromBase64Url("__-_"), "\xff\xff\xbf");
}

} // namespace
} // namespace binnacle::platform
