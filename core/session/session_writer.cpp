// SPDX-License-Identifier: Apache-2.0
#include "core/session/session_writer.h"

#include "core/base/thread_bound.h"
#include "core/session/database.h"
#include "core/session/file_check.h"
#include "core/session/keys.h"
#include "core/session/schema.h"
#include "core/session/segment_facts.h"
#include "core/telemetry/batch_reader.h"
#include "core/telemetry/batch_writer.h"

#include <map>
#include <tuple>
#include <vector>

namespace binnacle::session {
namespace {

using telemetry::ChunkKind;
using telemetry::EncodedChunk;
using telemetry::Level;
using telemetry::Segment;
using telemetry::SegmentHeader;

/// An agent seals after 10 batches or 1 MiB; one that never does is not followed into all memory.
constexpr std::size_t kMostChunks = 1000;
constexpr std::size_t kMostBytes = 32u << 20;

struct OpenSegment {
    std::uint32_t epoch = 0;
    std::uint64_t segment = 0;
    std::string opening; // dictionary that the first chunk here builds on
    std::vector<EncodedChunk> chunks;
    std::vector<std::int64_t> tailIds; // as many
    std::size_t bytes = 0;

    bool isOf(const EncodedChunk& chunk) const { return epoch == chunk.key.epoch && segment == chunk.segment; }
};

using SignalKey = std::tuple<EntityKey, ChunkKind, Level>;

Error fullError(const std::filesystem::path& file, const std::string& why)
{
    return {ErrorCode::Full, "the disk under " + file.string() + " is full, recording stopped (" + why
                                 + "). What was recorded is safe and the live view goes on. Free space and record again."};
}

} // namespace

struct SessionWriter::State {
    State(std::filesystem::path path, WriterOptions settings, Database opened)
        : file(std::move(path)), options(std::move(settings)), database(std::move(opened))
    {
    }

    std::filesystem::path file;
    WriterOptions options;
    ThreadBound thread;
    Database database;
    Statement addAgent, addGap, addOffset, addLoss, addTail, dropTail, addSegment, addIndex, addSegmentLoss, addFilter;
    std::map<SignalKey, OpenSegment> open;
    std::map<SignalKey, std::pair<std::uint32_t, std::uint64_t>> lastOf; // epoch and sequence
    std::map<EntityKey, telemetry::SegmentWriter> encoders; // of append(Batch)
    std::chrono::steady_clock::time_point checkpointed = std::chrono::steady_clock::now();
    bool full = false, closed = false;
    std::uint64_t refused = 0, written = 0;

    Result<void> prepare();
    Result<void> note(std::string_view name, std::string_view value);

    /// Runs `work` as one transaction; a full disk ends the recording.
    template <class Work>
    Result<void> transact(std::size_t bytes, Work work);
    Result<void> checkpointWhenDue();

