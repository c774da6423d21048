// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

namespace binnacle::desktop {

/// TCP between services: one row a pair, or one row a connection.
extern const PageDescriptor kConnectionsPage;

} // namespace binnacle::desktop
