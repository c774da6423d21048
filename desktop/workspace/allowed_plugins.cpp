// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/allowed_plugins.h"

#include <QCryptographicHash>

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr int kMost = 200;

/// Each text with its length before it, so that no two commands come to the same bytes.
void add(QCryptographicHash& hash, const std::string& text)
{
    hash.addData(QByteArray::number(static_cast<qulonglong>(text.size())) + ':');
    hash.addData(QByteArray::fromStdString(text));
}

QString hashOf(const kube::PluginQuestion& question)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const std::string& word : question.words)
        add(hash, word);
    hash.addData(QByteArrayLiteral("environment"));
    for (const auto& [name, value] : question.environment) {
        add(hash, name);
        add(hash, value);
    }
    return QString::fromLatin1(hash.result().toHex());
}

QString ownerOf(const kube::PluginQuestion& question)
{
    return QLatin1Char(' ') + QString::fromStdString(question.user) + QLatin1Char(' ') + QString::fromStdString(question.origin.string());
}

} // namespace

bool AllowedPlugins::isAllowed(const kube::PluginQuestion& question) const
{
    const QString hash = hashOf(question);
    return std::ranges::any_of(m_entries, [&](const QString& entry) { return entry.startsWith(hash); });
}

bool AllowedPlugins::isChanged(const kube::PluginQuestion& question) const
{
    const QString owner = ownerOf(question);
    return !isAllowed(question) && std::ranges::any_of(m_entries, [&](const QString& entry) { return entry.endsWith(owner); });
}

void AllowedPlugins::allow(const kube::PluginQuestion& question)
{
    const QString entry = hashOf(question) + ownerOf(question);
    m_entries.removeAll(entry);
    m_entries.prepend(entry);
    while (m_entries.size() > kMost)
        m_entries.removeLast();
}

} // namespace binnacle::desktop
