// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/empty_reason.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QToolButton;

namespace binnacle::desktop {

/// Stands where there is nothing to show: why, and what to do, with the command to copy.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);

    void show(const EmptyReason& reason);
    const EmptyReason& reason() const { return m_reason; }

Q_SIGNALS:
    void actionWanted(binnacle::desktop::EmptyReason::Action action);

private:
    EmptyReason m_reason;
    QLabel* m_title;
    QLabel* m_sentence;
    QLabel* m_command;
    QToolButton* m_copy;
    QPushButton* m_button;
};

} // namespace binnacle::desktop
