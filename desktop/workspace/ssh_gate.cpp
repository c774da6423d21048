// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/ssh_gate.h"

#include "desktop/workspace/mailbox.h"
#include "desktop/workspace/question_desk.h"

#include <QMetaMethod>

namespace binnacle::desktop {

/// The desk, and the way from it to the window's thread.
struct SshGate::Desk {
    using Answer = std::optional<std::string>;
    explicit Desk(SshGate* gate) : mailbox(gate) {}

    const Mailbox<SshGate> mailbox;
    QuestionDesk<SshQuestion, Answer> questions{{[this](std::uint64_t id) { mailbox.post([id](SshGate& gate) { gate.repeat(id); }); },
                                                 [this](std::uint64_t id) { mailbox.post([id](SshGate& gate) { Q_EMIT gate.withdrawn(id); }); }}};
};

SshGate::SshGate(QObject* parent) : QObject(parent), m_desk(std::make_shared<Desk>(this)) {}

SshGate::~SshGate()
{
    m_desk->mailbox.close();
    m_desk->questions.close();
}

AskSsh SshGate::ask() const
{
    return [desk = m_desk](const SshQuestion& question, const Cancellation& cancellation) { return desk->questions.ask(question, cancellation).value_or(std::nullopt); };
}

void SshGate::repeat(std::uint64_t id)
{
    const auto question = m_desk->questions.find(id);
    if (!question)
        return;
    if (!isSignalConnected(QMetaMethod::fromSignal(&SshGate::asked)))
        return answer(id, std::nullopt); // with nobody to ask it is a no
    Q_EMIT asked(id, *question);
}

void SshGate::answer(std::uint64_t id, std::optional<std::string> text) { m_desk->questions.answer(id, std::move(text)); }

} // namespace binnacle::desktop