    Result<void> append(const EncodedChunk& chunk);
    Result<void> writeTail(OpenSegment& segment);
    Result<void> seal(OpenSegment& segment);
    Result<void> writeSegment(const SegmentHeader& header, std::string_view bytes);
    Result<void> sealAll();
};

Result<void> SessionWriter::State::prepare()
{
    const std::pair<Statement*, const char*> statements[] = {
        {&addAgent, "INSERT OR REPLACE INTO agent VALUES(?,?,?,?,?,?,?)"},
        {&addGap, "INSERT INTO gap(agent, from_ns, to_ns, reason, what) VALUES(?,?,?,?,?)"},
        {&addOffset, "INSERT INTO clock_offset(agent, at_ns, offset_ns, error_ns) VALUES(?,?,?,?)"},
        {&addLoss, "INSERT INTO store_loss VALUES(?,?) ON CONFLICT(reason) DO UPDATE SET count = count + excluded.count"},
        {&addTail, "INSERT INTO tail(bytes) VALUES(?)"},
        {&dropTail, "DELETE FROM tail WHERE id = ?"},
        {&addSegment, "INSERT INTO segment(bytes) VALUES(?)"},
        {&addIndex, "INSERT INTO segment_index VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&addSegmentLoss, "INSERT INTO segment_loss VALUES(?,?,?)"},
        {&addFilter, "INSERT INTO trace_filter VALUES(?,?)"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared)
            return std::unexpected(std::move(prepared).error());
        *statement = std::move(*prepared);
    }
    return {};
}

Result<void> SessionWriter::State::note(std::string_view name, std::string_view value)
{
    auto statement = database.prepare("INSERT OR REPLACE INTO meta VALUES(?,?)");
    if (!statement)
        return std::unexpected(std::move(statement).error());
    return statement->begin().bind(name).bind(value).run();
}

template <class Work>
Result<void> SessionWriter::State::transact(std::size_t bytes, Work work)
{
    thread.check();
    BN_ASSERT(!closed);
    if (full) {
        refused += bytes;
        return std::unexpected(fullError(file, "earlier"));
    }
    Result<void> done = database.execute("BEGIN IMMEDIATE");
    if (done)
        done = work();
    if (done)
        done = database.execute("COMMIT");
    if (done) {
        written += bytes;
        return checkpointWhenDue();
    }
    (void)database.execute("ROLLBACK"); // fails when SQLite has rolled back by itself
    if (done.error().code != ErrorCode::Full)
        return std::unexpected(std::move(done).error().within("writing " + file.string()));
    full = true;
    refused += bytes;
    return std::unexpected(fullError(file, done.error().what));
}

Result<void> SessionWriter::State::checkpointWhenDue()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - checkpointed < options.checkpointEvery)
        return {};
    checkpointed = now;
    if (auto done = database.checkpoint(false); !done) {
        // What was committed is in the journal beside the file and stays readable.
        full = true;
        return std::unexpected(fullError(file, done.error().what));
    }
    return {};
}

Result<void> SessionWriter::State::append(const EncodedChunk& chunk)
{
    if (chunk.bytes.size() > kMostBytes)
        return failure(ErrorCode::Corrupt, "a batch of " + std::to_string(chunk.bytes.size()) + " bytes is beyond all limits");
    OpenSegment& segment = open[{chunk.key.agent, chunk.kind, chunk.level}];
    const auto [last, isFirst] = lastOf.try_emplace({chunk.key.agent, chunk.kind, chunk.level}, 0, 0);
    const std::pair position(chunk.key.epoch, chunk.key.sequence);
    if (!isFirst && position <= last->second)
        return {}; // sent again after a reconnect
    if (segment.isOf(chunk) && (segment.chunks.size() >= kMostChunks || segment.bytes + chunk.bytes.size() > kMostBytes))
        return failure(ErrorCode::Corrupt, "the agent does not end its segment; its batches are no longer recorded");
    if (!segment.isOf(chunk) && !segment.chunks.empty()) {
        BN_TRY(transact(segment.bytes, [&] { return seal(segment); }));
        segment = {};
    }
    if (!segment.isOf(chunk))
        segment = {};
    segment.epoch = chunk.key.epoch;
    segment.segment = chunk.segment;
    segment.chunks.push_back(chunk);
    segment.bytes += chunk.bytes.size();
    auto done = transact(chunk.bytes.size(), [&] { return writeTail(segment); });
    if (segment.tailIds.size() == segment.chunks.size()) {
        last->second = position;
    } else { // rolled back
        segment.bytes -= chunk.bytes.size();
        segment.chunks.pop_back();
    }
    return done;
}

Result<void> SessionWriter::State::writeTail(OpenSegment& segment)
{
    const bool isFirst = segment.chunks.size() == 1;
    const Segment row = telemetry::sealSegment(isFirst ? std::string_view(segment.opening) : std::string_view(), {segment.chunks.back()}, !isFirst);
    BN_TRY(addTail.begin().bind(asBytes(row.bytes)).run());
    segment.tailIds.push_back(database.lastId());
    return {};
}

Result<void> SessionWriter::State::seal(OpenSegment& segment)
{
    const Segment sealed = telemetry::sealSegment(segment.opening, segment.chunks);
    BN_TRY(writeSegment(sealed.header, sealed.bytes));
    for (const std::int64_t id : segment.tailIds)
        BN_TRY(dropTail.begin().bind(id).run());
    return {};
}

