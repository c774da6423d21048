// SPDX-License-Identifier: Apache-2.0
#include "core/session/session_reader.h"

#include "core/session/batch_merger.h"
#include "core/session/carver.h"
#include "core/session/database.h"
#include "core/session/file_check.h"
#include "core/session/keys.h"
#include "core/session/schema.h"
#include "core/session/segment_cache.h"
#include "core/session/segment_facts.h"
#include "core/telemetry/batch_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace binnacle::session {
namespace {

using telemetry::Batch;
using telemetry::ChunkKind;
using telemetry::Level;
using telemetry::SegmentContent;
using telemetry::SegmentHeader;

/// Decoded values take about this many times their unpacked bytes.
constexpr std::size_t kDecodedFactor = 6;

/// Where the bytes of a piece are.
struct BlobPlace {
    enum class In { Segment, Tail, Carved } in = In::Segment;
    std::int64_t id = 0;    // Segment, Tail
    Carver::Place carved;   // Carved
};

/// A sealed segment, or the rows of a tail that build on one another.
struct Piece {
    std::int64_t cacheId = 0;
    EntityKey agent;
    std::uint32_t epoch = 0;
    ChunkKind kind = ChunkKind::Overview;
    Level level = Level::Second;
    std::uint64_t segment = 0, firstSequence = 0, lastSequence = 0;
    TimeRange range;
    std::vector<BlobPlace> blobs;
    bool isBroken = false;

    auto identity() const { return std::tie(agent, epoch, kind, level, firstSequence, lastSequence); }
};

Piece pieceOf(const SegmentHeader& h, BlobPlace place)
{
    return {.agent = h.agent, .epoch = h.epoch, .kind = h.kind, .level = h.level, .segment = h.segment, .firstSequence = h.firstSequence,
            .lastSequence = h.lastSequence, .range = h.range, .blobs = {place}};
}

bool beginsEarlier(const Piece& a, const Piece& b)
{
    return a.range.from < b.range.from;
}

/// Puts rows that continue a dictionary behind the row they continue.  `rows` in the order of their making.
std::vector<Piece> joinTail(const std::vector<std::pair<SegmentHeader, BlobPlace>>& rows)
{
    std::vector<Piece> pieces;
    for (const auto& [header, place] : rows) {
        const auto before = std::find_if(pieces.rbegin(), pieces.rend(), [&, &h = header](const Piece& p) {
            return p.agent == h.agent && p.epoch == h.epoch && p.kind == h.kind && p.level == h.level && p.segment == h.segment;
        });
        if (!header.continues || before == pieces.rend()) {
            pieces.push_back(pieceOf(header, place)); // one that continues what is gone may still decode, if it added no words
            continue;
        }
        before->blobs.push_back(place);
        before->lastSequence = header.lastSequence;
        before->range.to = std::max(before->range.to, header.range.to);
    }
    return pieces;
}

} // namespace

struct SessionReader::State {
    State(std::filesystem::path path, ReaderOptions options, SourceFacts facts, Database opened)
        : file(std::move(path)), source(facts), database(std::move(opened)), cache(options.cacheBytes)
    {
    }

    std::filesystem::path file;
    SourceFacts source;
    Database database;
    Statement blobOfSegment, blobOfTail;
    SegmentCache cache;

    int version = 0;
    bool closed = false, damaged = false, salvaged = false;
    std::uint64_t damagedBytes = 0, revision = 0;
    std::int64_t lastSegment = 0, dataVersion = -1, nextCacheId = 1;
    std::vector<Piece> segments; // sealed, by begin
    std::vector<Piece> tail;
    std::map<std::int64_t, SegmentHeader> tailHeaders; // of rows that are still there, so that each is read once
    Nanoseconds longestPiece{};
    std::optional<Carver> carver;
    using Identity = std::tuple<EntityKey, std::uint32_t, ChunkKind, Level, std::uint64_t, std::uint64_t>;
    std::optional<std::map<Identity, Carver::Place>> carved; // made when the tree of the blobs turns out to be broken

