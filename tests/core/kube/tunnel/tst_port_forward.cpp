// SPDX-License-Identifier: Apache-2.0
// One port-forward against the double: the protocols, their faults, and the words for what is refused.
#include "core/kube/tunnel/port_forward.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"
#include "tests/core/kube/doubles/echo_server.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

using namespace test;
using nlohmann::json;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr std::uint16_t kPort = 9002;

json rule(const std::vector<std::string>& verbs)
{
    return {{"users", {"nobody"}}, {"verbs", verbs}, {"api_groups", {""}}, {"resources", {"pods/portforward"}}};
}

struct Forwarding {
    explicit Forwarding(json script = json::object(), const std::string& token = "admin-token", const std::string& url = "url", ScriptedServer::Script inPod = helloThenEcho)
        : pod(std::move(inPod)), server([&] {
              script["portforward"]["ports"][std::to_string(kPort)] = pod.port();
              return script;
          }()),
          client(reactor, server.access(url), std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer " + token}), plainOptions())
    {
    }
    Result<ForwardedPort> open(ForwardChoice choice = ForwardChoice::Best, PodPort to = {"default", "web", "", kPort}) { return openPortForward(client, to, choice); }
    std::string refusal(ForwardChoice choice = ForwardChoice::Best, PodPort to = {"default", "web", "", kPort})
    {
        const auto opened = open(choice, std::move(to));
        return opened ? "no error" : opened.error().what;
    }

    ScriptedServer pod;
    ApiDouble server;
    Reactor reactor;
    HttpClient client;
};

constexpr std::array kBoth{ForwardChoice::WebSocketOnly, ForwardChoice::SpdyOnly};

TEST(PortForward, carriesBytesBothWaysByEitherProtocol)
{
    std::string much(3'000'000, '\0');
    for (std::size_t i = 0; i < much.size(); ++i)
        much[i] = static_cast<char>(i * 2654435761u >> 13);
    Forwarding forwarding;
    for (const ForwardChoice choice : kBoth) {
        auto opened = forwarding.open(choice);
        ASSERT_TRUE(opened) << opened.error().what;
        const LocalEnd end(static_cast<int>(opened->socket.release()));
        EXPECT_EQ(end.read(5), "hello");
        std::thread writer([&] { EXPECT_TRUE(end.write(much)); });
        const std::string back = end.read(much.size());
        writer.join();
        EXPECT_TRUE(back == much) << back.size();
    }
    EXPECT_TRUE(eventually([&] { return std::ranges::none_of(forwarding.server.log("tunnel"), [](const json& tunnel) { return tunnel["open"] == true; }); }));
    for (const json& tunnel : forwarding.server.log("tunnel"))
        EXPECT_EQ(tunnel["dropped"], 0) << tunnel;
}

TEST(PortForward, serverBytesMayComeOneByOneAndMessagesInPieces)
{
    for (const json& faults : {json{{"segment", 1}}, json{{"fragment", 3}}}) {
        Forwarding forwarding(json{{"portforward", {{"faults", faults}}}});
        for (const ForwardChoice choice : kBoth) {
            auto opened = forwarding.open(choice);
            ASSERT_TRUE(opened) << opened.error().what;
            const LocalEnd end(static_cast<int>(opened->socket.release()));
            EXPECT_EQ(end.read(5), "hello");
            EXPECT_TRUE(end.write("echo"));
            EXPECT_EQ(end.read(4), "echo");
        }
    }
}

TEST(PortForward, theEndOfThePodsProgramIsTheStreamsEnd)
{
    Forwarding forwarding({}, "admin-token", "url", [](Peer& peer) { peer.write("bye"); });
    for (const ForwardChoice choice : kBoth) {
        auto opened = forwarding.open(choice);
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(LocalEnd(static_cast<int>(opened->socket.release())).read(100), "bye");
    }
}

TEST(PortForward, aReaderThatStopsHoldsTheSenderBack)
{
    std::atomic<std::size_t> sent{0};
    Forwarding forwarding({}, "admin-token", "url", [&sent](Peer& peer) {
        const std::string piece(65536, 'x');
        while (sent < (256u << 20) && peer.write(piece))
            sent += piece.size();
    });
    for (const ForwardChoice choice : kBoth) {
        sent = 0;
        auto opened = forwarding.open(choice);
        ASSERT_TRUE(opened) << opened.error().what;
        const LocalEnd end(static_cast<int>(opened->socket.release()));
        ASSERT_EQ(end.read(1).size(), 1u);
        std::size_t before = 0;
        ASSERT_TRUE(eventually([&] { // stands still for half a second: the buffers between are full
            before = sent;
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
            return sent == before;
        }));
        EXPECT_LT(before, 64u << 20);
        const std::size_t wanted = before + (4u << 20);
        EXPECT_EQ(end.read(wanted).size(), wanted) << "and goes on when it is read again";
    }
}

/// The reference's matrix: rows are what a role has on pods/portforward, columns the server.
TEST(PortForward, rolesOldAndNewOnServersOldAndNew)
{
    struct Case {
        std::vector<std::string> verbs;
        const char* version;
        const char* outcome;
    };
    for (const Case& each : {Case{{"get"}, "1.31", "websocket"}, Case{{"create"}, "1.31", "spdy"}, Case{{"get", "create"}, "1.31", "websocket"},
                             Case{{"get"}, "1.36", "(missing: create)"}, Case{{"create"}, "1.36", "spdy"}, Case{{"get", "create"}, "1.36", "websocket"},
                             Case{{"list"}, "1.31", "(missing: get and create)"}, Case{{"list"}, "1.36", "(missing: get and create)"}}) {
        Forwarding forwarding(json{{"server_version", each.version}, {"authorization", {{"rules", json::array({rule(each.verbs)})}}}}, "nobody-token");
        const auto opened = forwarding.open();
        const std::string outcome = !opened ? opened.error().what : opened->protocol == ForwardProtocol::Spdy ? "spdy" : "websocket";
        EXPECT_SAYS(outcome, each.outcome) << " on " << each.version;
        if (!opened) {
            EXPECT_EQ(opened.error().code, ErrorCode::Denied);
            EXPECT_SAYS(outcome, "port-forward to web:9002 in namespace default: this user's role does not allow it; the verbs `get` and `create` on `pods/portforward` are needed");
        }
    }
}

TEST(PortForward, refusalsOfTheHandshakeAreTold)
{
    Forwarding forwarding;
    EXPECT_SAYS(forwarding.refusal(ForwardChoice::Best, {"default", "gone", "", kPort}), "not found (404: pods \"gone\" not found)");
    EXPECT_SAYS(forwarding.refusal(ForwardChoice::Best, {"default", "unscheduled", "", kPort}), "the pod is on no node yet (400: pod unscheduled does not have a host assigned)");
    Forwarding unknown({}, "no-such-token");
    EXPECT_SAYS(unknown.refusal(), "does not accept these credentials (401");
}

TEST(PortForward, aProxyThatStripsTheUpgradeIsNamed)
{
    Forwarding forwarding({}, "admin-token", "stripping_url");
    EXPECT_SAYS(forwarding.refusal(), "something between here and the API server, a proxy or a load balancer, takes the Upgrade header away");
    Forwarding welcoming(json{{"proxies", {{"stripped_answer", "200"}}}}, "admin-token", "stripping_url");
    EXPECT_SAYS(welcoming.refusal(), "takes the Upgrade header away (it answered 200 instead of 101)");
}

TEST(PortForward, aForeignAnswerToTheHandshakeIsNotTaken)
{
    EXPECT_SAYS(Forwarding(json{{"portforward", {{"faults", {{"wrong_accept", true}}}}}}).refusal(ForwardChoice::WebSocketOnly), "does not fit its question");
    EXPECT_SAYS(Forwarding(json{{"portforward", {{"faults", {{"protocol", "v5.channel.k8s.io"}}}}}}).refusal(ForwardChoice::WebSocketOnly), "which was not offered");
}

TEST(PortForward, aPortWhereNothingListensEndsTheStream)
{
    Forwarding forwarding;
    std::uint16_t unused = 0;
    {
        const ScriptedServer gone([](Peer&) {});
        unused = gone.port();
    }
    for (const ForwardChoice choice : kBoth) {
        auto opened = forwarding.open(choice, {"default", "web", "", unused});
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(LocalEnd(static_cast<int>(opened->socket.release())).read(10), "");
    }
}

TEST(PortForward, tokensAreRenewedWhenTheHandshakeIsRefused)
{
    ScriptedServer pod(helloThenEcho);
    ApiDouble server(json{{"portforward", {{"ports", {{std::to_string(kPort), pod.port()}}}}}});
    Reactor reactor;
    const auto credentials = std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer stale"});
    credentials->setNext({.authorization = "Bearer admin-token", .revision = 1});
    HttpClient client(reactor, server.access(), credentials, plainOptions());
    const auto opened = openPortForward(client, {"default", "web", "", kPort});
    EXPECT_TRUE(opened) << opened.error().what;
    EXPECT_EQ(credentials->refused(), std::vector<std::string>{"Bearer stale"});
}

} // namespace
} // namespace binnacle::kube
