// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "agent/metadata/knowledge_limit.h"

#include <optional>
#include <vector>

namespace binnacle::agent {

/// Where a connection really went.
struct NatAnswer {
    ConnectionId connection;
    std::optional<Endpoint> backend; // nothing: the address was not translated, or nobody knows
};

/// Asked for the backend behind an address that a client dialled (a ClusterIP, a node port); answers later.
///
/// How counts stay exact: a client's connection waits for its answer no longer than it waits for its other end anyway (some rounds of
/// the drain thread), and never past the seal of its second.  One that closes while it waits is kept with its last counters until then.
/// When the answer comes after that, what was counted stays under the dialled address and the rest goes to the backend's row: each event
/// is counted once, in one row, and both rows name the same `dialled`.
/// A connect that has waited for a second is asked about too, and fails under the backend's address when that was answered; one that
/// failed before stays under the dialled address.  The reader knows from others whom that leads to.
///
/// Thread: the drain thread.  Neither call blocks.
class NatLookup {
public:
    virtual ~NatLookup() = default;
    /// False: there will be no answer (no connection tracking here, or too many questions are waiting).
    virtual bool ask(ConnectionId connection, const SocketAddresses& addresses) = 0;
    /// Appends the answers since the last call.
    virtual void takeAnswers(std::vector<NatAnswer>& answers) = 0;
    /// What cannot be seen, and what was missed since the last call; each `what` once.
    virtual std::vector<KnowledgeLimit> takeLimits() { return {}; }
};

} // namespace binnacle::agent
