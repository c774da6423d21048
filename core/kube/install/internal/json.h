// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// Reading what an API server answers: whatever is missing or of another type reads as empty, since every field of a foreign object may be either.
namespace binnacle::kube {

using Json = nlohmann::ordered_json;

inline Json readJson(std::string_view text)
{
    Json value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

/// The value at `/spec/nodeName`; null when the road ends earlier.
inline const Json& at(const Json& value, const char* pointer)
{
    static const Json kNothing;
    const Json::json_pointer road(pointer);
    return value.contains(road) ? value.at(road) : kNothing;
}

/// What a list holds; nothing when it is none (a loop over a plain value would run once).
inline const Json& itemsAt(const Json& value, const char* pointer)
{
    static const Json kEmpty = Json::array();
    const Json& found = at(value, pointer);
    return found.is_array() ? found : kEmpty;
}

inline std::string textAt(const Json& value, const char* pointer)
{
    const Json& found = at(value, pointer);
    return found.is_string() ? found.get<std::string>() : std::string();
}

inline long long numberAt(const Json& value, const char* pointer)
{
    const Json& found = at(value, pointer);
    return found.is_number_integer() ? found.get<long long>() : 0;
}

inline bool flagAt(const Json& value, const char* pointer)
{
    const Json& found = at(value, pointer);
    return found.is_boolean() && found.get<bool>();
}

} // namespace binnacle::kube
