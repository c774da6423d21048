# SPDX-License-Identifier: Apache-2.0
"""The API server's own listener: TLS, then HTTP/1.1 requests one after the other, each through the API server's order of checks."""
import asyncio
import socket
import ssl
import struct

import statuses
from access import ImpersonationFault, impersonate
from http1 import Request, Response, json_response, read_request, text_response
from resources import parse_target
from watch import Watch
from wire import Gone, Wire

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: an expired client certificate is a 401, not a TLS alert
READ_LIMIT = 128 * 1024
HTTP2_REFUSAL = b"this double speaks HTTP/1.1 only: offer no h2"


def listen():
    """A random loopback port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    listener.setblocking(False)
    return listener


def tls_context(script, certificates, facts):
    """A context for one connection: it notes the SNI in `facts` and never refuses a client certificate itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.server(script.get("tls", "certificate")))
    context.minimum_version = VERSIONS[script.get("tls", "minimum")]
    context.maximum_version = VERSIONS[script.get("tls", "maximum")]
    if alpn := script.get("tls", "alpn"):
        context.set_alpn_protocols(alpn)
    if script.get("tls", "client_certificates"):
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= NO_CHECK_TIME
        context.load_verify_locations(certificates.path("ca.crt"))
        context.load_verify_locations(certificates.path("foreign-ca.crt"))
    context.sni_callback = lambda _socket, name, _context: facts.__setitem__("sni", name or "")
    return context


