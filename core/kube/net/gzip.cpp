// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/gzip.h"

#include <array>
#include <zlib.h>

namespace binnacle::kube {

struct Gunzip::State {
    z_stream stream{};
};

Gunzip::Gunzip() : m_state(std::make_unique<State>()) { inflateInit2(&m_state->stream, 16 + MAX_WBITS); }

Gunzip::~Gunzip() { inflateEnd(&m_state->stream); }

Result<void> Gunzip::feed(std::string_view packed, std::string& into, std::size_t largest)
{
    z_stream& stream = m_state->stream;
    m_begun = true;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::array<char, 16384> block;
    while (stream.avail_in > 0 || stream.avail_out == 0) {
        if (m_whole) // RFC 1952 §2.2 allows several members; a server that answers once sends one
            return failure(ErrorCode::Corrupt, "the answer goes on behind its gzip data");
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = block.size();
        const int outcome = inflate(&stream, Z_NO_FLUSH);
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
            return failure(ErrorCode::Corrupt, "the answer's gzip data are damaged");
        const std::size_t got = block.size() - stream.avail_out;
        if (into.size() + got > largest)
            return failure(ErrorCode::Full, "the answer is larger than " + std::to_string(largest >> 20) + " MiB when unpacked");
        into.append(block.data(), got);
        m_whole = outcome == Z_STREAM_END;
        if (outcome == Z_BUF_ERROR || (m_whole && stream.avail_in == 0))
            break;
    }
    return {};
}

} // namespace binnacle::kube
