// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/pages/page.h"

#include <span>

namespace binnacle::desktop {

/// Every page of the window, in the order of the navigation.
std::span<const PageDescriptor* const> pageList();
const PageDescriptor* findPage(const QString& id);
/// `map, services, …`: for sentences.
QString pageIds();

} // namespace binnacle::desktop
