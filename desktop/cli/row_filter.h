// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/cli/show_json.h"

#include <string>

namespace binnacle::desktop {

/// Keeps the rows of a showJson() object that `where` fits.  For the map: a condition on edges keeps these and the services they
/// join; one on services keeps these and the edges that touch them.  `namespace` is a field everywhere: where a row has none of its
/// own it means the namespaces of the services that the row speaks of.
Result<void> filterRows(ShowWhat what, nlohmann::ordered_json& object, const std::string& where);

} // namespace binnacle::desktop
