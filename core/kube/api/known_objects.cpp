// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/internal/known_objects.h"

#include "core/kube/api/internal/json.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

WatchedObject describe(const Json& object)
{
    const Json& metadata = memberOf(object, "metadata");
    return {textAt(metadata, "namespace"), textAt(metadata, "name"), textAt(metadata, "uid"), textAt(metadata, "resourceVersion"), &object};
}

} // namespace

std::string WatchedObject::toText() const { return json ? json->dump(-1, ' ', false, Json::error_handler_t::replace) : std::string{}; }

void KnownObjects::present(const Json& object)
{
    const WatchedObject seen = describe(object);
    if (seen.name.empty())
        return;
    const Key key{seen.namespaceName, seen.name};
    auto [at, isNew] = m_known.try_emplace(key, Known{seen.uid, seen.resourceVersion, m_listing});
    if (!isNew && at->second.uid != seen.uid) { // the name's former bearer went unseen
        forget(key, at->second, nullptr);
        isNew = true;
    }
    const bool isUnchanged = !isNew && at->second.resourceVersion == seen.resourceVersion;
    at->second = {seen.uid, seen.resourceVersion, m_listing};
    if (isNew)
        m_sink.added(seen);
    else if (!isUnchanged)
        m_sink.updated(seen);
}

void KnownObjects::absent(const Json& object)
{
    const WatchedObject seen = describe(object);
    const auto at = m_known.find({seen.namespaceName, seen.name});
    if (at == m_known.end())
        return;
    m_known.erase(at);
    m_sink.deleted(seen);
}

void KnownObjects::forget(const Key& key, const Known& known, const Json* last)
{
    m_sink.deleted({key.first, key.second, known.uid, known.resourceVersion, last});
}

void KnownObjects::endListing()
{
    for (auto at = m_known.begin(); at != m_known.end();) {
        if (at->second.listing == m_listing) {
            ++at;
            continue;
        }
        const auto gone = m_known.extract(at++);
        forget(gone.key(), gone.mapped(), nullptr);
    }
}

} // namespace binnacle::kube
