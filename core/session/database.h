// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// The only place that talks to SQLite.  Private to core/session.
namespace binnacle::session {

class Database;

/// One prepared statement.  Values are bound from left to right; step() says whether there is a row.
class Statement {
public:
    Statement() = default;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    /// Starts over: forgets the row and all values.
    Statement& begin();
    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind(ByteView blob); // copied

    Result<bool> step();
    /// For statements without rows.
    Result<void> run();

    std::int64_t integer(int column) const;
    std::string text(int column) const;
    std::string blob(int column) const;

private:
    friend class Database;
    Statement(sqlite3* database, sqlite3_stmt* statement) : m_database(database), m_statement(statement) {}

    sqlite3* m_database = nullptr; // not owned, outlives this: Database is declared before its statements
    sqlite3_stmt* m_statement = nullptr;
    int m_next = 1;
};

class Database {
public:
    enum class Mode {
        Create,    // read and write, made when missing
        ReadOnly,  // beside an active writer
        Immutable, // as the bytes are: no journal, no locks; for damaged files and read-only folders
    };
    static Result<Database> open(const std::filesystem::path& file, Mode mode);
    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;
    ~Database();

    Result<void> execute(const char* sql);
    Result<Statement> prepare(std::string_view sql) const;
    Result<std::int64_t> integer(std::string_view sql) const; // first column of the first row
    std::int64_t lastId() const;
    /// Moves what it can from the journal into the file; `all` waits for nobody either but empties the journal when it may.
    Result<void> checkpoint(bool all);
    /// Page by page, as it is at the beginning of the call; also beside an active writer.
    Result<void> copyTo(const std::filesystem::path& file) const;

private:
    explicit Database(sqlite3* handle) : m_handle(handle) {}
    sqlite3* m_handle = nullptr;
};

} // namespace binnacle::session
