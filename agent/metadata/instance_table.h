// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/pod_identity.h"
#include "agent/metadata/process_table.h"
#include "core/telemetry/batch.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// What counts as one: a container, or the processes of one program in one cgroup and network namespace; of a server program, one
/// process tree.
struct Instance {
    EntityKey key;                // zero: the slot is free
    std::string name;             // pod's container, container id or program
    std::string program;
    std::string type;
    std::string containerId, podUid; // as the cgroup says
    PodPlace place;               // by Kubernetes; stays when the pod is gone
    NetworkNamespace netns;
    std::uint16_t listenPort = 0; // of a server program outside containers: the lowest
    ServiceName base;             // before listening addresses are told apart
    bool namedByListener = false;
    std::string serviceName;      // what it counts for; of a workload without its namespace
    EntityKey service;
    HostTime assignedSince{};     // zero = since before our time
    HostTime ended{};             // when the last process went; meaningful while processes == 0
    std::uint32_t processes = 0;  // alive
    bool aliveThisSecond = false; // at any time since the last batch
    bool listened = false;        // ever: a server
};

/// What an instance did that makes it worth a row.
enum class Activity : std::uint8_t { Listens, Talks };

struct InstanceChange {
    std::uint32_t instance = 0;
    EventKind kind = EventKind::InstanceStarted;
    HostTime at{};
};

/// Turns processes into instances and services (contracts.md "Names of services").
///
/// What Kubernetes says comes when it comes: an instance is known by its container alone, and what it is called and counts for is
/// set anew when its pod becomes known, so that late knowledge renames and never splits.
///
/// Thread: the drain thread.  An instance is born when one of its processes first listens or talks, lives while any process of it
/// lives, and keeps its index until forget().  Over kMaxInstances new ones share one named `other` (Loss::EntitiesFull).
class InstanceTable {
public:
    static constexpr std::uint32_t kMaxInstances = 9'500; // with as many services and the host: 20,000 entities

    InstanceTable(std::string bootId, ProcessTable& processes) : m_bootId(std::move(bootId)), m_processes(processes) {}

    /// The instance that `process` belongs to, made when there is none.  `port`: the lowest that its tree is known to listen on, 0 = none.
    std::uint32_t ensure(Process& process, Activity activity, std::uint16_t port, HostTime at);
    /// The one that takes what has no room.
    std::uint32_t other();

    void onForked(const ProcessForked& event);
    void onExeced(Process& process, HostTime at);
    void onExited(Process& process, HostTime at);

    /// What Kubernetes says from now on; names what is known already.
    void setKnowledge(ClusterKnowledgePtr knowledge, HostTime now);

    /// Tells servers of one program in one network namespace apart by port.  Before each batch.
    void assignServices(HostTime now);
    /// Everything alive again counts from here for `aliveThisSecond`.
    void nextSecond();
    /// Frees instances that ended before `before` and of which `used[index]` is false.
    void forget(HostTime before, const std::vector<bool>& used);

    const Instance& at(std::uint32_t index) const { return m_instances[index]; }
    Instance& at(std::uint32_t index) { return m_instances[index]; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(m_instances.size()); }

    std::vector<InstanceChange> takeChanges() { return std::exchange(m_changes, {}); }
    std::uint64_t takeOverflows() { return std::exchange(m_overflows, 0); }

private:
    struct Identity {
        EntityKey key;
        bool container = false;
        bool tree = false; // a server program outside containers: one instance a process tree
    };

    Identity identityOf(const ProcessFacts& facts, std::uint16_t port) const;
    std::uint32_t create(const ProcessFacts& facts, const Identity& identity, std::uint16_t port, HostTime at);
    void rename(Instance& instance, const ProcessFacts& facts, Activity activity, HostTime at);
    void setService(Instance& instance, std::string name, HostTime at);
    void nameByPod(Instance& instance, HostTime at);
    void join(Process& process, std::uint32_t index);
    void leave(Process& process, HostTime at);
    void adoptKin(Process& process, const Identity& identity, std::uint32_t index);

    std::string m_bootId;
    ProcessTable& m_processes;
    ClusterKnowledgePtr m_knowledge; // null: no Kubernetes
    std::vector<Instance> m_instances;
    std::vector<std::uint32_t> m_free;
    absl::flat_hash_map<EntityKey, std::uint32_t> m_byKey;
    absl::flat_hash_map<std::pair<std::uint32_t, std::string>, bool> m_numbered; // (netns, program) that once had several listeners
    std::vector<InstanceChange> m_changes;
    std::uint32_t m_other = kNoInstance;
    std::uint64_t m_overflows = 0;
};

} // namespace binnacle::agent
