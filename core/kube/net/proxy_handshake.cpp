// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/connector.h"

#include "core/base/internet_address.h"
#include "core/kube/net/internal/http_reader.h"

#include <array>

namespace binnacle::kube {
namespace {

Error broken(OperationPointer operation, const Failure& failure)
{
    return operation->isStopped() ? operation->stopError("waiting for the proxy") : Error{ErrorCode::Unavailable, tlsProblemInWords(failure)};
}

Task<Result<void>> send(OperationPointer operation, Stream& stream, std::string bytes)
{
    const Operation::Waker waker(*operation, [&stream] { stream.close(); });
    Failure failure;
    if (!operation->isStopped())
        co_await stream.writeAll(asBytes(bytes), failure);
    if (failure || operation->isStopped())
        co_return std::unexpected(broken(operation, failure));
    co_return Result<void>();
}

Task<Result<std::string>> receive(OperationPointer operation, Stream& stream, std::size_t count)
{
    const Operation::Waker waker(*operation, [&stream] { stream.close(); });
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        Failure failure;
        std::size_t got = 0;
        const std::span left(reinterpret_cast<std::uint8_t*>(bytes.data()) + have, count - have);
        if (!operation->isStopped())
            got = co_await stream.readSome(left, failure);
        if (got == 0)
            co_return std::unexpected(broken(operation, failure ? failure : Failure(asio::error::eof)));
        have += got;
    }
    co_return bytes;
}

std::string refusalOf(const HttpReader& answer, const Url& proxy)
{
    if (answer.status() == 407) {
        const std::string scheme(findHeader(answer.headers(), "Proxy-Authenticate").value_or("no scheme named"));
        return proxy.user.empty() ? "it wants a user and password (407, " + scheme.substr(0, 80) + "); write them into the proxy's URL: " + proxy.scheme
                                        + "://USER:PASSWORD@" + proxy.authority()
                                  : "it refuses the user `" + proxy.user + "` with the password in its URL (407, " + scheme.substr(0, 80) + ")";
    }
    if (answer.status() == 403)
        return "it does not allow connections to this host and port (403)";
    return "it answered CONNECT with status " + std::to_string(answer.status());
}

// RFC 1928 §6.
std::string_view socksRefusal(std::uint8_t code)
{
    static constexpr std::array<std::string_view, 9> kWords{
        "success", "it failed", "its rules do not allow this connection", "it cannot reach the network", "it cannot reach the host, or does not know the name",
        "the host refused the connection", "the connection took too many hops", "it does not know CONNECT", "it does not know this kind of address"};
    return code < kWords.size() ? kWords[code] : "it gave an unknown reason";
}

Task<Result<void>> socksPassword(OperationPointer operation, Stream& stream, const Url& proxy) // RFC 1929
{
    if (proxy.user.size() > 255 || proxy.password.size() > 255)
        co_return failure(ErrorCode::Invalid, "SOCKS5 takes no user or password longer than 255 bytes");
    std::string message = {1, static_cast<char>(proxy.user.size())};
    message += proxy.user;
    message += static_cast<char>(proxy.password.size());
    message += proxy.password;
    if (auto sent = co_await send(operation, stream, std::move(message)); !sent)
        co_return sent;
    const auto answer = co_await receive(operation, stream, 2);
    if (!answer)
        co_return std::unexpected(answer.error());
    if ((*answer)[1] != 0)
        co_return failure(ErrorCode::Denied, "it refuses the user `" + proxy.user + "` with the password in its URL");
    co_return Result<void>();
}

std::string socksRequest(const Url& server)
{
    std::string message = {5, 1, 0};
    const auto address = InternetAddress::parse(server.host);
    if (address) {
        const std::size_t skipped = address->isV4() ? 12 : 0;
        message += address->isV4() ? '\x01' : '\x04';
        message.append(reinterpret_cast<const char*>(address->bytes.data()) + skipped, 16 - skipped);
    } else {
        message += {'\x03', static_cast<char>(server.host.size())};
        message += server.host;
    }
    message += {static_cast<char>(server.port >> 8), static_cast<char>(server.port & 0xff)};
    return message;
}

} // namespace

Task<Result<void>> askHttpProxy(OperationPointer operation, Stream& stream, const Url& proxy, const Url& server)
{
    std::string head = "CONNECT " + server.hostAndPort() + " HTTP/1.1\r\nHost: " + server.hostAndPort() + "\r\n";
    if (!proxy.user.empty())
        head += "Proxy-Authorization: " + basicAuthorization(proxy.user, proxy.password) + "\r\n";
    if (auto sent = co_await send(operation, stream, head + "\r\n"); !sent)
        co_return sent;
    HttpReader answer(stream, "CONNECT");
    if (auto read = co_await answer.readHead(operation); !read)
        co_return read;
    if (answer.status() < 200 || answer.status() > 299)
        co_return failure(ErrorCode::Denied, refusalOf(answer, proxy));
    if (!answer.takeRest().empty())
        co_return failure(ErrorCode::Corrupt, "it sent bytes of its own behind its answer to CONNECT");
    co_return Result<void>();
}

Task<Result<void>> askSocksProxy(OperationPointer operation, Stream& stream, const Url& proxy, const Url& server)
{
    constexpr char kNoPassword = 0;
    constexpr char kPassword = 2;
    const std::string greeting = proxy.user.empty() ? std::string{5, 1, kNoPassword} : std::string{5, 2, kNoPassword, kPassword};
    if (auto sent = co_await send(operation, stream, greeting); !sent)
        co_return sent;
    const auto choice = co_await receive(operation, stream, 2);
    if (!choice)
        co_return std::unexpected(choice.error());
    if ((*choice)[0] != 5)
        co_return failure(ErrorCode::Unsupported, "what answers there does not speak SOCKS5");
    if ((*choice)[1] == kPassword && !proxy.user.empty()) {
        if (auto accepted = co_await socksPassword(operation, stream, proxy); !accepted)
            co_return accepted;
    } else if ((*choice)[1] != kNoPassword) {
        co_return failure(ErrorCode::Denied, proxy.user.empty() ? "it wants a user and password; write them into the proxy's URL: socks5://USER:PASSWORD@" + proxy.authority()
                                                                : "it offers no way to log in that we know");
    }
    if (auto sent = co_await send(operation, stream, socksRequest(server)); !sent)
        co_return sent;
    const auto reply = co_await receive(operation, stream, 5);
    if (!reply)
        co_return std::unexpected(reply.error());
    if ((*reply)[1] != 0)
        co_return failure(ErrorCode::Unavailable, std::string(socksRefusal(static_cast<std::uint8_t>((*reply)[1]))));
    const auto kind = (*reply)[3];
    const std::size_t left = kind == 1 ? 3 : kind == 4 ? 15 : static_cast<std::uint8_t>((*reply)[4]); // of the bound address
    const auto rest = co_await receive(operation, stream, left + 2);
    co_return rest ? Result<void>() : std::unexpected(rest.error());
}

} // namespace binnacle::kube
