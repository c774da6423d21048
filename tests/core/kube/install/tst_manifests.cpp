// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/yaml_value.h"
#include "core/kube/install/agent_manifests.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace binnacle;
using namespace binnacle::kube;
using Json = nlohmann::ordered_json;

namespace {

InstallOptions withImage()
{
    InstallOptions options;
    options.image = "registry.example/binnacle/agent:0.1.0";
    return options;
}

std::vector<Manifest> manifestsOf(const InstallOptions& options)
{
    auto manifests = agentManifests(options);
    EXPECT_TRUE(manifests) << manifests.error().what;
    return manifests.value_or(std::vector<Manifest>());
}

Json manifestOf(const InstallOptions& options, std::string_view kind)
{
    const std::vector<Manifest> manifests = manifestsOf(options);
    const auto found = std::ranges::find(manifests, kind, [](const Manifest& manifest) { return std::string_view(manifest.object.kind); });
    return found == manifests.end() ? Json() : Json::parse(found->json);
}

Json containerOf(const InstallOptions& options)
{
    return manifestOf(options, "DaemonSet")["spec"]["template"]["spec"]["containers"][0];
}

/// Keys in one order, for comparing.
std::string sorted(const std::string& json)
{
    return nlohmann::json::parse(json).dump();
}

std::string kindsOf(const InstallOptions& options)
{
    std::string kinds;
    for (const Manifest& manifest : manifestsOf(options))
        kinds += (kinds.empty() ? "" : " ") + manifest.object.kind;
    return kinds;
}

} // namespace

TEST(AgentManifests, comeInTheOrderInWhichAServerCanTakeThem)
{
    EXPECT_EQ(kindsOf(withImage()), "Namespace PriorityClass ServiceAccount ClusterRole ClusterRoleBinding Role RoleBinding Role NetworkPolicy DaemonSet");
}

TEST(AgentManifests, everyObjectCarriesTheLabelThatUninstallingLooksFor)
{
    for (const Manifest& manifest : manifestsOf(withImage()))
        EXPECT_EQ(Json::parse(manifest.json)["metadata"]["labels"][kPartOfLabel], kPartOf) << manifest.object.words();
}

TEST(AgentManifests, anotherNamespaceIsNamedEverywhere)
{
    InstallOptions options = withImage();
    options.nameSpace = "watch";
    options.distribution = InstallOptions::Distribution::OpenShift;
    for (const Manifest& manifest : manifestsOf(options)) {
        const Json object = Json::parse(manifest.json);
        EXPECT_EQ(object["metadata"].value("namespace", "watch"), "watch") << manifest.object.words();
        EXPECT_FALSE(manifest.json.contains("\"namespace\":\"binnacle\"")) << manifest.object.words();
    }
    EXPECT_EQ(manifestOf(options, "Namespace")["metadata"]["name"], "watch");
    EXPECT_EQ(manifestOf(options, "ClusterRoleBinding")["subjects"][0]["namespace"], "watch");
    EXPECT_EQ(manifestOf(options, "SecurityContextConstraints")["users"][0], "system:serviceaccount:watch:binnacle-agent");
}

TEST(AgentManifests, thePodIsNotPrivilegedAndOffTheHostsNetwork)
{
    const Json pod = manifestOf(withImage(), "DaemonSet")["spec"]["template"]["spec"];
    const Json security = containerOf(withImage())["securityContext"];
    EXPECT_EQ(security["privileged"], false);
    EXPECT_EQ(security["readOnlyRootFilesystem"], true);
    EXPECT_EQ(security["capabilities"]["drop"], Json::array({"ALL"}));
    EXPECT_EQ(pod["hostPID"], true);
    EXPECT_FALSE(pod.contains("hostNetwork"));
    EXPECT_TRUE(std::ranges::count(containerOf(withImage())["args"], Json("--listen=127.0.0.1:9465")) == 1);
}

TEST(AgentManifests, rolesOnlyListAndWatchAndNeverSecrets)
{
    const Json role = manifestOf(withImage(), "ClusterRole");
    for (const Json& rule : role["rules"]) {
        EXPECT_EQ(rule["verbs"], Json::array({"list", "watch"}));
        EXPECT_EQ(std::ranges::count(rule["resources"], Json("secrets")), 0);
        EXPECT_EQ(std::ranges::count(rule["resources"], Json("*")), 0);
    }
}

TEST(AgentManifests, olderAndHardenedKernelsGetTheirCapabilityAndNoOther)
{
    const Json plain = containerOf(withImage())["securityContext"]["capabilities"]["add"];
    InstallOptions options = withImage();
    options.hasOldKernels = true;
    options.kernels = InstallOptions::Kernels::Hardened;
    Json expected = plain;
    expected.push_back("SYS_RESOURCE");
    expected.push_back("SYS_ADMIN");
    EXPECT_EQ(containerOf(options)["securityContext"]["capabilities"]["add"], expected);
    EXPECT_EQ(std::ranges::count(plain, Json("SYS_ADMIN")), 0);
}

