// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/cli/show_json.h"

#include <string>

namespace binnacle::desktop {

/// The same facts as a showJson() object, as aligned tables for a person.  Reads the object, so that both say the same.
std::string showText(ShowWhat what, const nlohmann::ordered_json& object);

/// `binnacle info` for a person.
std::string infoText(const nlohmann::ordered_json& object);

} // namespace binnacle::desktop
