// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/map_scene.h"

#include "core/analysis/snapshot.h"
#include "desktop/viewmodels/figures.h"
#include "desktop/viewmodels/health_words.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>
#include <tuple>

namespace binnacle::desktop {

namespace {

/// Room between columns for the label of an edge.
constexpr analysis::MapLayoutOptions kOptions{.nodeWidth = 184, .nodeHeight = 64, .columnGap = 148, .rowGap = 44};

/// A request or two are always under way where there is traffic: only age is news.
constexpr Nanoseconds kNews = std::chrono::seconds(1);

constexpr double kRestPadding = 24; // around what is in no namespace
constexpr std::size_t kSmallMap = 300; // services that need no containers
constexpr double kGutter = 0.12;    // beside the containers, for trunks, in widths of everything
constexpr double kLabelRoom = 0.05; // to each side of a trunk, likewise

QRectF rectOf(const analysis::MapRect& r) { return {r.x, r.y, r.width, r.height}; }

bool isOutside(const analysis::Node& node) { return node.kind == analysis::NodeKind::External || node.kind == analysis::NodeKind::Internet; }

double perSecond(std::uint64_t count, TimeRange range)
{
    const double seconds = static_cast<double>(range.length().count()) / 1e9;
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

/// Two letters of what runs there: what a logo would say.
QString monogramOf(const analysis::Node& node)
{
    QString source = node.type.empty() ? fromStd(node.name) : fromStd(node.type);
    source.remove(QLatin1Char('-'));
    return source.left(1).toUpper() + source.mid(1, 1).toLower();
}

QString figuresOf(const analysis::Node& node, TimeRange range)
{
    if (node.inbound.requests == 0)
        return {};
    return QStringLiteral("%1/s · p99 %2").arg(rateText(perSecond(node.inbound.requests, range)), durationText(node.inbound.latency.quantile(0.99)));
}

QString detailOf(const analysis::Node& node)
{
    if (node.kind == analysis::NodeKind::Internet)
        return QCoreApplication::translate("Map", "clients outside");
    if (isOutside(node))
        return QCoreApplication::translate("Map", "no agent there");
    if (!node.observed && node.kind == analysis::NodeKind::Service)
        return QCoreApplication::translate("Map", "Service, no call seen");
    if (!node.observed && node.instancesMax > 0)
        return node.instances == 1 ? QCoreApplication::translate("Map", "1 instance listed") : QCoreApplication::translate("Map", "%1 instances listed").arg(node.instances);
    if (node.instances == 0 && node.instancesMax == 0)
        return QCoreApplication::translate("Map", "nothing seen running");
    if (node.instances == 0)
        return QCoreApplication::translate("Map", "0 of %1 running").arg(node.instancesMax);
    const bool missing = node.instances < node.instancesMax;
    if (node.inbound.errors > 0) {
        const QString errors = QCoreApplication::translate("Map", "%1 errors").arg(shareText(node.inbound.errors, node.inbound.requests));
        return missing ? QCoreApplication::translate("Map", "%1 · %2/%3 up").arg(errors).arg(node.instances).arg(node.instancesMax) : errors;
    }
    if (missing)
        return QCoreApplication::translate("Map", "%1 of %2 running").arg(node.instances).arg(node.instancesMax);
    return node.instances == 1 ? QCoreApplication::translate("Map", "1 instance") : QCoreApplication::translate("Map", "%1 instances").arg(node.instances);
}

/// What hangs.  Requests come first: behind them a connection stands already.
QString badgeOf(std::uint64_t inFlight, Nanoseconds oldest, const analysis::PendingConnects& pending)
{
    if (inFlight > 0 && oldest >= kNews)
        return QCoreApplication::translate("Map", "%1 in flight, oldest %2").arg(inFlight).arg(durationText(oldest));
    if (pending.count > 0)
        return QCoreApplication::translate("Map", "%1 connecting, oldest %2").arg(pending.count).arg(durationText(pending.oldest));
    return {};
}

QString labelOf(const analysis::Edge& edge, TimeRange range)
{
    const QString protocol = protocolLabel(edge.protocol, edge.tls);
    if (edge.inFlight > 0 && edge.oldestInFlight >= kNews)
        return QCoreApplication::translate("Map", "%1 %2/s · %3 waiting").arg(protocol, rateText(perSecond(edge.chosen.requests, range)), countText(edge.inFlight));
    if (edge.pending.count > 0) {
        const QString spoken = edge.chosen.requests > 0 ? QStringLiteral("%1 %2/s").arg(protocol, rateText(perSecond(edge.chosen.requests, range))) : protocol;
        return QCoreApplication::translate("Map", "%1 · %2 connecting").arg(spoken, countText(edge.pending.count));
    }
    if (edge.chosen.requests > 0)
        return QStringLiteral("%1 %2/s · %3").arg(protocol, rateText(perSecond(edge.chosen.requests, range)), durationText(edge.chosen.latency.quantile(0.99)));
    if (edge.failedConnects > 0)
        return QCoreApplication::translate("Map", "%1 · %2 failed").arg(protocol, countText(edge.failedConnects));
    const std::uint64_t bytes = edge.bytesSent + edge.bytesReceived;
    return bytes == 0 ? protocol
                      : QStringLiteral("%1 %2/s").arg(protocol, bytesText(static_cast<std::uint64_t>(perSecond(bytes, range))));
}

QPointF cubicAt(const std::array<QPointF, 4>& c, double t)
{
    const double u = 1 - t;
    return u * u * u * c[0] + 3 * u * u * t * c[1] + 3 * u * t * t * c[2] + t * t * t * c[3];
}

double squaredDistance(QPointF p, QPointF a, QPointF b)
{
    const QPointF along = b - a;
    const double length = QPointF::dotProduct(along, along);
    const double t = length > 0 ? std::clamp(QPointF::dotProduct(p - a, along) / length, 0.0, 1.0) : 0;
    const QPointF d = p - (a + t * along);
    return QPointF::dotProduct(d, d);
}

std::array<QPointF, 4> curveOf(const analysis::MapLayout::Link& link)
{
    const auto point = [&link](std::size_t i) { return QPointF(link.points[i].x, link.points[i].y); };
    if (link.points.size() == 4)
        return {point(0), point(1), point(2), point(3)};
    if (link.points.size() < 2)
        return {};
    const QPointF a = point(0), b = point(1);
    return {a, a + (b - a) / 3, a + (b - a) * 2 / 3, b};
}

std::string keyOf(const analysis::PossibleEdge& edge) { return edge.from.id + ">" + edge.to + ":" + std::to_string(edge.port) + "/possible"; }

void remember(MapMemory& memory, const analysis::Snapshot& snapshot)
{
    for (const std::string& key : std::exchange(memory.possible, {})) {
        memory.groups.erase(key);
        memory.links.erase(key);
    }
    for (const analysis::PossibleEdge& edge : snapshot.possible) {
        const std::string key = keyOf(edge);
        if (!memory.groups.contains(edge.from.id))
            memory.possible.insert(edge.from.id);
        memory.possible.insert(key);
        memory.groups[edge.from.id] = edge.from.nameSpace.value_or(std::string());
        memory.links[key] = {edge.from.id, edge.to, key};
    }
    for (const analysis::Node& node : snapshot.nodes)
        memory.groups[node.id] = node.nameSpace.value_or(std::string());
    for (const analysis::Edge& edge : snapshot.edges) {
        const std::string id = analysis::edgeId(edge);
        memory.links[id] = {edge.from, edge.to, id};
    }
}

bool knowsAll(const MapMemory& memory, const analysis::Snapshot& snapshot)
{
    return std::all_of(snapshot.nodes.begin(), snapshot.nodes.end(), [&memory](const analysis::Node& node) { return memory.groups.contains(node.id); })
        && std::all_of(snapshot.edges.begin(), snapshot.edges.end(), [&memory](const analysis::Edge& edge) { return memory.links.contains(analysis::edgeId(edge)); })
        && std::all_of(snapshot.possible.begin(), snapshot.possible.end(), [&memory](const analysis::PossibleEdge& edge) { return memory.links.contains(keyOf(edge)); })
        && (memory.possible.empty() || !snapshot.possible.empty()); // observed by now: they are in the way
}

/// Nodes that nobody called yet stand where there was room: their place says nothing, so their first edge may move them, once.
/// Everything else stays where it is.
analysis::MapLayout withoutUnlinked(const MapMemory& before, const MapMemory& now)
{
    std::set<std::string> linkedBefore, linkedNow;
    for (const auto& [key, link] : before.links) {
        if (!before.possible.contains(key))
            linkedBefore.insert({link.from, link.to});
    }
    for (const auto& [key, link] : now.links) {
        if (!now.possible.contains(key))
            linkedNow.insert({link.from, link.to});
    }
    analysis::MapLayout layout = before.layout;
    std::erase_if(layout.nodes, [&](const analysis::MapLayout::Node& node) { return !linkedBefore.contains(node.id) && linkedNow.contains(node.id); });
    return layout;
}

MapMemoryPtr laidOut(const analysis::Snapshot& snapshot, const MapMemoryPtr& before)
{
    if (before && !before->tidied && knowsAll(*before, snapshot))
        return before;
    auto memory = before && !before->tidied ? std::make_shared<MapMemory>(*before) : std::make_shared<MapMemory>();
    remember(*memory, snapshot);
    analysis::MapGraph graph;
    for (const auto& [id, group] : memory->groups)
        graph.nodes.push_back({id, group});
    for (const auto& [key, link] : memory->links)
        graph.links.push_back(link);
    const analysis::MapLayout previous = before && !before->tidied ? withoutUnlinked(*before, *memory) : analysis::MapLayout();
    memory->layout = analysis::layoutMap(graph, kOptions, previous.nodes.empty() ? nullptr : &previous);
    memory->tidied = false;
    return memory;
}

MapScene::Node sceneNode(const analysis::Node& node, const QRectF& rect, TimeRange range)
{
    MapScene::Node out{.id = node.id, .name = fromStd(node.name), .monogram = monogramOf(node), .figures = figuresOf(node, range), .detail = detailOf(node)};
    out.badge = badgeOf(node.inFlight, node.oldestInFlight, node.pending);
    out.rate = node.inbound.requests ? QStringLiteral("%1/s").arg(rateText(perSecond(node.inbound.requests, range))) : QString();
    out.severity = severityOf(node.health);
    out.errorShare = node.inbound.requests ? static_cast<double>(node.inbound.errors) / static_cast<double>(node.inbound.requests) : 0;
    out.outside = isOutside(node);
    out.listed = !node.observed;
    out.icon = node.kind == analysis::NodeKind::Internet ? "globe" : out.outside || (out.listed && node.kind == analysis::NodeKind::Service) ? "connect" : "";
    const bool neverSeen = node.instancesMax == 0 && (node.kind == analysis::NodeKind::Workload || out.listed); // it may run where no agent is
    out.gone = !out.outside && node.instances == 0 && !neverSeen;
    out.rect = rect;
    out.searchText = QStringList{fromStd(node.id), out.name, fromStd(node.type), healthWord(node.health)}.join(QLatin1Char('\n'));
    return out;
}

/// Of an edge or a trunk.
template <class Line>
void setCurve(Line& line, const std::array<QPointF, 4>& curve)
{
    line.curve = curve;
    line.middle = cubicAt(curve, 0.5);
    QRectF bounds(curve[0], QSizeF(1, 1));
    for (const QPointF& p : curve)
        bounds = bounds.united(QRectF(p, QSizeF(1, 1)));
    line.bounds = bounds.adjusted(-8, -8, 8, 8);
}

int rankOf(Severity severity) { return severity == Severity::Critical ? 2 : severity == Severity::Warning ? 1 : 0; }

MapScene::Edge sceneEdge(const analysis::Edge& edge, const analysis::MapLayout::Link& link, TimeRange range)
{
    MapScene::Edge out{.id = link.key, .from = edge.from, .to = edge.to, .label = labelOf(edge, range)};
    out.badge = badgeOf(edge.inFlight, edge.oldestInFlight, edge.pending);
    out.severity = severityOf(edge.health);
    out.parsed = edge.protocol != Protocol::Unknown;
    out.rate = perSecond(edge.chosen.requests, range);
    out.weight = std::clamp(std::log10(1 + out.rate) / 4, 0.0, 1.0);
    setCurve(out, curveOf(link));
    return out;
}

/// A way that Kubernetes leads and nobody was seen to go.
MapScene::Edge sceneEdge(const analysis::PossibleEdge& edge, const analysis::MapLayout::Link& link)
{
    MapScene::Edge out{.id = link.key, .from = edge.from.id, .to = edge.to, .label = QCoreApplication::translate("Map", "port %1").arg(edge.port)};
    out.possible = true;
    setCurve(out, curveOf(link));
    return out;
}

void addEdges(MapScene& scene, const analysis::Snapshot& snapshot, const analysis::MapLayout& layout)
{
    std::map<std::string, const analysis::MapLayout::Link*> links;
    for (const analysis::MapLayout::Link& link : layout.links)
        links[link.key] = &link;
    for (const analysis::Edge& edge : snapshot.edges) {
        if (const auto link = links.find(analysis::edgeId(edge)); link != links.end())
            scene.edges.push_back(sceneEdge(edge, *link->second, snapshot.range));
    }
    for (const analysis::PossibleEdge& edge : snapshot.possible) {
        if (const auto link = links.find(keyOf(edge)); link != links.end())
            scene.edges.push_back(sceneEdge(edge, *link->second));
    }
    std::sort(scene.edges.begin(), scene.edges.end(), [](const MapScene::Edge& a, const MapScene::Edge& b) {
        const auto rank = [](const MapScene::Edge& e) { return std::tuple(rankOf(e.severity), e.weight, std::string_view(e.id)); };
        return rank(a) < rank(b);
    });
    const auto indexOf = [&scene](const std::string& id) {
        const MapScene::Node* node = scene.findNode(id);
        return node ? static_cast<std::uint32_t>(node - scene.nodes.data()) : 0;
    };
    for (MapScene::Edge& edge : scene.edges) {
        edge.fromNode = indexOf(edge.from);
        edge.toNode = indexOf(edge.to);
        scene.edgeBounds.push_back(edge.bounds);
    }
}

/// Groups are by name, as in the layout.
void addNode(MapScene& scene, const analysis::Node& node, const analysis::MapLayout::Node& place, TimeRange range)
{
    scene.nodes.push_back(sceneNode(node, rectOf(place.rect), range));
    const QString name = fromStd(place.group);
    const auto group = std::lower_bound(scene.groups.begin(), scene.groups.end(), place.group,
                                        [](const MapScene::Group& g, const std::string& wanted) { return g.name.toStdString() < wanted; });
    if (group != scene.groups.end() && group->name == name)
        scene.nodes.back().group = static_cast<std::uint32_t>(group - scene.groups.begin());
}

/// Kubernetes Services that lead to what nobody observed, each once; nodes stay by id.
void addServices(MapScene& scene, const analysis::Snapshot& snapshot, const analysis::MapLayout& layout)
{
    std::set<std::string> known;
    for (const MapScene::Node& node : scene.nodes)
        known.insert(node.id);
    for (const analysis::PossibleEdge& edge : snapshot.possible) {
        const analysis::MapLayout::Node* place = layout.findNode(edge.from.id);
        if (place && known.insert(edge.from.id).second)
            addNode(scene, edge.from, *place, snapshot.range);
    }
    std::sort(scene.nodes.begin(), scene.nodes.end(), [](const MapScene::Node& a, const MapScene::Node& b) { return a.id < b.id; });
}

QString countsOf(const MapScene::Group& group)
{
    QStringList parts{countedText(static_cast<int>(group.services), QCoreApplication::translate("Map", "service"), QCoreApplication::translate("Map", "services"))};
    if (group.critical > 0)
        parts << QCoreApplication::translate("Map", "%1 critical").arg(countText(group.critical));
    if (group.warning > 0)
        parts << QCoreApplication::translate("Map", "%1 warning").arg(countText(group.warning));
    return parts.join(QStringLiteral(" · "));
}

/// A container is as ill as the worst in it; it is known to be well as soon as one of its services is.
void countGroups(MapScene& scene)
{
    for (const MapScene::Node& node : scene.nodes) {
        MapScene::Group& group = node.group == MapScene::kRest ? scene.rest : scene.groups[node.group];
        ++group.services;
        group.critical += node.severity == Severity::Critical;
        group.warning += node.severity == Severity::Warning;
        const bool isWorse = rankOf(node.severity) > rankOf(group.severity) || (group.severity == Severity::Unknown && node.severity == Severity::Ok);
        group.severity = isWorse ? node.severity : group.severity;
        if (node.group == MapScene::kRest)
            group.rect = group.rect.isNull() ? node.rect : group.rect.united(node.rect);
    }
    if (scene.rest.services > 0) {
        scene.rest.name = QCoreApplication::translate("Map", "no namespace");
        scene.rest.rect.adjust(-kRestPadding, -kRestPadding, kRestPadding, kRestPadding);
        scene.rest.counts = countsOf(scene.rest);
    }
    for (MapScene::Group& group : scene.groups)
        group.counts = countsOf(group);
}

/// Groups are bands, one below the other: trunks run beside them, downwards on the right and upwards on the left, the further the wider.
std::array<QPointF, 4> trunkCurve(const QRectF& from, const QRectF& to, const QRectF& all, double gutter)
{
    const bool isDownwards = from.center().y() < to.center().y();
    const double apart = std::abs(from.center().y() - to.center().y()) / std::max(1.0, all.height());
    const double side = isDownwards ? 1 : -1;
    const QPointF begin(isDownwards ? from.right() : from.left(), from.center().y() + side * from.height() * 0.2);
    const QPointF end(isDownwards ? to.right() : to.left(), to.center().y() - side * to.height() * 0.2);
    const double outermost = isDownwards ? std::max(begin.x(), end.x()) : std::min(begin.x(), end.x());
    // A cubic reaches three quarters of the way to its controls.
    const double reach = outermost + side * gutter * (0.25 + 0.75 * apart) * 4 / 3;
    return {begin, QPointF(reach, begin.y()), QPointF(reach, end.y()), end};
}

void addTrunks(MapScene& scene)
{
    std::map<std::pair<std::uint32_t, std::uint32_t>, MapScene::Trunk> trunks;
    for (const MapScene::Edge& edge : scene.edges) {
        const std::uint32_t from = scene.nodes[edge.fromNode].group, to = scene.nodes[edge.toNode].group;
        if (from == to || edge.possible)
            continue;
        MapScene::Trunk& trunk = trunks[{from, to}];
        trunk.from = from;
        trunk.to = to;
        ++trunk.edges;
        trunk.rate += edge.rate;
        trunk.severity = trunk.edges == 1 || rankOf(edge.severity) > rankOf(trunk.severity) ? edge.severity : trunk.severity;
    }
    const QRectF all = scene.bounds;
    const double gutter = all.width() * kGutter, labelRoom = all.width() * kLabelRoom;
    for (auto& [ends, trunk] : trunks) {
        trunk.weight = std::clamp(std::log10(trunk.edges) / 3, 0.0, 1.0);
        trunk.label = countedText(static_cast<int>(trunk.edges), QCoreApplication::translate("Map", "edge"), QCoreApplication::translate("Map", "edges"));
        if (trunk.rate > 0)
            trunk.label += QStringLiteral(" · %1/s").arg(rateText(trunk.rate));
        setCurve(trunk, trunkCurve(scene.groupAt(trunk.from).rect, scene.groupAt(trunk.to).rect, all, gutter));
        if (scene.nodes.size() > kSmallMap) // else they are never drawn
            scene.bounds = scene.bounds.united(QRectF(trunk.middle - QPointF(labelRoom, 0), QSizeF(2 * labelRoom, 1)));
        scene.trunks.push_back(std::move(trunk));
    }
    std::sort(scene.trunks.begin(), scene.trunks.end(), [](const MapScene::Trunk& a, const MapScene::Trunk& b) {
        const auto rank = [](const MapScene::Trunk& t) { return std::tuple(rankOf(t.severity), t.edges, t.from, t.to); };
        return rank(a) < rank(b);
    });
}

} // namespace

MapAnswer buildMapScene(const analysis::Snapshot& snapshot, const MapMemoryPtr& before)
{
    MapAnswer answer;
    answer.memory = laidOut(snapshot, before);
    const analysis::MapLayout& layout = answer.memory->layout;
    for (const analysis::MapLayout::Group& group : layout.groups)
        answer.scene.groups.push_back({fromStd(group.name), rectOf(group.rect)});
    for (const analysis::Node& node : snapshot.nodes) {
        if (const analysis::MapLayout::Node* place = layout.findNode(node.id))
            addNode(answer.scene, node, *place, snapshot.range);
    }
    addServices(answer.scene, snapshot, layout);
    addEdges(answer.scene, snapshot, layout);
    answer.scene.bounds = rectOf(layout.bounds);
    countGroups(answer.scene);
    addTrunks(answer.scene);
    return answer;
}

const MapScene::Node* MapScene::findNode(const std::string& id) const
{
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), id, [](const Node& n, const std::string& v) { return n.id < v; });
    return at != nodes.end() && at->id == id ? &*at : nullptr;
}

