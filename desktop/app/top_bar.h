// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/workspace.h"

#include <QFrame>

class QAction;
class QLabel;
class QLineEdit;
class QMenu;
class QToolButton;

namespace binnacle::desktop {

/// Where the data come from, what is being recorded, the filter, and a few buttons.  Thread: UI.
class TopBar : public QFrame {
    Q_OBJECT
public:
    TopBar(Workspace& workspace, QMenu& sources, QWidget* parent = nullptr);

    void addButton(QAction& action);
    void addMenuButton(QMenu& menu, const QString& name);
    void focusFilter();
    QString sourceWords() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void present();

    Workspace& m_workspace; // of the window, which owns both
    QToolButton* m_source;
    QLabel* m_recording;
    QLineEdit* m_filter;
};

} // namespace binnacle::desktop
