// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/resource_path.h"
#include "core/kube/tunnel/forward_channels.h"
#include "core/kube/tunnel/internal/forward_connection.h"
#include "core/kube/tunnel/spdy_frames.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kReadSize = 64u << 10;
constexpr std::size_t kLongestError = 4096;
constexpr std::uint32_t kErrorStream = 1; // a client's ids are odd
constexpr std::uint32_t kDataStream = 3;
constexpr std::uint32_t kStreams[] = {kErrorStream, kDataStream};

/// One stream pair on a connection of its own: what a port-forward was before WebSocket.
class SpdyForward final : public ForwardConnection {
public:
    SpdyForward(asio::io_context& context, StreamPointer stream, std::string_view early, std::uint16_t port)
        : m_stream(std::move(stream)), m_port(port), m_writing(context), m_block(kReadSize)
    {
        m_frames.feed(asBytes(early));
    }

    /// The error stream first, the data stream when that is accepted.
    Task<Result<void>> openPair(OperationPointer operation)
    {
        const Operation::Waker waker(*operation, [this] { close(); });
        for (const std::uint32_t stream : kStreams) {
            const char* kind = stream == kErrorStream ? "error" : "data";
            std::string frame;
            appendSpdySynStream(frame, stream, stream == kErrorStream ? kSpdyFin : 0,
                                m_packer.pack({{"streamtype", kind}, {"port", std::to_string(m_port)}, {"requestid", "0"}}));
            if (auto sent = co_await send(std::move(frame)); !sent)
                co_return sent;
            while (m_accepted < stream) {
                auto more = co_await step();
                if (!more)
                    co_return std::unexpected(std::move(more).error());
                if (!*more)
                    co_return failure(ErrorCode::Unavailable, "the node ended the port-forward before it began");
            }
        }
        co_return Result<void>();
    }

    Task<Result<std::size_t>> read(std::span<std::uint8_t> target) override
    {
        while (m_pending.empty()) {
            auto more = co_await step();
            if (!more || !*more) {
                if (!m_errorText.empty())
                    co_return std::unexpected(forwardError(m_errorText, m_port));
                co_return more ? Result<std::size_t>(0u) : std::unexpected(std::move(more).error());
            }
        }
        const std::size_t size = std::min(target.size(), m_pending.size());
        std::ranges::copy(m_pending.first(size), target.begin());
        m_pending = m_pending.subspan(size);
        co_return size;
    }

    Task<Result<void>> write(ByteView bytes) override
    {
        std::string frame;
        appendSpdyData(frame, kDataStream, 0, bytes);
        return send(std::move(frame));
    }

    Task<Result<void>> ping() override
    {
        std::string frame;
        appendSpdyPing(frame, m_nextPing);
        m_nextPing += 2;
        return send(std::move(frame));
    }

    Task<void> finish() override
    {
        std::string frame;
        appendSpdyData(frame, kDataStream, kSpdyFin, {});
        (void)co_await send(std::move(frame));
    }

    void close() override { m_stream->close(); }
    std::uint64_t arrivals() const override { return m_arrivals; }
    ForwardProtocol protocol() const override { return ForwardProtocol::Spdy; }

private:
    Task<Result<void>> send(std::string frame)
    {
        co_await m_writing.enter();
        Failure failure;
        co_await m_stream->writeAll(asBytes(frame), failure);
        m_writing.leave();
        if (failure)
            co_return binnacle::failure(ErrorCode::Unavailable, tlsProblemInWords(failure));
        co_return Result<void>();
    }

