// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QString>

namespace binnacle::desktop {

QString healthWord(analysis::Health health);         // OK, Warning, Critical, Unknown
Severity severityOf(analysis::Health health);
int healthRank(analysis::Health health);             // critical first: 0 … 3, for sorting
QString kindWord(analysis::NodeKind kind);           // workload, process, external address …
QString protocolLabel(Protocol protocol, bool tls);  // HTTP, TCP, Redis over TLS
/// Of a share of errors: none, some (≥ 1 %), many (≥ 5 %); the bounds of the health rule.
Severity errorSeverity(std::uint64_t errors, std::uint64_t attempts);
/// Of an HTTP status or a protocol's word.
Severity statusSeverity(const std::string& status);

} // namespace binnacle::desktop
