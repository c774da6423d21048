// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/internal/segment_dictionary.h"

#include <memory>

namespace binnacle::telemetry::internal {

/// The dictionary of a segment being read.  Batches share `shared()`; when it must grow while one of them holds it, it is
/// copied first, so that what a batch holds never changes.
class DecodedDictionary {
public:
    /// All or nothing: a run that does not fit changes nothing.
    Result<void> add(const v1::Dictionary& run);
    std::shared_ptr<const Dictionary> shared() const { return m_dictionary; }

    const Dictionary& values() const { return *m_dictionary; }
    const std::vector<InternetAddress>& addresses() const { return m_addresses; }
    const std::vector<EntityKey>& keys() const { return m_keys; }
    const std::vector<ConnectionFacts>& connections() const { return m_connections; }

private:
    struct Sizes {
        std::size_t strings, entities, ends, addresses, keys, connections;
    };
    Sizes sizes() const;
    void shrinkTo(const Sizes& sizes);
    Result<void> append(const v1::Dictionary& run);
    Result<void> addEnds(const v1::Ends& ends, std::size_t first);
    Result<void> addConnections(const v1::Connections& connections, std::size_t first);

    std::shared_ptr<Dictionary> m_dictionary = std::make_shared<Dictionary>();
    std::vector<InternetAddress> m_addresses;
    std::vector<EntityKey> m_keys;
    std::vector<ConnectionFacts> m_connections;
};

Result<Overview> decodeOverview(const v1::OverviewChunk& from, TimeRange range, const DecodedDictionary& dictionary);
Result<Detail> decodeDetail(const v1::DetailChunk& from, TimeRange range, const DecodedDictionary& dictionary);

} // namespace binnacle::telemetry::internal
