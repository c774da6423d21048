// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/design_tokens.h"

#include <QPalette>
#include <QWidget>

#include <algorithm>
#include <cmath>

namespace binnacle::desktop {

namespace {

double channel(double value) { return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); }

double luminance(const QColor& color)
{
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF()) + 0.0722 * channel(color.blueF());
}

} // namespace

const Tokens& darkTokens()
{
    static const Tokens tokens{
        .dark = true,
        .window = QColor(0x0e1217),
        .surface = QColor(0x141920),
        .raised = QColor(0x1b222b),
        .hover = QColor(0x202935),
        .selected = QColor(0x1a304a),
        .border = QColor(0x2a333e),
        .grid = QColor(0x222a34),
        .text = QColor(0xe4e9ef),
        .muted = QColor(0xa3b0be),
        .faint = QColor(0x8794a3),
        .accent = QColor(0x5aa7f8),
        .onAccent = QColor(0x08131f),
        .ok = QColor(0x41b883),
        .warning = QColor(0xe3a83b),
        .critical = QColor(0xf4726d),
        .unknown = QColor(0x8c99a8),
        .http = QColor(0x7f9cbd),
        .tcp = QColor(0x8c99a8),
        .series = {QColor(0x5aa7f8), QColor(0xc79bf2), QColor(0xf0b35a), QColor(0x55c7b5), QColor(0xf4726d)},
    };
    return tokens;
}

const Tokens& lightTokens()
{
    static const Tokens tokens{
        .dark = false,
        .window = QColor(0xf1f4f7),
        .surface = QColor(0xffffff),
        .raised = QColor(0xf7f9fb),
        .hover = QColor(0xeaf0f6),
        .selected = QColor(0xd9e9fb),
        .border = QColor(0xd5dde5),
        .grid = QColor(0xe8edf2),
        .text = QColor(0x16202b),
        .muted = QColor(0x475666),
        .faint = QColor(0x5c6a79),
        .accent = QColor(0x1263bf),
        .onAccent = QColor(0xffffff),
        .ok = QColor(0x127748),
        .warning = QColor(0x8a5800),
        .critical = QColor(0xc02b27),
        .unknown = QColor(0x5c6875),
        .http = QColor(0x5b7896),
        .tcp = QColor(0x6b7784),
        .series = {QColor(0x1263bf), QColor(0x7a3fb5), QColor(0x9a6200), QColor(0x0c7c6c), QColor(0xc02b27)},
    };
    return tokens;
}

const Tokens& tokensOf(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightness() < 128 ? darkTokens() : lightTokens();
}

const Tokens& tokensOf(const QWidget& widget) { return tokensOf(widget.palette()); }

QColor colorOf(Severity severity, const Tokens& tokens)
{
    switch (severity) {
    case Severity::Ok: return tokens.ok;
    case Severity::Warning: return tokens.warning;
    case Severity::Critical: return tokens.critical;
    case Severity::Unknown: return tokens.unknown;
    case Severity::Quiet: return tokens.muted;
    case Severity::None: break;
    }
    return tokens.text;
}

QColor mixed(const QColor& color, const QColor& ground, double opacity)
{
    const auto mix = [opacity](double over, double under) { return under + (over - under) * opacity; };
    return QColor::fromRgbF(static_cast<float>(mix(color.redF(), ground.redF())), static_cast<float>(mix(color.greenF(), ground.greenF())),
                            static_cast<float>(mix(color.blueF(), ground.blueF())));
}

double contrast(const QColor& a, const QColor& b)
{
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

} // namespace binnacle::desktop
