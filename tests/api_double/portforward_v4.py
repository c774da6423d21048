# SPDX-License-Identifier: Apache-2.0
"""v4.channel.k8s.io: port i has data channel 2i and error channel 2i+1, the first byte of each message names the channel."""
import asyncio
import base64
import struct

from websocket import BINARY, TEXT, Closed
from wire import Gone

LARGEST_READ = 32 * 1024
SANDBOX = "5" * 64


def dial_sentence(port, reason):
    """What containerd says when nothing listens."""
    return (f'error forwarding port {port} to pod {SANDBOX}, uid : failed to execute portforward in network namespace '
            f'"/var/run/netns/cni-double": failed to connect to localhost:{port} inside namespace "{SANDBOX}", '
            f"IPv4: dial tcp4 127.0.0.1:{port}: connect: {reason} IPv6 dial tcp6 [::1]:{port}: connect: {reason} ")


def reset_sentence(port):
    return (f'error forwarding port {port} to pod {SANDBOX}, uid : failed to execute portforward in network namespace '
            f'"/var/run/netns/cni-double": read tcp4 127.0.0.1:40000->127.0.0.1:{port}: read: connection reset by peer')


async def dial(script, target, port):
    """Connects to what plays the pod's port: the script's mapping, else the same port on loopback."""
    ports = script.get("portforward", "ports")
    mapped = ports.get(f"{target.namespace}/{target.name}:{port}", ports.get(str(port), port))
    return await asyncio.open_connection(script.get("portforward", "dial_host"), mapped, limit=LARGEST_READ * 2)


class ChannelTunnel:
    """One v4 WebSocket.  Owns the pod connections of its ports; ends when all are done, the client goes, or a fault says so."""

    kind = "v4"

    def __init__(self, double, wire, socket, target, ports, text, faults):
        self.double = double
        self.wire = wire
        self.socket = socket
        self.target = target
        self.ports = ports
        self.text = text  # base64 in text frames
        self.faults = faults
        self.to_client = 0
        self.from_client = 0
        self.dropped = 0  # messages for channels that do not exist: also what a continuation frame turns into
        self.pods = [asyncio.get_running_loop().create_future() for _ in ports]

    async def run(self):
        try:
            await self._announce_ports()
            forwards = [asyncio.ensure_future(self._forward(index, port)) for index, port in enumerate(self.ports)]
            reading = asyncio.ensure_future(self._read_client())
            idle = asyncio.ensure_future(self._watch_idle())
            try:
                everything = asyncio.ensure_future(asyncio.gather(*forwards))
                done, _ = await asyncio.wait({everything, reading, idle}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                if everything in done:
                    await self._end()
            finally:
                for task in (*forwards, everything, reading, idle):
                    task.cancel()
                await asyncio.gather(*forwards, everything, reading, idle, return_exceptions=True)
        except (Closed, Gone):
            pass
        finally:
            for pod in self.pods:
                if pod.done() and not pod.cancelled() and pod.exception() is None:
                    pod.result()[1].close()

    async def _end(self):
        """All ports are done: Close 1000, unless the script wants this server to be rude or slow about it."""
        if self.faults.get("eof_without_close"):
            self.cut("eof")
        elif not self.faults.get("never_close"):
            await self.socket.close(self.faults.get("close_code", 1000))
        else:
            await asyncio.Event().wait()

    async def _announce_ports(self):
        if self.faults.get("no_port_messages"):
            return
        for index, port in enumerate(self.ports):
            for channel in (2 * index, 2 * index + 1):
                await self._message(channel, struct.pack("<H", port))

    async def _message(self, channel, payload):
        if self.text:
            await self.socket.send(TEXT, str(channel).encode() + base64.b64encode(payload))
        else:
            await self.socket.send(BINARY, bytes([channel]) + payload)

    async def _forward(self, index, port):
        """One port from dial to end of stream."""
        try:
            self.pods[index].set_result(await dial(self.double.script, self.target, port))
        except OSError as error:
            reason = "connection refused" if isinstance(error, ConnectionRefusedError) else (error.strerror or str(error))
            await self._message(2 * index + 1, dial_sentence(port, reason).encode())
            return
        channel = self.faults.get("wrong_channel", 2 * index)
        reader = self.pods[index].result()[0]
        try:
            while data := await reader.read(LARGEST_READ):
                await self._data(channel, data)
        except ConnectionResetError:
            await self._message(2 * index + 1, reset_sentence(port).encode())

    async def _data(self, channel, data):
        limit = self.faults.get("cut_after_bytes")
        if limit is not None and self.to_client + len(data) >= limit:
            await self._message(channel, data[:limit - self.to_client])
            self.cut(self.faults.get("cut", "eof"))
            raise Gone("cut by the script")
        await self._message(channel, data)
        self.to_client += len(data)

    async def _read_client(self):
        while True:
            message = await self.socket.receive()
            limit = self.faults.get("stop_reading_after")
            if limit is not None and self.from_client >= limit:
                await asyncio.Event().wait()
            await self._to_pod(message)

    async def _to_pod(self, message):
        if self.text and message:
            message = bytes([message[0] - ord("0") & 0xFF]) + base64.b64decode(message[1:] + b"==")
        if not message or message[0] % 2 or message[0] // 2 >= len(self.ports):
            self.dropped += 1
            return
        if len(message) == 1:
            return
        try:
            writer = (await asyncio.shield(self.pods[message[0] // 2]))[1]
            writer.write(message[1:])
            await writer.drain()
        except (ConnectionError, OSError):
            pass  # the pod has gone: its reading side says so to the client
        self.from_client += len(message) - 1

    async def _watch_idle(self):
        """The runtime's idle limit: only data counts, pings do not."""
        before = None
        while before != (self.to_client, self.from_client):
            before = (self.to_client, self.from_client)
            await asyncio.sleep(self.double.script.get("portforward", "idle_seconds"))
        await self.socket.close(1000)

    def cut(self, how):
        self.wire.cut(how)

    async def obey(self, order):
        """Orders of the control endpoint: close (polite), ping, error (text on port 0's error channel)."""
        if order["do"] == "close":
            await self.socket.close(order.get("code", 1000))
            await self.wire.close()
        elif order["do"] == "ping":
            await self.socket.send(9, order.get("text", "").encode())
        elif order["do"] == "error":
            await self._message(1, order["text"].encode())
        elif order["do"] == "raw":
            await self.wire.write(bytes.fromhex(order["hex"]))
