// SPDX-License-Identifier: Apache-2.0
#include "core/session/schema.h"

#include <array>
#include <string>

namespace binnacle::session {
namespace {

// Each step is laid down for good; a change is a new one.  Times are Unix nanoseconds, keys 16 bytes (high, low, big-endian).
// `segment` is only ever appended to, and holds nothing but the blobs, so that all else is read without them.
constexpr std::array kMigrations{
    R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE agent(key BLOB, epoch INTEGER, host TEXT, boot_id TEXT, version TEXT, kernel TEXT, capture_source TEXT,
                   PRIMARY KEY(key, epoch)) WITHOUT ROWID;
CREATE TABLE gap(id INTEGER PRIMARY KEY, agent BLOB, from_ns INTEGER, to_ns INTEGER, reason INTEGER, what TEXT);
CREATE TABLE clock_offset(id INTEGER PRIMARY KEY, agent BLOB, at_ns INTEGER, offset_ns INTEGER, error_ns INTEGER);
CREATE TABLE store_loss(reason INTEGER PRIMARY KEY, count INTEGER);
CREATE TABLE tail(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE segment(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE segment_index(id INTEGER PRIMARY KEY, agent BLOB, epoch INTEGER, kind INTEGER, level INTEGER, segment INTEGER,
                           first_sequence INTEGER, last_sequence INTEGER, from_ns INTEGER, to_ns INTEGER, batches INTEGER,
                           bytes INTEGER, rows INTEGER, errors INTEGER, longest_ns INTEGER, services BLOB);
CREATE TABLE segment_loss(id INTEGER, reason INTEGER, count INTEGER, PRIMARY KEY(id, reason)) WITHOUT ROWID;
CREATE TABLE trace_filter(id INTEGER PRIMARY KEY, bits BLOB);
)sql",
};
static_assert(kMigrations.size() == kSessionVersion);

int versionOf(const Database& database)
{
    return static_cast<int>(database.integer("SELECT value FROM meta WHERE name = 'binnacle_session_version'").value_or(0));
}

} // namespace

Result<void> migrate(Database& database)
{
    const int from = versionOf(database);
    if (from > kSessionVersion)
        return failure(ErrorCode::Unsupported, "the file was made by a newer Binnacle (session version " + std::to_string(from)
                                                   + "); it can be read but not continued. Please upgrade this program.");
    for (int step = from; step < kSessionVersion; ++step) {
        BN_TRY(database.execute("BEGIN IMMEDIATE"));
        BN_TRY(database.execute(kMigrations[static_cast<std::size_t>(step)]));
        const std::string note = "INSERT OR REPLACE INTO meta VALUES('binnacle_session_version', " + std::to_string(step + 1) + ")";
        BN_TRY(database.execute(note.c_str()));
        BN_TRY(database.execute("COMMIT"));
    }
    return {};
}

} // namespace binnacle::session
