// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/native_socket.h"
#include "core/base/result.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle::platform {

/// Two connected ends of one byte stream.  A program that is started gets neither unless it is named (ChildCommand::stream).
Result<std::pair<NativeSocket, NativeSocket>> makeSocketPair();

/// What came within `patience`: bytes, nothing yet, or the end (`isOver`).
struct Received {
    std::string bytes;
    bool isOver = false;
};
Received receiveSome(const NativeSocket& from, std::chrono::milliseconds patience);

/// To a LocalListener of this user.
Result<NativeSocket> connectLocal(const std::filesystem::path& file);
/// All of it; false when the other end has gone.  Blocks while it does not read.
bool sendAll(const NativeSocket& to, std::string_view bytes);

/// Listens on a Unix socket that only this user can connect to (0600), in a folder that only this user can enter.
/// Owns the socket and its file.  Thread: one.
class LocalListener {
public:
    /// The path may have 107 bytes.
    static Result<LocalListener> open(const std::filesystem::path& file);
    ~LocalListener();
    LocalListener(LocalListener&&) noexcept = default;
    LocalListener& operator=(LocalListener&&) = delete;

    /// The next connection whose other end is still there; nothing when none comes within `patience`.
    std::optional<NativeSocket> accept(std::chrono::milliseconds patience);

private:
    LocalListener(std::filesystem::path file, NativeSocket socket) : m_file(std::move(file)), m_socket(std::move(socket)) {}
    std::filesystem::path m_file;
    NativeSocket m_socket;
};

} // namespace binnacle::platform
