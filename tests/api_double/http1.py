# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as a server speaks it: one request in, one answer out, on a Wire (RFC 9112)."""
import email.utils
import gzip
import json
import urllib.parse
import uuid

from wire import Gone

REASONS = {101: "Switching Protocols", 200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 409: "Conflict",
           410: "Gone", 415: "Unsupported Media Type", 422: "Unprocessable Entity", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
GZIP_FROM = 128 * 1024  # the API server compresses lists above this size, when asked
CHUNKED_FROM = 2048  # Go's buffer: a longer body goes out in chunks, without Content-Length
CHUNK = 4096


class Request:
    """A request as it was written; header names are compared without case, repeated headers stay apart."""

    def __init__(self, method, target, headers, body=b""):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.entry = {}  # its line in the log
        parts = urllib.parse.urlsplit(target) if not target.startswith("//") else urllib.parse.SplitResult("", "", target, "", "")
        self.path = urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name, default=""):
        return next(iter(self.all(name)), default)

    def tokens(self, name):
        """A comma-separated header as lower-case words, all its lines together."""
        return [word.strip().lower() for value in self.all(name) for word in value.split(",") if word.strip()]

    def parameters(self, name):
        return [value for key, value in self.query if key == name]

    def parameter(self, name, default=""):
        return next(iter(self.parameters(name)), default)

    def flag(self, name):
        return self.parameter(name).lower() in ("true", "1", "t")


async def read_head(wire):
    """The first line and the headers; None when the peer closed between requests."""
    try:
        first = await wire.read_line()
    except Gone:
        return None
    headers = []
    while True:
        line = (await wire.read_line()).decode("latin-1").rstrip("\r\n")
        if not line:
            return first.decode("latin-1").rstrip("\r\n"), headers
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))


async def read_request(wire):
    head = await read_head(wire)
    if head is None:
        return None
    words = head[0].split(" ")
    if len(words) != 3:
        raise Gone(f"no HTTP request line: {head[0]!r}")
    request = Request(words[0], words[1], head[1])
    request.body = await read_body(wire, request)
    return request


async def read_body(wire, request):
    if "100-continue" in request.tokens("Expect"):
        await wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in request.tokens("Transfer-Encoding"):
        parts = []
        while size := int((await wire.read_line()).split(b";")[0], 16):
            parts.append(await wire.read_exactly(size))
            await wire.read_line()
        while (await wire.read_line()).strip():
            pass
        return b"".join(parts)
    return await wire.read_exactly(int(request.header("Content-Length", "0") or 0))


def head(status, headers):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Response:
    """Status, headers and body; `content_type` None leaves that header away.

    `bare` is an answer that the kubelet wrote and the API server passed on: no headers of the API server's own, and with `close` the
    body ends with the connection.
    """

    def __init__(self, status, body=b"", content_type="application/json", headers=(), close=False, bare=False, chunked=None):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.content_type = content_type
        self.headers = list(headers)
        self.close = close
        self.bare = bare
        self.chunked = len(self.body) > CHUNKED_FROM if chunked is None else chunked

    def framed(self, request):
        """All bytes of the answer, compressed when the client asked and the size calls for it."""
        body, headers = self.body, [] if self.bare else [("Audit-Id", str(uuid.uuid4())), ("Cache-Control", "no-cache, private")]
        headers += self.headers
        if self.content_type:
            headers.append(("Content-Type", self.content_type))
        if len(body) > GZIP_FROM and "gzip" in request.tokens("Accept-Encoding"):
            body = gzip.compress(body, 4)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        headers.append(("Date", email.utils.formatdate(usegmt=True)))
        if self.close:
            headers.append(("Connection", "close"))
        if self.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + CHUNK]), body[at:at + CHUNK]) for at in range(0, len(body), CHUNK)) + b"0\r\n\r\n"
        elif not (self.bare and self.close):
            headers.append(("Content-Length", len(body)))
        return head(self.status, headers) + (b"" if request.method == "HEAD" else body)


def wants_pretty(request):
    """The API server indents for browsers, curl and wget, unless ?pretty= says otherwise."""
    if asked := request.parameter("pretty"):
        return asked.lower() in ("true", "1", "t")
    return request.header("User-Agent").startswith(("curl", "Wget", "Mozilla/5.0"))


def json_body(document, request=None):
    if request is not None and wants_pretty(request):
        return json.dumps(document, indent=2, ensure_ascii=False)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def json_response(document, request=None, status=200, headers=()):
    return Response(status, json_body(document, request), headers=headers)


def text_response(status, text, headers=(), close=False):
    """What Go's http.Error writes: one line of plain text."""
    extra = [("X-Content-Type-Options", "nosniff")] + list(headers)
    return Response(status, text + "\n", "text/plain; charset=utf-8", extra, close)
