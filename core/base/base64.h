// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace binnacle {

/// RFC 4648 §4, with padding, on one line.
std::string toBase64(std::string_view bytes);

/// RFC 4648 §4; line ends inside are skipped, anything else that is no base64 (spaces, the URL alphabet, missing padding) is refused.
/// The error is the position of the first byte that is wrong.
std::expected<std::string, std::size_t> fromBase64(std::string_view text);

/// RFC 4648 §5, with or without padding: what JSON Web Tokens use.
std::expected<std::string, std::size_t> fromBase64Url(std::string_view text);

} // namespace binnacle
