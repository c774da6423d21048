// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/plugin_prompter.h"

#include "desktop/app/plugin_question_dialog.h"

#include <QApplication>
#include <QTimer>

namespace binnacle::desktop {
namespace {

/// Longer than a cancelled asker takes to notice: what the closing of a dialog has cancelled is not asked again.
constexpr int kBeforeRepeatMs = 300;

} // namespace

PluginPrompter::PluginPrompter(PluginGate& gate, QWidget& window) : m_gate(gate), m_window(window)
{
    connect(&gate, &PluginGate::asked, this, &PluginPrompter::ask);
    connect(&gate, &PluginGate::withdrawn, this, &PluginPrompter::withdraw);
}

void PluginPrompter::ask(std::uint64_t id, const kube::PluginQuestion& question)
{
    using News = PluginQuestionDialog::News;
    QWidget* above = QApplication::activeModalWidget();
    auto* dialog = new PluginQuestionDialog(question, m_gate.allowed().isChanged(question) ? News::Changed : News::First, above ? above : &m_window);
    m_open[id] = dialog;
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::finished, this, [this, id](int result) {
        m_open.erase(id);
        m_gate.answer(id, result == QDialog::Accepted);
    });
    connect(dialog, &QObject::destroyed, this, [this, id] { // with the dialog that it stood above
        if (m_open.erase(id) > 0)
            QTimer::singleShot(kBeforeRepeatMs, this, [this, id] { m_gate.repeat(id); });
    });
    dialog->open();
}

void PluginPrompter::withdraw(std::uint64_t id)
{
    const auto found = m_open.find(id);
    if (found == m_open.end())
        return;
    const QPointer<PluginQuestionDialog> dialog = found->second;
    m_open.erase(found);
    if (dialog)
        dialog->deleteLater();
}

} // namespace binnacle::desktop
