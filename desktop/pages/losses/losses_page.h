// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// What was lost, what was never understood, and how the agents are: how far the other pages can be trusted.
extern const PageDescriptor kLossesPage;

} // namespace binnacle::desktop
