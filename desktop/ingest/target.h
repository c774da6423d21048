// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle::desktop {

/// Where an agent listens: `HOST:PORT` or `unix:PATH`.
struct Target {
    enum class Kind : std::uint8_t { Tcp, Unix };

    Kind kind = Kind::Tcp;
    std::string host; // Tcp
    std::uint16_t port = 0;
    std::string path; // Unix

    /// `HOST:PORT`, `[IPV6]:PORT`, `unix:PATH`.  An error says which forms there are.
    static Result<Target> parse(std::string_view text);
    /// As it was written by a person; parse(toText()) gives the same target.
    std::string toText() const;

    friend bool operator==(const Target&, const Target&) = default;
};

/// Where an agent of this user or of root listens when nothing was said, if its socket exists.
Result<Target> findLocalAgent();

} // namespace binnacle::desktop
