# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 frames as the container runtime's server (golang.org/x/net/websocket) treats them, which is not all the RFC says.

Each continuation frame counts as a message of its own; an unmasked client frame is answered with Close 1002, Close 1000 and
the end of the connection; a frame above 32 MiB ends it too; a client's Close is answered with Close 1000.
"""
import base64
import hashlib
import struct

from wire import Gone

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST_FRAME = 32 * 1024 * 1024


class Closed(Exception):
    """The client sent Close, or broke the protocol and was told so."""


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()


def xor_mask(data, mask):
    if not data:
        return data
    repeated = (mask * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")


def frame(opcode, payload, fin=True, mask=None):
    """One frame; `mask` (4 bytes) only for a client, as the tests are one."""
    first = (0x80 if fin else 0) | opcode
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        start = struct.pack(">BB", first, bit | len(payload))
    elif len(payload) < 1 << 16:
        start = struct.pack(">BBH", first, bit | 126, len(payload))
    else:
        start = struct.pack(">BBQ", first, bit | 127, len(payload))
    return start + (mask + xor_mask(payload, mask) if mask else payload)


class WebSocket:
    """The server's end.  `faults`: no_pong (bool), fragment (bytes per server frame: a server that fragments)."""

    def __init__(self, wire, faults=None):
        self.wire = wire
        self.faults = faults or {}
        self.closed = False

    async def receive(self):
        """The payload of the next data frame; pings are answered on the way.  Raises Closed or Gone."""
        while True:
            opcode, payload = await self._frame()
            if opcode == PING:
                if not self.faults.get("no_pong"):
                    await self.send(PONG, payload)
            elif opcode == CLOSE:
                await self.close(1000)
                raise Closed("the client closed")
            elif opcode in (CONTINUATION, TEXT, BINARY):
                return payload

    async def _frame(self):
        first, second = await self.wire.read_exactly(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", await self.wire.read_exactly(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", await self.wire.read_exactly(8))[0]
        if not second & 0x80:
            await self.close(1002)
            await self.close(1000, again=True)  # the server's own end comes after that of its frame reader, observed
            raise Closed("a client frame without a mask")
        if length > LARGEST_FRAME:
            raise Closed("a frame above 32 MiB")
        mask = await self.wire.read_exactly(4)
        return first & 0x0F, xor_mask(await self.wire.read_exactly(length), mask)

    async def send(self, opcode, payload):
        step = self.faults.get("fragment") or 0
        if not step or opcode not in (TEXT, BINARY) or len(payload) <= step:
            await self.wire.write(frame(opcode, payload))
            return
        parts = [payload[at:at + step] for at in range(0, len(payload), step)]
        for number, part in enumerate(parts):
            await self.wire.write(frame(CONTINUATION if number else opcode, part, fin=number == len(parts) - 1))

    async def close(self, code, again=False):
        if self.closed and not again:
            return
        self.closed = True
        try:
            await self.wire.write(frame(CLOSE, struct.pack(">H", code)))
        except Gone:
            pass  # the client was quicker
