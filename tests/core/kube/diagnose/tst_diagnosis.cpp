// SPDX-License-Identifier: Apache-2.0
// Each fault that matters, at the step where a person meets it: the double of the API server makes them.
#include "core/kube/credentials/credential_store.h"
#include "core/kube/diagnose/diagnosis.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace binnacle::kube {
namespace {

using namespace test;
using Id = DiagnosisStepId;
using nlohmann::json;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

json agentPod(const std::string& name, const std::string& node)
{
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", name}, {"namespace", "binnacle"}, {"labels", {{"app.kubernetes.io/name", "binnacle-agent"}}}}},
            {"spec", {{"nodeName", node}, {"containers", {{{"name", "agent"}, {"image", "agent:0.1.0"}}}}}},
            {"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

/// A diagnosis of one context of the double's kubeconfig, with an agent that answers unless it is told otherwise.
class Diagnosing {
public:
    explicit Diagnosing(std::string context, const json& script = json::object()) : server(script)
    {
        wish.context = std::move(context);
        wish.kubeconfig = server["kubeconfig"];
        server.order("POST", "/object", {{"action", "put"}, {"object", agentPod("agent-1", "node-1")}});
        begin();
    }

    void begin()
    {
        DiagnosisTools tools{.reactor = reactor, .credentialsFor = [this](const ClusterAccess& access) { return store.sourceFor(access); }};
        tools.environment = platform::environment();
        tools.http = plainOptions();
        tools.askAgent = [this](HttpClient&, const PodPort&, const Cancellation&) { return agent; };
        diagnosis = std::make_unique<Diagnosis>(wish, std::move(tools));
    }

    void run(Id from = Id::File)
    {
        told.clear();
        steps = diagnosis->run(from, [this](const DiagnosisStep& step) { told.push_back(step.id); }, cancellation);
    }
    const DiagnosisStep& operator[](Id id) const { return steps.at(static_cast<std::size_t>(id)); }

    /// `ok ok warning …` in the order of the steps.
    std::string states() const
    {
        std::string words;
        for (const DiagnosisStep& step : steps)
            words += (words.empty() ? "" : " ") + std::string(nameOf(step.state));
        return words;
    }
    std::string foundBy(Id id) const
    {
        std::string text;
        for (const std::string& fact : (*this)[id].found)
            text += fact + '\n';
        return text;
    }

    ApiDouble server;
    DiagnosisWish wish;
    Result<AgentAnswer> agent = AgentAnswer{"node-1", "0.1.0", "6.1.0", std::chrono::milliseconds(12), std::chrono::milliseconds(3)};
    Cancellation cancellation;
    std::vector<DiagnosisStep> steps;
    std::vector<Id> told;
    Reactor reactor;
    CredentialStore store{[] {
        CredentialOptions options;
        options.environment = platform::environment();
        return options;
    }()};
    std::unique_ptr<Diagnosis> diagnosis;
};

TEST(Diagnosis, aGoodWayIsToldStepByStep)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok ok ok ok ok ok ok ok ok") << diagnosisText(diagnosing.steps);
    EXPECT_EQ(diagnosing.told.size(), kDiagnosisSteps);
    EXPECT_SAYS(diagnosing.foundBy(Id::File), diagnosing.wish.kubeconfig);
    EXPECT_SAYS(diagnosing.foundBy(Id::Credentials), "kind: token");
    EXPECT_SAYS(diagnosing.foundBy(Id::Tls), "Kubernetes v1.36");
    EXPECT_SAYS(diagnosing.foundBy(Id::Tls), "127.0.0.1");
    EXPECT_SAYS(diagnosing.foundBy(Id::Authentication), "you are admin, of system:masters");
    EXPECT_SAYS(diagnosing.foundBy(Id::Rights), "may create pods/portforward in namespace binnacle");
    EXPECT_SAYS(diagnosing.foundBy(Id::Agents), "agent-1 on node-1, image agent:0.1.0, ready");
    EXPECT_SAYS(diagnosing.foundBy(Id::Clock), "node-1: agent 0.1.0, Linux 6.1.0, clock 12 ms");
}

TEST(Diagnosis, aContextThatIsNotThereEndsAtTheFile)
{
    Diagnosing diagnosing("no-such");
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "failed skipped skipped skipped skipped skipped skipped skipped skipped");
    EXPECT_SAYS(diagnosing[Id::File].why, "no-such");
    EXPECT_SAYS(diagnosing[Id::Clock].why, "agents");
}

TEST(Diagnosis, theKubeconfigThatIsNotThereIsNamed)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.wish.kubeconfig = "/nonexistent/config";
    diagnosing.begin();
    diagnosing.run();
    EXPECT_SAYS(diagnosing[Id::File].why, "/nonexistent/config");
}

