// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

namespace binnacle {

/// The latest immutable value, set by one thread and read by others.
template <class T>
class Published {
public:
    using Pointer = std::shared_ptr<const T>;

    void set(Pointer value)
    {
        const std::lock_guard lock(m_mutex);
        m_value = std::move(value);
    }

    Pointer get() const
    {
        const std::lock_guard lock(m_mutex);
        return m_value;
    }

private:
    mutable std::mutex m_mutex;
    Pointer m_value; // guarded by m_mutex
};

} // namespace binnacle
