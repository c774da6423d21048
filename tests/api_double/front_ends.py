# SPDX-License-Identifier: Apache-2.0
"""What stands between a client and an API server: HTTP CONNECT proxy, the same behind TLS, and SOCKS5 (RFC 1928, 1929)."""
import asyncio
import base64
import socket
import struct

from http1 import Response, read_request
from wire import Gone, join_streams


class Proxies:
    """The serving functions of the proxy listeners.  Where a client may go is `proxies.allow` (host:port list; null = anywhere)."""

    def __init__(self, double):
        self.double = double
        self.script = double.script

    async def serve_connect(self, wire):
        request = await read_request(wire)
        if request is None:
            return
        self.double.log("proxy", protocol="connect", method=request.method, target=request.target, headers=request.headers)
        if request.method != "CONNECT":
            await wire.write(Response(405, "this proxy tunnels only\n", "text/plain", close=True).framed(request))
        elif not self._password_fits(request.header("Proxy-Authorization")):
            answer = Response(407, "proxy authentication required\n", "text/plain", [("Proxy-Authenticate", 'Basic realm="double"')], True)
            await wire.write(answer.framed(request))
        elif (status := self.script.get("proxies", "connect_status")) != 200:
            await wire.write(Response(status, "refused by the script\n", "text/plain", close=True).framed(request))
        else:
            await self._tunnel(wire, *request.target.rsplit(":", 1))

    def _password_fits(self, header):
        user, password = self.script.get("proxies", "user"), self.script.get("proxies", "password")
        return not user or header == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def _allowed(self, host, port):
        allowed = self.script.get("proxies", "allow")
        return allowed is None or f"{host}:{port}" in allowed

    async def _tunnel(self, wire, host, port):
        try:
            upstream = await self._dial(host, port)
        except OSError:
            await wire.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        await wire.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await join_streams((wire.reader, wire.writer), upstream)

    async def _dial(self, host, port):
        """Everything of the double is on loopback, so that is where every name leads."""
        if not self._allowed(host, port):
            raise OSError("not allowed by the script")
        return await asyncio.open_connection("127.0.0.1", int(port), family=socket.AF_INET)

    async def serve_socks5(self, wire):
        version, count = await wire.read_exactly(2)
        methods = await wire.read_exactly(count)
        wanted = 2 if self.script.get("proxies", "user") else 0
        if version != 5 or wanted not in methods:
            self.double.log("proxy", protocol="socks5", failed="no acceptable method", methods=list(methods))
            await wire.write(b"\x05\xff")
            return
        await wire.write(bytes([5, wanted]))
        if wanted == 2 and not await self._socks_password(wire):
            self.double.log("proxy", protocol="socks5", failed="wrong user or password")
            return
        _, command, _, kind = await wire.read_exactly(4)
        host = await self._socks_host(wire, kind)
        (port,) = struct.unpack(">H", await wire.read_exactly(2))
        self.double.log("proxy", protocol="socks5", target=f"{host}:{port}", address_type=kind)
        if command != 1:
            await wire.write(b"\x05\x07\x00\x01" + bytes(6))
            return
        try:
            upstream = await self._dial(host, port)
        except OSError:
            await wire.write(b"\x05\x05\x00\x01" + bytes(6))
            return
        await wire.write(b"\x05\x00\x00\x01" + bytes(6))
        await join_streams((wire.reader, wire.writer), upstream)

    async def _socks_password(self, wire):
        parts = []
        await wire.read_exactly(1)
        for _ in range(2):
            (length,) = await wire.read_exactly(1)
            parts.append((await wire.read_exactly(length)).decode())
        fits = parts == [self.script.get("proxies", "user"), self.script.get("proxies", "password")]
        await wire.write(b"\x01\x00" if fits else b"\x01\x01")
        return fits

    @staticmethod
    async def _socks_host(wire, kind):
        if kind == 1:
            return socket.inet_ntop(socket.AF_INET, await wire.read_exactly(4))
        if kind == 4:
            return socket.inet_ntop(socket.AF_INET6, await wire.read_exactly(16))
        if kind == 3:
            return (await wire.read_exactly((await wire.read_exactly(1))[0])).decode()
        raise Gone(f"SOCKS5 address type {kind}")