    /// While it lives, all looks see the file at one moment: or a batch could leave the tail between two of them.
    class Snapshot {
    public:
        explicit Snapshot(State& state) : m_state(state)
        {
            if (m_state.snapshots++ == 0)
                (void)m_state.database.execute("BEGIN");
        }
        ~Snapshot()
        {
            if (--m_state.snapshots == 0)
                (void)m_state.database.execute("COMMIT");
        }
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;

    private:
        State& m_state;
    };
    int snapshots = 0;

    Result<void> prepare();
    Result<void> loadFacts();
    Result<void> refresh();
    Result<void> loadSegments();
    Result<void> loadTail();
    void addSegment(Piece piece);
    Result<void> salvage();

    Result<std::string> blob(const BlobPlace& place);
    bool findWithoutTree(Piece& piece);
    Result<SegmentContent> content(Piece& piece);
    Batches load(Piece& piece);
    bool hasFiner(const Batch& batch, Level level);
    std::vector<Piece*> piecesIn(TimeRange range, bool withDetail);
    std::vector<LossTotal> losses();
};

Result<void> SessionReader::State::prepare()
{
    auto fromSegment = database.prepare("SELECT bytes FROM segment WHERE id = ?");
    auto fromTail = database.prepare("SELECT bytes FROM tail WHERE id = ?");
    if (!fromSegment || !fromTail)
        return std::unexpected((fromSegment ? fromTail : fromSegment).error());
    blobOfSegment = std::move(*fromSegment);
    blobOfTail = std::move(*fromTail);
    return {};
}

Result<void> SessionReader::State::loadFacts()
{
    const auto found = database.integer("SELECT value FROM meta WHERE name = 'binnacle_session_version'");
    if (!found)
        return std::unexpected(found.error());
    version = static_cast<int>(*found);
    closed = database.integer("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'closed'").value_or(0) == 1;
    return {};
}

void SessionReader::State::addSegment(Piece piece)
{
    piece.cacheId = nextCacheId++;
    longestPiece = std::max(longestPiece, piece.range.length());
    segments.insert(std::ranges::upper_bound(segments, piece, beginsEarlier), std::move(piece));
    ++revision;
}

Result<void> SessionReader::State::loadSegments()
{
    auto rows = database.prepare("SELECT id, agent, epoch, kind, level, segment, first_sequence, last_sequence, from_ns, to_ns"
                                 " FROM segment_index WHERE id > ? ORDER BY id");
    if (!rows)
        return std::unexpected(std::move(rows).error());
    rows->begin().bind(lastSegment);
    for (;;) {
        const auto row = rows->step();
        if (!row)
            return std::unexpected(row.error());
        if (!*row)
            return {};
        lastSegment = rows->integer(0);
        const auto agent = keyOf(rows->blob(1));
        const TimeRange range{utcTime(rows->integer(8)), utcTime(rows->integer(9))};
        if (!agent || range.from > range.to)
            return failure(ErrorCode::Corrupt, "the index contradicts itself");
        addSegment({.agent = *agent, .epoch = static_cast<std::uint32_t>(rows->integer(2)), .kind = static_cast<ChunkKind>(rows->integer(3)),
                    .level = static_cast<Level>(rows->integer(4)), .segment = static_cast<std::uint64_t>(rows->integer(5)),
                    .firstSequence = static_cast<std::uint64_t>(rows->integer(6)), .lastSequence = static_cast<std::uint64_t>(rows->integer(7)),
                    .range = range, .blobs = {{BlobPlace::In::Segment, lastSegment, {}}}});
    }
}