TEST(AgentManifests, aBufferOnDiskHasRoomForItsJournal)
{
    InstallOptions options = withImage();
    options.bufferDisk = "2G";
    EXPECT_EQ(manifestOf(options, "DaemonSet")["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]["sizeLimit"], "3072Mi");
    options.bufferFolder = "/srv/binnacle";
    const Json volume = manifestOf(options, "DaemonSet")["spec"]["template"]["spec"]["volumes"][0];
    EXPECT_EQ(volume.dump(), R"({"name":"buffer","hostPath":{"path":"/srv/binnacle","type":"DirectoryOrCreate"}})");
}

TEST(AgentManifests, aPriorityClassThatExistsIsUsedAndNoneMade)
{
    InstallOptions options = withImage();
    options.priorityClass = "system-node-critical";
    EXPECT_TRUE(manifestOf(options, "PriorityClass").is_null());
    EXPECT_EQ(manifestOf(options, "DaemonSet")["spec"]["template"]["spec"]["priorityClassName"], "system-node-critical");
}

TEST(AgentManifests, placementIsWhatWasSaid)
{
    InstallOptions options = withImage();
    options.nodeSelector["pool"] = "web";
    options.tolerations = {{"gpu", "", "NoSchedule"}, {"team", "a", ""}};
    const Json pod = manifestOf(options, "DaemonSet")["spec"]["template"]["spec"];
    EXPECT_EQ(pod["nodeSelector"].dump(), R"({"kubernetes.io/os":"linux","pool":"web"})");
    EXPECT_EQ(pod["tolerations"].dump(), R"([{"key":"gpu","operator":"Exists","effect":"NoSchedule"},{"key":"team","operator":"Equal","value":"a"}])");
    options.tolerations = std::vector<Toleration>();
    EXPECT_FALSE(manifestOf(options, "DaemonSet")["spec"]["template"]["spec"].contains("tolerations"));
}

TEST(AgentManifests, wrongOptionsAreNamed)
{
    const auto complaint = [](auto change) {
        InstallOptions options = withImage();
        change(options);
        const auto manifests = agentManifests(options);
        EXPECT_FALSE(manifests);
        return manifests ? std::string() : manifests.error().what;
    };
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.image.clear(); }).starts_with("--image is needed"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.image = "https://registry.example/agent"; }).starts_with("--image:"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.nameSpace = "Binnacle"; }).starts_with("--namespace:"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.bufferDisk = "lots"; }).starts_with("--buffer-disk:"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.bufferMemory = "1M"; }).starts_with("--buffer-memory must"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.bufferFolder = "buffer"; }).starts_with("--buffer-folder"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.seccompProfile = "Localhost/"; }).starts_with("--seccomp"));
    EXPECT_TRUE(complaint([](InstallOptions& o) { o.pullPolicy = "Sometimes"; }).starts_with("--image-pull-policy"));
}

TEST(Tolerations, areReadAsKubectlWritesTaints)
{
    EXPECT_EQ(parseToleration("all").value(), (Toleration{}));
    EXPECT_EQ(parseToleration("gpu").value(), (Toleration{"gpu", "", ""}));
    EXPECT_EQ(parseToleration("team=a:NoExecute").value(), (Toleration{"team", "a", "NoExecute"}));
    EXPECT_FALSE(parseToleration("team:Never"));
    EXPECT_FALSE(parseToleration("=a"));
}

TEST(Yaml, isReadBackAsTheSameJson)
{
    const std::string texts[] = {R"({"a":"no","b":"1.10","c":["x",{"d":null,"e":[[1,2],[]]}],"f":{},"g":"two\nlines","h":"# none","i":"0x1f","j":"- x","k":" "})",
                                 R"({"key with: colon":"a: b","yes":true,"n":-1.5,"s":"--listen=127.0.0.1:9465","t":"~","u":"10%","v":"","w":"é"})"};
    for (const std::string& text : texts) {
        const auto yaml = toYaml(text);
        ASSERT_TRUE(yaml);
        const auto read = parseYaml(*yaml);
        ASSERT_TRUE(read) << read.error().what << '\n' << *yaml;
        EXPECT_EQ(sorted(read->toJson()), sorted(text)) << *yaml;
    }
    EXPECT_FALSE(toYaml("{"));
}

TEST(Yaml, ofAnInstallationIsReadBackAsItsObjects)
{
    for (const Manifest& manifest : manifestsOf(withImage())) {
        const auto read = parseYaml(toYaml(manifest.json).value());
        ASSERT_TRUE(read);
        EXPECT_EQ(sorted(read->toJson()), sorted(manifest.json));
    }
}

TEST(AgentManifests, aGatewayComesWithADoorInEachAgent)
{
    InstallOptions options = withImage();
    EXPECT_FALSE(containerOf(options).dump().contains("gateway"));
    options.hasGateway = true;
    options.nameSpace = "watch";
    options.pullSecrets = {"registry"};
    EXPECT_EQ(kindsOf(options), "Namespace PriorityClass ServiceAccount ServiceAccount ClusterRole ClusterRole ClusterRoleBinding ClusterRoleBinding Role Role Role "
                                "RoleBinding RoleBinding RoleBinding Role NetworkPolicy NetworkPolicy NetworkPolicy DaemonSet Deployment");
    const Json agent = containerOf(options);
    EXPECT_EQ(agent["args"].back(), "--gateway-port=9466");
    EXPECT_EQ(agent["ports"].back()["name"], "gateway");
    const Json pod = manifestOf(options, "Deployment")["spec"]["template"]["spec"];
    EXPECT_EQ(pod["containers"][0]["image"], options.image);
    EXPECT_EQ(pod["imagePullSecrets"][0]["name"], "registry");
    for (const Manifest& manifest : manifestsOf(options)) {
        EXPECT_FALSE(manifest.json.contains("\"namespace\":\"binnacle\"")) << manifest.object.words();
    }
}
