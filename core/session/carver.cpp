// SPDX-License-Identifier: Apache-2.0
#include "core/session/carver.h"

#include "core/base/byte_reader.h"
#include "core/session/schema.h"

#include <bit>
#include <optional>

namespace binnacle::session {
namespace {

constexpr std::uint8_t kTableLeaf = 0x0d;
constexpr std::uint32_t kFileHeader = 100; // in front of page 1
constexpr std::size_t kLongest = 128u << 20;

/// Big-endian, 7 bits a byte, the ninth byte whole.
std::optional<std::uint64_t> takeVarint(ByteReader& in)
{
    std::uint64_t value = 0;
    for (int i = 0; i < 9; ++i) {
        const auto byte = in.takeBigEndian<std::uint8_t>();
        if (!byte)
            return std::nullopt;
        if (i == 8)
            return value << 8 | *byte;
        value = value << 7 | (*byte & 0x7f);
        if ((*byte & 0x80) == 0)
            return value;
    }
    return std::nullopt;
}

std::uint64_t sizeOfSerialType(std::uint64_t type)
{
    constexpr std::uint64_t kFixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < 12 ? kFixed[type] : (type - 12) / 2;
}

struct BlobColumn {
    std::uint64_t offset = 0, size = 0; // in the payload of the row
};

/// The last column of a record, when it is a blob.
std::optional<BlobColumn> lastColumn(ByteView payload, std::uint64_t payloadSize)
{
    ByteReader in(payload);
    const auto headerSize = takeVarint(in);
    if (!headerSize || *headerSize > payload.size())
        return std::nullopt;
    std::uint64_t offset = *headerSize, last = 0, lastOffset = offset;
    while (in.position() < *headerSize) {
        const auto type = takeVarint(in);
        if (!type || sizeOfSerialType(*type) > payloadSize)
            return std::nullopt;
        last = *type;
        lastOffset = offset;
        offset += sizeOfSerialType(*type);
    }
    if (last < 12 || last % 2 != 0 || offset != payloadSize)
        return std::nullopt;
    return BlobColumn{lastOffset, sizeOfSerialType(last)};
}

} // namespace

Carver::Carver(std::ifstream file, std::uint64_t size, std::uint32_t pageSize, std::uint32_t usable)
    : m_file(std::move(file)), m_size(size), m_pageSize(pageSize), m_usable(usable)
{
}

Result<Carver> Carver::open(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::error_code problem;
    const std::uint64_t size = std::filesystem::file_size(file, problem);
    if (!in || problem)
        return failure(ErrorCode::Unavailable, file.string() + " cannot be read");
    std::string head(kFileHeader, '\0');
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    in.clear();
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i])); };
    std::uint32_t pageSize = byte(16) << 8 | byte(17);
    pageSize = pageSize == 1 ? 65536 : pageSize;
    if (pageSize < 512 || !std::has_single_bit(pageSize))
        pageSize = kPageSize; // the header is damaged too
    const std::uint32_t usable = pageSize - (byte(20) <= pageSize - 480 ? byte(20) : 0);
    return Carver(std::move(in), size, pageSize, usable);
}

bool Carver::loadPage(std::uint32_t page, std::string& to)
{
    to.assign(m_pageSize, '\0');
    const std::uint64_t offset = std::uint64_t{page - 1} * m_pageSize;
    if (page == 0 || offset >= m_size)
        return false;
    m_file.clear();
    m_file.seekg(static_cast<std::streamoff>(offset));
    m_file.read(to.data(), static_cast<std::streamsize>(to.size()));
    to.resize(static_cast<std::size_t>(m_file.gcount())); // the last page of a cut file is short
    return !to.empty();
}

std::uint32_t Carver::cellsOn(const std::string& page, std::uint32_t number) const
{
    const std::size_t header = number == 1 ? kFileHeader : 0;
    if (page.size() < header + 8 || static_cast<std::uint8_t>(page[header]) != kTableLeaf)
        return 0;
    ByteReader in(asBytes(page).subspan(header + 3));
    const std::uint32_t cells = *in.takeBigEndian<std::uint16_t>();
    return cells <= (m_pageSize - 8) / 6 ? cells : 0; // a cell has a pointer and at least 4 bytes
}

std::string Carver::blobAt(const std::string& page, std::uint32_t number, std::uint32_t cell)
{
    const ByteView bytes = asBytes(page);
    ByteReader pointer(bytes);
    pointer.skip((number == 1 ? kFileHeader : 0) + 8 + 2 * cell);
    const auto at = pointer.takeBigEndian<std::uint16_t>();
    if (!at || *at >= bytes.size())
        return {};
    ByteReader in(bytes.subspan(*at));
    const auto payloadSize = takeVarint(in);
    if (!payloadSize || !takeVarint(in) || *payloadSize > kLongest)
        return {};

    const std::uint64_t most = m_usable - 35, least = (std::uint64_t{m_usable} - 12) * 32 / 255 - 23;
    std::uint64_t local = *payloadSize;
    if (*payloadSize > most) {
        local = least + (*payloadSize - least) % (m_usable - 4);
        local = local <= most ? local : least;
    }
    const ByteView here = in.rest().first(std::min<std::size_t>(in.left(), local));
    const auto column = lastColumn(here, *payloadSize);
    if (!column || column->offset + 4 > here.size() || asText(here.subspan(column->offset, 4)) != "BNSG")
        return {};
    std::string blob(asText(here.subspan(column->offset)));
    in.skip(local);
    auto next = local < *payloadSize ? in.takeBigEndian<std::uint32_t>() : std::nullopt;
    std::string overflow;
    while (blob.size() < column->size && next && *next != 0 && loadPage(*next, overflow)) {
        ByteReader chain(asBytes(overflow));
        next = chain.takeBigEndian<std::uint32_t>();
        const std::size_t wanted = std::min<std::size_t>({chain.left(), m_usable - 4, column->size - blob.size()});
        if (!next || wanted == 0)
            break;
        blob += asText(chain.rest().first(wanted));
    }
    return blob;
}

void Carver::findAll(const std::function<void(Place, const telemetry::SegmentHeader&)>& found)
{
    const auto pages = static_cast<std::uint32_t>((m_size + m_pageSize - 1) / m_pageSize);
    std::string page;
    m_damagedBytes = 0;
    for (std::uint32_t number = 1; number <= pages; ++number) {
        const std::uint32_t cells = loadPage(number, page) ? cellsOn(page, number) : 0;
        for (std::uint32_t cell = 0; cell < cells; ++cell) {
            const std::string blob = blobAt(page, number, cell);
            if (blob.empty())
                continue;
            if (const auto header = telemetry::verifySegment(asBytes(blob)))
                found({number, cell}, *header);
            else
                m_damagedBytes += blob.size();
        }
    }
}

Result<std::string> Carver::read(Place place)
{
    std::string page;
    if (!loadPage(place.page, page) || place.cell >= cellsOn(page, place.page))
        return failure(ErrorCode::Corrupt, "the page is gone");
    return blobAt(page, place.page, place.cell);
}

} // namespace binnacle::session
