// SPDX-License-Identifier: Apache-2.0
#include "core/base/catalog.h"

#include <cctype>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace binnacle {
namespace {

template <class List, class Field>
void expectUnique(const List& list, Field field)
{
    std::set<std::decay_t<decltype(field(list[0]))>> seen;
    for (const auto& facts : list)
        EXPECT_TRUE(seen.insert(field(facts)).second);
}

TEST(Catalog, numbersAreUsedOnce)
{
    expectUnique(kProtocols, [](const ProtocolFacts& f) { return static_cast<int>(f.protocol); });
    expectUnique(kLosses, [](const LossFacts& f) { return static_cast<int>(f.loss); });
    expectUnique(kEventKinds, [](const EventKindFacts& f) { return static_cast<int>(f.kind); });
}

TEST(Catalog, namesAreUsedOnce)
{
    expectUnique(kProtocols, [](const ProtocolFacts& f) { return f.name; });
    expectUnique(kEventKinds, [](const EventKindFacts& f) { return f.name; });
    expectUnique(kLosses, [](const LossFacts& f) { return std::string(f.place) + '/' + std::string(f.reason); });
}

TEST(Catalog, numbersOnTheWireStay)
{
    EXPECT_EQ(static_cast<int>(Protocol::Unknown), 0);
    EXPECT_EQ(static_cast<int>(Protocol::Http), 1);
    EXPECT_EQ(static_cast<int>(Protocol::Redis), 2);
    EXPECT_EQ(static_cast<int>(Loss::DataRingFull), 1);
    EXPECT_EQ(static_cast<int>(Loss::ParserGap), 5);
    EXPECT_EQ(static_cast<int>(Loss::ProcessGone), 20);
}

TEST(Catalog, stableNamesAreLowerCaseWords)
{
    const auto isStable = [](std::string_view name) {
        for (const char c : name) {
            if (!std::islower(static_cast<unsigned char>(c)) && !std::isdigit(static_cast<unsigned char>(c)) && c != '_')
                return false;
        }
        return !name.empty();
    };
    for (const auto& facts : kProtocols)
        EXPECT_TRUE(isStable(facts.name)) << facts.name;
    for (const auto& facts : kEventKinds)
        EXPECT_TRUE(isStable(facts.name)) << facts.name;
    for (const auto& facts : kLosses)
        EXPECT_TRUE(isStable(facts.place) && isStable(facts.reason)) << facts.reason;
}

TEST(Catalog, everyLossHasAUnitAndAdvice)
{
    for (const auto& facts : kLosses) {
        EXPECT_TRUE(facts.unit == "events" || facts.unit == "bytes" || facts.unit == "exchanges") << facts.unit;
        EXPECT_TRUE(facts.advice.ends_with('.')) << facts.advice;
    }
}

TEST(Catalog, knowsNothingOfANumberFromTheFuture)
{
    EXPECT_EQ(factsOf(Protocol::Redis)->label, "Redis");
    EXPECT_FALSE(factsOf(static_cast<Protocol>(250)));
    EXPECT_FALSE(factsOf(static_cast<Loss>(60000)));
    EXPECT_FALSE(factsOf(static_cast<EventKind>(60000)));
}

} // namespace
} // namespace binnacle
