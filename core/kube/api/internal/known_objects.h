// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/api/watched_list.h"

#include <map>
#include <string>
#include <utility>

namespace binnacle::kube {

/// What the sink has been told exists; turns what is seen into added, updated and deleted.
class KnownObjects {
public:
    explicit KnownObjects(WatchSink& sink) : m_sink(sink) {}

    void beginListing() { ++m_listing; } // what is not present() afterwards ...
    void endListing();                   // ... is told as deleted
    void present(const nlohmann::json& object);
    void absent(const nlohmann::json& object);

private:
    using Key = std::pair<std::string, std::string>; // namespace, name
    struct Known {
        std::string uid;
        std::string resourceVersion;
        std::uint64_t listing = 0; // in which it was last seen
    };
    void forget(const Key& key, const Known& known, const nlohmann::json* last);

    WatchSink& m_sink; // not owned; the watch that owns this also holds the sink
    std::map<Key, Known> m_known;
    std::uint64_t m_listing = 0;
};

} // namespace binnacle::kube
