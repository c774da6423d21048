// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <vector>

struct bpf_link;

namespace binnacle::agent {

/// Runs an attached BPF iterator once, from its first object to its last, and returns all that it wrote.
Result<std::vector<std::uint8_t>> runIterator(const bpf_link& link);

} // namespace binnacle::agent
