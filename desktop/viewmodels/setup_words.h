// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/agent_setup.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

#include <vector>

/// Sentences over the agents of a cluster, for a window.  Pure.
namespace binnacle::desktop {

/// What is to be known first.
struct SetupVerdict {
    Severity severity = Severity::None;
    QString title, sentence; // the sentence ends with what to do
    friend bool operator==(const SetupVerdict&, const SetupVerdict&) = default;
};

SetupVerdict verdictOf(const kube::InstallPlan& plan, const QString& cluster);
SetupVerdict verdictOf(const kube::Rollout& progress);
SetupVerdict verdictOf(const AgentSetup::Followed& end, const QString& nameSpace);
SetupVerdict verdictOf(const AgentSetup::Look& look, const QString& cluster);
SetupVerdict verdictOf(const kube::UninstallPlan& plan, const QString& cluster);
SetupVerdict verdictOf(const std::vector<kube::UninstallPlan::Kept>& left, const QString& nameSpace);
/// Of a job that came to nothing, in the words of a window: `Image` and not `--image`.
SetupVerdict verdictOf(const Error& error, const QString& title);

/// `Image: …` of `--image: …`: where an option is named, the field that has its value.
QString fieldWords(const std::string& sentence);

/// The ends of the logs of agents that do not get on, each under its pod's name; empty when there are none.
QString lastWordsText(const kube::Rollout& rollout);

} // namespace binnacle::desktop
