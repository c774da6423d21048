// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// Every service with its rate, errors and latency; beside it the chosen one over time and in detail.
extern const PageDescriptor kServicesPage;

} // namespace binnacle::desktop
