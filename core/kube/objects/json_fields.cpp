// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/json_fields.h"

#include <algorithm>

namespace binnacle::kube::objects::fields {

const nlohmann::json& at(const nlohmann::json& object, std::initializer_list<const char*> way)
{
    static const nlohmann::json kNothing;
    const nlohmann::json* place = &object;
    for (const char* step : way) {
        if (!place->is_object())
            return kNothing;
        const auto found = place->find(step);
        if (found == place->end())
            return kNothing;
        place = &*found;
    }
    return *place;
}

std::string text(const nlohmann::json& object, std::initializer_list<const char*> way, std::size_t limit)
{
    const nlohmann::json& value = at(object, way);
    return value.is_string() ? cut(value.get_ref<const std::string&>(), limit) : std::string();
}

std::int64_t number(const nlohmann::json& object, std::initializer_list<const char*> way, std::int64_t otherwise)
{
    const nlohmann::json& value = at(object, way);
    return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

bool flag(const nlohmann::json& object, std::initializer_list<const char*> way, bool otherwise)
{
    const nlohmann::json& value = at(object, way);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

void addAddress(std::vector<InternetAddress>& to, const nlohmann::json& value)
{
    if (!value.is_string() || to.size() >= kMaxItems)
        return;
    const auto address = InternetAddress::parse(value.get_ref<const std::string&>());
    if (address && !address->isUnspecified() && std::ranges::find(to, *address) == to.end())
        to.push_back(*address);
}

std::string cut(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit)
        return std::string(text);
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
        --limit;
    return std::string(text.substr(0, limit));
}

} // namespace binnacle::kube::objects::fields
