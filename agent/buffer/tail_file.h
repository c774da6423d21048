// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace binnacle::agent {

/// The open segment's chunks on disk, appended record by record as they are made: what is left after kill −9.
/// A record is u32 length, u32 CRC32C, bytes; little endian.  A record cut short ends the file for a reader.
/// Thread: one; owns the descriptor.
class TailFile {
public:
    TailFile() = default;
    static Result<TailFile> create(std::filesystem::path file);
    ~TailFile();
    TailFile(TailFile&& other) noexcept;
    TailFile& operator=(TailFile&& other) noexcept;

    bool isOpen() const { return m_descriptor >= 0; }
    std::uint64_t size() const { return m_size; }
    const std::filesystem::path& path() const { return m_path; }

    /// Whole or not at all: what was written of a failed record is cut off again.
    Result<void> append(ByteView record);
    /// Closes and deletes.
    void remove();

    /// All whole records.
    static std::vector<std::string> read(const std::filesystem::path& file);

private:
    void close();

    std::filesystem::path m_path;
    int m_descriptor = -1;
    std::uint64_t m_size = 0;
};

/// Writes `bytes` to a new file in place of `file`, under a temporary name first, so that a reader finds it whole or not.
Result<void> replaceFile(const std::filesystem::path& file, ByteView bytes);

} // namespace binnacle::agent
