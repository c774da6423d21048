// SPDX-License-Identifier: Apache-2.0
#include "core/base/seen_bytes.h"

#include <array>
#include <cstring>
#include <random>

#define XXH_INLINE_ALL // a call into the library costs a good part of what the hash of a small head does
#include <xxhash.h>

namespace binnacle {

namespace {

/// A secret instead of a seed: from a seed, XXH3 would make a new secret for every text of more than 240 bytes.
const std::array<unsigned int, 48> kSecret = [] {
    std::array<unsigned int, 48> secret;
    std::random_device device;
    for (unsigned int& part : secret)
        part = device();
    return secret;
}();
static_assert(sizeof(kSecret) >= XXH3_SECRET_SIZE_MIN);

std::uint64_t digest(std::string_view bytes) { return XXH3_64bits_withSecret(bytes.data(), bytes.size(), kSecret.data(), sizeof(kSecret)); }

} // namespace

SharedBytes::Bytes SharedBytes::keep(std::string_view bytes, std::uint64_t digest)
{
    Slot& slot = m_slots[digest % m_slots.size()];
    if (slot.digest == digest && slot.size == bytes.size() && std::memcmp(slot.bytes.get(), bytes.data(), bytes.size()) == 0)
        return slot.bytes;
    slot = {};
    if (bytes.empty() || *m_kept + bytes.size() > kMostBytes)
        return nullptr;
    *m_kept += bytes.size();
    char* const copy = new char[bytes.size()];
    std::memcpy(copy, bytes.data(), bytes.size());
    slot = {digest, bytes.size(), Bytes(copy, [kept = m_kept, size = bytes.size()](const char* text) {
                *kept -= size;
                delete[] text;
            })};
    return slot.bytes;
}

std::size_t SeenBytes::beginning(std::string_view text)
{
    if (m_size == 0 || text.size() < m_size)
        return 0;
    if (m_bytes ? std::memcmp(m_bytes.get(), text.data(), m_size) == 0 : digest(text.substr(0, m_size)) == m_digest) {
        m_misses = 0;
        return m_size;
    }
    m_misses = static_cast<std::uint8_t>(m_misses < kPatience ? m_misses + 1 : kPatience);
    if (m_misses == kPatience)
        m_size = 0; // until the next one is remembered, nothing is hashed
    return 0;
}

void SeenBytes::remember(std::string_view bytes, SharedBytes* shared)
{
    m_digest = digest(bytes);
    m_bytes = shared ? shared->keep(bytes, m_digest) : nullptr;
    m_size = static_cast<std::uint16_t>(bytes.size());
}

} // namespace binnacle
