// SPDX-License-Identifier: Apache-2.0
// A server's SPDY frames with their header blocks: what comes out must not depend on where TCP cuts.
#include "core/kube/tunnel/spdy_frames.h"

#include <cstdlib>

using namespace binnacle;
using namespace binnacle::kube;

namespace {

std::string told(ByteView bytes, std::size_t cut)
{
    SpdyReader reader(1u << 16);
    SpdyHeaderUnpacker unpacker;
    std::string all;
    for (const ByteView part : {bytes.first(cut), bytes.subspan(cut)}) {
        reader.feed(part);
        for (;;) {
            const auto frame = reader.next();
            if (!frame)
                return all + "!";
            if (!*frame)
                break;
            all += std::to_string((*frame)->stream) + "/" + std::to_string((*frame)->status) + "/" + std::string(asText((*frame)->payload));
            if (!(*frame)->type || (*frame)->type > SpdyType::SynReply)
                continue;
            if (const auto headers = unpacker.unpack((*frame)->payload)) {
                for (const auto& [name, value] : *headers)
                    all += name + "=" + value;
            }
        }
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const ByteView bytes(data + 2, size - 2);
    if (told(bytes, (data[0] | data[1] << 8) % (bytes.size() + 1)) != told(bytes, bytes.size()))
        std::abort();
    return 0;
}
