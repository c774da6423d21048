// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/internal/chunk_decoder.h"

#include <algorithm>

namespace binnacle::telemetry::internal {
namespace {

/// Reads the histograms of a table, row after row.
class HistogramsReader {
public:
    HistogramsReader(TableCheck& check, const v1::Histograms& from)
        : m_check(check), m_from(from)
    {
        const std::uint64_t rows = check.bitmap(from.present());
        std::uint64_t buckets = 0;
        for (const std::uint32_t count : from.buckets())
            buckets += count;
        const auto length = static_cast<std::uint64_t>(from.buckets_size());
        const auto same = [&](int size, std::uint64_t wanted) {
            if (static_cast<std::uint64_t>(size) != wanted)
                check.fail("histogram columns of different length");
        };
        same(from.buckets_size(), rows);
        same(from.zero_count_size(), length);
        same(from.sum_size(), length);
        same(from.min_size(), length);
        same(from.max_minus_min_size(), length);
        same(from.index_delta_size(), buckets);
        same(from.count_size(), buckets);
    }

    /// Only after the check has passed.
    Histogram at(int row)
    {
        if (!bitAt(m_from.present(), static_cast<std::size_t>(row)))
            return {};
        std::vector<Histogram::Bucket> buckets;
        buckets.reserve(m_from.buckets(m_row));
        auto index = static_cast<std::uint32_t>(m_first);
        for (std::uint32_t i = 0; i < m_from.buckets(m_row); ++i, ++m_bucket) {
            index += static_cast<std::uint32_t>(m_from.index_delta(m_bucket));
            buckets.push_back({static_cast<std::int32_t>(index), m_from.count(m_bucket)});
        }
        if (!buckets.empty())
            m_first = buckets.front().index;
        const std::uint64_t min = m_from.min(m_row);
        auto histogram = Histogram::fromParts(m_from.zero_count(m_row), m_from.sum(m_row), min, min + m_from.max_minus_min(m_row), std::move(buckets));
        ++m_row;
        if (!histogram || histogram->empty()) {
            m_check.fail("histogram contradicts itself");
            return {};
        }
        return std::move(*histogram);
    }

private:
    TableCheck& m_check;
    const v1::Histograms& m_from;
    std::int32_t m_first = 0;
    int m_row = 0, m_bucket = 0;
};

/// Of one service on one host; a host of Kubernetes has room for some hundreds of pods.
constexpr std::uint32_t kMostInstances = 10'000;

template <class Counts>
std::uint64_t total(const Counts& counts)
{
    std::uint64_t sum = 0;
    for (const std::uint32_t count : counts)
        sum += count;
    return sum;
}

Result<void> decode(const v1::PresenceRows& from, TimeRange range, const DecodedDictionary& d, std::vector<PresenceRow>& to)
{
    TableCheck check("presence", from.instance_size());
    const auto service = check.column(from.service_plus1());
    const auto assignedSince = check.column(from.assigned_since_ns_delta());
    const auto processes = check.column(from.processes());
    BN_TRY(check.result());
    const std::size_t entities = d.values().entities.size();
    Delta since(ns(range.from));
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.index(from.instance(i), entities), check.indexOrNone(service[i], entities),
                      utcTime(check.time(since.decode(assignedSince[i]))), processes[i]});
    return check.result();
}

Result<void> decode(const v1::ListenRows& from, const DecodedDictionary& d, std::vector<ListenRow>& to)
{
    TableCheck check("listening", from.instance_size());
    const auto address = check.column(from.address());
    const auto port = check.column(from.port());
    const auto netns = check.column(from.network_namespace());
    const auto queue = check.column(from.accept_queue()), limit = check.column(from.accept_queue_limit());
    BN_TRY(check.result());
    for (int i = 0; i < check.rows(); ++i) {
        const std::uint32_t instance = check.index(from.instance(i), d.values().entities.size());
        const std::uint32_t at = check.index(address[i], d.addresses().size());
        if (!check.ok())
            break;
        to.push_back({instance, {d.addresses()[at], check.port(port[i])}, netns[i], queue[i], limit[i]});
    }
    return check.result();
}

