// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle::desktop {

/// How a gateway's fleet is read: each host's own seconds, or one stream in which all are added up by service.
enum class FleetReading : std::uint8_t {
    Auto,   // merged when more than kMostHostsApart are behind the gateway
    Hosts,
    Merged,
};
inline constexpr std::size_t kMostHostsApart = 50;

/// Where an agent listens: `HOST:PORT`, `unix:PATH` or `ssh://[USER@]HOST[:PORT][/PATH][?sudo]`; or the local ends of a way to one: a
/// ClusterLink's tunnels, an SshLink.
struct Target {
    enum class Kind : std::uint8_t {
        Tcp,
        Unix,
        Ssh, // on another machine, through the user's own ssh; SshLink makes a Unix one of it
    };

    Kind kind = Kind::Tcp;
    std::string host;       // Tcp; Ssh: a name of the user's ssh config too
    std::uint16_t port = 0; // Ssh: 0 is what the user's ssh config says
    std::string user;       // Ssh: empty is what the user's ssh config says
    std::string path;       // Unix; Ssh: of the agent's socket there, empty: the usual places
    bool withSudo = false;  // Ssh: the agent there is asked as root
    std::string bulkPath; // Unix: where streams go, so that a short call does not wait behind one; empty: `path`
    std::string label;    // for a person when the path says nothing: `node-1 (context lab)`; empty: toText()
    std::string context;  // of the cluster that it is in; empty: none
    FleetReading fleet = FleetReading::Auto; // where a gateway answers

    /// An error says which forms there are.
    static Result<Target> parse(std::string_view text);
    /// As it was written by a person; parse(toText()) gives the same target.
    std::string toText() const;
    std::string toWords() const { return label.empty() ? toText() : label; }

    friend bool operator==(const Target&, const Target&) = default;
};

/// Where an agent of this user or of root listens when nothing was said, if its socket exists.
Result<Target> findLocalAgent();

} // namespace binnacle::desktop
