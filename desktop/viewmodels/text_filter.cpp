// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/text_filter.h"

#include <algorithm>

namespace binnacle::desktop {

TextFilter::TextFilter(const QString& words)
{
    for (const QString& word : words.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        if (word.startsWith(QLatin1Char('-')) && word.size() > 1)
            m_unwanted.append(word.mid(1));
        else if (const QStringList parts = word.split(QLatin1Char(','), Qt::SkipEmptyParts); !parts.isEmpty())
            m_wanted.append(parts);
    }
}

bool TextFilter::accepts(const QString& text) const
{
    const auto holds = [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); };
    return std::none_of(m_unwanted.begin(), m_unwanted.end(), holds)
        && std::all_of(m_wanted.begin(), m_wanted.end(), [&holds](const QStringList& any) { return std::any_of(any.begin(), any.end(), holds); });
}

} // namespace binnacle::desktop
