// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/map_layout.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

namespace binnacle::analysis {

namespace {

struct Cell {
    std::int64_t column = 0, row = 0;
    friend auto operator<=>(const Cell&, const Cell&) = default;
};

/// Rows of the grid that belong to one group, over all columns: groups never overlap, however many nodes come.
struct Band {
    std::int64_t top = 0, rows = 1;
    bool open = false; // the lowest one grows downwards
};

class Layouter {
public:
    Layouter(const MapGraph& graph, const MapLayoutOptions& options) : m_options(options) { read(graph); }

    MapLayout run(const MapLayout* previous)
    {
        m_cells.resize(m_nodes.size());
        m_placed.assign(m_nodes.size(), false);
        findLayers();
        if (previous && !previous->nodes.empty())
            keep(*previous);
        if (std::find(m_placed.begin(), m_placed.end(), true) == m_placed.end())
            placeAll();
        else
            placeNew();
        return finish();
    }

private:
    void read(const MapGraph& graph);
    void findLayers();
    std::vector<std::uint32_t> orderWithoutCycles();
    void keep(const MapLayout& previous);
    using Parts = std::map<std::string, std::vector<std::vector<std::uint32_t>>>; // by group and layer
    void placeAll();
    std::int64_t rowsBetween() const;
    std::int64_t rowsFor(const Parts& parts, std::uint32_t layers) const;
    std::vector<std::int64_t> columnsOf(const Parts& parts, std::uint32_t layers, std::int64_t maxRows) const;
    void orderColumns(std::vector<std::vector<std::uint32_t>>& columns);
    void placeNew();
    Cell wishFor(std::uint32_t node) const;
    Cell findFree(const Band& band, Cell wish);
    std::int64_t freeColumn(const Band& band, std::int64_t column, int direction);
    void put(std::uint32_t node, Cell cell);
    MapLayout finish();
    void routeLinks(MapLayout& layout);
    std::vector<MapPoint> route(const MapRect& from, const MapRect& to, std::size_t parallel) const;
    MapRect rectOf(Cell cell) const;
    Cell cellOf(const MapRect& rect) const;
    double pitchX() const { return m_options.nodeWidth + m_options.columnGap; }
    double pitchY() const { return m_options.nodeHeight + m_options.rowGap; }

    const MapLayoutOptions m_options;
    std::vector<MapGraph::Node> m_nodes; // by id
    std::vector<MapGraph::Link> m_links; // by (from, to, key), ends known
    std::vector<std::pair<std::uint32_t, std::uint32_t>> m_linkEnds;
    std::vector<std::vector<std::uint32_t>> m_out, m_in; // neighbours, ascending, without the node itself
    std::vector<std::uint32_t> m_layers;
    std::vector<Cell> m_cells;
    std::vector<bool> m_placed;
    std::map<std::string, Band> m_bands;
    std::set<Cell> m_taken;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> m_used; // (band top, column) → cells taken
    std::map<std::tuple<std::int64_t, int, std::int64_t>, std::int64_t> m_next; // (band top, direction, full column) → where to look next
    std::uint64_t m_steps = 0;
};

void Layouter::read(const MapGraph& graph)
{
    m_nodes = graph.nodes;
    std::sort(m_nodes.begin(), m_nodes.end(), [](const auto& a, const auto& b) { return std::tie(a.id, a.group) < std::tie(b.id, b.group); });
    m_nodes.erase(std::unique(m_nodes.begin(), m_nodes.end(), [](const auto& a, const auto& b) { return a.id == b.id; }), m_nodes.end());
    std::unordered_map<std::string, std::uint32_t> index;
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i)
        index.emplace(m_nodes[i].id, i);
    m_links = graph.links;
    std::erase_if(m_links, [&](const MapGraph::Link& link) { return !index.contains(link.from) || !index.contains(link.to); });
    std::sort(m_links.begin(), m_links.end(), [](const auto& a, const auto& b) { return std::tie(a.from, a.to, a.key) < std::tie(b.from, b.to, b.key); });
    m_out.resize(m_nodes.size());
    m_in.resize(m_nodes.size());
    for (const MapGraph::Link& link : m_links) {
        const auto from = index.at(link.from), to = index.at(link.to);
        m_linkEnds.emplace_back(from, to);
        if (from == to || (!m_out[from].empty() && m_out[from].back() == to))
            continue;
        m_out[from].push_back(to);
        m_in[to].push_back(from);
    }
    m_steps += m_nodes.size() + m_links.size();
}

/// Topological order of the graph without the links that close a cycle when walked from the callers on, by id.
std::vector<std::uint32_t> Layouter::orderWithoutCycles()
{
    enum class Mark : std::uint8_t { White, Grey, Black };
    std::vector<Mark> marks(m_nodes.size(), Mark::White);
    std::vector<std::uint32_t> finished;
    std::vector<std::pair<std::uint32_t, std::size_t>> path;
    const auto walk = [&](std::uint32_t start) {
        if (marks[start] != Mark::White)
            return;
        marks[start] = Mark::Grey;
        path.emplace_back(start, 0);
        while (!path.empty()) {
            auto& [node, at] = path.back();
            ++m_steps;
            if (at == m_out[node].size()) {
                marks[node] = Mark::Black;
                finished.push_back(node);
                path.pop_back();
                continue;
            }
            const std::uint32_t next = m_out[node][at++];
            if (marks[next] == Mark::White) {
                marks[next] = Mark::Grey;
                path.emplace_back(next, 0);
            }
        }
    };
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
        if (m_in[i].empty())
            walk(i);
    }
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i)
        walk(i);
    std::reverse(finished.begin(), finished.end());
    return finished;
}

