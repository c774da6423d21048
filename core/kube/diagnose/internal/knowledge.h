// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/diagnose/diagnosis.h"
#include "core/kube/net/connection_report.h"

namespace binnacle::kube {

/// What steps find out for those after them.
struct Diagnosis::Knowledge {
    DiagnosisWish wish;
    DiagnosisTools tools;
    std::optional<ClusterAccess> access;             // File
    std::shared_ptr<CredentialSource> credentials;   // Credentials
    std::unique_ptr<HttpClient> client;              // Credentials: with them
    std::optional<ConnectionReport> connection;      // Dns, without credentials
    std::string connectionError, serverVersion;      // Dns
    int serverMinor = 0;
    std::vector<AgentPod> agents;                    // Agents, that run
};

void checkFile(Diagnosis::Knowledge& known, DiagnosisStep& step);
void checkCredentials(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);
void checkDns(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);
void checkProxy(const Diagnosis::Knowledge& known, DiagnosisStep& step);
void checkTls(const Diagnosis::Knowledge& known, DiagnosisStep& step);
void checkAuthentication(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);
void checkRights(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);
void checkAgents(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);
void checkClock(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation);

inline void fail(DiagnosisStep& step, std::string why, std::string next = {})
{
    step.state = StepState::Failed;
    step.why = std::move(why);
    step.next = std::move(next);
}

inline void warn(DiagnosisStep& step, std::string why, std::string next = {})
{
    step.state = StepState::Warning;
    step.why = step.why.empty() ? std::move(why) : step.why + "; " + why;
    step.next = next.empty() ? step.next : std::move(next);
}

} // namespace binnacle::kube
