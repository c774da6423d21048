// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/probe_set.h"

#include "agent/probes/internal/data_rings.h"
#include "agent/probes/internal/iterator_reader.h"
#include "agent/probes/internal/kernel_object.h"
#include "agent/probes/internal/ring_reader.h"
#include "agent/probes/internal/sample_desk.h"
#include "agent/probes/internal/translate.h"
#include "agent/probes/payload/payload_events.h"
#include "agent/probes/process_lifecycle/process_events.h"
#include "agent/probes/socket_iterator/socket_samples.h"
#include "agent/probes/tcp_lifecycle/connection_events.h"
#include "bpf/abi/data_event.h"
#include "bpf/abi/loss_counter.h"

#include <binnacle_bpf.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace binnacle::agent {
namespace {

constexpr std::size_t kVerdictBytes = BN_VERDICT_SLOTS * sizeof(bn_verdict_slot);

/// bpf/lib/maps.bpf.h: struct cpu_state begins with the counters; what follows is the kernel side's own.
ProbeCounters sumCounters(bpf_map* map, std::uint32_t processors)
{
    const std::size_t perCpu = (bpf_map__value_size(map) + 7) & ~std::size_t{7};
    std::vector<std::uint8_t> values(perCpu * processors);
    std::array<std::uint64_t, BN_COUNTERS> sums{};
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(map), &zero, values.data()) != 0)
        return {};
    for (std::uint32_t cpu = 0; cpu < processors; ++cpu) {
        std::array<std::uint64_t, BN_COUNTERS> counters;
        std::memcpy(counters.data(), values.data() + cpu * perCpu, sizeof(counters));
        for (std::size_t i = 0; i < counters.size(); ++i)
            sums[i] += counters[i];
    }
    return {sums[BN_COUNT_DATA_RING_FULL_BYTES], sums[BN_COUNT_DATA_RING_FULL_RECORDS], sums[BN_COUNT_LIFECYCLE_RING_FULL],
            sums[BN_COUNT_CONNECTION_MAP_FULL], sums[BN_COUNT_PAYLOAD_FAULT_BYTES], sums[BN_COUNT_PAYLOAD_UNSEEN_BYTES],
            sums[BN_COUNT_DATA_RECORDS], sums[BN_COUNT_LIFECYCLE_RECORDS]};
}

bool watch(int epoll, int ring)
{
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event) == 0;
}

std::uint16_t toKernel(CaptureControl::Verdict verdict)
{
    switch (verdict) {
    case CaptureControl::Verdict::Capture: return BN_VERDICT_CAPTURE;
    case CaptureControl::Verdict::CountOnly: return BN_VERDICT_COUNT_ONLY;
    case CaptureControl::Verdict::Off: return BN_VERDICT_OFF;
    }
    return BN_VERDICT_CAPTURE;
}

} // namespace

ProbeSet::ProbeSet(KernelFacts facts, ProbePlan plan) : m_facts(std::move(facts)), m_plan(std::move(plan)) {}

ProbeSet::~ProbeSet()
{
    if (m_verdicts)
        munmap(m_verdicts, kVerdictBytes);
    if (m_pollFd >= 0)
        close(m_pollFd);
}

Result<std::unique_ptr<ProbeSet>> ProbeSet::create(const ProbeOptions& options, EventSink& sink)
{
    auto facts = KernelFacts::ask(options.btfFile);
    if (!facts)
        return std::unexpected(std::move(facts).error().within("the kernel cannot be observed"));
    auto plan = planProbes(*facts, options);
    if (!plan)
        return std::unexpected(std::move(plan).error());
    std::unique_ptr<ProbeSet> set(new ProbeSet(std::move(*facts), std::move(*plan)));
    auto kernel = KernelObject::load(set->m_facts, options, set->m_plan);
    if (!kernel)
        return std::unexpected(std::move(kernel).error());
    set->m_kernel = std::move(*kernel);
    BN_TRY(set->openRings());
    BN_TRY(set->m_kernel->attach(set->m_plan));
    set->openDesk();
    sink.watching();
    set->findExisting(sink);
    return set;
}

