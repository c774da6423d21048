// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// What came, went and changed in the range.
extern const PageDescriptor kEventsPage;

} // namespace binnacle::desktop
