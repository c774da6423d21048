# SPDX-License-Identifier: Apache-2.0
"""A client of the API server for the tests here: HTTP/1.1, chunks as they come, WebSocket frames as asked, nothing hidden."""
import base64
import json
import os
import socket
import ssl
import struct
import subprocess
import tempfile
import urllib.parse
from collections import namedtuple

import websocket

PATIENCE_SECONDS = 120  # a server that says nothing for so long is an error of the test, not a slow machine
Answer = namedtuple("Answer", "status headers body")


class Access:
    """Where a server is and as whom it is asked."""

    def __init__(self, url, ca_file=None, certificate=None, token=None, server_name=None, alpn=("http/1.1",), tls=None):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.prefix = parts.hostname, parts.port or 443, parts.path.rstrip("/")
        self.server_name = server_name or self.host
        self.context = ssl.create_default_context(cafile=ca_file)
        if certificate:
            self.context.load_cert_chain(*certificate)
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        if tls:
            self.context.minimum_version = self.context.maximum_version = tls
        self.headers = [("Authorization", "Bearer " + token)] if token else []

    def connect(self, raw=None):
        raw = raw or socket.create_connection((self.host, self.port), timeout=PATIENCE_SECONDS)
        raw.settimeout(PATIENCE_SECONDS)
        return Connection(self, self.context.wrap_socket(raw, server_hostname=self.server_name))

    def request(self, method, target, headers=(), body=b""):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, headers, body)


def from_kubeconfig(file):
    """(access as its current context has it, access to the same server without credentials).  YAML goes through kubectl."""
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    try:
        document = json.loads(text)
    except ValueError:
        done = subprocess.run(("kubectl", "config", "view", "--raw", "-o", "json", "--kubeconfig", file), capture_output=True, check=True)
        document = json.loads(done.stdout)
    entry = {kind: {row["name"]: row[kind] for row in document[kind + "s"]} for kind in ("context", "cluster", "user")}
    context = entry["context"][document["current-context"]]
    cluster, user = entry["cluster"][context["cluster"]], entry["user"][context["user"]]
    authority = file_of(cluster, "certificate-authority", file)
    certificate = file_of(user, "client-certificate", file)
    pair = (certificate, file_of(user, "client-key", file)) if certificate else None
    name = cluster.get("tls-server-name")
    return Access(cluster["server"], authority, pair, user.get("token"), name), Access(cluster["server"], authority, server_name=name)


def file_of(entry, key, kubeconfig):
    """A kubeconfig's file, or its inline data in a file."""
    if data := entry.get(key + "-data"):
        with tempfile.NamedTemporaryFile(delete=False) as out:
            out.write(base64.b64decode(data))
        return out.name
    return os.path.join(os.path.dirname(os.path.abspath(kubeconfig)), entry[key]) if key in entry else None


class Connection:
    """One TLS connection.  After an answer with status 101 the stream is the caller's."""

    def __init__(self, access, stream):
        self.access = access
        self.stream = stream
        self.file = stream.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.stream.close()

    def send(self, data):
        self.stream.sendall(data)

    def head(self, method, target, headers=(), length=0):
        """The head of a request with a body of so many bytes."""
        given = {name.lower() for name, _ in headers}
        lines = [f"{method} {self.access.prefix}{target} HTTP/1.1"]
        lines += [f"Host: {self.access.host}:{self.access.port}"] if "host" not in given else []
        lines += [f"{name}: {value}" for name, value in self.access.headers if name.lower() not in given]
        lines += [f"{name}: {value}" for name, value in headers if value is not None]
        if length:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join(lines + ["", ""]).encode()

    def ask(self, method, target, headers=(), body=b""):
        """Sends a request and reads the head of its answer: (status, headers as a dict of lower-case names)."""
        self.send(self.head(method, target, headers, len(body)) + body)
        first = self.file.readline().decode("latin-1")
        if not first:
            raise EOFError("the server closed instead of answering")
        answered = {}
        while line := self.file.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            answered[name.lower()] = value.strip()
        return int(first.split()[1]), answered

    def request(self, method, target, headers=(), body=b""):
        return self.complete(*self.ask(method, target, headers, body))

    def complete(self, status, answered):
        """The whole Answer after its head: by chunks, by length, or to the end of the connection."""
        if status == 101:
            return Answer(status, answered, b"")
        if answered.get("transfer-encoding") == "chunked":
            return Answer(status, answered, b"".join(self.chunks()))
        length = answered.get("content-length")
        return Answer(status, answered, self.file.read(int(length)) if length is not None else self.file.read())

    def chunks(self):
        """Chunk by chunk as the server cut them; EOFError when the stream ends before the last one."""
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise EOFError("the stream ended between chunks")
            size = int(line, 16)
            data = self.file.read(size + 2)
            if len(data) < size + 2:
                raise EOFError("the stream ended inside a chunk")
            if size == 0:
                return
            yield data[:size]

    def watch_lines(self):
        """Watch events as objects, framed by newline across chunks."""
        rest = b""
        for chunk in self.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines)
        if rest:
            raise EOFError("the last line has no end")

    def upgrade(self, target, protocols=(), headers=(), method="GET"):
        """The WebSocket handshake; returns (status, headers)."""
        wanted = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                  ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode())]
        overridden = {name.lower() for name, _ in headers}
        chosen = [pair for pair in wanted if pair[0].lower() not in overridden] + list(headers)
        return self.ask(method, target, chosen + ([("Sec-WebSocket-Protocol", ", ".join(protocols))] if protocols else []))

    def send_frame(self, opcode, payload=b"", fin=True, masked=True):
        self.send(websocket.frame(opcode, payload, fin, os.urandom(4) if masked else None))

    def receive_frame(self):
        """(opcode, payload, fin), or None at the end of the stream, however it ended."""
        try:
            start = self.file.read(2)
            if len(start) < 2:
                return None
            length = start[1] & 0x7F
            if length == 126:
                length = struct.unpack(">H", self.file.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.file.read(8))[0]
            payload = self.file.read(length)
        except (ConnectionError, ssl.SSLError):
            return None
        return (start[0] & 0x0F, payload, bool(start[0] & 0x80)) if len(payload) == length else None

    def frames_to_end(self):
        while (frame := self.receive_frame()) is not None:
            yield frame

    def ended_politely(self):
        """Reads to the end; whether TLS said close_notify (a bare FIN is an error of its own in OpenSSL 3)."""
        try:
            while self.file.read(65536):
                pass
            return True
        except (ssl.SSLError, ConnectionError):
            return False