Result<void> SessionReader::State::loadTail()
{
    auto rows = database.prepare("SELECT id, substr(bytes, 1, 84) FROM tail ORDER BY id");
    if (!rows)
        return std::unexpected(std::move(rows).error());
    std::map<std::int64_t, SegmentHeader> headers;
    std::vector<std::pair<SegmentHeader, BlobPlace>> inOrder;
    rows->begin();
    for (;;) {
        const auto row = rows->step();
        if (!row)
            return std::unexpected(row.error());
        if (!*row)
            break;
        const std::int64_t id = rows->integer(0);
        const auto header = telemetry::readSegmentHeader(asBytes(rows->blob(1)));
        if (!header) {
            damaged = true;
            continue;
        }
        revision += tailHeaders.contains(id) ? 0 : 1;
        headers.emplace(id, *header);
        inOrder.push_back({*header, {BlobPlace::In::Tail, id, {}}});
    }
    tailHeaders = std::move(headers);
    tail = joinTail(inOrder);
    for (Piece& piece : tail) {
        piece.cacheId = -piece.blobs.back().id; // ids of a tail rise; a longer piece is another one
        longestPiece = std::max(longestPiece, piece.range.length());
    }
    return {};
}

Result<void> SessionReader::State::refresh()
{
    if (salvaged)
        return {};
    const auto current = database.integer("PRAGMA data_version");
    if (current && *current == dataVersion)
        return {};
    const Snapshot held(*this);
    Result<void> done = loadSegments();
    if (done)
        done = loadTail();
    if (done)
        (void)loadFacts();
    if (!done && done.error().code == ErrorCode::Corrupt)
        return salvage();
    if (done)
        dataVersion = current.value_or(-1);
    return done;
}

/// Builds the index from the blobs themselves.
Result<void> SessionReader::State::salvage()
{
    damaged = salvaged = true;
    auto opened = Carver::open(file);
    if (!opened)
        return std::unexpected(std::move(opened).error());
    carver.emplace(std::move(*opened));
    segments.clear();
    std::vector<std::pair<SegmentHeader, BlobPlace>> rows;
    std::set<std::tuple<EntityKey, std::uint32_t, ChunkKind, Level, std::uint64_t, std::uint64_t>> seen;
    carver->findAll([&](Carver::Place place, const SegmentHeader& header) {
        const BlobPlace at{BlobPlace::In::Carved, 0, place};
        const bool isRow = header.batches == 1 && header.level == Level::Second;
        if (isRow || header.continues)
            rows.push_back({header, at});
        else if (seen.emplace(header.agent, header.epoch, header.kind, header.level, header.firstSequence, header.lastSequence).second)
            addSegment(pieceOf(header, at));
    });
    std::ranges::sort(rows, {}, [](const auto& row) { return std::tuple(row.first.lastSequence, row.first.continues, row.second.carved); });
    for (Piece& piece : joinTail(rows))
        addSegment(std::move(piece));
    tail.clear();
    damagedBytes = carver->damagedBytes();
    return {};
}

Result<std::string> SessionReader::State::blob(const BlobPlace& place)
{
    if (place.in == BlobPlace::In::Carved)
        return carver->read(place.carved);
    Statement& statement = place.in == BlobPlace::In::Segment ? blobOfSegment : blobOfTail;
    const auto row = statement.begin().bind(place.id).step();
    if (!row)
        return std::unexpected(row.error());
    std::string bytes = *row ? statement.blob(0) : std::string();
    statement.begin();
    if (!*row)
        return failure(ErrorCode::NotFound, "the row is gone");
    return bytes;
}

/// For a segment that is in the index but not in its tree any more.
bool SessionReader::State::findWithoutTree(Piece& piece)
{
    if (!carved) {
        carved.emplace();
        if (auto opened = Carver::open(file)) {
            carver.emplace(std::move(*opened));
            carver->findAll([&](Carver::Place place, const SegmentHeader& h) {
                carved->try_emplace({h.agent, h.epoch, h.kind, h.level, h.firstSequence, h.lastSequence}, place);
            });
        }
    }
    const auto at = carved->find(Identity(piece.identity()));
    if (at == carved->end())
        return false;
    piece.blobs = {{BlobPlace::In::Carved, 0, at->second}};
    return true;
}

