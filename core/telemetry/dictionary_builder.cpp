// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/dictionary_builder.h"

#include "core/telemetry/internal/hashes.h"

#include <absl/container/flat_hash_map.h>

namespace binnacle::telemetry {

struct DictionaryBuilder::State {
    Dictionary dictionary;
    absl::flat_hash_map<std::string, std::uint32_t, internal::TextHash, std::equal_to<>> strings;
    absl::flat_hash_map<Entity, std::uint32_t, internal::EntityHash> entities;
    absl::flat_hash_map<End, std::uint32_t, internal::EndHash> ends;
};

namespace {

template <class Map, class Value>
std::uint32_t intern(Map& map, std::vector<Value>& list, const Value& value)
{
    const auto [at, isNew] = map.try_emplace(value, static_cast<std::uint32_t>(list.size()));
    if (isNew)
        list.push_back(value);
    return at->second;
}

} // namespace

DictionaryBuilder::DictionaryBuilder() : m_state(std::make_unique<State>()) {}
DictionaryBuilder::DictionaryBuilder(const Dictionary& base) : DictionaryBuilder()
{
    m_state->dictionary = base;
    for (std::uint32_t i = 0; i < base.strings.size(); ++i)
        m_state->strings.try_emplace(base.strings[i], i);
    for (std::uint32_t i = 0; i < base.entities.size(); ++i)
        m_state->entities.try_emplace(base.entities[i], i);
    for (std::uint32_t i = 0; i < base.ends.size(); ++i)
        m_state->ends.try_emplace(base.ends[i], i);
}

DictionaryBuilder::~DictionaryBuilder() = default;
DictionaryBuilder::DictionaryBuilder(DictionaryBuilder&&) noexcept = default;
DictionaryBuilder& DictionaryBuilder::operator=(DictionaryBuilder&&) noexcept = default;

std::uint32_t DictionaryBuilder::string(std::string_view text)
{
    const auto known = m_state->strings.find(text);
    return known != m_state->strings.end() ? known->second : intern(m_state->strings, m_state->dictionary.strings, std::string(text));
}

std::uint32_t DictionaryBuilder::entity(const Entity& entity)
{
    return intern(m_state->entities, m_state->dictionary.entities, entity);
}

std::uint32_t DictionaryBuilder::end(const End& end)
{
    return intern(m_state->ends, m_state->dictionary.ends, end);
}

const Dictionary& DictionaryBuilder::current() const
{
    return m_state->dictionary;
}

std::shared_ptr<const Dictionary> DictionaryBuilder::take()
{
    auto taken = std::make_shared<const Dictionary>(std::move(m_state->dictionary));
    m_state = std::make_unique<State>();
    return taken;
}

} // namespace binnacle::telemetry
