// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_handshake.h"

#include "core/kube/tunnel/tunnel.h"
#include "desktop/ingest/agent_connection.h"
#include "desktop/ingest/kube_runtime.h"

#include <mutex>

namespace binnacle::desktop {
namespace {

constexpr auto kPatience = std::chrono::seconds(15);
constexpr std::string_view kUnixPrefix = "unix:";

/// Why the tunnel failed, which says more than gRPC's "connection closed".
struct Reason {
    std::mutex mutex;
    std::optional<Error> why;
};

} // namespace

Result<kube::AgentAnswer> askAgent(kube::HttpClient& client, const kube::PodPort& pod, const Cancellation& cancellation)
{
    if (cancellation.isCancelled())
        return failure(ErrorCode::Cancelled, "cancelled");
    const auto folder = platform::PrivateFolder::create("binnacle");
    if (!folder)
        return std::unexpected(folder.error());
    const auto reason = std::make_shared<Reason>();
    const auto note = [reason](const kube::TunnelState& state) {
        const std::lock_guard lock(reason->mutex);
        if (state.why)
            reason->why = state.why;
    };
    kube::Tunnel tunnel(client, [pod](const std::function<void(Result<kube::PodPort>)>& done) { done(pod); }, note);
    const auto listening = tunnel.listen(*folder, "handshake");
    if (!listening)
        return std::unexpected(listening.error());
    Target target;
    target.kind = Target::Kind::Unix;
    target.path = listening->substr(kUnixPrefix.size());
    target.label = pod.pod;
    const auto connection = AgentConnection::connect(target, kPatience, cancellation);
    if (!connection) {
        const std::lock_guard lock(reason->mutex);
        return std::unexpected(reason->why.value_or(connection.error()));
    }
    const auto before = utcNow();
    const auto ping = (*connection)->ping({}, cancellation);
    if (!ping)
        return std::unexpected(ping.error());
    const Nanoseconds half = (ping->received - ping->sent) / 2;
    const telemetry::AgentIdentity& identity = (*connection)->identity();
    return kube::AgentAnswer{identity.host, identity.version, identity.kernel, ping->remote - (before + half), half};
}

kube::DiagnosisTools diagnosisTools(KubeRuntime& runtime)
{
    return {.reactor = runtime.reactor(),
            .credentialsFor = [&runtime](const kube::ClusterAccess& access) { return runtime.credentials().sourceFor(access); },
            .environment = platform::environment(),
            .askAgent = askAgent};
}

} // namespace binnacle::desktop
