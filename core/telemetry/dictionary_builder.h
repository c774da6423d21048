// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace binnacle::telemetry {

/// Collects what rows point into, each thing once.
///
/// Owns the dictionary until take().  Thread: any one.  No limits: whoever fills it has counted before.
class DictionaryBuilder {
public:
    DictionaryBuilder();
    /// Begins with these entries, at the same indexes (also when some of them are repeated).
    explicit DictionaryBuilder(const Dictionary& base);
    ~DictionaryBuilder();
    DictionaryBuilder(DictionaryBuilder&&) noexcept;
    DictionaryBuilder& operator=(DictionaryBuilder&&) noexcept;

    std::uint32_t string(std::string_view text);
    std::uint32_t entity(const Entity& entity);
    /// Its instance indexes are those of this builder.
    std::uint32_t end(const End& end);

    const Dictionary& current() const;
    /// The dictionary, immutable from now on; the builder starts empty again.
    std::shared_ptr<const Dictionary> take();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace binnacle::telemetry
