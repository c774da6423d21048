// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/internet_address.h"

#include <nlohmann/json.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reading foreign JSON without surprises: what is missing or of another type is empty.
namespace binnacle::kube::objects::fields {

inline constexpr std::size_t kMaxText = 253;
inline constexpr std::size_t kMaxItems = 256;

/// The member at the end of the way; a null when any step is missing.
const nlohmann::json& at(const nlohmann::json& object, std::initializer_list<const char*> way);

std::string text(const nlohmann::json& object, std::initializer_list<const char*> way, std::size_t limit = kMaxText);
std::int64_t number(const nlohmann::json& object, std::initializer_list<const char*> way, std::int64_t otherwise = 0);
bool flag(const nlohmann::json& object, std::initializer_list<const char*> way, bool otherwise = false);

/// Calls `visit` for each item of an array, at most `limit`.
template <class F>
void forEach(const nlohmann::json& array, F&& visit, std::size_t limit = kMaxItems)
{
    if (!array.is_array())
        return;
    for (const nlohmann::json& item : array) {
        if (limit-- == 0)
            return;
        visit(item);
    }
}

/// Appends the address that `value` spells, unless it is none or there already.
void addAddress(std::vector<InternetAddress>& to, const nlohmann::json& value);

/// Cut at `limit` bytes, never inside a UTF-8 sequence.
std::string cut(std::string_view text, std::size_t limit);

} // namespace binnacle::kube::objects::fields
