// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/open_dictionary.h"

#include "binnacle/v1/batch.pb.h"

#include <cstdint>
#include <limits>

namespace binnacle::telemetry {
namespace {

std::uint32_t count(int size) { return static_cast<std::uint32_t>(size); }

bool parse(google::protobuf::MessageLite& into, ByteView bytes)
{
    return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) && into.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

bool follows(const v1::Dictionary& run, const v1::Dictionary& known)
{
    return run.first_string() == count(known.strings_size()) && run.first_entity() == count(known.entities_size())
           && run.first_address() == count(known.addresses_size()) && run.first_end() == count(known.ends().side_size())
           && run.first_key() == count(known.key_high_size()) && run.first_connection() == count(known.connections().key_size());
}

/// Times of a run are deltas, its first one to 0; of two runs in one, the second's first is to the last of the first.
std::int64_t lastOpened(const v1::Connections& run)
{
    std::uint64_t sum = 0; // wraps as the decoder's does
    for (const std::int64_t delta : run.opened_at_ns_delta())
        sum += static_cast<std::uint64_t>(delta);
    return static_cast<std::int64_t>(sum);
}

void append(v1::Dictionary&& run, v1::Dictionary& known)
{
    if (run.connections().opened_at_ns_delta_size() > 0) {
        std::int64_t& first = *run.mutable_connections()->mutable_opened_at_ns_delta()->Mutable(0);
        first = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) - static_cast<std::uint64_t>(lastOpened(known.connections())));
    }
    for (const auto clear : {&v1::Dictionary::clear_first_string, &v1::Dictionary::clear_first_entity, &v1::Dictionary::clear_first_address,
                             &v1::Dictionary::clear_first_end, &v1::Dictionary::clear_first_key, &v1::Dictionary::clear_first_connection})
        (run.*clear)();
    known.MergeFrom(run);
}

} // namespace

struct OpenDictionary::State {
    v1::Dictionary known;
};

OpenDictionary::OpenDictionary() : m_state(std::make_unique<State>()) {}
OpenDictionary::~OpenDictionary() = default;
OpenDictionary::OpenDictionary(OpenDictionary&&) noexcept = default;
OpenDictionary& OpenDictionary::operator=(OpenDictionary&&) noexcept = default;

Result<void> OpenDictionary::open(ByteView dictionary)
{
    v1::Dictionary opened;
    if (!parse(opened, dictionary) || !follows(opened, {}))
        return failure(ErrorCode::Corrupt, "dictionary is damaged");
    m_state->known = std::move(opened);
    return {};
}

Result<void> OpenDictionary::add(ByteView chunk)
{
    v1::Chunk message;
    if (!parse(message, chunk))
        return failure(ErrorCode::Corrupt, "chunk is damaged");
    if (!follows(message.additions(), m_state->known))
        return failure(ErrorCode::Corrupt, "chunk builds on entries that never came");
    append(std::move(*message.mutable_additions()), m_state->known);
    return {};
}

std::string OpenDictionary::bytes() const { return m_state->known.SerializeAsString(); }

} // namespace binnacle::telemetry
