// SPDX-License-Identifier: Apache-2.0
// A tunnel through its faults: every local connection is one port-forward, and what is lost comes back.
#include "core/kube/tunnel/tunnel.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"
#include "tests/core/kube/doubles/echo_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace binnacle::kube {
namespace {

using namespace test;
using nlohmann::json;
using Phase = TunnelState::Phase;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr std::uint16_t kPort = 9002;

std::string wordFor(Phase phase)
{
    static constexpr std::array kWords{"idle", "connecting", "open", "lost", "waiting", "refused"};
    return kWords[static_cast<std::size_t>(phase)];
}

struct Tunnelling {
    explicit Tunnelling(json script = json::object(), std::chrono::milliseconds pingEvery = std::chrono::seconds(25))
        : server([&] {
              script["portforward"]["ports"][std::to_string(kPort)] = pod.port();
              return script;
          }()),
          credentials(std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer admin-token"})),
          client(reactor, server.access(), credentials, plainOptions())
    {
        TunnelOptions options;
        options.firstPause = std::chrono::milliseconds(5);
        options.longestPause = std::chrono::milliseconds(50);
        options.pingEvery = pingEvery;
        tunnel = std::make_unique<Tunnel>(client, [this](auto done) { done(locate()); }, [this](const TunnelState& state) { note(state); }, options);
    }

    Result<PodPort> locate()
    {
        const std::lock_guard lock(mutex);
        ++located;
        return where;
    }
    void note(const TunnelState& state)
    {
        const std::lock_guard lock(mutex);
        phases.push_back(wordFor(state.phase));
        last = state;
        if (state.why)
            why = state.why->what;
    }
    TunnelState state()
    {
        const std::lock_guard lock(mutex);
        return last;
    }
    std::string lastReason()
    {
        const std::lock_guard lock(mutex);
        return why;
    }
    long count(const std::string& phase)
    {
        const std::lock_guard lock(mutex);
        return std::ranges::count(phases, phase);
    }
    void moveTo(Result<PodPort> elsewhere)
    {
        const std::lock_guard lock(mutex);
        where = std::move(elsewhere);
    }
    std::unique_ptr<LocalEnd> connect()
    {
        auto socket = tunnel->connect();
        return std::make_unique<LocalEnd>(static_cast<int>(socket->release()));
    }
    bool greets(const std::unique_ptr<LocalEnd>& end) { return end->read(5) == "hello"; }

    ScriptedServer pod{helloThenEcho};
    ApiDouble server;
    std::mutex mutex; // guards what follows
    Result<PodPort> where = PodPort{"default", "web", "uid-1", kPort};
    int located = 0;
    std::vector<std::string> phases;
    TunnelState last;
    std::string why;
    std::shared_ptr<FixedCredentials> credentials;
    Reactor reactor;
    HttpClient client;
    std::unique_ptr<Tunnel> tunnel;
};

TEST(Tunnel, oneLocalConnectionIsOnePortForward)
{
    Tunnelling tunnelling;
    const auto folder = *platform::PrivateFolder::create("binnacle-test");
    const auto target = tunnelling.tunnel->listen(folder, "control");
    ASSERT_TRUE(target) << target.error().what;
    EXPECT_EQ(*target, "unix:" + (folder->path() / "control").string());
    const LocalEnd first(LocalEnd::connectTo(*target));
    const LocalEnd second(LocalEnd::connectTo(*target));
    EXPECT_EQ(first.read(5), "hello");
    EXPECT_EQ(second.read(5), "hello");
    EXPECT_TRUE(first.write("first"));
    EXPECT_TRUE(second.write("second"));
    EXPECT_EQ(first.read(5), "first");
    EXPECT_EQ(second.read(6), "second");
    EXPECT_EQ(tunnelling.state().connections, 2);
    EXPECT_EQ(tunnelling.server.log("tunnel").size(), 2u);
}

TEST(Tunnel, theSocketIsOfThisUserAlone)
{
    Tunnelling tunnelling;
    std::filesystem::path path;
    {
        const auto folder = *platform::PrivateFolder::create("binnacle-test");
        path = folder->path();
        const auto target = tunnelling.tunnel->listen(folder, "bulk");
        ASSERT_TRUE(target);
        using std::filesystem::perms;
        EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_all);
        EXPECT_EQ(std::filesystem::status(path / "bulk").permissions(), perms::owner_read | perms::owner_write);
    }
    tunnelling.tunnel.reset();
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(path); })) << "gone with its last owner";
}

