// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/programs.h"

#include "core/base/platform/child_process.h"

#include <unistd.h>

namespace binnacle::platform {

namespace {

/// Profiles print greetings: the answer stands between two marks.
constexpr std::string_view kMark = "binnacle-path<", kEnd = ">binnacle-path";
constexpr auto kPrintPath = R"(printf 'binnacle-path<%s>binnacle-path' "$PATH")";

} // namespace

bool isProgram(const std::filesystem::path& file)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

std::optional<std::filesystem::path> findProgram(std::string_view name, std::string_view pathList)
{
    while (!name.empty() && !pathList.empty()) {
        const std::size_t end = pathList.find(':');
        const std::filesystem::path folder(pathList.substr(0, end));
        if (folder.is_absolute() && isProgram(folder / name))
            return folder / name;
        pathList = end == std::string_view::npos ? std::string_view() : pathList.substr(end + 1);
    }
    return std::nullopt;
}

bool standardInputIsTerminal() { return ::isatty(STDIN_FILENO) == 1; }

Result<LoginPath> askLoginShellForPath(const Environment& environment, const Cancellation& cancellation)
{
    std::string shell = variable(environment, "SHELL");
    if (!std::filesystem::path(shell).is_absolute() || !isProgram(shell))
        shell = "/bin/sh";
    ChildCommand command;
    command.program = shell;
    command.arguments = {"-lc", kPrintPath};
    command.environment = environment;
    command.timeOut = std::chrono::seconds(5);
    const auto result = runChild(command, cancellation);
    if (!result)
        return std::unexpected(result.error());
    const std::size_t from = result->output.rfind(kMark), to = result->output.rfind(kEnd);
    if (from == std::string::npos || to == std::string::npos || to < from + kMark.size())
        return failure(result->ending == ChildResult::Ending::Cancelled ? ErrorCode::Cancelled : ErrorCode::Unavailable,
                       "the login shell " + shell + " did not say its PATH");
    return LoginPath{result->output.substr(from + kMark.size(), to - from - kMark.size()), shell};
}

} // namespace binnacle::platform