Result<void> decode(const v1::RequestRows& from, const DecodedDictionary& d, std::vector<RequestRow>& to)
{
    TableCheck check("requests", from.end_size());
    const auto route = check.column(from.route());
    const auto requests = check.column(from.requests()), errors = check.column(from.errors()), reused = check.column(from.reused());
    const auto requestBytes = check.column(from.request_bytes()), responseBytes = check.column(from.response_bytes());
    const auto statuses = check.column(from.statuses());
    const auto status = check.sized(from.status(), total(from.statuses()));
    const auto statusCount = check.sized(from.status_count(), total(from.statuses()));
    HistogramsReader latency(check, from.latency()), firstByte(check, from.first_byte());
    if (from.status_size() != from.status_count_size())
        check.fail("columns of different length");
    BN_TRY(check.result());
    const std::size_t strings = d.values().strings.size();
    int next = 0; // status
    to.reserve(static_cast<std::size_t>(check.rows()));
    for (int i = 0; i < check.rows(); ++i) {
        RequestRow row{.end = check.index(from.end(i), d.values().ends.size()), .route = check.index(route[i], strings),
                       .requests = requests[i], .errors = errors[i], .reused = reused[i],
                       .requestBytes = requestBytes[i], .responseBytes = responseBytes[i],
                       .statuses = {}, .latency = latency.at(i), .firstByte = firstByte.at(i)};
        if (from.status_size() > 0) {
            for (std::uint32_t n = 0; n < statuses[i]; ++n, ++next)
                row.statuses.push_back({check.index(status[next], strings), statusCount[next]});
        }
        to.push_back(std::move(row));
    }
    return check.result();
}

Result<void> decode(const v1::OpenRows& from, const DecodedDictionary& d, std::vector<OpenRow>& to)
{
    TableCheck check("open", from.end_size());
    const auto route = check.column(from.route());
    const auto count = check.column(from.count());
    const auto age = check.column(from.oldest_age_ns());
    BN_TRY(check.result());
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.index(from.end(i), d.values().ends.size()), check.index(route[i], d.values().strings.size()), count[i],
                      Nanoseconds(check.duration(age[i]))});
    return check.result();
}

Result<void> decode(const v1::OpenExchangeRows& from, TimeRange range, const DecodedDictionary& d, std::vector<OpenExchangeRow>& to)
{
    TableCheck check("open exchanges", from.end_size());
    const auto route = check.column(from.route());
    const auto key = check.column(from.connection_key());
    const auto startedAt = check.column(from.started_at_ns_delta());
    const auto thread = check.column(from.thread());
    BN_TRY(check.result());
    Delta started(ns(range.from));
    for (int i = 0; i < check.rows(); ++i) {
        OpenExchangeRow row{.end = check.index(from.end(i), d.values().ends.size()),
                            .route = check.index(route[i], d.values().strings.size()),
                            .connection = {}, .startedAt = utcTime(check.time(started.decode(startedAt[i]))), .thread = thread[i]};
        const std::uint32_t at = check.index(key[i], d.keys().size());
        if (!check.ok())
            break;
        row.connection = d.keys()[at];
        to.push_back(row);
    }
    return check.result();
}

Result<void> decode(const v1::PendingConnectRows& from, const DecodedDictionary& d, std::vector<PendingConnectRow>& to)
{
    TableCheck check("pending connects", from.end_size());
    const auto count = check.column(from.count());
    const auto age = check.column(from.oldest_age_ns());
    const auto synSent = check.column(from.syn_sent());
    BN_TRY(check.result());
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.index(from.end(i), d.values().ends.size()), count[i], Nanoseconds(check.duration(age[i])), synSent[i]});
    return check.result();
}

