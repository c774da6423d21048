// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/row_table.h"

#include <QColor>

class QPalette;
class QWidget;

namespace binnacle::desktop {

/// Every colour of the program.  Pairs of text on ground have a contrast of at least 4.5 (held by a test); health is never told by
/// colour alone.
struct Tokens {
    bool dark = true;
    QColor window;      // behind everything
    QColor surface;     // pages, tables
    QColor raised;      // cards, headers, nodes
    QColor hover, selected;
    QColor border, grid;
    QColor text, muted, faint; // faint: secondary labels, still readable
    QColor accent, onAccent;
    QColor ok, warning, critical, unknown;
    QColor http, tcp;   // lines of parsed and of unparsed protocols
    QColor series[5];   // charts, told apart in grey too
};

const Tokens& darkTokens();
const Tokens& lightTokens();
/// Those of the theme that the palette belongs to.
const Tokens& tokensOf(const QPalette& palette);
const Tokens& tokensOf(const QWidget& widget);

QColor colorOf(Severity severity, const Tokens& tokens);
/// `color` laid over `ground` with the given opacity: opaque, so that it can be compared.
QColor mixed(const QColor& color, const QColor& ground, double opacity);
/// WCAG 2.1 contrast ratio, 1 … 21.
double contrast(const QColor& a, const QColor& b);

/// Distances in logical pixels; multiples of four.
namespace Space {
inline constexpr int kTight = 4, kSmall = 8, kMedium = 12, kLarge = 16, kWide = 24;
inline constexpr int kRow = 28;    // of a table
inline constexpr int kRadius = 6;
} // namespace Space

/// Type sizes in logical pixels.
namespace TypeSize {
inline constexpr int kSmall = 11, kBody = 13, kTitle = 15, kFigure = 20;
} // namespace TypeSize

} // namespace binnacle::desktop
