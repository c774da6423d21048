// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/row_table.h"

#include "core/base/entity_key.h"

#include <cstring>

namespace binnacle::agent {

namespace {

constexpr std::string_view kOther = "other";

template <class Integer>
std::uint64_t wordAt(const char* at)
{
    Integer word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// A text of 1 to 7 bytes as a number of its own: its bytes, read as two words that may overlap, below its length.
std::uint64_t packed(std::string_view text)
{
    const std::size_t size = text.size();
    const char* const begin = text.data();
    std::uint64_t bytes = 0;
    if (size >= 4)
        bytes = wordAt<std::uint32_t>(begin) | wordAt<std::uint32_t>(begin + size - 4) << 8 * (size - 4);
    else if (size >= 2)
        bytes = wordAt<std::uint16_t>(begin) | wordAt<std::uint16_t>(begin + size - 2) << 8 * (size - 2);
    else
        bytes = static_cast<std::uint8_t>(*begin);
    return bytes | std::uint64_t{size} << 56;
}

} // namespace

std::uint16_t StatusTexts::idOf(std::string_view text)
{
    if (text.empty())
        return 0;
    if (text.size() > 7)
        return slowIdOf(text);
    const std::uint64_t key = packed(text);
    Remembered& recent = m_recent[(key * 0x9e3779b97f4a7c15ull) >> 58];
    if (recent.packed != key)
        recent = {key, slowIdOf(text)};
    return recent.id;
}

std::uint16_t StatusTexts::slowIdOf(std::string_view text)
{
    if (const auto known = m_ids.find(absl::string_view(text.data(), text.size())); known != m_ids.end())
        return known->second;
    if (m_texts.size() >= kMax && text != kOther)
        return slowIdOf(kOther);
    const auto id = static_cast<std::uint16_t>(m_texts.size());
    m_texts.emplace_back(text);
    m_ids.emplace(text, id);
    return id;
}

std::uint32_t RowTable::ensureEnd(const EndKey& key)
{
    if (const auto known = m_endsByKey.find(key); known != m_endsByKey.end())
        return known->second;
    if (m_endsByKey.size() < kMaxEnds - kReservedEnds)
        return takeEnd(key, false);
    const std::uint32_t otherInstance = m_otherInstance();
    EndKey other = key; // every peer of this instance that found no room
    other.remote = other.dialled = Endpoint{};
    other.remoteInstance = otherInstance;
    if (const auto known = m_endsByKey.find(other); known != m_endsByKey.end())
        return known->second;
    constexpr std::size_t kLastResort = 8; // side and protocol of everything else
    if (m_endsByKey.size() < kMaxEnds - kLastResort)
        return takeEnd(other, true);
    other.instance = otherInstance;
    other.local = Endpoint{};
    other.netns = {};
    if (const auto known = m_endsByKey.find(other); known != m_endsByKey.end())
        return known->second;
    return takeEnd(other, true);
}

std::uint32_t RowTable::takeEnd(const EndKey& key, bool overflow)
{
    std::uint32_t index;
    if (!m_freeEnds.empty()) {
        index = m_freeEnds.back();
        m_freeEnds.pop_back();
    } else {
        index = static_cast<std::uint32_t>(m_ends.size());
        m_ends.emplace_back();
    }
    EndSlot& slot = m_ends[index];
    slot.key = key;
    slot.taken = true;
    slot.overflow = overflow;
    slot.lastUsed = m_second;
    m_endsByKey.emplace(key, index);
    return index;
}

bool RowTable::routeHasRoom(std::uint64_t scope, std::uint64_t hash) const
{
    if (m_cellsByKey.size() >= kMaxCells)
        return false;
    const auto routes = m_routes.find(scope);
    return routes == m_routes.end() || routes->second.size() < kMaxRoutes || routes->second.contains(hash);
}

std::uint32_t RowTable::ensureCell(std::uint32_t end, std::string_view route, std::uint64_t routeHash, std::uint64_t scope)
{
    if (const auto known = m_cellsByKey.find(CellKey(end, routeHash)); known != m_cellsByKey.end())
        return known->second;
    if (routeHasRoom(scope, routeHash))
        return takeCell(end, route, routeHash, scope, false);
    static const std::uint64_t otherHash = stableHash64(kOther);
    if (const auto known = m_cellsByKey.find(CellKey(end, otherHash)); known != m_cellsByKey.end())
        return known->second;
    return takeCell(end, kOther, otherHash, scope, true);
}

std::uint32_t RowTable::takeCell(std::uint32_t end, std::string_view route, std::uint64_t hash, std::uint64_t scope, bool overflow)
{
    std::uint32_t index;
    if (!m_freeCells.empty()) {
        index = m_freeCells.back();
        m_freeCells.pop_back();
    } else {
        index = static_cast<std::uint32_t>(m_cells.size());
        m_cells.push_back(std::make_unique<Cell>());
    }
    Cell& cell = *m_cells[index];
    cell.end = end;
    cell.taken = true;
    cell.overflow = overflow;
    cell.lastUsed = m_second;
    cell.routeHash = hash;
    cell.scope = scope;
    cell.route = route;
    m_cellsByKey.emplace(CellKey(end, hash), index);
    if (!overflow)
        ++m_routes[scope][hash];
    return index;
}

void RowTable::nextSecond(HostTime boundary)
{
    m_boundary = boundary;
    m_current ^= 1;
    ++m_second;
    const bool crowded = m_endsByKey.size() > kMaxEnds / 2 || m_cellsByKey.size() > kMaxCells / 2;
    constexpr std::uint64_t kKeepWhenCrowded = 3; // the two windows, and one to be sure
    const std::uint64_t keep = crowded ? kKeepWhenCrowded : kKeepSeconds;
    if (m_second > keep && (crowded || m_second % 10 == 0))
        dropUnused(m_second - keep);
}

void RowTable::dropCell(Cell& cell, std::uint32_t index)
{
    m_cellsByKey.erase(CellKey(cell.end, cell.routeHash));
    if (!cell.overflow) {
        const auto routes = m_routes.find(cell.scope);
        if (--routes->second[cell.routeHash] == 0)
            routes->second.erase(cell.routeHash);
        if (routes->second.empty())
            m_routes.erase(routes);
    }
    cell = Cell{};
    m_freeCells.push_back(index);
}

void RowTable::dropUnused(std::uint64_t before)
{
    bool dropped = false;
    for (std::uint32_t i = 0; i < m_cells.size(); ++i) {
        Cell& cell = *m_cells[i];
        if (!cell.taken)
            continue;
        if (cell.lastUsed >= before) {
            m_ends[cell.end].lastUsed = std::max(m_ends[cell.end].lastUsed, cell.lastUsed);
        } else {
            dropCell(cell, i);
            dropped = true;
        }
    }
    for (std::uint32_t i = 0; i < m_ends.size(); ++i) {
        EndSlot& slot = m_ends[i];
        if (!slot.taken || slot.lastUsed >= before)
            continue;
        m_endsByKey.erase(slot.key);
        slot = EndSlot{};
        m_freeEnds.push_back(i);
        dropped = true;
    }
    if (dropped)
        ++m_generation;
}

} // namespace binnacle::agent
