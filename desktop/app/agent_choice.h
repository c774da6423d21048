// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <QStringList>
#include <QWidget>

#include <functional>
#include <string>

class QLabel;
class QLineEdit;
class QListWidget;

namespace binnacle::desktop {

/// Agents by their addresses, several with commas; offers the latest ones and the one of this machine.
class AgentChoice : public QWidget {
    Q_OBJECT
public:
    /// Says what is wrong with what was typed.
    using Check = std::function<Result<void>(const std::string& target)>;

    AgentChoice(const QStringList& recent, const QString& local, Check check, QWidget* parent);

    QStringList targets() const;
    bool isReady() const { return m_ready; }

Q_SIGNALS:
    void changed();
    void accepted(); // chosen and meant

private:
    void validate();

    Check m_check;
    QLineEdit* m_input;
    QListWidget* m_recent;
    QLabel* m_trouble;
    bool m_ready = false;
};

} // namespace binnacle::desktop
