// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.h"

#include <optional>
#include <string>
#include <string_view>

namespace loadgen {

/// One complete reply at the front of what was received.
struct Reply {
    std::string status;          // "200", "OK", "ERR"
    std::size_t bytes = 0;       // of it in the buffer
    bool closes = false;         // the server ends the connection after it
};

/// Empty while the reply isn't complete.  `status` "?" = not a reply of this protocol.
std::optional<Reply> readReply(Wire wire, std::string_view received);

} // namespace loadgen
