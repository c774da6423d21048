// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/internet_address.h"

#include <cstdint>
#include <optional>
#include <vector>

/// Netlink messages of the kernel's connection tracking, include/uapi/linux/netfilter/nfnetlink_conntrack.h.  Pure: bytes ↔ values.
namespace binnacle::agent::conntrack {

/// A TCP connection's addresses in one direction.
struct FlowTuple {
    Endpoint source, destination;
    friend auto operator<=>(const FlowTuple&, const FlowTuple&) = default;
    template <class H>
    friend H AbslHashValue(H h, const FlowTuple& tuple)
    {
        return H::combine(std::move(h), tuple.source, tuple.destination);
    }
};

/// As it was sent, and as answers come back: `reply.source` is who really answers.
struct Flow {
    FlowTuple original, reply;
    friend bool operator==(const Flow&, const Flow&) = default;
};

struct Message {
    std::uint32_t sequence = 0;  // of the request; 0: an event
    bool isNew = false;          // a flow, in answer to a request or told as an event
    bool isError = false;        // with `error`: 0 is an acknowledgement
    int error = 0;               // errno
    std::optional<Flow> flow;    // of TCP only
};

/// Asks for the flow whose original direction is `original`, in zone 0 of the network namespace that the socket lives in.
/// Empty when the two addresses are of different families.
std::vector<std::uint8_t> requestFor(const FlowTuple& original, std::uint32_t sequence);

/// The next message of what one receive gave; `rest` shrinks by it.  Nothing: no whole message is left.
std::optional<Message> nextMessage(ByteView& rest);

} // namespace binnacle::agent::conntrack
