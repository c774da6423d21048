// SPDX-License-Identifier: Apache-2.0
// The frame itself: detection, gaps, overlaps, sizes without bytes, roles.
#include "tests/fuzz/protocol_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    return binnacle::protocols::fuzzStream({data, size});
}
