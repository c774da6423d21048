// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/fuzzy_match.h"

namespace binnacle::desktop {

int fuzzyFit(const QString& letters, const QString& text)
{
    int score = 0;
    qsizetype at = -1;
    for (const QChar letter : letters) {
        if (letter.isSpace())
            continue;
        const qsizetype next = text.indexOf(letter, at + 1, Qt::CaseInsensitive);
        if (next < 0)
            return -1;
        const bool wordBegins = next == 0 || !text.at(next - 1).isLetterOrNumber();
        score += wordBegins ? 8 : next == at + 1 ? 5 : 1;
        at = next;
    }
    return score;
}

} // namespace binnacle::desktop
