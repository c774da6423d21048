// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/internal/chunk_encoder.h"

#include "core/telemetry/internal/sums.h"

#include <algorithm>
#include <map>

namespace binnacle::telemetry::internal {
namespace {

std::uint64_t unsignedNs(Nanoseconds duration)
{
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
}

class HistogramsWriter {
public:
    explicit HistogramsWriter(v1::Histograms& to) : m_to(to), m_present(*to.mutable_present()) {}
    ~HistogramsWriter() { m_present.finish(); }

    void add(const Histogram& h)
    {
        m_present.add(!h.empty());
        if (h.empty())
            return;
        m_to.add_buckets(static_cast<std::uint32_t>(h.buckets().size()));
        m_to.add_zero_count(h.zeroCount());
        m_to.add_sum(h.sum());
        m_to.add_min(h.min());
        m_to.add_max_minus_min(h.max() - h.min());
        std::int32_t before = m_first;
        for (const Histogram::Bucket& bucket : h.buckets()) {
            m_to.add_index_delta(bucket.index - before);
            m_to.add_count(bucket.count);
            before = bucket.index;
        }
        if (!h.buckets().empty())
            m_first = h.buckets().front().index;
    }

private:
    v1::Histograms& m_to;
    BitmapWriter m_present;
    std::int32_t m_first = 0; // of the row before
};

template <class Field>
class NullableWriter {
public:
    NullableWriter(Field* values, std::string* present) : m_values(values), m_present(*present) {}
    ~NullableWriter() { m_present.finish(); }

    template <class Value>
    void add(bool isThere, Value value)
    {
        m_present.add(isThere);
        if (isThere)
            m_values->Add(value);
    }
    void add(const std::optional<std::uint64_t>& value) { add(value.has_value(), value.value_or(0)); }
    void addUnlessZero(std::uint64_t value) { add(value != 0, value); }

private:
    Field* m_values;
    BitmapWriter m_present;
};

void encode(const std::vector<PresenceRow>& rows, TimeRange range, SegmentDictionary& d, v1::PresenceRows& to)
{
    Delta since(ns(range.from));
    for (const PresenceRow& row : rows) {
        to.add_instance(d.entity(row.instance));
        to.add_service_plus1(d.entityPlus1(row.service));
        to.add_assigned_since_ns_delta(since.encode(ns(row.assignedSince)));
        to.add_processes(row.processes);
    }
}

void encode(const std::vector<ListenRow>& rows, SegmentDictionary& d, v1::ListenRows& to)
{
    for (const ListenRow& row : rows) {
        to.add_instance(d.entity(row.instance));
        to.add_address(d.address(row.local.address));
        to.add_port(row.local.port);
        to.add_network_namespace(row.netns);
        to.add_accept_queue(row.acceptQueue);
        to.add_accept_queue_limit(row.acceptQueueLimit);
    }
}

/// Writes rows whose indexes are those of the segment.
class RequestsWriter {
public:
    explicit RequestsWriter(v1::RequestRows& to) : m_to(to), m_latency(*to.mutable_latency()), m_firstByte(*to.mutable_first_byte()) {}

