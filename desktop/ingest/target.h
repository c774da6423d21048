// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle::desktop {

/// Where an agent listens: `HOST:PORT` or `unix:PATH`; or the local ends of a ClusterLink's tunnels to one.
struct Target {
    enum class Kind : std::uint8_t { Tcp, Unix };

    Kind kind = Kind::Tcp;
    std::string host; // Tcp
    std::uint16_t port = 0;
    std::string path; // Unix
    std::string bulkPath; // Unix: where streams go, so that a short call does not wait behind one; empty: `path`
    std::string label;    // for a person when the path says nothing: `node-1 (context lab)`; empty: toText()
    std::string context;  // of the cluster that it is in; empty: none

    /// `HOST:PORT`, `[IPV6]:PORT`, `unix:PATH`.  An error says which forms there are.
    static Result<Target> parse(std::string_view text);
    /// As it was written by a person; parse(toText()) gives the same target.
    std::string toText() const;
    std::string toWords() const { return label.empty() ? toText() : label; }

    friend bool operator==(const Target&, const Target&) = default;
};

/// Where an agent of this user or of root listens when nothing was said, if its socket exists.
Result<Target> findLocalAgent();

} // namespace binnacle::desktop
