// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/model.h"
#include "core/base/result.h"
#include "core/telemetry/batch_source.h"

#include <chrono>
#include <cstddef>
#include <string>

/// From batches of ends to nodes and edges.  Pure: the same batches give the same snapshot, whatever their order.
///
/// How ends become edges (design.md §2).  A client's end knows its peer by `remoteInstance` (same kernel) or by the peer's
/// address: the instance that listens there, on that address or on a wildcard inside a network namespace that owns it; when
/// nothing listens there any more, the one that did last; then the only service ever known by that address.  A server's end knows
/// its client by `remoteInstance` or by the client's address, in the same way.  What Kubernetes says of addresses (AddressRow) comes
/// before listeners where it names a Service's address and port, and after them for a pod's own address; an edge has the port of the
/// server's end, whatever port the Service has.  A connect that failed or waits for an answer was meant for whom others reached that
/// dialled the same address.  What remains is outside:
///   a server that no agent sees             external:<address>:<port>   (loopback: external:<host>:<port>)
///   a client that no agent sees, public     internet
///   a client that no agent sees, private    external:<address>:0        (a client's own port means nothing)
/// Several services behind one client address (host network, another host) cannot be told apart from the server's end: it is
/// then left out wherever their own ends tell the same.
///
/// An address may pass from hand to hand.  What happened is its who had the address then: of those seen with it at that time the one
/// that came last, else the one that had it last before, else the next.  Counts are of one second, and the second in which it changes
/// hands is the later one's; a connection and an open exchange belong to whom they were begun with; a roll-up that an agent made to
/// who has the address at its end.
///
/// An instance belongs to its last known service for the whole range: late metadata renames, it never splits.  Containers of one pod
/// count as one instance.
namespace binnacle::analysis {

struct SnapshotOptions {
    /// How far before the range services, listeners and protocols are learnt from, so that a service scaled to zero stays and the
    /// connects that fail on it are its own.
    Nanoseconds lookBehind = std::chrono::hours(1);
    /// How far behind the range late assignments are looked for.
    Nanoseconds lookAhead = std::chrono::seconds(30);
    bool withRoutes = true;      // RouteSummary of edges and nodes
    bool withConnections = true; // Snapshot::connections
};

/// Batches that health judges (contracts.md, "health").
inline constexpr std::size_t kJudgedBatches = 5;
/// An agent whose last batch is older than this before the end of the range says nothing about that end.
inline constexpr Nanoseconds kAgentPatience = std::chrono::seconds(5);

/// Reads `range` and its surroundings once.  Blocks on the source; any thread.  An empty source gives an empty snapshot.
Result<Snapshot> buildSnapshot(const telemetry::BatchSource& source, TimeRange range, const SnapshotOptions& options = {});

/// What an edge is called where a text is needed (FrameStore::series, selections, settings):
/// `process:web>process:api:8000/http`, with `+tls` behind it.
std::string edgeId(const Edge& edge);

} // namespace binnacle::analysis
