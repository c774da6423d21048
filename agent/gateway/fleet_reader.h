// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/catch_up.h"
#include "agent/gateway/fleet.h"

#include "binnacle/v1/service.pb.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace binnacle::agent {

/// One reader's places in the streams of all agents.  What is here comes from the agents' tails; what a slow or returning reader has
/// missed is read at the agent itself, some agents at a time and each with its own patience, while the others go on; what cannot be had any
/// more is a Gap.
///
/// Holds positions, and of agents that catch up what CatchUp does.  Thread: the reader's own.
class FleetReader {
public:
    /// Writes one item to the reader; false when it has gone.
    using Write = std::function<bool(const v1::StreamItem&)>;

    enum class Gives : std::uint8_t { Telemetry, NoticesOnly };
    static constexpr std::chrono::seconds kPatience{10}; // with an agent that catches up
    FleetReader(const Fleet& fleet, const v1::SubscribeRequest& request, Write write, Gives gives = Gives::Telemetry,
                std::chrono::milliseconds patience = kPatience);

    /// Writes what there is, a share of each agent's; false when the reader has gone.
    bool step();
    /// Whether the last step wrote anything, and whether it left anything for the next one.
    bool hadNews() const { return m_hadNews; }
    bool hasMore() const { return m_hasMore; }

private:
    struct Follower {
        std::weak_ptr<const AgentLink> link; // another one of that node: told anew
        std::uint64_t toldVersion = 0;       // of its status
        EntityKey agent;                     // whose place this is; none: none yet
        AgentTail::Place place;
        bool wantsPast = false;              // begins at m_from, at the agent
        std::unique_ptr<CatchUp> catchUp;    // under way; the tail waits for it, and `place` has the cursor of what was written
        v1::AgentIdentity told;
    };
    bool tell(const AgentLink& link, Follower& follower);
    AgentTail::Place begin(const AgentLink& link, EntityKey agent, Follower& follower) const;
    void leave(const Follower& follower);
    bool follow(const LinkPtr& link, Follower& follower);
    void beginCatchUp(const LinkPtr& link, Follower& follower);
    bool writeCatchUp(const AgentLink& link, Follower& follower);
    bool endCatchUp(const AgentTail& tail, Follower& follower);
    bool write(const v1::StreamItem& item);

    const Fleet& m_fleet;
    const Write m_write;
    const Gives m_gives;
    const std::chrono::milliseconds m_patience;
    std::map<EntityKey, Cursor> m_cursors; // where to begin: as asked for, or where a link that is gone was left
    std::optional<UtcTime> m_from;
    std::map<std::string, Follower> m_followers; // by node
    bool m_hadNews = false;
    bool m_hasMore = false;
};

} // namespace binnacle::agent
