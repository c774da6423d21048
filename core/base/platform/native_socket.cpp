// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/native_socket.h"

#include <unistd.h>

namespace binnacle::platform {

void NativeSocket::reset()
{
    if (m_handle != kNone)
        ::close(static_cast<int>(release()));
}

} // namespace binnacle::platform
