// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/empty_reason.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace binnacle::desktop {

/// A sentence above the pages while something that should be there is not.
class Banner : public QFrame {
    Q_OBJECT
public:
    explicit Banner(QWidget* parent = nullptr);
    void show(const std::optional<Notice>& notice);
    QString text() const;

Q_SIGNALS:
    void retryWanted();

private:
    QLabel* m_icon;
    QLabel* m_text;
    QPushButton* m_retry;
};

} // namespace binnacle::desktop
