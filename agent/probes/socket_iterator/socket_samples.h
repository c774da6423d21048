// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

/// What the iterators wrote: records one after the other.
namespace binnacle::agent {

/// Connections and listeners that were there at the start.
void deliverExisting(ByteView records, EventSink& sink);

/// One SocketSample per live socket, one ConnectPending per connect() that has long waited for its answer.
void deliverSamples(ByteView records, EventSink& sink);

} // namespace binnacle::agent
