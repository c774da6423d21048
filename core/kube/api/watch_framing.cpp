// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/watch_framing.h"

#include <algorithm>

namespace binnacle::kube {

void LineFramer::feed(std::string_view bytes)
{
    m_buffer.erase(0, m_start);
    m_scanned -= m_start;
    m_start = 0;
    m_buffer += bytes;
}

Result<std::optional<std::string_view>> LineFramer::next()
{
    for (;;) {
        const std::size_t end = m_buffer.find('\n', m_scanned);
        const std::size_t length = std::min(end, m_buffer.size()) - m_start;
        if (length > m_longest)
            return failure(ErrorCode::Corrupt, "an event of the watch is longer than " + std::to_string(m_longest >> 20) + " MiB");
        if (end == std::string::npos) {
            m_scanned = m_buffer.size();
            return std::nullopt;
        }
        std::string_view line(m_buffer.data() + m_start, length);
        m_start = m_scanned = end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.empty())
            return line;
    }
}

WatchEventKind watchEventKind(std::string_view type)
{
    return type == "ADDED"    ? WatchEventKind::Added
        : type == "MODIFIED"  ? WatchEventKind::Modified
        : type == "DELETED"   ? WatchEventKind::Deleted
        : type == "BOOKMARK"  ? WatchEventKind::Bookmark
        : type == "ERROR"     ? WatchEventKind::Error
                              : WatchEventKind::Unknown;
}

} // namespace binnacle::kube
