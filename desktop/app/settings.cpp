// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/settings.h"

#include <QSettings>

namespace binnacle::desktop {

namespace {

constexpr int kRecent = 10;

QString name(const char* key) { return QLatin1String(key); }

} // namespace

Settings loadSettings()
{
    const QSettings stored;
    Settings settings;
    settings.theme = stored.value(name("theme")).toString() == QLatin1String("light") ? ThemeKind::Light : ThemeKind::Dark;
    settings.geometry = stored.value(name("geometry")).toByteArray();
    settings.recentAgents = stored.value(name("recentAgents")).toStringList();
    settings.recentFiles = stored.value(name("recentFiles")).toStringList();
    settings.recentContexts = stored.value(name("recentContexts")).toStringList();
    settings.allowedPlugins = stored.value(name("allowedPlugins")).toStringList();
    return settings;
}

void storeSettings(const Settings& settings)
{
    if (!settings.keep)
        return;
    QSettings stored;
    stored.setValue(name("theme"), settings.theme == ThemeKind::Light ? name("light") : name("dark"));
    stored.setValue(name("geometry"), settings.geometry);
    stored.setValue(name("recentAgents"), settings.recentAgents);
    stored.setValue(name("recentFiles"), settings.recentFiles);
    stored.setValue(name("recentContexts"), settings.recentContexts);
    stored.setValue(name("allowedPlugins"), settings.allowedPlugins);
}

QStringList withRecent(QStringList list, const QString& entry)
{
    list.removeAll(entry);
    list.prepend(entry);
    while (list.size() > kRecent)
        list.removeLast();
    return list;
}

} // namespace binnacle::desktop
