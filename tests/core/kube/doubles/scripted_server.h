// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/core/kube/doubles/certificates.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace binnacle::kube::test {

/// How the server speaks TLS.
struct ServerTls {
    Identity identity;
    std::optional<Identity> clientAuthority; // then clients must show a certificate of it
    bool clientMustShow = true;
    int newestVersion = 0; // of OpenSSL; 0: all
};

/// One accepted connection, blocking; a closed one reads nothing.
class Peer {
public:
    virtual ~Peer() = default;
    virtual std::string readHead() = 0;                   // up to and with the empty line; "" at the end
    virtual std::string read(std::size_t count) = 0;      // exactly, or less at the end
    virtual std::string readSome() = 0;                   // whatever comes next, "" at the end
    virtual bool write(const std::string& bytes) = 0;
    virtual void close() = 0;                             // TCP only: TLS says nothing
    virtual std::string serverName() const = 0;           // SNI
    virtual std::string clientSubject() const = 0;        // CN of the certificate it showed
    virtual std::string offeredProtocols() const = 0;     // ALPN, as offered
    virtual void startTls(const ServerTls& tls) = 0;      // from here on, inside what there is; throws when it fails
};

/// A server on a free port of loopback that runs `script` for each connection, on a thread of its own; what the script throws ends the connection.
class ScriptedServer {
public:
    using Script = std::function<void(Peer&)>;
    explicit ScriptedServer(Script script, std::optional<ServerTls> tls = {});
    ~ScriptedServer(); // closes every connection and waits for the scripts
    std::uint16_t port() const;
    int connections() const { return m_connections; }

private:
    struct State;
    std::atomic<int> m_connections{0};
    std::unique_ptr<State> m_state;
};

/// The value of a header in a request's head, "" when it is absent.
std::string headerOf(const std::string& head, const std::string& name);
std::string answer(int status, const std::string& body, const std::string& moreHeaders = "Content-Type: application/json\r\n");

/// Polls until `holds` or 30 s are over.
bool eventually(const std::function<bool()>& holds);

} // namespace binnacle::kube::test
