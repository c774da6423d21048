// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::analysis {

/// Linux's name of an error number (include/uapi/asm-generic/errno.h), the same on every machine this runs on:
/// 111 → `ECONNREFUSED`.  Numbers without a name become `errno <n>`.
std::string errnoName(std::uint32_t number);

/// The same for a person: `connection refused`.  Nothing where the name says as much.
std::optional<std::string_view> errnoWords(std::string_view name);

/// The kernel's name of a TCP state (include/net/tcp_states.h): 1 → `ESTABLISHED`.
std::string tcpStateName(std::uint8_t state);

} // namespace binnacle::analysis
