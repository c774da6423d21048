# SPDX-License-Identifier: Apache-2.0
"""The handshake of pods/portforward: which protocol is spoken, and every way to be refused (observed on 1.31 and 1.36)."""
import statuses
from http1 import Response, head, text_response
from portforward_spdy import SpdyTunnel, WebSocketBytes
from portforward_v4 import ChannelTunnel
from websocket import WebSocket, accept_key

TUNNEL_PREFIX = "SPDY/3.1+"
SPDY_PROTOCOL = "portforward.k8s.io"
CHANNEL_PROTOCOLS = ("v4.channel.k8s.io", "v4.base64.channel.k8s.io")


def int32_ports(request):
    """The API server's own parsing of `ports`, which comes before it looks for the pod."""
    for text in request.parameters("ports"):
        for part in text.split(","):
            if not part.isascii() or not part.isdigit():
                raise statuses.bad_request(f'cannot convert to []int32: strconv.ParseUint: parsing "{part}": invalid syntax')
            if int(part) > 65535:
                raise statuses.bad_request(f'cannot convert to []int32: strconv.ParseUint: parsing "{part}": value out of range')


def kubelet_ports(request):
    """(ports, refusal): the kubelet's parsing, which answers plain text."""
    ports = [int(part) for text in request.parameters("ports") for part in text.split(",")]
    if not ports:
        return ports, from_kubelet(400, 'query parameter "port" is required')
    for port in ports:
        if port == 0:
            return ports, from_kubelet(400, 'port "0" must be > 0')
    return ports, None


def from_kubelet(status, text):
    return Response(status, text, "text/plain; charset=utf-8", bare=True)


def is_websocket(request):
    return "websocket" in request.tokens("Upgrade") and "upgrade" in request.tokens("Connection")


class PortForward:
    """Answers a portforward request: a Response, or None after a tunnel has come and gone on the wire."""

    def __init__(self, double):
        self.double = double
        self.script = double.script

    async def answer(self, wire, request, user, target):
        if request.method not in ("GET", "POST"):
            raise statuses.method_not_allowed()
        int32_ports(request)
        if is_websocket(request) and self.script.gate("AuthorizePodWebsocketUpgradeCreatePermission"):
            if not self.double.authorizer.allows(user, "create", "", "pods/portforward", target.namespace, target.name):
                raise statuses.forbidden("pods", "", target.name, "")  # the sentence is lost on the way, observed
        pod = self.double.store.find("pods", target.namespace, target.name)
        if pod is None:
            raise statuses.not_found("pods", "", target.name)
        if not pod.get("spec", {}).get("nodeName"):
            raise statuses.bad_request(f"pod {target.name} does not have a host assigned")
        if not request.tokens("Upgrade") or "upgrade" not in request.tokens("Connection"):
            raise statuses.bad_request("Upgrade request required")
        if is_websocket(request):
            return await self._websocket(wire, request, target)
        return await self._spdy(wire, request, target)

    def faults(self):
        return dict(self.script.get("portforward", "faults"))

    async def _websocket(self, wire, request, target):
        offered = [word.strip() for value in request.all("Sec-WebSocket-Protocol") for word in value.split(",") if word.strip()]
        if request.method == "POST":
            return Response(405, "bad method", None, close=True, bare=True)
        tunnelled = [name for name in offered if name.startswith(TUNNEL_PREFIX)]
        if tunnelled and self.script.gate("PortForwardWebsockets"):
            return await self._tunnelled(wire, request, target, [name[len(TUNNEL_PREFIX):] for name in tunnelled])
        ports, refusal = kubelet_ports(request)
        if refusal:
            return refusal
        if request.header("Sec-WebSocket-Version") != "13":
            return Response(400, "missing or bad WebSocket Version", None, [("Sec-Websocket-Version", "13")], close=True, bare=True)
        chosen = next((name for name in offered if name in CHANNEL_PROTOCOLS), None)
        if offered and chosen is None:
            return Response(403, b"", None, close=True, bare=True)
        faults = self.faults()
        await self._switch(wire, request, chosen or "", faults)
        tunnel = ChannelTunnel(self.double, wire, WebSocket(wire, faults), target, ports, chosen == CHANNEL_PROTOCOLS[1], faults)
        await self.double.run_tunnel(tunnel)
        return None

    async def _switch(self, wire, request, protocol, faults):
        key = accept_key(request.header("Sec-WebSocket-Key"))
        if faults.get("wrong_accept"):
            key = accept_key("another key")
        await self._begin(wire, request, faults)
        await wire.write(head(101, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", key),
                                    ("Sec-WebSocket-Protocol", faults.get("protocol", protocol))]))

    @staticmethod
    async def _begin(wire, request, faults):
        """Faults below the tunnel's protocol begin with its first byte."""
        request.entry["status"] = 101
        wire.segment = faults.get("segment", wire.segment)
        if pace := faults.get("slow_reader"):
            wire.slow_read = (pace["bytes"], pace["milliseconds"] / 1000)

    async def _tunnelled(self, wire, request, target, names):
        if SPDY_PROTOCOL not in names:
            return self._no_common_protocol(names)
        faults = self.faults()
        await self._switch(wire, request, TUNNEL_PREFIX + SPDY_PROTOCOL, faults)
        await self.double.run_tunnel(SpdyTunnel(self.double, WebSocketBytes(WebSocket(wire, faults)), target, faults))
        return None

    async def _spdy(self, wire, request, target):
        names = [word.strip() for value in request.all("X-Stream-Protocol-Version") for word in value.split(",") if word.strip()]
        if not names:
            return text_response(500, "invalid upgrade response: status code 200")  # the kubelet's handshake fails without a word
        if SPDY_PROTOCOL not in names:
            return self._no_common_protocol(names)
        if "spdy/3.1" not in request.tokens("Upgrade"):
            return text_response(400, f"unable to upgrade: missing upgrade headers in request: {dict(request.headers)}",
                                 [("X-Stream-Protocol-Version", SPDY_PROTOCOL)])
        faults = self.faults()
        await self._begin(wire, request, faults)
        await wire.write(head(101, [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", SPDY_PROTOCOL)]))
        await self.double.run_tunnel(SpdyTunnel(self.double, wire, target, faults))
        return None

    @staticmethod
    def _no_common_protocol(names):
        return text_response(403, f"unable to upgrade: unable to negotiate protocol: client supports [{' '.join(names)}], "
                             f"server accepts [{SPDY_PROTOCOL}]", [("X-Accepted-Stream-Protocol-Versions", SPDY_PROTOCOL)])