TEST(Diagnosis, aPluginThatIsNotInstalledShowsThePathAndTheConnectionIsLookedAtNevertheless)
{
    Diagnosing diagnosing("exec");
    json config = json::parse(std::ifstream(diagnosing.wish.kubeconfig));
    for (json& user : config["users"]) {
        if (user["name"] == "exec")
            user["user"]["exec"]["command"] = "no-such-plugin-of-binnacle";
    }
    std::ofstream(diagnosing.wish.kubeconfig) << config.dump();
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok failed ok ok ok skipped skipped skipped skipped") << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing[Id::Credentials].why, "no-such-plugin-of-binnacle");
    EXPECT_SAYS(diagnosing.foundBy(Id::Credentials), "PATH searched");
}

TEST(Diagnosis, aPluginThatFailsShowsItsExitCodeAndWhatItSaid)
{
    Diagnosing diagnosing("exec");
    json config = json::parse(std::ifstream(diagnosing.wish.kubeconfig));
    for (json& user : config["users"]) {
        if (user["name"] == "exec")
            user["user"]["exec"].update({{"command", "/bin/sh"}, {"args", {"-c", "echo the session has ended >&2; exit 7"}}});
    }
    std::ofstream(diagnosing.wish.kubeconfig) << config.dump();
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Credentials].state, StepState::Failed);
    EXPECT_SAYS(diagnosing.foundBy(Id::Credentials), "exit code 7");
    EXPECT_SAYS(diagnosing.foundBy(Id::Credentials), "the session has ended");
    EXPECT_SAYS(diagnosing.foundBy(Id::Credentials), "/bin/sh -c");
}

TEST(Diagnosis, nobodyListensIsASentenceAboutTheServer)
{
    Diagnosing diagnosing("admin-token");
    json config = json::parse(std::ifstream(diagnosing.wish.kubeconfig));
    for (json& cluster : config["clusters"])
        cluster["cluster"]["server"] = "https://127.0.0.1:1";
    std::ofstream(diagnosing.wish.kubeconfig) << config.dump();
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok ok failed skipped skipped skipped skipped skipped skipped") << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing[Id::Dns].why, "refused");
}

TEST(Diagnosis, aProxyThatWantsAPasswordIsTheProxysStep)
{
    Diagnosing diagnosing("http-proxy", {{"proxies", {{"user", "somebody"}, {"password", "secret"}}}});
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok ok ok failed skipped skipped skipped skipped skipped") << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing[Id::Proxy].why, "407");
}

TEST(Diagnosis, aWrongAuthorityShowsWhoIssuedTheCertificate)
{
    Diagnosing diagnosing("wrong-authority");
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok ok ok ok failed skipped skipped skipped skipped") << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing.foundBy(Id::Tls), "issued by");
    EXPECT_SAYS(diagnosing[Id::Tls].next, "certificate-authority");
}

TEST(Diagnosis, anExpiredServerCertificateIsTold)
{
    Diagnosing diagnosing("admin-token", {{"tls", {{"certificate", "expired"}}}});
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Tls].state, StepState::Failed);
    EXPECT_SAYS(diagnosing[Id::Tls].why, "expired");
}

TEST(Diagnosis, anUnverifiedCertificateIsAWarning)
{
    Diagnosing diagnosing("insecure");
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Tls].state, StepState::Warning);
    EXPECT_EQ(diagnosing[Id::Clock].state, StepState::Ok);
}

TEST(Diagnosis, aTokenThatIsNotTakenEndsAtAuthentication)
{
    Diagnosing diagnosing("bad-token");
    diagnosing.run();
    EXPECT_EQ(diagnosing.states(), "ok ok ok ok ok failed skipped skipped skipped") << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing[Id::Authentication].why, "401");
}

