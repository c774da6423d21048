// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

namespace binnacle::agent {

/// A record of bpf/abi/data_event.h → DataChunk, whose bytes are lent from the ring.
void deliverData(ByteView record, EventSink& sink);
/// That deliverData() will be called for this record shortly.
void expectData(ByteView record, EventSink& sink);

} // namespace binnacle::agent
