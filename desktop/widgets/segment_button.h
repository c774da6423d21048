// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QKeySequence;
class QString;
class QToolButton;
class QWidget;

namespace binnacle::desktop {

/// One of several ways in a row, of which one is chosen; the keys stand in its tool tip.  Owned by `parent`.
QToolButton* segmentButton(const QString& text, const QKeySequence& keys, QWidget* parent);

} // namespace binnacle::desktop
