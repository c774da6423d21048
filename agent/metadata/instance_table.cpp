// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/instance_table.h"

#include "core/kube/objects/entities.h"
#include "core/telemetry/identity.h"

#include <map>
#include <set>

namespace binnacle::agent {

namespace {

constexpr std::size_t kShortId = 12; // as runtimes print it

std::string instanceName(const ProcessFacts& facts)
{
    if (!facts.containerName.empty())
        return facts.containerName;
    if (!facts.cgroup.containerId.empty())
        return facts.cgroup.containerId.substr(0, kShortId);
    return facts.program.name;
}

EntityKey processServiceKey(const std::string& name) { return telemetry::serviceKey({}, {}, "process", name); }

} // namespace

InstanceTable::Identity InstanceTable::identityOf(const ProcessFacts& facts, std::uint16_t port) const
{
    const CgroupFacts& cgroup = facts.cgroup;
    if (!cgroup.podUid.empty() && !facts.containerName.empty())
        return {telemetry::podInstanceKey(cgroup.podUid, facts.containerName), true, false};
    if (!cgroup.containerId.empty())
        return {telemetry::containerInstanceKey(cgroup.containerId), true, false};
    const bool tree = facts.program.serverProgram;
    return {telemetry::programInstanceKey(m_bootId, facts.netns.value, cgroup.path, facts.program.name, tree ? port : 0), false, tree};
}

std::uint32_t InstanceTable::ensure(Process& process, Activity activity, std::uint16_t port, HostTime at)
{
    const ProcessFacts& facts = m_processes.factsOf(process);
    if (process.instance == kNoInstance) {
        Identity identity = identityOf(facts, port);
        auto known = m_byKey.find(identity.key);
        // Another service in the same container: the environment says so, thus it is an instance of its own.
        const ServiceName name = serviceNameOf(facts);
        if (known != m_byKey.end() && identity.container && !m_instances[known->second].place.pod && name.source >= NameSource::Unit && m_instances[known->second].base.source >= NameSource::Unit &&
            m_instances[known->second].base.name != name.name) {
            identity = {telemetry::programInstanceKey(m_bootId, facts.netns.value, facts.cgroup.path, name.name, 0), false, false};
            known = m_byKey.find(identity.key);
        }
        const bool isNew = known == m_byKey.end();
        const std::uint32_t index = isNew ? create(facts, identity, port, at) : known->second;
        join(process, index);
        if (isNew || activity == Activity::Listens) // not for each of a thousand short-lived clients
            adoptKin(process, identity, index);
        if (process.ended != HostTime{})
            m_instances[index].ended = std::max(m_instances[index].ended, process.ended);
    }
    rename(m_instances[process.instance], facts, activity, at);
    return process.instance;
}

std::uint32_t InstanceTable::create(const ProcessFacts& facts, const Identity& identity, std::uint16_t port, HostTime at)
{
    if (m_byKey.size() >= kMaxInstances) {
        ++m_overflows;
        return other();
    }
    std::uint32_t index;
    if (!m_free.empty()) {
        index = m_free.back();
        m_free.pop_back();
    } else {
        index = static_cast<std::uint32_t>(m_instances.size());
        m_instances.emplace_back();
    }
    Instance& instance = m_instances[index];
    instance = Instance{};
    instance.key = identity.key;
    instance.name = instanceName(facts);
    instance.program = facts.program.name;
    instance.type = facts.program.type;
    instance.containerId = facts.cgroup.containerId;
    instance.podUid = facts.cgroup.podUid;
    instance.netns = facts.netns;
    instance.listenPort = identity.tree ? port : 0;
    instance.base = serviceNameOf(facts);
    setService(instance, instance.base.name, at);
    nameByPod(instance, at);
    m_byKey.emplace(identity.key, index);
    return index;
}

std::uint32_t InstanceTable::other()
{
    if (m_other == kNoInstance) {
        m_other = static_cast<std::uint32_t>(m_instances.size());
        Instance& instance = m_instances.emplace_back();
        instance.key = EntityKey::ofText("binnacle other " + m_bootId);
        instance.name = instance.program = "other";
        instance.base = {"other", NameSource::Environment};
        setService(instance, "other", {});
    }
    m_instances[m_other].aliveThisSecond = true;
    return m_other;
}

/// A better source names the instance anew, and what listens knows better than what only talks.
void InstanceTable::rename(Instance& instance, const ProcessFacts& facts, Activity activity, HostTime at)
{
    const bool listens = activity == Activity::Listens;
    ServiceName name = serviceNameOf(facts);
    const bool better = name.source > instance.base.source || (name.source == instance.base.source && listens && !instance.namedByListener);
    if (better && name.name != instance.base.name) {
        instance.base = std::move(name);
        instance.program = facts.program.name;
        instance.type = facts.program.type;
        setService(instance, instance.base.name, at);
    }
    instance.namedByListener |= listens;
    if (listens && !instance.listened) {
        instance.listened = true;
        m_changes.push_back({static_cast<std::uint32_t>(&instance - m_instances.data()), EventKind::InstanceStarted, at});
    }
}

void InstanceTable::setService(Instance& instance, std::string name, HostTime at)
{
    instance.service = processServiceKey(name);
    instance.serviceName = std::move(name);
    instance.assignedSince = at;
}

void InstanceTable::setKnowledge(ClusterKnowledgePtr knowledge, HostTime now)
{
    m_knowledge = std::move(knowledge);
    for (Instance& instance : m_instances) {
        if (instance.key)
            nameByPod(instance, now);
    }
}

void InstanceTable::nameByPod(Instance& instance, HostTime at)
{
    if (!m_knowledge || (instance.containerId.empty() && instance.podUid.empty()))
        return;
    PodPlace place = findPod(*m_knowledge, instance.containerId, instance.podUid);
    if (!place.pod)
        return; // deleted, or not told yet: the name it has stays
    const WorkloadName& workload = place.pod->workload;
    instance.name = place.pod->name;
    instance.base = {workload.name, NameSource::Workload};
    instance.place = std::move(place);
    const EntityKey service = kube::objects::workloadKey(m_knowledge->clusterUid, instance.place.pod->workload);
    if (service == instance.service)
        return;
    instance.service = service;
    instance.serviceName = instance.base.name;
    instance.assignedSince = at;
}

void InstanceTable::join(Process& process, std::uint32_t index)
{
    process.instance = index;
    m_instances[index].aliveThisSecond = true;
    if (process.ended != HostTime{})
        return;
    Instance& instance = m_instances[index];
    if (instance.processes++ == 0 && instance.listened && instance.ended != HostTime{}) {
        m_changes.push_back({index, EventKind::InstanceStarted, process.began});
        instance.ended = {};
    }
}

void InstanceTable::leave(Process& process, HostTime at)
{
    if (process.instance == kNoInstance)
        return;
    Instance& instance = m_instances[process.instance];
    if (instance.processes > 0 && --instance.processes == 0) {
        instance.ended = at;
        if (instance.listened)
            m_changes.push_back({process.instance, EventKind::InstanceEnded, at});
    }
}

/// Processes that were there before the instance showed itself belong to it as well.
void InstanceTable::adoptKin(Process& process, const Identity& identity, std::uint32_t index)
{
    Process* const root = identity.tree ? &m_processes.treeRoot(process) : nullptr;
    const std::shared_ptr<const ProcessFacts> mine = process.facts;
    m_processes.forEachLive([&](Process& candidate) {
        if (candidate.instance != kNoInstance || !candidate.facts || candidate.ignored)
            return;
        const ProcessFacts& facts = *candidate.facts;
        if (facts.cgroup.path != mine->cgroup.path)
            return;
        if (!identity.container && (facts.netns != mine->netns || facts.program.name != mine->program.name))
            return;
        if (!root || &m_processes.treeRoot(candidate) == root)
            join(candidate, index);
    });
}

void InstanceTable::onForked(const ProcessForked& event)
{
    Process* const child = m_processes.find(event.task.pid, event.at);
    Process* const parent = m_processes.find(event.parent, event.at);
    if (child && parent && child->instance == kNoInstance && parent->instance != kNoInstance)
        join(*child, parent->instance);
}

void InstanceTable::onExeced(Process& process, HostTime at)
{
    const ProcessFacts& facts = *process.facts;
    const Identity identity = identityOf(facts, 0);
    if (process.instance != kNoInstance) {
        if (m_instances[process.instance].key == identity.key)
            return;
        leave(process, at);
        process.instance = kNoInstance;
    }
    // A tree is known by its listener, which is told by ensure().
    const auto known = m_byKey.find(identity.key);
    if (known != m_byKey.end() && !identity.tree)
        join(process, known->second);
}

void InstanceTable::onExited(Process& process, HostTime at) { leave(process, at); }

void InstanceTable::assignServices(HostTime now)
{
    std::map<std::pair<std::uint32_t, std::string>, std::set<std::uint16_t>> ports;
    for (const Instance& instance : m_instances) {
        if (instance.key && instance.listenPort != 0 && instance.processes > 0 && instance.base.source == NameSource::Program)
            ports[{instance.netns.value, instance.program}].insert(instance.listenPort);
    }
    for (const auto& [place, numbers] : ports) {
        if (numbers.size() > 1)
            m_numbered[place] = true;
    }
    for (Instance& instance : m_instances) {
        if (!instance.key || instance.listenPort == 0 || instance.base.source != NameSource::Program ||
            !m_numbered.contains(std::pair(instance.netns.value, instance.program)))
            continue;
        std::string name = instance.program + ':' + std::to_string(instance.listenPort);
        if (name == instance.serviceName)
            continue;
        instance.name = name;
        setService(instance, std::move(name), now);
    }
}

void InstanceTable::nextSecond()
{
    for (Instance& instance : m_instances)
        instance.aliveThisSecond = instance.processes > 0;
}

void InstanceTable::forget(HostTime before, const std::vector<bool>& used)
{
    for (std::uint32_t i = 0; i < m_instances.size(); ++i) {
        Instance& instance = m_instances[i];
        if (!instance.key || i == m_other || instance.processes > 0 || instance.ended >= before || (i < used.size() && used[i]))
            continue;
        m_byKey.erase(instance.key);
        instance = Instance{};
        m_free.push_back(i);
    }
}

} // namespace binnacle::agent
