// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/http/frames.h"
#include "core/protocols/redis/frames.h"

namespace binnacle::protocols {

template <ApplicationProtocol... Ps>
struct ProtocolList {};

/// All that is parsed.  Tried in this order when a connection begins; what is told apart with more certainty comes first.
using AllProtocols = ProtocolList<Http, Redis>;

} // namespace binnacle::protocols
