// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/workspace.h"

#include <QString>

#include <vector>

namespace binnacle::desktop {

/// The timeline strip in logical pixels from its left edge: what the widget paints, and nothing it has to search.
struct TimelineLayout {
    struct Bar {
        double x = 0, width = 0;
        double requests = 0, errors = 0; // per second, the mean of the bar's seconds
        double height = 0, errorHeight = 0;  // 0 … 1 of the strip
        bool losses = false;
        analysis::Health worst = analysis::Health::Unknown;
    };
    struct Span {
        double x = 0, width = 0;
    };
    struct Mark {
        double x = 0;
        QString text; // several events on one pixel are one mark
        int count = 1;
        bool change = false; // somebody deployed or scaled, or a host changed: drawn so that it is found among what merely happened
    };
    struct Tick {
        double x = 0;
        QString text;
    };

    TimeRange visible;
    double width = 0;
    std::vector<Bar> bars;    // ascending
    std::vector<Span> gaps;   // recorded time about which nothing is known
    std::vector<Mark> marks;
    std::vector<Tick> ticks;
    double top = 0;           // requests a second at full height; heights grow with the square root, so that one burst hides nothing

    double xOf(UtcTime t) const;
    UtcTime timeAt(double x) const;
};

/// Seconds are gathered into bars of 1, 2, 5 … seconds, at least `minBarWidth` wide and aligned to the clock, so that bars keep
/// their content while time goes by.  O(seconds + events).
TimelineLayout layoutTimeline(const Overview& overview, TimeRange visible, double width, double minBarWidth = 4);

/// The smallest of 1, 2, 2.5, 5 × 10^n that is not below `value`; 1 for nothing.
double roundTop(double value);
/// Between `atLeast` and the next of 1, 2, 5, 10, 15, 30 seconds, minutes, hours …
Nanoseconds roundStep(Nanoseconds atLeast);

} // namespace binnacle::desktop