/// Longest way from a caller; what talks to nobody comes last.
void Layouter::findLayers()
{
    const std::vector<std::uint32_t> order = orderWithoutCycles();
    std::vector<std::uint32_t> rank(m_nodes.size());
    for (std::uint32_t i = 0; i < order.size(); ++i)
        rank[order[i]] = i;
    m_layers.assign(m_nodes.size(), 0);
    std::uint32_t last = 0;
    for (const std::uint32_t node : order) {
        for (const std::uint32_t next : m_out[node]) {
            ++m_steps;
            if (rank[next] > rank[node]) // else it closes a cycle
                m_layers[next] = std::max(m_layers[next], m_layers[node] + 1);
        }
        last = std::max(last, m_layers[node]);
    }
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
        if (m_out[i].empty() && m_in[i].empty())
            m_layers[i] = m_links.empty() ? 0 : last + 1;
    }
}

MapRect Layouter::rectOf(Cell cell) const
{
    return {static_cast<double>(cell.column) * pitchX(), static_cast<double>(cell.row) * pitchY(), m_options.nodeWidth, m_options.nodeHeight};
}

Cell Layouter::cellOf(const MapRect& rect) const { return {std::llround(rect.x / pitchX()), std::llround(rect.y / pitchY())}; }

void Layouter::put(std::uint32_t node, Cell cell)
{
    m_cells[node] = cell;
    m_placed[node] = true;
    m_taken.insert(cell);
    ++m_used[{m_bands.at(m_nodes[node].group).top, cell.column}];
    ++m_steps;
}

/// Nodes that stay, stay.  A group's band is what its nodes span; what lies between two groups belongs to the upper one.
void Layouter::keep(const MapLayout& previous)
{
    std::unordered_map<std::string, const MapLayout::Node*> known;
    for (const MapLayout::Node& node : previous.nodes)
        known.emplace(node.id, &node);
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> spans; // of groups that the previous layout had
    for (const MapLayout::Node& node : previous.nodes) {
        const std::int64_t row = cellOf(node.rect).row;
        const auto [entry, fresh] = spans.try_emplace(node.group, row, row);
        entry->second = {std::min(entry->second.first, row), std::max(entry->second.second, row)};
    }
    for (const auto& [group, span] : spans)
        m_bands[group] = {span.first, span.second - span.first + 1, false};
    const auto lowest = std::max_element(m_bands.begin(), m_bands.end(), [](const auto& a, const auto& b) { return a.second.top < b.second.top; });
    lowest->second.open = true;
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
        const auto found = known.find(m_nodes[i].id);
        if (found != known.end() && found->second->group == m_nodes[i].group && !m_taken.contains(cellOf(found->second->rect)))
            put(i, cellOf(found->second->rect));
    }
}

namespace {

/// Neighbours' mean place in the order; where there is none, the own one.
double meanPlace(const std::vector<std::uint32_t>& neighbours, const std::vector<double>& place, double own)
{
    double sum = 0;
    for (const std::uint32_t each : neighbours)
        sum += place[each];
    return neighbours.empty() ? own : sum / static_cast<double>(neighbours.size());
}

} // namespace

