// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/context_list.h"
#include "tests/core/kube/support/test_folder.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

std::string config(const std::string& context, bool isCurrent = false)
{
    return "clusters: [{name: c, cluster: {server: 'https://" + context + ":6443'}}]\nusers: [{name: u, user: {token: t}}]\n"
           "contexts: [{name: " + context + ", context: {cluster: c, user: u}}, {name: both, context: {cluster: c, user: u, namespace: " + context + "}}]\n"
           + (isCurrent ? "current-context: both\n" : "");
}

std::string namesOf(const ContextList& list)
{
    std::string names;
    for (const kube::ContextSummary& context : list.contexts)
        names += (names.empty() ? "" : " ") + context.name + (context.isCurrent ? "*" : "");
    return names;
}

class Contexts : public ::testing::Test {
protected:
    ContextList list(const std::string& files) const { return listContexts({}, {{"KUBECONFIG", files}}); }
    kube::tests::TestFolder folder;
};

TEST_F(Contexts, ofAllFilesAreMerged)
{
    const std::string a = folder.write("a", config("a")).string(), b = folder.write("b", config("b", true)).string();
    const ContextList found = list(a + ":" + b + ":" + (folder.path() / "none").string());
    EXPECT_EQ(namesOf(found), "a b both*");
    EXPECT_EQ(found.contexts[2].defaultNamespace, "a") << "the first file wins";
    EXPECT_EQ(found.missing.size(), 1u);
    EXPECT_FALSE(found.isByFile());
    EXPECT_EQ(found.whereFrom, "KUBECONFIG");
}

TEST_F(Contexts, aBrokenFileDoesNotHideTheOthersAndSaysWhy)
{
    const std::string a = folder.write("a", config("a", true)).string(), bad = folder.write("bad", "contexts: [\n").string(), b = folder.write("b", config("b", true)).string();
    const ContextList found = list(a + ":" + bad + ":" + b);
    EXPECT_EQ(namesOf(found), "a b both*") << "one is current, the first";
    ASSERT_EQ(found.unreadable.size(), 1u);
    EXPECT_EQ(found.unreadable[0].file, bad);
    EXPECT_NE(found.unreadable[0].reason.find(bad), std::string::npos) << found.unreadable[0].reason;
    EXPECT_TRUE(found.isByFile());
    EXPECT_EQ(found.contexts[2].origin, a);
}

TEST_F(Contexts, aFileNamedByHandMustBeThere)
{
    const ContextList found = listContexts((folder.path() / "none").string(), {});
    EXPECT_TRUE(found.contexts.empty());
    ASSERT_EQ(found.unreadable.size(), 1u);
    EXPECT_TRUE(listContexts({}, {}).unreadable.empty()) << "nothing names a file: that is no broken file";
}

} // namespace
} // namespace binnacle::desktop
