// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "tests/kernel/support/loopback.h"

#include <memory>

/// Connects that nobody answers, without a rule in any firewall: a listener drops SYNs while its accept queue is full.
namespace binnacle::agent::test {

/// A child that listens, has its queue filled by a connection of its own, and accepts when it is told to.
class FullListener {
public:
    FullListener(); // returns when the queue is full
    std::uint16_t number() const { return m_port.number(); }
    /// From here on everybody is let in.
    void accept() { m_accept.open(); }

private:
    BoundPort m_port;
    Gate m_full, m_accept;
    Child m_child;
};

/// A child that calls connect() once and ends with 0 when it was answered.
class HangingClient {
public:
    explicit HangingClient(std::uint16_t port); // returns when the connect() is under way
    Child& child() { return m_child; }
    /// Between these two the connect() began.
    HostTime before() const { return m_times->before; }
    HostTime after() const { return m_times->after; }

private:
    struct Times {
        HostTime before{}, after{};
    };
    struct Unmap {
        void operator()(Times* times) const;
    };
    static Times* shared();
    int talk(std::uint16_t port);

    std::unique_ptr<Times, Unmap> m_times; // shared with the child
    Gate m_under;
    Child m_child;
};

} // namespace binnacle::agent::test
