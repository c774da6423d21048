// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/listen_address.h"
#include "agent/service/peer_credentials.h"
#include "core/base/result.h"

#include <functional>
#include <memory>
#include <thread>

namespace binnacle::agent {

/// The listening socket and the thread that accepts.
///
/// Owns the socket, and the file of a Unix socket (mode 0600).  Accepted descriptors are handed over, non-blocking, with who is
/// at the other end.  Thread: open and close from one; `accepted` and `everySecond` are called on the accepting thread.
class Listener {
public:
    struct Handlers {
        std::function<void(int connection, const PeerCredentials&)> accepted;
        std::function<void()> everySecond;
    };

    /// Binds and listens; a socket file that nobody listens on is replaced.
    static Result<std::unique_ptr<Listener>> open(const ListenAddress& address);
    ~Listener(); // close()

    void start(Handlers handlers);
    void close();

    /// With the port that was really taken, when 0 was asked for.
    const ListenAddress& address() const { return m_address; }

private:
    Listener(ListenAddress address, int descriptor);
    void run();
    void acceptAll();

    ListenAddress m_address;
    int m_descriptor = -1;
    int m_wake[2] = {-1, -1};
    Handlers m_handlers;
    std::thread m_thread;
};

} // namespace binnacle::agent
