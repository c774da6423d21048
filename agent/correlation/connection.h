// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "core/base/entity_key.h"
#include "core/protocols/stream_parser.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace binnacle::agent {

inline constexpr std::uint32_t kNoIndex = 0xffffffff;

/// A chunk that waits for its connection to be known.
struct HeldChunk {
    DataChunk chunk; // `bytes` points into `copy`
    std::vector<std::uint8_t> copy;
};

/// Places of a connection's rows, kept here so that an exchange finds them without a search.  Used by agent/aggregation only.
struct RowCache {
    static constexpr std::size_t kRoutes = 4;

    struct Route {
        std::uint64_t hash = 0;
        std::uint32_t cell = kNoIndex;
    };
    std::uint32_t generation = 0; // the rows' when these were looked up; another one means: look up anew
    std::uint32_t tcpEnd = kNoIndex;
    std::uint32_t requestEnd = kNoIndex;
    std::uint32_t lastCell = kNoIndex; // where the last exchange went, unless its route found no room
    std::array<Route, kRoutes> routes{};
};

/// One socket of this host that is or was connected.  What each record looks at comes first and lies together.
struct Connection {
    ConnectionId id;
    bool opened = false;          // else a placeholder: data came before the opening
    bool existed = false;
    bool owned = false;           // the task really uses the socket
    bool settled = false;         // side, owner and peer are known as well as they will be; data flow
    bool ignored = false;
    bool abandoned = false;       // a placeholder whose opening never came: bytes are counted, not kept
    bool notParsed = false;       // verdict: no protocol we know, or left
    bool rolesGuessed = false;    // nobody told who is the server; the parser may find out
    Side side = Side::Unknown;
    Side fedAs = Side::Unknown;   // what the parser was told, whatever it found out
    bool askedBackend = false;    // whether `dialled` is translated was asked and not answered yet
    std::uint8_t roundsWaited = 0;
    std::uint32_t secondsWithoutSample = 0;
    std::uint64_t captured = 0;   // bytes that arrived, both directions
    std::uint64_t counted = 0;    // bytes told by their size alone, since nobody wants to read them (CaptureControl)
    std::uint64_t requests = 0;
    std::optional<protocols::StreamParser> parser;
    RowCache rows;

    std::uint64_t cookie = 0;
    EntityKey key;                // of telemetry; made when first needed
    SocketAddresses addresses;    // remote: of a client, where it really went as far as is known
    Endpoint dialled;             // client: what the program asked for; `addresses.remote` unless that was translated
    Task task;                    // pid 0: not known yet
    HostTime openedAt{}, connectBegan{}, firstSeen{};
    std::unique_ptr<ConnectionClosed> closing; // it closed before it was settled

    std::uint32_t instance = kNoIndex;
    Connection* peer = nullptr;              // the other end, when this host has it
    std::uint32_t peerInstance = kNoIndex;   // stays when the peer is gone

    std::vector<std::unique_ptr<HeldChunk>> held;
    std::size_t heldBytes = 0;

    TcpState state = TcpState::Established;
    TcpCounters tcp;              // the latest
    PayloadCounters payload;
    bool sampled = false;
    std::uint64_t bytesThisSecond = 0;
};

} // namespace binnacle::agent