const MapScene::Edge* MapScene::findEdge(const std::string& id) const
{
    const auto at = std::find_if(edges.begin(), edges.end(), [&id](const Edge& e) { return e.id == id; });
    return at == edges.end() ? nullptr : &*at;
}

const MapScene::Node* MapScene::nodeAt(QPointF world) const
{
    const auto at = std::find_if(nodes.begin(), nodes.end(), [world](const Node& n) { return n.rect.contains(world); });
    return at == nodes.end() ? nullptr : &*at;
}

namespace {

/// The line that passes nearest to a point, among those that `accepts` takes.
template <class Lines, class Accepts>
auto nearestLine(const Lines& lines, QPointF world, double reach, Accepts accepts) -> decltype(lines.data())
{
    constexpr int kSamples = 32;
    decltype(lines.data()) best = nullptr;
    double nearest = reach * reach;
    for (const auto& line : lines) {
        if (!accepts(line) || !line.bounds.adjusted(-reach, -reach, reach, reach).contains(world))
            continue;
        for (int i = 0; i < kSamples; ++i) {
            const QPointF a = cubicAt(line.curve, static_cast<double>(i) / kSamples), b = cubicAt(line.curve, (i + 1.0) / kSamples);
            if (const double distance = squaredDistance(world, a, b); distance <= nearest) {
                nearest = distance;
                best = &line;
            }
        }
    }
    return best;
}

} // namespace

