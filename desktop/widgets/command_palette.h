// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QList>

class QAction;
class QLineEdit;
class QListWidget;

namespace binnacle::desktop {

/// Finds any action by a few letters of its name and runs it.
class CommandPalette : public QDialog {
    Q_OBJECT
public:
    CommandPalette(const QList<QAction*>& actions, QWidget* parent);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refill(const QString& letters);
    void runCurrent();

    QList<QAction*> m_actions; // of the window, which outlives this
    QLineEdit* m_input;
    QListWidget* m_list;
};

} // namespace binnacle::desktop
