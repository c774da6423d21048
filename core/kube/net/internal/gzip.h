// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// Unpacks a gzip stream as it arrives.
class Gunzip {
public:
    Gunzip();
    ~Gunzip();
    /// Appends the plain bytes; refuses what would make `into` larger than `largest`.
    Result<void> feed(std::string_view packed, std::string& into, std::size_t largest);
    bool hasBegun() const { return m_begun; }
    bool isWhole() const { return m_whole; }

private:
    struct State;
    std::unique_ptr<State> m_state;
    bool m_begun = false;
    bool m_whole = false;
};

} // namespace binnacle::kube
