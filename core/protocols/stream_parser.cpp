// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/stream_parser.h"

#include "core/protocols/all_protocols.h"
#include "core/protocols/stream.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace binnacle::protocols {
namespace {

/// What a protocol makes of the beginnings of both directions; `Maybe` when there is nothing to see yet.
struct Opinion {
    Likeness request = Likeness::Maybe;
    Likeness response = Likeness::Maybe;

    bool accepts() const
    {
        const bool sure = request == Likeness::Yes || response == Likeness::Yes;
        return !refuses() && (sure || (request == Likeness::Weak && response == Likeness::Weak));
    }
    bool refuses() const { return request == Likeness::No || response == Likeness::No; }
};

using MakeStream = std::unique_ptr<AnyStream> (*)(Start, RouteCache&);

struct Candidate {
    Protocol protocol;
    Likeness (*looksLike)(ByteView, Direction);
    MakeStream make;
};

template <ApplicationProtocol... Ps>
constexpr auto candidatesOf(ProtocolList<Ps...>)
{
    return std::array{Candidate{Ps::kProtocol, &Ps::looksLike, [](Start start, RouteCache& routes) -> std::unique_ptr<AnyStream> {
                                    return std::make_unique<Stream<Ps>>(start, routes);
                                }}...};
}

constexpr auto kCandidates = candidatesOf(AllProtocols{});

} // namespace

/// Which protocol is it?  Keeps the chunks until it knows when the connection was seen from its first byte, so that nothing of it is lost;
/// otherwise, and after a gap, looks at each chunk alone, since any of them may be the first that begins with a message.
class Detection {
public:
    Detection(Start start, Roles roles) : m_start(start), m_roles(roles), m_whole(start == Start::FromFirstByte) {}

    enum class Outcome : std::uint8_t { Undecided, Found, NotOurs };

    Outcome look(const Chunk& chunk)
    {
        m_whole = m_whole && continues(chunk);
        const bool usual = m_whole && m_held.empty();
        if (usual && judge(chunk) == Outcome::Found)
            return Outcome::Found;
        if (m_start == Start::FromFirstByte)
            hold(chunk);
        const Outcome outcome = m_whole ? lookAtBeginning() : lookAtMiddle(chunk);
        m_whole = m_whole && chunk.originalSize <= chunk.bytes.size();
        return outcome;
    }

    const Candidate& found() const { return *m_found; }
    Start start() const { return m_start; }
    bool swapped() const { return m_swapped; }

    /// What was fed so far and not thrown away, `last` among it.
    template <class Take>
    void replay(const Chunk& last, Take take) const
    {
        if (m_held.empty())
            take(last);
        std::size_t offset = 0;
        for (const Held& held : m_held) {
            Chunk chunk = held.chunk;
            chunk.bytes = ByteView(m_bytes).subspan(offset, held.size);
            offset += held.size;
            take(chunk);
        }
    }

private:
    static constexpr std::size_t kMaxHeld = 64;
    static constexpr std::size_t kMaxHeldBytes = 32 * 1024;
    static constexpr int kMaxTurns = 16;      // chunks after a change of direction that no protocol knew
    static constexpr int kMaxChunks = 4096;   // a long transfer that never turns

    struct Held {
        Chunk chunk; // without its bytes
        std::size_t size;
    };

    bool continues(const Chunk& chunk)
    {
        std::uint64_t& next = m_next[static_cast<std::size_t>(chunk.direction)];
        const bool joined = chunk.position <= next;
        next = std::max(next, chunk.position + chunk.bytes.size());
        return joined;
    }

    /// Keeps a chunk for later.  Past the limits it is as if we had come late.
    void hold(const Chunk& chunk)
    {
        // After a gap, what cannot begin a message is of no use; that it moved is.
        const bool useful = m_whole || couldBegin(chunk.bytes, chunk.direction) || couldBegin(chunk.bytes, opposite(chunk.direction));
        const ByteView bytes = useful ? chunk.bytes : ByteView{};
        if (m_held.size() >= kMaxHeld || m_bytes.size() + bytes.size() > kMaxHeldBytes) {
            m_start = Start::MidStream;
            m_whole = false;
            m_held.clear();
            m_bytes.clear();
            return;
        }
        m_held.push_back({chunk, bytes.size()});
        m_held.back().chunk.bytes = {};
        m_held.back().chunk.originalSize = std::max(chunk.originalSize, static_cast<std::uint32_t>(chunk.bytes.size()));
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
        if (!m_whole)
            return;
        std::vector<std::uint8_t>& beginning = m_beginning[static_cast<std::size_t>(chunk.direction)];
        const std::uint64_t known = std::min<std::uint64_t>(beginning.size() - chunk.position, chunk.bytes.size());
        beginning.insert(beginning.end(), chunk.bytes.begin() + static_cast<std::ptrdiff_t>(known), chunk.bytes.end());
    }

    static bool couldBegin(ByteView bytes, Direction direction)
    {
        return std::any_of(kCandidates.begin(), kCandidates.end(),
                           [&](const Candidate& c) { return c.looksLike(bytes, direction) != Likeness::No; });
    }

