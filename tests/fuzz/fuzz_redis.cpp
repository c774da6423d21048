// SPDX-License-Identifier: Apache-2.0
// RESP both ways, cut where the input says.
#include "tests/fuzz/protocol_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    return binnacle::protocols::fuzzConversation({data, size}, "*1\r\n$4\r\nPING\r\n", "+PONG\r\n");
}
