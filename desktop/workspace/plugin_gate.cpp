// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/plugin_gate.h"

#include "core/kube/credentials/printable.h"
#include "desktop/workspace/mailbox.h"
#include "desktop/workspace/question_desk.h"

#include <QMetaMethod>

#include <optional>

namespace binnacle::desktop {

/// The desk, and the way from it to the window's thread.
struct PluginGate::Desk {
    explicit Desk(PluginGate* gate) : mailbox(gate) {}
    void close()
    {
        mailbox.close();
        questions.close();
    }

    const Mailbox<PluginGate> mailbox;
    QuestionDesk<kube::PluginQuestion, bool> questions{{[this](std::uint64_t id) { mailbox.post([id](PluginGate& gate) { gate.ask(id); }); },
                                                        [this](std::uint64_t id) { mailbox.post([id](PluginGate& gate) { Q_EMIT gate.withdrawn(id); }); }}};
};

PluginGate::PluginGate(QObject* parent) : QObject(parent), m_desk(std::make_shared<Desk>(this)) {}

PluginGate::~PluginGate() { m_desk->close(); }

KubeRuntimeOptions PluginGate::options() const
{
    KubeRuntimeOptions options;
    options.confirmPlugin = [desk = m_desk](const kube::PluginQuestion& question, const Cancellation& cancellation) { return desk->questions.ask(question, cancellation).value_or(false); };
    options.onPluginText = [desk = m_desk](std::string_view text) {
        const std::string harmless = kube::printable(text);
        desk->mailbox.post([harmless](PluginGate& gate) { Q_EMIT gate.said(QString::fromStdString(harmless)); });
    };
    return options;
}

void PluginGate::ask(std::uint64_t id)
{
    const auto question = m_desk->questions.find(id);
    if (!question)
        return;
    const bool isAllowed = m_allowed.isAllowed(*question);
    if (isAllowed || !isSignalConnected(QMetaMethod::fromSignal(&PluginGate::asked)))
        return m_desk->questions.answer(id, isAllowed); // with nobody to ask it is a no
    Q_EMIT asked(id, *question);
}

void PluginGate::answer(std::uint64_t id, bool mayRun)
{
    const auto question = m_desk->questions.find(id);
    if (!question)
        return;
    m_desk->questions.answer(id, mayRun);
    if (!mayRun)
        return;
    m_allowed.allow(*question);
    Q_EMIT allowedChanged();
}

void PluginGate::repeat(std::uint64_t id) { ask(id); }

} // namespace binnacle::desktop