Result<void> decodeTcpCounters(const v1::TcpRows& from, std::vector<TcpRow>& rows)
{
    TableCheck check("tcp", from.end_size());
    const auto column = [&](auto member, const auto& values, const std::string& present) {
        auto reader = check.nullable(values, present);
        if (!check.ok())
            return;
        for (int i = 0; i < check.rows(); ++i)
            rows[static_cast<std::size_t>(i)].*member = reader.at(i);
    };
    column(&TcpRow::segmentsOut, from.segments_out(), from.segments_out_present());
    column(&TcpRow::segmentsIn, from.segments_in(), from.segments_in_present());
    column(&TcpRow::retransmitsOut, from.retransmits_out(), from.retransmits_out_present());
    column(&TcpRow::retransmitsIn, from.retransmits_in(), from.retransmits_in_present());
    column(&TcpRow::synRetransmits, from.syn_retransmits(), from.syn_retransmits_present());
    column(&TcpRow::outOfOrder, from.out_of_order(), from.out_of_order_present());
    column(&TcpRow::resetsSent, from.resets_sent(), from.resets_sent_present());
    column(&TcpRow::resetsReceived, from.resets_received(), from.resets_received_present());
    column(&TcpRow::zeroWindows, from.zero_windows(), from.zero_windows_present());
    column(&TcpRow::zeroWindowNs, from.zero_window_ns(), from.zero_window_ns_present());
    return check.result();
}

Result<void> decode(const v1::TcpRows& from, TimeRange range, const DecodedDictionary& d, std::vector<TcpRow>& to)
{
    TableCheck check("tcp", from.end_size());
    const auto opened = check.column(from.opened()), closed = check.column(from.closed()), active = check.column(from.active());
    const auto sent = check.column(from.bytes_sent()), received = check.column(from.bytes_received());
    const auto lost = check.column(from.payload_lost_bytes()), unseen = check.column(from.payload_unseen_bytes());
    const auto failures = check.column(from.failures());
    const auto failureErrno = check.sized(from.failure_errno(), total(from.failures()));
    const auto failureCount = check.sized(from.failure_count(), total(from.failures()));
    const auto beforeEnd = check.column(from.active_before_end_ns());
    HistogramsReader connectTime(check, from.connect_time()), rtt(check, from.rtt()), rttVariance(check, from.rtt_variance()),
        lifetime(check, from.lifetime());
    if (from.failure_errno_size() != from.failure_count_size())
        check.fail("columns of different length");
    BN_TRY(check.result());
    int next = 0; // failure
    to.reserve(static_cast<std::size_t>(check.rows()));
    for (int i = 0; i < check.rows(); ++i) {
        TcpRow row{.end = check.index(from.end(i), d.values().ends.size()), .opened = opened[i], .closed = closed[i], .active = active[i],
                   .bytesSent = sent[i], .bytesReceived = received[i], .payloadLost = lost[i], .payloadUnseen = unseen[i]};
        if (const std::int64_t before = check.duration(beforeEnd[i]); before != 0 && check.ok())
            row.activeAt = range.to - Nanoseconds(before);
        if (from.failure_errno_size() > 0) {
            for (std::uint32_t n = 0; n < failures[i]; ++n, ++next)
                row.failed.push_back({failureErrno[next], failureCount[next]});
        }
        row.connectTime = connectTime.at(i);
        row.rtt = rtt.at(i);
        row.rttVariance = rttVariance.at(i);
        row.lifetime = lifetime.at(i);
        to.push_back(std::move(row));
    }
    BN_TRY(check.result());
    return decodeTcpCounters(from, to);
}

