// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QAction;
class QButtonGroup;

namespace binnacle::desktop {

struct PageDescriptor;

/// The rail on the left: a button a page, marked with how much is wrong there.
class Navigation : public QFrame {
    Q_OBJECT
public:
    explicit Navigation(QWidget* parent = nullptr);

    void addPage(const PageDescriptor& page, QAction& action);
    void setCurrent(int index);

private:
    QButtonGroup* m_buttons;
};

} // namespace binnacle::desktop