/// Few crossings: nodes of a layer are ordered by the mean place of their callers, then of their callees, a few times over.
void Layouter::orderColumns(std::vector<std::vector<std::uint32_t>>& columns)
{
    std::vector<double> place(m_nodes.size(), 0), wish(m_nodes.size(), 0);
    const auto number = [&](std::vector<std::uint32_t>& column) {
        for (std::size_t i = 0; i < column.size(); ++i)
            place[column[i]] = static_cast<double>(i) - static_cast<double>(column.size()) / 2;
    };
    for (auto& column : columns)
        number(column);
    constexpr int kSweeps = 4;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        const bool forward = sweep % 2 == 0;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            std::vector<std::uint32_t>& column = columns[forward ? i : columns.size() - 1 - i];
            for (const std::uint32_t node : column) {
                const auto& neighbours = forward ? m_in[node] : m_out[node];
                wish[node] = meanPlace(neighbours, place, place[node]);
                m_steps += 1 + neighbours.size();
            }
            std::sort(column.begin(), column.end(), [&](std::uint32_t a, std::uint32_t b) {
                ++m_steps;
                return wish[a] != wish[b] ? wish[a] < wish[b] : a < b;
            });
            number(column);
        }
    }
}

/// Free rows between two groups: room for their frames and the title of the lower one.
std::int64_t Layouter::rowsBetween() const
{
    const double room = m_options.groupGap + 2 * m_options.groupPadding + m_options.groupTitle - m_options.rowGap;
    return std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil(room / pitchY())), 1);
}

/// How many columns of the grid each layer takes.
std::vector<std::int64_t> Layouter::columnsOf(const Parts& parts, std::uint32_t layers, std::int64_t maxRows) const
{
    std::vector<std::int64_t> columns(layers, 1);
    for (const auto& [group, byLayer] : parts) {
        for (std::uint32_t layer = 0; layer < layers; ++layer)
            columns[layer] = std::max(columns[layer], (static_cast<std::int64_t>(byLayer[layer].size()) + maxRows - 1) / maxRows);
    }
    return columns;
}

/// Many groups, one below the other, would make a tower of which nothing can be read when all of it is in view: then their columns are shorter.
std::int64_t Layouter::rowsFor(const Parts& parts, std::uint32_t layers) const
{
    constexpr std::int64_t kFewest = 4;
    auto rows = static_cast<std::int64_t>(std::max<std::size_t>(m_options.maxRows, 1));
    while (rows > kFewest) {
        std::int64_t down = 0, across = 0;
        for (const auto& [group, byLayer] : parts) {
            std::int64_t longest = 1;
            for (const auto& column : byLayer)
                longest = std::max(longest, static_cast<std::int64_t>(column.size()));
            down += std::min(rows, longest) + rowsBetween();
        }
        for (const std::int64_t columns : columnsOf(parts, layers, rows))
            across += columns;
        if (static_cast<double>(down) * pitchY() <= static_cast<double>(across) * pitchX())
            break;
        rows = std::max(kFewest, rows * 3 / 4);
    }
    return rows;
}

void Layouter::placeAll()
{
    m_bands.clear();
    m_taken.clear();
    std::uint32_t layers = 0;
    for (const std::uint32_t layer : m_layers)
        layers = std::max(layers, layer + 1);
    std::vector<std::vector<std::uint32_t>> columns(layers);
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i)
        columns[m_layers[i]].push_back(i);
    orderColumns(columns);

    // Per group and layer, in that order; long ones are folded into several columns of the grid.
    Parts parts;
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        for (const std::uint32_t node : columns[layer]) {
            auto& group = parts[m_nodes[node].group];
            group.resize(layers);
            group[layer].push_back(node);
        }
    }
    const std::int64_t maxRows = rowsFor(parts, layers);
    const std::vector<std::int64_t> width = columnsOf(parts, layers, maxRows);
    std::vector<std::int64_t> left(layers, 0);
    for (std::uint32_t layer = 1; layer < layers; ++layer)
        left[layer] = left[layer - 1] + width[layer - 1];
    const std::int64_t between = rowsBetween();
    std::int64_t top = 0;
    for (const auto& [group, byLayer] : parts) {
        std::int64_t rows = 1;
        for (const auto& column : byLayer)
            rows = std::max(rows, std::min(maxRows, static_cast<std::int64_t>(column.size())));
        m_bands[group] = {top, rows, false};
        for (std::uint32_t layer = 0; layer < layers; ++layer) {
            const auto count = static_cast<std::int64_t>(byLayer[layer].size());
            const std::int64_t height = std::min(maxRows, count);
            for (std::int64_t i = 0; i < count; ++i)
                put(byLayer[layer][static_cast<std::size_t>(i)], {left[layer] + i / maxRows, top + (rows - height) / 2 + i % maxRows});
        }
        top += rows + between;
    }
}

