// SPDX-License-Identifier: Apache-2.0
#include "agent/events/events.h"

namespace binnacle::agent {

std::string_view nameOf(TcpState state)
{
    static constexpr std::array<std::string_view, 13> kNames{"NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
        "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"};
    const auto index = static_cast<std::size_t>(state);
    return index < kNames.size() ? kNames[index] : "?";
}

} // namespace binnacle::agent
