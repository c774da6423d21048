// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/scripted_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace binnacle::kube::test {
namespace {

using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

int chooseHttp11(SSL* connection, const unsigned char** out, unsigned char* outSize, const unsigned char* offered, unsigned int size, void*)
{
    auto* seen = static_cast<std::string*>(SSL_get_app_data(connection));
    if (seen)
        seen->assign(reinterpret_cast<const char*>(offered), size);
    // A server as it is: h2 is chosen if offered, and then nothing of ours works.
    static const unsigned char ours[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    return SSL_select_next_proto(const_cast<unsigned char**>(out), outSize, ours, sizeof ours, offered, size) == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
                                                                                                                                        : SSL_TLSEXT_ERR_NOACK;
}

Context makeContext(const ServerTls& tls)
{
    Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), tls.identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), tls.identity.key.get());
    if (tls.newestVersion)
        SSL_CTX_set_max_proto_version(context.get(), tls.newestVersion);
    SSL_CTX_set_alpn_select_cb(context.get(), chooseHttp11, nullptr);
    if (tls.clientAuthority) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), tls.clientAuthority->certificate.get());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | (tls.clientMustShow ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    }
    return context;
}

/// TLS over memory buffers, so that it can lie in another TLS.
struct TlsLayer {
    Context context;
    std::unique_ptr<SSL, void (*)(SSL*)> connection;
    BIO* in;
    BIO* out;
};

class SocketPeer final : public Peer {
public:
    explicit SocketPeer(int socket) : m_socket(socket) {}
    ~SocketPeer() override
    {
        m_layers.clear();
        ::close(m_socket);
    }

    std::string readHead() override
    {
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            const std::string byte = read(1);
            if (byte.empty())
                return {};
            head += byte;
        }
        return head;
    }

    std::string read(std::size_t count) override
    {
        while (m_pending.size() < count) {
            const std::string more = receive(m_layers.size());
            if (more.empty())
                break;
            m_pending += more;
        }
        std::string taken = m_pending.substr(0, count);
        m_pending.erase(0, taken.size());
        return taken;
    }

    std::string readSome() override { return m_pending.empty() ? receive(m_layers.size()) : std::exchange(m_pending, {}); }
    bool write(const std::string& bytes) override { return bytes.empty() || send(bytes, m_layers.size()); }
    void close() override { ::shutdown(m_socket, SHUT_RDWR); }
    std::string serverName() const override { return m_serverName; }
    std::string offeredProtocols() const override { return m_offered; }

    std::string clientSubject() const override
    {
        const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(m_layers.back().connection.get()), X509_free);
        char name[256] = "";
        if (shown)
            X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
        return name;
    }

    void startTls(const ServerTls& tls) override
    {
        TlsLayer layer{makeContext(tls), {nullptr, SSL_free}, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};
        layer.connection.reset(SSL_new(layer.context.get()));
        SSL_set_bio(layer.connection.get(), layer.in, layer.out);
        SSL_set_app_data(layer.connection.get(), &m_offered);
        m_layers.push_back(std::move(layer));
        TlsLayer& top = m_layers.back();
        for (;;) {
            const int outcome = SSL_accept(top.connection.get());
            flush(m_layers.size());
            if (outcome == 1)
                break;
            if (SSL_get_error(top.connection.get(), outcome) != SSL_ERROR_WANT_READ || !fill(m_layers.size())) {
                ERR_clear_error();
                throw std::runtime_error("the handshake failed");
            }
        }
        if (const char* name = SSL_get_servername(top.connection.get(), TLSEXT_NAMETYPE_host_name))
            m_serverName = name;
    }

