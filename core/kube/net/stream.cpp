// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/stream.h"

#include "core/base/internet_address.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <concepts>

namespace binnacle::kube {
namespace {

using Tcp = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using Tls = asio::ssl::stream<Tcp>;
using TlsInTls = asio::ssl::stream<Tls>;

template <class Layers>
Tcp& lowest(Layers& layers)
{
    if constexpr (std::same_as<Layers, Tcp>)
        return layers;
    else
        return lowest(layers.next_layer());
}

bool isEnd(const Failure& failure) { return failure == asio::error::eof || failure == asio::ssl::error::stream_truncated; }

template <class Layers>
class LayeredStream final : public Stream {
public:
    explicit LayeredStream(Layers layers, std::shared_ptr<TlsContext> context = {}) : m_context(std::move(context)), m_layers(std::move(layers)) {}

    Task<std::size_t> readSome(std::span<std::uint8_t> target, Failure& failure) override
    {
        const std::size_t got = co_await m_layers.async_read_some(asio::buffer(target.data(), target.size()), into(failure));
        if (isEnd(failure))
            failure = {};
        co_return got;
    }

    Task<void> writeAll(ByteView bytes, Failure& failure) override
    {
        co_await asio::async_write(m_layers, asio::buffer(bytes.data(), bytes.size()), into(failure));
    }

    void close() override
    {
        Failure ignored;
        lowest(m_layers).shutdown(Tcp::shutdown_both, ignored); // others may share the descriptor with a child that is starting
        lowest(m_layers).close(ignored);
    }

    /// TLS's own late messages (session tickets) count as speech: such a connection is used while its answers are read, not later.
    bool isIdle() override
    {
        Tcp& socket = lowest(m_layers);
        Failure failure;
        char byte = 0;
        if (!socket.is_open())
            return false;
        socket.non_blocking(true, failure);
        socket.receive(asio::buffer(&byte, 1), Tcp::message_peek, failure);
        return failure == asio::error::would_block || failure == asio::error::try_again;
    }

