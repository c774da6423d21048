// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace binnacle::desktop {

/// The words of the filter box: a text passes when it holds every plain word and none that begins with a minus; a word with
/// commas holds if any of its parts does.  Case does not matter.
class TextFilter {
public:
    TextFilter() = default;
    explicit TextFilter(const QString& words);

    bool isEmpty() const { return m_wanted.isEmpty() && m_unwanted.isEmpty(); }
    bool accepts(const QString& text) const;

private:
    QList<QStringList> m_wanted; // all of: any of
    QStringList m_unwanted;
};

} // namespace binnacle::desktop
