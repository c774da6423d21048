// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// Stuck right now: requests that have begun and not ended at the end of the range, oldest first.
extern const PageDescriptor kInFlightPage;

} // namespace binnacle::desktop