Result<void> ProbeSet::openRings()
{
    auto& maps = m_kernel->skeleton().maps;
    auto data = DataRings::open(m_kernel->dataRings(), m_kernel->dataRingBytes());
    auto lifecycle = RingReader::open(bpf_map__fd(maps.lifecycle_ring), m_kernel->lifecycleRingBytes());
    if (!data || !lifecycle)
        return std::unexpected(data ? lifecycle.error() : data.error());
    m_data = std::make_unique<DataRings>(std::move(*data));
    m_lifecycle = std::move(*lifecycle);
    m_verdicts = mmap(nullptr, kVerdictBytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(maps.verdicts), 0);
    if (m_verdicts == MAP_FAILED) {
        m_verdicts = nullptr;
        return failure(ErrorCode::Unavailable, fmt::format("the verdict map cannot be mapped: {}", std::strerror(errno)));
    }
    m_pollFd = epoll_create1(EPOLL_CLOEXEC);
    const auto isWatched = [this](int ring) { return watch(m_pollFd, ring); };
    if (m_pollFd < 0 || !std::ranges::all_of(m_kernel->dataRings(), isWatched) || !isWatched(bpf_map__fd(maps.lifecycle_ring)))
        return failure(ErrorCode::Unavailable, fmt::format("the rings cannot be polled: {}", std::strerror(errno)));
    return {};
}

void ProbeSet::openDesk()
{
    if (!m_plan.uses(Hook::SocketSamples))
        return;
    if (auto desk = SampleDesk::open(m_kernel->skeleton()))
        m_desk = std::move(*desk);
    else
        m_plan.lose(Hook::SocketSamples, desk.error().what);
}

void ProbeSet::findExisting(EventSink& sink)
{
    if (!m_plan.uses(Hook::ExistingSockets))
        return;
    const auto records = runIterator(*m_kernel->existingSockets());
    if (records)
        deliverExisting(*records, sink);
    else
        m_plan.lose(Hook::ExistingSockets, records.error().what);
}

void ProbeSet::deliverLifecycle(ByteView record, EventSink& sink)
{
    const auto header = readRecord<bn_header>(record);
    switch (header ? header->kind : std::uint16_t{BN_KIND_NONE}) {
    case BN_KIND_CONNECTION_OPENED: return deliverOpened(record, sink);
    case BN_KIND_CONNECTION_OWNED: return deliverOwned(record, sink);
    case BN_KIND_CONNECT_FAILED: return deliverConnectFailed(record, sink);
    case BN_KIND_LISTEN_STARTED: return deliverListenStarted(record, sink);
    case BN_KIND_LISTEN_ENDED: return deliverListenEnded(record, sink);
    case BN_KIND_PROCESS_FORKED: return deliverForked(record, sink);
    case BN_KIND_PROCESS_EXECED: return deliverExeced(record, sink);
    case BN_KIND_PROCESS_EXITED: return deliverExited(record, sink);
    case BN_KIND_CONNECTION_CLOSED: m_closesNow.emplace_back(record.begin(), record.end()); return;
    default: BN_ASSERT(false && "a record of a kind that is in no header");
    }
}

std::size_t ProbeSet::drain(EventSink& sink)
{
    m_thread.check();
    m_data->beginRound();
    m_mostWaiting = std::max(m_mostWaiting, m_data->waiting());
    std::size_t records = m_lifecycle->drain(m_lifecycle->written(), [&](ByteView record) { deliverLifecycle(record, sink); });
    records += m_data->drain([&](ByteView record) { deliverData(record, sink); }, [&](ByteView record) { expectData(record, sink); });
    if (m_data->isDone())
        deliverKept(sink);
    return records;
}

/// A close that was read in the round before was written before this round's data positions were taken.
void ProbeSet::deliverKept(EventSink& sink)
{
    for (const auto& record : m_closesKept)
        deliverClosed(record, sink);
    m_closesKept.clear();
    std::swap(m_closesKept, m_closesNow);
}

