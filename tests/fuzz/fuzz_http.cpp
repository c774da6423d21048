// SPDX-License-Identifier: Apache-2.0
// HTTP/1.x both ways, cut where the input says.
#include "tests/fuzz/protocol_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\n\r\n";
    return binnacle::protocols::fuzzConversation({data, size}, kRequest, "HTTP/1.1 204 No\r\n\r\n");
}
