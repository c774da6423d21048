// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// Cuts a watch's bytes into its events: one JSON text a line.  Where the chunks of HTTP end means nothing.
class LineFramer {
public:
    explicit LineFramer(std::size_t longest = 64u << 20) : m_longest(longest) {}
    void feed(std::string_view bytes);
    /// The next whole line, without its end; empty lines are left out.  Corrupt once a line is longer than allowed.
    Result<std::optional<std::string_view>> next(); // good until feed() is called again
    bool hasRest() const { return m_start < m_buffer.size(); } // a line that has begun

private:
    std::string m_buffer;
    std::size_t m_start = 0;   // of the line that is open
    std::size_t m_scanned = 0; // no line end before this
    std::size_t m_longest;
};

enum class WatchEventKind : std::uint8_t { Added, Modified, Deleted, Bookmark, Error, Unknown };
WatchEventKind watchEventKind(std::string_view type);

} // namespace binnacle::kube
