// SPDX-License-Identifier: Apache-2.0
#include "script.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace binnacle::protocols::test {
namespace {

constexpr std::uint32_t kFirstSequence[2] = {1000, 2000};

std::string unescape(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{') {
            const std::size_t star = text.find('*', i);
            const std::size_t end = text.find('}', i);
            const bool repeats = star != std::string::npos && end == star + 2 && text.find_first_not_of("0123456789", i + 1) == star;
            if (repeats) {
                out.append(std::stoul(text.substr(i + 1, star - i - 1)), text[star + 1]);
                i = end;
                continue;
            }
        }
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
        case 'r': out += '\r'; break;
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case '0': out += '\0'; break;
        case 'x':
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
            break;
        default: out += text[i];
        }
    }
    return out;
}

std::uint64_t endOf(const std::vector<Piece>& pieces, Direction direction)
{
    std::uint64_t end = 0;
    for (const Piece& piece : pieces) {
        if (piece.direction == direction)
            end = std::max<std::uint64_t>(end, piece.position + piece.bytes.size());
    }
    return end;
}

class Recorder final : public ExchangeSink {
public:
    explicit Recorder(Result& result) : m_result(result) {}
    void onExchange(const Exchange& exchange) override
    {
        m_result.exchanges.push_back({std::string(exchange.route), std::string(exchange.method), std::string(exchange.status), exchange});
    }
    void onLoss(Loss loss, std::uint64_t count, HostTime) override
    {
        (loss == Loss::ParserGap ? m_result.gap : loss == Loss::ParserResync ? m_result.resync : m_result.bufferFull) += count;
    }

private:
    Result& m_result;
};

Chunk chunkOf(const Piece& piece)
{
    Chunk chunk;
    chunk.at = hostTime(static_cast<std::uint64_t>(piece.at) * 1'000'000);
    chunk.direction = piece.direction;
    chunk.position = piece.position;
    chunk.tcpSequence = kFirstSequence[static_cast<std::size_t>(piece.direction)] + static_cast<std::uint32_t>(piece.position);
    chunk.thread = 100 + static_cast<std::uint32_t>(piece.at);
    chunk.bytes = asBytes(std::string_view(piece.bytes).substr(0, piece.captured));
    chunk.originalSize = static_cast<std::uint32_t>(piece.bytes.size());
    return chunk;
}

} // namespace

Script parseScript(const std::string& text, std::string name)
{
    Script script;
    script.name = std::move(name);
    std::istringstream lines(text);
    std::uint64_t position[2] = {0, 0};
    int at = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#')
            continue;
        if (line.starts_with("> ") || line.starts_with("< ")) {
            const Direction direction = line[0] == '>' ? Direction::Request : Direction::Response;
            Piece piece{direction, unescape(line.substr(2)), position[static_cast<std::size_t>(direction)], ++at};
            position[static_cast<std::size_t>(direction)] += piece.bytes.size();
            script.pieces.push_back(std::move(piece));
        } else if (line.starts_with("= ")) {
            script.expected += line.substr(2) + '\n';
        } else if (line.starts_with("wait ")) {
            at += std::stoi(line.substr(5));
        } else if (line == "start mid") {
            script.start = Start::MidStream;
        } else if (line == "roles guessed") {
            script.roles = Roles::Guessed;
        } else if (line == "nocut") {
            script.cut = false;
        } else if (line == "nodrop") {
            script.drop = false;
        } else if (line == "noclose") {
            script.close = false;
        } else {
            throw std::runtime_error(script.name + ": what is \"" + line + "\"?");
        }
    }
    return script;
}

Script loadScript(const std::string& path)
{
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    const std::filesystem::path file(path);
    return parseScript(text.str(), file.parent_path().stem().string() + '_' + file.stem().string());
}

std::vector<std::string> corpusFiles()
{
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(BN_PROTOCOL_CORPUS)) {
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string Seen::print() const
{
    std::ostringstream out;
    const auto ms = [](HostTime t) { return ns(t) / 1'000'000; };
    out << route << ' ' << (status.empty() ? "-" : status) << (facts.error ? " error" : "") << "  " << ms(facts.requestStart) << '-'
        << ms(facts.requestEnd) << ' ' << ms(facts.responseStart) << '-' << ms(facts.responseEnd) << "  at " << facts.requestPosition << '+'
        << facts.requestBytes << ' ' << facts.responsePosition << '+' << facts.responseBytes;
    if (facts.requestIdHash != 0)
        out << "  id " << std::hex << facts.requestIdHash << std::dec;
    if (facts.hasTraceparent) {
        out << "  trace ";
        char hex[3];
        for (const std::uint8_t byte : facts.traceId) {
            std::snprintf(hex, sizeof hex, "%02x", byte);
            out << hex;
        }
    }
    return out.str();
}

std::string Seen::printEssence() const
{
    std::ostringstream out;
    out << route << ' ' << status << ' ' << facts.error << ' ' << ns(facts.requestStart) << ' ' << ns(facts.responseStart) << ' '
        << ns(facts.responseEnd) << ' ' << facts.requestPosition << ' ' << facts.responsePosition << ' ' << facts.responseBytes << ' '
        << facts.requestThread << ' ' << facts.responseThread << ' ' << facts.requestSequence << ' ' << facts.responseSequence;
    return out.str();
}

std::string Result::print() const
{
    std::ostringstream out;
    for (const Seen& seen : exchanges)
        out << seen.print() << '\n';
    for (const std::string& waiting : inFlight)
        out << "in flight " << waiting << '\n';
    const std::array<std::pair<const char*, std::uint64_t>, 4> counts{
        {{"gap", gap}, {"resync", resync}, {"buffer_full", bufferFull}, {"orphans", orphans}}};
    for (const auto& [what, count] : counts) {
        if (count > 0)
            out << what << ' ' << count << '\n';
    }
    if (verdict == Verdict::NotAProtocolWeKnow)
        out << "left\n";
    if (verdict == Verdict::Undecided)
        out << "undecided\n";
    return out.str();
}

std::vector<std::string> Result::essence() const
{
    std::vector<std::string> lines;
    for (const Seen& seen : exchanges)
        lines.push_back(seen.printEssence());
    std::sort(lines.begin(), lines.end());
    return lines;
}

Result run(const Script& script, const std::vector<Piece>& pieces)
{
    Result result;
    Recorder recorder(result);
    RouteCache routes;
    StreamParser parser(script.start, script.roles, routes);
    for (const Piece& piece : pieces)
        parser.feed(chunkOf(piece), recorder);
    std::array<InFlight, 64> waiting;
    const std::size_t count = parser.inFlight(waiting);
    for (std::size_t i = 0; i < std::min(count, waiting.size()); ++i)
        result.inFlight.push_back(std::string(waiting[i].route) + " since " + std::to_string(ns(waiting[i].startedAt) / 1'000'000));
    result.verdict = parser.verdict();
    result.protocol = parser.protocol();
    result.swapped = parser.rolesSwapped();
    StreamEnd end{hostTime(static_cast<std::uint64_t>(script.endsAt()) * 1'000'000)};
    end.requestBytes = endOf(script.pieces, Direction::Request);
    end.responseBytes = endOf(script.pieces, Direction::Response);
    if (script.close)
        parser.close(end, recorder);
    result.orphans = parser.orphanResponses();
    return result;
}

Result run(const std::string& scriptText) { return run(parseScript(scriptText)); }

} // namespace binnacle::protocols::test