Result<SegmentContent> SessionReader::State::content(Piece& piece)
{
    if (piece.blobs.size() == 1 && piece.blobs[0].in == BlobPlace::In::Segment && !blob(piece.blobs[0])) {
        damaged = true;
        findWithoutTree(piece);
    }
    SegmentContent all;
    for (const BlobPlace& place : piece.blobs) {
        const auto bytes = blob(place);
        if (!bytes)
            return std::unexpected(bytes.error());
        auto part = telemetry::unpackSegment(asBytes(*bytes));
        if (!part)
            return std::unexpected(std::move(part).error());
        if (all.chunks.empty())
            all = std::move(*part);
        else
            std::ranges::move(part->chunks, std::back_inserter(all.chunks));
    }
    return all;
}

/// Nothing when it cannot be read: then it is marked as broken.
Batches SessionReader::State::load(Piece& piece)
{
    if (Batches known = cache.find(piece.cacheId))
        return known;
    auto packed = content(piece);
    Result<std::vector<Batch>> batches = packed ? telemetry::readSegment(*packed) : std::unexpected(packed.error());
    while (!batches && packed && packed->chunks.size() > 1) { // rows of a tail: what comes before the damage
        packed->chunks.pop_back();
        piece.isBroken = damaged = true;
        batches = telemetry::readSegment(*packed);
    }
    if (!batches) {
        piece.isBroken = damaged = true;
        return nullptr;
    }
    std::size_t bytes = 0;
    for (const std::string& chunk : packed->chunks)
        bytes += chunk.size() * kDecodedFactor;
    auto shared = std::make_shared<const std::vector<Batch>>(std::move(*batches));
    cache.add(piece.cacheId, shared, bytes);
    return shared;
}

std::vector<Piece*> SessionReader::State::piecesIn(TimeRange range, bool withDetail)
{
    std::vector<Piece*> pieces;
    const auto take = [&](Piece& piece) {
        if (piece.range.intersects(range) && !piece.isBroken && (withDetail || piece.kind == ChunkKind::Overview))
            pieces.push_back(&piece);
    };
    Piece first;
    first.range.from = range.from - longestPiece;
    for (auto at = std::ranges::lower_bound(segments, first, beginsEarlier); at != segments.end() && at->range.from < range.to; ++at)
        take(*at);
    for (Piece& piece : tail)
        take(piece);
    std::ranges::sort(pieces, {}, [](const Piece* piece) { return std::tuple(piece->range.from, piece->cacheId); });
    return pieces;
}

bool SessionReader::State::hasFiner(const Batch& batch, Level level)
{
    return std::ranges::any_of(piecesIn(batch.range, false),
                               [&](const Piece* piece) { return piece->level < level && piece->agent == batch.key.agent; });
}

std::vector<LossTotal> SessionReader::State::losses()
{
    std::map<Loss, LossTotal> totals;
    const auto add = [&](Loss loss, std::uint64_t count, TimeRange range) {
        const auto [at, isNew] = totals.try_emplace(loss, LossTotal{loss, 0, range});
        at->second.count += count;
        at->second.range = {std::min(at->second.range.from, range.from), std::max(at->second.range.to, range.to)};
    };
    if (auto rows = database.prepare("SELECT reason, sum(count), min(from_ns), max(to_ns) FROM segment_loss JOIN segment_index USING (id) GROUP BY reason")) {
        while (rows->step().value_or(false))
            add(static_cast<Loss>(rows->integer(0)), static_cast<std::uint64_t>(rows->integer(1)), {utcTime(rows->integer(2)), utcTime(rows->integer(3))});
    }
    TimeRange all;
    for (const Piece& piece : segments)
        all = all.from == UtcTime{} ? piece.range : TimeRange{std::min(all.from, piece.range.from), std::max(all.to, piece.range.to)};
    if (auto rows = database.prepare("SELECT reason, count FROM store_loss")) {
        while (rows->step().value_or(false))
            add(static_cast<Loss>(rows->integer(0)), static_cast<std::uint64_t>(rows->integer(1)), all);
    }
    for (Piece& piece : tail) {
        if (piece.kind != ChunkKind::Overview)
            continue;
        if (const Batches batches = load(piece)) {
            for (const auto& [loss, count] : session::factsOf(*batches).losses)
                add(loss, count, piece.range);
        }
    }
    if (damaged)
        add(Loss::FileDamaged, std::max<std::uint64_t>(damagedBytes, 1), all);
    std::vector<LossTotal> list;
    for (const auto& [loss, total] : totals)
        list.push_back(total);
    return list;
}

