// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>

namespace binnacle::desktop {

/// A line icon of resources/icons by its file name; drawn in the text colour of the current theme at any size.
QIcon icon(const char* name);
QPixmap iconPixmap(const QString& name, const QColor& color, int pixels, double scale);

} // namespace binnacle::desktop
