// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/internal/known_objects.h"
#include "tests/core/kube/doubles/recording_sink.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

nlohmann::json object(const char* name, const char* uid, const char* version)
{
    return {{"metadata", {{"namespace", "n"}, {"name", name}, {"uid", uid}, {"resourceVersion", version}}}};
}

using Notes = std::vector<std::string>;

TEST(KnownObjects, aSecondListingTellsOnlyTheDifferences)
{
    test::RecordingSink sink;
    KnownObjects known(sink);
    known.beginListing();
    known.present(object("same", "1", "1"));
    known.present(object("changed", "2", "1"));
    known.present(object("gone", "3", "1"));
    known.present(object("reborn", "4", "1"));
    known.endListing();
    known.beginListing();
    known.present(object("same", "1", "1"));
    known.present(object("changed", "2", "5"));
    known.present(object("reborn", "9", "6"));
    known.present(object("new", "10", "7"));
    known.endListing();
    EXPECT_EQ(sink.notes(), (Notes{"+n/same", "+n/changed", "+n/gone", "+n/reborn", "~n/changed", "-n/reborn", "+n/reborn", "+n/new", "-n/gone"}));
}

TEST(KnownObjects, whatWasNeverThereIsNotDeleted)
{
    test::RecordingSink sink;
    KnownObjects known(sink);
    known.absent(object("a", "1", "1"));
    known.present({{"metadata", {{"namespace", "n"}}}}); // without a name it is nothing
    known.present(nlohmann::json("text"));
    EXPECT_EQ(sink.notes(), Notes{});
    known.present(object("a", "1", "1"));
    known.absent(object("a", "1", "2"));
    known.absent(object("a", "1", "2"));
    EXPECT_EQ(sink.notes(), (Notes{"+n/a", "-n/a"}));
}

} // namespace
} // namespace binnacle::kube
