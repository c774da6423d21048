// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/plugin_gate.h"

#include <QObject>
#include <QPointer>
#include <QWidget>

#include <map>

namespace binnacle::desktop {

class PluginQuestionDialog;

/// Puts the gate's questions before the person: above whatever dialog is open, and again if that goes without an answer.  Thread: UI.
class PluginPrompter : public QObject {
    Q_OBJECT
public:
    /// Both outlive this.
    PluginPrompter(PluginGate& gate, QWidget& window);

private:
    void ask(std::uint64_t id, const kube::PluginQuestion& question);
    void withdraw(std::uint64_t id);

    PluginGate& m_gate;
    QWidget& m_window;
    std::map<std::uint64_t, QPointer<PluginQuestionDialog>> m_open;
};

} // namespace binnacle::desktop
