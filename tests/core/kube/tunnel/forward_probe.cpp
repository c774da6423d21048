// SPDX-License-Identifier: Apache-2.0
// Asks a real cluster what the tests ask the double:
//   forward_probe KUBECONFIG NAMESPACE POD PORT [best|websocket|spdy]
// reaches the API server, lists and watches the namespace's pods, then sends a HTTP/1.0 request through a port-forward.
// One line a step; ends with 1 at the first that fails.
#include "core/kube/api/watched_list.h"
#include "core/kube/config/contexts.h"
#include "core/kube/config/sources.h"
#include "core/kube/credentials/credential_store.h"
#include "core/kube/net/issuer_call.h"
#include "core/kube/tunnel/port_forward.h"
#include "tests/core/kube/doubles/echo_server.h"
#include "tests/core/kube/doubles/recording_sink.h"

#include <cstdio>
#include <string_view>

using namespace binnacle;
using namespace binnacle::kube;

namespace {

int fail(const char* step, const Error& error)
{
    std::printf("%s: FAILED: %s\n", step, error.what.c_str());
    return 1;
}

int probe(HttpClient& client, const PodPort& to, ForwardChoice choice)
{
    ApiClient api(client);
    const auto version = api.send(ApiCall::getTarget("/version"));
    if (!version)
        return fail("version", version.error());
    for (const PhaseReport& phase : client.lastConnection().phases)
        std::printf("%s: %.1f ms, %s\n", std::string(nameOf(phase.phase)).c_str(), static_cast<double>(phase.took.count()) / 1e6, phase.detail.c_str());
    const ListQuery pods{.collection = {{.plural = "pods"}, to.namespaceName}};
    const auto listed = api.list(pods);
    if (listed)
        std::printf("list: %zu pods at %s\n", listed->items.size(), listed->resourceVersion.c_str());
    else
        std::printf("list: %s\n", listed.error().what.c_str());
    if (listed) {
        const auto sink = std::make_shared<test::RecordingSink>();
        const WatchedList watch(client, pods, sink);
        const bool synced = test::eventually([&] { return sink->count("synced") > 0; });
        std::printf("watch: %s, %zu notes\n", synced ? "synced" : sink->trouble().c_str(), sink->notes().size());
    }
    auto opened = openPortForward(client, to, choice);
    if (!opened)
        return fail("port-forward", opened.error());
    const test::LocalEnd end(static_cast<int>(opened->socket.release()));
    end.write("GET / HTTP/1.0\r\n\r\n");
    const std::string answer = end.read(1u << 20);
    std::printf("port-forward: %s, %zu bytes, %s\n", opened->protocol == ForwardProtocol::WebSocket ? "websocket" : "spdy", answer.size(),
                answer.substr(0, answer.find('\r')).c_str());
    return answer.empty() ? 1 : 0;
}

} // namespace

int main(int count, char** arguments)
{
    if (count < 5) {
        std::fprintf(stderr, "usage: forward_probe KUBECONFIG NAMESPACE POD PORT [best|websocket|spdy]\n");
        return 2;
    }
    const auto environment = platform::environment();
    const auto kubeconfig = load(findSources({arguments[1]}, environment));
    if (!kubeconfig)
        return fail("kubeconfig", kubeconfig.error());
    const auto access = resolve(*kubeconfig, kubeconfig->currentContext);
    if (!access)
        return fail("context", access.error());
    Reactor reactor;
    CredentialStore store({.environment = environment, .callIssuer = makeIssuerCall(reactor)});
    auto source = store.sourceFor(*access);
    if (!source)
        return fail("credentials", source.error());
    const std::string_view wish = count > 5 ? arguments[5] : "best";
    HttpClient client(reactor, *access, *source);
    return probe(client, {arguments[2], arguments[3], "", static_cast<std::uint16_t>(std::stoi(arguments[4]))},
                 wish == "websocket" ? ForwardChoice::WebSocketOnly : wish == "spdy" ? ForwardChoice::SpdyOnly : ForwardChoice::Best);
}
