// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/credentials/credential_options.h"

#include <QStringList>

namespace binnacle::desktop {

/// The exec plugin commands that a person allowed: SHA-256 of path, arguments and environment, and whose it was.  A value, kept in the settings.
///
/// The program behind the path is not looked into: kubectl would run it as well.
class AllowedPlugins {
public:
    AllowedPlugins() = default;
    explicit AllowedPlugins(QStringList entries) : m_entries(std::move(entries)) {}

    const QStringList& entries() const { return m_entries; } // latest first, at most 200
    bool isAllowed(const kube::PluginQuestion& question) const;
    /// The same user of the same file was allowed another command: this one is new.
    bool isChanged(const kube::PluginQuestion& question) const;
    void allow(const kube::PluginQuestion& question);

private:
    QStringList m_entries; // `HASH USER FILE`
};

} // namespace binnacle::desktop