void ProbeSet::drainAll(EventSink& sink)
{
    constexpr int kRounds = 8; // the observed programs go on: waiting for silence could last for ever
    for (int round = 0; round < kRounds && (drain(sink) > 0 || !m_closesKept.empty() || !m_closesNow.empty()); ++round) {
    }
}

std::uint32_t ProbeSet::takeRingFillPermille()
{
    return static_cast<std::uint32_t>(std::exchange(m_mostWaiting, 0) * 1000 / m_kernel->dataRingBytes());
}

void ProbeSet::sample(EventSink& sink)
{
    m_thread.check();
    if (m_plan.uses(Hook::SocketSamples)) {
        if (const auto records = m_desk->look())
            deliverSamples(*records, sink);
        else
            m_plan.lose(Hook::SocketSamples, records.error().what);
    }
    reportLosses(sink);
}

void ProbeSet::reportLosses(EventSink& sink)
{
    const ProbeCounters now = counters();
    const auto tell = [&sink](Loss loss, std::uint64_t before, std::uint64_t after) {
        if (after > before)
            sink.lost(loss, after - before);
    };
    tell(Loss::DataRingFull, m_reported.dataRingFullBytes, now.dataRingFullBytes);
    tell(Loss::LifecycleRingFull, m_reported.lifecycleRingFull, now.lifecycleRingFull);
    tell(Loss::ConnectionMapFull, m_reported.connectionMapFull, now.connectionMapFull);
    tell(Loss::PayloadFault, m_reported.payloadFaultBytes, now.payloadFaultBytes);
    m_reported = now;
}

void ProbeSet::setVerdict(ConnectionId connection, Verdict verdict)
{
    auto* slots = static_cast<bn_verdict_slot*>(m_verdicts);
    const bn_verdict_slot slot{static_cast<__u32>(connection.value), toKernel(verdict), 0};
    std::uint64_t packed = 0;
    std::memcpy(&packed, &slot, sizeof(packed));
    // One store: the kernel never reads the verdict of one connection under the number of another.
    __atomic_store_n(reinterpret_cast<std::uint64_t*>(&slots[connection.value % BN_VERDICT_SLOTS]), packed, __ATOMIC_RELEASE);
}

Result<void> ProbeSet::ignoreProcess(ProcessId process)
{
    const __u32 key = process.value;
    const __u8 yes = 1;
    auto& skeleton = m_kernel->skeleton();
    if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.ignored_processes), &key, &yes, BPF_ANY) != 0)
        return failure(ErrorCode::Full, fmt::format("process {} cannot be left out: {}", process.value, std::strerror(errno)));
    m_ignored.insert(key);
    skeleton.bss->ignored_process_count = static_cast<__u32>(m_ignored.size());
    return {};
}

void ProbeSet::stopIgnoring(ProcessId process)
{
    const __u32 key = process.value;
    auto& skeleton = m_kernel->skeleton();
    bpf_map_delete_elem(bpf_map__fd(skeleton.maps.ignored_processes), &key);
    m_ignored.erase(key);
    skeleton.bss->ignored_process_count = static_cast<__u32>(m_ignored.size());
}

ProbeCounters ProbeSet::counters() const { return sumCounters(m_kernel->skeleton().maps.cpu_states, m_facts.processors); }
std::size_t ProbeSet::mapBytes() const { return m_kernel->mapBytes(); }
std::size_t ProbeSet::ringBytes() const { return m_kernel->dataRings().size() * m_kernel->dataRingBytes(); }

std::size_t ProbeSet::trackedSockets() const
{
    const int fd = bpf_map__fd(m_kernel->skeleton().maps.connections);
    std::size_t count = 0;
    std::uint64_t key = 0;
    for (int error = bpf_map_get_next_key(fd, nullptr, &key); error == 0; error = bpf_map_get_next_key(fd, &key, &key))
        ++count;
    return count;
}

} // namespace binnacle::agent
