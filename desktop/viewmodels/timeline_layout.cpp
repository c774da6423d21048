// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/timeline_layout.h"

#include "desktop/viewmodels/figures.h"

#include <QCoreApplication>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <array>
#include <cmath>

namespace binnacle::desktop {

namespace {

constexpr double kTickDistance = 96; // a label and room around it

UtcTime floorTo(UtcTime t, Nanoseconds step)
{
    const auto count = t.time_since_epoch().count();
    return UtcTime(Nanoseconds(count - ((count % step.count()) + step.count()) % step.count()));
}

Nanoseconds perPixel(TimeRange visible, double width) { return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(visible.length().count()) / std::max(width, 1.0))); }

void addBars(TimelineLayout& layout, const Overview& overview, Nanoseconds step)
{
    const double barWidth = static_cast<double>(step.count()) / static_cast<double>(layout.visible.length().count()) * layout.width;
    UtcTime begin{};
    int seconds = 0;
    for (const analysis::SecondSummary& second : overview.seconds) {
        if (second.gap || second.from + std::chrono::seconds(1) <= layout.visible.from - step || second.from >= layout.visible.to)
            continue;
        if (const UtcTime start = floorTo(second.from, step); layout.bars.empty() || start != begin) {
            begin = start;
            seconds = 0;
            layout.bars.push_back({.x = layout.xOf(start), .width = barWidth});
        }
        TimelineLayout::Bar& bar = layout.bars.back();
        ++seconds;
        bar.requests += (static_cast<double>(second.requests) - bar.requests) / seconds; // running mean
        bar.errors += (static_cast<double>(second.errors + second.failedConnects) - bar.errors) / seconds;
        bar.losses = bar.losses || second.losses > 0;
        if (second.worst != analysis::Health::Unknown)
            bar.worst = std::max(bar.worst, second.worst);
    }
    double most = 0;
    for (const TimelineLayout::Bar& bar : layout.bars)
        most = std::max(most, std::max(bar.requests, bar.errors));
    layout.top = std::max(most, 1.0);
    for (TimelineLayout::Bar& bar : layout.bars) {
        const double all = std::max(bar.requests, bar.errors);
        bar.height = std::sqrt(all / layout.top);
        bar.errorHeight = all > 0 ? bar.height * bar.errors / all : 0;
    }
}

void addGaps(TimelineLayout& layout, const Overview& overview)
{
    UtcTime end{};
    for (const analysis::SecondSummary& second : overview.seconds) {
        if (!second.gap || !TimeRange{second.from, second.from + std::chrono::seconds(1)}.intersects(layout.visible))
            continue;
        const double x = layout.xOf(second.from), right = layout.xOf(second.from + std::chrono::seconds(1));
        if (!layout.gaps.empty() && second.from == end)
            layout.gaps.back().width = right - layout.gaps.back().x;
        else
            layout.gaps.push_back({x, right - x});
        end = second.from + std::chrono::seconds(1);
    }
}

bool isChange(EventKind kind)
{
    return kind == EventKind::Deployment || kind == EventKind::Rollout || kind == EventKind::Scale || kind == EventKind::NodeCondition;
}

QString markText(const analysis::Event& event)
{
    const auto facts = factsOf(event.kind);
    const QString what = facts ? QString::fromUtf8(facts->label.data(), static_cast<qsizetype>(facts->label.size())) : QString();
    const QString text = QStringLiteral("%1  %2 %3").arg(clockText(event.at), what, shortName(event.subject));
    return isChange(event.kind) && !event.detail.empty() ? text + QStringLiteral(": ") + fromStd(event.detail) : text;
}

/// What people did first: it is the reason of the rest.
void putInto(TimelineLayout::Mark& mark, std::vector<const analysis::Event*>& events)
{
    constexpr std::size_t kNamed = 6; // in one tool tip
    mark.count = static_cast<int>(events.size());
    std::ranges::sort(events, {}, [](const analysis::Event* event) {
        return std::tuple(!isChange(event->kind), event->at, event->kind, std::string_view(event->subject), std::string_view(event->detail));
    });
    mark.change = isChange(events.front()->kind);
    QStringList lines;
    for (std::size_t i = 0; i < std::min(events.size(), kNamed); ++i)
        lines.append(markText(*events[i]));
    if (events.size() > kNamed)
        lines.append(QCoreApplication::translate("Timeline", "and %n more", nullptr, static_cast<int>(events.size() - kNamed)));
    mark.text = lines.join(QLatin1Char('\n'));
    events.clear();
}

void addMarks(TimelineLayout& layout, const Overview& overview)
{
    constexpr double kApart = 9; // a mark's own width
    std::vector<const analysis::Event*> together;
    for (const analysis::Event& event : overview.events) {
        if (!layout.visible.contains(event.at))
            continue;
        const double x = layout.xOf(event.at);
        if (layout.marks.empty() || x - layout.marks.back().x >= kApart) {
            if (!together.empty())
                putInto(layout.marks.back(), together);
            layout.marks.push_back({.x = x, .text = {}});
        }
        together.push_back(&event);
    }
    if (!together.empty())
        putInto(layout.marks.back(), together);
}

void addTicks(TimelineLayout& layout)
{
    const Nanoseconds step = roundStep(perPixel(layout.visible, layout.width) * static_cast<std::int64_t>(kTickDistance));
    for (UtcTime t = floorTo(layout.visible.from, step) + step; t < layout.visible.to; t += step) {
        const QString text = clockText(t);
        layout.ticks.push_back({layout.xOf(t), step >= std::chrono::minutes(1) ? text.left(5) : text});
    }
}

} // namespace

double TimelineLayout::xOf(UtcTime t) const
{
    const auto length = static_cast<double>(visible.length().count());
    return length > 0 ? static_cast<double>((t - visible.from).count()) / length * width : 0;
}

UtcTime TimelineLayout::timeAt(double x) const
{
    const auto length = static_cast<double>(visible.length().count());
    return visible.from + Nanoseconds(static_cast<std::int64_t>(width > 0 ? x / width * length : 0));
}

double roundTop(double value)
{
    if (value <= 0)
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
        if (factor * power >= value)
            return factor * power;
    }
    return 10 * power;
}

Nanoseconds roundStep(Nanoseconds atLeast)
{
    constexpr std::array steps{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    for (const int seconds : steps) {
        if (std::chrono::seconds(seconds) >= atLeast)
            return std::chrono::seconds(seconds);
    }
    return std::chrono::hours(24) * (1 + atLeast / std::chrono::hours(24));
}

TimelineLayout layoutTimeline(const Overview& overview, TimeRange visible, double width, double minBarWidth)
{
    TimelineLayout layout;
    layout.visible = visible;
    layout.width = width;
    if (visible.to <= visible.from || width <= 0)
        return layout;
    const auto barLength = Nanoseconds(static_cast<std::int64_t>(static_cast<double>(perPixel(visible, width).count()) * minBarWidth));
    addBars(layout, overview, roundStep(barLength));
    addGaps(layout, overview);
    addMarks(layout, overview);
    addTicks(layout);
    return layout;
}

} // namespace binnacle::desktop
