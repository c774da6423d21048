// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/data_rings.h"

#include "bpf/abi/abi.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace binnacle::agent {
namespace {

/// The clock of bpf_ktime_get_ns().
HostTime now()
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return HostTime(std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec));
}

HostTime timeOf(ByteView record)
{
    __u64 at = 0; // bn_header::at_ns, which is first
    static_assert(offsetof(bn_header, at_ns) == 0);
    std::memcpy(&at, record.data(), sizeof(at));
    return hostTime(at);
}

} // namespace

Result<DataRings> DataRings::open(const std::vector<int>& mapFds, std::size_t bytesEach)
{
    DataRings rings;
    for (const int fd : mapFds) {
        auto reader = RingReader::open(fd, bytesEach);
        if (!reader)
            return std::unexpected(std::move(reader).error());
        rings.m_sources.push_back({.reader = std::move(*reader), .until = 0, .record = {}});
    }
    return rings;
}

void DataRings::beginRound()
{
    m_now = now();
    m_waiting = 0;
    m_stopped = false;
    for (Source& source : m_sources) {
        source.until = source.reader->written();
        m_waiting = std::max(m_waiting, source.until - source.reader->read());
    }
    for (Source& source : m_sources)
        look(source);
}

void DataRings::look(Source& source)
{
    source.record = {};
    switch (source.reader->peek(source.until, source.record)) {
    case RingReader::Next::None: return;
    case RingReader::Next::Unfinished: m_stopped = true; return;
    case RingReader::Next::Record: break;
    }
    source.at = timeOf(source.record);
    if (source.at > m_now)
        source.record = {};
}

DataRings::Source* DataRings::earliest()
{
    if (m_stopped)
        return nullptr;
    Source* first = nullptr;
    for (Source& source : m_sources) {
        if (!source.record.empty() && (!first || source.at < first->at))
            first = &source;
    }
    return first;
}

} // namespace binnacle::agent
