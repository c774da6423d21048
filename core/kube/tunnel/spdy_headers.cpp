// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/spdy_frames.h"

#include "core/base/byte_reader.h"

#include <zlib.h>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLargestBlock = 64u << 10; // unpacked
constexpr std::uint32_t kMostHeaders = 256;

void appendNumber(std::string& out, std::size_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift);
}

std::string makeDictionary()
{
    // SPDY/3 §2.6.10.1: names with their lengths, then text that is common in values.  Its Adler-32 is e3c6a7c2.
    static constexpr std::string_view kNames[] = {
        "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "age", "allow",
        "authorization", "cache-control", "connection", "content-base", "content-encoding", "content-language", "content-length", "content-location",
        "content-md5", "content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer",
        "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate", "method", "get",
        "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"};
    std::string text;
    for (const std::string_view name : kNames) {
        appendNumber(text, name.size());
        text += name;
    }
    return text
        + "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information"
          "204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
          "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,"
          "image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
          "charset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
}

const Bytef* dictionaryBytes() { return reinterpret_cast<const Bytef*>(spdyDictionary().data()); }
uInt dictionarySize() { return static_cast<uInt>(spdyDictionary().size()); }

} // namespace

std::string_view spdyDictionary()
{
    static const std::string dictionary = makeDictionary();
    return dictionary;
}

struct SpdyHeaderPacker::State {
    z_stream stream{};
};

SpdyHeaderPacker::SpdyHeaderPacker() : m_state(std::make_unique<State>())
{
    deflateInit(&m_state->stream, Z_BEST_SPEED);
    deflateSetDictionary(&m_state->stream, dictionaryBytes(), dictionarySize());
}

SpdyHeaderPacker::~SpdyHeaderPacker() { deflateEnd(&m_state->stream); }

std::string SpdyHeaderPacker::pack(const SpdyHeaders& headers)
{
    std::string plain;
    appendNumber(plain, headers.size());
    for (const auto& [name, value] : headers) {
        appendNumber(plain, name.size());
        plain += name;
        appendNumber(plain, value.size());
        plain += value;
    }
    z_stream& stream = m_state->stream;
    std::string packed(deflateBound(&stream, plain.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_SYNC_FLUSH);
    packed.resize(packed.size() - stream.avail_out);
    return packed;
}

struct SpdyHeaderUnpacker::State {
    z_stream stream{};
};

SpdyHeaderUnpacker::SpdyHeaderUnpacker() : m_state(std::make_unique<State>()) { inflateInit(&m_state->stream); }

SpdyHeaderUnpacker::~SpdyHeaderUnpacker() { inflateEnd(&m_state->stream); }

Result<SpdyHeaders> SpdyHeaderUnpacker::unpack(ByteView block)
{
    const auto damaged = [] { return failure(ErrorCode::Corrupt, "a SPDY header block is damaged"); };
    z_stream& stream = m_state->stream;
    std::string plain(kLargestBlock, '\0');
    stream.next_in = const_cast<Bytef*>(block.data());
    stream.avail_in = static_cast<uInt>(block.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    int outcome = inflate(&stream, Z_SYNC_FLUSH);
    if (outcome == Z_NEED_DICT && inflateSetDictionary(&stream, dictionaryBytes(), dictionarySize()) == Z_OK)
        outcome = inflate(&stream, Z_SYNC_FLUSH);
    if ((outcome != Z_OK && outcome != Z_BUF_ERROR) || stream.avail_in != 0)
        return damaged();
    plain.resize(plain.size() - stream.avail_out);
    ByteReader in(asBytes(plain));
    const auto count = in.takeBigEndian<std::uint32_t>();
    if (!count || *count > kMostHeaders)
        return damaged();
    SpdyHeaders headers;
    const auto takeText = [&in]() -> std::optional<std::string> {
        const auto size = in.takeBigEndian<std::uint32_t>();
        const auto bytes = size ? in.take(*size) : std::nullopt;
        return bytes ? std::optional<std::string>(asText(*bytes)) : std::nullopt;
    };
    for (std::uint32_t i = 0; i < *count; ++i) {
        auto name = takeText();
        auto value = name ? takeText() : std::nullopt;
        if (!value)
            return damaged();
        headers.emplace_back(std::move(*name), std::move(*value));
    }
    return headers;
}

} // namespace binnacle::kube
