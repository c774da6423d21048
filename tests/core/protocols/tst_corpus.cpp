// SPDX-License-Identifier: Apache-2.0
// Every recorded conversation: its expected text; the same however it is cut; honest when a part of it is missing.
#include "script.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace binnacle::protocols::test {
namespace {

class Corpus : public ::testing::TestWithParam<std::string> {};

std::vector<Piece> cutAt(const std::vector<Piece>& pieces, std::size_t which, std::size_t where)
{
    std::vector<Piece> out(pieces.begin(), pieces.end());
    Piece tail = out[which];
    tail.bytes = tail.bytes.substr(where);
    tail.position += where;
    out[which].bytes.resize(where);
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(which) + 1, tail);
    return out;
}

/// What was not seen whole has to be counted, and nothing that was seen may differ from the truth.
void expectHonest(const Result& truth, const Result& partial, const std::string& what)
{
    const auto all = truth.essence();
    const auto some = partial.essence();
    EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end())) << what << ": an exchange that was not\n" << partial.print();
    EXPECT_EQ(truth.exchanges.size(), partial.exchanges.size() + partial.gap) << what << '\n' << partial.print();
}

/// A body of many bytes is cut at its ends and in some places, not at each byte.
std::size_t stepAfter(std::size_t at, std::size_t size)
{
    return at >= 300 && at + 300 < size ? 97 : 1;
}

TEST_P(Corpus, givesTheExpectedText)
{
    const Script script = loadScript(GetParam());
    EXPECT_EQ(run(script).print(), script.expected);
}

TEST_P(Corpus, isTheSameCutAtEveryByte)
{
    const Script script = loadScript(GetParam());
    if (!script.cut)
        return;
    const std::string expected = run(script).print();
    for (std::size_t i = 0; i < script.pieces.size(); ++i) {
        const std::size_t size = script.pieces[i].bytes.size();
        for (std::size_t where = 1; where < size; where += stepAfter(where, size))
            ASSERT_EQ(run(script, cutAt(script.pieces, i, where)).print(), expected) << "chunk " << i << " cut at " << where;
    }
}

TEST_P(Corpus, isTheSameByteByByte)
{
    const Script script = loadScript(GetParam());
    if (!script.cut)
        return;
    std::vector<Piece> bytes;
    for (const Piece& piece : script.pieces) {
        for (std::size_t i = 0; i < piece.bytes.size(); ++i)
            bytes.push_back({piece.direction, piece.bytes.substr(i, 1), piece.position + i, piece.at});
    }
    EXPECT_EQ(run(script, bytes).print(), run(script).print());
}

TEST_P(Corpus, isTheSameWhenChunksComeTwice)
{
    const Script script = loadScript(GetParam());
    if (!script.cut)
        return;
    std::vector<Piece> twice;
    for (const Piece& piece : script.pieces) {
        twice.push_back(piece);
        twice.push_back(piece);
    }
    EXPECT_EQ(run(script, twice).print(), run(script).print());
}

TEST_P(Corpus, accountsForEveryExchangeWhenAChunkIsLost)
{
    const Script script = loadScript(GetParam());
    if (!script.drop)
        return;
    const Result truth = run(script);
    for (std::size_t i = 0; i < script.pieces.size(); ++i) {
        std::vector<Piece> pieces = script.pieces;
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i));
        expectHonest(truth, run(script, pieces), "without chunk " + std::to_string(i));
    }
}

TEST_P(Corpus, accountsForEveryExchangeWhenAChunkIsNotCapturedWhole)
{
    const Script script = loadScript(GetParam());
    if (!script.drop)
        return;
    const Result truth = run(script);
    for (std::size_t i = 0; i < script.pieces.size(); ++i) {
        const std::size_t size = script.pieces[i].bytes.size();
        for (std::size_t kept = 0; kept < size; kept += stepAfter(kept, size)) {
            std::vector<Piece> pieces = script.pieces;
            pieces[i].captured = kept;
            expectHonest(truth, run(script, pieces), "chunk " + std::to_string(i) + " captured up to " + std::to_string(kept));
        }
    }
}

std::string nameOf(const ::testing::TestParamInfo<std::string>& info)
{
    std::string name = loadScript(info.param).name;
    std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Protocols, Corpus, ::testing::ValuesIn(corpusFiles()), nameOf);

} // namespace
} // namespace binnacle::protocols::test
