// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/table.h"

#include <algorithm>

namespace binnacle::desktop {

namespace {

/// Characters, as UTF-8 counts them: continuation bytes take no room.
std::size_t widthOf(const std::string& text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// What came from a wire must not steer the terminal.
std::string printable(std::string text)
{
    std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

} // namespace

std::string Table::text() const
{
    if (m_rows.empty())
        return {};
    std::vector<std::vector<std::string>> lines;
    lines.emplace_back();
    for (const Column& column : m_columns)
        lines.back().push_back(column.title);
    for (const std::vector<std::string>& row : m_rows) {
        lines.emplace_back();
        for (std::size_t i = 0; i < m_columns.size(); ++i)
            lines.back().push_back(i < row.size() ? printable(row[i]) : std::string());
    }
    std::vector<std::size_t> widths(m_columns.size(), 0);
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], widthOf(line[i]));
    }
    std::string text;
    for (const auto& line : lines) {
        std::string out;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::string pad(widths[i] - widthOf(line[i]), ' ');
            out += i > 0 ? "  " : "";
            out += m_columns[i].align == Align::Right ? pad + line[i] : line[i] + pad;
        }
        while (!out.empty() && out.back() == ' ')
            out.pop_back();
        text += out + "\n";
    }
    return text;
}

} // namespace binnacle::desktop
