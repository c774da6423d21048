// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/fault.h"

#include <cstddef>
#include <memory>
#include <utility>

namespace binnacle::protocols {

/// First in, first out, in one block that grows by doubling and is kept: no allocation per element once it has its size.  A block of more than
/// kKept elements is given back when the last one leaves.
template <class T>
class RingQueue {
public:
    bool empty() const { return m_size == 0; }
    std::size_t size() const { return m_size; }
    T& operator[](std::size_t i) { return m_slots[(m_first + i) & (m_capacity - 1)]; }
    const T& operator[](std::size_t i) const { return m_slots[(m_first + i) & (m_capacity - 1)]; }
    T& front() { return (*this)[0]; }
    const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[m_size - 1]; }

    /// A slot whose content is left from before: the caller sets all of it.
    T& pushBack()
    {
        if (m_size == m_capacity)
            grow();
        return (*this)[m_size++];
    }

    void popFront()
    {
        BN_ASSERT(m_size > 0);
        m_first = (m_first + 1) & (m_capacity - 1);
        if (--m_size == 0)
            clear();
    }

    void clear()
    {
        m_first = m_size = 0;
        if (m_capacity > kKept) {
            m_slots.reset();
            m_capacity = 0;
        }
    }

private:
    static constexpr std::size_t kKept = 1024;

    void grow()
    {
        const std::size_t capacity = m_capacity == 0 ? 1 : m_capacity * 2;
        auto slots = std::make_unique<T[]>(capacity);
        for (std::size_t i = 0; i < m_size; ++i)
            slots[i] = std::move((*this)[i]);
        m_slots = std::move(slots);
        m_capacity = capacity;
        m_first = 0;
    }

    std::unique_ptr<T[]> m_slots;
    std::size_t m_capacity = 0; // 0 or a power of two
    std::size_t m_first = 0;
    std::size_t m_size = 0;
};

} // namespace binnacle::protocols
