// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

/// Records of bpf/abi/socket_event.h → events.  A record shorter than its kind is a fault of ours and is left out.
namespace binnacle::agent {

void deliverOpened(ByteView record, EventSink& sink);
void deliverOwned(ByteView record, EventSink& sink);
void deliverConnectFailed(ByteView record, EventSink& sink);
void deliverListenStarted(ByteView record, EventSink& sink);
void deliverListenEnded(ByteView record, EventSink& sink);
void deliverClosed(ByteView record, EventSink& sink);

} // namespace binnacle::agent
