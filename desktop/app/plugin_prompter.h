// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/app/open_questions.h"
#include "desktop/workspace/plugin_gate.h"

#include <QObject>
#include <QWidget>

namespace binnacle::desktop {

/// Puts the gate's questions before the person.  Thread: UI.
class PluginPrompter : public QObject {
    Q_OBJECT
public:
    /// Both outlive this.
    PluginPrompter(PluginGate& gate, QWidget& window);

private:
    void ask(std::uint64_t id, const kube::PluginQuestion& question);

    PluginGate& m_gate;
    OpenQuestions m_questions;
};

} // namespace binnacle::desktop
