// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/channel_identity.h"
#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/kube/diagnose/agent_pod.h"
#include "core/telemetry/batch.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <chrono>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace binnacle::agent {

/// Neither side's certificate is signed by anybody: TLS shows that the other side holds its key, its proof whose key that is.
std::shared_ptr<grpc::ChannelCredentials> credentialsOf(const kube::OwnCertificate& own);

/// A channel to the agent of one pod, over mutual TLS.  What it says before handshake() came out well is nobody's.
///
/// Thread: any; calls block.
class PodChannel {
public:
    PodChannel(kube::AgentPod pod, const kube::OwnCertificate& own);

    const kube::AgentPod& pod() const { return m_pod; }
    const telemetry::AgentIdentity& agent() const { return m_agent; }
    const ClockAnchor& anchor() const { return m_anchor; }
    v1::AgentService::Stub& stub() const { return *m_stub; }

    /// Each shows whose key it holds; blocks.
    Result<void> handshake(ChannelIdentity& own);
    /// Ends all calls that are under way and those that are made later.
    void cancel();

    /// A context that cancel() reaches as long as it lives.
    class Call {
    public:
        Call(PodChannel& owner, std::optional<std::chrono::milliseconds> patience) : m_owner(owner)
        {
            if (patience)
                context.set_deadline(std::chrono::system_clock::now() + *patience);
            const std::lock_guard lock(owner.m_mutex);
            owner.m_calls.insert(&context);
            if (owner.m_isCancelled)
                context.TryCancel();
        }
        ~Call()
        {
            const std::lock_guard lock(m_owner.m_mutex);
            m_owner.m_calls.erase(&context);
        }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        grpc::ClientContext context;

    private:
        PodChannel& m_owner;
    };

private:
    const kube::AgentPod m_pod;
    std::unique_ptr<v1::AgentService::Stub> m_stub;
    telemetry::AgentIdentity m_agent;
    ClockAnchor m_anchor;
    std::mutex m_mutex;
    std::set<grpc::ClientContext*> m_calls; // guarded by m_mutex
    bool m_isCancelled = false;             // guarded by m_mutex
};

/// The gateway's words for what gRPC says of the agent on `where`.
Error errorOf(const grpc::Status& status, const std::string& where);

} // namespace binnacle::agent
