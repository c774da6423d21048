# SPDX-License-Identifier: Apache-2.0
"""A bad link between this machine and an API server, made by the test: an HTTP CONNECT proxy that is slow, refuses, falls silent, or cuts."""
import asyncio
import contextlib
import socket
import struct
import threading


class Relay:
    """Listens on a port of the loopback until `close`.  Settings may be changed while it runs; one thread of its own."""

    def __init__(self):
        self.delay = 0.0          # seconds, each way
        self.refuse_every = 0     # of so many connections the last is closed before its first answer; 0: none
        self.refused = 0
        self.accepted = 0
        self.is_open = True       # false: new connections are reset at once
        self._held = set()        # writers of connections over which nothing comes through any more, and nobody says so
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self):
        """Resets every connection: no Close, no end of the stream."""
        self._call(self._cut)

    def fall_silent(self):
        """Connections that are open stay so, and carry nothing any more; new ones work."""
        self._call(lambda: self._held.update(self._writers))

    def close(self):
        self._call(self._cut)
        self._call(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # -- on its own thread -------------------------------------------------------------------------------------------

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=60)

    def _call(self, function):
        async def called():
            function()
        self._run(called())

    def _cut(self):
        for writer in list(self._writers):
            self._reset(writer)

    @staticmethod
    def _reset(writer):
        with contextlib.suppress(OSError):  # it has gone by itself
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _serve(self, reader, writer):
        self.accepted += 1
        if not self.is_open or (self.refuse_every and self.accepted % self.refuse_every == 0):
            self.refused += 1
            self._reset(writer)
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ", 2)
            if method != "CONNECT":
                raise ValueError(method)
            host, port = target.rsplit(":", 1)
            await asyncio.sleep(2 * self.delay)
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._writers |= {writer, far_writer}
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
            self._writers -= {writer, far_writer}
            self._held -= {writer, far_writer}
        writer.transport.abort()

    async def _carry(self, reader, writer):
        """What comes is written `delay` later, however much comes meanwhile: a long way, and not a narrow one."""
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if not piece:
                    break
                if writer not in self._held:
                    writer.write(piece)
                    await writer.drain()
        delivering = asyncio.ensure_future(deliver())
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                queue.put_nowait((self._loop.time() + self.delay, piece))
        queue.put_nowait((self._loop.time() + self.delay, b""))
        with contextlib.suppress(OSError):
            await delivering
        if writer not in self._held:
            writer.close()