    void add(const RequestRow& row, std::uint32_t end, std::uint32_t route, const std::vector<StatusCount>& statuses)
    {
        m_to.add_end(end);
        m_to.add_route(route);
        m_to.add_requests(row.requests);
        m_to.add_errors(row.errors);
        m_to.add_reused(row.reused);
        m_to.add_request_bytes(row.requestBytes);
        m_to.add_response_bytes(row.responseBytes);
        m_to.add_statuses(static_cast<std::uint32_t>(statuses.size()));
        for (const StatusCount& status : statuses) {
            m_to.add_status(status.status);
            m_to.add_status_count(status.count);
        }
        m_latency.add(row.latency);
        m_firstByte.add(row.firstByte);
    }

private:
    v1::RequestRows& m_to;
    HistogramsWriter m_latency, m_firstByte;
};

void encode(const std::vector<RequestRow>& rows, SegmentDictionary& d, v1::RequestRows& to)
{
    RequestsWriter writer(to);
    std::map<std::uint32_t, RequestRow> others; // by end: rows that fall together because their text did not fit
    for (const RequestRow& row : rows) {
        const std::uint32_t end = d.end(row.end), route = d.string(row.route);
        std::vector<StatusCount> statuses;
        for (const StatusCount& status : row.statuses) {
            const StatusCount mapped{d.string(status.status), status.count};
            if (d.isOther(mapped.status))
                addCounts(statuses, {mapped});
            else
                statuses.push_back(mapped);
        }
        if (!d.isOther(route)) {
            writer.add(row, end, route, statuses);
            continue;
        }
        RequestRow mapped = row;
        mapped.statuses = std::move(statuses);
        if (const auto [at, isNew] = others.try_emplace(end, mapped); !isNew)
            addRow(at->second, mapped);
    }
    for (const auto& [end, row] : others)
        writer.add(row, end, d.other(), row.statuses);
}

void encode(const std::vector<OpenRow>& rows, SegmentDictionary& d, v1::OpenRows& to)
{
    const auto write = [&](const OpenRow& row, std::uint32_t end, std::uint32_t route) {
        to.add_end(end);
        to.add_route(route);
        to.add_count(row.count);
        to.add_oldest_age_ns(unsignedNs(row.oldestAge));
    };
    std::map<std::uint32_t, OpenRow> others;
    for (const OpenRow& row : rows) {
        const std::uint32_t end = d.end(row.end), route = d.string(row.route);
        if (!d.isOther(route))
            write(row, end, route);
        else if (const auto [at, isNew] = others.try_emplace(end, row); !isNew)
            addRow(at->second, row);
    }
    for (const auto& [end, row] : others)
        write(row, end, d.other());
}

void encode(const std::vector<OpenExchangeRow>& rows, TimeRange range, SegmentDictionary& d, v1::OpenExchangeRows& to)
{
    Delta started(ns(range.from));
    for (const OpenExchangeRow& row : rows) {
        to.add_end(d.end(row.end));
        to.add_route(d.string(row.route));
        to.add_connection_key(d.key(row.connection));
        to.add_started_at_ns_delta(started.encode(ns(row.startedAt)));
        to.add_thread(row.thread);
    }
}

void encode(const std::vector<PendingConnectRow>& rows, SegmentDictionary& d, v1::PendingConnectRows& to)
{
    for (const PendingConnectRow& row : rows) {
        to.add_end(d.end(row.end));
        to.add_count(row.count);
        to.add_oldest_age_ns(unsignedNs(row.oldestAge));
        to.add_syn_sent(row.synSent);
    }
}

void encodeTcpCounters(const std::vector<TcpRow>& rows, v1::TcpRows& to)
{
    const auto column = [&](auto member, auto* values, std::string* present) {
        NullableWriter writer(values, present);
        for (const TcpRow& row : rows)
            writer.add(row.*member);
    };
    column(&TcpRow::segmentsOut, to.mutable_segments_out(), to.mutable_segments_out_present());
    column(&TcpRow::segmentsIn, to.mutable_segments_in(), to.mutable_segments_in_present());
    column(&TcpRow::retransmitsOut, to.mutable_retransmits_out(), to.mutable_retransmits_out_present());
    column(&TcpRow::retransmitsIn, to.mutable_retransmits_in(), to.mutable_retransmits_in_present());
    column(&TcpRow::synRetransmits, to.mutable_syn_retransmits(), to.mutable_syn_retransmits_present());
    column(&TcpRow::outOfOrder, to.mutable_out_of_order(), to.mutable_out_of_order_present());
    column(&TcpRow::resetsSent, to.mutable_resets_sent(), to.mutable_resets_sent_present());
    column(&TcpRow::resetsReceived, to.mutable_resets_received(), to.mutable_resets_received_present());
    column(&TcpRow::zeroWindows, to.mutable_zero_windows(), to.mutable_zero_windows_present());
    column(&TcpRow::zeroWindowNs, to.mutable_zero_window_ns(), to.mutable_zero_window_ns_present());
}

void encodeTcpHistograms(const std::vector<TcpRow>& rows, v1::TcpRows& to)
{
    const auto column = [&](auto member, v1::Histograms* histograms) {
        HistogramsWriter writer(*histograms);
        for (const TcpRow& row : rows)
            writer.add(row.*member);
    };
    column(&TcpRow::connectTime, to.mutable_connect_time());
    column(&TcpRow::rtt, to.mutable_rtt());
    column(&TcpRow::rttVariance, to.mutable_rtt_variance());
    column(&TcpRow::lifetime, to.mutable_lifetime());
}

void encode(const std::vector<TcpRow>& rows, TimeRange range, SegmentDictionary& d, v1::TcpRows& to)
{
    const bool carriesTime = std::ranges::any_of(rows, [](const TcpRow& row) { return row.activeAt != UtcTime{}; });
    for (const TcpRow& row : rows) {
        to.add_end(d.end(row.end));
        to.add_opened(row.opened);
        to.add_closed(row.closed);
        to.add_active(row.active);
        to.add_bytes_sent(row.bytesSent);
        to.add_bytes_received(row.bytesReceived);
        to.add_payload_lost_bytes(row.payloadLost);
        to.add_payload_unseen_bytes(row.payloadUnseen);
        to.add_failures(static_cast<std::uint32_t>(row.failed.size()));
        for (const ErrnoCount& failed : row.failed) {
            to.add_failure_errno(failed.error);
            to.add_failure_count(failed.count);
        }
        if (carriesTime)
            to.add_active_before_end_ns(row.activeAt == UtcTime{} ? 0 : unsignedNs(range.to - row.activeAt));
    }
    encodeTcpCounters(rows, to);
    encodeTcpHistograms(rows, to);
}

void encode(const std::vector<ConnectionRow>& rows, TimeRange range, SegmentDictionary& d, v1::ConnectionRows& to)
{
    NullableWriter closed(to.mutable_closed_at_ns(), to.mutable_closed_at_ns_present());
    Delta connection(0);
    for (const ConnectionRow& row : rows) {
        const ConnectionFacts facts{d.key(row.connection), d.end(row.end), row.localPort, row.remotePort, row.pid, row.existed, row.openedAt};
        to.add_connection_delta(static_cast<std::int32_t>(connection.encode(d.connection(facts))));
        to.add_state(row.state);
        closed.add(row.closedAt != UtcTime{}, Delta(ns(range.from)).encode(ns(row.closedAt)));
        to.add_bytes_sent(row.bytesSent);
        to.add_bytes_received(row.bytesReceived);
        to.add_captured_bytes_delta(static_cast<std::int64_t>(row.captured - row.bytesSent - row.bytesReceived));
        to.add_payload_lost_bytes(row.payloadLost);
        to.add_payload_unseen_bytes(row.payloadUnseen);
        to.add_rtt_ns(unsignedNs(row.rtt));
        to.add_rtt_variance_ns(unsignedNs(row.rttVariance));
        to.add_requests(row.requests);
    }
}

void encode(const std::vector<EventRow>& rows, TimeRange range, SegmentDictionary& d, v1::EventRows& to)
{
    Delta at(ns(range.from));
    for (const EventRow& row : rows) {
        to.mutable_kind()->Add(static_cast<int>(row.kind));
        to.add_at_ns_delta(at.encode(ns(row.at)));
        to.add_subject_plus1(d.entityPlus1(row.subject));
        to.add_detail_plus1(d.stringPlus1(row.detail));
    }
}

void encode(const std::vector<LossRow>& rows, SegmentDictionary& d, v1::LossRows& to)
{
    for (const LossRow& row : rows) {
        to.mutable_loss()->Add(static_cast<int>(row.loss));
        to.add_count(row.count);
        to.add_end_plus1(d.endPlus1(row.end));
    }
}

void encode(const std::vector<CoverageRow>& rows, SegmentDictionary& d, v1::CoverageRows& to)
{
    for (const CoverageRow& row : rows) {
        to.add_what(d.string(row.what));
        to.add_subject_plus1(d.entityPlus1(row.subject));
        to.add_part(row.part);
        to.add_whole(row.whole);
        to.add_advice_plus1(d.stringPlus1(row.advice));
    }
}

/// The cluster's names have room of their own, so that they take none from what was measured.
void encode(const std::vector<AddressRow>& rows, TimeRange range, SegmentDictionary& d, v1::AddressRows& to)
{
    SegmentDictionary::ClusterText room(d);
    const bool carriesTime = std::ranges::any_of(rows, [](const AddressRow& row) { return row.saidAt != UtcTime{}; });
    for (const AddressRow& row : rows) {
        const std::uint32_t service = d.entityPlus1(row.service), name = d.stringPlus1(row.name);
        if (room.isFull()) { // a service without its name would be taken for another
            room.leaveOut();
            continue;
        }
        to.add_address(d.address(row.address.address));
        to.add_port(row.address.port);
        to.add_service_plus1(service);
        to.add_name_plus1(name);
        if (carriesTime)
            to.add_said_before_end_ns(row.saidAt == UtcTime{} ? 0 : unsignedNs(range.to - row.saidAt));
    }
}

void encode(const std::vector<HostRow>& rows, TimeRange range, SegmentDictionary& d, v1::HostRows& to)
{
    const bool allTold = std::ranges::all_of(rows, [&](const HostRow& row) { return row.told == range.length() && row.why == kNone; });
    Delta host(0);
    for (const HostRow& row : rows) {
        to.add_entity_delta(static_cast<std::int32_t>(host.encode(d.entity(row.host))));
        if (allTold)
            continue;
        to.add_told_ns(unsignedNs(row.told));
        to.add_why_plus1(d.stringPlus1(row.why));
    }
}

void encode(const std::vector<InstanceCountRow>& rows, SegmentDictionary& d, v1::InstanceCountRows& to)
{
    Delta service(0), host(0);
    for (const InstanceCountRow& row : rows) {
        to.add_service_delta(static_cast<std::int32_t>(service.encode(d.entity(row.service))));
        to.add_host_delta(static_cast<std::int32_t>(host.encode(d.entity(row.host))));
        to.add_alive(row.alive);
    }
}

void encode(const AgentHealth& from, v1::AgentHealth& to)
{
    to.set_cpu_ns(unsignedNs(from.cpu));
    to.set_resident_bytes(from.residentBytes);
    to.set_map_bytes(from.mapBytes);
    to.set_buffer_memory_bytes(from.bufferMemoryBytes);
    to.set_buffer_disk_bytes(from.bufferDiskBytes);
    to.set_records(from.records);
    to.set_exchanges(from.exchanges);
    to.set_ring_fill_permille(from.ringFillPermille);
    to.set_budget_step(from.budgetStep);
    to.set_uptime_ns(unsignedNs(from.uptime));
    to.set_readers(from.readers);
}

/// Evidence that most spans do not have.
void encodeRareEvidence(const std::vector<Span>& spans, v1::SpanRows& to)
{
    NullableWriter requestCoroutine(to.mutable_request_coroutine(), to.mutable_request_coroutine_present());
    NullableWriter responseCoroutine(to.mutable_response_coroutine(), to.mutable_response_coroutine_present());
    NullableWriter correlation(to.mutable_correlation(), to.mutable_correlation_present());
    NullableWriter parent(to.mutable_parent_span_id(), to.mutable_parent_span_id_present());
    NullableWriter requestId(to.mutable_request_id_hash(), to.mutable_request_id_hash_present());
    BitmapWriter hasTrace(*to.mutable_trace_id_present());
    const auto bigEndian = [](auto bytes) {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8 | bytes[i];
        return value;
    };
    for (const Span& span : spans) {
        requestCoroutine.addUnlessZero(span.requestCoroutine);
        responseCoroutine.addUnlessZero(span.responseCoroutine);
        correlation.addUnlessZero(span.correlation);
        parent.addUnlessZero(bigEndian(span.parentSpanId.data()));
        requestId.addUnlessZero(span.requestIdHash);
        const std::uint64_t high = bigEndian(span.traceId.data()), low = bigEndian(span.traceId.data() + 8);
        hasTrace.add(high != 0 || low != 0);
        if (high != 0 || low != 0) {
            to.add_trace_id_high(high);
            to.add_trace_id_low(low);
        }
    }
    hasTrace.finish();
}

void encode(const std::vector<Span>& spans, TimeRange range, SegmentDictionary& d, v1::SpanRows& to)
{
    Delta start(ns(range.from));
    BitmapWriter error(*to.mutable_error());
    for (const Span& span : spans) {
        to.add_id(span.id);
        to.add_end(d.end(span.end));
        to.add_route(d.string(span.route));
        to.add_status(d.string(span.status));
        error.add(span.error);
        to.add_start_ns_delta(start.encode(ns(span.start)));
        to.add_first_byte_ns(unsignedNs(span.firstByte));
        to.add_duration_ns(unsignedNs(span.duration));
        to.add_connection_key(d.key(span.connection));
        to.add_request_thread(span.requestThread);
        to.add_response_thread_delta(static_cast<std::int32_t>(span.responseThread - span.requestThread));
        to.add_request_sequence(span.requestSequence);
        to.add_response_sequence(span.responseSequence);
        to.add_request_bytes(span.requestBytes);
        to.add_response_bytes(span.responseBytes);
    }
    error.finish();
    encodeRareEvidence(spans, to);
}

} // namespace

bool isConsistent(const Batch& batch)
{
    if (!batch.dictionary)
        return false;
    const Dictionary& d = *batch.dictionary;
    const auto string = [&](std::uint32_t i) { return i < d.strings.size(); };
    const auto stringOrNone = [&](std::uint32_t i) { return i == kNone || string(i); };
    const auto entity = [&](std::uint32_t i) { return i < d.entities.size(); };
    const auto entityOrNone = [&](std::uint32_t i) { return i == kNone || entity(i); };
    const auto end = [&](std::uint32_t i) { return i < d.ends.size(); };
    const auto all = [](const auto& rows, auto fits) { return std::ranges::all_of(rows, fits); };

    if (!all(d.ends, [&](const End& e) { return entityOrNone(e.instance) && entityOrNone(e.remoteInstance); }))
        return false;
    if (batch.detail && !all(batch.detail->spans, [&](const Span& s) { return end(s.end) && string(s.route) && string(s.status); }))
        return false;
    if (!batch.overview)
        return true;
    const Overview& o = *batch.overview;
    const auto status = [&](const StatusCount& s) { return string(s.status); };
    return all(o.presence, [&](const PresenceRow& r) { return entity(r.instance) && entityOrNone(r.service); })
           && all(o.listening, [&](const ListenRow& r) { return entity(r.instance); })
           && all(o.requests, [&](const RequestRow& r) { return end(r.end) && string(r.route) && all(r.statuses, status); })
           && all(o.open, [&](const OpenRow& r) { return end(r.end) && string(r.route); })
           && all(o.openExchanges, [&](const OpenExchangeRow& r) { return end(r.end) && string(r.route); })
           && all(o.pendingConnects, [&](const PendingConnectRow& r) { return end(r.end); })
           && all(o.tcp, [&](const TcpRow& r) { return end(r.end); })
           && all(o.connections, [&](const ConnectionRow& r) { return end(r.end); })
           && all(o.events, [&](const EventRow& r) { return entityOrNone(r.subject) && stringOrNone(r.detail); })
           && all(o.losses, [&](const LossRow& r) { return r.end == kNone || end(r.end); })
           && all(o.coverage, [&](const CoverageRow& r) { return string(r.what) && entityOrNone(r.subject) && stringOrNone(r.advice); })
           && all(o.addresses, [&](const AddressRow& r) { return entityOrNone(r.service) && stringOrNone(r.name); })
           && all(o.hosts, [&](const HostRow& r) { return entity(r.host) && stringOrNone(r.why); })
           && all(o.instances, [&](const InstanceCountRow& r) { return entity(r.service) && entity(r.host); });
}

void encodeOverview(const Overview& from, TimeRange range, SegmentDictionary& d, std::uint64_t textLostBefore, v1::OverviewChunk& to)
{
    encode(from.presence, range, d, *to.mutable_presence());
    encode(from.listening, d, *to.mutable_listening());
    encode(from.requests, d, *to.mutable_requests());
    encode(from.open, d, *to.mutable_open());
    encode(from.openExchanges, range, d, *to.mutable_open_exchanges());
    if (!from.pendingConnects.empty())
        encode(from.pendingConnects, d, *to.mutable_pending_connects());
    encode(from.tcp, range, d, *to.mutable_tcp());
    encode(from.connections, range, d, *to.mutable_connections());
    encode(from.events, range, d, *to.mutable_events());
    encode(from.coverage, d, *to.mutable_coverage());
    if (!from.addresses.empty())
        encode(from.addresses, range, d, *to.mutable_addresses());
    if (!from.hosts.empty())
        encode(from.hosts, range, d, *to.mutable_hosts());
    if (!from.instances.empty())
        encode(from.instances, d, *to.mutable_instances());
    encode(from.health, *to.mutable_health());
    encode(from.losses, d, *to.mutable_losses());
    if (const std::uint64_t lost = textLostBefore + d.overflows())
        encode({LossRow{Loss::StringsFull, lost, kNone}}, d, *to.mutable_losses());
}

void encodeDetail(const Detail& from, TimeRange range, SegmentDictionary& d, v1::DetailChunk& to)
{
    encode(from.spans, range, d, *to.mutable_spans());
}

} // namespace binnacle::telemetry::internal
