// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <string>

namespace binnacle::agent {

/// While it lives, what libbpf would print is kept instead, on this thread's behalf; nested ones share the outermost.
/// Thread: libbpf's print function is one for the process, so probes are loaded on one thread only.
class LoaderMessages {
public:
    LoaderMessages();
    ~LoaderMessages();
    LoaderMessages(const LoaderMessages&) = delete;
    LoaderMessages& operator=(const LoaderMessages&) = delete;

    /// What was kept so far, newest last, bounded.
    static const std::string& text();
    static void clear();
};

/// What to do when the kernel's types cannot be read.
Error explainMissingTypes(const std::string& file, int error);

/// What to do when a program or map cannot be loaded: errno, and what the loader said of it.
Error explainLoadFailure(int error, const std::string& loaderText = LoaderMessages::text());

} // namespace binnacle::agent
