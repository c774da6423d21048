// SPDX-License-Identifier: Apache-2.0
// Where kubeconfigs are looked for, and how files merge.
#include "core/kube/config/sources.h"
#include "core/kube/config/in_cluster.h"
#include "tests/core/kube/support/test_folder.h"

namespace binnacle::kube {
namespace {

using Named = KubeconfigSources::Named;
using Files = std::vector<std::filesystem::path>;
using tests::TestFolder;

TEST(Sources, theOptionAloneCounts)
{
    const auto sources = findSources({"/a:b"}, {{"KUBECONFIG", "/c"}, {"HOME", "/h"}});
    EXPECT_EQ(sources.named, Named::ByOption);
    EXPECT_EQ(sources.files, Files{"/a:b"}); // one file, no list
}

TEST(Sources, theVariableIsAListWithoutEmptyAndDoublePlaces)
{
    const auto sources = findSources({}, {{"KUBECONFIG", ":/a::/b:/a:"}, {"HOME", "/h"}});
    EXPECT_EQ(sources.named, Named::ByVariable);
    EXPECT_EQ(sources.files, (Files{"/a", "/b"}));
}

TEST(Sources, anEmptyVariableIsNoVariable)
{
    EXPECT_EQ(findSources({}, {{"KUBECONFIG", ""}, {"HOME", "/h"}}).files, Files{"/h/.kube/config"});
}

TEST(Sources, withoutHomeThereIsNothing)
{
    const auto config = load(findSources({}, {}));
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->files.empty());
    EXPECT_NE(config->whereFrom.find("neither KUBECONFIG nor HOME"), std::string::npos);
}

TEST(Sources, windowsSplitsAtSemicolons)
{
    EXPECT_EQ(findSources({}, {{"KUBECONFIG", "/a:x;/b"}}, PathRules::Windows).files, (Files{"/a:x", "/b"}));
}

TEST(Sources, windowsPrefersTheHomeThatHasAKubeconfig)
{
    const TestFolder folder;
    std::filesystem::create_directories(folder.path() / "home");
    folder.write("profile/.kube/config", "");
    const platform::Environment environment{{"HOME", (folder.path() / "home").string()}, {"USERPROFILE", (folder.path() / "profile").string()}};
    EXPECT_EQ(findSources({}, environment, PathRules::Windows).files, Files{folder.path() / "profile/.kube/config"});
    const platform::Environment drive{{"HOMEDRIVE", folder.path().string()}, {"HOMEPATH", "/profile"}, {"USERPROFILE", "/nonexistent"}};
    EXPECT_EQ(findSources({}, drive, PathRules::Windows).files, Files{folder.path() / "profile/.kube/config"});
}

TEST(Sources, missingFilesOfAListAreSkippedAndOfTheOptionAreNot)
{
    const TestFolder folder;
    const auto there = folder.write("there", "current-context: x\n");
    const auto config = load({Named::ByVariable, {folder.path() / "not", there}});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->files, Files{there});
    EXPECT_EQ(config->missing, Files{folder.path() / "not"});
    const auto option = load({Named::ByOption, {folder.path() / "not"}});
    ASSERT_FALSE(option);
    EXPECT_EQ(option.error().code, ErrorCode::NotFound);
    EXPECT_NE(option.error().what.find((folder.path() / "not").string()), std::string::npos);
}

TEST(Sources, everyBrokenFileIsNamedAtOnce)
{
    const TestFolder folder;
    const auto first = folder.write("first", "clusters: 5\n"), second = folder.write("second", "a: [\n"), fine = folder.write("fine", "");
    const auto config = load({Named::ByVariable, {first, fine, second, folder.path()}});
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().what.find(first.string() + ": line 1: clusters must be a list, not a number"), std::string::npos) << config.error().what;
    EXPECT_NE(config.error().what.find(second.string() + ": line "), std::string::npos) << config.error().what;
    EXPECT_NE(config.error().what.find(folder.path().string() + " is a folder"), std::string::npos) << config.error().what;
    EXPECT_EQ(config.error().what.find(fine.string()), std::string::npos);
}

