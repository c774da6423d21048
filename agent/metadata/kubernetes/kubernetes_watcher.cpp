// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/kubernetes_watcher.h"

#include "agent/metadata/kubernetes/cluster_model.h"
#include "agent/metadata/kubernetes/internal/watch_state.h"
#include "agent/metadata/kubernetes/lease_client.h"
#include "core/base/cancellation.h"
#include "core/kube/api/watched_list.h"
#include "core/kube/credentials/credential_source.h"
#include "core/kube/net/backoff.h"
#include "core/kube/net/http_client.h"

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <thread>
#include <utility>

namespace binnacle::agent {

namespace {

constexpr auto kBeat = std::chrono::milliseconds(100);

bool isOfHost(Resource resource) { return resource == Resource::HostPods || resource == Resource::OwnNode; }

kube::ListQuery queryFor(const ResourceFacts& facts, const std::string& host)
{
    kube::ListQuery query;
    query.collection = {{facts.group, facts.version, facts.plural}, {}, {}, {}};
    if (facts.resource == Resource::HostPods)
        query.fieldSelector = "spec.nodeName=" + host;
    else if (facts.resource == Resource::OwnNode)
        query.fieldSelector = "metadata.name=" + host;
    query.detail = facts.metadataOnly ? kube::Detail::MetadataOnly : kube::Detail::Whole;
    return query;
}

/// Carries what one list finds into the state; deaf once it was told so.
class ResourceSink final : public kube::WatchSink {
public:
    ResourceSink(Resource resource, std::shared_ptr<WatchState> state) : m_resource(resource), m_state(std::move(state)) {}

    void added(const kube::WatchedObject& object) override { set(object); }
    void updated(const kube::WatchedObject& object) override { set(object); }
    void deleted(const kube::WatchedObject& object) override
    {
        if (*m_listens)
            m_state->remove(m_resource, {object.namespaceName, object.name, object.uid});
    }
    void synced() override
    {
        if (*m_listens)
            m_state->synced(m_resource);
    }
    void gap(const std::string&) override {} // the differences follow
    void troubled(const Error& error) override
    {
        if (*m_listens)
            m_state->troubled(m_resource, error);
    }
    /// On the reactor.
    std::shared_ptr<bool> listens() const { return m_listens; }

private:
    void set(const kube::WatchedObject& object)
    {
        if (*m_listens && object.json)
            m_state->set(m_resource, *object.json);
    }
    Resource m_resource;
    std::shared_ptr<WatchState> m_state;
    std::shared_ptr<bool> m_listens = std::make_shared<bool>(true); // of the reactor's thread
};

} // namespace

class KubernetesWatcher::Impl {
public:
    explicit Impl(Options options)
        : m_options(std::move(options)), m_state(std::make_shared<WatchState>(modelOptions(m_options), m_options.say)), m_lease(m_options.lease)
    {
        m_thread = std::thread([this] { run(); });
    }

    ~Impl()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_cancellation.cancel();
        m_wanted.notify_all();
        m_thread.join();
    }

    const WatchState& state() const { return *m_state; }
    WatchState& state() { return *m_state; }

private:
    struct Watch {
        Resource resource;
        std::shared_ptr<bool> listens;
        std::unique_ptr<kube::WatchedList> list;
    };

    static ClusterModel::Options modelOptions(const Options& options)
    {
        ClusterModel::Options model;
        model.hostName = options.hostName;
        model.labels = options.labels;
        return model;
    }

    void run()
    {
        ::pthread_setname_np(::pthread_self(), "bn-kubernetes");
        if (connect()) {
            for (const ResourceFacts& facts : kResources) {
                if (isOfHost(facts.resource))
                    watch(facts);
            }
            while (pause(kBeat)) {
                keepLease();
                askClusterUid();
                m_reactor.post([state = m_state] { state->beat(); });
            }
            giveLeaseBack();
        }
        m_watches.clear();
        m_client.reset();
    }

    /// False: it is time to stop.
    bool pause(Nanoseconds length)
    {
        std::unique_lock lock(m_mutex);
        return !m_wanted.wait_for(lock, length, [this] { return m_stop; });
    }

    bool connect()
    {
        using std::chrono::duration_cast;
        using std::chrono::milliseconds;
        kube::Backoff backoff(duration_cast<milliseconds>(m_options.firstPause), duration_cast<milliseconds>(m_options.longestPause));
        for (;;) {
            auto connection = m_options.connect();
            if (connection) {
                m_state->setAccessTrouble({});
                m_nameSpace = connection->access.defaultNamespace;
                kube::HttpClientOptions options;
                options.userAgent = "binnacle-agent";
                m_client = std::make_unique<kube::HttpClient>(m_reactor, std::move(connection->access), std::move(connection->credentials), options);
                m_leaseClient.emplace(*m_client, m_nameSpace, m_options.leaseName);
                return true;
            }
            m_state->setAccessTrouble("no access to the API server (" + connection.error().what + "): names come from cgroups alone");
            if (!pause(backoff.next()))
                return false;
        }
    }

