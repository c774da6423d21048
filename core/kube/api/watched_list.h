// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/api/api_client.h"
#include "core/kube/net/backoff.h"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

namespace binnacle::kube {

/// An object as list or watch told it.  Lent for the call.
struct WatchedObject {
    std::string namespaceName;
    std::string name;
    std::string uid;
    std::string resourceVersion;
    const nlohmann::json* json = nullptr; // none for an object whose end was not seen, only that it is gone
    std::string toText() const;           // `json` as text, "" when there is none
};

/// Takes what a WatchedList finds.  Called on the reactor, so it must not block.
class WatchSink {
public:
    virtual ~WatchSink() = default;
    virtual void added(const WatchedObject& object) = 0;
    virtual void updated(const WatchedObject& object) = 0;
    virtual void deleted(const WatchedObject& object) = 0;
    /// Everything that existed has been told: after the first list, again after each gap, and when a watch goes on after troubled().
    virtual void synced() = 0;
    /// What happened since the last event is unknown, and is made up for by listing anew: the differences follow, then synced().
    virtual void gap(const std::string& why) = 0;
    /// It does not work at the moment; it is tried again by itself.
    virtual void troubled(const Error& error) = 0;
};

struct WatchOptions {
    Backoff::Duration firstPause = std::chrono::seconds(1);
    Backoff::Duration longestPause = std::chrono::seconds(30);
    std::chrono::seconds serverLimit{300};           // asked for as timeoutSeconds, times 1 to 2 by chance
    std::chrono::milliseconds grace{30'000};         // silence beyond that limit is a dead connection
    std::chrono::milliseconds initialPatience{30'000}; // silence while a streamed list is incomplete: the server does not know how
    bool streamedList = true;                        // try sendInitialEvents first (1.32+ by default); false: list, then watch
};

/// A collection of objects kept up to date: list, watch, resume, list again where that is needed.
///
/// Keeps names and versions of the objects, not the objects.  One connection.  Ends with its destruction, after which at most the
/// call of the sink that is just being made ends.  Resumes from the last version after time-outs and broken connections; a version
/// that has expired (410 inside a 200, as the API does it) is a gap.  Thread: any; the client and its reactor outlive it.
class WatchedList {
public:
    WatchedList(HttpClient& client, ListQuery query, std::shared_ptr<WatchSink> sink, WatchOptions options = {});
    ~WatchedList();
    WatchedList(const WatchedList&) = delete;
    WatchedList& operator=(const WatchedList&) = delete;

private:
    PendingOperation m_running;
};

} // namespace binnacle::kube