Result<void> decode(const v1::ConnectionRows& from, TimeRange range, const DecodedDictionary& d, std::vector<ConnectionRow>& to)
{
    TableCheck check("connections", from.connection_delta_size());
    const auto state = check.column(from.state());
    auto closedAt = check.nullable(from.closed_at_ns(), from.closed_at_ns_present());
    const auto sent = check.column(from.bytes_sent()), received = check.column(from.bytes_received());
    const auto captured = check.column(from.captured_bytes_delta());
    const auto lost = check.column(from.payload_lost_bytes());
    const auto unseen = check.column(from.payload_unseen_bytes());
    const auto rtt = check.column(from.rtt_ns()), rttVariance = check.column(from.rtt_variance_ns());
    const auto requests = check.column(from.requests());
    BN_TRY(check.result());
    Delta connection(0);
    to.reserve(static_cast<std::size_t>(check.rows()));
    for (int i = 0; i < check.rows(); ++i) {
        const auto at = static_cast<std::uint64_t>(connection.decode(from.connection_delta(i)));
        if (at >= d.connections().size())
            check.fail("index out of range");
        const auto closed = closedAt.at(i);
        const std::int64_t closedNs = closed ? check.time(Delta(ns(range.from)).decode(*closed)) : 0;
        if (!check.ok())
            break;
        const ConnectionFacts& facts = d.connections()[at];
        to.push_back({.connection = d.keys()[facts.key], .end = facts.end, .localPort = facts.localPort, .remotePort = facts.remotePort,
                      .pid = facts.pid, .state = static_cast<std::uint8_t>(state[i]), .existed = facts.existed, .openedAt = facts.openedAt,
                      .closedAt = utcTime(closedNs), .bytesSent = sent[i], .bytesReceived = received[i], .captured = sent[i] + received[i] + static_cast<std::uint64_t>(captured[i]),
                      .payloadLost = lost[i], .payloadUnseen = unseen[i], .rtt = Nanoseconds(check.duration(rtt[i])),
                      .rttVariance = Nanoseconds(check.duration(rttVariance[i])), .requests = requests[i]});
    }
    return check.result();
}

Result<void> decode(const v1::EventRows& from, TimeRange range, const DecodedDictionary& d, std::vector<EventRow>& to)
{
    TableCheck check("events", from.kind_size());
    const auto atDelta = check.column(from.at_ns_delta());
    const auto subject = check.column(from.subject_plus1()), detail = check.column(from.detail_plus1());
    BN_TRY(check.result());
    Delta at(ns(range.from));
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({utcTime(check.time(at.decode(atDelta[i]))), static_cast<EventKind>(from.kind(i)),
                      check.indexOrNone(subject[i], d.values().entities.size()), check.indexOrNone(detail[i], d.values().strings.size())});
    return check.result();
}

Result<void> decode(const v1::LossRows& from, const DecodedDictionary& d, std::vector<LossRow>& to)
{
    TableCheck check("losses", from.loss_size());
    const auto count = check.column(from.count());
    const auto end = check.column(from.end_plus1());
    BN_TRY(check.result());
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({static_cast<Loss>(from.loss(i)), count[i], check.indexOrNone(end[i], d.values().ends.size())});
    return check.result();
}

Result<void> decode(const v1::CoverageRows& from, const DecodedDictionary& d, std::vector<CoverageRow>& to)
{
    TableCheck check("coverage", from.what_size());
    const auto subject = check.column(from.subject_plus1()), advice = check.column(from.advice_plus1());
    const auto part = check.column(from.part()), whole = check.column(from.whole());
    BN_TRY(check.result());
    const std::size_t strings = d.values().strings.size();
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.indexOrNone(subject[i], d.values().entities.size()), check.index(from.what(i), strings), part[i], whole[i],
                      check.indexOrNone(advice[i], strings)});
    return check.result();
}

Result<void> decode(const v1::AddressRows& from, TimeRange range, const DecodedDictionary& d, std::vector<AddressRow>& to)
{
    TableCheck check("addresses", from.address_size());
    const auto port = check.column(from.port());
    const auto service = check.column(from.service_plus1()), name = check.column(from.name_plus1());
    const auto beforeEnd = check.column(from.said_before_end_ns());
    BN_TRY(check.result());
    to.reserve(static_cast<std::size_t>(check.rows()));
    for (int i = 0; i < check.rows(); ++i) {
        const std::uint32_t at = check.index(from.address(i), d.addresses().size());
        const std::int64_t before = check.duration(beforeEnd[i]);
        if (!check.ok())
            break;
        to.push_back({{d.addresses()[at], check.port(port[i])}, check.indexOrNone(service[i], d.values().entities.size()),
                      check.indexOrNone(name[i], d.values().strings.size()), before == 0 ? UtcTime{} : range.to - Nanoseconds(before)});
    }
    return check.result();
}