SessionReader::SessionReader(std::unique_ptr<State> state) : m_state(std::move(state)) {}
SessionReader::~SessionReader() = default;

Result<std::unique_ptr<SessionReader>> SessionReader::open(const std::filesystem::path& file, ReaderOptions options)
{
    const auto facts = checkSource(file);
    if (!facts)
        return std::unexpected(facts.error());
    // A crash can leave a journal that holds pages the file does not have yet: only without one is a short file a cut one.
    std::error_code problem;
    const bool hasJournal = std::filesystem::file_size(file.string() + "-wal", problem) > 0 && !problem;
    const bool isCut = facts->isCut && !hasJournal;
    auto database = Database::open(file, isCut ? Database::Mode::Immutable : Database::Mode::ReadOnly);
    if (!database)
        return std::unexpected(std::move(database).error().within("opening " + file.string()));
    auto state = std::make_unique<State>(file, options, *facts, std::move(*database));
    Result<void> ready = isCut ? Result<void>(failure(ErrorCode::Corrupt, "cut")) : state->loadFacts();
    if (!ready && ready.error().code == ErrorCode::NotFound) { // no journal can be made here: a read-only folder
        auto again = Database::open(file, Database::Mode::Immutable);
        if (again) {
            state = std::make_unique<State>(file, options, *facts, std::move(*again));
            ready = state->loadFacts();
        }
    }
    if (ready)
        ready = state->prepare();
    if (ready)
        ready = state->refresh();
    if (!ready && state->version > kSessionVersion)
        return failure(ErrorCode::Unsupported, file.string() + " was made by a newer Binnacle (session version " + std::to_string(state->version)
                                                   + ") that this one cannot read. Please upgrade this program.");
    if (!ready && !state->salvaged) {
        auto raw = Database::open(file, Database::Mode::Immutable);
        if (raw) {
            state = std::make_unique<State>(file, options, *facts, std::move(*raw));
            (void)state->database.execute("PRAGMA writable_schema = ON"); // reads on although the header promises more pages
            (void)state->loadFacts();
        }
        BN_TRY(state->salvage());
    }
    if (state->salvaged && state->segments.empty())
        return failure(ErrorCode::Corrupt, file.string() + " is damaged so early that no second of it can be read. Fetch it again, if there is a copy.");
    return std::unique_ptr<SessionReader>(new SessionReader(std::move(state)));
}

namespace {

using Identities = std::map<std::pair<EntityKey, std::uint32_t>, telemetry::AgentIdentity>;

/// The key stands for one machine and one boot, so that these are the same in each epoch; the program's version may not be.
void completeFromOtherEpoch(telemetry::AgentIdentity& agent, const Identities& all)
{
    const auto same = std::ranges::find_if(all, [&](const auto& other) { return other.first.first == agent.agent && !other.second.host.empty(); });
    if (same == all.end())
        return;
    agent.host = same->second.host;
    agent.bootId = same->second.bootId;
    agent.kernel = same->second.kernel;
}

} // namespace

std::vector<telemetry::AgentIdentity> SessionReader::agents() const
{
    State& s = *m_state;
    (void)s.refresh();
    Identities found;
    for (const auto* pieces : {&s.segments, &s.tail}) { // an agent whose row is damaged has its key at least
        for (const Piece& piece : *pieces)
            found.try_emplace({piece.agent, piece.epoch}, telemetry::AgentIdentity{.agent = piece.agent, .epoch = piece.epoch});
    }
    if (auto rows = s.database.prepare("SELECT key, epoch, host, boot_id, version, kernel, capture_source FROM agent")) {
        while (rows->step().value_or(false)) {
            const auto key = keyOf(rows->blob(0));
            const auto epoch = static_cast<std::uint32_t>(rows->integer(1));
            if (key)
                found[{*key, epoch}] = {*key, rows->text(2), rows->text(3), rows->text(4), rows->text(5), epoch, rows->text(6)};
        }
    }
    std::vector<telemetry::AgentIdentity> list;
    for (auto& [key, agent] : found) {
        if (agent.host.empty())
            completeFromOtherEpoch(agent, found);
        list.push_back(agent);
    }
    return list;
}

