// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"
#include "core/telemetry/batch_reader.h"

#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

/// A reader as a client is one: decodes what comes and drops what it has already.
namespace binnacle::agent {

class DecodingReader {
public:
    DecodingReader(RollingBuffer& buffer, ChunkReader reader) : m_buffer(buffer), m_reader(std::move(reader)) {}

    static DecodingReader from(RollingBuffer& buffer, telemetry::ChunkKind kind, std::optional<Cursor> after)
    {
        const std::array kinds{kind};
        return {buffer, buffer.readFrom(kinds, after).front()};
    }

    /// All that is there now.
    void readAll()
    {
        while (step()) {
        }
    }

    bool step()
    {
        ReadStep next = m_reader.next();
        if (auto* opening = std::get_if<SegmentOpening>(&next)) {
            m_decoder = {};
            require(m_decoder.open(opening->kind, opening->segment, asBytes(opening->dictionary)).has_value());
            ++openings;
        } else if (auto* chunk = std::get_if<LiveChunkPtr>(&next)) {
            takeChunk((*chunk)->chunk);
        } else if (auto* sealed = std::get_if<SealedBytes>(&next)) {
            ++segments;
            const auto batches = telemetry::readSegment(asBytes(*sealed->bytes));
            require(batches.has_value());
            for (const telemetry::Batch& batch : *batches)
                keep(batch);
        } else if (auto* gap = std::get_if<telemetry::Gap>(&next)) {
            gaps.push_back(*gap);
        } else {
            return false;
        }
        return true;
    }

    std::vector<telemetry::Batch> batches; // each once
    std::vector<telemetry::Gap> gaps;
    int openings = 0, segments = 0, live = 0, duplicates = 0;

private:
    static void require(bool ok)
    {
        if (!ok)
            throw std::runtime_error("the stream cannot be decoded");
    }

    void takeChunk(const telemetry::EncodedChunk& chunk)
    {
        ++live;
        if (!batches.empty() && batches.back().key.epoch != chunk.key.epoch && chunk.index == 0)
            m_decoder = {};
        const telemetry::SegmentReader::ChunkRef ref{chunk.segment, asBytes(chunk.bytes)};
        const bool isDetail = chunk.kind == telemetry::ChunkKind::Detail;
        const auto batch = m_decoder.next(isDetail ? std::nullopt : std::optional(ref), isDetail ? std::optional(ref) : std::nullopt);
        require(batch.has_value());
        keep(*batch);
    }

    void keep(const telemetry::Batch& batch)
    {
        if (!batches.empty() && batch.key <= batches.back().key)
            ++duplicates;
        else
            batches.push_back(batch);
    }

    RollingBuffer& m_buffer;
    ChunkReader m_reader;
    telemetry::SegmentReader m_decoder;
};

inline std::vector<std::uint64_t> sequencesOf(const std::vector<telemetry::Batch>& batches)
{
    std::vector<std::uint64_t> result;
    for (const telemetry::Batch& batch : batches)
        result.push_back(batch.key.sequence);
    return result;
}

inline std::vector<std::uint64_t> sequences(std::uint64_t first, std::uint64_t last)
{
    std::vector<std::uint64_t> result;
    for (std::uint64_t at = first; at <= last; ++at)
        result.push_back(at);
    return result;
}

} // namespace binnacle::agent
