// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace binnacle::kube {

/// The files of deploy/kustomize as they were when this was built (made by CMakeLists.txt).
struct BaseManifest {
    std::string_view file; // base/daemon-set.yaml
    std::string_view yaml;
};
const std::vector<BaseManifest>& baseManifests();

} // namespace binnacle::kube
