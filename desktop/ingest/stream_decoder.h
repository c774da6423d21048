// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/segment.h"
#include "desktop/ingest/agent_connection.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace binnacle::desktop {

/// One new chunk: its bytes for the file and what they say.
struct DecodedChunk {
    telemetry::EncodedChunk chunk;
    std::optional<std::string> opening;             // v1::Dictionary, when this chunk is the first here of a segment joined in the middle
    std::shared_ptr<const telemetry::Batch> batch;  // with the chunk of its kind only
};

/// A whole segment of which nothing was here before.
struct DecodedSegment {
    telemetry::SegmentHeader header;
    std::string bytes;
    std::vector<std::shared_ptr<const telemetry::Batch>> batches;
};

using Decoded = std::variant<DecodedChunk, DecodedSegment, telemetry::Gap>;

/// Turns the stream of one agent, which says things at least once, into things said once and in order, by chunk kind.
/// Keeps the place in each kind over reconnections and epochs of the agent.  Thread: the agent's reading thread.
class StreamDecoder {
public:
    /// Corrupt: the stream cannot be understood any further; rejoin() and subscribe anew.
    Result<std::vector<Decoded>> take(StreamEvent&& event);

    /// To go on after a lost connection: the earlier of the two kinds' places.  Nothing before the first batch.
    std::optional<StreamCursor> cursor() const;
    /// Forgets the dictionaries, so that the next stream begins with openings; the place stays, so that nothing comes twice.
    void rejoin();

    /// End of what is here of a kind, in the agent's UTC.
    UtcTime coveredTo(telemetry::ChunkKind kind) const { return place(kind).coveredTo; }

private:
    struct Place {
        std::optional<telemetry::BatchKey> last;
        UtcTime coveredTo{};
        std::optional<StreamOpening> opening; // came and was not used yet
        telemetry::SegmentReader reader;
    };
    Place& place(telemetry::ChunkKind kind) { return m_places[kind == telemetry::ChunkKind::Detail ? 1 : 0]; }
    const Place& place(telemetry::ChunkKind kind) const { return m_places[kind == telemetry::ChunkKind::Detail ? 1 : 0]; }
    static bool isNew(const Place& place, const telemetry::BatchKey& key);

    Result<void> open(StreamOpening&& opening);
    Result<void> takeChunk(telemetry::EncodedChunk&& chunk, std::vector<Decoded>& out);
    Result<void> takeSegment(std::string&& bytes, std::vector<Decoded>& out);
    Result<void> takeInParts(const telemetry::SegmentContent& content, std::vector<Decoded>& out);
    void takeGap(telemetry::Gap gap, std::vector<Decoded>& out);

    std::array<Place, 2> m_places;
};

} // namespace binnacle::desktop
