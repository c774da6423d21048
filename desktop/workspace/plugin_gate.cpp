// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/plugin_gate.h"

#include "core/kube/credentials/printable.h"
#include "desktop/workspace/mailbox.h"

#include <QMetaMethod>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

namespace binnacle::desktop {
namespace {

constexpr std::chrono::milliseconds kTick{20}; // how late a cancellation is seen

} // namespace

/// Where those who ask and the one who answers meet.
struct PluginGate::Desk {
    struct Waiting {
        kube::PluginQuestion question;
        std::optional<bool> answer;
    };
    explicit Desk(PluginGate* gate) : mailbox(gate) {}

    const Mailbox<PluginGate> mailbox;
    std::mutex mutex; // guards what follows
    std::condition_variable answered;
    std::map<std::uint64_t, Waiting> waiting;
    std::uint64_t last = 0;
    bool isClosed = false;

    bool ask(const kube::PluginQuestion& question, const Cancellation& cancellation);
    std::optional<kube::PluginQuestion> open(std::uint64_t id);
    void answer(std::uint64_t id, bool mayRun);
    void close();
};

/// On the asker's thread.
bool PluginGate::Desk::ask(const kube::PluginQuestion& question, const Cancellation& cancellation)
{
    std::unique_lock lock(mutex);
    const std::uint64_t id = ++last;
    waiting[id].question = question;
    mailbox.post([id](PluginGate& gate) { gate.ask(id); });
    while (!isClosed && !waiting[id].answer && !cancellation.isCancelled())
        answered.wait_for(lock, kTick);
    const bool mayRun = waiting[id].answer.value_or(false);
    const bool wasAnswered = waiting[id].answer.has_value();
    waiting.erase(id);
    if (!wasAnswered)
        mailbox.post([id](PluginGate& gate) { Q_EMIT gate.withdrawn(id); });
    return mayRun;
}

std::optional<kube::PluginQuestion> PluginGate::Desk::open(std::uint64_t id)
{
    const std::lock_guard lock(mutex);
    const auto found = waiting.find(id);
    if (found == waiting.end() || found->second.answer)
        return std::nullopt;
    return found->second.question;
}

void PluginGate::Desk::answer(std::uint64_t id, bool mayRun)
{
    const std::lock_guard lock(mutex);
    if (const auto found = waiting.find(id); found != waiting.end())
        found->second.answer = mayRun;
    answered.notify_all();
}

void PluginGate::Desk::close()
{
    mailbox.close();
    const std::lock_guard lock(mutex);
    isClosed = true;
    answered.notify_all();
}

PluginGate::PluginGate(QObject* parent) : QObject(parent), m_desk(std::make_shared<Desk>(this)) {}

PluginGate::~PluginGate() { m_desk->close(); }

KubeRuntimeOptions PluginGate::options() const
{
    KubeRuntimeOptions options;
    options.confirmPlugin = [desk = m_desk](const kube::PluginQuestion& question, const Cancellation& cancellation) { return desk->ask(question, cancellation); };
    options.onPluginText = [desk = m_desk](std::string_view text) {
        const std::string harmless = kube::printable(text);
        desk->mailbox.post([harmless](PluginGate& gate) { Q_EMIT gate.said(QString::fromStdString(harmless)); });
    };
    return options;
}

void PluginGate::ask(std::uint64_t id)
{
    const auto question = m_desk->open(id);
    if (!question)
        return;
    const bool isAllowed = m_allowed.isAllowed(*question);
    if (isAllowed || !isSignalConnected(QMetaMethod::fromSignal(&PluginGate::asked)))
        return m_desk->answer(id, isAllowed); // with nobody to ask it is a no
    Q_EMIT asked(id, *question);
}

void PluginGate::answer(std::uint64_t id, bool mayRun)
{
    const auto question = m_desk->open(id);
    if (!question)
        return;
    m_desk->answer(id, mayRun);
    if (!mayRun)
        return;
    m_allowed.allow(*question);
    Q_EMIT allowedChanged();
}

void PluginGate::repeat(std::uint64_t id) { ask(id); }

} // namespace binnacle::desktop
