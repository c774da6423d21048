// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/ssh_prompter.h"

#include "desktop/app/ssh_question_dialog.h"

namespace binnacle::desktop {

SshPrompter::SshPrompter(SshGate& gate, QWidget& window) : m_gate(gate), m_questions(window)
{
    connect(&gate, &SshGate::asked, this, &SshPrompter::ask);
    connect(&gate, &SshGate::withdrawn, this, [this](std::uint64_t id) { m_questions.withdraw(id); });
}

void SshPrompter::ask(std::uint64_t id, const SshQuestion& question)
{
    auto* dialog = new SshQuestionDialog(question, m_questions.ground());
    const auto answered = [this, id, dialog](int result) { m_gate.answer(id, result == QDialog::Accepted ? std::optional(dialog->answer()) : std::nullopt); };
    m_questions.open(id, dialog, answered, [this, id] { m_gate.repeat(id); });
}

} // namespace binnacle::desktop
