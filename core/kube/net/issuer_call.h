// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/credentials/credential_options.h"
#include "core/kube/net/proxy_rules.h"
#include "core/kube/net/reactor.h"

namespace binnacle::kube {

/// How credentials ask an OpenID Connect issuer: https only, judged by the request's authority or the system's, through the
/// environment's proxy.  The call blocks, so credentials make it on their own thread; the reactor outlives it.
IssuerCall makeIssuerCall(Reactor& reactor, ProxyEnvironment environment = ProxyEnvironment::ofProcess());

} // namespace binnacle::kube
