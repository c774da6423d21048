// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/buffer_folder.h"

#include "core/base/byte_reader.h"
#include "core/base/platform/files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::string_view kNextStep = "; choose another folder with --buffer, or leave it out to keep the buffer in memory";

template <class Integer>
void put(std::string& out, Integer value)
{
    for (std::size_t i = 0; i < sizeof value; ++i)
        out.push_back(static_cast<char>(value >> (8 * i)));
}

/// u64 segment, u32 index, chunk
std::string recordOf(const telemetry::EncodedChunk& chunk)
{
    std::string record;
    record.reserve(12 + chunk.bytes.size());
    put(record, chunk.segment);
    put(record, chunk.index);
    return record += chunk.bytes;
}

Result<telemetry::EncodedChunk> chunkOf(const std::string& record)
{
    ByteReader in(asBytes(record));
    const auto segment = in.takeLittleEndian<std::uint64_t>();
    const auto index = in.takeLittleEndian<std::uint32_t>();
    if (!segment || !index)
        return failure(ErrorCode::Corrupt, "a record of the buffer's tail is too short");
    return telemetry::describeChunk(std::string(in.restAsText()), *segment, *index);
}

/// The chunks of the first segment in the file from index 0 on, without a hole; one file holds one segment.
std::vector<telemetry::EncodedChunk> readTail(const std::filesystem::path& file)
{
    std::vector<telemetry::EncodedChunk> chunks;
    for (const std::string& record : TailFile::read(file)) {
        auto chunk = chunkOf(record);
        if (!chunk || chunk->index != chunks.size() || (!chunks.empty() && chunk->segment != chunks.front().segment))
            break;
        chunks.push_back(std::move(*chunk));
    }
    return chunks;
}

} // namespace

Tier tierOf(telemetry::ChunkKind kind, telemetry::Level level)
{
    switch (level) {
    case telemetry::Level::TenSeconds: return Tier::TenSeconds;
    case telemetry::Level::Minute: return Tier::Minutes;
    case telemetry::Level::TenMinutes: return Tier::TenMinutes;
    case telemetry::Level::Second: break;
    }
    return secondsTier(kind);
}

telemetry::Level levelOf(Tier tier)
{
    return tier == Tier::Detail ? telemetry::Level::Second : telemetry::kLevels[static_cast<std::size_t>(tier) - 1];
}

Result<std::unique_ptr<BufferFolder>> BufferFolder::open(const std::filesystem::path& path)
{
    std::error_code problem;
    std::filesystem::create_directories(path, problem);
    if (problem)
        return failure(ErrorCode::Denied, "the buffer's folder " + path.string() + " cannot be made: " + problem.message() + std::string(kNextStep));
    ::chmod(path.c_str(), 0700); // names and routes of this host's programs are nobody else's business
    std::unique_ptr<BufferFolder> folder(new BufferFolder(path));
    folder->m_lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->m_lock < 0)
        return failure(ErrorCode::Denied, "the buffer's folder " + path.string() + " cannot be written: " + std::strerror(errno) + std::string(kNextStep));
    if (::flock(folder->m_lock, LOCK_EX | LOCK_NB) != 0)
        return failure(ErrorCode::Unavailable, "another agent uses the buffer's folder " + path.string() + "; stop it or choose another folder with --buffer");
    return folder;
}

BufferFolder::~BufferFolder()
{
    if (m_lock >= 0)
        ::close(m_lock);
}

Result<std::uint32_t> BufferFolder::takeEpoch(std::uint32_t atLeast)
{
    std::uint32_t last = 0;
    if (const auto text = platform::readFile(m_path / "epoch", 64))
        std::from_chars(text->data(), text->data() + text->size(), last);
    const std::uint32_t epoch = std::max(last + 1, atLeast);
    const std::string text = std::to_string(epoch) + '\n';
    if (auto written = replaceFile(m_path / "epoch", asBytes(text)); !written)
        return std::unexpected(std::move(written).error());
    return epoch;
}

std::filesystem::path BufferFolder::tailPath(Tier tier) const { return m_path / (std::string(factsOf(tier).name) + ".tail"); }

std::vector<telemetry::Segment> BufferFolder::recoverTails() const
{
    std::vector<telemetry::Segment> segments;
    for (const TierFacts& facts : kTiers) {
        if (const auto chunks = readTail(tailPath(facts.tier)); !chunks.empty())
            segments.push_back(telemetry::sealSegment({}, chunks));
    }
    return segments;
}

void BufferFolder::removeOldTails()
{
    std::error_code ignored;
    for (const TierFacts& facts : kTiers)
        std::filesystem::remove(tailPath(facts.tier), ignored);
}

Result<void> BufferFolder::append(Tier tier, const telemetry::EncodedChunk& chunk)
{
    TailFile& tail = m_tails[static_cast<std::size_t>(tier)];
    if (chunk.index == 0) {
        tail.remove();
        auto created = TailFile::create(tailPath(tier));
        if (!created)
            return std::unexpected(std::move(created).error());
        tail = std::move(*created);
    }
    if (!tail.isOpen())
        return failure(ErrorCode::Full, "the tail of this segment was given up");
    auto written = tail.append(asBytes(recordOf(chunk)));
    if (!written)
        tail = {}; // what is whole in it stays until the next segment
    return written;
}

void BufferFolder::removeTail(Tier tier) { m_tails[static_cast<std::size_t>(tier)].remove(); }

std::uint64_t BufferFolder::tailBytes() const
{
    std::uint64_t bytes = 0;
    for (const TailFile& tail : m_tails)
        bytes += (tail.size() + 4095) / 4096 * 4096;
    return bytes;
}

} // namespace binnacle::agent
