// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/process.h"

#include <unistd.h>

namespace binnacle::platform {

std::uint32_t processId() { return static_cast<std::uint32_t>(::getpid()); }

} // namespace binnacle::platform