TimeRange SessionReader::covered() const
{
    State& s = *m_state;
    (void)s.refresh();
    std::optional<TimeRange> all;
    for (const auto* pieces : {&s.segments, &s.tail}) {
        for (const Piece& piece : *pieces)
            all = all ? TimeRange{std::min(all->from, piece.range.from), std::max(all->to, piece.range.to)} : piece.range;
    }
    return all.value_or(TimeRange{});
}

Result<void> SessionReader::read(TimeRange range, bool withDetail, const std::function<bool(const telemetry::Batch&)>& visit) const
{
    State& s = *m_state;
    const State::Snapshot held(s);
    BN_TRY(s.refresh());
    BatchMerger merger;
    for (Piece* piece : s.piecesIn(range, withDetail)) {
        if (!merger.giveBefore(piece->range.from, visit))
            return {};
        const Batches batches = s.load(*piece);
        if (!batches)
            continue;
        for (const Batch& batch : *batches) {
            if (batch.range.intersects(range) && (piece->level == Level::Second || !s.hasFiner(batch, piece->level)))
                merger.add(batch);
        }
    }
    merger.giveAll(visit);
    return {};
}

std::vector<telemetry::Gap> SessionReader::gaps() const
{
    State& s = *m_state;
    (void)s.refresh();
    std::vector<telemetry::Gap> gaps;
    if (auto rows = s.database.prepare("SELECT agent, from_ns, to_ns, reason, what FROM gap ORDER BY from_ns, id")) {
        while (rows->step().value_or(false))
            gaps.push_back({keyOf(rows->blob(0)).value_or(EntityKey{}), {utcTime(rows->integer(1)), utcTime(rows->integer(2))},
                            static_cast<Loss>(rows->integer(3)), rows->text(4)});
    }
    for (const auto* pieces : {&s.segments, &s.tail}) {
        for (const Piece& piece : *pieces) {
            if (piece.isBroken)
                gaps.push_back({piece.agent, piece.range, Loss::FileDamaged, "this part of the file is damaged"});
        }
    }
    std::ranges::sort(gaps, {}, [](const telemetry::Gap& gap) { return std::tie(gap.range.from, gap.agent, gap.range.to, gap.reason, gap.what); });
    return gaps;
}

std::vector<ClockOffset> SessionReader::clockOffsets() const
{
    std::vector<ClockOffset> offsets;
    if (auto rows = m_state->database.prepare("SELECT agent, at_ns, offset_ns, error_ns FROM clock_offset ORDER BY agent, at_ns, id")) {
        while (rows->step().value_or(false))
            offsets.push_back({keyOf(rows->blob(0)).value_or(EntityKey{}), utcTime(rows->integer(1)), Nanoseconds(rows->integer(2)), Nanoseconds(rows->integer(3))});
    }
    return offsets;
}

SessionInfo SessionReader::info(Check check) const
{
    State& s = *m_state;
    const State::Snapshot held(s);
    (void)s.refresh();
    if (check == Check::Everything) {
        for (auto* pieces : {&s.segments, &s.tail}) {
            for (Piece& piece : *pieces)
                (void)s.load(piece);
        }
    }
    std::error_code problem;
    SessionInfo info{.version = s.version, .newer = s.version > kSessionVersion, .range = covered(), .segments = s.segments.size(),
                     .bytes = std::filesystem::file_size(s.file, problem), .agents = agents(), .losses = s.losses()};
    info.damaged = s.damaged;
    info.complete = s.closed && !s.damaged;
    return info;
}

std::uint64_t SessionReader::revision() const
{
    (void)m_state->refresh();
    return m_state->revision;
}

} // namespace binnacle::session
