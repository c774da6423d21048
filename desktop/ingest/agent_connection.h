// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/buffer_horizon.h"
#include "core/telemetry/segment.h"
#include "desktop/ingest/clock_aligner.h"
#include "desktop/ingest/target.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace binnacle::desktop {

/// The last batch that a reader has.
struct StreamCursor {
    EntityKey agent;
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;
    friend bool operator==(const StreamCursor&, const StreamCursor&) = default;
};

/// Dictionary of a segment that is joined in its middle.
struct StreamOpening {
    EntityKey agent;
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    std::uint32_t epoch = 0;
    std::uint64_t segment = 0;
    std::string dictionary; // v1::Dictionary, not compressed
};

struct StreamChunk {
    telemetry::EncodedChunk chunk; // bytes not compressed
    ClockAnchor anchor;
};

struct StreamSegment {
    std::string bytes;
};

struct StreamHeartbeat {
    ClockAnchor anchor;
};

/// Of a gateway: who is behind it, before that agent's first event and whenever it changes.
struct StreamAgent {
    enum class Presence : std::uint8_t { Connected, Away, Gone };
    telemetry::AgentIdentity identity; // key of zero: it has not answered the gateway yet, and is known by its node's name
    Presence presence = Presence::Connected;
    std::string why;                   // not connected: a sentence
    ClockAnchor anchor;                // its clocks, when the gateway asked last
};

using StreamEvent = std::variant<StreamHeartbeat, StreamOpening, StreamChunk, StreamSegment, telemetry::Gap, StreamAgent>;

struct SubscribeFrom {
    std::optional<StreamCursor> cursor; // after this one …
    std::vector<StreamCursor> cursors;  // to a gateway, in place of it: one an agent
    std::optional<UtcTime> since;       // … or from what is left since then, else from now
    std::vector<telemetry::ChunkKind> kinds{telemetry::ChunkKind::Overview, telemetry::ChunkKind::Detail};
    bool merged = false;                // of a gateway: its own merged seconds, which begin as an agent's do
};

/// One connection to one agent, after a handshake that fitted.  gRPC lives behind it, and its statuses become errors here and
/// nowhere else: each says what to do next.
/// Thread: any; calls block, cancel() ends them from another thread.
class AgentConnection {
public:
    /// Versions of the protocol that this program speaks.
    static constexpr std::uint32_t kProtocolMin = 1;
    static constexpr std::uint32_t kProtocolMax = 1;

    static constexpr auto kPatience = std::chrono::seconds(5);

    /// Gives up within some milliseconds once it is cancelled.
    static Result<std::unique_ptr<AgentConnection>> connect(const Target& target, std::chrono::milliseconds patience = kPatience,
                                                            const Cancellation& cancellation = {});
    ~AgentConnection();

    const telemetry::AgentIdentity& identity() const;
    const ClockAnchor& anchor() const; // the agent's clocks at the handshake
    bool isGateway() const;            // of many agents: events name theirs, the identity is no host's
    bool canMerge() const;             // a gateway that has merged seconds
    std::size_t agents() const;        // behind a gateway, at the handshake
    /// Whether this fleet is to be read merged; Unsupported when it must be and cannot.
    Result<bool> isReadMerged(FleetReading wish) const;

    /// Of an agent behind a gateway; of who answers when there is none.
    Result<ClockPing> ping(EntityKey agent = {}, const Cancellation& cancellation = {});
    Result<std::vector<telemetry::BufferHorizon>> horizons();

    /// Calls `visit` for each thing that comes until it returns false (then all is well), the agent ends or cancel().
    using Visit = std::function<bool(StreamEvent&& event, std::size_t wireBytes)>;
    Result<void> subscribe(const SubscribeFrom& from, const Visit& visit);
    enum class Of : std::uint8_t { Agents, Merged };
    Result<void> history(TimeRange range, const std::vector<telemetry::ChunkKind>& kinds, const Visit& visit, Of of = Of::Agents);

    /// Ends what is under way and all that is asked later.
    void cancel();

private:
    class Private;
    explicit AgentConnection(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace binnacle::desktop
