// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/native_socket.h"
#include "core/base/platform/private_folder.h"
#include "core/base/result.h"
#include "core/kube/net/backoff.h"
#include "core/kube/net/http_client.h"
#include "core/kube/tunnel/pod_port.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace binnacle::kube {

/// Where a tunnel is at.  A value, given whenever it changes.
struct TunnelState {
    enum class Phase : std::uint8_t {
        Idle,       // nobody wants a connection
        Connecting, // looking for the pod, or on the way to it
        Open,
        Lost,       // it was open; `why` it is not any more
        Waiting,    // the next try is at `until`; `why` the last one failed
        Refused,    // `why` will hold for a while: the next try is at `until`, or after podsChanged()
    };
    Phase phase = Phase::Idle;
    PodPort pod;                                      // the last one that was tried
    std::optional<ForwardProtocol> protocol;          // while open
    std::optional<Error> why;
    std::chrono::steady_clock::time_point until{};
    int connections = 0;                              // that are open now
};

struct TunnelOptions {
    ForwardChoice choice = ForwardChoice::Best;
    Backoff::Duration firstPause = std::chrono::seconds(1);
    Backoff::Duration longestPause = std::chrono::seconds(30);
    std::chrono::milliseconds refusedPause{60'000}; // a right may be granted without anything that we watch changing
    std::chrono::milliseconds pingEvery{25'000}; // two of these without a byte from the other side: dead
    std::chrono::milliseconds openPatience{60'000};
    std::chrono::milliseconds locatePatience{30'000};
};

/// Tells where the agent is now: asked before each try, on the reactor, so it must not block; answers through `done`, from any
/// thread, once.  NotFound means that there is no such pod for now.
using PodLocator = std::function<void(std::function<void(Result<PodPort>)> done)>;

/// A way to one agent that is there again by itself: each local connection becomes one port-forward.
///
/// gRPC takes it either by target(), a Unix socket of this user alone where one accept is one new WebSocket, so that gRPC's own
/// reconnecting works; or by connect(), one end of a socket pair.  Nothing listens on TCP.  A connection that comes while a pause
/// is due waits for its end; when a try fails the local connection is closed.
/// Control and bulk are two tunnels: on one, a short call waits behind a bulk transfer.
/// Back-pressure goes through both ways; at most 64 KiB are held each way.  Thread: any; `onChange` is called on the reactor.
/// The client and its reactor outlive it.  Its destructor closes what is open and does not wait.
class Tunnel {
public:
    using Observer = std::function<void(const TunnelState&)>;

    Tunnel(HttpClient& client, PodLocator locate, Observer onChange, TunnelOptions options = {});
    ~Tunnel();
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    /// Begins to listen in `folder` and says where: `unix:/run/user/1000/binnacle-x/control-3`.  Once a tunnel.
    Result<std::string> listen(std::shared_ptr<platform::PrivateFolder> folder, const std::string& name);
    /// A new private stream; the other end is served as an accepted connection is.
    Result<platform::NativeSocket> connect();

    /// The list of pods or the user's rights may have changed: a refused tunnel tries again, a waiting one at once.
    void podsChanged();

private:
    struct Core;
    std::shared_ptr<Core> m_core;
};

} // namespace binnacle::kube
