// SPDX-License-Identifier: Apache-2.0
// Tunnels to one port of one pod, for run_tunnel_bench.py, which measures them beside kubectl's.
// usage: tunnel_bench KUBECONFIG NAMESPACE POD PORT; prints `websocket unix:PATH` and `spdy unix:PATH`, and ends with its standard input.
#include "core/kube/tunnel/tunnel.h"
#include "desktop/ingest/kube_runtime.h"

#include <cstdio>
#include <cstdlib>

using namespace binnacle;

namespace {

int complain(const Error& error)
{
    std::fprintf(stderr, "tunnel_bench: %s\n", error.what.c_str());
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 5)
        return complain({ErrorCode::Invalid, "usage: tunnel_bench KUBECONFIG NAMESPACE POD PORT"});
    desktop::KubeRuntime runtime;
    const auto access = desktop::clusterAccess(argv[1], "");
    if (!access)
        return complain(access.error());
    const auto connection = runtime.connect(*access);
    if (!connection)
        return complain(connection.error());
    const auto folder = platform::PrivateFolder::create("binnacle-bench");
    if (!folder)
        return complain(folder.error());
    const kube::PodPort to{argv[2], argv[3], "", static_cast<std::uint16_t>(std::atoi(argv[4]))};
    const auto locate = [to](const std::function<void(Result<kube::PodPort>)>& done) { done(to); };
    const auto note = [](const kube::TunnelState& state) {
        if (state.why)
            std::fprintf(stderr, "tunnel_bench: %s\n", state.why->what.c_str());
    };
    kube::Tunnel websocket(*connection->client, locate, note, {.choice = kube::ForwardChoice::WebSocketOnly});
    kube::Tunnel spdy(*connection->client, locate, note, {.choice = kube::ForwardChoice::SpdyOnly});
    for (const auto& [tunnel, name] : {std::pair(&websocket, "websocket"), std::pair(&spdy, "spdy")}) {
        const auto listening = tunnel->listen(*folder, name);
        if (!listening)
            return complain(listening.error());
        std::printf("%s %s\n", name, listening->c_str());
    }
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}
