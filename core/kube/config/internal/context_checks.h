// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/config/contexts.h"

#include <string>
#include <vector>

namespace binnacle::kube {

/// Judges `interactiveMode` as written, and sets the plugin's mode from it.
void checkInteractiveMode(const std::string& written, UserCredentials& user, std::vector<ContextProblem>& problems);

} // namespace binnacle::kube
