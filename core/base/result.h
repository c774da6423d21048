// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle {

enum class ErrorCode { NotFound, Unavailable, Denied, Unsupported, Corrupt, Cancelled, Invalid, Full };

/// What went wrong, in words for a person: the layer that failed speaks first, each caller says what it was doing.
struct Error {
    ErrorCode code = ErrorCode::Invalid;
    std::string what;

    Error within(std::string_view doing) &&
    {
        what.insert(0, std::string(doing) + ": ");
        return std::move(*this);
    }
};

/// Errors are returned, never thrown across a library's border.
template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> failure(ErrorCode code, std::string what)
{
    return std::unexpected(Error{code, std::move(what)});
}

} // namespace binnacle

/// Returns the error of `expression` from the calling function, if it has one.
#define BN_TRY(expression)                                            \
    do {                                                              \
        if (auto bnResult = (expression); !bnResult)                  \
            return std::unexpected(std::move(bnResult).error());      \
    } while (false)
