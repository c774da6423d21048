# SPDX-License-Identifier: Apache-2.0
"""One connection's bytes: a stream pair with the faults that happen below HTTP (small segments, cuts, slow reading)."""
import asyncio
import socket
import struct


class Gone(Exception):
    """The peer has closed, or a fault cut the connection: nothing more can be said on it."""


class Wire:
    """Reads and writes one accepted connection.

    `segment` > 0 writes at most that many bytes at a time; over TLS each piece is a record of its own, so the peer really sees it
    alone.  `slow_read` = (bytes, seconds) reads at that pace, so that the peer's socket fills up.
    """

    def __init__(self, reader, writer, facts=None):
        self.reader = reader
        self.writer = writer
        self.facts = facts or {}  # what the handshake told: sni, alpn, tls, peer
        self.segment = 0
        self.slow_read = None
        self.sent = 0
        self._writing = asyncio.Lock()  # a frame that goes out in pieces stays in one piece

    async def write(self, data):
        step = self.segment or len(data) or 1
        try:
            async with self._writing:
                for at in range(0, len(data), step):
                    if self.writer.transport.is_closing():
                        raise Gone("the connection is closed")
                    self.writer.write(data[at:at + step])
                    await self.writer.drain()
        except (ConnectionError, OSError, RuntimeError) as error:
            raise Gone(str(error)) from error
        self.sent += len(data)

    async def read(self, most=65536):
        """Some bytes, or b"" at the end of the stream."""
        if self.slow_read:
            most, pause = min(most, self.slow_read[0]), self.slow_read[1]
            await asyncio.sleep(pause)
        try:
            return await self.reader.read(most)
        except (ConnectionError, OSError) as error:
            raise Gone(str(error)) from error

    async def read_exactly(self, count):
        parts = []
        while count:
            part = await self.read(count)
            if not part:
                raise Gone("the stream ended inside a frame")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    async def read_line(self):
        try:
            return await self.reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, OSError) as error:
            raise Gone(str(error)) from error

    def cut(self, how="eof"):
        """Ends TCP below TLS: `eof` sends a bare FIN (no close_notify), `reset` an RST."""
        raw = self.writer.get_extra_info("socket")
        try:
            if raw and how == "reset":
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif raw:
                raw.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # already gone, which is what was wanted
        self.writer.transport.abort()

    async def close(self):
        """The polite end: what is written goes out, TLS says close_notify."""
        try:
            self.writer.close()
            await asyncio.wait_for(self.writer.wait_closed(), 5)
        except (ConnectionError, OSError, asyncio.TimeoutError):
            self.writer.transport.abort()


async def pipe(source, sink, cap=65536):
    """Copies until the source ends, then ends the sink's sending side too, as far as it has one."""
    while True:
        data = await source.read(cap)
        if not data:
            break
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


async def join_streams(one, other):
    """Two (reader, writer) pairs become one connection, until both directions are done or one breaks."""
    both = [asyncio.ensure_future(pipe(one[0], other[1])), asyncio.ensure_future(pipe(other[0], one[1]))]
    try:
        # TLS cannot half-close, so the first end of such a side ends the whole.
        half_close = one[1].can_write_eof() and other[1].can_write_eof()
        await asyncio.wait(both, return_when=asyncio.ALL_COMPLETED if half_close else asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        for _, writer in (one, other):
            writer.close()
