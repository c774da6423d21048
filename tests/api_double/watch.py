# SPDX-License-Identifier: Apache-2.0
"""Watches: a chunked stream of one JSON event a line, with every fault that a client must survive."""
import asyncio
import collections
import email.utils
import json

import statuses
from http1 import head
from rest import in_form, no_creation_time, rows_version, wanted_form, whole_number
from store import Selector

# What Go writes of an object of that kind that has nothing in it: a bookmark is no pod, though it looks like one (observed on 1.34).
EMPTY = {"Pod": {"spec": {"containers": None}, "status": {}}, "Namespace": {"spec": {}, "status": {}},
         "Service": {"spec": {}, "status": {"loadBalancer": {}}}}
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Ended(Exception):
    """The watch is over; `how`: `end` (last chunk), `eof` or `reset` (cut)."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Watch:
    """One open watch.  Owned by its connection; the control endpoint appends to `orders` and wakes the store."""

    def __init__(self, double, wire, request, target):
        self.double = double
        self.script = double.script
        self.wire = wire
        self.request = request
        self.target = target
        self.form = wanted_form(request, target.verb)
        self.selector = Selector(request.parameter("labelSelector"), request.parameter("fieldSelector"))
        self.pending = []  # lines that wait for their chunk
        self.events_sent = 0
        self.orders = collections.deque()
        self.gone = None  # a task that ends when the client goes away
        self.position = double.store.version
        self.listing = self._initial_events_wanted()
        self.fault = double.take_watch_fault(target.plural)

    def _initial_events_wanted(self):
        asked, match = self.request.parameter("sendInitialEvents"), self.request.parameter("resourceVersionMatch")
        if asked and not self.script.gate("WatchList"):
            raise statuses.invalid_options("ListOptions", "sendInitialEvents", "FieldValueForbidden",
                                           "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
        if asked and match != "NotOlderThan":
            raise statuses.invalid_options("ListOptions", "resourceVersionMatch", "FieldValueForbidden",
                                           "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        return self.request.flag("sendInitialEvents")

    async def run(self):
        """The whole life of the watch; True when the connection can be used again."""
        seconds = whole_number(self.request, "timeoutSeconds") or self.script.get("watch", "timeout_seconds")
        first = self._first_events()
        await self.wire.write(head(200, [("Cache-Control", "no-cache, private"), ("Content-Type", "application/json"),
                                         ("Date", email.utils.formatdate(usegmt=True)), ("Transfer-Encoding", "chunked")]))
        self.gone = asyncio.ensure_future(self.wire.read(1))
        try:
            async with asyncio.timeout(seconds):
                await self._send(first)
                await self._follow()
        except TimeoutError:
            await self._flush()
            await self.wire.write(b"0\r\n\r\n")
            return True
        except Ended as ended:
            if ended.how in ("eof", "reset"):
                self.wire.cut(ended.how)
                return False
            await self.wire.write(b"0\r\n\r\n")
        finally:
            self.gone.cancel()
            await asyncio.gather(self.gone, return_exceptions=True)
        return True

    def _first_events(self):
        """What is sent before anything happens: nothing, the state, or that the version is gone."""
        asked = self.request.parameter("resourceVersion")
        if asked and not asked.isdigit():
            raise statuses.no_version(asked, watching=True)
        if self.listing and int(asked or 0) > self.double.store.version:
            return [("ERROR", statuses.version_too_large(asked, self.double.store.version).document)]
        if asked in ("", "0") or self.listing:
            rows = [row for row in self.double.store.all(self.target.plural, self.target.namespace) if self.selector.matches(row)]
            wanted = self.listing or not self.request.parameter("sendInitialEvents")
            events = [("ADDED", row) for row in rows] if wanted else []
            return events + ([("BOOKMARK", self._bookmark(True))] if self.listing else [])
        if int(asked) < self.double.store.oldest:
            return [("ERROR", statuses.expired_version(asked, self.double.store.oldest).document)]
        self.position = int(asked)
        return []

    def _bookmark(self, initial_end=False):
        metadata = {"resourceVersion": str(self.position), **no_creation_time(self.script)}
        if initial_end:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        return {"kind": self.target.resource.kind, "apiVersion": rows_version(self.target), "metadata": metadata,
                **EMPTY.get(self.target.resource.kind, {})}

    async def _follow(self):
        loop = asyncio.get_running_loop()
        bookmarks = self.request.flag("allowWatchBookmarks")
        next_bookmark = loop.time() + self.script.get("watch", "bookmark_seconds")
        while True:
            changed = self.double.store.changed  # taken before looking, so that nothing is slept through
            await self._obey_and_send()
            waiter = asyncio.ensure_future(changed.wait())
            wait = max(next_bookmark - loop.time(), 0) if bookmarks else None
            await asyncio.wait({waiter, self.gone}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            if self.gone.done():
                raise Ended("eof")  # the client went away, or spoke out of turn
            if bookmarks and loop.time() >= next_bookmark:
                next_bookmark = loop.time() + self.script.get("watch", "bookmark_seconds")
                await self._send([("BOOKMARK", self._bookmark())])

    async def _obey_and_send(self):
        while self.orders:
            await self._obey(self.orders.popleft())
        if self.script.get("watch", "stalled"):
            return
        events = [self._seen_through_selector(event) for event in self.double.store.since(self.position)]
        self.position = max(self.position, self.double.store.version)
        await self._send([event for event in events if event])

    async def _obey(self, order):
        """One order of the control endpoint, or of a scripted fault."""
        kind = order["do"]
        if kind in ("end", "eof", "reset"):
            await self._flush()
            raise Ended(kind)
        if kind == "expire":
            await self._send([("ERROR", statuses.expired_version("1", self.double.store.version).document)])
        elif kind == "error":
            await self._send([("ERROR", order["object"])])
        elif kind == "bookmark":
            await self._send([("BOOKMARK", self._bookmark())])
        elif kind == "flush":
            await self._flush()
        elif kind == "raw":
            await self._chunk(order["text"].encode())
        elif kind == "half_line":
            line = event_line("MODIFIED", self._bookmark())
            await self._chunk(line[:len(line) // 2])
            raise Ended(order.get("then", "eof"))
        elif kind == "broken_chunk":
            await self.wire.write(b"ffff\r\n{\"type\":")
            raise Ended("eof")
        elif kind == "stall":
            await asyncio.wait({self.gone})
            raise Ended("eof")
        else:
            raise ValueError(f"watch: no order {kind!r}")

    def _seen_through_selector(self, event):
        """(type, object) as this watch must see an event of the store, or None."""
        document = event.object
        if event.resource != self.target.plural or self.target.namespace not in ("", document["metadata"].get("namespace", "")):
            return None
        now = event.type != "DELETED" and self.selector.matches(document)
        before = event.previous is not None and self.selector.matches(event.previous)
        if now:
            return ("MODIFIED" if before else "ADDED", document)
        if before:  # it left the selector, or the world: the last that matched, with the version of its going
            last = {**event.previous, "metadata": {**event.previous["metadata"], "resourceVersion": str(event.version)}}
            return ("DELETED", last)
        return None

    async def _send(self, events):
        for kind, document in events:
            await self._perhaps_fail()
            shown = document if kind == "ERROR" else in_form(document, self.form)
            self.pending.append(event_line(kind, shown))
            if len(self.pending) >= self.script.get("watch", "events_per_chunk"):
                await self._flush()
            self.events_sent += 1
            if kind == "ERROR":
                await self._flush()
                raise Ended("end")
        await self._perhaps_fail()

    async def _perhaps_fail(self):
        if self.fault and self.events_sent >= self.fault.get("after_events", 0):
            fault, self.fault = self.fault, None
            await self._obey(fault)

    async def _flush(self):
        data, self.pending = b"".join(self.pending), []
        for piece in pieces(data, self.script.get("watch", "chunk")):
            await self._chunk(piece)

    async def _chunk(self, data):
        if data:
            await self.wire.write(b"%x\r\n%s\r\n" % (len(data), data))


def event_line(kind, document):
    return (json.dumps({"type": kind, "object": document}, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def pieces(data, style):
    """Cuts what is sent at once into chunks: `event` not at all, a number at every so many bytes, `utf8` inside each long letter."""
    if style == "event":
        return [data]
    if style == "utf8":
        cuts = [0] + [at for at in range(1, len(data)) if data[at] & 0xC0 == 0x80] + [len(data)]
        return [data[begin:end] for begin, end in zip(cuts, cuts[1:])]
    return [data[at:at + int(style)] for at in range(0, len(data), int(style))]
