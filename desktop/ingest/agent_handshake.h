// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/diagnose/diagnosis.h"

namespace binnacle::desktop {

/// One handshake and one reading of the clock, through a tunnel of its own: what `diagnose` asks agents.  Blocks up to 15 s, or until it is
/// cancelled.
Result<kube::AgentAnswer> askAgent(kube::HttpClient& client, const kube::PodPort& pod, const Cancellation& cancellation);

/// What a Diagnosis works with here.
class KubeRuntime;
kube::DiagnosisTools diagnosisTools(KubeRuntime& runtime);

} // namespace binnacle::desktop
