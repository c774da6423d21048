// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/manifest.h"

#include <string>

namespace binnacle::kube {

/// An object that an installation of ours made, and may take away again.
struct OwnedObject {
    ObjectName object;
    std::string uid; // only this very object is deleted, not one of the same name that came later
    friend bool operator==(const OwnedObject&, const OwnedObject&) = default;
};

} // namespace binnacle::kube
