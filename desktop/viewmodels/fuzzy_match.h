// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace binnacle::desktop {

/// How well the letters fit: all of them in order, better the closer together and the nearer to word beginnings; -1 if not.
int fuzzyFit(const QString& letters, const QString& text);

} // namespace binnacle::desktop
