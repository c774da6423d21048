// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>

namespace binnacle::agent::test {
namespace {

constexpr const char* kPodA = "0::/binnacle-lab/kubepods/besteffort/pod11111111-2222-3333-4444-555555555555/"
                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
constexpr const char* kPodB = "0::/binnacle-lab/kubepods/besteffort/pod11111111-2222-3333-4444-666666666666/"
                              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n";

FakeProcess redis(std::uint32_t pid, std::uint32_t netns = 1)
{
    return {.pid = pid, .comm = "redis-server", .executable = "/usr/bin/redis-check-rdb", .arguments = {"redis-server *:6379"}, .netns = netns};
}

FakeProcess gunicorn(std::uint32_t pid, std::uint32_t parent, const char* cgroup, std::uint32_t netns)
{
    return {.pid = pid, .parent = parent, .comm = "gunicorn", .executable = "/usr/bin/python3.11",
            .arguments = {"/usr/bin/python3", "/usr/bin/gunicorn", "-w", "2", "app:app"}, .environment = {"PATH=/", "OTEL_SERVICE_NAME=api"},
            .cgroup = cgroup, .netns = netns};
}

void exit(Scenario& s, std::uint32_t pid, int status = 0)
{
    ProcessExited event{};
    event.at = s.at();
    event.task = s.task(pid);
    event.status = status;
    s.collector->on(event);
}

void fork(Scenario& s, std::uint32_t parent, std::uint32_t pid)
{
    ProcessForked event{};
    event.at = s.at();
    event.task = s.task(pid);
    event.parent = ProcessId{parent};
    event.startNs = s.now;
    event.netns = NetworkNamespace{1};
    s.collector->on(event);
}

void exec(Scenario& s, std::uint32_t pid, std::string executable, std::vector<std::string> arguments)
{
    ProcessExeced event{};
    event.at = s.at();
    event.task = s.task(pid, std::filesystem::path(executable).filename());
    event.netns = NetworkNamespace{1};
    event.executable = std::move(executable);
    event.arguments = FakeProc::zeroSeparated(arguments);
    s.collector->on(event);
}

Lines attributesOf(const telemetry::Batch& batch, std::uint32_t instance)
{
    Lines lines;
    for (const auto& [key, value] : batch.dictionary->entities[instance].attributes)
        lines.push_back(key + '=' + value);
    return lines;
}

TEST(ServicesTest, oneServiceWithAnInstanceAContainer)
{
    Scenario s;
    for (std::uint32_t i = 0; i < 3; ++i) {
        s.program(gunicorn(100, 1, kPodA, 5));
        s.program(gunicorn(101, 100, kPodA, 5));
        s.program(gunicorn(200, 1, kPodB, 6));
    }
    s.seed();
    s.listen(100, "10.1.0.1", 8000, 5);
    s.listen(200, "10.1.0.2", 8000, 6);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(serviceLines(batch), (Lines{"api 2"}));
    ASSERT_EQ(batch.overview->presence.size(), 2u);
    EXPECT_EQ(batch.overview->presence[0].processes + batch.overview->presence[1].processes, 3u) << "workers that never talked count too";
    EXPECT_EQ(batch.dictionary->entities[batch.overview->presence[0].service].type, "python");
    EXPECT_EQ(attributesOf(batch, batch.overview->presence[0].instance),
              (Lines{"container.id=" + std::string(64, 'a'), "k8s.pod.uid=11111111-2222-3333-4444-555555555555", "process.executable.name=gunicorn"}));
}

TEST(ServicesTest, instancesLiveAsLongAsAnyProcess)
{
    Scenario s;
    s.program(gunicorn(100, 1, kPodA, 5));
    s.program(gunicorn(101, 100, kPodA, 5));
    s.seed();
    s.listen(100, "10.1.0.1", 8000, 5);
    s.seal();
    exit(s, 101, 9);
    telemetry::Batch batch = s.seal();
    EXPECT_EQ(serviceLines(batch), (Lines{"api 1"}));
    ASSERT_EQ(batch.overview->events.size(), 1u);
    EXPECT_EQ(batch.overview->events[0].kind, EventKind::ProcessExit);
    EXPECT_EQ(batch.dictionary->strings[batch.overview->events[0].detail], "signal 9");
    exit(s, 100, 9);
    ListenEnded ended{};
    ended.at = s.at();
    ended.local = endpoint("10.1.0.1", 8000);
    ended.netns = NetworkNamespace{5};
    s.collector->on(ended);
    EXPECT_EQ(serviceLines(s.seal()), (Lines{"api 0"})) << "it was alive in this second, and is no more at its end";
    EXPECT_EQ(serviceLines(s.seal()), Lines{});
}

TEST(ServicesTest, serverProgramsAreNamedByPortWhenSeveralListenInOneNamespace)
{
    Scenario s;
    s.program(redis(100));
    s.program(redis(200));
    s.program(redis(300, 7));
    s.seed();
    s.listen(100, "127.0.0.1", 6379);
    s.listen(300, "0.0.0.0", 6379, 7);
    EXPECT_EQ(serviceLines(s.seal()), (Lines{"redis-server 2"})) << "one listener in each namespace: one name";
    s.listen(200, "127.0.0.1", 6380);
    s.listen(200, "::1", 6380);
    EXPECT_EQ(serviceLines(s.seal()), (Lines{"redis-server 1", "redis-server:6379 1", "redis-server:6380 1"}));
}

TEST(ServicesTest, oneTreeOfAServerProgramIsOneInstance)
{
    Scenario s;
    s.program({.pid = 100, .comm = "nginx", .executable = "/usr/sbin/nginx", .arguments = {"nginx: master process nginx"}});
    for (std::uint32_t pid : {101u, 102u, 103u, 104u})
        s.program({.pid = pid, .parent = 100, .comm = "nginx", .executable = "/usr/sbin/nginx", .arguments = {"nginx: worker process"}});
    s.program({.pid = 10, .comm = "curl", .executable = "/usr/bin/curl", .arguments = {"curl", "x"}});
    s.seed();
    s.listen(100, "0.0.0.0", 443);
    s.listen(101, "0.0.0.0", 80); // the iterator may name any process that holds the socket
    Pair pair = s.connect(10, 103, endpoint("10.0.0.1", 40'000), endpoint("10.0.0.1", 80));
    s.exchange(pair, "/");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(serviceLines(batch), (Lines{"curl 1", "nginx 1"}));
    EXPECT_EQ(requestLines(batch)[1], "server nginx at 10.0.0.1:80 <- 10.0.0.1:0 (curl) | GET / | 1 requests 0 errors | 200:1");
    const auto nginx = std::ranges::find_if(batch.overview->presence, [](const auto& row) { return row.processes > 1; });
    ASSERT_NE(nginx, batch.overview->presence.end());
    EXPECT_EQ(nginx->processes, 5u);
    EXPECT_EQ(batch.overview->listening.size(), 2u);
}

TEST(ServicesTest, specificListenerGoesBeforeTheWildcard)
{
    Scenario s;
    s.program({.pid = 20, .comm = "all", .executable = "/usr/bin/all", .arguments = {"all"}});
    s.program({.pid = 30, .comm = "one", .executable = "/usr/bin/one", .arguments = {"one"}});
    s.seed();
    s.listen(20, "::", 80);
    s.listen(30, "10.0.0.2", 80);
    const auto serve = [&](std::string_view local, std::uint16_t port) {
        Pair pair;
        pair.server = s.open(Side::Server, 0, endpoint(local, 80), endpoint("10.0.0.99", port));
        s.drained();
        s.drained();
        s.exchange(pair, "/");
    };
    serve("10.0.0.1", 1'001);
    serve("::ffff:10.0.0.2", 1'002);
    EXPECT_EQ(requestLines(s.seal()), (Lines{
                                          "server all at 10.0.0.1:80 <- 10.0.0.99:0 | GET / | 1 requests 0 errors | 200:1",
                                          "server one at 10.0.0.2:80 <- 10.0.0.99:0 | GET / | 1 requests 0 errors | 200:1",
                                      }));
}

TEST(ServicesTest, loopbackOfTwoNamespacesIsNotMixed)
{
    Scenario s;
    for (std::uint32_t netns : {1u, 2u}) {
        s.program({.pid = 10 * netns, .comm = "c" + std::to_string(netns), .executable = "/bin/c" + std::to_string(netns), .netns = netns});
        s.program({.pid = 10 * netns + 1, .comm = "s" + std::to_string(netns), .executable = "/bin/s" + std::to_string(netns), .netns = netns});
    }
    s.seed();
    s.listen(11, "127.0.0.1", 80, 1);
    s.listen(21, "127.0.0.1", 80, 2);
    Pair one = s.connect(10, 11, endpoint("127.0.0.1", 40'000), endpoint("127.0.0.1", 80), 1, 1);
    Pair two = s.connect(20, 21, endpoint("127.0.0.1", 40'000), endpoint("127.0.0.1", 80), 2, 2);
    s.exchange(one, "/one");
    s.exchange(two, "/two");
    const Lines lines = requestLines(s.seal());
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0], "client c1 -> 127.0.0.1:80 (s1) | GET /one | 1 requests 0 errors | 200:1");
    EXPECT_EQ(lines[1], "client c2 -> 127.0.0.1:80 (s2) | GET /two | 1 requests 0 errors | 200:1");
}

TEST(ServicesTest, podsOfOneHostFindEachOtherAcrossNamespaces)
{
    Scenario s;
    s.program({.pid = 10, .comm = "web", .executable = "/bin/web", .netns = 5});
    s.program({.pid = 20, .comm = "api", .executable = "/bin/api", .netns = 6});
    s.seed();
    s.listen(20, "0.0.0.0", 8000, 6);
    Pair pair = s.connect(10, 20, endpoint("10.1.0.1", 40'000), endpoint("10.1.0.2", 8000), 5, 6);
    s.exchange(pair, "/");
    EXPECT_EQ(requestLines(s.seal()), (Lines{
                                          "client web -> 10.1.0.2:8000 (api) | GET / | 1 requests 0 errors | 200:1",
                                          "server api at 10.1.0.2:8000 <- 10.1.0.1:0 (web) | GET / | 1 requests 0 errors | 200:1",
                                      }));
}

TEST(ServicesTest, programsOfShortLifeKeepTheirName)
{
    Scenario s;
    s.seed();
    fork(s, 1, 500);
    exec(s, 500, "/usr/bin/python3", {"python3", "/opt/job.py", "--secret=1"});
    ConnectionId id = s.open(Side::Client, 500, endpoint("10.0.0.1", 40'000), endpoint("10.0.0.9", 80));
    exit(s, 500);
    s.data(id, true, 0, Scenario::get("/"), 500);
    s.data(id, false, 0, Scenario::answer(), 500);
    s.drained();
    s.drained();
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client job -> 10.0.0.9:80 | GET / | 1 requests 0 errors | 200:1"}));
    EXPECT_EQ(lossOf(batch, Loss::ProcessGone), 0u);
}

TEST(ServicesTest, processesThatWereNeverReadGoUnderTheirTaskName)
{
    Scenario s;
    s.seed();
    ConnectionOpened event{};
    event.at = s.at();
    event.connection = ConnectionId{++s.lastConnection};
    event.addresses = {endpoint("10.0.0.1", 40'000), endpoint("10.0.0.9", 80), NetworkNamespace{1}};
    event.side = Side::Client;
    event.task = {ProcessId{600}, 600, 0, "ghost"};
    s.collector->on(event);
    s.data(event.connection, true, 0, Scenario::get("/"), 600);
    s.data(event.connection, false, 0, Scenario::answer(), 600);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client ghost -> 10.0.0.9:80 | GET / | 1 requests 0 errors | 200:1"}));
    EXPECT_EQ(lossOf(batch, Loss::ProcessGone), 1u);
}

TEST(ServicesTest, reusedPidsAreOtherProcesses)
{
    Scenario s;
    s.seed();
    const auto run = [&](std::string program, std::uint16_t port) {
        fork(s, 1, 700);
        exec(s, 700, "/bin/" + program, {program});
        const ConnectionId id = s.open(Side::Client, 700, endpoint("10.0.0.1", port), endpoint("10.0.0.9", 80));
        s.pass(50 * kMillisecond);
        exit(s, 700);
        return id;
    };
    const ConnectionId one = run("first", 40'000);
    const ConnectionId two = run("second", 40'001);
    for (const ConnectionId id : {one, two}) {
        s.data(id, true, 0, Scenario::get("/"), 700);
        s.data(id, false, 0, Scenario::answer(), 700);
    }
    EXPECT_EQ(requestLines(s.seal()), (Lines{
                                          "client first -> 10.0.0.9:80 | GET / | 1 requests 0 errors | 200:1",
                                          "client second -> 10.0.0.9:80 | GET / | 1 requests 0 errors | 200:1",
                                      }));
}

TEST(ServicesTest, whoReallyServesIsTheOwner)
{
    // Socket activation: systemd listens, the service accepts.
    Scenario s;
    s.program({.pid = 1, .parent = 0, .comm = "systemd", .executable = "/usr/lib/systemd/systemd"});
    s.program({.pid = 50, .comm = "real", .executable = "/usr/bin/real", .cgroup = "0::/system.slice/real.service\n"});
    s.seed();
    s.listen(1, "0.0.0.0", 9000);
    Pair pair;
    pair.server = s.open(Side::Server, 0, endpoint("10.0.0.1", 9000), endpoint("10.0.0.9", 1'000));
    s.own(pair.server, 50);
    s.drained();
    s.drained();
    s.exchange(pair, "/");
    EXPECT_EQ(requestLines(s.seal()), (Lines{"server real at 10.0.0.1:9000 <- 10.0.0.9:0 | GET / | 1 requests 0 errors | 200:1"}));
}

TEST(ServicesTest, listenersThatComeAndGoAreEvents)
{
    Scenario s;
    s.program({.pid = 20, .comm = "web", .executable = "/bin/web"});
    s.seed();
    s.listen(20, "10.0.0.1", 80, 1, false);
    const telemetry::Batch batch = s.seal();
    Lines kinds;
    for (const telemetry::EventRow& row : batch.overview->events)
        kinds.emplace_back(factsOf(row.kind)->name);
    std::ranges::sort(kinds);
    EXPECT_EQ(kinds, (Lines{"instance_started", "listen_started"}));
}

TEST(ServicesTest, keysAreTheSameAfterARestartOfProgramAndAgent)
{
    const auto keyOf = [](std::uint32_t pid, bool otherFirst) {
        Scenario s;
        s.program(redis(pid));
        s.seed();
        s.listen(pid, "127.0.0.1", otherFirst ? 6381 : 6379);
        s.listen(pid, "127.0.0.1", otherFirst ? 6379 : 6381);
        const telemetry::Batch batch = s.seal();
        return batch.dictionary->entities[batch.overview->presence.at(0).instance].key;
    };
    EXPECT_EQ(keyOf(100, false), keyOf(200, true));
}

} // namespace
} // namespace binnacle::agent::test