/// One column behind its callers, else one before its callees, in the row of the first of them.
Cell Layouter::wishFor(std::uint32_t node) const
{
    std::optional<Cell> wish;
    for (const std::uint32_t caller : m_in[node]) {
        if (m_placed[caller] && (!wish || m_cells[caller].column + 1 > wish->column))
            wish = Cell{m_cells[caller].column + 1, m_cells[caller].row};
    }
    if (wish)
        return *wish;
    for (const std::uint32_t callee : m_out[node]) {
        if (m_placed[callee] && (!wish || m_cells[callee].column - 1 < wish->column))
            wish = Cell{m_cells[callee].column - 1, m_cells[callee].row};
    }
    return wish.value_or(Cell{static_cast<std::int64_t>(m_layers[node]), m_bands.at(m_nodes[node].group).top});
}

/// The next column in a direction that has a free cell in the band.  Remembers detours, so that many searches stay cheap.
std::int64_t Layouter::freeColumn(const Band& band, std::int64_t column, int direction)
{
    const std::int64_t rows = band.open ? static_cast<std::int64_t>(std::max<std::size_t>(m_options.maxRows, 1)) : band.rows;
    std::vector<std::int64_t> passed;
    while (true) {
        ++m_steps;
        const auto used = m_used.find({band.top, column});
        if (used == m_used.end() || used->second < rows)
            break;
        passed.push_back(column);
        const auto next = m_next.find({band.top, direction, column});
        column = next == m_next.end() ? column + direction : next->second;
    }
    for (const std::int64_t full : passed)
        m_next[{band.top, direction, full}] = column;
    return column;
}

Cell Layouter::findFree(const Band& band, Cell wish)
{
    const std::int64_t right = freeColumn(band, wish.column, 1), left = freeColumn(band, wish.column, -1);
    const std::int64_t column = right - wish.column <= wish.column - left ? right : left;
    const std::int64_t rows = band.open ? static_cast<std::int64_t>(std::max<std::size_t>(m_options.maxRows, 1)) : band.rows;
    const std::int64_t first = band.top, last = band.top + rows - 1;
    const std::int64_t row = std::clamp(wish.row, first, last);
    for (std::int64_t distance = 0; distance < rows; ++distance) {
        ++m_steps;
        for (const std::int64_t candidate : {row + distance, row - distance}) {
            if (candidate >= first && candidate <= last && !m_taken.contains({column, candidate}))
                return {column, candidate};
        }
    }
    return {column, last + 1}; // not reached: the column has a free cell
}

void Layouter::placeNew()
{
    std::vector<std::uint32_t> fresh;
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
        if (!m_placed[i])
            fresh.push_back(i);
    }
    // Callers before callees, so that a whole new chain finds its place.
    std::sort(fresh.begin(), fresh.end(), [&](std::uint32_t a, std::uint32_t b) { return std::tie(m_layers[a], a) < std::tie(m_layers[b], b); });
    for (const std::uint32_t node : fresh) {
        if (!m_bands.contains(m_nodes[node].group)) {
            // A new group goes below everything; the one that was lowest is closed.
            std::int64_t bottom = 0;
            for (const Cell& cell : m_taken)
                bottom = std::max(bottom, cell.row);
            for (auto& [name, band] : m_bands) {
                if (band.open)
                    band.rows = std::max(band.rows, bottom - band.top + 1);
                band.open = false;
            }
            m_steps += m_taken.size() + m_bands.size();
            m_bands[m_nodes[node].group] = {bottom + 1 + rowsBetween(), 1, true};
            m_next.clear();
        }
        put(node, findFree(m_bands.at(m_nodes[node].group), wishFor(node)));
    }
}

