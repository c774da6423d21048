// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/diagnose/diagnosis.h"
#include "desktop/ingest/cluster_wish.h"

#include <QString>
#include <QStringList>

#include <array>
#include <optional>
#include <vector>

namespace binnacle::desktop {

enum class StepLook { Waiting, Running, Ok, Warning, Failed, Skipped };

/// One step as it is shown.
struct StepRow {
    kube::DiagnosisStepId id = kube::DiagnosisStepId::File;
    QString title, about; // `TLS`, what it looks at
    StepLook look = StepLook::Waiting;
    QString took;         // empty until it has run
    QStringList found;
    QString why, next;    // a failure's or a warning's; `why` of a skipped one
    QString said;         // what a plugin wrote to a person so far
    QString install;      // the command that mends it; empty: none
    friend bool operator==(const StepRow&, const StepRow&) = default;
};

/// The steps of a diagnosis as a window shows them while they come.  A value without threads: whoever runs the diagnosis tells it.
class DiagnosisSteps {
public:
    explicit DiagnosisSteps(ClusterWish wish = {});

    const ClusterWish& wish() const { return m_wish; }
    const std::array<StepRow, kube::kDiagnosisSteps>& rows() const { return m_rows; }
    bool isRunning() const { return m_running; }
    /// False before the first run: there is nothing to copy and nothing to run from.
    bool hasRun() const { return m_hasRun; }

    void begin(kube::DiagnosisStepId from);
    /// A step ended.  One before `from` keeps what is known of it, unless it has failed now.
    void take(const kube::DiagnosisStep& step);
    /// Of a plugin, while its step runs.
    void hear(const QString& text);
    /// No more steps come: what was not reached waits again.
    void end();

    /// One sentence over all: `All is well.`, `TLS failed: …`.
    QString verdict() const;
    StepLook verdictLook() const;
    /// To be pasted into a ticket: the command and what it prints.
    QString asText() const;

private:
    StepRow& row(kube::DiagnosisStepId id) { return m_rows[static_cast<std::size_t>(id)]; }
    void markNext(std::size_t index);

    ClusterWish m_wish;
    std::array<StepRow, kube::kDiagnosisSteps> m_rows;
    std::array<std::optional<kube::DiagnosisStep>, kube::kDiagnosisSteps> m_steps;
    kube::DiagnosisStepId m_from = kube::DiagnosisStepId::File;
    bool m_running = false, m_hasRun = false;
};

/// `binnacle VERB --context NAME`, with what else names this cluster; quoted for a shell.
QString clusterCommand(const char* verb, const ClusterWish& wish);

} // namespace binnacle::desktop
