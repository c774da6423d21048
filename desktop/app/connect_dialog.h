// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <QDialog>
#include <QStringList>

#include <functional>

class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;

namespace binnacle::desktop {

/// Asks for agents: `HOST:PORT`, `unix:PATH`, `ssh://HOST`, several with commas; offers the latest ones and the one of this machine.
class ConnectDialog : public QDialog {
    Q_OBJECT
public:
    /// `check` says what is wrong with what was typed.
    using Check = std::function<Result<void>(const std::string& target)>;

    ConnectDialog(const QStringList& recent, const QString& local, Check check, QWidget* parent);

    QStringList targets() const;

private:
    void validate();

    Check m_check;
    QLineEdit* m_input;
    QListWidget* m_recent;
    QLabel* m_trouble;
    QPushButton* m_connect;
};

} // namespace binnacle::desktop
