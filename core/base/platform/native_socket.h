// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

namespace binnacle::platform {

/// One end of a byte stream as the system knows it: a file descriptor, or a SOCKET of Windows.  Closes it unless it is released.
class NativeSocket {
public:
    using Handle = std::intptr_t;
    static constexpr Handle kNone = -1;

    NativeSocket() = default;
    explicit NativeSocket(Handle handle) : m_handle(handle) {}
    ~NativeSocket() { reset(); }
    NativeSocket(NativeSocket&& other) noexcept : m_handle(other.release()) {}
    NativeSocket& operator=(NativeSocket&& other) noexcept
    {
        reset();
        m_handle = other.release();
        return *this;
    }

    Handle get() const { return m_handle; }
    explicit operator bool() const { return m_handle != kNone; }
    Handle release() { return std::exchange(m_handle, kNone); } // the caller closes it
    void reset();

private:
    Handle m_handle = kNone;
};

} // namespace binnacle::platform