Result<void> SessionWriter::State::writeSegment(const SegmentHeader& header, std::string_view bytes)
{
    SegmentFacts facts;
    if (const auto batches = telemetry::readSegment(asBytes(bytes)))
        facts = factsOf(*batches);
    BN_TRY(addSegment.begin().bind(asBytes(bytes)).run());
    const std::int64_t id = database.lastId();
    const std::string agent = bytesOf(header.agent);
    addIndex.begin().bind(id).bind(asBytes(agent)).bind(std::int64_t{header.epoch});
    addIndex.bind(static_cast<std::int64_t>(header.kind)).bind(static_cast<std::int64_t>(header.level));
    addIndex.bind(static_cast<std::int64_t>(header.segment)).bind(static_cast<std::int64_t>(header.firstSequence));
    addIndex.bind(static_cast<std::int64_t>(header.lastSequence)).bind(ns(header.range.from)).bind(ns(header.range.to));
    addIndex.bind(std::int64_t{header.batches}).bind(static_cast<std::int64_t>(bytes.size())).bind(static_cast<std::int64_t>(facts.rows));
    addIndex.bind(static_cast<std::int64_t>(facts.errors)).bind(facts.longestNs).bind(ByteView(facts.services));
    BN_TRY(addIndex.run());
    for (const auto& [loss, count] : facts.losses)
        BN_TRY(addSegmentLoss.begin().bind(id).bind(static_cast<std::int64_t>(loss)).bind(static_cast<std::int64_t>(count)).run());
    if (!facts.traces.empty())
        BN_TRY(addFilter.begin().bind(id).bind(asBytes(facts.traces)).run());
    return {};
}

Result<void> SessionWriter::State::sealAll()
{
    for (auto& [signal, segment] : open) {
        if (segment.chunks.empty())
            continue;
        BN_TRY(transact(segment.bytes, [&] { return seal(segment); }));
        segment = {};
    }
    return {};
}

SessionWriter::SessionWriter(std::unique_ptr<State> state) : m_state(std::move(state)) {}
SessionWriter::~SessionWriter() = default;

Result<std::unique_ptr<SessionWriter>> SessionWriter::create(const std::filesystem::path& file, WriterOptions options)
{
    BN_TRY(prepareTarget(file, options.ifExists));
    auto database = Database::open(file, Database::Mode::Create);
    if (!database)
        return std::unexpected(unwritable(file, database.error().what));
    const std::string setUp = "PRAGMA page_size = " + std::to_string(kPageSize) + "; PRAGMA application_id = " + std::to_string(kApplicationId)
                              + "; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;";
    auto state = std::make_unique<State>(file, std::move(options), std::move(*database));
    Result<void> ready = state->database.execute(setUp.c_str());
    if (ready)
        ready = migrate(state->database);
    if (ready)
        ready = state->note("closed", "0");
    if (ready)
        ready = state->note("program_version", state->options.programVersion);
    if (ready)
        ready = state->prepare();
    if (ready)
        ready = state->database.checkpoint(false); // from now on the file alone is a session
    if (!ready)
        return std::unexpected(ready.error().code == ErrorCode::Full ? fullError(file, ready.error().what)
                                                                     : std::move(ready).error().within("creating " + file.string()));
    return std::unique_ptr<SessionWriter>(new SessionWriter(std::move(state)));
}

Result<void> SessionWriter::addAgent(const telemetry::AgentIdentity& a)
{
    State& s = *m_state;
    return s.transact(0, [&] {
        const std::string key = bytesOf(a.agent);
        s.addAgent.begin().bind(asBytes(key)).bind(std::int64_t{a.epoch}).bind(a.host).bind(a.bootId).bind(a.version).bind(a.kernel);
        return s.addAgent.bind(a.captureSource).run();
    });
}

