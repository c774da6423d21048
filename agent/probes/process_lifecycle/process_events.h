// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

/// Records of bpf/abi/process_event.h → events.
namespace binnacle::agent {

void deliverForked(ByteView record, EventSink& sink);
void deliverExeced(ByteView record, EventSink& sink);
void deliverExited(ByteView record, EventSink& sink);

} // namespace binnacle::agent
