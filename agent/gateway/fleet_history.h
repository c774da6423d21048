// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/fleet.h"

#include "binnacle/v1/service.pb.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace binnacle::agent {

/// Asks all agents of the fleet (or those that the request names) for a range, with its kinds, levels and limit pushed down, some at a
/// time; what comes is given to `write`, one call at a time, which returns false to end.  An AgentNotice goes before each agent's first item; who
/// does not answer is a Gap of the whole range, by name.  Blocks.
void fanOutHistory(const Fleet& fleet, const v1::HistoryRequest& request, const std::function<bool(const v1::StreamItem&)>& write);

/// Asks some at a time, so that one that is slow holds few up; `ask` is called on several threads, once a link.  Blocks.
void askEach(const std::vector<LinkPtr>& links, const std::function<void(std::size_t index, const AgentLink& link)>& ask);

/// What a host is called in recordings whose agent has never answered this gateway: not the key that it will have.
EntityKey keyOfSilentHost(const std::string& node);

} // namespace binnacle::agent
