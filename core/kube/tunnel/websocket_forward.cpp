// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/resource_path.h"
#include "core/kube/tunnel/forward_channels.h"
#include "core/kube/tunnel/internal/forward_connection.h"
#include "core/kube/tunnel/websocket_frames.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::string_view kProtocol = "v4.channel.k8s.io";
constexpr std::size_t kReadSize = 64u << 10;

class WebSocketForward final : public ForwardConnection {
public:
    WebSocketForward(asio::io_context& context, StreamPointer stream, std::string_view early, std::uint16_t port)
        : m_stream(std::move(stream)), m_channels(port), m_port(port), m_writing(context), m_block(kReadSize)
    {
        m_frames.feed(asBytes(early));
    }

    Task<Result<std::size_t>> read(std::span<std::uint8_t> target) override
    {
        while (m_pending.empty()) {
            auto message = m_frames.next();
            if (!message)
                co_return std::unexpected(std::move(message).error());
            if (*message && (*message)->opcode == WebSocketOpcode::Close) {
                co_return ended((*message)->payload);
            } else if (*message) {
                if (auto taken = co_await take(**message); !taken)
                    co_return std::unexpected(std::move(taken).error());
            } else {
                Failure failure;
                const std::size_t got = co_await m_stream->readSome(m_block, failure);
                if (got == 0)
                    co_return lost(failure);
                m_arrivals += got;
                m_frames.feed(ByteView(m_block).first(got));
            }
        }
        const std::size_t size = std::min(target.size(), m_pending.size());
        std::ranges::copy(m_pending.first(size), target.begin());
        m_pending = m_pending.subspan(size);
        co_return size;
    }

    Task<Result<void>> write(ByteView bytes) override
    {
        static constexpr std::uint8_t kChannel[] = {ForwardChannels::kData};
        return send(WebSocketOpcode::Binary, kChannel, bytes);
    }

    Task<Result<void>> ping() override { return send(WebSocketOpcode::Ping, {}, asBytes("binnacle")); }

    Task<void> finish() override
    {
        static constexpr std::uint8_t kNormal[] = {1000 >> 8, 1000 & 0xff};
        (void)co_await send(WebSocketOpcode::Close, {}, kNormal);
    }

    void close() override { m_stream->close(); }
    std::uint64_t arrivals() const override { return m_arrivals; }
    ForwardProtocol protocol() const override { return ForwardProtocol::WebSocket; }

private:
    Task<Result<void>> send(WebSocketOpcode opcode, ByteView head, ByteView payload)
    {
        co_await m_writing.enter();
        m_frame.clear();
        appendWebSocketFrame(m_frame, opcode, head, payload, makeWebSocketMask());
        Failure failure;
        co_await m_stream->writeAll(asBytes(m_frame), failure);
        m_writing.leave();
        if (failure)
            co_return binnacle::failure(ErrorCode::Unavailable, tlsProblemInWords(failure));
        co_return Result<void>();
    }

    Task<Result<void>> take(WebSocketReader::Message message)
    {
        if (message.opcode == WebSocketOpcode::Ping)
            co_return co_await send(WebSocketOpcode::Pong, {}, message.payload);
        if (message.opcode == WebSocketOpcode::Binary || message.opcode == WebSocketOpcode::Text) {
            auto bytes = m_channels.take(message.payload);
            if (!bytes)
                co_return std::unexpected(std::move(bytes).error());
            m_pending = *bytes;
        }
        co_return Result<void>();
    }

    Result<std::size_t> ended(ByteView closePayload) const
    {
        if (!m_channels.errorText().empty())
            return std::unexpected(forwardError(m_channels.errorText(), m_port));
        const bool isNormal = closePayload.size() >= 2 && closePayload[0] == 1000 >> 8 && closePayload[1] == (1000 & 0xff);
        return isNormal || closePayload.empty() ? Result<std::size_t>(0u) : failure(ErrorCode::Unavailable, "the API server " + closeInWords(closePayload));
    }

    Result<std::size_t> lost(const Failure& why) const
    {
        if (!m_channels.errorText().empty())
            return std::unexpected(forwardError(m_channels.errorText(), m_port));
        return failure(ErrorCode::Unavailable, "the connection to the API server ended without goodbye, as when a kubelet or a runtime restarts"
                                                   + (why ? " (" + tlsProblemInWords(why) + ")" : std::string{}));
    }

    StreamPointer m_stream;
    WebSocketReader m_frames;
    ForwardChannels m_channels;
    const std::uint16_t m_port;
    Turnstile m_writing;
    std::string m_frame; // of the write that is under way
    std::vector<std::uint8_t> m_block;
    ByteView m_pending; // in m_frames, not yet handed out
    std::uint64_t m_arrivals = 0;
};

/// Nothing when the server has agreed to what was asked.
std::optional<std::string> disagreement(const HttpHeaders& headers, std::string_view key)
{
    if (findHeader(headers, "Sec-WebSocket-Accept").value_or("") != webSocketAccept(key))
        return "the answer to the WebSocket handshake does not fit its question; something between here and the API server may have kept an old one";
    const auto protocol = findHeader(headers, "Sec-WebSocket-Protocol").value_or("");
    if (!protocol.empty() && protocol != kProtocol) // none at all means the same, in binary
        return "the API server chose the protocol `" + std::string(protocol.substr(0, 60)) + "`, which was not offered";
    if (findHeader(headers, "Sec-WebSocket-Extensions"))
        return "the API server switched on a WebSocket extension that was not offered";
    return std::nullopt;
}

} // namespace

Task<ForwardOutcome> openWebSocketForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to)
{
    const std::string key = makeWebSocketKey();
    const ResourcePath path{{.plural = "pods"}, to.namespaceName, to.pod, "portforward"};
    const HttpRequest request{.target = path.toTarget({{"ports", std::to_string(to.port)}}),
                              .headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", key},
                                          {"Sec-WebSocket-Protocol", std::string(kProtocol)}}};
    auto answer = co_await openUpgrade(client, operation, request, to, ForwardProtocol::WebSocket);
    if (!answer)
        co_return std::unexpected(std::move(answer).error());
    if (auto wrong = disagreement(answer->reader->headers(), key))
        co_return std::unexpected(ForwardRefusal{.error = {ErrorCode::Unsupported, std::move(*wrong)}, .mayTryOther = true});
    const std::string early = answer->reader->takeRest();
    co_return std::make_unique<WebSocketForward>(client->context, std::move(answer->stream), early, to.port);
}

} // namespace binnacle::kube