TEST(Diagnosis, anOldServerThatDoesNotSayWhoOneIsStillCounts)
{
    Diagnosing diagnosing("admin-token", {{"responses", {{{"match", {{"pattern", "selfsubjectreviews"}}}, {"status", 404}}}}});
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Authentication].state, StepState::Ok);
    EXPECT_SAYS(diagnosing.foundBy(Id::Authentication), "accepted");
}

TEST(Diagnosis, theMissingVerbIsNamedWithTheManifestThatGrantsIt)
{
    Diagnosing diagnosing("viewer-token");
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Rights].state, StepState::Failed);
    EXPECT_SAYS(diagnosing[Id::Rights].why, "get pods/portforward, create pods/portforward");
    EXPECT_SAYS(diagnosing[Id::Rights].next, "kind: Role");
    EXPECT_SAYS(diagnosing[Id::Rights].next, "resources: [pods/portforward], verbs: [get, create]");
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Ok) << "pods may be listed";
    EXPECT_SAYS(diagnosing.foundBy(Id::Agents), "may not list nodes");
}

TEST(Diagnosis, onlyCreateIsEnoughWithAWarning)
{
    Diagnosing diagnosing("viewer-token");
    json rules = diagnosing.server.order("GET", "/script")["authorization"]["rules"];
    rules.push_back({{"groups", {"viewers"}}, {"verbs", {"create"}}, {"api_groups", {""}}, {"resources", {"pods/portforward"}}});
    diagnosing.server.order("POST", "/script", {{"authorization", {{"rules", rules}}}});
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Rights].state, StepState::Warning) << diagnosisText(diagnosing.steps);
    EXPECT_SAYS(diagnosing[Id::Rights].why, "SPDY");
}

TEST(Diagnosis, hostsWithoutAnAgentAreNamed)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.server.order("POST", "/object", {{"action", "put"}, {"object", {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", "node-2"}}}}}});
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Warning);
    EXPECT_SAYS(diagnosing[Id::Agents].why, "no agent on: node-2");
    EXPECT_FALSE(diagnosing[Id::Agents].needsInstall);
}

TEST(Diagnosis, theGatewayIsNamedAndIsMissedAboveFiftyHosts)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.run();
    EXPECT_SAYS(diagnosing.foundBy(Id::Agents), "no gateway");
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Ok) << diagnosing[Id::Agents].why;
    for (int i = 2; i <= 51; ++i) {
        const std::string node = "node-" + std::to_string(i);
        diagnosing.server.order("POST", "/object", {{"action", "put"}, {"object", {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", node}}}}}});
        diagnosing.server.order("POST", "/object", {{"action", "put"}, {"object", agentPod("agent-" + std::to_string(i), node)}});
    }
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Warning);
    EXPECT_SAYS(diagnosing[Id::Agents].why, "of 51 hosts 50 are read without a gateway");
    json gateway = agentPod("gateway-1", "node-1");
    gateway["metadata"]["labels"] = {{"app.kubernetes.io/name", "binnacle-gateway"}, {"app.kubernetes.io/version", "0.1.0"}};
    diagnosing.server.order("POST", "/object", {{"action", "put"}, {"object", gateway}});
    diagnosing.run();
    EXPECT_SAYS(diagnosing.foundBy(Id::Agents), "gateway: version 0.1.0, 1 of 1 replicas ready");
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Ok) << diagnosing[Id::Agents].why;
}

TEST(Diagnosis, olderAgentsAreNamedWithTheWayToUpgradeThem)
{
    Diagnosing diagnosing("admin-token");
    json pod = agentPod("agent-1", "node-1");
    pod["metadata"]["labels"]["app.kubernetes.io/version"] = "0.0.1";
    diagnosing.server.order("POST", "/object", {{"action", "put"}, {"object", pod}});
    diagnosing.run();
    EXPECT_TRUE(diagnosing[Id::Agents].needsInstall);
    EXPECT_SAYS(diagnosing.foundBy(Id::Agents), "agents of version 0.0.1 are older than this program");
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Ok) << "one minor version apart is supported";
}

TEST(Diagnosis, aNamespaceWithoutAgentsSaysHowToGetThem)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.wish.agentNamespace = "default";
    diagnosing.begin();
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Failed);
    EXPECT_SAYS(diagnosing[Id::Agents].why, "is in namespace default");
    EXPECT_SAYS(diagnosing[Id::Agents].next, "binnacle install");
    EXPECT_TRUE(diagnosing[Id::Agents].needsInstall);
    EXPECT_EQ(diagnosing[Id::Clock].state, StepState::Skipped);
}

