// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/kube_runtime.h"
#include "desktop/workspace/allowed_plugins.h"

#include <QObject>
#include <QString>

#include <cstdint>
#include <memory>

namespace binnacle::desktop {

/// Between exec plugins, which run on any thread, and the person at the window: may this command run, and what it says meanwhile.
///
/// Who asks blocks until answer(), until its cancellation, or until this object ends, which is a no; nothing here waits for them.
/// Thread: UI; the functions of options() are for any, and may be called after the end of this object.
class PluginGate : public QObject {
    Q_OBJECT
public:
    explicit PluginGate(QObject* parent = nullptr);
    ~PluginGate() override;

    /// For the KubeRuntime.
    KubeRuntimeOptions options() const;

    /// What was allowed before is not asked about.
    void setAllowed(AllowedPlugins allowed) { m_allowed = std::move(allowed); }
    const AllowedPlugins& allowed() const { return m_allowed; }

    /// A yes is remembered.  Does nothing when nobody waits for it any more.
    void answer(std::uint64_t id, bool mayRun);
    /// Asks once more, if it still waits: whatever showed the question has gone without an answer.
    void repeat(std::uint64_t id);

Q_SIGNALS:
    void asked(std::uint64_t id, const binnacle::kube::PluginQuestion& question);
    void allowedChanged();
    void withdrawn(std::uint64_t id); // nobody waits for the answer any more
    void said(const QString& text);   // on its standard error; control characters made harmless

private:
    struct Desk;
    void ask(std::uint64_t id);
    std::shared_ptr<Desk> m_desk;
    AllowedPlugins m_allowed;
};

} // namespace binnacle::desktop
