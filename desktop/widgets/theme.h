// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <QFont>
#include <QStringList>

class QApplication;

namespace binnacle::desktop {

enum class ThemeKind { Dark, Light };

/// Loads the fonts that come with the program, so that pictures and widths do not depend on the machine.
/// An error names the files that could not be read; without it text may be drawn as hollow boxes.
Result<void> loadFonts();
/// True when letters are drawn as letters: a machine without any font draws every one as the same box, and says nothing.
bool drawsRealGlyphs(const QFont& font);

/// Fusion, palette, fonts and style sheet of the whole program.  Thread: UI.
void applyTheme(QApplication& application, ThemeKind kind);

QFont bodyFont();
QFont boldFont(int pixels);
QFont smallFont();
/// Digits of equal width: figures in columns, addresses, commands.
QFont figureFont(int pixels);

} // namespace binnacle::desktop