    Layers take() { return std::move(m_layers); }
    std::shared_ptr<TlsContext> context() const { return m_context; }
    Layers& layers() { return m_layers; }

private:
    std::shared_ptr<TlsContext> m_context; // of the topmost TLS
    Layers m_layers;
};

/// Wraps `Below` once more, if that is what `below` is made of.
template <class Below>
std::unique_ptr<LayeredStream<asio::ssl::stream<Below>>> wrap(Stream& below, const std::shared_ptr<TlsContext>& context)
{
    auto* known = dynamic_cast<LayeredStream<Below>*>(&below);
    if (!known)
        return nullptr;
    return std::make_unique<LayeredStream<asio::ssl::stream<Below>>>(asio::ssl::stream<Below>(known->take(), *context), context);
}

template <class Layers>
Task<Failure> handshake(Operation& operation, LayeredStream<Layers>& stream)
{
    const Operation::Waker waker(operation, [&stream] { stream.close(); });
    Failure failure;
    co_await stream.layers().async_handshake(asio::ssl::stream_base::client, into(failure));
    co_return failure;
}

template <class Layers>
Task<Result<StreamPointer>> finishTls(OperationPointer operation, std::unique_ptr<LayeredStream<Layers>> stream, TlsSettings settings,
                                      std::string expectedName, TlsReport& report)
{
    TlsWitness witness(stream->layers().native_handle(), settings, std::move(expectedName));
    const Failure failure = co_await handshake(*operation, *stream);
    report = witness.finish(failure);
    if (operation->isStopped()) {
        report.verified = false;
        report.cause = "no answer in time";
        co_return std::unexpected(operation->stopError("TLS handshake"));
    }
    if (failure)
        co_return binnacle::failure(ErrorCode::Denied, report.cause);
    co_return StreamPointer(std::move(stream));
}

std::string wordsOf(const Failure& failure)
{
    return failure == asio::error::operation_aborted ? std::string("no answer in time") : failure.message();
}

Task<Result<Dialled>> dialOne(Operation& operation, asio::io_context& context, asio::ip::tcp::endpoint to, std::string peer, std::chrono::milliseconds patience)
{
    Tcp socket(context);
    Timer timer(context, patience);
    timer.async_wait([&socket](const Failure& failure) {
        if (!failure)
            socket.close();
    });
    const Operation::Waker waker(operation, [&socket] { socket.close(); });
    Failure failure;
    co_await socket.async_connect(to, into(failure));
    if (!failure && timer.cancel() == 0)
        failure = asio::error::operation_aborted;
    // A timer that has just fired refers to the socket: its handler has run by the next turn of the loop.
    co_await asio::post(context, asio::use_awaitable_t<asio::io_context::executor_type>{});
    if (operation.isStopped())
        co_return std::unexpected(operation.stopError(peer));
    if (failure)
        co_return binnacle::failure(ErrorCode::Unavailable, peer + ": " + wordsOf(failure));
    socket.set_option(asio::ip::tcp::no_delay(true), failure);
    co_return Dialled{std::make_unique<LayeredStream<Tcp>>(std::move(socket)), std::move(peer)};
}

} // namespace

Task<Result<Dialled>> dial(OperationPointer operation, asio::io_context& context, std::vector<std::string> addresses, std::uint16_t port,
                           std::chrono::milliseconds patience)
{
    std::string problems;
    std::size_t left = addresses.size();
    for (const std::string& address : addresses) {
        Failure failure;
        const asio::ip::tcp::endpoint to(asio::ip::make_address(address, failure), port);
        const std::string peer = address.find(':') == std::string::npos ? address + ":" + std::to_string(port) : "[" + address + "]:" + std::to_string(port);
        auto dialled = co_await dialOne(*operation, context, to, peer, patience / static_cast<int>(left--));
        if (dialled || operation->isStopped())
            co_return dialled;
        problems += (problems.empty() ? "" : "; ") + dialled.error().what;
    }
    co_return failure(ErrorCode::Unavailable, problems);
}

Task<Result<StreamPointer>> startTls(OperationPointer operation, StreamPointer below, std::shared_ptr<TlsContext> context, TlsSettings settings,
                                     std::string expectedName, TlsReport& report)
{
    if (operation->isStopped())
        co_return std::unexpected(operation->stopError("TLS handshake"));
    if (auto once = wrap<Tcp>(*below, context))
        co_return co_await finishTls(operation, std::move(once), std::move(settings), std::move(expectedName), report);
    if (auto twice = wrap<Tls>(*below, context))
        co_return co_await finishTls(operation, std::move(twice), std::move(settings), std::move(expectedName), report);
    co_return failure(ErrorCode::Unsupported, "TLS cannot be put on this connection");
}

Task<Result<std::vector<std::string>>> resolveName(OperationPointer operation, asio::io_context& context, std::string host)
{
    if (InternetAddress::parse(host.substr(0, host.find('%'))))
        co_return std::vector{host};
    const std::function<Result<std::vector<std::string>>()> lookUp = [name = host]() -> Result<std::vector<std::string>> {
        asio::io_context own;
        Failure failure;
        std::vector<std::string> addresses;
        for (const auto& entry : asio::ip::tcp::resolver(own).resolve(name, "", asio::ip::tcp::resolver::flags(), failure))
            addresses.push_back(entry.endpoint().address().to_string());
        if (failure)
            return binnacle::failure(ErrorCode::NotFound, "the name " + name + " cannot be looked up: " + failure.message());
        return addresses;
    };
    auto answer = co_await offload(operation, context, lookUp);
    if (!answer)
        co_return std::unexpected(operation->stopError("name look-up of " + host));
    co_return std::move(*answer);
}

} // namespace binnacle::kube