MapLayout Layouter::finish()
{
    MapLayout layout;
    std::map<std::string, MapRect> groups;
    for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
        const MapRect rect = rectOf(m_cells[i]);
        layout.nodes.push_back({m_nodes[i].id, m_nodes[i].group, rect});
        const auto include = [&rect](MapRect& sum, bool first) {
            if (first) {
                sum = rect;
                return;
            }
            const double right = std::max(sum.right(), rect.right()), bottom = std::max(sum.bottom(), rect.bottom());
            sum.x = std::min(sum.x, rect.x);
            sum.y = std::min(sum.y, rect.y);
            sum.width = right - sum.x;
            sum.height = bottom - sum.y;
        };
        include(layout.bounds, i == 0);
        if (!m_nodes[i].group.empty()) {
            const auto [entry, fresh] = groups.try_emplace(m_nodes[i].group);
            include(entry->second, fresh);
        }
    }
    for (const auto& [name, inner] : groups) {
        const double pad = m_options.groupPadding;
        const MapRect rect{inner.x - pad, inner.y - pad - m_options.groupTitle, inner.width + 2 * pad, inner.height + 2 * pad + m_options.groupTitle};
        layout.groups.push_back({name, rect});
        const double right = std::max(layout.bounds.right(), rect.right()), bottom = std::max(layout.bounds.bottom(), rect.bottom());
        layout.bounds.x = std::min(layout.bounds.x, rect.x);
        layout.bounds.y = std::min(layout.bounds.y, rect.y);
        layout.bounds.width = right - layout.bounds.x;
        layout.bounds.height = bottom - layout.bounds.y;
    }
    routeLinks(layout);
    layout.steps = m_steps;
    return layout;
}

void Layouter::routeLinks(MapLayout& layout)
{
    std::size_t parallel = 0;
    for (std::size_t i = 0; i < m_links.size(); ++i) {
        parallel = i > 0 && m_linkEnds[i] == m_linkEnds[i - 1] ? parallel + 1 : 0;
        const MapRect& from = layout.nodes[m_linkEnds[i].first].rect;
        const MapRect& to = layout.nodes[m_linkEnds[i].second].rect;
        layout.links.push_back({m_links[i].from, m_links[i].to, m_links[i].key, route(from, to, parallel)});
        ++m_steps;
    }
}

/// Forward links leave on the right and arrive on the left; those within a column bow out to the right; backward ones run below.
std::vector<MapPoint> Layouter::route(const MapRect& from, const MapRect& to, std::size_t parallel) const
{
    const double shift = std::min(static_cast<double>(parallel) * 10, m_options.nodeHeight / 2 - 4);
    if (from == to) {
        const double reach = m_options.columnGap / 2;
        return {{from.right(), from.center().y + shift}, {from.right() + reach, from.center().y + shift},
                {from.center().x, from.y - reach}, {from.center().x, from.y}};
    }
    if (to.x >= from.right()) {
        const MapPoint a{from.right(), from.center().y + shift}, b{to.x, to.center().y + shift};
        const double bend = std::max((b.x - a.x) / 2, m_options.columnGap / 2);
        return {a, {a.x + bend, a.y}, {b.x - bend, b.y}, b};
    }
    if (to.x == from.x) {
        const MapPoint a{from.right(), from.center().y + shift}, b{to.right(), to.center().y + shift};
        const double reach = m_options.columnGap * 0.6;
        return {a, {a.x + reach, a.y}, {b.x + reach, b.y}, b};
    }
    const MapPoint a{from.center().x - shift, from.bottom()}, b{to.center().x + shift, to.bottom()};
    const double drop = m_options.rowGap + m_options.nodeHeight / 2;
    return {a, {a.x, a.y + drop}, {b.x, b.y + drop}, b};
}

} // namespace

const MapLayout::Node* MapLayout::findNode(const std::string& id) const
{
    const auto found = std::lower_bound(nodes.begin(), nodes.end(), id, [](const Node& node, const std::string& key) { return node.id < key; });
    return found != nodes.end() && found->id == id ? &*found : nullptr;
}

MapLayout layoutMap(const MapGraph& graph, const MapLayoutOptions& options, const MapLayout* previous)
{
    return Layouter(graph, options).run(previous);
}

} // namespace binnacle::analysis
