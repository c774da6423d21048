// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/internal/json.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

constexpr int kDeepest = 200; // nested arrays or objects; the parser itself does not recurse, but destruction does

bool isTooDeep(std::string_view text)
{
    int depth = 0;
    bool inText = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
        } else if (c == '"') {
            inText = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kDeepest)
                return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

} // namespace

Json parseJson(std::string_view text)
{
    if (isTooDeep(text))
        return Json(Json::value_t::discarded);
    return Json::parse(text, nullptr, false);
}

const Json& memberOf(const Json& object, std::string_view key)
{
    static const Json nothing;
    if (!object.is_object())
        return nothing;
    const auto found = object.find(key);
    return found == object.end() ? nothing : *found;
}

std::string textAt(const Json& object, std::string_view key)
{
    const Json& member = memberOf(object, key);
    return member.is_string() ? member.get_ref<const std::string&>() : std::string{};
}

std::optional<std::int64_t> numberAt(const Json& object, std::string_view key)
{
    const Json& member = memberOf(object, key);
    return member.is_number_integer() ? std::optional(member.get<std::int64_t>()) : std::nullopt;
}

const Json& itemsOf(const Json& list)
{
    static const Json none = Json::array();
    return list.is_array() ? list : none;
}

} // namespace binnacle::kube
