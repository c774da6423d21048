// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/tail_file.h"

#include "core/base/byte_reader.h"
#include "core/base/crc32c.h"
#include "core/base/platform/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::size_t kHeader = 8;
constexpr std::uint32_t kMaxRecord = 64u << 20; // a length past this is damage, not a record
constexpr std::size_t kMaxTail = 256u << 20;

void putLittleEndian(std::string& out, std::uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(value >> shift));
}

Error fileError(const std::filesystem::path& file, int problem)
{
    const ErrorCode code = problem == ENOSPC || problem == EDQUOT || problem == EFBIG ? ErrorCode::Full
                           : problem == EACCES || problem == EPERM || problem == EROFS ? ErrorCode::Denied
                                                                                       : ErrorCode::Unavailable;
    return {code, file.string() + ": " + std::strerror(problem)};
}

Result<void> writeAll(int descriptor, std::string_view bytes, const std::filesystem::path& file)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return std::unexpected(fileError(file, written < 0 ? errno : ENOSPC));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

} // namespace

Result<TailFile> TailFile::create(std::filesystem::path file)
{
    TailFile tail;
    tail.m_descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (tail.m_descriptor < 0)
        return std::unexpected(fileError(file, errno));
    tail.m_path = std::move(file);
    return tail;
}

TailFile::~TailFile() { close(); }

TailFile::TailFile(TailFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_descriptor(std::exchange(other.m_descriptor, -1)), m_size(std::exchange(other.m_size, 0))
{
}

TailFile& TailFile::operator=(TailFile&& other) noexcept
{
    close();
    m_path = std::move(other.m_path);
    m_descriptor = std::exchange(other.m_descriptor, -1);
    m_size = std::exchange(other.m_size, 0);
    return *this;
}

void TailFile::close()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    m_descriptor = -1;
    m_size = 0;
}

Result<void> TailFile::append(ByteView record)
{
    std::string framed;
    framed.reserve(kHeader + record.size());
    putLittleEndian(framed, static_cast<std::uint32_t>(record.size()));
    putLittleEndian(framed, crc32c(record));
    framed += asText(record);
    if (auto written = writeAll(m_descriptor, framed, m_path); !written) {
        // The next record must begin where a reader looks for it.
        if (::ftruncate(m_descriptor, static_cast<off_t>(m_size)) != 0 || ::lseek(m_descriptor, static_cast<off_t>(m_size), SEEK_SET) < 0)
            close();
        return written;
    }
    m_size += framed.size();
    return {};
}

void TailFile::remove()
{
    if (!isOpen())
        return;
    close();
    std::error_code ignored;
    std::filesystem::remove(m_path, ignored);
}

std::vector<std::string> TailFile::read(const std::filesystem::path& file)
{
    std::vector<std::string> records;
    const auto content = platform::readFile(file, kMaxTail);
    if (!content)
        return records;
    ByteReader in(asBytes(*content));
    while (true) {
        const auto length = in.takeLittleEndian<std::uint32_t>();
        const auto checksum = in.takeLittleEndian<std::uint32_t>();
        if (!length || !checksum || *length > kMaxRecord)
            return records;
        const auto bytes = in.take(*length);
        if (!bytes || crc32c(*bytes) != *checksum)
            return records;
        records.emplace_back(asText(*bytes));
    }
}

Result<void> replaceFile(const std::filesystem::path& file, ByteView bytes)
{
    std::filesystem::path fresh = file;
    fresh += ".new";
    const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return std::unexpected(fileError(fresh, errno));
    auto written = writeAll(descriptor, asText(bytes), fresh);
    if (::close(descriptor) != 0 && written)
        written = std::unexpected(fileError(fresh, errno));
    if (written && ::rename(fresh.c_str(), file.c_str()) != 0)
        written = std::unexpected(fileError(file, errno));
    if (!written)
        ::unlink(fresh.c_str());
    return written;
}

} // namespace binnacle::agent
