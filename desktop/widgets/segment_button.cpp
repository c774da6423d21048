// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/segment_button.h"

#include <QKeySequence>
#include <QToolButton>

namespace binnacle::desktop {

QToolButton* segmentButton(const QString& text, const QKeySequence& keys, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setShortcut(keys);
    button->setToolTip(QStringLiteral("%1 (%2)").arg(text, keys.toString(QKeySequence::NativeText)));
    button->setCheckable(true);
    button->setProperty("segment", true);
    return button;
}

} // namespace binnacle::desktop
