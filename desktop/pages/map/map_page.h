// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// The service map with what stands out, or what is chosen, beside it.
extern const PageDescriptor kMapPage;

} // namespace binnacle::desktop