private:
    TlsLayer& layer(std::size_t depth) { return *std::next(m_layers.begin(), static_cast<long>(depth) - 1); }

    bool fill(std::size_t depth)
    {
        const std::string bytes = receive(depth - 1);
        return !bytes.empty() && BIO_write(layer(depth).in, bytes.data(), static_cast<int>(bytes.size())) > 0;
    }

    bool flush(std::size_t depth)
    {
        char block[16384];
        for (int size; (size = BIO_read(layer(depth).out, block, sizeof block)) > 0;) {
            if (!send(std::string(block, static_cast<std::size_t>(size)), depth - 1))
                return false;
        }
        return true;
    }

    std::string receive(std::size_t depth)
    {
        char block[16384];
        if (depth == 0) {
            const auto size = ::recv(m_socket, block, sizeof block, 0);
            return size > 0 ? std::string(block, static_cast<std::size_t>(size)) : std::string{};
        }
        for (;;) {
            const int size = SSL_read(layer(depth).connection.get(), block, sizeof block);
            flush(depth);
            if (size > 0)
                return {block, static_cast<std::size_t>(size)};
            if (SSL_get_error(layer(depth).connection.get(), size) != SSL_ERROR_WANT_READ || !fill(depth)) {
                ERR_clear_error();
                return {};
            }
        }
    }

    bool send(const std::string& bytes, std::size_t depth)
    {
        if (depth > 0)
            return SSL_write(layer(depth).connection.get(), bytes.data(), static_cast<int>(bytes.size())) > 0 && flush(depth);
        for (std::size_t at = 0; at < bytes.size();) {
            const auto sent = ::send(m_socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            at += static_cast<std::size_t>(sent);
        }
        return true;
    }

    int m_socket;
    std::list<TlsLayer> m_layers; // the innermost, which the script speaks through, last
    std::string m_pending;
    std::string m_serverName;
    std::string m_offered;
};

} // namespace

struct ScriptedServer::State {
    int listener = -1;
    std::uint16_t port = 0;
    std::thread accepting;
    std::mutex mutex;
    std::vector<std::thread> scripts;   // guarded by mutex
    std::list<std::weak_ptr<Peer>> peers; // guarded by mutex
    bool closing = false;               // guarded by mutex
};

ScriptedServer::ScriptedServer(Script script, std::optional<ServerTls> tls) : m_state(std::make_unique<State>())
{
    m_state->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(m_state->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(m_state->listener, 64) != 0)
        throw std::runtime_error("no free port on loopback");
    ::getsockname(m_state->listener, reinterpret_cast<sockaddr*>(&address), &size);
    m_state->port = ntohs(address.sin_port);
    m_state->accepting = std::thread([this, script = std::move(script), tls = std::move(tls)] {
        for (;;) {
            const int socket = ::accept4(m_state->listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0)
                return;
            const int one = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            auto peer = std::make_shared<SocketPeer>(socket);
            const std::lock_guard lock(m_state->mutex);
            if (m_state->closing)
                return;
            ++m_connections;
            m_state->peers.push_back(peer);
            m_state->scripts.emplace_back([peer, script, tls]() mutable {
                try {
                    if (tls)
                        peer->startTls(*tls);
                    script(*peer);
                } catch (const std::exception&) { // the connection is over; the test sees it at its own end
                }
                peer.reset();
            });
        }
    });
}

ScriptedServer::~ScriptedServer()
{
    ::shutdown(m_state->listener, SHUT_RDWR);
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->closing = true;
        for (const auto& weak : m_state->peers) {
            if (const auto peer = weak.lock())
                peer->close();
        }
    }
    m_state->accepting.join();
    for (std::thread& script : m_state->scripts)
        script.join();
    ::close(m_state->listener);
}

std::uint16_t ScriptedServer::port() const { return m_state->port; }

std::string headerOf(const std::string& head, const std::string& name)
{
    const std::size_t start = head.find("\r\n" + name + ": ");
    if (start == std::string::npos)
        return {};
    const std::size_t value = start + name.size() + 4;
    return head.substr(value, head.find("\r\n", value) - value);
}

std::string answer(int status, const std::string& body, const std::string& moreHeaders)
{
    return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + moreHeaders + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool eventually(const std::function<bool()>& holds)
{
    for (int i = 0; i < 3000; ++i) {
        if (holds())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return holds();
}

} // namespace binnacle::kube::test
