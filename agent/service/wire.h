// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/chunk_reader.h"
#include "core/telemetry/buffer_horizon.h"

#include "binnacle/v1/service.pb.h"

#include <optional>
#include <string_view>
#include <vector>

/// The agent's values as messages and back; pure, one direction a function.
namespace binnacle::agent::wire {

/// Versions of the protocol that this program speaks.
inline constexpr int kProtocolMin = 1;
inline constexpr int kProtocolMax = 1;

/// Of a gateway, in its handshake.
inline constexpr std::string_view kGatewayCapability = "gateway";
inline constexpr std::string_view kMergedCapability = "merged";

void put(EntityKey key, v1::Key& out);
EntityKey keyOf(const v1::Key& in);
void put(const ClockAnchor& anchor, v1::Anchor& out);
ClockAnchor anchorOf(const v1::Anchor& in);
void put(const telemetry::AgentIdentity& identity, v1::AgentIdentity& out);
telemetry::AgentIdentity identityOf(const v1::AgentIdentity& in);
void put(const telemetry::BufferHorizon& horizon, v1::SignalHorizon& out);

v1::StreamItem itemOf(const LiveChunk& chunk);
v1::StreamItem itemOf(const SegmentOpening& opening, EntityKey agent);
v1::StreamItem itemOf(const SealedBytes& segment);
v1::StreamItem itemOf(const telemetry::Gap& gap);

/// Versions, identity, process; `problem` when the two do not fit.
void answerHandshake(const v1::HandshakeRequest& request, const telemetry::AgentIdentity& identity, int protocolMin, int protocolMax, v1::HandshakeReply& reply);

/// Kinds as asked for; all when none is named.
std::vector<telemetry::ChunkKind> kindsOf(const google::protobuf::RepeatedField<int>& kinds);
std::vector<telemetry::Level> levelsOf(const google::protobuf::RepeatedField<int>& levels);

} // namespace binnacle::agent::wire
