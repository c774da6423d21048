# SPDX-License-Identifier: Apache-2.0
"""portforward.k8s.io over SPDY/3.1, directly or inside a WebSocket: pairs of streams, one pair a connection to the pod."""
import asyncio
import struct
import zlib

import spdy
from portforward_v4 import LARGEST_READ, dial, dial_sentence, reset_sentence
from websocket import BINARY, Closed
from wire import Gone

QUEUE_FRAMES = 50  # then the one reader waits, and with it every stream of the connection
PAIR_SECONDS = 30  # both streams of a pair must arrive within this time


class WebSocketBytes:
    """A WebSocket whose binary messages are one byte stream: SPDY/3.1+portforward.k8s.io."""

    def __init__(self, socket):
        self.socket = socket
        self.wire = socket.wire
        self._buffer = b""

    async def read_exactly(self, count):
        while len(self._buffer) < count:
            self._buffer += await self.socket.receive()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    async def write(self, data):
        await self.socket.send(BINARY, data)

    def cut(self, how):
        self.wire.cut(how)

    async def close(self):
        await self.socket.close(1000)
        await self.wire.close()


class Stream:
    """What the client opened: headers, and what it sent until now."""

    def __init__(self, number, headers, ended):
        self.number = number
        self.headers = headers
        self.received = asyncio.Queue(maxsize=QUEUE_FRAMES)
        if ended:
            self.received.put_nowait(None)


class SpdyTunnel:
    """One SPDY connection.  Owns its streams and pod connections.  One reader without flow control, as the runtime's is."""

    kind = "spdy"

    def __init__(self, double, channel, target, faults):
        self.double = double
        self.channel = channel  # read_exactly, write, cut, close
        self.target = target
        self.faults = faults
        self.codec = spdy.HeaderCodec()
        self.streams = {}
        self.waiting = {}  # requestID -> {streamType: Stream}
        self.tasks = set()
        self.to_client = 0
        self.from_client = 0
        self.dropped = 0

    async def run(self):
        try:
            while True:
                await self._handle(await spdy.read_frame(self.channel))
        except (Closed, Gone, zlib.error, struct.error):
            pass
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _handle(self, frame):
        if not frame.control:
            await self._data(frame)
        elif frame.type == spdy.SYN_STREAM:
            await self._syn_stream(frame)
        elif frame.type == spdy.PING and not self.faults.get("no_pong"):
            await self.channel.write(spdy.control_frame(spdy.PING, 0, frame.body))
        elif frame.type == spdy.RST_STREAM and frame.stream in self.streams:
            await self.streams.pop(frame.stream).received.put(None)
        elif frame.type == spdy.HEADERS:
            self.codec.decode(frame.body[4:])  # keeps the zlib stream in step
        elif frame.type == spdy.GOAWAY:
            raise Closed("the client goes away")

    async def _data(self, frame):
        stream = self.streams.get(frame.stream)
        if stream is None:
            self.dropped += 1
            return
        limit = self.faults.get("stop_reading_after")
        if limit is not None and self.from_client >= limit:
            await asyncio.Event().wait()
        if frame.body:
            await stream.received.put(frame.body)
            self.from_client += len(frame.body)
        if frame.flags & spdy.FIN:
            await stream.received.put(None)

    async def _syn_stream(self, frame):
        headers = self.codec.decode(frame.body[10:])
        if self.faults.get("reset_streams"):
            await self._reset(frame.stream, spdy.REFUSED_STREAM)
            return
        kind, port, request = headers.get("streamtype"), headers.get("port", ""), headers.get("requestid", headers.get("port", ""))
        pair = self.waiting.setdefault(request, {})
        if kind not in ("error", "data") or not port.isdigit() or not 0 < int(port) < 65536 or kind in pair:
            await self._reset(frame.stream, spdy.PROTOCOL_ERROR)
            return
        stream = Stream(frame.stream, headers, frame.flags & spdy.FIN)
        self.streams[frame.stream] = pair[kind] = stream
        if not self.faults.get("no_reply"):
            reply = struct.pack(">I", frame.stream) + self.codec.encode({})
            await self.channel.write(spdy.control_frame(spdy.SYN_REPLY, 0, reply))
        if len(pair) == 2:
            del self.waiting[request]
            self._start(self._forward(pair["data"], pair["error"], int(port)))
        else:
            self._start(self._expire_pair(request, stream))

    def _start(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _reset(self, stream, why):
        await self.channel.write(spdy.control_frame(spdy.RST_STREAM, 0, struct.pack(">II", stream, why)))

    async def _expire_pair(self, request, stream):
        await asyncio.sleep(self.faults.get("pair_seconds", PAIR_SECONDS))
        if stream in self.waiting.get(request, {}).values():
            del self.waiting[request]
            await self._reset(stream.number, spdy.CANCEL)

    async def _forward(self, data, error, port):
        """One pod connection; both streams end with it."""
        trouble = b""
        try:
            reader, writer = await dial(self.double.script, self.target, port)
        except OSError as failed:
            trouble = dial_sentence(port, "connection refused" if isinstance(failed, ConnectionRefusedError) else str(failed)).encode()
        else:
            trouble = await self._copy(data, reader, writer, port)
        try:
            if trouble:
                await self.channel.write(spdy.data_frame(error.number, trouble))
            for stream in (error, data):
                await self.channel.write(spdy.data_frame(stream.number, b"", fin=True))
                self.streams.pop(stream.number, None)
        except Gone:
            pass  # the tunnel ended first

    async def _copy(self, data, reader, writer, port):
        upward = asyncio.ensure_future(self._to_pod(data, writer))
        try:
            while piece := await reader.read(LARGEST_READ):
                limit = self.faults.get("cut_after_bytes")
                if limit is not None and self.to_client + len(piece) >= limit:
                    await self.channel.write(spdy.data_frame(data.number, piece[:limit - self.to_client]))
                    self.cut(self.faults.get("cut", "eof"))
                    return b""
                await self.channel.write(spdy.data_frame(data.number, piece))
                self.to_client += len(piece)
        except ConnectionResetError:
            return reset_sentence(port).encode()
        except Gone:
            pass  # nobody left to tell
        finally:
            upward.cancel()
            await asyncio.gather(upward, return_exceptions=True)
            writer.close()
        return b""

    @staticmethod
    async def _to_pod(data, writer):
        while (piece := await data.received.get()) is not None:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()  # half-close works in this protocol

    def cut(self, how):
        self.channel.cut(how)

    async def obey(self, order):
        """Orders of the control endpoint: goaway, close."""
        if order["do"] == "goaway":
            await self.channel.write(spdy.control_frame(spdy.GOAWAY, 0, struct.pack(">II", 0, 0)))
        elif order["do"] == "close":
            await self.channel.close()
