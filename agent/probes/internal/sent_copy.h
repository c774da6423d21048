// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

struct binnacle_bpf;

namespace binnacle::agent {

/// Finds where the kernel keeps its copy of what a thread sends (bpf/lib/sent_copy.bpf.h), so that payload_socket can read it there.
///
/// Sends a few bytes of its own over a connection to itself, lets the kernel side look for them, and believes what it found only after it
/// has found further bytes there, on other pages.  Takes a millisecond, or ten on a machine with terabytes.  Before anything is attached.
/// Fails, with nothing changed, where memory is laid out in another way or may not be read (lockdown=confidentiality).
Result<void> findSentCopy(binnacle_bpf& skeleton);

} // namespace binnacle::agent
