// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/telemetry/segment.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace binnacle::session {

/// Finds segments in a damaged file without its tree: looks at every page by itself, follows the overflow chain of each row
/// and believes a blob only when its CRC holds.  So a page that is gone costs the rows on it and no others.
///
/// Source of the layout: sqlite.org/fileformat2, "B-tree Pages" and "Cell Payload Overflow Pages".
/// Thread: any one.  Bounds: one page and one blob in memory.
class Carver {
public:
    /// Where a blob begins: page (from 1) and cell on it.
    struct Place {
        std::uint32_t page = 0;
        std::uint32_t cell = 0;
        friend auto operator<=>(const Place&, const Place&) = default;
    };

    static Result<Carver> open(const std::filesystem::path& file);

    /// Every whole segment and tail row, in the order of the pages.
    void findAll(const std::function<void(Place, const telemetry::SegmentHeader&)>& found);
    /// Bytes of blobs that findAll() saw begin and could not complete.
    std::uint64_t damagedBytes() const { return m_damagedBytes; }

    Result<std::string> read(Place place);

private:
    Carver(std::ifstream file, std::uint64_t size, std::uint32_t pageSize, std::uint32_t usable);
    bool loadPage(std::uint32_t page, std::string& to);
    std::uint32_t cellsOn(const std::string& page, std::uint32_t number) const;
    /// The blob of a cell; empty when it does not hold a segment; what there is of it when the chain is broken.
    std::string blobAt(const std::string& page, std::uint32_t number, std::uint32_t cell);

    std::ifstream m_file;
    std::uint64_t m_size;
    std::uint32_t m_pageSize, m_usable;
    std::uint64_t m_damagedBytes = 0;
};

} // namespace binnacle::session
