// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/cli/show_json.h"

#include <string>

namespace binnacle::desktop {

/// Keeps the rows of a showJson() object that `where` fits.  For the map: a condition on edges keeps these and the services they
/// join; one on services keeps these and the edges that touch them.
Result<void> filterRows(ShowWhat what, nlohmann::ordered_json& object, const std::string& where);

} // namespace binnacle::desktop
