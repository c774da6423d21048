// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/askpass.h"

#include <QObject>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace binnacle::desktop {

/// Between ssh, whose questions come on any thread, and the person at the window.
///
/// Who asks blocks until answer(), until its cancellation, or until this object ends, which is no answer; nothing here waits for them.  Answers are kept
/// nowhere.  Thread: UI; the function of ask() is for any, and may be called after the end of this object.
class SshGate : public QObject {
    Q_OBJECT
public:
    explicit SshGate(QObject* parent = nullptr);
    ~SshGate() override;

    /// For the AskpassServer.
    AskSsh ask() const;

    /// Nothing: the person does not want to.  Does nothing when nobody waits for it any more.
    void answer(std::uint64_t id, std::optional<std::string> text);
    /// Asks once more, if it still waits: whatever showed the question has gone without an answer.
    void repeat(std::uint64_t id);

Q_SIGNALS:
    void asked(std::uint64_t id, const binnacle::desktop::SshQuestion& question);
    void withdrawn(std::uint64_t id); // nobody waits for the answer any more

private:
    struct Desk;
    std::shared_ptr<Desk> m_desk;
};

} // namespace binnacle::desktop
