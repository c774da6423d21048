// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/wire.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/compression.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <grpcpp/create_channel.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::agent::test {

/// What one agent's batches said, each counted once.
struct Heard {
    std::set<std::pair<std::uint32_t, std::uint64_t>> batches; // epoch, sequence
    std::uint64_t requests = 0;
    std::uint64_t spans = 0;
    std::uint64_t twice = 0;                                   // batches that came again
    std::vector<std::string> gaps;
    std::vector<v1::AgentPresence> presence;
    std::string host, what;
    v1::Cursor cursor;
    // Of merged seconds, by name of the host.
    std::map<std::string, std::uint64_t> told;            // seconds
    std::map<std::string, std::set<std::string>> missing; // why
};

/// Understands a gateway's items as a desktop must: by agent.
class Ear {
public:
    void take(const v1::StreamItem& item)
    {
        const std::lock_guard lock(m_mutex);
        m_bytes += item.ByteSizeLong();
        if (item.has_agent()) {
            Heard& heard = m_heard[wire::keyOf(item.agent().identity().agent())];
            heard.presence.push_back(item.agent().presence());
            heard.host = item.agent().identity().host();
            heard.what = item.agent().what();
        }
        if (item.has_gap())
            m_heard[wire::keyOf(item.gap().agent())].gaps.push_back(item.gap().what());
        if (item.has_opening()) {
            const auto dictionary = telemetry::decompress(asBytes(item.opening().dictionary()));
            must(m_readers[wire::keyOf(item.opening().agent())].open(telemetry::ChunkKind::Overview, item.opening().segment(), asBytes(*dictionary)).has_value());
        }
        if (item.has_batch()) {
            const v1::BatchFrame& frame = item.batch();
            const auto bytes = telemetry::decompress(asBytes(frame.overview().chunk()));
            const auto batch = m_readers[wire::keyOf(frame.agent())].next(telemetry::SegmentReader::ChunkRef{frame.overview().segment(), asBytes(*bytes)}, std::nullopt);
            must(batch.has_value());
            count(*batch);
        }
        if (item.has_segment()) {
            const auto batches = telemetry::readSegment(asBytes(item.segment().bytes()));
            must(batches.has_value());
            for (const telemetry::Batch& batch : *batches)
                count(batch);
        }
    }

    Heard of(EntityKey agent) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_heard.find(agent);
        return found == m_heard.end() ? Heard{} : found->second;
    }
    std::uint64_t bytes() const { return m_bytes; } // of all items
    std::size_t agents() const
    {
        const std::lock_guard lock(m_mutex);
        return m_heard.size();
    }
    bool isBroken() const { return m_isBroken; } // something could not be understood

private:
    void must(bool holds) { m_isBroken = m_isBroken || !holds; }

    void count(const telemetry::Batch& batch)
    {
        Heard& heard = m_heard[batch.key.agent];
        heard.spans += batch.detail ? batch.detail->spans.size() : 0;
        if (!batch.overview)
            return;
        if (!heard.batches.emplace(batch.key.epoch, batch.key.sequence).second) {
            ++heard.twice;
            return;
        }
        wire::put(batch.key.agent, *heard.cursor.mutable_agent());
        heard.cursor.set_epoch(batch.key.epoch);
        heard.cursor.set_sequence(batch.key.sequence);
        for (const telemetry::RequestRow& row : batch.overview->requests)
            heard.requests += row.requests;
        for (const telemetry::HostRow& row : batch.overview->hosts) {
            const std::string& host = batch.dictionary->entities[row.host].name;
            if (row.told > Nanoseconds::zero())
                ++heard.told[host];
            else
                heard.missing[host].insert(batch.dictionary->strings[row.why]);
        }
    }

    mutable std::mutex m_mutex;
    std::map<EntityKey, Heard> m_heard; // guarded by m_mutex, as below
    std::map<EntityKey, telemetry::SegmentReader> m_readers;
    std::atomic<bool> m_isBroken{false};
    std::atomic<std::uint64_t> m_bytes{0};
};

/// A reader of the gateway's stream, on a thread of its own.
class StreamReader {
public:
    StreamReader(const std::string& address, v1::SubscribeRequest request)
        : m_stub(v1::AgentService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())))
    {
        m_thread = std::thread([this, request = std::move(request)] {
            const auto stream = m_stub->Subscribe(&m_context, request);
            v1::StreamItem item;
            while (stream->Read(&item))
                ear.take(item);
            stream->Finish();
        });
    }
    ~StreamReader()
    {
        m_context.TryCancel();
        m_thread.join();
    }

    Ear ear;

private:
    std::unique_ptr<v1::AgentService::Stub> m_stub;
    grpc::ClientContext m_context;
    std::thread m_thread;
};

} // namespace binnacle::agent::test
