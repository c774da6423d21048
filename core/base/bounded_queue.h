// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace binnacle {

/// Hands values from any thread to any other, in order, up to a limit.  push() never blocks: it refuses when full,
/// and the caller counts what it then drops.
template <class T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t limit) : m_limit(limit) {}

    [[nodiscard]] bool push(T value)
    {
        {
            const std::lock_guard lock(m_mutex);
            if (m_closed || m_values.size() >= m_limit)
                return false;
            m_values.push_back(std::move(value));
        }
        m_changed.notify_one();
        return true;
    }

    /// Waits up to `patience`; nothing when the time is over, or when the queue is closed and empty.
    std::optional<T> pop(std::chrono::milliseconds patience)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait_for(lock, patience, [this] { return m_closed || !m_values.empty(); });
        if (m_values.empty())
            return std::nullopt;
        std::optional<T> value(std::move(m_values.front()));
        m_values.pop_front();
        return value;
    }

    void close()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_closed = true;
        }
        m_changed.notify_all();
    }

    bool isClosed() const
    {
        const std::lock_guard lock(m_mutex);
        return m_closed;
    }

    std::size_t size() const
    {
        const std::lock_guard lock(m_mutex);
        return m_values.size();
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<T> m_values; // guarded by m_mutex
    const std::size_t m_limit;
    bool m_closed = false; // guarded by m_mutex
};

} // namespace binnacle
