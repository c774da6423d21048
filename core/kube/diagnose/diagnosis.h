// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/clocks.h"
#include "core/base/platform/environment.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"
#include "core/kube/credentials/credential_source.h"
#include "core/kube/diagnose/agent_pod.h"
#include "core/kube/net/http_client.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Why an agent in a cluster cannot be reached: every step on the way, one after the other, each with what was found and what to do.
namespace binnacle::kube {

enum class DiagnosisStepId : std::uint8_t { File, Credentials, Dns, Proxy, Tls, Authentication, Rights, Agents, Clock };
inline constexpr std::size_t kDiagnosisSteps = 9;

/// As `--from` and JSON have it: `file`, `credentials`, `dns`, `proxy`, `tls`, `authentication`, `rbac`, `agents`, `clock`.
std::string_view nameOf(DiagnosisStepId id);
std::optional<DiagnosisStepId> findDiagnosisStep(std::string_view name);

enum class StepState : std::uint8_t {
    Ok,
    Warning, // it works, and somebody should know
    Failed,
    Skipped, // `why`: not asked for, or it hangs on a step that failed
};
std::string_view nameOf(StepState state); // `ok`, `warning`, `failed`, `skipped`

struct DiagnosisStep {
    DiagnosisStepId id = DiagnosisStepId::File;
    StepState state = StepState::Ok;
    std::vector<std::string> found; // sentences and facts, for a person
    std::string why;                // of a failure, a warning or a skipped step
    std::string next;               // what to do; may have several lines (a manifest)
    bool needsInstall = false;      // of Agents: there is no agent's pod at all, or older ones
    Nanoseconds took{};
    friend bool operator==(const DiagnosisStep&, const DiagnosisStep&) = default;
};

struct DiagnosisWish {
    std::string context;                     // empty: the current one
    std::string agentNamespace = "binnacle";
    std::string kubeconfig;                  // --kubeconfig
};

/// What an agent said in its handshake.
struct AgentAnswer {
    std::string host, version, kernel;
    Nanoseconds offset{}; // its clock minus this machine's
    Nanoseconds error{};  // half the way there and back
};

struct DiagnosisTools {
    Reactor& reactor; // outlives the diagnosis
    std::function<Result<std::shared_ptr<CredentialSource>>(const ClusterAccess&)> credentialsFor;
    platform::Environment environment;
    HttpClientOptions http;
    /// Speaks with an agent through a port-forward; blocks.
    std::function<Result<AgentAnswer>(HttpClient&, const PodPort&, const Cancellation&)> askAgent;
    std::function<UtcTime()> now = utcNow;
};

/// Runs the steps and remembers them, so that the later ones can be run again.
///
/// Thread: one at a time, never the UI's; blocks for as long as servers, plugins and their time-outs take, unless it is cancelled.
/// Changes nothing in the cluster.
class Diagnosis {
public:
    Diagnosis(DiagnosisWish wish, DiagnosisTools tools);
    ~Diagnosis();

    /// `onStep` is told each step as it ends.  Those before `from` are what they were; where they have not run yet, they are run for what
    /// the others need of them, and are told only when they fail (else Skipped).  Returns all.
    std::vector<DiagnosisStep> run(DiagnosisStepId from, const std::function<void(const DiagnosisStep&)>& onStep, const Cancellation& cancellation = {});

    struct Knowledge; // internal/knowledge.h: what steps find out for those after them

private:
    DiagnosisStep runOne(DiagnosisStepId id, const Cancellation& cancellation);
    std::optional<DiagnosisStepId> blockerOf(DiagnosisStepId id) const;

    std::unique_ptr<Knowledge> m_knowledge;
    std::array<std::optional<DiagnosisStep>, kDiagnosisSteps> m_steps;
};

/// For a terminal, and to be pasted into a ticket.
std::string diagnosisText(std::span<const DiagnosisStep> steps);
/// `{"schema":"binnacle.diagnose/1", "context", "steps":[{name, state, found[], why, next, took_ns}]}`
std::string diagnosisJson(const std::string& context, std::span<const DiagnosisStep> steps);
std::string diagnosisText(const DiagnosisStep& step);

} // namespace binnacle::kube
