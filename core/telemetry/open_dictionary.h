// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <string>

namespace binnacle::telemetry {

/// The dictionary of somebody else's open segment as its chunks build it, so that whoever passes a stream on can open it to those who
/// join in its middle.  Rows are not decoded.
///
/// Thread: any one.  Foreign bytes: what does not follow on what is here is Corrupt and changes nothing.
class OpenDictionary {
public:
    OpenDictionary();
    ~OpenDictionary();
    OpenDictionary(OpenDictionary&&) noexcept;
    OpenDictionary& operator=(OpenDictionary&&) noexcept;

    /// Begins anew with a v1::Dictionary, not compressed; empty: with nothing.
    Result<void> open(ByteView dictionary);
    /// Adds what a v1::Chunk, not compressed, adds.
    Result<void> add(ByteView chunk);
    /// As a v1::Dictionary.
    std::string bytes() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace binnacle::telemetry