    Outcome judge(const Chunk& chunk)
    {
        return chunk.direction == Direction::Request ? judge(chunk.bytes, {}) : judge({}, chunk.bytes);
    }

    Outcome lookAtBeginning()
    {
        const Outcome asGiven = judge(m_beginning[0], m_beginning[1]);
        if (asGiven != Outcome::NotOurs || m_roles == Roles::Known)
            return asGiven;
        const Outcome turned = judge(m_beginning[1], m_beginning[0]);
        m_swapped = turned == Outcome::Found;
        return turned;
    }

    Outcome judge(ByteView request, ByteView response)
    {
        bool possible = false;
        for (const Candidate& candidate : kCandidates) {
            const Opinion opinion{request.empty() ? Likeness::Maybe : candidate.looksLike(request, Direction::Request),
                                  response.empty() ? Likeness::Maybe : candidate.looksLike(response, Direction::Response)};
            if (opinion.accepts()) {
                m_found = &candidate;
                return Outcome::Found;
            }
            possible |= !opinion.refuses();
        }
        return possible ? Outcome::Undecided : Outcome::NotOurs;
    }

    Outcome lookAtMiddle(const Chunk& chunk)
    {
        if (chunk.bytes.empty())
            return Outcome::Undecided;
        if (isMessage(chunk.bytes, chunk.direction))
            return Outcome::Found;
        if (m_roles == Roles::Guessed && isMessage(chunk.bytes, opposite(chunk.direction))) {
            m_swapped = true;
            return Outcome::Found;
        }
        m_turns += m_last != chunk.direction;
        m_last = chunk.direction;
        return m_turns >= kMaxTurns || ++m_chunks >= kMaxChunks ? Outcome::NotOurs : Outcome::Undecided;
    }

    bool isMessage(ByteView bytes, Direction direction)
    {
        for (const Candidate& candidate : kCandidates) {
            if (candidate.looksLike(bytes, direction) == Likeness::Yes) {
                m_found = &candidate;
                return true;
            }
        }
        return false;
    }

    const Candidate* m_found = nullptr;
    std::vector<Held> m_held;
    std::vector<std::uint8_t> m_bytes;        // of all that is held, in order
    std::vector<std::uint8_t> m_beginning[2]; // of each direction
    std::uint64_t m_next[2] = {0, 0};
    Start m_start;
    Roles m_roles;
    Direction m_last = Direction::Response;
    int m_turns = 0;
    int m_chunks = 0;
    bool m_whole; // all bytes from the first on were seen
    bool m_swapped = false;
};

StreamParser::StreamParser(Start start, Roles roles, RouteCache& routes)
    : m_detection(std::make_unique<Detection>(start, roles)), m_routes(&routes)
{
    if (roles == Roles::Known)
        m_swapped = false;
}

StreamParser::StreamParser(StreamParser&&) noexcept = default;
StreamParser& StreamParser::operator=(StreamParser&&) noexcept = default;
StreamParser::~StreamParser() = default;

void StreamParser::feed(const Chunk& chunk, ExchangeSink& sink)
{
    if (m_detection) {
        decide(chunk, sink);
    } else if (m_stream && !feedStream(chunk, sink)) {
        leave();
    }
}

/// The usual chunk goes on as it is: a copy of what was written just now costs more than reading it.
bool StreamParser::feedStream(const Chunk& chunk, ExchangeSink& sink)
{
    if (!m_swapped.value_or(false)) [[likely]]
        return m_stream->feed(chunk, sink);
    Chunk turned = chunk;
    turned.direction = opposite(chunk.direction);
    return m_stream->feed(turned, sink);
}

void StreamParser::leave()
{
    m_orphans += m_stream->orphanResponses();
    m_stream.reset();
}

void StreamParser::decide(const Chunk& chunk, ExchangeSink& sink)
{
    const Detection::Outcome outcome = m_detection->look(chunk);
    if (outcome == Detection::Outcome::Undecided) {
        m_quietSince = chunk.at;
        return;
    }
    const std::unique_ptr<Detection> detection = std::move(m_detection);
    if (outcome == Detection::Outcome::NotOurs)
        return;
    m_protocol = detection->found().protocol;
    m_swapped = detection->swapped();
    m_stream = detection->found().make(detection->start(), *m_routes);
    m_stream->quietSince(m_quietSince);
    bool stays = true;
    detection->replay(chunk, [&](const Chunk& held) { stays = feedStream(held, sink); });
    if (!stays)
        leave();
}

void StreamParser::close(const StreamEnd& end, ExchangeSink& sink)
{
    if (m_stream) {
        StreamEnd turned = end;
        if (m_swapped.value_or(false))
            std::swap(turned.requestBytes, turned.responseBytes);
        m_stream->close(turned, sink);
        m_orphans += m_stream->orphanResponses();
    }
    m_stream.reset();
    m_detection.reset();
}

std::size_t StreamParser::inFlight(std::span<InFlight> out) const { return m_stream ? m_stream->inFlight(out) : 0; }
std::uint64_t StreamParser::orphanResponses() const { return m_orphans + (m_stream ? m_stream->orphanResponses() : 0); }

} // namespace binnacle::protocols
