// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/preview.h"

#include <gtest/gtest.h>

using namespace binnacle::kube;

namespace {

const ObjectName kSet{"DaemonSet", "binnacle", "binnacle-agent"};

} // namespace

TEST(Preview, whatIsNotThereIsCreated)
{
    EXPECT_EQ(compareObjects(kSet, std::nullopt, "{}").kind, ObjectChange::Kind::Create);
}

TEST(Preview, whatAServerWritesItselfIsNoChange)
{
    const std::string live = R"({"metadata":{"name":"a","uid":"1","generation":3,"resourceVersion":"9","managedFields":[{"time":"1"}],
        "annotations":{"deprecated.daemonset.template.generation":"3"}},"spec":{"a":1},"status":{"numberReady":2}})";
    const std::string applied = R"({"metadata":{"name":"a","uid":"1","generation":4,"resourceVersion":"9","managedFields":[{"time":"2"}],
        "annotations":{"deprecated.daemonset.template.generation":"4"}},"spec":{"a":1},"status":{}})";
    EXPECT_EQ(compareObjects(kSet, live, applied).kind, ObjectChange::Kind::Unchanged);
}

TEST(Preview, changedFieldsAreNamedByPathWithBeforeAndAfter)
{
    const std::string live = R"({"spec":{"containers":[{"name":"agent","image":"a:1","args":["run","--x=1"]}],"gone":true}})";
    const std::string applied = R"({"spec":{"containers":[{"name":"agent","image":"a:2","args":["run","--x=2"]}],"new":{"k":"v"}}})";
    const ObjectChange change = compareObjects(kSet, live, applied);
    EXPECT_EQ(change.kind, ObjectChange::Kind::Change);
    EXPECT_EQ(change.fields, (std::vector<FieldChange>{{"spec.containers[agent].args[1]", "--x=1", "--x=2"},
                                                       {"spec.containers[agent].image", "a:1", "a:2"},
                                                       {"spec.gone", "true", ""},
                                                       {"spec.new.k", "", "v"}}));
}

TEST(Preview, anItemThatComesFirstMovesNoNamedItem)
{
    const ObjectChange change = compareObjects(kSet, R"({"env":[{"name":"A","value":"1"}]})", R"({"env":[{"name":"B","value":"2"},{"name":"A","value":"1"}]})");
    EXPECT_EQ(change.fields, (std::vector<FieldChange>{{"env[B].name", "", "B"}, {"env[B].value", "", "2"}}));
}

TEST(Conflicts, saysWhoHoldsWhatAndWhatToDo)
{
    const std::string status = R"({"kind":"Status","code":409,"reason":"Conflict","details":{"causes":[
        {"reason":"FieldManagerConflict","message":"conflict with \"helm\" using apps/v1","field":".spec.template.spec.containers[name=\"agent\"].image"},
        {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-client-side-apply\" using apps/v1","field":".spec.updateStrategy"}]}})";
    const auto conflicts = conflictsOf(status);
    ASSERT_EQ(conflicts.size(), 2u);
    EXPECT_EQ(conflicts[0], (FieldConflict{".spec.template.spec.containers[name=\"agent\"].image", "helm"}));
    EXPECT_EQ(explain(kSet, conflicts),
              "DaemonSet binnacle/binnacle-agent belongs to someone else in part, and nothing is taken over. `helm` holds "
              ".spec.template.spec.containers[name=\"agent\"].image: Helm installed it: change it with `helm upgrade`, or `helm uninstall` the release first. "
              "`kubectl-client-side-apply` holds .spec.updateStrategy: it was applied by kubectl: change it the same way, or delete the object first.");
    EXPECT_TRUE(conflictsOf(R"({"kind":"Status","code":409,"reason":"AlreadyExists"})").empty());
    EXPECT_TRUE(conflictsOf("no JSON").empty());
}
