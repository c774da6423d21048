// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/stream_parser.h"

namespace binnacle::protocols {

/// A connection whose protocol is known; what StreamParser holds after the verdict.
class AnyStream {
public:
    virtual ~AnyStream() = default;
    virtual void quietSince(HostTime at) = 0; // before the first feed()
    /// False: the connection speaks something else from here on.
    virtual bool feed(const Chunk& chunk, ExchangeSink& sink) = 0;
    virtual void close(const StreamEnd& end, ExchangeSink& sink) = 0;
    virtual std::size_t inFlight(std::span<InFlight> out) const = 0;
    virtual std::uint64_t orphanResponses() const = 0;
};

} // namespace binnacle::protocols