TEST(Tunnel, whatTheLocalSideSaidBeforeIsNotLost)
{
    Tunnelling tunnelling(json{{"responses", json::array({{{"match", {{"pattern", "portforward"}}}, {"times", 2}, {"status", 503}, {"body", "soon"}}})}});
    const auto one = tunnelling.connect();
    EXPECT_TRUE(one->write("early"));
    EXPECT_EQ(one->read(1), "") << "its try failed";
    const auto two = tunnelling.connect();
    EXPECT_TRUE(two->write("early"));
    EXPECT_EQ(two->read(1), "");
    const auto three = tunnelling.connect(); // waits for the end of the pause
    EXPECT_TRUE(three->write("early"));
    EXPECT_EQ(three->read(10), "helloearly");
    EXPECT_EQ(tunnelling.count("waiting"), 2);
    EXPECT_SAYS(tunnelling.lastReason(), "503");
}

TEST(Tunnel, eachTryAsksWhereThePodIsNow)
{
    Tunnelling tunnelling;
    EXPECT_TRUE(tunnelling.greets(tunnelling.connect()));
    tunnelling.server.order("POST", "/object", {{"action", "put"}, {"object", {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "web-2"}, {"namespace", "default"}}},
                                                                               {"spec", {{"nodeName", "node-1"}}}, {"status", {{"phase", "Running"}}}}}});
    tunnelling.moveTo(PodPort{"default", "web-2", "uid-2", kPort});
    EXPECT_TRUE(tunnelling.greets(tunnelling.connect()));
    EXPECT_EQ(tunnelling.located, 2);
    EXPECT_EQ(tunnelling.state().pod.uid, "uid-2");
    const auto tunnels = tunnelling.server.log("tunnel");
    ASSERT_EQ(tunnels.size(), 2u);
    EXPECT_EQ(tunnels[1]["pod"], "default/web-2");
}

TEST(Tunnel, aPodThatIsGoneIsFinalUntilThePodsChange)
{
    Tunnelling tunnelling;
    tunnelling.moveTo(PodPort{"default", "gone", "", kPort});
    EXPECT_EQ(tunnelling.connect()->read(1), "");
    ASSERT_TRUE(eventually([&] { return tunnelling.state().phase == Phase::Refused; }));
    EXPECT_SAYS(tunnelling.lastReason(), "not found (404");
    EXPECT_EQ(tunnelling.connect()->read(1), "");
    EXPECT_EQ(tunnelling.located, 1) << "nobody is asked again";
    tunnelling.moveTo(failure(ErrorCode::NotFound, "no agent on this node"));
    tunnelling.tunnel->podsChanged();
    ASSERT_TRUE(eventually([&] { return tunnelling.state().phase == Phase::Idle; }));
    EXPECT_EQ(tunnelling.connect()->read(1), "");
    ASSERT_TRUE(eventually([&] { return tunnelling.lastReason() == "no agent on this node"; }));
    tunnelling.moveTo(PodPort{"default", "web", "", kPort});
    tunnelling.tunnel->podsChanged();
    EXPECT_TRUE(tunnelling.greets(tunnelling.connect()));
}

TEST(Tunnel, aRefusalIsAskedAboutAgainAfterAWhile)
{
    Tunnelling tunnelling;
    TunnelOptions brief;
    brief.refusedPause = std::chrono::milliseconds(1);
    std::atomic<bool> granted{false};
    Tunnel tunnel(
        tunnelling.client,
        [&granted](auto done) { done(granted ? Result<PodPort>(PodPort{"default", "web", "", kPort}) : failure(ErrorCode::NotFound, "no agent on this node")); },
        [](const TunnelState&) {}, brief);
    EXPECT_EQ(LocalEnd(static_cast<int>(tunnel.connect()->release())).read(1), "");
    granted = true;
    EXPECT_TRUE(eventually([&tunnel] { return LocalEnd(static_cast<int>(tunnel.connect()->release())).read(5) == "hello"; }));
}

TEST(Tunnel, podsChangedEndsAPause)
{
    Tunnelling tunnelling;
    TunnelOptions patient;
    patient.firstPause = patient.longestPause = std::chrono::hours(1);
    std::atomic<bool> works{false};
    std::atomic<bool> waits{false};
    Tunnel tunnel(
        tunnelling.client,
        [&works](auto done) { done(works ? Result<PodPort>(PodPort{"default", "web", "", kPort}) : failure(ErrorCode::Unavailable, "not now")); },
        [&waits](const TunnelState& state) { waits = state.phase == Phase::Waiting && state.until > std::chrono::steady_clock::now() + std::chrono::minutes(25); }, patient);
    EXPECT_EQ(LocalEnd(static_cast<int>(tunnel.connect()->release())).read(1), "");
    ASSERT_TRUE(eventually([&waits] { return waits.load(); }));
    const LocalEnd waiting(static_cast<int>(tunnel.connect()->release()));
    works = true;
    tunnel.podsChanged();
    EXPECT_EQ(waiting.read(5), "hello");
}