Result<void> decode(const v1::HostRows& from, TimeRange range, const DecodedDictionary& d, std::vector<HostRow>& to)
{
    TableCheck check("hosts", from.entity_delta_size());
    const auto told = check.column(from.told_ns());
    const auto why = check.column(from.why_plus1());
    BN_TRY(check.result());
    const bool allTold = from.told_ns_size() == 0;
    Delta host(0);
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.index(static_cast<std::uint32_t>(host.decode(from.entity_delta(i))), d.values().entities.size()),
                      allTold ? range.length() : Nanoseconds(check.duration(told[i])), check.indexOrNone(why[i], d.values().strings.size())});
    return check.result();
}

Result<void> decode(const v1::InstanceCountRows& from, const DecodedDictionary& d, std::vector<InstanceCountRow>& to)
{
    TableCheck check("instances", from.service_delta_size());
    const auto host = check.column(from.host_delta());
    const auto alive = check.column(from.alive());
    BN_TRY(check.result());
    const std::size_t entities = d.values().entities.size();
    Delta services(0), hosts(0);
    for (int i = 0; i < check.rows(); ++i)
        to.push_back({check.index(static_cast<std::uint32_t>(services.decode(from.service_delta(i))), entities),
                      check.index(static_cast<std::uint32_t>(hosts.decode(host[i])), entities), std::min(alive[i], kMostInstances)});
    return check.result();
}

Result<AgentHealth> decode(const v1::AgentHealth& from)
{
    TableCheck check("health", 0);
    const AgentHealth health{.cpu = Nanoseconds(check.duration(from.cpu_ns())), .residentBytes = from.resident_bytes(),
                             .mapBytes = from.map_bytes(), .bufferMemoryBytes = from.buffer_memory_bytes(),
                             .bufferDiskBytes = from.buffer_disk_bytes(), .records = from.records(), .exchanges = from.exchanges(),
                             .ringFillPermille = from.ring_fill_permille(), .budgetStep = from.budget_step(),
                             .uptime = Nanoseconds(check.duration(from.uptime_ns())), .readers = from.readers()};
    BN_TRY(check.result());
    return health;
}

