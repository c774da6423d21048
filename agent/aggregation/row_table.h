// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/latency_recorder.h"
#include "agent/events/events.h"
#include "core/telemetry/batch.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// telemetry::End with the agent's own numbers of instances.
struct EndKey {
    telemetry::Side side = telemetry::Side::Client;
    Protocol protocol = Protocol::Unknown;
    std::uint32_t instance = 0xffffffff;
    std::uint32_t remoteInstance = 0xffffffff;
    NetworkNamespace netns;
    Endpoint local, remote;
    Endpoint dialled; // client: equals `remote` without address translation; server: none
    friend auto operator<=>(const EndKey&, const EndKey&) = default;
    template <class H>
    friend H AbslHashValue(H h, const EndKey& k)
    {
        return H::combine(std::move(h), k.side, k.protocol, k.instance, k.remoteInstance, k.netns, k.local, k.remote, k.dialled);
    }
};

/// Exchanges of one end and route in one second.
struct RequestWindow {
    struct Status {
        std::uint16_t id = 0; // of StatusTexts
        std::uint64_t count = 0;
    };
    std::uint64_t requests = 0, errors = 0, reused = 0;
    std::uint64_t requestBytes = 0, responseBytes = 0;
    std::array<Status, 3> statuses{};  // the first three met
    std::vector<Status> moreStatuses;
    LatencyRecorder latency, firstByte;
};

/// TCP of one end in one second.
struct TcpWindow {
    telemetry::TcpRow row; // `end` and `active` are set at the seal
    bool used = false;
};

struct EndSlot {
    EndKey key;
    bool taken = false;
    bool overflow = false;         // stands for ends that found no room
    std::uint64_t lastUsed = 0;    // second, by RowTable's count
    std::uint64_t active = 0;      // connections, counted at the seal
    std::array<TcpWindow, 2> tcp;
};

struct Cell {
    std::uint32_t end = 0;
    bool taken = false;
    bool overflow = false;         // stands for routes that found no room
    std::uint64_t lastUsed = 0;
    std::uint64_t routeHash = 0, scope = 0;
    std::string route;
    std::array<RequestWindow, 2> windows;
};

/// Short texts of responses as numbers.  At most kMax different ones; further ones are `other`.
class StatusTexts {
public:
    static constexpr std::size_t kMax = 4'096;
    StatusTexts() { m_texts.emplace_back(); } // 0: broken off before a response
    std::uint16_t idOf(std::string_view text);
    const std::string& text(std::uint16_t id) const { return m_texts[id]; }

private:
    struct Remembered {
        std::uint64_t packed = 0;
        std::uint16_t id = 0;
    };
    std::uint16_t slowIdOf(std::string_view text);

    std::vector<std::string> m_texts;
    absl::flat_hash_map<std::string, std::uint16_t> m_ids;
    std::array<Remembered, 64> m_recent{};
};

/// The rows of the open second and, for what ends early in the next one, of that: each row has two windows.
///
/// Bounds of design §2: kMaxEnds ends, kMaxRoutes routes of a service, kMaxCells rows; what is over goes to rows of `other` with exact
/// totals, and `overflow` tells the seal to count the reason.  Rows unused for kKeepSeconds are dropped at the seal; `generation()`
/// then rises and numbers that were kept elsewhere are void.  Thread: the drain thread.
class RowTable {
public:
    static constexpr std::size_t kMaxEnds = 4'096;
    static constexpr std::size_t kReservedEnds = 264; // for `other`
    static constexpr std::size_t kMaxRoutes = 200;
    static constexpr std::size_t kMaxCells = 12'288;
    static constexpr std::uint64_t kKeepSeconds = 60;

    /// `otherInstance` answers which instance stands for those without room; asked only then.
    explicit RowTable(std::function<std::uint32_t()> otherInstance) : m_otherInstance(std::move(otherInstance)) {}

    std::uint32_t ensureEnd(const EndKey& key);
    /// `scope` names the service whose routes are counted.
    std::uint32_t ensureCell(std::uint32_t end, std::string_view route, std::uint64_t routeHash, std::uint64_t scope);

    EndSlot& end(std::uint32_t index) { return m_ends[index]; }
    Cell& cell(std::uint32_t index) { return *m_cells[index]; }
    std::uint32_t endCount() const { return static_cast<std::uint32_t>(m_ends.size()); }
    std::uint32_t cellCount() const { return static_cast<std::uint32_t>(m_cells.size()); }

    std::size_t windowOf(HostTime at) const { return at < m_boundary ? m_current : m_current ^ 1; }
    std::size_t current() const { return m_current; }
    RequestWindow& requestWindow(std::uint32_t cell, std::size_t window)
    {
        Cell& used = *m_cells[cell];
        used.lastUsed = m_second;
        return used.windows[window];
    }
    TcpWindow& tcpWindow(std::uint32_t end, std::size_t window)
    {
        m_ends[end].lastUsed = m_second;
        m_ends[end].tcp[window].used = true;
        return m_ends[end].tcp[window];
    }
    void touchEnd(std::uint32_t end) { m_ends[end].lastUsed = m_second; }
    void touchCell(std::uint32_t cell) { m_cells[cell]->lastUsed = m_second; }

    CounterPages& pages() { return m_pages; }
    StatusTexts& statuses() { return m_statuses; }
    std::uint32_t generation() const { return m_generation; }
    void invalidate() { ++m_generation; }

    void setBoundary(HostTime boundary) { m_boundary = boundary; }
    /// After the current windows were emptied: the next second is the current one.
    void nextSecond(HostTime boundary);

private:
    std::uint32_t takeEnd(const EndKey& key, bool overflow);
    std::uint32_t takeCell(std::uint32_t end, std::string_view route, std::uint64_t hash, std::uint64_t scope, bool overflow);
    bool routeHasRoom(std::uint64_t scope, std::uint64_t hash) const;
    void dropUnused(std::uint64_t before);
    void dropCell(Cell& cell, std::uint32_t index);

    std::function<std::uint32_t()> m_otherInstance;
    using CellKey = std::pair<std::uint32_t, std::uint64_t>;
    std::deque<EndSlot> m_ends;
    std::vector<std::unique_ptr<Cell>> m_cells;
    std::vector<std::uint32_t> m_freeEnds, m_freeCells;
    absl::flat_hash_map<EndKey, std::uint32_t> m_endsByKey;
    absl::flat_hash_map<CellKey, std::uint32_t> m_cellsByKey;
    absl::flat_hash_map<std::uint64_t, absl::flat_hash_map<std::uint64_t, std::uint32_t>> m_routes; // scope → route → rows that use it
    CounterPages m_pages;
    StatusTexts m_statuses;
    HostTime m_boundary = HostTime::max();
    std::size_t m_current = 0;
    std::uint64_t m_second = 1;
    std::uint32_t m_generation = 1;
};

} // namespace binnacle::agent
