// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/map_scene.h"

#include <QRectF>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace binnacle::desktop {

/// How much of a thing there is room to tell.
enum class MapDetail {
    Containers, // namespaces with counts, trunks between them; services are spots, when there are not too many of them
    Boxes,      // services by name
    Cards,      // with their figures
};

/// What of a scene is painted: the choice that keeps a frame cheap and a large map legible.  A value; indexes of the scene.
///
/// Detail follows from the zoom and from how many services fit into the view, so that moving the view never changes it.  Of edges the worst
/// and busiest are taken, and what is left out is counted.
struct MapPlan {
    MapDetail detail = MapDetail::Cards;
    bool showsAllNodes = true; // else only those in trouble and the chosen one
    std::vector<std::uint32_t> groups, trunks, nodes;
    std::vector<std::uint32_t> edges; // those painted last are the worst and busiest
    bool curves = true;        // edges as curves with arrows, else as thin lines
    std::size_t labels = 0;    // of edges or trunks, at most
    std::size_t leftOut = 0;   // edges that lie in the view, have no trunk there, and are not painted
};

/// Drawn things a frame, whatever the zoom: a box, a line, a text.
inline constexpr std::size_t kMostPrimitives = 3000;

/// `visible` in world coordinates; `chosen`: nodes whose edges are painted before others'.  Pure; a few tenths of a millisecond for 20,000 edges.
MapPlan planMap(const MapScene& scene, const QRectF& visible, double scale, const std::vector<std::uint32_t>& chosen = {});

} // namespace binnacle::desktop
