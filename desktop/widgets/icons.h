// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>

#include <string>

namespace binnacle::desktop {

struct Tokens;

/// A line icon of resources/icons by its file name; drawn in the text colour of the current theme at any size.
QIcon icon(const char* name);
/// A disc in the colour of a cluster: the same context has the same one everywhere and at each start.  Empty name: no icon.
QIcon contextIcon(const std::string& context, const Tokens& tokens);
QPixmap iconPixmap(const QString& name, const QColor& color, int pixels, double scale);

} // namespace binnacle::desktop
