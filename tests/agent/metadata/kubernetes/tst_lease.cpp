// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/lease.h"
#include "agent/metadata/kubernetes/lease_client.h"

#include <gtest/gtest.h>

namespace binnacle::agent::test {
namespace {

using Kind = LeaseStep::Kind;

/// The API server's side of one Lease.
struct Server {
    std::optional<LeaseRecord> lease;
    int version = 0;
    bool away = false;

    std::pair<LeaseAnswer, LeaseRecord> carryOut(const LeaseStep& step)
    {
        if (away)
            return {LeaseAnswer::Unavailable, {}};
        if (step.kind == Kind::Read)
            return lease ? std::pair(LeaseAnswer::Found, *lease) : std::pair(LeaseAnswer::NotFound, LeaseRecord{});
        if (step.kind == Kind::Create ? lease.has_value() : !lease || lease->resourceVersion != step.record.resourceVersion)
            return {LeaseAnswer::Conflict, {}};
        lease = step.record;
        lease->resourceVersion = std::to_string(++version);
        return {LeaseAnswer::Found, *lease};
    }
};

struct Candidate {
    explicit Candidate(std::string name, Nanoseconds handicap = {}) : lease({.identity = std::move(name), .handicap = handicap}) {}
    Lease lease;
    Server* server = nullptr;

