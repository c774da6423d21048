// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/internal/watch_state.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

namespace {

constexpr std::size_t kMostChanges = 1'000;
constexpr std::size_t kMostSaid = 256;
constexpr Nanoseconds kLeastPause = std::chrono::milliseconds(100);
constexpr int kShareOfTime = 20; // 1 ÷ 5 %

std::string placeOf(Resource resource)
{
    const ResourceFacts& facts = factsOf(resource);
    const std::string group = facts.group[0] == '\0' ? "" : std::string(".") + facts.group;
    const bool ofHost = resource == Resource::HostPods || resource == Resource::OwnNode;
    return facts.plural + group + (ofHost ? " of this host" : "");
}

/// `endpointslices.discovery.k8s.io` → `kubernetes_endpointslices`; access as a whole → `kubernetes`.
std::string nameOf(const std::string& place)
{
    const std::size_t group = place.find('.');
    const std::size_t ofHost = place.find(" of this host");
    std::string name = "kubernetes";
    if (!place.empty())
        name += '_' + place.substr(0, std::min(group, ofHost));
    return ofHost == std::string::npos ? name : name + "_of_this_host";
}

} // namespace

HostTime steadyNow() { return HostTime(std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())); }

WatchState::WatchState(ClusterModel::Options options, std::function<void(const std::string&)> say) : m_model(std::move(options)), m_say(std::move(say))
{
    m_latest = std::make_shared<const ClusterKnowledge>(m_model.knowledge());
}

void WatchState::set(Resource resource, const nlohmann::json& object) { m_model.set(resource, object, utcNow()); }

void WatchState::remove(Resource resource, const ObjectName& name) { m_model.remove(resource, name, utcNow()); }

void WatchState::synced(Resource resource)
{
    m_model.synced(resource);
    setTrouble(placeOf(resource), {});
    if (resource == Resource::HostPods) {
        {
            const std::lock_guard lock(m_mutex);
            m_podsRefused = false;
        }
        publish(); // somebody may wait for it
    }
}

void WatchState::troubled(Resource resource, const Error& error)
{
    if (error.code == ErrorCode::Cancelled)
        return;
    setTrouble(placeOf(resource), "list and watch " + placeOf(resource) + ": " + error.what + "; " + factsOf(resource).withoutIt);
    if (resource != Resource::HostPods || error.code != ErrorCode::Denied)
        return;
    const std::lock_guard lock(m_mutex);
    m_podsRefused = true;
    m_changed.notify_all();
}

void WatchState::forgetCluster()
{
    m_model.forgetCluster();
    std::vector<std::string> places;
    for (const ResourceFacts& facts : kResources)
        places.push_back(placeOf(facts.resource));
    const std::lock_guard lock(m_mutex);
    for (const std::string& place : places) {
        if (!place.ends_with("of this host"))
            m_troubles.erase(place);
    }
}

void WatchState::beat()
{
    m_model.forgetDeleted(utcNow());
    std::vector<ClusterChange> changes = m_model.takeChanges();
    if (!changes.empty()) {
        const std::lock_guard lock(m_mutex);
        for (ClusterChange& change : changes) {
            if (m_changes.size() >= kMostChanges) {
                ++m_dropped;
                continue;
            }
            m_changes.push_back(std::move(change));
        }
    }
    if (m_model.isDirty() && steadyNow() >= m_nextAt)
        publish();
}

void WatchState::publish()
{
    const HostTime began = steadyNow();
    auto knowledge = std::make_shared<const ClusterKnowledge>(m_model.knowledge());
    const HostTime ended = steadyNow();
    m_nextAt = ended + std::max(kLeastPause, (ended - began) * kShareOfTime);
    const std::lock_guard lock(m_mutex);
    m_latest = std::move(knowledge);
    m_leftOut = m_model.leftOut();
    m_changed.notify_all();
}

void WatchState::setTrouble(const std::string& place, std::string what)
{
    bool isNew = false;
    {
        const std::lock_guard lock(m_mutex);
        if (what.empty()) {
            m_troubles.erase(place);
        } else {
            m_troubles[place] = what;
            isNew = m_said.size() < kMostSaid && m_said.insert(what).second;
        }
        if (place.empty())
            m_podsRefused = !what.empty();
        m_changed.notify_all();
    }
    if (isNew)
        m_say(what);
}

void WatchState::setLeaseTrouble(std::string what)
{
    if (!what.empty())
        what += "; while no agent holds the Lease, addresses of services have no name and changes of the cluster are not seen";
    setTrouble("leases", std::move(what));
}

void WatchState::setWatchesCluster(bool does)
{
    const std::lock_guard lock(m_mutex);
    m_watchesCluster = does;
}

ClusterKnowledgePtr WatchState::latest() const
{
    const std::lock_guard lock(m_mutex);
    return m_latest;
}

std::vector<ClusterChange> WatchState::takeChanges(std::uint64_t& dropped)
{
    const std::lock_guard lock(m_mutex);
    dropped = std::exchange(m_dropped, 0);
    std::vector<ClusterChange> changes(std::make_move_iterator(m_changes.begin()), std::make_move_iterator(m_changes.end()));
    m_changes.clear();
    return changes;
}

bool WatchState::waitForPods(Nanoseconds most) const
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, most, [this] { return m_latest->podsComplete || m_podsRefused; });
    return m_latest->podsComplete;
}

bool WatchState::watchesCluster() const
{
    const std::lock_guard lock(m_mutex);
    return m_watchesCluster;
}

std::vector<KnowledgeLimit> WatchState::limits() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<KnowledgeLimit> limits;
    for (const auto& [place, what] : m_troubles)
        limits.push_back({nameOf(place), what});
    if (m_leftOut > 0)
        limits.push_back({"kubernetes_objects", std::to_string(m_leftOut) + " objects of the cluster found no room and are not known by name"});
    std::ranges::sort(limits);
    return limits;
}

std::uint64_t WatchState::leftOut() const
{
    const std::lock_guard lock(m_mutex);
    return m_leftOut;
}

} // namespace binnacle::agent
