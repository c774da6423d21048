// SPDX-License-Identifier: Apache-2.0
// Every kubeconfig of the corpus is read as kubectl reads it: by what a real one printed once (golden.json), and, where one is installed, by what it
// prints now.
#include "core/base/platform/child_process.h"
#include "core/base/platform/files.h"
#include "core/base/platform/programs.h"
#include "core/kube/config/sources.h"
#include "tests/core/kube/support/kubeconfig_json.h"

#include <gtest/gtest.h>

#include <charconv>

namespace binnacle::kube {
namespace {

using nlohmann::json;
const std::filesystem::path kCorpus = BN_KUBE_CORPUS;

const json& golden()
{
    static const json all = [] {
        auto text = platform::readFile(kCorpus / "golden.json");
        for (std::size_t at = 0; text && (at = text->find("@CORPUS@", at)) != std::string::npos;)
            text->replace(at, 8, kCorpus.string());
        return json::parse(text.value_or("null"));
    }();
    return all;
}

KubeconfigSources sourcesOf(const json& entry)
{
    KubeconfigSources sources{KubeconfigSources::Named::ByVariable, {}};
    for (const json& file : entry["files"])
        sources.files.push_back(kCorpus / file.get<std::string>());
    return sources;
}

/// What we make of it, in kubectl's words, or why not.
struct Views {
    json view, minified;
    std::string viewError, minifiedError;
    Kubeconfig config;
};

/// kubectl's print in the form that ours has.
std::string expected(const json& printed, const Views& views) { return tests::withAbsolutePaths(tests::withoutUnread(printed), views.config).dump(1); }

Views ours(const json& entry)
{
    Views views;
    const auto config = load(sourcesOf(entry));
    if (!config) {
        views.viewError = views.minifiedError = config.error().what;
        return views;
    }
    views.view = tests::viewJson(*config);
    views.config = *config;
    if (const auto small = tests::minified(*config))
        views.minified = tests::viewJson(*small);
    else
        views.minifiedError = small.error().what;
    return views;
}

TEST(KubectlOracle, theCorpusIsWhole)
{
    ASSERT_TRUE(golden().is_object());
    EXPECT_GE(golden()["cases"].size(), 200u);
    std::size_t found = 0;
    for (const char* kind : {"written", "generated"})
        found += static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(kCorpus / kind), std::filesystem::directory_iterator()));
    EXPECT_EQ(found, golden()["cases"].size()) << "make_golden.py must run after a change of the corpus";
}

/// go-yaml has no `\/`, which JSON and YAML 1.2 have; yaml-cpp does.  Nothing can be misread by taking it.
constexpr std::string_view kMoreLenient = "generated/json-escapes.yaml";

TEST(KubectlOracle, theOneKnownDifferenceIsLenience)
{
    const json& entry = golden()["cases"][std::string(kMoreLenient)];
    EXPECT_TRUE(entry.contains("viewError"));
    EXPECT_EQ(ours(entry).viewError, "");
}

TEST(KubectlOracle, whatKubectlPrintedOnceIsWhatWeRead)
{
    for (const auto& [name, entry] : golden()["cases"].items()) {
        if (name == kMoreLenient)
            continue;
        SCOPED_TRACE(name);
        const Views views = ours(entry);
        EXPECT_EQ(entry.contains("viewError"), !views.viewError.empty()) << "kubectl: " << entry.value("viewError", "accepts") << "\nours: " << views.viewError;
        EXPECT_EQ(entry.contains("minifiedError"), !views.minifiedError.empty())
            << "kubectl: " << entry.value("minifiedError", "accepts") << "\nours: " << views.minifiedError;
        if (entry.contains("view") && views.viewError.empty()) {
            EXPECT_EQ(expected(entry["view"], views), views.view.dump(1));
        }
        if (entry.contains("minified") && views.minifiedError.empty()) {
            EXPECT_EQ(expected(entry["minified"], views), views.minified.dump(1));
        }
    }
}

TEST(KubectlOracle, aRefusalNamesTheFileAndTheLine)
{
    for (const auto& [name, entry] : golden()["cases"].items()) {
        const auto config = load(sourcesOf(entry));
        if (config)
            continue;
        SCOPED_TRACE(name + ": " + config.error().what);
        EXPECT_NE(config.error().what.find(kCorpus.string()), std::string::npos);
        EXPECT_NE(config.error().what.find(": line "), std::string::npos);
    }
}

/// Google's kubectl is a dispatcher that first asks the cluster for its version: then the newest real one beside it.
std::optional<std::filesystem::path> kubectl(const platform::Environment& environment)
{
    auto found = platform::findProgram("kubectl", platform::variable(environment, "PATH"));
    if (!found)
        return found;
    int newest = 0;
    const auto folder = std::filesystem::canonical(*found).parent_path();
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        const std::string name = file.path().filename().string();
        int version = 0;
        if (name.starts_with("kubectl.1."))
            std::from_chars(name.data() + 10, name.data() + name.size(), version);
        if (version > newest) {
            newest = version;
            found = file.path();
        }
    }
    return found;
}

/// Every fifth case: a kubectl takes a tenth of a second and more.
TEST(KubectlOracle, whatKubectlPrintsNowIsWhatWeRead)
{
    platform::Environment environment = platform::environment();
    const auto program = kubectl(environment);
    if (!program)
        GTEST_SKIP() << "skipped: no kubectl";
    std::size_t number = 0;
    for (const auto& [name, entry] : golden()["cases"].items()) {
        if (number++ % 5 != 0 || name == kMoreLenient)
            continue;
        SCOPED_TRACE(name);
        std::string list;
        for (const auto& file : sourcesOf(entry).files)
            list += (list.empty() ? "" : ":") + file.string();
        environment["KUBECONFIG"] = list;
        platform::ChildCommand command;
        command.program = *program;
        command.arguments = {"config", "view", "--raw", "-o", "json"};
        command.environment = environment;
        const auto printed = platform::runChild(command, {});
        ASSERT_TRUE(printed.has_value());
        ASSERT_EQ(printed->ending, platform::ChildResult::Ending::Exited);
        const Views views = ours(entry);
        EXPECT_EQ(printed->exitCode == 0, views.viewError.empty()) << printed->errorText << views.viewError;
        if (printed->exitCode == 0) {
            EXPECT_EQ(expected(json::parse(printed->output), views), views.view.dump(1));
        }
    }
}

} // namespace
} // namespace binnacle::kube
