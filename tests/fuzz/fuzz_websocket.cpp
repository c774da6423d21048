// SPDX-License-Identifier: Apache-2.0
// A server's WebSocket frames and the channels in them: what comes out must not depend on where TCP cuts.
#include "core/kube/tunnel/forward_channels.h"
#include "core/kube/tunnel/websocket_frames.h"

#include <cstdlib>

using namespace binnacle;
using namespace binnacle::kube;

namespace {

std::string told(ByteView bytes, std::size_t cut)
{
    WebSocketReader reader(1u << 16);
    ForwardChannels channels(9002);
    std::string all;
    for (const ByteView part : {bytes.first(cut), bytes.subspan(cut)}) {
        reader.feed(part);
        for (;;) {
            const auto message = reader.next();
            if (!message)
                return all + "!";
            if (!*message)
                break;
            const auto data = channels.take((*message)->payload);
            all += static_cast<char>((*message)->opcode) + (data ? std::string(asText(*data)) : "?") + closeInWords((*message)->payload);
        }
    }
    return all + channels.errorText();
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