    /// Everything it wants to do now.
    std::string act(HostTime now)
    {
        std::string done;
        for (int i = 0; i < 5; ++i) {
            const LeaseStep step = lease.next(now, utcTime(ns(now)));
            if (step.kind == Kind::Wait)
                break;
            done += step.kind == Kind::Read ? "read " : step.kind == Kind::Create ? "create " : "update ";
            const auto [answer, record] = server->carryOut(step);
            lease.answer(answer, record, now);
        }
        return done;
    }
};

class LeaseTest : public ::testing::Test {
protected:
    LeaseTest()
    {
        for (Candidate* each : {&a, &b, &slow})
            each->server = &server;
    }
    HostTime at(double seconds) { return HostTime(std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(1'000 + seconds))); }

    Server server;
    Candidate a{"a"}, b{"b"}, slow{"slow", std::chrono::seconds(5)};
};

TEST_F(LeaseTest, firstComeFirstServed)
{
    EXPECT_EQ(a.act(at(0)), "read create ");
    EXPECT_TRUE(a.lease.isHeld(at(0)));
    EXPECT_EQ(b.act(at(0.1)), "read ");
    EXPECT_FALSE(b.lease.isHeld(at(0.1)));
    EXPECT_EQ(server.lease->holder, "a");
    EXPECT_EQ(server.lease->durationSeconds, 15);
    EXPECT_EQ(server.lease->transitions, 0);
    EXPECT_EQ(b.lease.holder(), "a");
}

TEST_F(LeaseTest, holderRenewsEveryTwoSecondsAndKeepsItForever)
{
    a.act(at(0));
    b.act(at(0));
    for (double t = 1; t < 120; t += 1) {
        const std::string did = a.act(at(t));
        EXPECT_EQ(did, static_cast<int>(t) % 2 == 0 ? "update " : "") << t;
        EXPECT_NE(b.act(at(t)), "update ") << t;
        EXPECT_TRUE(a.lease.isHeld(at(t)));
        EXPECT_FALSE(b.lease.isHeld(at(t)));
    }
    EXPECT_EQ(server.lease->transitions, 0);
}

TEST_F(LeaseTest, deadHoldersLeaseIsTakenAfterItsDuration)
{
    a.act(at(0));
    double taken = 0;
    for (double t = 0.5; t < 40 && taken == 0; t += 0.5) {
        b.act(at(t));
        if (b.lease.isHeld(at(t)))
            taken = t;
    }
    EXPECT_GE(taken, 15.5) << "it has to have been seen unchanged for 15 s";
    EXPECT_LE(taken, 18);
    EXPECT_FALSE(a.lease.isHeld(at(taken))) << "the dead one would have noticed itself";
    EXPECT_EQ(server.lease->transitions, 1);
}

TEST_F(LeaseTest, holderWithoutServerLetsGoBeforeAnotherMayTakeIt)
{
    a.act(at(0));
    server.away = true;
    for (double t = 2; t < 9.9; t += 0.1)
        a.act(at(t));
    EXPECT_TRUE(a.lease.isHeld(at(9.9)));
    EXPECT_FALSE(a.lease.isHeld(at(10)));
    server.away = false;
    EXPECT_EQ(a.act(at(12.1)).substr(0, 12), "read update ") << "nobody took it: it is ours again, after a look";
}

TEST_F(LeaseTest, releasedLeaseIsTakenAtOnce)
{
    a.act(at(0));
    b.act(at(0));
    const auto release = a.lease.release(utcTime(0));
    ASSERT_TRUE(release);
    EXPECT_EQ(release->holder, "");
    EXPECT_EQ(release->durationSeconds, 1);
    server.carryOut({Kind::Update, *release, {}});
    EXPECT_FALSE(a.lease.isHeld(at(0.1)));
    EXPECT_FALSE(a.lease.release(utcTime(0))) << "once";
    b.act(at(2));
    EXPECT_TRUE(b.lease.isHeld(at(2)));
    EXPECT_EQ(server.lease->transitions, 1);
}

TEST_F(LeaseTest, handicapLeavesItToOthersFirst)
{
    slow.act(at(0));
    EXPECT_FALSE(server.lease) << "it waits 5 s for somebody better";
    a.act(at(1));
    EXPECT_TRUE(a.lease.isHeld(at(1)));
    // Dead: one without handicap would take it at 16 s and more, this one 5 s later.
    double taken = 0;
    for (double t = 2; t < 60 && taken == 0; t += 0.5) {
        slow.act(at(t));
        if (slow.lease.isHeld(at(t)))
            taken = t;
    }
    EXPECT_GE(taken, 22);
    EXPECT_LE(taken, 26);
}

TEST_F(LeaseTest, handicapAloneStillTakesAFreeLease)
{
    for (double t = 0; t < 8; t += 0.5)
        slow.act(at(t));
    EXPECT_TRUE(slow.lease.isHeld(at(8)));
}

TEST_F(LeaseTest, raceForTheFirstHasOneWinner)
{
    EXPECT_EQ(a.lease.next(at(0), {}).kind, Kind::Read);
    a.lease.answer(LeaseAnswer::NotFound, {}, at(0));
    EXPECT_EQ(b.lease.next(at(0), {}).kind, Kind::Read);
    b.lease.answer(LeaseAnswer::NotFound, {}, at(0));
    EXPECT_EQ(a.act(at(0)), "create ");
    EXPECT_EQ(b.act(at(0)), "create ") << "refused: it exists";
    EXPECT_TRUE(a.lease.isHeld(at(0)));
    EXPECT_FALSE(b.lease.isHeld(at(0)));
    EXPECT_EQ(b.act(at(2)), "read ");
}

TEST_F(LeaseTest, writeOfAnotherKindCostsOnlyALook)
{
    a.act(at(0));
    server.lease->resourceVersion = std::to_string(++server.version); // somebody annotated it
    EXPECT_EQ(a.act(at(2)), "update read update ");
    EXPECT_TRUE(a.lease.isHeld(at(2)));
}

TEST_F(LeaseTest, holderThatWasOvertakenStopsAtOnce)
{
    a.act(at(0));
    server.lease->holder = "b";
    server.lease->resourceVersion = std::to_string(++server.version);
    a.act(at(2));
    EXPECT_FALSE(a.lease.isHeld(at(2)));
}

TEST_F(LeaseTest, deletedLeaseIsMadeAnew)
{
    a.act(at(0));
    server.lease.reset();
    EXPECT_EQ(a.act(at(2)), "update read create ");
    EXPECT_TRUE(a.lease.isHeld(at(2)));
}

TEST(LeaseJsonTest, roundTripWithSixDigits)
{
    LeaseRecord record;
    record.holder = "node-a_7";
    record.durationSeconds = 15;
    record.transitions = 3;
    record.acquiredAt = utcTime(1'767'225'600'000'000'000);
    record.renewedAt = utcTime(1'767'225'602'500'000'000);
    record.resourceVersion = "812";
    const std::string text = toJson(record, "binnacle", "binnacle-agent-cluster");
    EXPECT_NE(text.find("\"acquireTime\":\"2026-01-01T00:00:00.000000Z\""), std::string::npos) << text;
    EXPECT_NE(text.find("\"renewTime\":\"2026-01-01T00:00:02.500000Z\""), std::string::npos) << text;
    EXPECT_EQ(leaseFromJson(text), record);
    EXPECT_FALSE(leaseFromJson("{}"));
    EXPECT_FALSE(leaseFromJson("not json"));
    EXPECT_TRUE(leaseFromJson(R"({"kind":"Lease","spec":{"holderIdentity":null,"renewTime":7}})"));
}

} // namespace
} // namespace binnacle::agent::test
