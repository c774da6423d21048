// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

/// Adding rows that are about the same thing.  Their index members must be of one dictionary.
namespace binnacle::telemetry::internal {

/// Counts by key, ascending by key.
void addCounts(std::vector<StatusCount>& to, const std::vector<StatusCount>& from);
void addCounts(std::vector<ErrnoCount>& to, const std::vector<ErrnoCount>& from);

void addRow(RequestRow& to, const RequestRow& from);
void addRow(OpenRow& to, const OpenRow& from);  // same time: counts add, the oldest stays
void addRow(TcpRow& to, const TcpRow& from);    // all but the gauge `active`

} // namespace binnacle::telemetry::internal