    /// Takes one frame, or reads once; false when the data stream has ended.
    Task<Result<bool>> step()
    {
        if (m_dataEnded)
            co_return false;
        auto frame = m_frames.next();
        if (!frame)
            co_return std::unexpected(std::move(frame).error());
        if (*frame)
            co_return co_await take(**frame);
        Failure failure;
        const std::size_t got = co_await m_stream->readSome(m_block, failure);
        if (got == 0)
            co_return binnacle::failure(ErrorCode::Unavailable, "the connection to the API server ended without goodbye, as when a kubelet or a runtime restarts"
                                                                    + (failure ? " (" + tlsProblemInWords(failure) + ")" : std::string{}));
        m_arrivals += got;
        m_frames.feed(ByteView(m_block).first(got));
        co_return true;
    }

    Task<Result<bool>> take(SpdyFrame frame)
    {
        if (!frame.type) {
            takeData(frame);
        } else if (*frame.type == SpdyType::SynStream || *frame.type == SpdyType::SynReply || *frame.type == SpdyType::Headers) {
            if (auto headers = m_unpacker.unpack(frame.payload); !headers) // all of them, in order: they share one zlib stream
                co_return std::unexpected(std::move(headers).error());
            if (*frame.type == SpdyType::SynReply)
                m_accepted = std::max(m_accepted, frame.stream);
            m_dataEnded = m_dataEnded || (frame.stream == kDataStream && frame.isFin());
        } else if (*frame.type == SpdyType::RstStream && (frame.stream == kDataStream || m_accepted < kDataStream)) {
            if (m_errorText.empty())
                co_return failure(ErrorCode::Unavailable, "the node reset the port-forward (SPDY status " + std::to_string(frame.status) + ")");
            m_dataEnded = true;
        } else if (*frame.type == SpdyType::GoAway) {
            m_dataEnded = true;
        } else if (*frame.type == SpdyType::Ping && frame.stream % 2 == 0) { // theirs; the odd ones are answers to ours
            std::string answer;
            appendSpdyPing(answer, frame.stream);
            if (auto sent = co_await send(std::move(answer)); !sent)
                co_return std::unexpected(std::move(sent).error());
        }
        co_return true;
    }

    void takeData(const SpdyFrame& frame)
    {
        if (frame.stream == kDataStream) {
            m_pending = frame.payload;
            m_dataEnded = frame.isFin();
        } else if (frame.stream == kErrorStream) {
            m_errorText += asText(frame.payload.first(std::min(frame.payload.size(), kLongestError - m_errorText.size())));
        }
    }

    StreamPointer m_stream;
    SpdyReader m_frames;
    SpdyHeaderPacker m_packer;
    SpdyHeaderUnpacker m_unpacker;
    const std::uint16_t m_port;
    Turnstile m_writing;
    std::vector<std::uint8_t> m_block;
    ByteView m_pending; // in m_frames, not yet handed out
    std::string m_errorText;
    std::uint32_t m_accepted = 0; // the last stream that was replied to
    std::uint32_t m_nextPing = 1;
    bool m_dataEnded = false;
    std::uint64_t m_arrivals = 0;
};

} // namespace

Task<ForwardOutcome> openSpdyForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to)
{
    const ResourcePath path{{.plural = "pods"}, to.namespaceName, to.pod, "portforward"};
    const HttpRequest request{
        .method = "POST", .target = path.toTarget(), .headers = {{"Upgrade", "SPDY/3.1"}, {"X-Stream-Protocol-Version", "portforward.k8s.io"}}};
    auto answer = co_await openUpgrade(client, operation, request, to, ForwardProtocol::Spdy);
    if (!answer)
        co_return std::unexpected(std::move(answer).error());
    const std::string early = answer->reader->takeRest();
    auto forward = std::make_unique<SpdyForward>(client->context, std::move(answer->stream), early, to.port);
    const Deadline deadline(operation, client->context, std::chrono::seconds(30)); // the node's own patience for a pair
    if (auto paired = co_await forward->openPair(operation); !paired)
        co_return std::unexpected(ForwardRefusal{operation->isStopped() ? operation->stopError("SPDY stream pair") : std::move(paired).error()});
    co_return std::move(forward);
}

} // namespace binnacle::kube
