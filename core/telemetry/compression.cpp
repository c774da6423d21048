// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/compression.h"

#include "core/base/fault.h"

#include <zstd.h>

#include <memory>

namespace binnacle::telemetry {
namespace {

// One context a thread: making one costs more than compressing a small chunk.
ZSTD_CCtx* compressor()
{
    thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
    return context.get();
}

ZSTD_DCtx* decompressor()
{
    thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    return context.get();
}

} // namespace

std::string compress(ByteView plain, int level)
{
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    const std::size_t size = ZSTD_compressCCtx(compressor(), packed.data(), packed.size(), plain.data(), plain.size(), level);
    BN_ASSERT(!ZSTD_isError(size)); // the output is large enough by definition
    packed.resize(ZSTD_isError(size) ? 0 : size);
    packed.shrink_to_fit();
    return packed;
}

Result<std::string> decompress(ByteView packed, std::size_t limit)
{
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return failure(ErrorCode::Corrupt, "not a compressed block of ours");
    if (size > limit)
        return failure(ErrorCode::Corrupt, "compressed block claims to be larger than allowed");
    // A frame of n bytes holds at most n × 2^17 / 3 (one block of 128 KiB from 3 bytes of header and one of data).
    if (size / (128u << 10) > packed.size())
        return failure(ErrorCode::Corrupt, "compressed block is shorter than its content needs");
    std::string plain(static_cast<std::size_t>(size), '\0');
    const std::size_t got = ZSTD_decompressDCtx(decompressor(), plain.data(), plain.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) || got != plain.size())
        return failure(ErrorCode::Corrupt, "compressed block is damaged");
    return plain;
}

} // namespace binnacle::telemetry