TEST(Tunnel, anEndWithoutGoodbyeIsLostAndComesBack)
{
    for (const char* how : {"eof", "reset"}) {
        Tunnelling tunnelling;
        const auto first = tunnelling.connect();
        ASSERT_TRUE(tunnelling.greets(first));
        tunnelling.server.order("POST", "/cut", {{"what", "tunnels"}, {"how", how}});
        EXPECT_EQ(first->read(1), "");
        ASSERT_TRUE(eventually([&] { return tunnelling.state().phase == Phase::Lost; }));
        EXPECT_SAYS(tunnelling.lastReason(), "ended without goodbye");
        EXPECT_TRUE(tunnelling.greets(tunnelling.connect()));
    }
}

TEST(Tunnel, aCloseWithAReasonTellsIt)
{
    Tunnelling tunnelling;
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end));
    tunnelling.server.order("POST", "/tunnels", {{"do", "close"}, {"code", 1011}});
    EXPECT_EQ(end->read(1), "");
    ASSERT_TRUE(eventually([&] { return tunnelling.count("lost") == 1; }));
    EXPECT_SAYS(tunnelling.lastReason(), "closed with 1011");
}

TEST(Tunnel, theRuntimesErrorIsTold)
{
    Tunnelling tunnelling;
    std::uint16_t unused = 0;
    {
        const ScriptedServer gone([](Peer&) {});
        unused = gone.port();
    }
    tunnelling.moveTo(PodPort{"default", "web", "", unused});
    EXPECT_EQ(tunnelling.connect()->read(1), "");
    ASSERT_TRUE(eventually([&] { return tunnelling.state().phase == Phase::Waiting; }));
    EXPECT_SAYS(tunnelling.lastReason(), "nothing listens on port " + std::to_string(unused) + " of the pod (connection refused)");
}

TEST(Tunnel, pingsKeepAnIdleConnectionAlive)
{
    Tunnelling tunnelling({}, std::chrono::milliseconds(20));
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end));
    std::this_thread::sleep_for(std::chrono::milliseconds(500)); // many pings long, with nothing said
    EXPECT_TRUE(end->write("still"));
    EXPECT_EQ(end->read(5), "still");
    EXPECT_EQ(tunnelling.count("lost"), 0);
}

TEST(Tunnel, aServerThatAnswersNoPingIsDead)
{
    Tunnelling tunnelling(json{{"portforward", {{"faults", {{"no_pong", true}}}}}}, std::chrono::milliseconds(50));
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end));
    EXPECT_EQ(end->read(1), "");
    ASSERT_TRUE(eventually([&] { return tunnelling.count("lost") == 1; }));
    EXPECT_SAYS(tunnelling.lastReason(), "no answer to two pings");
}

TEST(Tunnel, aReaderThatStopsIsNotTakenForADeadServer)
{
    Tunnelling tunnelling({}, std::chrono::milliseconds(20));
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end));
    const std::string much(16u << 20, 'x');
    std::thread writer([&] { EXPECT_TRUE(end->write(much)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(700)); // the way back is full for many pings
    EXPECT_EQ(end->read(much.size()).size(), much.size());
    writer.join();
    EXPECT_EQ(tunnelling.count("lost"), 0);
}

TEST(Tunnel, theLocalSidesEndClosesThePortForward)
{
    Tunnelling tunnelling;
    ASSERT_TRUE(tunnelling.greets(tunnelling.connect()));
    EXPECT_TRUE(eventually([&] { return tunnelling.state().phase == Phase::Idle; }));
    EXPECT_TRUE(eventually([&] { return tunnelling.server.log("tunnel").front()["open"] == false; }));
    EXPECT_EQ(tunnelling.count("lost"), 0);
}

TEST(Tunnel, itsEndClosesWhatIsOpen)
{
    Tunnelling tunnelling;
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end));
    tunnelling.tunnel.reset();
    EXPECT_EQ(end->read(1), "");
}

TEST(Tunnel, aRoleThatOnlyCreatesGoesBySpdy)
{
    Tunnelling tunnelling(json{{"authorization", {{"rules", json::array({{{"users", {"nobody"}}, {"verbs", {"create"}}, {"api_groups", {""}}, {"resources", {"pods/portforward"}}}})}}}},
                          std::chrono::milliseconds(20));
    tunnelling.credentials->set({.authorization = "Bearer nobody-token"});
    const auto end = tunnelling.connect();
    ASSERT_TRUE(tunnelling.greets(end)) << tunnelling.lastReason();
    EXPECT_EQ(tunnelling.state().protocol, ForwardProtocol::Spdy);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_TRUE(end->write("still"));
    EXPECT_EQ(end->read(5), "still");
    EXPECT_EQ(tunnelling.count("lost"), 0);
}

} // namespace
} // namespace binnacle::kube