    void watch(const ResourceFacts& facts)
    {
        kube::WatchOptions options;
        options.firstPause = std::chrono::duration_cast<std::chrono::milliseconds>(m_options.firstPause);
        options.longestPause = std::chrono::duration_cast<std::chrono::milliseconds>(m_options.longestPause);
        auto sink = std::make_shared<ResourceSink>(facts.resource, m_state);
        auto listens = sink->listens();
        m_watches.push_back({facts.resource, std::move(listens),
                             std::make_unique<kube::WatchedList>(*m_client, queryFor(facts, m_options.hostName), std::move(sink), options)});
    }

    void keepLease()
    {
        const LeaseStep step = m_lease.next(steadyNow(), utcNow());
        if (step.kind != LeaseStep::Kind::Wait) {
            const auto [answer, record] = m_leaseClient->carryOut(step, m_cancellation);
            m_lease.answer(answer, record, steadyNow());
            m_state->setLeaseTrouble(m_leaseClient->trouble());
        }
        const bool held = m_lease.isHeld(steadyNow());
        if (held == m_watchesCluster)
            return;
        m_watchesCluster = held;
        if (held)
            beginCluster();
        else
            endCluster();
    }

    void beginCluster()
    {
        for (const ResourceFacts& facts : kResources) {
            if (!isOfHost(facts.resource))
                watch(facts);
        }
        m_state->setWatchesCluster(true);
    }

    void endCluster()
    {
        m_state->setWatchesCluster(false);
        std::vector<std::shared_ptr<bool>> deaf;
        for (const Watch& watch : m_watches) {
            if (!isOfHost(watch.resource))
                deaf.push_back(watch.listens);
        }
        std::erase_if(m_watches, [](const Watch& watch) { return !isOfHost(watch.resource); });
        m_reactor.post([state = m_state, deaf = std::move(deaf)] {
            for (const auto& listens : deaf)
                *listens = false;
            state->forgetCluster();
        });
    }

    void giveLeaseBack()
    {
        if (auto record = m_lease.release(utcNow()))
            m_leaseClient->carryOut({LeaseStep::Kind::Update, std::move(*record), {}});
    }

    /// The uid of namespace kube-system is the cluster's for as long as it lives.  A list: that is what the agents' role allows.
    void askClusterUid()
    {
        if (m_uidKnown || steadyNow() < m_uidAgain)
            return;
        m_uidAgain = steadyNow() + m_options.longestPause;
        kube::ListQuery query;
        query.collection = {{"", "v1", "namespaces"}, {}, {}, {}};
        query.fieldSelector = "metadata.name=kube-system";
        query.detail = kube::Detail::MetadataOnly;
        const auto answer = kube::ApiClient(*m_client).list(std::move(query), m_cancellation);
        if (!answer) {
            m_state->setClusterTrouble(answer.error().what + "; services of this cluster cannot be told from another's of the same name");
            return;
        }
        for (const std::string& item : answer->items) {
            const auto object = nlohmann::json::parse(item, nullptr, false);
            const auto metadata = object.is_object() ? object.find("metadata") : object.end();
            if (object.is_object() && metadata != object.end() && metadata->is_object() && metadata->contains("uid") && (*metadata)["uid"].is_string()) {
                m_uidKnown = true;
                m_state->setClusterTrouble({});
                m_reactor.post([state = m_state, uid = (*metadata)["uid"].get<std::string>()] { state->setClusterUid(uid); });
            }
        }
    }

    Options m_options;
    std::shared_ptr<WatchState> m_state;
    kube::Reactor m_reactor; // outlives the client and the watches
    std::unique_ptr<kube::HttpClient> m_client;
    std::optional<LeaseClient> m_leaseClient;
    std::string m_nameSpace;
    Lease m_lease;
    std::vector<Watch> m_watches;
    bool m_watchesCluster = false;
    bool m_uidKnown = false;
    HostTime m_uidAgain{};
    Cancellation m_cancellation;
    std::mutex m_mutex;
    std::condition_variable m_wanted;
    bool m_stop = false; // guarded by m_mutex
    std::thread m_thread;
};

KubernetesWatcher::KubernetesWatcher(Options options) : m_impl(std::make_unique<Impl>(std::move(options))) {}
KubernetesWatcher::~KubernetesWatcher() = default;
ClusterKnowledgePtr KubernetesWatcher::latest() const { return m_impl->state().latest(); }
std::vector<ClusterChange> KubernetesWatcher::takeChanges(std::uint64_t& dropped) { return m_impl->state().takeChanges(dropped); }
bool KubernetesWatcher::waitForPods(Nanoseconds most) const { return m_impl->state().waitForPods(most); }
bool KubernetesWatcher::watchesCluster() const { return m_impl->state().watchesCluster(); }
std::vector<KnowledgeLimit> KubernetesWatcher::limits() const { return m_impl->state().limits(); }
std::uint64_t KubernetesWatcher::leftOut() const { return m_impl->state().leftOut(); }

} // namespace binnacle::agent
