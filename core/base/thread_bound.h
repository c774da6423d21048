// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/fault.h"

#include <thread>

namespace binnacle {

/// Remembers the thread of its first check() and asserts that all later ones are on it.
class ThreadBound {
public:
    void check()
    {
        if (m_owner == std::thread::id{})
            m_owner = std::this_thread::get_id();
        BN_ASSERT(m_owner == std::this_thread::get_id());
    }

    /// The next check() binds again: for objects built on one thread and used on another.
    void release() { m_owner = {}; }

private:
    std::thread::id m_owner;
};

} // namespace binnacle
