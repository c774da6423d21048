// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/app/open_questions.h"
#include "desktop/workspace/ssh_gate.h"

#include <QObject>
#include <QWidget>

namespace binnacle::desktop {

/// Puts ssh's questions before the person.  Thread: UI.
class SshPrompter : public QObject {
    Q_OBJECT
public:
    /// Both outlive this.
    SshPrompter(SshGate& gate, QWidget& window);

private:
    void ask(std::uint64_t id, const SshQuestion& question);

    SshGate& m_gate;
    OpenQuestions m_questions;
};

} // namespace binnacle::desktop
