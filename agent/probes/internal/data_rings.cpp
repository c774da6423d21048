// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/data_rings.h"

#include "agent/probes/internal/translate.h"
#include "bpf/abi/abi.h"
#include "core/base/fault.h"

#include <time.h>

#include <algorithm>
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
    const auto header = readRecord<bn_header>(source.record);
    BN_ASSERT(header);
    source.at = hostTime(header->at_ns);
    source.sequence = header->sequence;
    if (source.at > m_now)
        source.record = {};
}

/// Records of one time are parts of one transfer, or have nothing to do with each other.
bool DataRings::isBefore(const Source& a, const Source& b)
{
    return a.at != b.at ? a.at < b.at : static_cast<std::int32_t>(a.sequence - b.sequence) < 0;
}

DataRings::Source* DataRings::earliest()
{
    if (m_stopped)
        return nullptr;
    Source* first = nullptr;
    for (Source& source : m_sources) {
        if (!source.record.empty() && (!first || isBefore(source, *first)))
            first = &source;
    }
    return first;
}

} // namespace binnacle::agent
