// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/internal/columns.h"
#include "core/telemetry/internal/hashes.h"

#include "binnacle/v1/batch.pb.h"

#include <absl/container/flat_hash_map.h>

#include <array>
#include <tuple>

namespace binnacle::telemetry::internal {

namespace v1 = binnacle::v1; // generated

/// What does not change in the life of a connection.
struct ConnectionFacts {
    std::uint32_t key = 0, end = 0; // of the segment
    std::uint16_t localPort = 0, remotePort = 0;
    std::uint32_t pid = 0;
    bool existed = false;
    UtcTime openedAt{};
    friend bool operator==(const ConnectionFacts&, const ConnectionFacts&) = default;

    template <class H>
    friend H AbslHashValue(H h, const ConnectionFacts& f)
    {
        return H::combine(std::move(h), f.key, f.end, f.localPort, f.remotePort, f.pid, f.existed, ns(f.openedAt));
    }
};

/// The growing dictionary of a segment being written: indexes of a batch in, indexes of the segment out.
///
/// Keeps two runs: all of it (for readers that join late) and what the chunk in work has added.
class SegmentDictionary {
public:
    SegmentDictionary(std::size_t stringLimit, std::size_t clusterLimit) : m_measured{stringLimit}, m_cluster{clusterLimit}, m_all(&m_allRun) {}

    /// While it lives, new text is counted against the room for what Kubernetes says of the cluster: thousands of names that must
    /// not crowd out what this host measured.
    class ClusterText {
    public:
        explicit ClusterText(SegmentDictionary& dictionary) : m_dictionary(dictionary) { m_dictionary.m_room = &m_dictionary.m_cluster; }
        ~ClusterText() { m_dictionary.m_room = &m_dictionary.m_measured; }
        ClusterText(const ClusterText&) = delete;
        ClusterText& operator=(const ClusterText&) = delete;

        bool isFull() const { return m_dictionary.m_cluster.full; }
        /// One row whose names found no room.
        void leaveOut() { ++m_dictionary.m_overflows; }

    private:
        SegmentDictionary& m_dictionary;
    };

    /// From here on indexes are those of `batch`, and additions go to `additions` too.
    void begin(const Dictionary& batch, v1::Dictionary& additions);

    std::uint32_t string(std::uint32_t batchIndex);
    std::uint32_t entity(std::uint32_t batchIndex);
    std::uint32_t end(std::uint32_t batchIndex);
    std::uint32_t address(const InternetAddress& address);
    std::uint32_t key(const EntityKey& key);
    std::uint32_t connection(const ConnectionFacts& facts);

    std::uint32_t stringPlus1(std::uint32_t i) { return i == kNone ? 0 : string(i) + 1; }
    std::uint32_t entityPlus1(std::uint32_t i) { return i == kNone ? 0 : entity(i) + 1; }
    std::uint32_t endPlus1(std::uint32_t i) { return i == kNone ? 0 : end(i) + 1; }

    /// The entry that stands for all text over the limit.
    std::uint32_t other() { return intern(kOther); }
    bool isOther(std::uint32_t index) const { return m_other && *m_other == index; }
    bool stringsAreFull() const { return m_measured.full; }
    /// Uses of text that did not fit since begin().
    std::uint64_t overflows() const { return m_overflows; }

    std::string opening() const { return m_allRun.SerializeAsString(); }

private:
    static constexpr std::string_view kOther = "other";

    struct Room {
        std::size_t limit = 0, used = 0; // bytes
        bool full = false;
    };
    struct Run {
        explicit Run(v1::Dictionary* d) : dictionary(d) {}
        v1::Dictionary* dictionary;
        Delta opened{0};
    };

    template <class Write>
    void write(Write&& to)
    {
        to(m_all);
        to(m_new);
    }
    std::uint32_t intern(std::string_view text);
    bool takesText(std::size_t bytes);
    std::uint32_t addEntity(const Entity& entity);

    Room m_measured, m_cluster;
    Room* m_room = &m_measured;
    std::uint64_t m_overflows = 0;
    std::optional<std::uint32_t> m_other;

    v1::Dictionary m_allRun;
    Run m_all, m_new{nullptr};
    const Dictionary* m_batch = nullptr; // not owned; valid until the next begin()
    std::vector<std::uint32_t> m_stringOf, m_entityOf, m_endOf; // by index of the batch; kNone = not yet

    absl::flat_hash_map<std::string, std::uint32_t, TextHash, std::equal_to<>> m_strings;
    absl::flat_hash_map<Entity, std::uint32_t, EntityHash> m_entities;
    absl::flat_hash_map<InternetAddress, std::uint32_t> m_addresses;
    absl::flat_hash_map<std::array<std::uint32_t, 12>, std::uint32_t> m_ends;
    absl::flat_hash_map<EntityKey, std::uint32_t> m_keys;
    absl::flat_hash_map<ConnectionFacts, std::uint32_t> m_connections;
};

} // namespace binnacle::telemetry::internal
