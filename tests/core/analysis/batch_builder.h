// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/batch_source.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Batches by hand, in few words, and a source of them.
namespace binnacle::tests {

using namespace telemetry;

inline constexpr std::int64_t kFirstSecond = 1'800'000'000; // a multiple of 600

inline UtcTime second(double offset) { return utcTime(kFirstSecond * 1'000'000'000 + static_cast<std::int64_t>(offset * 1e9)); }
inline TimeRange seconds(double from, double to) { return {second(from), second(to)}; }

inline EntityKey agentKey(const std::string& host) { return EntityKey::ofText("host " + host); }

inline AgentIdentity identity(const std::string& host, std::uint32_t epoch = 1)
{
    return {agentKey(host), host, "boot-" + host, "0.1.0", "6.18.0", epoch, "socket"};
}

inline Endpoint endpoint(const std::string& address, std::uint16_t port = 0) { return {*InternetAddress::parse(address), port}; }

/// One second of one host.  Indexes that it returns are good for this batch only.
class BatchBuilder {
public:
    BatchBuilder(const std::string& host, int offset) : m_host(host), m_offset(offset)
    {
        m_batch.key = {agentKey(host), 1, static_cast<std::uint64_t>(offset) + 1};
        m_batch.range = seconds(offset, offset + 1);
        m_batch.overview.emplace();
    }

    std::uint32_t text(const std::string& text) { return indexOf(m_dictionary.strings, text); }

    std::uint32_t service(const std::string& name, const std::string& nameSpace = {}, ServiceKind kind = ServiceKind::Process)
    {
        Entity entity{EntityKey::ofText("service " + nameSpace + "/" + name), EntityKind::Service, name, nameSpace, {}, kind, {}};
        return indexOf(m_dictionary.entities, entity);
    }

    std::uint32_t instance(const std::string& name, const std::string& type = {}, bool container = false)
    {
        Entity entity{EntityKey::ofText("instance " + name), EntityKind::Instance, name, {}, type, ServiceKind::Process, {}};
        if (container)
            entity.attributes.emplace_back("container.id", "c-" + name);
        return indexOf(m_dictionary.entities, entity);
    }

    std::uint32_t entityIndex(const Entity& entity) { return indexOf(m_dictionary.entities, entity); }
    Entity& entity(std::uint32_t index) { return m_dictionary.entities[index]; }
    std::uint32_t end(const End& end) { return indexOf(m_dictionary.ends, end); }

    BatchBuilder& present(std::uint32_t instance, std::uint32_t service = kNone, std::uint32_t processes = 1)
    {
        m_batch.overview->presence.push_back({instance, service, m_batch.range.from, processes});
        return *this;
    }

    BatchBuilder& listen(std::uint32_t instance, Endpoint local, std::uint32_t netns, std::uint32_t queue = 0)
    {
        m_batch.overview->listening.push_back({instance, local, netns, queue, 128});
        return *this;
    }

    std::uint32_t client(std::uint32_t instance, const std::string& own, Endpoint remote, std::uint32_t netns, Protocol protocol,
                         std::uint32_t remoteInstance = kNone)
    {
        return indexOf(m_dictionary.ends, End{Side::Client, instance, endpoint(own), remote, remote, remoteInstance, netns, protocol, false});
    }

    std::uint32_t server(std::uint32_t instance, Endpoint local, const std::string& peer, std::uint32_t netns, Protocol protocol,
                         std::uint32_t remoteInstance = kNone)
    {
        return indexOf(m_dictionary.ends, End{Side::Server, instance, local, endpoint(peer), {}, remoteInstance, netns, protocol, false});
    }

    RequestRow& requests(std::uint32_t end, std::uint64_t count, std::uint64_t errors = 0, std::uint64_t latency = 1'000'000,
                         const std::string& route = "GET /")
    {
        RequestRow row;
        row.end = end;
        row.route = text(route);
        row.requests = count;
        row.errors = errors;
        if (count > errors)
            row.statuses.push_back({text("200"), count - errors});
        if (errors > 0)
            row.statuses.push_back({text("500"), errors});
        row.latency.record(latency, count);
        row.firstByte.record(latency / 2, count);
        m_batch.overview->requests.push_back(std::move(row));
        return m_batch.overview->requests.back();
    }

    TcpRow& tcp(std::uint32_t end, std::uint64_t opened = 0, std::uint64_t active = 0)
    {
        TcpRow row;
        row.end = end;
        row.opened = opened;
        row.active = active;
        m_batch.overview->tcp.push_back(std::move(row));
        return m_batch.overview->tcp.back();
    }

    BatchBuilder& open(std::uint32_t end, std::uint64_t count, Nanoseconds age, const std::string& route = "GET /")
    {
        m_batch.overview->open.push_back({end, text(route), count, age});
        return *this;
    }

    BatchBuilder& pending(std::uint32_t end, std::uint64_t count, Nanoseconds age, std::uint32_t synSent = 2)
    {
        m_batch.overview->pendingConnects.push_back({end, count, age, synSent});
        return *this;
    }

    BatchBuilder& lose(Loss loss, std::uint64_t count, std::uint32_t end = kNone)
    {
        m_batch.overview->losses.push_back({loss, count, end});
        return *this;
    }

    Overview& overview() { return *m_batch.overview; }
    Batch& batch() { return m_batch; }

    Batch build() const
    {
        Batch batch = m_batch;
        batch.dictionary = std::make_shared<const Dictionary>(m_dictionary);
        return batch;
    }

private:
    template <class T>
    static std::uint32_t indexOf(std::vector<T>& all, const T& value)
    {
        const auto found = std::find(all.begin(), all.end(), value);
        if (found != all.end())
            return static_cast<std::uint32_t>(found - all.begin());
        all.push_back(value);
        return static_cast<std::uint32_t>(all.size() - 1);
    }

    std::string m_host;
    int m_offset;
    Batch m_batch;
    Dictionary m_dictionary;
};

/// Batches in memory, given in the order that BatchSource promises, whatever the order in which they were put in.
class HandMadeSource : public BatchSource {
public:
    void add(Batch batch) { m_batches.push_back(std::move(batch)); }
    void addAgent(AgentIdentity agent) { m_agents.push_back(std::move(agent)); }
    void addGap(Gap gap) { m_gaps.push_back(std::move(gap)); }
    const std::vector<Batch>& batches() const { return m_batches; }

    std::vector<AgentIdentity> agents() const override { return m_agents; }
    std::vector<Gap> gaps() const override { return m_gaps; }

    TimeRange covered() const override
    {
        TimeRange range;
        for (const Batch& batch : m_batches)
            range = range == TimeRange{} ? batch.range : TimeRange{std::min(range.from, batch.range.from), std::max(range.to, batch.range.to)};
        return range;
    }

    Result<void> read(TimeRange range, bool, const std::function<bool(const Batch&)>& visit) const override
    {
        std::vector<const Batch*> sorted;
        for (const Batch& batch : m_batches) {
            if (batch.range.intersects(range))
                sorted.push_back(&batch);
        }
        std::sort(sorted.begin(), sorted.end(), [](const Batch* a, const Batch* b) {
            return std::tie(a->range.from, a->key.agent, a->key.sequence) < std::tie(b->range.from, b->key.agent, b->key.sequence);
        });
        for (const Batch* batch : sorted) {
            if (!visit(*batch))
                break;
        }
        return {};
    }

private:
    std::vector<Batch> m_batches;
    std::vector<AgentIdentity> m_agents;
    std::vector<Gap> m_gaps;
};

} // namespace binnacle::tests