class Listener:
    """Accepts on one socket and runs `serve(wire)` for each connection, TLS first unless `tls` is false."""

    def __init__(self, double, name, serve, tls=True):
        self.double = double
        self.name = name
        self.serve = serve
        self.tls = tls
        self.socket = listen()
        self.port = self.socket.getsockname()[1]

    async def run(self):
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(self.socket)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.double.start(self._connection(accepted))

    async def _connection(self, accepted):
        wire = await self._open(accepted)
        if wire is None:
            return
        self.double.wires.add(wire)
        try:
            await self.serve(wire)
        except Gone:
            pass
        finally:
            self.double.wires.discard(wire)
            await wire.close()

    async def _open(self, accepted):
        """The Wire over an accepted socket; None when the handshake failed, which the log then tells."""
        loop = asyncio.get_running_loop()
        facts = {"sni": "", "peer": None, "alpn": None, "tls": None}
        script = self.double.script
        if self.tls and script.get("tls", "handshake") != "normal":
            await self._spoil_handshake(accepted, script.get("tls", "handshake"))
            return None
        context = tls_context(script, self.double.certificates, facts) if self.tls else None
        reader = asyncio.StreamReader(limit=READ_LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=context)
        except (ssl.SSLError, ConnectionError, OSError) as error:
            self.double.log("handshake", listener=self.name, failed=str(error), sni=facts["sni"])
            return None
        if tls := transport.get_extra_info("ssl_object"):
            facts |= {"peer": tls.getpeercert(), "alpn": tls.selected_alpn_protocol(), "tls": tls.version()}
            peer = dict(pair for part in facts["peer"]["subject"] for pair in part)["commonName"] if facts["peer"] else None
            self.double.log("handshake", listener=self.name, sni=facts["sni"], alpn=facts["alpn"], tls=facts["tls"], certificate=peer)
        wire = Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop), facts)
        wire.segment = script.get("transport", "segment")
        return wire

    async def _spoil_handshake(self, accepted, how):
        """`eof` and `reset` end at once, `plain` answers in clear text as Go's server does, `stall` says nothing."""
        loop = asyncio.get_running_loop()
        self.double.log("handshake", listener=self.name, failed=f"script: {how}")
        with accepted:
            if how == "plain":
                await loop.sock_recv(accepted, 4096)
                await loop.sock_sendall(accepted, b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
            elif how == "stall":
                while await loop.sock_recv(accepted, 4096):
                    pass
            elif how == "reset":
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class ApiServer:
    """Serves connections of the TLS listener.  `strip_upgrade`: as behind a proxy that drops hop-by-hop headers."""

    def __init__(self, double, strip_upgrade=False):
        self.double = double
        self.script = double.script
        self.strip_upgrade = strip_upgrade

    async def serve(self, wire):
        if wire.facts["alpn"] == "h2":
            await self._refuse_http2(wire)
            return
        while (request := await read_request(wire)) is not None:
            if not await self._one(wire, request):
                return

    async def _refuse_http2(self, wire):
        """Preface, SETTINGS and GOAWAY(HTTP_1_1_REQUIRED): a client that offered h2 learns why nothing works."""
        goaway = struct.pack(">II", 0, 0xD) + HTTP2_REFUSAL
        await wire.write(b"\0\0\0\4\0\0\0\0\0" + len(goaway).to_bytes(3, "big") + b"\7\0\0\0\0\0" + goaway)
        while await wire.read():
            pass

    async def _one(self, wire, request):
        """Answers one request; False when the connection is finished."""
        entry = self.double.log("request", method=request.method, target=request.target, headers=request.headers, body_bytes=len(request.body),
                                body=request.body.decode("utf-8", "replace") if len(request.body) <= 65536 else None)
        request.entry = entry
        if self.strip_upgrade:
            strip_hop_by_hop(request)
            if self.script.get("proxies", "stripped_answer") == "200":
                await wire.write(Response(200, "<html>welcome</html>\n", "text/html").framed(request))
                return True
        try:
            outcome = await self._answer(wire, request)
        except statuses.Refused as refused:
            outcome = refused.response(request)
        except ImpersonationFault as fault:
            outcome = fault.response
        if isinstance(outcome, bool):
            return outcome
        entry["status"] = outcome.status
        await wire.write(outcome.framed(request))
        return not outcome.close and "close" not in request.tokens("Connection")

    async def _answer(self, wire, request):
        """A Response, or whether the connection goes on after a watch or a tunnel."""
        prefix = self.script.get("path_prefix")
        if prefix and not request.path.startswith(prefix + "/"):
            return text_response(404, "404 page not found")
        request.path = request.path[len(prefix):]
        if scripted := self.double.take_response(request):
            return await self._scripted(wire, scripted)
        user = self.double.authenticator.authenticate(request, wire.facts["peer"])
        user = impersonate(request, user, self.double.authorizer)
        request.entry |= {"user": user.name, "groups": list(user.groups), "uid": user.uid, "extra": user.extra}
        target = parse_target(request)
        self.double.authorizer.check(user, target, request.path)
        if target and (target.plural, target.subresource) == ("pods", "portforward"):
            answer = await self.double.portforward.answer(wire, request, user, target)
            return False if answer is None else answer
        if target and target.verb == "watch" and target.resource:
            return await self._watch(wire, request, target)
        return self.double.rest.answer(request, user, target)

    async def _watch(self, wire, request, target):
        watch = Watch(self.double, wire, request, target)
        request.entry["status"] = 200
        self.double.watches.add(watch)
        try:
            return await watch.run()
        finally:
            self.double.watches.discard(watch)

    async def _scripted(self, wire, scripted):
        """An answer that the script gives in place of the server's own."""
        if delay := scripted.get("delay_ms"):
            await asyncio.sleep(delay / 1000)
        if scripted.get("stall"):
            await wire.read()
            return False
        if how := scripted.get("cut"):
            wire.cut(how)
            return False
        if "raw" in scripted:
            await wire.write(scripted["raw"].encode("latin-1"))
            return False
        headers = list(scripted.get("headers", {}).items())
        if "status_object" in scripted:
            response = json_response(scripted["status_object"], None, scripted["status"], headers)
        else:
            response = Response(scripted["status"], scripted.get("body", ""), scripted.get("content_type", "text/plain"), headers, chunked=False)
        if "cut_body_after" in scripted:
            head, _, body = response.framed(Request("GET", "/", [])).partition(b"\r\n\r\n")
            await wire.write(head + b"\r\n\r\n" + body[:scripted["cut_body_after"]])
            wire.cut("eof")
            return False
        return response


def strip_hop_by_hop(request):
    dropped = {"connection", "upgrade", "keep-alive", "te", "trailer", "proxy-authorization"}
    request.headers = [(name, value) for name, value in request.headers if name.lower() not in dropped]
