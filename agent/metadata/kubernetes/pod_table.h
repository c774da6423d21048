// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/cluster_knowledge.h"
#include "core/kube/objects/workload_finder.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::agent {

using kube::objects::OwnerTable;
using kube::objects::PodObject;

/// The pods of this agent's host, and for a while those that were.
///
/// Bounded: `most` pods, what is over is counted and not kept.  Deleted pods stay for `keepDeleted`, since telemetry comes later than
/// the end of what it speaks of.  Thread: one at a time.
class PodTable {
public:
    PodTable(std::size_t most, Nanoseconds keepDeleted) : m_most(most), m_keepDeleted(keepDeleted) {}

    void set(PodObject pod, UtcTime now);
    void remove(const std::string& uid, UtcTime now);
    /// True if something went.
    bool forgetDeleted(UtcTime now);

    /// Fills the two maps of pods.
    void tell(ClusterKnowledge& knowledge, const OwnerTable& owners, const std::string& zone) const;

    std::size_t size() const { return m_pods.size(); }
    std::uint64_t leftOut() const { return m_leftOut; } // since the start

private:
    struct Entry {
        PodObject pod;
        UtcTime deletedAt{}; // zero: it is there
        mutable std::shared_ptr<const PodFacts> told; // the same pointer while nothing changed
    };

    std::size_t m_most;
    Nanoseconds m_keepDeleted;
    absl::flat_hash_map<std::string, Entry> m_pods; // by uid
    std::uint64_t m_leftOut = 0;
};

} // namespace binnacle::agent
