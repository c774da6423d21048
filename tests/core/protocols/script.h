// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/route_template.h"
#include "core/protocols/stream_parser.h"

#include <string>
#include <vector>

namespace binnacle::protocols::test {

/// One transfer, with its bytes.  `captured` of them are shown to the parser.
struct Piece {
    Direction direction = Direction::Request;
    std::string bytes;
    std::uint64_t position = 0;
    int at = 0; // ms; also the thread is made of it
    std::size_t captured = std::string::npos;
};

/// A conversation and what is expected of it, as in tests/golden/protocols/*/*.txt:
///
///     # comment
///     start mid | roles guessed | nocut (the cuts are looked for only at chunk borders) | noclose | nodrop
///     > GET / HTTP/1.1\r\n\r\n            a chunk of the client; escapes \r \n \t \0 \\ \xHH, {1000*a} repeats
///     < HTTP/1.1 204 No Content\r\n\r\n   a chunk of the server
///     wait 6000                            ms without a byte
///     = GET / 204 …                        a line of the printed result
///
/// Chunks follow each other in steps of 1 ms.
struct Script {
    std::string name;
    std::vector<Piece> pieces;
    std::string expected;
    Start start = Start::FromFirstByte;
    Roles roles = Roles::Known;
    bool cut = true, drop = true, close = true;

    int endsAt() const { return pieces.empty() ? 1 : pieces.back().at + 1; }
};

Script parseScript(const std::string& text, std::string name = {});
Script loadScript(const std::string& path);
std::vector<std::string> corpusFiles();

/// An exchange with texts of its own.
struct Seen {
    std::string route, method, status;
    Exchange facts;

    std::string print() const;
    /// Time and meaning, without what a gap inside a body may shorten.
    std::string printEssence() const;
};

struct Result {
    std::vector<Seen> exchanges;
    std::uint64_t gap = 0, resync = 0, bufferFull = 0, orphans = 0;
    Protocol protocol = Protocol::Unknown;
    Verdict verdict = Verdict::Undecided; // before the close
    std::optional<bool> swapped;
    std::vector<std::string> inFlight; // before the close

    std::string print() const;
    std::vector<std::string> essence() const; // sorted
};

/// Feeds the pieces, then closes with the true totals of `whole` (what the connection really carried).
Result run(const Script& script, const std::vector<Piece>& pieces);
inline Result run(const Script& script) { return run(script, script.pieces); }
Result run(const std::string& scriptText);

} // namespace binnacle::protocols::test