const MapScene::Edge* MapScene::edgeAt(QPointF world, double reach) const
{
    return nearestLine(edges, world, reach, [](const Edge& edge) { return !edge.possible; });
}

const MapScene::Trunk* MapScene::trunkAt(QPointF world, double reach) const
{
    return nearestLine(trunks, world, reach, [](const Trunk&) { return true; });
}

const MapScene::Node* MapScene::nextNode(const Node* from, Qt::Key direction) const
{
    if (nodes.empty())
        return nullptr;
    if (!from) {
        return &*std::min_element(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) {
            return std::pair(a.rect.left(), a.rect.top()) < std::pair(b.rect.left(), b.rect.top());
        });
    }
    const bool across = direction == Qt::Key_Left || direction == Qt::Key_Right;
    const double sign = direction == Qt::Key_Right || direction == Qt::Key_Down ? 1 : -1;
    const Node* best = nullptr;
    double nearest = std::numeric_limits<double>::max();
    for (const Node& node : nodes) {
        const QPointF d = node.rect.center() - from->rect.center();
        const double along = sign * (across ? d.x() : d.y()), aside = std::abs(across ? d.y() : d.x());
        if (along <= 1)
            continue;
        if (const double cost = along + 2 * aside; cost < nearest) {
            nearest = cost;
            best = &node;
        }
    }
    return best;
}

} // namespace binnacle::desktop
