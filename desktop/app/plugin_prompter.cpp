// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/plugin_prompter.h"

#include "desktop/app/plugin_question_dialog.h"

namespace binnacle::desktop {

PluginPrompter::PluginPrompter(PluginGate& gate, QWidget& window) : m_gate(gate), m_questions(window)
{
    connect(&gate, &PluginGate::asked, this, &PluginPrompter::ask);
    connect(&gate, &PluginGate::withdrawn, this, [this](std::uint64_t id) { m_questions.withdraw(id); });
}

void PluginPrompter::ask(std::uint64_t id, const kube::PluginQuestion& question)
{
    using News = PluginQuestionDialog::News;
    auto* dialog = new PluginQuestionDialog(question, m_gate.allowed().isChanged(question) ? News::Changed : News::First, m_questions.ground());
    m_questions.open(id, dialog, [this, id](int result) { m_gate.answer(id, result == QDialog::Accepted); }, [this, id] { m_gate.repeat(id); });
}

} // namespace binnacle::desktop