template <std::size_t N>
void putBigEndian(std::uint64_t value, std::array<std::uint8_t, N>& to, std::size_t at)
{
    for (std::size_t i = 0; i < 8; ++i)
        to[at + i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

Result<void> decodeRareEvidence(const v1::SpanRows& from, std::vector<Span>& spans)
{
    TableCheck check("spans", from.id_size());
    auto requestCoroutine = check.nullable(from.request_coroutine(), from.request_coroutine_present());
    auto responseCoroutine = check.nullable(from.response_coroutine(), from.response_coroutine_present());
    auto correlation = check.nullable(from.correlation(), from.correlation_present());
    auto parent = check.nullable(from.parent_span_id(), from.parent_span_id_present());
    auto requestId = check.nullable(from.request_id_hash(), from.request_id_hash_present());
    auto traceHigh = check.nullable(from.trace_id_high(), from.trace_id_present());
    auto traceLow = check.nullable(from.trace_id_low(), from.trace_id_present());
    BN_TRY(check.result());
    for (int i = 0; i < check.rows(); ++i) {
        Span& span = spans[static_cast<std::size_t>(i)];
        span.requestCoroutine = requestCoroutine.at(i).value_or(0);
        span.responseCoroutine = responseCoroutine.at(i).value_or(0);
        span.correlation = correlation.at(i).value_or(0);
        span.requestIdHash = requestId.at(i).value_or(0);
        putBigEndian(parent.at(i).value_or(0), span.parentSpanId, 0);
        putBigEndian(traceHigh.at(i).value_or(0), span.traceId, 0);
        putBigEndian(traceLow.at(i).value_or(0), span.traceId, 8);
    }
    return {};
}

Result<void> decode(const v1::SpanRows& from, TimeRange range, const DecodedDictionary& d, std::vector<Span>& to)
{
    TableCheck check("spans", from.id_size());
    const auto end = check.column(from.end()), route = check.column(from.route()), status = check.column(from.status());
    const auto startDelta = check.column(from.start_ns_delta());
    const auto firstByte = check.column(from.first_byte_ns()), duration = check.column(from.duration_ns());
    const auto key = check.column(from.connection_key());
    const auto requestThread = check.column(from.request_thread());
    const auto responseThread = check.column(from.response_thread_delta());
    const auto requestSequence = check.column(from.request_sequence()), responseSequence = check.column(from.response_sequence());
    const auto requestBytes = check.column(from.request_bytes()), responseBytes = check.column(from.response_bytes());
    check.bitmap(from.error());
    BN_TRY(check.result());
    Delta start(ns(range.from));
    const std::size_t strings = d.values().strings.size();
    to.reserve(static_cast<std::size_t>(check.rows()));
    for (int i = 0; i < check.rows(); ++i) {
        const std::uint32_t connection = check.index(key[i], d.keys().size());
        if (!check.ok())
            break;
        to.push_back({.id = from.id(i), .end = check.index(end[i], d.values().ends.size()), .route = check.index(route[i], strings),
                      .status = check.index(status[i], strings), .error = bitAt(from.error(), static_cast<std::size_t>(i)),
                      .start = utcTime(check.time(start.decode(startDelta[i]))), .firstByte = Nanoseconds(check.duration(firstByte[i])),
                      .duration = Nanoseconds(check.duration(duration[i])), .connection = d.keys()[connection],
                      .requestThread = requestThread[i],
                      .responseThread = requestThread[i] + static_cast<std::uint32_t>(responseThread[i]),
                      .requestSequence = requestSequence[i], .responseSequence = responseSequence[i],
                      .requestBytes = requestBytes[i], .responseBytes = responseBytes[i]});
    }
    BN_TRY(check.result());
    return decodeRareEvidence(from, to);
}

} // namespace

Result<Overview> decodeOverview(const v1::OverviewChunk& from, TimeRange range, const DecodedDictionary& d)
{
    Overview to;
    BN_TRY(decode(from.presence(), range, d, to.presence));
    BN_TRY(decode(from.listening(), d, to.listening));
    BN_TRY(decode(from.requests(), d, to.requests));
    BN_TRY(decode(from.open(), d, to.open));
    BN_TRY(decode(from.open_exchanges(), range, d, to.openExchanges));
    BN_TRY(decode(from.pending_connects(), d, to.pendingConnects));
    BN_TRY(decode(from.tcp(), range, d, to.tcp));
    BN_TRY(decode(from.connections(), range, d, to.connections));
    BN_TRY(decode(from.events(), range, d, to.events));
    BN_TRY(decode(from.losses(), d, to.losses));
    BN_TRY(decode(from.coverage(), d, to.coverage));
    BN_TRY(decode(from.addresses(), range, d, to.addresses));
    BN_TRY(decode(from.hosts(), range, d, to.hosts));
    BN_TRY(decode(from.instances(), d, to.instances));
    auto health = decode(from.health());
    if (!health)
        return std::unexpected(std::move(health).error());
    to.health = *health;
    return to;
}

Result<Detail> decodeDetail(const v1::DetailChunk& from, TimeRange range, const DecodedDictionary& d)
{
    Detail to;
    BN_TRY(decode(from.spans(), range, d, to.spans));
    return to;
}

} // namespace binnacle::telemetry::internal
