// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/platform/native_socket.h"
#include "core/base/result.h"
#include "core/kube/net/http_client.h"
#include "core/kube/tunnel/pod_port.h"

namespace binnacle::kube {

struct ForwardedPort {
    platform::NativeSocket socket; // a private byte stream to the pod's port; its end is the pod's end, or ours
    ForwardProtocol protocol = ForwardProtocol::WebSocket;
};

/// One connection to one port of a pod, without reconnecting: for `diagnose` and for programs that live for one question.
///
/// Returns once the API server has agreed; that nothing listens on the port shows only as the stream's end.  Blocks: never on the
/// reactor, never on the UI thread.  The client and its reactor outlive the stream.
Result<ForwardedPort> openPortForward(HttpClient& client, const PodPort& to, ForwardChoice choice = ForwardChoice::Best, const Cancellation& cancellation = {});

} // namespace binnacle::kube
