// SPDX-License-Identifier: Apache-2.0
// Bytes from a wire: chunks, dictionaries and segments.  The first byte chooses.
#include "core/base/byte_view.h"
#include "core/base/crc32c.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"
#include "core/telemetry/fold.h"

#include <cstdlib>

using namespace binnacle;
using namespace binnacle::telemetry;

namespace {

/// What was read must be fit for all that is done with batches.
void use(const Batch& batch)
{
    SegmentWriter writer;
    const auto sent = writer.append(batch);
    SegmentReader reader;
    const auto ref = [](const EncodedChunk& chunk) { return SegmentReader::ChunkRef{chunk.segment, asBytes(chunk.bytes)}; };
    if (sent.overview && !reader.next(ref(*sent.overview), {}))
        std::abort();
    if (sent.detail && !reader.next({}, ref(*sent.detail)))
        std::abort();
    Fold fold;
    fold.add(batch);
    (void)fold.result();
}

void useSegment(ByteView bytes)
{
    if (const auto batches = readSegment(bytes)) {
        for (const Batch& batch : *batches)
            use(batch);
    }
}

/// The checksum would keep the fuzzer out: it is set right.
void useSegmentWithRightSum(ByteView bytes)
{
    if (bytes.size() < SegmentHeader::kSize)
        return;
    std::string sealed(asText(bytes));
    const std::uint32_t crc = crc32c(asBytes(sealed).subspan(SegmentHeader::kSize), crc32c(asBytes(sealed).first(80)));
    for (std::size_t i = 0; i < 4; ++i)
        sealed[80 + i] = static_cast<char>(crc >> (8 * i));
    useSegment(asBytes(sealed));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const ByteView bytes(data + 1, size - 1);
    SegmentReader reader;
    switch (data[0] % 5) {
    case 0:
        if (const auto batch = reader.next(SegmentReader::ChunkRef{1, bytes}, {}))
            use(*batch);
        break;
    case 1:
        if (const auto batch = reader.next({}, SegmentReader::ChunkRef{1, bytes}))
            use(*batch);
        break;
    case 2:
        if (reader.open(ChunkKind::Overview, 1, bytes))
            (void)reader.next(SegmentReader::ChunkRef{1, bytes}, {});
        break;
    case 3:
        useSegment(bytes);
        break;
    default:
        useSegmentWithRightSum(bytes);
    }
    return 0;
}
