// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/sample_desk.h"

#include "bpf/abi/socket_event.h"

#include <binnacle_bpf.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace binnacle::agent {
namespace {

constexpr std::size_t kDeskBytes = BN_SAMPLE_SLOTS * sizeof(bn_sample_slot);
constexpr std::size_t kFirstRoom = 1024;
constexpr std::size_t kMostRoom = 1u << 20; // more than one bucket of the map can hold

std::size_t sizeOf(const bn_header& header)
{
    switch (header.kind) {
    case BN_KIND_SOCKET_SAMPLE: return sizeof(bn_socket_sample);
    case BN_KIND_CONNECT_PENDING: return sizeof(bn_connect_pending);
    default: return 0;
    }
}

} // namespace

Result<std::unique_ptr<SampleDesk>> SampleDesk::open(binnacle_bpf& skeleton)
{
    std::unique_ptr<SampleDesk> desk(new SampleDesk(skeleton));
    void* mapped = mmap(nullptr, kDeskBytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(skeleton.maps.sample_slots), 0);
    if (mapped == MAP_FAILED)
        return failure(ErrorCode::Unavailable, fmt::format("the sample slots cannot be mapped: {}", std::strerror(errno)));
    desk->m_slots = mapped;
    return desk;
}

SampleDesk::~SampleDesk()
{
    if (m_slots)
        munmap(m_slots, kDeskBytes);
}

Result<std::vector<std::uint8_t>> SampleDesk::look()
{
    std::vector<std::uint8_t> records;
    m_begun = false;
    for (bool more = true; more;) {
        auto listed = list();
        if (!listed)
            return std::unexpected(std::move(listed).error());
        more = *listed;
        for (std::size_t i = 0; i < m_sockets.size(); i += BN_SAMPLE_SLOTS)
            BN_TRY(ask(&m_sockets[i], std::min<std::size_t>(BN_SAMPLE_SLOTS, m_sockets.size() - i), records));
    }
    return records;
}

Result<bool> SampleDesk::list()
{
    bpf_map* const connections = m_skeleton.maps.connections;
    for (m_room = std::max(m_room, kFirstRoom); m_room <= kMostRoom; m_room *= 2) {
        m_sockets.resize(m_room);
        m_states.resize(m_room * bpf_map__value_size(connections));
        auto count = static_cast<__u32>(m_room);
        std::uint32_t next = 0;
        const int error = bpf_map_lookup_batch(bpf_map__fd(connections), m_begun ? &m_position : nullptr, &next, m_sockets.data(), m_states.data(),
                                               &count, nullptr);
        if (error == -ENOSPC)
            continue; // one bucket holds more
        if (error != 0 && error != -ENOENT)
            return failure(ErrorCode::Unavailable, fmt::format("the kernel's connections cannot be listed: {}", std::strerror(-error)));
        m_sockets.resize(count);
        m_position = next;
        m_begun = true;
        return error == 0;
    }
    m_room = kFirstRoom;
    return failure(ErrorCode::Unavailable, "the kernel's connections cannot be listed: too many of them in one place");
}

Result<void> SampleDesk::ask(const std::uint64_t* sockets, std::size_t count, std::vector<std::uint8_t>& records)
{
    auto* const slots = static_cast<bn_sample_slot*>(m_slots);
    for (std::size_t i = 0; i < count; ++i)
        slots[i].socket = sockets[i];
    m_skeleton.bss->sample_count = static_cast<__u32>(count);
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    if (const int error = bpf_prog_test_run_opts(bpf_program__fd(m_skeleton.progs.socket_samples), &run); error != 0)
        return failure(ErrorCode::Unavailable, fmt::format("the kernel does not look at its sockets: {}", std::strerror(-error)));
    for (std::size_t i = 0; i < count; ++i) {
        const auto* const record = reinterpret_cast<const std::uint8_t*>(slots[i].record);
        bn_header header;
        std::memcpy(&header, record, sizeof(header));
        records.insert(records.end(), record, record + sizeOf(header));
    }
    return {};
}

} // namespace binnacle::agent
