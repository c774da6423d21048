// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/widgets/theme.h"

#include <QByteArray>
#include <QStringList>

namespace binnacle::desktop {

/// What the window remembers from one start to the next.  A value: loaded once, passed in, stored on change.
struct Settings {
    ThemeKind theme = ThemeKind::Dark;
    QByteArray geometry;
    QStringList recentAgents, recentFiles, recentContexts; // latest first
    QStringList allowedPlugins;                            // AllowedPlugins::entries()
    bool keep = true;                      // false: nothing is written (pictures, tests)
};

Settings loadSettings();
void storeSettings(const Settings& settings);
/// `entry` first, at most ten, none twice.
QStringList withRecent(QStringList list, const QString& entry);

} // namespace binnacle::desktop
