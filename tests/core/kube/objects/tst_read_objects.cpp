// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/read_objects.h"
#include "core/kube/objects/workload_finder.h"
#include "tests/core/kube/objects/sample_objects.h"

#include <gtest/gtest.h>

namespace binnacle::kube::objects::test {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(ReadPodTest, readsContainersAddressesAndChosenLabelsOnly)
{
    const auto read = readPod(pod("api-6d4cf56db6-x2x7q", "u1", "10.1.0.7"), LabelChoice::with("team, owner"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->containers, (Pairs{{kContainer, "api"}, {kInit, "migrate"}, {kDebug, "debugger-x1"}}));
    EXPECT_EQ(read->addresses, (std::vector{*InternetAddress::parse("10.1.0.7"), *InternetAddress::parse("fd00:10::7")}));
    EXPECT_EQ(read->chosen, (Pairs{{"k8s.pod.annotation.owner", "alice"},
                                   {"k8s.pod.label.app", "api"},
                                   {"k8s.pod.label.app.kubernetes.io/version", "1.4.2"},
                                   {"k8s.pod.label.team", "payments"}}));
    EXPECT_EQ(read->controller, (Controller{"ReplicaSet", "api-6d4cf56db6", "rs-1"}));
    EXPECT_FALSE(read->hostNetwork);
}

TEST(ReadPodTest, factsCarryOpenTelemetryNamesAndNoSecret)
{
    const auto read = readPod(pod("api-6d4cf56db6-x2x7q", "u1", "10.1.0.7"), LabelChoice{});
    const PodFacts facts = factsOf(*read, workloadOf(*read, {}), "eu-1b");
    EXPECT_EQ(facts.attributes, (Pairs{{"k8s.pod.label.app", "api"},
                                       {"k8s.pod.label.app.kubernetes.io/version", "1.4.2"},
                                       {"k8s.replicaset.name", "api-6d4cf56db6"}}));
    EXPECT_EQ(facts.host, "node-a");
    EXPECT_EQ(facts.workload, (WorkloadName{"shop", "Deployment", "api"}));
    EXPECT_EQ(facts.zone, "eu-1b");
}

TEST(ReadPodTest, staticPodsKeepTheHashOfTheirCgroup)
{
    json object = pod("kube-apiserver-node-a", "mirror-uid", "192.168.1.10");
    object["metadata"]["annotations"] = {{"kubernetes.io/config.hash", "0123456789abcdef0123456789abcdef"}, {"kubernetes.io/config.source", "file"}};
    object["metadata"]["ownerReferences"] = ownedBy("Node", "node-a");
    object["spec"]["hostNetwork"] = true;
    const auto read = readPod(object, LabelChoice{});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->staticHash, "0123456789abcdef0123456789abcdef");
    EXPECT_TRUE(read->hostNetwork);
    EXPECT_EQ(workloadOf(*read, {}), (WorkloadName{"shop", "Pod", "kube-apiserver"}));
}

TEST(ReadPodTest, whatIsNoPodIsNothing)
{
    for (const char* text : {"null", "[]", "1", "\"x\"", "{}", R"({"metadata":[]})", R"({"metadata":{"uid":7,"name":{},"namespace":"n"}})"})
        EXPECT_FALSE(readPod(json::parse(text), LabelChoice{})) << text;
    const auto odd = readPod(json::parse(R"({"metadata":{"uid":"u","name":"p","namespace":"n","labels":[1],"annotations":"x","ownerReferences":{}},
        "spec":[],"status":{"podIP":7,"podIPs":[{"ip":"nonsense"},4],"containerStatuses":[{"name":1,"containerID":[]},"x"]}})"), LabelChoice{});
    ASSERT_TRUE(odd);
    EXPECT_TRUE(odd->addresses.empty() && odd->containers.empty() && odd->chosen.empty());
}

struct OwnerCase {
    const char* what;
    json references;
    json labels;
    OwnerTable owners;
    WorkloadName workload;
};

TEST(WorkloadTest, everyKindOfOwner)
{
    const json hash{{"pod-template-hash", "6d4cf56db6"}}, argo{{"rollouts-pod-template-hash", "789"}};
    const OwnerTable rollout{{"owner-uid", {"Rollout", "canary", "r"}}}, bare{{"owner-uid", {}}}, cron{{"owner-uid", {"CronJob", "nightly", "c"}}};
    const std::vector<OwnerCase> cases{
        {"no owner", json::array(), {}, {}, {"shop", "Pod", "p-1"}},
        {"stripped", ownedBy("ReplicaSet", "api-6d4cf56db6"), hash, {}, {"shop", "Deployment", "api"}},
        {"known", ownedBy("ReplicaSet", "canary-789"), argo, rollout, {"shop", "Rollout", "canary"}},
        {"Argo without access", ownedBy("ReplicaSet", "canary-789"), argo, {}, {"shop", "Rollout", "canary"}},
        {"hash not in the name", ownedBy("ReplicaSet", "by-hand"), hash, {}, {"shop", "ReplicaSet", "by-hand"}},
        {"ReplicaSet of nobody", ownedBy("ReplicaSet", "api-6d4cf56db6"), hash, bare, {"shop", "ReplicaSet", "api-6d4cf56db6"}},
        {"StatefulSet", ownedBy("StatefulSet", "db"), {}, {}, {"shop", "StatefulSet", "db"}},
        {"DaemonSet", ownedBy("DaemonSet", "cni"), {}, {}, {"shop", "DaemonSet", "cni"}},
        {"CronJob known", ownedBy("Job", "by-hand"), {}, cron, {"shop", "CronJob", "nightly"}},
        {"CronJob by its time", ownedBy("Job", "nightly-29512345"), {}, {}, {"shop", "CronJob", "nightly"}},
        {"CronJob in seconds", ownedBy("Job", "nightly-1612345678"), {}, {}, {"shop", "CronJob", "nightly"}},
        {"Job", ownedBy("Job", "import-7"), {}, {}, {"shop", "Job", "import-7"}},
        {"Job known", ownedBy("Job", "import-29512345"), {}, bare, {"shop", "Job", "import-29512345"}},
        {"a controller of its own", ownedBy("GameServer", "match-9"), {}, {}, {"shop", "GameServer", "match-9"}},
    };
    for (const OwnerCase& one : cases) {
        json object = pod("p-1", "u", "10.1.0.1");
        object["metadata"]["ownerReferences"] = one.references;
        object["metadata"]["labels"] = one.labels;
        EXPECT_EQ(workloadOf(*readPod(object, LabelChoice{}), one.owners), one.workload) << one.what;
    }
}

TEST(WorkloadTest, ownersThatDoNotControlAreNone)
{
    json object = pod("p-1", "u", "10.1.0.1");
    object["metadata"]["ownerReferences"][0]["controller"] = false;
    EXPECT_EQ(workloadOf(*readPod(object, LabelChoice{}), {}), (WorkloadName{"shop", "Pod", "p-1"}));
}

TEST(ReadServiceTest, everyAddressOfAService)
{
    json object = service("api", "10.96.0.20", 80);
    object["spec"]["clusterIPs"].push_back("fd00:96::20");
    object["spec"]["externalIPs"] = {"203.0.113.9"};
    object["spec"]["ports"][0]["nodePort"] = 31'080;
    object["status"]["loadBalancer"]["ingress"] = {{{"ip", "198.51.100.4"}}, {{"hostname", "lb.example"}}};
    const auto read = readService(object);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->clusterAddresses, (std::vector{*InternetAddress::parse("10.96.0.20"), *InternetAddress::parse("fd00:96::20")}));
    EXPECT_EQ(read->outsideAddresses, (std::vector{*InternetAddress::parse("203.0.113.9"), *InternetAddress::parse("198.51.100.4")}));
    EXPECT_EQ(read->ports, (std::vector{ServiceObject::Port{80, 31'080}}));
    EXPECT_EQ(read->selector, (Labels{{"app", "api"}}));

    EXPECT_TRUE(readService(service("headless", "None", 80))->clusterAddresses.empty());
    json outside = service("outside", "", 80);
    outside["spec"]["type"] = "ExternalName";
    EXPECT_TRUE(readService(outside)->clusterAddresses.empty());
}

TEST(ReadSliceTest, noReadyMeansReady)
{
    json nil = endpoint("u2", "10.1.0.8");
    nil["conditions"].erase("ready");
    json outside{{"addresses", {"192.0.2.1"}}};
    const auto read = readEndpointSlice(slice("api", {endpoint("u1", "10.1.0.7", false), nil, outside}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->service, "api");
    EXPECT_EQ(read->targets, (std::vector<EndpointSliceObject::Target>{{"u1", "p", false}, {"u2", "p", true}}));
}

TEST(ReadEventTest, seriesCountAndMicroTime)
{
    json object = event("e1", 1, "Warning", "BackOff", "first line\nsecond", {{"kind", "Pod"}, {"name", "p"}, {"namespace", "shop"}, {"uid", "u"}});
    object["series"] = {{"count", 12}, {"lastObservedTime", "2026-03-01T10:07:30.500000Z"}};
    const auto read = readEvent(object);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->count, 12);
    EXPECT_EQ(toRfc3339(read->at), "2026-03-01T10:07:30.5Z");
    EXPECT_EQ(read->message, "first line");
    json long_ = event("e2", 1, "Normal", "Killing", std::string(500, 'x') + "ä", {});
    EXPECT_EQ(readEvent(long_)->message.size(), 200u);
}

TEST(LabelChoiceTest, addsToTheDefaultsOnce)
{
    EXPECT_EQ(LabelChoice::with(" team,app,, team ").names.size(), LabelChoice::defaults().size() + 1);
    EXPECT_EQ(LabelChoice::with("").names, LabelChoice::defaults());
}

} // namespace
} // namespace binnacle::kube::objects::test
