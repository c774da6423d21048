// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/clocks.h"
#include "core/base/platform/environment.h"
#include "core/base/platform/native_socket.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::platform {

/// A program to run to its end, with its outputs read.
struct ChildCommand {
    enum class Input : std::uint8_t {
        Nothing,  // reads as empty; the child and what it starts form a group that is ended as one
        Terminal, // ours; the child stays in our group, so that it may read, and only it is ended
    };

    std::filesystem::path program; // the file; no search
    std::vector<std::string> arguments;
    Environment environment; // all of it
    Input input = Input::Nothing;
    NativeSocket::Handle stream = NativeSocket::kNone; // standard input and output are this socket instead; lent for the call
    std::optional<Nanoseconds> timeOut = std::chrono::minutes(2); // none: as long as it likes
    std::chrono::milliseconds lookEvery{20}; // how late a cancellation may be seen: what runs for hours need not wake up often
    std::size_t maxOutputBytes = 1u << 20;           // more ends the child: Ending::OutputTooLarge
    std::size_t maxErrorBytes = 64u << 10;           // of standard error the last so many are kept
    std::function<void(std::string_view)> onErrorText; // standard error as it comes, on the calling thread; may be empty
};

struct ChildResult {
    enum class Ending : std::uint8_t { Exited, Signalled, TimedOut, Cancelled, OutputTooLarge };

    Ending ending = Ending::Exited;
    int exitCode = 0; // of Exited
    int signal = 0;   // of Signalled
    std::string output; // empty when it went to a stream
    std::string errorText;
    bool errorTextIsCut = false;
    Nanoseconds duration{};
};

/// Runs `command` and waits for it.  Blocks at most the time-out and a second, a tenth of a second and `lookEvery` after a cancellation.
/// A process that outlives the child and holds its pipes is waited for one second, then left alone.  Error: the program could not be started.
Result<ChildResult> runChild(const ChildCommand& command, const Cancellation& cancellation);

} // namespace binnacle::platform
