// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/environment.h"
#include "core/kube/config/kubeconfig.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace binnacle::kube {

struct KubeconfigOptions {
    std::string file; // of --kubeconfig; empty: not given
};

/// Which files a kubeconfig is made of, by the rules of client-go: the option alone, else the list in KUBECONFIG, else `.kube/config` of the home folder.
struct KubeconfigSources {
    enum class Named : std::uint8_t { ByOption, ByVariable, ByHome, Nowhere };

    Named named = Named::Nowhere;
    std::vector<std::filesystem::path> files; // absolute, first wins
    friend bool operator==(const KubeconfigSources&, const KubeconfigSources&) = default;
};

/// Where lists are split, and where the home folder is looked for.
enum class PathRules : std::uint8_t { Posix, Windows };
constexpr PathRules nativePathRules()
{
#ifdef _WIN32
    return PathRules::Windows;
#else
    return PathRules::Posix;
#endif
}

KubeconfigSources findSources(const KubeconfigOptions& options, const platform::Environment& environment, PathRules rules = nativePathRules());

/// Reads and merges.  A file of the option must exist; others may be missing (Kubeconfig::missing).  A file that cannot be read or parsed makes
/// the whole fail, and the error names every such file.  Blocks on the disk; a file may have 8 MiB.
Result<Kubeconfig> load(const KubeconfigSources& sources);

} // namespace binnacle::kube