TEST(Diagnosis, anAgentThatDoesNotAnswerAndAClockThatIsFarOff)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.agent = failure(ErrorCode::Unavailable, "nothing listens there");
    diagnosing.run();
    EXPECT_EQ(diagnosing[Id::Clock].state, StepState::Failed);
    EXPECT_SAYS(diagnosing[Id::Clock].why, "agent-1: nothing listens there");
    diagnosing.agent = AgentAnswer{"node-1", "0.1.0", "6.1.0", -std::chrono::minutes(5), {}};
    diagnosing.run(Id::Clock);
    EXPECT_EQ(diagnosing[Id::Clock].state, StepState::Warning);
    EXPECT_SAYS(diagnosing.foundBy(Id::Clock), "-300000 ms");
}

TEST(Diagnosis, fromAStepOnTheEarlierOnesAreNotRunAgain)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.run();
    diagnosing.server.order("DELETE", "/log");
    diagnosing.run(Id::Rights);
    EXPECT_EQ(diagnosing.states(), "skipped skipped skipped skipped skipped skipped ok ok ok");
    EXPECT_EQ(diagnosing[Id::File].why, "not asked for");
    for (const json& request : diagnosing.server.log("request"))
        EXPECT_EQ(request["target"].get<std::string>().find("selfsubjectreviews"), std::string::npos);
}

TEST(Diagnosis, fromAStepOnInAFreshOneAFailureBeforeItIsStillTold)
{
    Diagnosing diagnosing("bad-token");
    diagnosing.run(Id::Agents);
    EXPECT_EQ(diagnosing[Id::Authentication].state, StepState::Failed);
    EXPECT_EQ(diagnosing[Id::Tls].state, StepState::Skipped);
    EXPECT_EQ(diagnosing[Id::Agents].state, StepState::Skipped);
}

TEST(Diagnosis, cancelledNothingMoreIsAsked)
{
    Diagnosing diagnosing("admin-token");
    diagnosing.cancellation.cancel();
    diagnosing.run();
    EXPECT_TRUE(std::ranges::all_of(diagnosing.steps, [](const DiagnosisStep& step) { return step.state == StepState::Skipped; }));
    EXPECT_TRUE(diagnosing.server.log("request").empty());
}

TEST(Diagnosis, namesOfStepsGoBothWays)
{
    for (std::size_t i = 0; i < kDiagnosisSteps; ++i)
        EXPECT_EQ(findDiagnosisStep(nameOf(static_cast<Id>(i))), static_cast<Id>(i));
    EXPECT_FALSE(findDiagnosisStep("weather"));
}

TEST(Diagnosis, textAndJsonHaveEveryStepWithItsNextOne)
{
    const std::vector<DiagnosisStep> steps{
        {.id = Id::File, .state = StepState::Ok, .found = {"read a"}, .took = std::chrono::milliseconds(3)},
        {.id = Id::Rights, .state = StepState::Failed, .found = {}, .why = "missing", .next = "apply\nthis", .took = std::chrono::milliseconds(20)},
        {.id = Id::Clock, .state = StepState::Skipped, .why = "not asked for"},
    };
    EXPECT_EQ(diagnosisText(steps), "ok       file           3 ms\n"
                                    "         read a\n"
                                    "failed   rbac           20 ms\n"
                                    "         why: missing\n"
                                    "         next: apply\n"
                                    "         this\n"
                                    "skipped  clock          not asked for\n");
    const json object = json::parse(diagnosisJson("lab", steps));
    EXPECT_EQ(object["schema"], "binnacle.diagnose/1");
    EXPECT_EQ(object["steps"][1], (json{{"name", "rbac"}, {"state", "failed"}, {"found", json::array()}, {"why", "missing"}, {"next", "apply\nthis"}, {"took_ns", 20'000'000}}));
    EXPECT_TRUE(object["steps"][0]["why"].is_null());
}

} // namespace
} // namespace binnacle::kube
