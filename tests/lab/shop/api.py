# SPDX-License-Identifier: Apache-2.0
"""The shop's API: a WSGI program for gunicorn.

One request is at most one Redis command, so that the numbers on both edges can be told beforehand:
  GET  /orders       one GET            GET  /orders/ID   one GET          POST /orders   one SET
  GET  /wrong        one LPUSH on a text: an error reply of Redis, answered 200
  GET  /slow?ms=N    sleeps, no Redis   GET  /fail        500, no Redis    GET  /health   200, no Redis
SHOP_FAULTS names a folder: a file `slow_ms` there makes each reply wait, `fail` makes each a 500.
"""
import os
import socket
import threading
import time
from urllib.parse import parse_qs

FAULTS = os.environ.get("SHOP_FAULTS", "")
CACHE = os.environ.get("SHOP_CACHE", "127.0.0.1:6379")
_thread = threading.local()


class CacheError(Exception):
    pass


class Cache:
    """One connection a thread; speaks just enough RESP2."""

    def __init__(self):
        host, port = CACHE.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._file = self._socket.makefile("rb")

    def command(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self._socket.sendall(b"".join(parts))
        line = self._file.readline()
        if not line:
            raise OSError("the cache closed the connection")
        if line[:1] == b"-":
            raise CacheError(line[1:].decode().strip())
        if line[:1] == b"$":
            size = int(line[1:])
            return None if size < 0 else self._file.read(size + 2)[:-2]
        return line[1:].strip()


def cache_command(*words):
    if not hasattr(_thread, "cache"):
        _thread.cache = Cache()
    try:
        return _thread.cache.command(*words)
    except OSError:
        del _thread.cache
        raise


def fault(name):
    try:
        with open(os.path.join(FAULTS, name), encoding="ascii") as file:
            return file.read().strip() or "1"
    except OSError:
        return None


def answer(method, path, query, body):
    if path == "/slow":
        time.sleep(int(parse_qs(query).get("ms", ["50"])[0]) / 1000)
        return "200 OK", b"slow\n"
    if path == "/fail":
        return "500 Internal Server Error", b"asked to fail\n"
    if path == "/health":
        return "200 OK", b"ok\n"
    if path == "/wrong":
        try:
            cache_command("LPUSH", "orders", "x")
        except CacheError:
            pass
        return "200 OK", b"wrong\n"
    if path == "/orders" and method == "POST":
        cache_command("SET", "order:posted", body or b"-")
        return "201 Created", b"{}\n"
    if path == "/orders":
        return "200 OK", (cache_command("GET", "orders") or b"[]") + b"\n"
    if path.startswith("/orders/"):
        value = cache_command("GET", "order:" + path[8:40])
        return ("200 OK", value + b"\n") if value else ("404 Not Found", b"{}\n")
    return "404 Not Found", b"{}\n"


def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    delay = fault("slow_ms")
    if delay:
        time.sleep(int(delay) / 1000)
    if fault("fail"):
        status, reply = "500 Internal Server Error", b"fault\n"
    else:
        try:
            status, reply = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), body)
        except (OSError, CacheError) as error:
            status, reply = "503 Service Unavailable", str(error).encode() + b"\n"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(reply)))])
    return [reply]
