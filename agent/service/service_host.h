// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/gateway_door.h"
#include "agent/service/guest_list.h"
#include "agent/service/listen_address.h"
#include "agent/service/listener.h"
#include "agent/service/reader_registry.h"
#include "core/base/result.h"

#include "binnacle/v1/service.pb.h"

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>
#include <memory>
#include <optional>

namespace binnacle::agent {

/// What the services of this program stand on: the listening socket, gRPC's server, and the question who may ask.
///
/// On the socket of this host the kernel says who connects (SO_PEERCRED; the owner of the peer's socket for loopback TCP): another user than
/// this program's or root gets a sentence.  Through the door for gateways come those whose proof was good.
/// Owns a thread that accepts; gRPC's own threads call the service.  Thread: start and stop from one, the rest from any.
class ServiceHost {
public:
    struct Options {
        ListenAddress listen;
        std::optional<GatewayDoor> door;
        ReaderRegistry::Changed readerCame, readerGone; // processes of this host; from any thread
        int mostThreads = 48;
        std::size_t quotaBytes = 8u << 20; // of gRPC's own buffers
    };

    explicit ServiceHost(Options options);
    ~ServiceHost(); // stop()

    /// `service` is called from now on, and not after stop().
    Result<void> start(grpc::Service& service);
    /// Calls under way are cancelled after 0.3 s.
    void stop();
    /// No more connections; those that are there go on.
    void closeDoors();

    const ListenAddress& address() const { return m_listener->address(); } // with the port that was really taken
    std::uint16_t doorPort() const { return m_doorPort; }                  // 0: there is no door

    /// First call of a connection: looks at the proof of a gateway, notes a reader of this host.
    grpc::Status greet(const grpc::ServerContext& context, const v1::HandshakeRequest& request, v1::HandshakeReply& reply);
    /// Every other call.
    grpc::Status admit(const grpc::ServerContext& context) const;

private:
    grpc::Status greetGuest(const std::string& certificate, const std::string& proof, v1::HandshakeReply& reply);
    void noteProcess(const grpc::ServerContext& context, std::uint32_t claimedPid);

    Options m_options;
    ReaderRegistry m_registry;
    std::optional<GuestList> m_guests;
    std::unique_ptr<Listener> m_listener;
    std::unique_ptr<grpc::Server> m_server;
    int m_doorPort = 0;
};

} // namespace binnacle::agent
