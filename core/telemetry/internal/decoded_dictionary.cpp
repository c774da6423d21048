// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/internal/chunk_decoder.h"

#include "core/base/byte_view.h"

#include <algorithm>
#include <limits>

namespace binnacle::telemetry::internal {
namespace {

template <class Enum>
Enum enumOf(int number) // numbers that this version does not know stay as they are, as far as they fit
{
    using Number = std::underlying_type_t<Enum>;
    return number >= 0 && number <= std::numeric_limits<Number>::max() ? static_cast<Enum>(number) : Enum{};
}

std::optional<InternetAddress> addressOf(const std::string& bytes)
{
    InternetAddress address;
    if (bytes.size() == 16) {
        std::ranges::copy(asBytes(bytes), address.bytes.begin());
        return address;
    }
    if (bytes.size() != 4)
        return std::nullopt;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::ranges::copy(asBytes(bytes), address.bytes.begin() + 12);
    return address;
}

std::optional<Entity> entityOf(const v1::Entity& from)
{
    if (from.attribute_name_size() != from.attribute_value_size())
        return std::nullopt;
    Entity entity{.key = {from.key().high(), from.key().low()}, .kind = enumOf<EntityKind>(from.kind()), .name = from.name(),
                  .nameSpace = from.namespace_(), .type = from.type(), .serviceKind = enumOf<ServiceKind>(from.service_kind()), .attributes = {}};
    for (int i = 0; i < from.attribute_name_size(); ++i)
        entity.attributes.emplace_back(from.attribute_name(i), from.attribute_value(i));
    return entity;
}

} // namespace

DecodedDictionary::Sizes DecodedDictionary::sizes() const
{
    return {m_dictionary->strings.size(), m_dictionary->entities.size(), m_dictionary->ends.size(),
            m_addresses.size(), m_keys.size(), m_connections.size()};
}

void DecodedDictionary::shrinkTo(const Sizes& sizes)
{
    m_dictionary->strings.resize(sizes.strings);
    m_dictionary->entities.resize(sizes.entities);
    m_dictionary->ends.resize(sizes.ends);
    m_addresses.resize(sizes.addresses);
    m_keys.resize(sizes.keys);
    m_connections.resize(sizes.connections);
}

Result<void> DecodedDictionary::add(const v1::Dictionary& run)
{
    const Sizes have = sizes();
    if (run.first_string() > have.strings || run.first_entity() > have.entities || run.first_end() > have.ends
        || run.first_address() > have.addresses || run.first_key() > have.keys || run.first_connection() > have.connections)
        return failure(ErrorCode::Corrupt, "dictionary: entries before this one are missing");
    const auto brings = [](std::uint64_t first, int count, std::size_t known) { return first + static_cast<std::uint64_t>(count) > known; };
    const bool growsShared = brings(run.first_string(), run.strings_size(), have.strings)
                             || brings(run.first_entity(), run.entities_size(), have.entities)
                             || brings(run.first_end(), run.ends().side_size(), have.ends);
    if (growsShared && m_dictionary.use_count() > 1)
        m_dictionary = std::make_shared<Dictionary>(*m_dictionary);
    auto done = append(run);
    if (!done)
        shrinkTo(have);
    return done;
}

Result<void> DecodedDictionary::append(const v1::Dictionary& run)
{
    Dictionary& d = *m_dictionary;
    for (int i = static_cast<int>(d.strings.size() - run.first_string()); i < run.strings_size(); ++i)
        d.strings.push_back(run.strings(i));
    for (int i = static_cast<int>(d.entities.size() - run.first_entity()); i < run.entities_size(); ++i) {
        auto entity = entityOf(run.entities(i));
        if (!entity)
            return failure(ErrorCode::Corrupt, "dictionary: entity with half an attribute");
        d.entities.push_back(std::move(*entity));
    }
    for (int i = static_cast<int>(m_addresses.size() - run.first_address()); i < run.addresses_size(); ++i) {
        const auto address = addressOf(run.addresses(i));
        if (!address)
            return failure(ErrorCode::Corrupt, "dictionary: address of wrong length");
        m_addresses.push_back(*address);
    }
    if (run.key_high_size() != run.key_low_size())
        return failure(ErrorCode::Corrupt, "dictionary: half a key");
    for (int i = static_cast<int>(m_keys.size() - run.first_key()); i < run.key_high_size(); ++i)
        m_keys.push_back({run.key_high(i), run.key_low(i)});
    BN_TRY(addEnds(run.ends(), run.first_end()));
    return addConnections(run.connections(), run.first_connection());
}

Result<void> DecodedDictionary::addEnds(const v1::Ends& ends, std::size_t first)
{
    TableCheck check("ends", ends.side_size());
    const auto instance = check.column(ends.instance_plus1()), remoteInstance = check.column(ends.remote_instance_plus1());
    const auto localAddress = check.column(ends.local_address()), localPort = check.column(ends.local_port());
    const auto remoteAddress = check.column(ends.remote_address()), remotePort = check.column(ends.remote_port());
    const auto dialledAddress = check.column(ends.dialled_address()), dialledPort = check.column(ends.dialled_port());
    const auto netns = check.column(ends.network_namespace());
    const auto protocol = check.column(ends.protocol());
    const auto tls = check.column(ends.tls());
    BN_TRY(check.result());
    const auto endpoint = [&](std::uint32_t address, std::uint32_t port) {
        const std::uint32_t i = check.index(address, m_addresses.size());
        return check.ok() ? Endpoint{m_addresses[i], check.port(port)} : Endpoint{};
    };
    const std::size_t entities = m_dictionary->entities.size();
    for (int i = static_cast<int>(m_dictionary->ends.size() - first); i < check.rows(); ++i) {
        if (ends.side(i) != v1::SIDE_CLIENT && ends.side(i) != v1::SIDE_SERVER)
            check.fail("unknown side");
        m_dictionary->ends.push_back({.side = static_cast<Side>(ends.side(i)),
                                      .instance = check.indexOrNone(instance[i], entities),
                                      .local = endpoint(localAddress[i], localPort[i]),
                                      .remote = endpoint(remoteAddress[i], remotePort[i]),
                                      .dialled = endpoint(dialledAddress[i], dialledPort[i]),
                                      .remoteInstance = check.indexOrNone(remoteInstance[i], entities),
                                      .netns = netns[i],
                                      .protocol = enumOf<Protocol>(protocol[i]),
                                      .tls = tls[i]});
    }
    return check.result();
}

Result<void> DecodedDictionary::addConnections(const v1::Connections& connections, std::size_t first)
{
    TableCheck check("connections of the dictionary", connections.key_size());
    const auto key = check.column(connections.key());
    const auto end = check.column(connections.end());
    const auto localPort = check.column(connections.local_port()), remotePort = check.column(connections.remote_port());
    const auto pid = check.column(connections.pid());
    const auto existed = check.column(connections.existed());
    const auto openedAt = check.column(connections.opened_at_ns_delta());
    BN_TRY(check.result());
    const std::size_t known = m_connections.size();
    Delta opened(0);
    for (int i = 0; i < check.rows(); ++i) {
        const std::int64_t at = check.time(opened.decode(openedAt[i]));
        const ConnectionFacts facts{check.index(key[i], m_keys.size()), check.index(end[i], m_dictionary->ends.size()),
                                    check.port(localPort[i]), check.port(remotePort[i]), pid[i], existed[i], utcTime(at)};
        if (first + static_cast<std::size_t>(i) >= known)
            m_connections.push_back(facts);
    }
    return check.result();
}

} // namespace binnacle::telemetry::internal
