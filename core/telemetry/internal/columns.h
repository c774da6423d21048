// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

/// Helpers for packed columns; the rules are in proto/binnacle/v1/batch.proto.
namespace binnacle::telemetry::internal {

/// No table has more rows: the agent's own bounds are far below.
inline constexpr int kMaxRows = 1 << 18;
/// Times and durations beyond this (146 years) are damage; below it, sums of two cannot overflow.
inline constexpr std::int64_t kFarthest = std::int64_t{1} << 62;

/// Differences modulo 2^64, so that no input can overflow.
class Delta {
public:
    explicit Delta(std::int64_t base) : m_before(static_cast<std::uint64_t>(base)) {}

    std::int64_t encode(std::int64_t value)
    {
        const std::uint64_t step = static_cast<std::uint64_t>(value) - m_before;
        m_before = static_cast<std::uint64_t>(value);
        return static_cast<std::int64_t>(step);
    }

    std::int64_t decode(std::int64_t step)
    {
        m_before += static_cast<std::uint64_t>(step);
        return static_cast<std::int64_t>(m_before);
    }

private:
    std::uint64_t m_before;
};

class BitmapWriter {
public:
    explicit BitmapWriter(std::string& bits) : m_bits(bits) {}

    void add(bool bit)
    {
        if (m_count % 8 == 0)
            m_bits.push_back('\0');
        if (bit)
            m_bits.back() = static_cast<char>(m_bits.back() | 1 << (m_count % 8));
        ++m_count;
        m_any |= bit;
    }

    /// A bitmap with no bit set says the same as none.
    void finish()
    {
        if (!m_any)
            m_bits.clear();
    }

private:
    std::string& m_bits;
    std::size_t m_count = 0;
    bool m_any = false;
};

inline bool bitAt(const std::string& bits, std::size_t i)
{
    return i / 8 < bits.size() && (static_cast<unsigned char>(bits[i / 8]) >> (i % 8) & 1);
}

/// Reads one column by row: zero for all rows when it is absent.
template <class Field>
class Column {
public:
    explicit Column(const Field& field) : m_field(&field) {}
    auto operator[](int row) const { return m_field->empty() ? typename Field::value_type{} : m_field->Get(row); }

private:
    const Field* m_field;
};

/// Reads a column with a bitmap, row after row.
template <class Field>
class NullableColumn {
public:
    NullableColumn(const Field& field, const std::string& present) : m_field(&field), m_present(&present) {}

    std::optional<typename Field::value_type> at(int row)
    {
        if (!bitAt(*m_present, static_cast<std::size_t>(row)))
            return std::nullopt;
        return m_field->Get(m_next++);
    }

private:
    const Field* m_field;
    const std::string* m_present;
    int m_next = 0;
};

/// Checks the columns of one table against its first; remembers the first disagreement.
class TableCheck {
public:
    TableCheck(const char* table, int rows) : m_table(table), m_rows(rows)
    {
        if (rows > kMaxRows)
            fail("too many rows");
    }

    int rows() const { return m_rows; }

    template <class Field>
    Column<Field> column(const Field& field)
    {
        return sized(field, m_rows);
    }

    /// One with `count` values, for parts that belong to rows (statuses, errnos).
    template <class Field>
    Column<Field> sized(const Field& field, std::uint64_t count)
    {
        if (!field.empty() && static_cast<std::uint64_t>(field.size()) != count)
            fail("columns of different length");
        return Column<Field>(field);
    }

    template <class Field>
    NullableColumn<Field> nullable(const Field& field, const std::string& present)
    {
        if (bitmap(present) != static_cast<std::uint64_t>(field.size()))
            fail("values and bitmap disagree");
        return NullableColumn<Field>(field, present);
    }

    /// Number of bits set; an absent bitmap has none.
    std::uint64_t bitmap(const std::string& bits)
    {
        const auto rows = static_cast<std::size_t>(m_rows);
        if (!bits.empty() && bits.size() != (rows + 7) / 8)
            fail("bitmap of wrong length");
        std::uint64_t set = 0;
        for (const char byte : bits)
            set += static_cast<std::uint64_t>(std::popcount(static_cast<unsigned char>(byte)));
        if (rows % 8 != 0 && !bits.empty() && static_cast<unsigned char>(bits.back()) >> (rows % 8) != 0)
            fail("bitmap beyond the rows");
        return set;
    }

    /// An index into something of that size.
    std::uint32_t index(std::uint32_t value, std::size_t size)
    {
        if (value >= size)
            fail("index out of range");
        return value;
    }

    /// The same for `…_plus1`; none becomes 0xffffffff.
    std::uint32_t indexOrNone(std::uint32_t plusOne, std::size_t size)
    {
        return plusOne == 0 ? 0xffffffffu : index(plusOne - 1, size);
    }

    std::int64_t time(std::int64_t ns)
    {
        if (ns >= kFarthest || ns <= -kFarthest)
            fail("time out of range");
        return ns;
    }

    std::int64_t duration(std::uint64_t ns)
    {
        if (ns >= static_cast<std::uint64_t>(kFarthest))
            fail("duration out of range");
        return static_cast<std::int64_t>(ns);
    }

    TimeRange range(std::int64_t from, std::uint64_t length)
    {
        const std::int64_t to = static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + length);
        time(from);
        duration(length);
        time(to);
        return ok() ? TimeRange{utcTime(from), utcTime(to)} : TimeRange{};
    }

    std::uint16_t port(std::uint32_t value)
    {
        if (value > 0xffff)
            fail("port out of range");
        return static_cast<std::uint16_t>(value);
    }

    void fail(const char* why)
    {
        if (!m_problem)
            m_problem = why;
    }

    bool ok() const { return !m_problem; }

    Result<void> result() const
    {
        if (m_problem)
            return failure(ErrorCode::Corrupt, std::string(m_table) + ": " + m_problem);
        return {};
    }

private:
    const char* m_table;
    int m_rows;
    const char* m_problem = nullptr;
};

} // namespace binnacle::telemetry::internal
