// SPDX-License-Identifier: Apache-2.0
#include "core/session/file_check.h"

#include "core/base/byte_reader.h"
#include "core/session/schema.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace binnacle::session {
namespace {

constexpr std::size_t kHeader = 100;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

std::uint32_t bigEndian32(std::string_view header, std::size_t at)
{
    ByteReader in(asBytes(header).subspan(at));
    return in.takeBigEndian<std::uint32_t>().value_or(0);
}

Result<SourceFacts> checkHeader(const std::string& name, const std::string& header, std::uint64_t size)
{
    if (header.size() < kMagic.size() || header.compare(0, kMagic.size(), kMagic) != 0)
        return failure(ErrorCode::Invalid, name + " is not a Binnacle session. Sessions are made by `binnacle record`; other files by `binnacle import`.");
    if (header.size() < kHeader)
        return failure(ErrorCode::Corrupt, name + " was cut off right at its beginning; nothing in it can be read. Fetch it again.");
    if (bigEndian32(header, 68) != kApplicationId)
        return failure(ErrorCode::Invalid, name + " is a database, but not a Binnacle session.");
    std::uint64_t pageSize = asBytes(header)[16] << 8 | asBytes(header)[17];
    pageSize = pageSize == 1 ? 65536 : pageSize;
    return SourceFacts{size, size < pageSize * bigEndian32(header, 28) || size % std::max<std::uint64_t>(pageSize, 1) != 0};
}

} // namespace

Result<SourceFacts> checkSource(const std::filesystem::path& file)
{
    const std::string name = file.string();
    std::error_code problem;
    const auto status = std::filesystem::status(file, problem);
    if (status.type() == std::filesystem::file_type::not_found)
        return failure(ErrorCode::NotFound, name + " does not exist.");
    if (status.type() == std::filesystem::file_type::directory)
        return failure(ErrorCode::Invalid, name + " is a folder, not a session file. Name a .binnacle file in it.");
    std::ifstream in;
    errno = 0;
    if (!problem)
        in.open(file, std::ios::binary);
    if (problem || !in) {
        const bool denied = problem == std::errc::permission_denied || errno == EACCES || errno == EPERM;
        return failure(denied ? ErrorCode::Denied : ErrorCode::Unavailable,
                       name + (denied ? " may not be read by this user. Ask its owner for read permission." : " cannot be opened."));
    }
    const std::uint64_t size = std::filesystem::file_size(file, problem);
    if (problem)
        return failure(ErrorCode::Invalid, name + " is not an ordinary file.");
    if (size == 0)
        return failure(ErrorCode::Invalid, name + " is empty. It may be a recording that never began.");
    std::string header(kHeader, '\0');
    in.read(header.data(), static_cast<std::streamsize>(header.size()));
    header.resize(static_cast<std::size_t>(in.gcount()));
    return checkHeader(name, header, size);
}

Error unwritable(const std::filesystem::path& file, const std::string& why)
{
    return {ErrorCode::Denied, file.string() + " cannot be written (" + why + "). Check the folder and its permissions, or name another file with -o."};
}

Result<void> prepareTarget(const std::filesystem::path& file, WriterOptions::IfExists ifExists)
{
    const std::string name = file.string();
    std::error_code problem;
    const auto status = std::filesystem::status(file, problem);
    if (status.type() == std::filesystem::file_type::directory)
        return failure(ErrorCode::Invalid, name + " is a folder. Name a file in it, for instance " + (file / "session.binnacle").string() + ".");
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::is_directory(folder, problem))
        return failure(ErrorCode::NotFound, "the folder " + folder.string() + " does not exist. Make it first, or name another file with -o.");
    if (status.type() == std::filesystem::file_type::not_found)
        return {};
    if (ifExists == WriterOptions::IfExists::Refuse)
        return failure(ErrorCode::Invalid, name + " already exists. Name another file, or remove it first.");
    const bool isEmpty = std::filesystem::file_size(file, problem) == 0 && !problem;
    if (!isEmpty) {
        if (const auto source = checkSource(file); !source)
            return source.error().code == ErrorCode::Invalid
                       ? failure(ErrorCode::Invalid, name + " exists and is not a Binnacle session; it is not overwritten. Name another file.")
                       : failure(source.error().code, source.error().what);
    }
    if (ifExists == WriterOptions::IfExists::Continue && !isEmpty)
        return {};
    for (const char* suffix : {"-wal", "-shm", ""}) {
        if (!std::filesystem::remove(name + suffix, problem) && problem)
            return std::unexpected(unwritable(file, problem.message()));
    }
    return {};
}

} // namespace binnacle::session
