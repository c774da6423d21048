// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

struct binnacle_bpf;

namespace binnacle::agent {

/// Finds where the kernel keeps its copy of what a thread sends (bpf/lib/sent_copy.bpf.h), so that payload_socket can read it there.
///
/// Sends bytes of its own over a connection to itself, lets the kernel side find them, and believes what it found only after it has found
/// further ones there, on at least two pages.  Before anything is attached.  Takes a millisecond; where something is between the agent and
/// itself, up to three seconds.  Fails, with nothing changed, where memory is laid out in another way.
Result<void> findSentCopy(binnacle_bpf& skeleton);

} // namespace binnacle::agent