TEST(Sources, entriesMergeWholeAndScalarsByTheFirstThatIsSet)
{
    const TestFolder folder;
    const auto a = folder.write("a/config", "clusters: [{name: c, cluster: {server: https://a, certificate-authority: ca}}]\n");
    const auto b = folder.write("b/config", "current-context: b\nclusters: [{name: c, cluster: {server: https://b, tls-server-name: t}}, "
                                            "{name: d, cluster: {certificate-authority: ../ca/}}]\n");
    const auto config = load({Named::ByVariable, {a, b}});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->currentContext, "b");
    EXPECT_EQ(config->clusters.at("c").server, "https://a");
    EXPECT_EQ(config->clusters.at("c").tlsServerName, "");
    EXPECT_EQ(config->clusters.at("c").certificateAuthority.file, folder.path() / "a/ca");
    EXPECT_EQ(config->clusters.at("d").certificateAuthority.file, folder.path() / "ca");
    EXPECT_EQ(config->clusters.at("d").origin, b);
}

TEST(Sources, onlyACommandWithASeparatorIsAFile)
{
    const auto user = [](const std::string& command) {
        const auto config = parseKubeconfig("users: [{name: u, user: {exec: {command: " + command + "}}}]", "/etc/kube/config");
        return config ? config->users.at("u").credentials.exec->command : config.error().what;
    };
    EXPECT_EQ(user("aws"), "aws");
    EXPECT_EQ(user("./aws"), "/etc/kube/aws");
    EXPECT_EQ(user("../bin/aws"), "/etc/bin/aws");
    EXPECT_EQ(user("/opt/../aws"), "/opt/../aws");
}

TEST(Sources, typeErrorsSayTheLineAndWhatToDo)
{
    const auto said = [](const char* text) {
        const auto config = parseKubeconfig(text, "/f");
        return config ? "accepted" : config.error().what;
    };
    EXPECT_EQ(said("users:\n- name: u\n  user:\n    token: 12345\n"), "line 4: users[0].user.token must be text, not a number; put it in quotes");
    EXPECT_EQ(said("clusters:\n- name: c\n  cluster: {insecure-skip-tls-verify: \"true\"}\n"),
              "line 3: clusters[0].cluster.insecure-skip-tls-verify must be a truth value, not text; write true or false without quotes");
    EXPECT_EQ(said("contexts:\n- name: c\n- name: c\n"), "line 3: duplicate name \"c\" in the list of contexts: each name may stand there once");
    EXPECT_EQ(said("kind: Pod\napiVersion: v1\n"), "line 1: this is kind \"Pod\" of version \"v1\", a kubeconfig is kind \"Config\" of version \"v1\"");
    EXPECT_EQ(said("a: *b\n"), "line 1: this is no YAML: the referenced anchor is not defined");
}

TEST(Sources, hugeAndDeepDocumentsEndInAnError)
{
    const TestFolder folder;
    const auto large = folder.write("large", "# " + std::string(9u << 20, 'x') + "\n");
    EXPECT_FALSE(load({Named::ByVariable, {large}}));
    EXPECT_FALSE(parseKubeconfig(std::string(5000, '['), "/f"));
    EXPECT_FALSE(parseKubeconfig("a: " + std::string(200, '[') + std::string(200, ']'), "/f"));
    std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below + "," + below + "," + below + "," + below + "," + below + "," + below
                  + "," + below + "," + below + "]\n";
    }
    EXPECT_FALSE(parseKubeconfig(laughs, "/f"));
}

TEST(InCluster, theMountedServiceAccount)
{
    const TestFolder folder;
    folder.write("token", "t\n");
    folder.write("ca.crt", "");
    folder.write("namespace", "binnacle\n");
    const auto access = inClusterAccess({{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}}, folder.path());
    ASSERT_TRUE(access);
    EXPECT_EQ(access->cluster.server, "https://[fd00::1]:443");
    EXPECT_EQ(access->cluster.certificateAuthority.file, folder.path() / "ca.crt");
    EXPECT_EQ(access->user.token.file, folder.path() / "token");
    EXPECT_EQ(access->defaultNamespace, "binnacle");
    EXPECT_EQ(inClusterAccess({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}, folder.path()).error().code, ErrorCode::NotFound);
    std::filesystem::remove(folder.path() / "token");
    const auto none = inClusterAccess({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}}, folder.path());
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().what.find("automountServiceAccountToken"), std::string::npos);
}

} // namespace
} // namespace binnacle::kube
