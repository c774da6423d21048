// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

using Json = nlohmann::json;

/// Foreign JSON without exceptions: what is not there, or of another type, reads as null, empty or nothing.
Json parseJson(std::string_view text); // discarded, which is no object, when it is none
const Json& memberOf(const Json& object, std::string_view key);
std::string textAt(const Json& object, std::string_view key);
std::optional<std::int64_t> numberAt(const Json& object, std::string_view key);
const Json& itemsOf(const Json& list); // an array, if need be an empty one

} // namespace binnacle::kube
