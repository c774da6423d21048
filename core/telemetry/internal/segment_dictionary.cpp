// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/internal/segment_dictionary.h"

namespace binnacle::telemetry::internal {

void SegmentDictionary::begin(const Dictionary& batch, v1::Dictionary& additions)
{
    m_batch = &batch;
    m_stringOf.assign(batch.strings.size(), kNone);
    m_entityOf.assign(batch.entities.size(), kNone);
    m_endOf.assign(batch.ends.size(), kNone);
    m_overflows = 0;
    m_new = Run(&additions);
    additions.set_first_string(static_cast<std::uint32_t>(m_allRun.strings_size()));
    additions.set_first_entity(static_cast<std::uint32_t>(m_allRun.entities_size()));
    additions.set_first_address(static_cast<std::uint32_t>(m_allRun.addresses_size()));
    additions.set_first_end(static_cast<std::uint32_t>(m_allRun.ends().side_size()));
    additions.set_first_key(static_cast<std::uint32_t>(m_allRun.key_high_size()));
    additions.set_first_connection(static_cast<std::uint32_t>(m_allRun.connections().key_size()));
}

bool SegmentDictionary::takesText(std::size_t bytes)
{
    if (m_room->used + bytes > m_room->limit) {
        m_room->full = true;
        ++m_overflows;
        return false;
    }
    m_room->used += bytes;
    return true;
}

std::uint32_t SegmentDictionary::intern(std::string_view text)
{
    if (const auto known = m_strings.find(text); known != m_strings.end())
        return known->second;
    const bool isFree = text.empty() || text == kOther; // there must always be room for these
    if (!isFree && !takesText(text.size()))
        return other();
    const auto index = static_cast<std::uint32_t>(m_allRun.strings_size());
    m_strings.emplace(text, index);
    if (text == kOther)
        m_other = index;
    write([&](Run& run) { run.dictionary->add_strings(text.data(), text.size()); });
    return index;
}

std::uint32_t SegmentDictionary::string(std::uint32_t batchIndex)
{
    std::uint32_t& index = m_stringOf[batchIndex];
    if (index == kNone || isOther(index)) // asked again, so that each use is counted
        index = intern(m_batch->strings[batchIndex]);
    return index;
}

namespace {

/// A pod's labels and a workload's names are Kubernetes' words, not the host's.
bool isOfCluster(const Entity& entity) { return !entity.nameSpace.empty(); }

} // namespace

std::uint32_t SegmentDictionary::addEntity(const Entity& entity)
{
    std::optional<ClusterText> room;
    if (isOfCluster(entity) && m_room != &m_cluster)
        room.emplace(*this);
    std::size_t text = entity.name.size() + entity.nameSpace.size() + entity.type.size();
    for (const auto& [name, value] : entity.attributes)
        text += name.size() + value.size();
    const bool fits = takesText(text);
    write([&](Run& run) {
        v1::Entity& to = *run.dictionary->add_entities();
        to.mutable_key()->set_high(entity.key.high);
        to.mutable_key()->set_low(entity.key.low);
        to.set_kind(static_cast<v1::EntityKind>(entity.kind));
        to.set_service_kind(static_cast<v1::ServiceKind>(entity.serviceKind));
        to.set_name(fits ? entity.name : std::string(kOther));
        if (!fits)
            return; // the identity stays, its words do not
        to.set_namespace_(entity.nameSpace);
        to.set_type(entity.type);
        for (const auto& [name, value] : entity.attributes) {
            to.add_attribute_name(name);
            to.add_attribute_value(value);
        }
    });
    return static_cast<std::uint32_t>(m_allRun.entities_size() - 1);
}

std::uint32_t SegmentDictionary::entity(std::uint32_t batchIndex)
{
    std::uint32_t& index = m_entityOf[batchIndex];
    if (index != kNone)
        return index;
    const Entity& entity = m_batch->entities[batchIndex];
    const auto known = m_entities.find(entity);
    index = known != m_entities.end() ? known->second : addEntity(entity);
    m_entities.emplace(entity, index);
    return index;
}

std::uint32_t SegmentDictionary::address(const InternetAddress& address)
{
    const auto [at, isNew] = m_addresses.try_emplace(address, static_cast<std::uint32_t>(m_allRun.addresses_size()));
    if (isNew) {
        const std::size_t skip = address.isV4() ? 12 : 0;
        write([&](Run& run) { run.dictionary->add_addresses(address.bytes.data() + skip, address.bytes.size() - skip); });
    }
    return at->second;
}

std::uint32_t SegmentDictionary::end(std::uint32_t batchIndex)
{
    if (m_endOf[batchIndex] != kNone)
        return m_endOf[batchIndex];
    const End& end = m_batch->ends[batchIndex];
    const std::array<std::uint32_t, 12> row{
        static_cast<std::uint32_t>(end.side), entityPlus1(end.instance), address(end.local.address), end.local.port,
        address(end.remote.address), end.remote.port, address(end.dialled.address), end.dialled.port,
        entityPlus1(end.remoteInstance), end.netns, static_cast<std::uint32_t>(end.protocol), end.tls ? 1u : 0u};
    const auto [at, isNew] = m_ends.try_emplace(row, static_cast<std::uint32_t>(m_allRun.ends().side_size()));
    m_endOf[batchIndex] = at->second;
    if (!isNew)
        return at->second;
    write([&](Run& run) {
        v1::Ends& to = *run.dictionary->mutable_ends();
        to.mutable_side()->Add(static_cast<int>(row[0]));
        to.add_instance_plus1(row[1]);
        to.add_local_address(row[2]);
        to.add_local_port(row[3]);
        to.add_remote_address(row[4]);
        to.add_remote_port(row[5]);
        to.add_dialled_address(row[6]);
        to.add_dialled_port(row[7]);
        to.add_remote_instance_plus1(row[8]);
        to.add_network_namespace(row[9]);
        to.mutable_protocol()->Add(static_cast<int>(row[10]));
        to.add_tls(end.tls);
    });
    return at->second;
}

std::uint32_t SegmentDictionary::key(const EntityKey& key)
{
    const auto [at, isNew] = m_keys.try_emplace(key, static_cast<std::uint32_t>(m_allRun.key_high_size()));
    if (isNew) {
        write([&](Run& run) {
            run.dictionary->add_key_high(key.high);
            run.dictionary->add_key_low(key.low);
        });
    }
    return at->second;
}

std::uint32_t SegmentDictionary::connection(const ConnectionFacts& facts)
{
    const auto [at, isNew] = m_connections.try_emplace(facts, static_cast<std::uint32_t>(m_allRun.connections().key_size()));
    if (isNew) {
        write([&](Run& run) {
            v1::Connections& to = *run.dictionary->mutable_connections();
            to.add_key(facts.key);
            to.add_end(facts.end);
            to.add_local_port(facts.localPort);
            to.add_remote_port(facts.remotePort);
            to.add_pid(facts.pid);
            to.add_existed(facts.existed);
            to.add_opened_at_ns_delta(run.opened.encode(ns(facts.openedAt)));
        });
    }
    return at->second;
}

} // namespace binnacle::telemetry::internal
