// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/platform/environment.h"
#include "core/kube/config/contexts.h"

#include <filesystem>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// A kubeconfig file that was named and gives nothing.
struct UnreadableFile {
    std::filesystem::path file;
    std::string reason; // for a person
    friend bool operator==(const UnreadableFile&, const UnreadableFile&) = default;
};

/// What the kubeconfig files offer to a person who chooses.
struct ContextList {
    std::vector<kube::ContextSummary> contexts; // by name
    std::vector<std::filesystem::path> files;   // that were read, first wins
    std::vector<std::filesystem::path> missing; // that do not exist
    std::vector<UnreadableFile> unreadable;
    std::string whereFrom;                      // what named these files

    /// As kubectl does, Binnacle loads all files or none.  When one of them is broken, each context is that of its own file alone, and is
    /// reached by naming this file (ClusterWish::kubeconfig).
    bool isByFile() const { return !unreadable.empty(); }
};

/// All contexts of all files; `kubeconfigFile` as --kubeconfig.  Never fails: what cannot be read is in the list with its reason.  Blocks on the disk.
ContextList listContexts(const std::string& kubeconfigFile, const platform::Environment& environment);

} // namespace binnacle::desktop
