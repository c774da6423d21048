// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/native_socket.h"
#include "core/base/result.h"

#include <filesystem>
#include <memory>
#include <string_view>

namespace binnacle::platform {

/// A folder that only this user can enter (0700), gone with its last owner.  Lies in the session's runtime folder, else in the
/// temporary one; its path is short enough for sockets in it.  One that a killed program left is removed by the next that makes one.
class PrivateFolder {
public:
    static Result<std::shared_ptr<PrivateFolder>> create(std::string_view name);
    ~PrivateFolder();
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    const std::filesystem::path& path() const { return m_path; }

private:
    PrivateFolder(std::filesystem::path path, NativeSocket lock) : m_path(std::move(path)), m_lock(std::move(lock)) {}
    std::filesystem::path m_path;
    NativeSocket m_lock; // a descriptor: the folder, locked as long as somebody has it
};

} // namespace binnacle::platform
