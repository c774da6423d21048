// SPDX-License-Identifier: Apache-2.0
#include "core/session/database.h"

#include <sqlite3.h>

#include <utility>

namespace binnacle::session {
namespace {

ErrorCode codeOf(int sqlite)
{
    switch (sqlite & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR: return ErrorCode::Full; // a write beyond a size limit or quota is reported as an I/O error
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::Corrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return ErrorCode::Denied;
    case SQLITE_CANTOPEN: return ErrorCode::NotFound;
    default: return ErrorCode::Unavailable;
    }
}

Error errorOf(sqlite3* database, int code)
{
    return {codeOf(code), database ? sqlite3_errmsg(database) : sqlite3_errstr(code)};
}

std::string uriOf(const std::filesystem::path& file)
{
    std::string uri = "file:";
    const std::u8string path = file.generic_u8string();
    static constexpr char kDigits[] = "0123456789abcdef";
    for (const char8_t c : path) {
        if (c == u8'?' || c == u8'#' || c == u8'%')
            uri += {'%', kDigits[c >> 4], kDigits[c & 15]};
        else
            uri += static_cast<char>(c);
    }
    return uri;
}

} // namespace

Statement::Statement(Statement&& other) noexcept
    : m_database(other.m_database), m_statement(std::exchange(other.m_statement, nullptr)), m_next(other.m_next)
{
}

Statement& Statement::operator=(Statement&& other) noexcept
{
    std::swap(m_database, other.m_database);
    std::swap(m_statement, other.m_statement);
    std::swap(m_next, other.m_next);
    return *this;
}

Statement::~Statement()
{
    sqlite3_finalize(m_statement);
}

Statement& Statement::begin()
{
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
    m_next = 1;
    return *this;
}

Statement& Statement::bind(std::int64_t value)
{
    sqlite3_bind_int64(m_statement, m_next++, value);
    return *this;
}

Statement& Statement::bind(std::string_view text)
{
    sqlite3_bind_text64(m_statement, m_next++, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind(ByteView blob)
{
    sqlite3_bind_blob64(m_statement, m_next++, blob.data() ? static_cast<const void*>(blob.data()) : "", blob.size(), SQLITE_TRANSIENT);
    return *this;
}

Result<bool> Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(m_statement); // gives up its read lock at once
        return false;
    }
    const Error error = errorOf(m_database, sqlite3_extended_errcode(m_database));
    sqlite3_reset(m_statement);
    return std::unexpected(error);
}

Result<void> Statement::run()
{
    const auto row = step();
    sqlite3_reset(m_statement);
    if (!row)
        return std::unexpected(row.error());
    return {};
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

std::string Statement::text(int column) const
{
    return blob(column);
}

std::string Statement::blob(int column) const
{
    const void* bytes = sqlite3_column_blob(m_statement, column);
    const int size = sqlite3_column_bytes(m_statement, column);
    return bytes ? std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size)) : std::string();
}

Database::Database(Database&& other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept
{
    std::swap(m_handle, other.m_handle);
    return *this;
}

Database::~Database()
{
    sqlite3_close_v2(m_handle); // v2: statements that are still alive keep it until they go
}

Result<Database> Database::open(const std::filesystem::path& file, Mode mode)
{
    sqlite3* handle = nullptr;
    const std::string uri = uriOf(file) + (mode == Mode::Immutable ? "?immutable=1" : "");
    const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
                      | (mode == Mode::Create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
    Database database(handle);
    if (code != SQLITE_OK)
        return std::unexpected(errorOf(handle, code));
    sqlite3_busy_timeout(handle, 2000);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);    // salvage needs writable_schema
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr); // files come from strangers
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 128 << 20);
    return database;
}

Result<void> Database::execute(const char* sql)
{
    const int code = sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return std::unexpected(errorOf(m_handle, sqlite3_extended_errcode(m_handle)));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) const
{
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(m_handle, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK)
        return std::unexpected(errorOf(m_handle, code));
    return Statement(m_handle, statement);
}

Result<std::int64_t> Database::integer(std::string_view sql) const
{
    auto statement = prepare(sql);
    if (!statement)
        return std::unexpected(statement.error());
    const auto row = statement->step();
    if (!row)
        return std::unexpected(row.error());
    if (!*row)
        return failure(ErrorCode::NotFound, "nothing found");
    return statement->integer(0);
}

std::int64_t Database::lastId() const
{
    return sqlite3_last_insert_rowid(m_handle);
}

Result<void> Database::checkpoint(bool all)
{
    const int code = sqlite3_wal_checkpoint_v2(m_handle, nullptr, all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        return std::unexpected(errorOf(m_handle, code));
    return {};
}

Result<void> Database::copyTo(const std::filesystem::path& file) const
{
    auto target = open(file, Mode::Create);
    if (!target)
        return std::unexpected(std::move(target).error());
    sqlite3_backup* backup = sqlite3_backup_init(target->m_handle, "main", m_handle, "main");
    if (backup)
        sqlite3_backup_step(backup, -1);
    const int code = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(target->m_handle);
    if (code != SQLITE_OK)
        return std::unexpected(errorOf(target->m_handle, code));
    return target->execute("PRAGMA journal_mode = DELETE");
}

} // namespace binnacle::session