void SessionWriter::openDictionary(const EntityKey& agent, std::uint32_t epoch, ChunkKind kind, std::uint64_t segment, std::string dictionary)
{
    OpenSegment& open = m_state->open[{agent, kind, Level::Second}];
    // Also within a segment that we have the beginning of: batches in between may be missing.
    if (!open.chunks.empty() && !m_state->full) {
        if (!m_state->transact(open.bytes, [&] { return m_state->seal(open); }))
            return;
    }
    open = {.epoch = epoch, .segment = segment, .opening = std::move(dictionary), .chunks = {}, .tailIds = {}};
}

Result<void> SessionWriter::append(const EncodedChunk& chunk)
{
    return m_state->append(chunk);
}

Result<void> SessionWriter::append(const telemetry::Batch& batch)
{
    const auto encoded = m_state->encoders[batch.key.agent].append(batch);
    if (encoded.overview)
        BN_TRY(m_state->append(*encoded.overview));
    if (encoded.detail)
        BN_TRY(m_state->append(*encoded.detail));
    return {};
}

Result<void> SessionWriter::appendSegment(ByteView segment)
{
    const auto header = telemetry::verifySegment(segment);
    if (!header)
        return std::unexpected(header.error());
    return m_state->transact(segment.size(), [&] { return m_state->writeSegment(*header, asText(segment)); });
}

Result<void> SessionWriter::addGap(const telemetry::Gap& gap)
{
    State& s = *m_state;
    return s.transact(0, [&] {
        const std::string key = bytesOf(gap.agent);
        s.addGap.begin().bind(asBytes(key)).bind(ns(gap.range.from)).bind(ns(gap.range.to));
        return s.addGap.bind(static_cast<std::int64_t>(gap.reason)).bind(gap.what).run();
    });
}

Result<void> SessionWriter::addClockOffset(const ClockOffset& offset)
{
    State& s = *m_state;
    return s.transact(0, [&] {
        const std::string key = bytesOf(offset.agent);
        return s.addOffset.begin().bind(asBytes(key)).bind(ns(offset.at)).bind(offset.offset.count()).bind(offset.error.count()).run();
    });
}

Result<void> SessionWriter::addLoss(Loss loss, std::uint64_t count)
{
    State& s = *m_state;
    return s.transact(0, [&] { return s.addLoss.begin().bind(static_cast<std::int64_t>(loss)).bind(static_cast<std::int64_t>(count)).run(); });
}

bool SessionWriter::isFull() const
{
    return m_state->full;
}

std::uint64_t SessionWriter::refusedBytes() const
{
    return m_state->refused;
}

std::uint64_t SessionWriter::writtenBytes() const
{
    return m_state->written;
}

Result<void> SessionWriter::close()
{
    State& s = *m_state;
    if (s.full) {
        // Perhaps there is room again, at least for a note.
        s.full = false;
        (void)addLoss(Loss::StoreDiskFull, s.refused);
        const bool noted = !s.full && s.database.checkpoint(true);
        s.closed = true;
        return noted ? Result<void>() : std::unexpected(fullError(s.file, "closing"));
    }
    BN_TRY(s.sealAll());
    BN_TRY(s.transact(0, [&] { return s.note("closed", "1"); }));
    s.closed = true;
    auto done = s.database.checkpoint(true);
    if (!done)
        return std::unexpected(fullError(s.file, done.error().what));
    // One file that opens from a read-only folder too; stays in WAL mode while somebody reads.
    (void)s.database.execute("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
    return {};
}

Result<void> copySession(const std::filesystem::path& from, const std::filesystem::path& to)
{
    BN_TRY(checkSource(from));
    BN_TRY(prepareTarget(to, WriterOptions::IfExists::Refuse));
    auto source = Database::open(from, Database::Mode::ReadOnly);
    if (!source)
        return std::unexpected(std::move(source).error().within("reading " + from.string()));
    if (auto done = source->copyTo(to); !done)
        return std::unexpected(done.error().code == ErrorCode::Full ? fullError(to, done.error().what) : std::move(done).error().within("copying to " + to.string()));
    return {};
}

} // namespace binnacle::session
