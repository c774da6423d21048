# SPDX-License-Identifier: Apache-2.0
"""Port-forward by SPDY/3.1: by POST and inside a WebSocket; stream pairs, half-close, resets, and servers too old for the tunnel."""
import os
import struct
import zlib

import spdy
import websocket
from double_test import FORWARD, DoubleTest, closed_port, echo, main

PROTOCOL = "portforward.k8s.io"
POST = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", PROTOCOL)]


class SpdyClient:
    """The client's end over anything with send(bytes) and read(count)."""

    def __init__(self, send, read):
        self.send = send
        self.read = read
        self.codec = spdy.HeaderCodec()

    def open(self, stream, kind, port, request="0", fin=False):
        block = self.codec.encode({"streamType": kind, "port": str(port), "requestID": request})
        self.send(spdy.control_frame(spdy.SYN_STREAM, spdy.FIN if fin else 0, struct.pack(">IIH", stream, 0, 0) + block))

    def pair(self, first, port=8080, request="0"):
        """An error stream `first` and a data stream `first` + 2, both answered."""
        self.open(first, "error", port, request, fin=True)
        self.expect_reply(first)
        self.open(first + 2, "data", port, request)
        self.expect_reply(first + 2)
        return first + 2

    def expect_reply(self, stream):
        frame = self.frame()
        assert (frame.type, frame.stream) == (spdy.SYN_REPLY, stream), frame
        self.codec.decode(frame.body[4:])

    def frame(self):
        first, second = struct.unpack(">II", self.read(8))
        body = self.read(second & 0xFFFFFF)
        if not first >> 31:
            return spdy.Frame(False, 0, second >> 24, first, body)
        stream = struct.unpack_from(">I", body)[0] if first & 0xFFFF != spdy.PING else 0
        return spdy.Frame(True, first & 0xFFFF, second >> 24, stream, body)

    def data(self, stream, payload, fin=False):
        self.send(spdy.data_frame(stream, payload, fin))


class Spdy(DoubleTest):
    def post(self):
        connection = self.double.access().connect()
        self.addCleanup(connection.close)
        status, headers = connection.ask("POST", FORWARD, POST)
        self.assertEqual((status, headers["upgrade"], headers["x-stream-protocol-version"]), (101, "SPDY/3.1", PROTOCOL))
        return SpdyClient(connection.send, connection.file.read)

    def tunnelled(self):
        connection = self.double.access().connect()
        self.addCleanup(connection.close)
        status, headers = connection.upgrade(FORWARD, ["v4.channel.k8s.io", "SPDY/3.1+" + PROTOCOL])
        self.assertEqual((status, headers["sec-websocket-protocol"]), (101, "SPDY/3.1+" + PROTOCOL))
        buffer = bytearray()

        def read(count):
            while len(buffer) < count:
                buffer.extend(connection.receive_frame()[1])
            data = bytes(buffer[:count])
            del buffer[:count]
            return data
        return SpdyClient(lambda data: connection.send(websocket.frame(websocket.BINARY, data, mask=os.urandom(4))), read)

    def both_ways(self):
        return (("POST", self.post), ("tunnel", self.tunnelled))

    def read_stream(self, client, stream):
        """All data of a stream up to its FIN; other streams' frames are dropped."""
        data = b""
        while True:
            frame = client.frame()
            if frame.stream == stream and not frame.control:
                data += frame.body
                if frame.flags & spdy.FIN:
                    return data

    def test_half_close_and_answer(self):
        def shout(accepted):
            with accepted:
                heard = b""
                while data := accepted.recv(65536):
                    heard += data
                accepted.sendall(heard.upper())
        self.pod_port(shout)
        for name, begin in self.both_ways():
            with self.subTest(name):
                client = begin()
                stream = client.pair(1)
                client.data(stream, b"hello ")
                client.data(stream, b"world", fin=True)
                self.assertEqual(self.read_stream(client, stream), b"HELLO WORLD")

    def test_many_pairs_on_one_connection(self):
        self.pod_port(echo)
        client = self.post()
        streams = [client.pair(1 + 4 * number, request=str(number)) for number in range(5)]
        for stream in streams:
            client.data(stream, b"s%d" % stream, fin=True)
        ended = {}
        while len(ended) < 5 or not all(fin for _, fin in ended.values()):
            frame = client.frame()
            if frame.stream in streams:
                body, _ = ended.get(frame.stream, (b"", False))
                ended[frame.stream] = (body + frame.body, bool(frame.flags & spdy.FIN))
        self.assertEqual({stream: body for stream, (body, _) in ended.items()}, {stream: b"s%d" % stream for stream in streams})

    def test_refused_dial_speaks_on_the_error_stream(self):
        self.double.script({"portforward": {"ports": {"8080": closed_port()}}})
        for name, begin in self.both_ways():
            with self.subTest(name):
                client = begin()
                client.pair(1)
                self.assertIn(b"connection refused", self.read_stream(client, 1))

    def test_ping(self):
        client = self.post()
        client.send(spdy.control_frame(spdy.PING, 0, struct.pack(">I", 1)))
        self.assertEqual(client.frame()[1:], (spdy.PING, 0, 0, struct.pack(">I", 1)))

    def test_resets(self):
        client = self.post()
        client.open(1, "data", "no number")
        frame = client.frame()
        self.assertEqual((frame.type, frame.stream), (spdy.RST_STREAM, 1))
        self.double.script({"portforward": {"faults": {"reset_streams": True}}})
        client = self.post()
        client.open(1, "error", 8080)
        self.assertEqual(client.frame().body, struct.pack(">II", 1, spdy.REFUSED_STREAM))

    def test_half_a_pair_is_reset(self):
        self.double.script({"portforward": {"faults": {"pair_seconds": 0.05}}})
        client = self.post()
        client.open(1, "error", 8080)
        client.expect_reply(1)
        self.assertEqual(client.frame().body, struct.pack(">II", 1, spdy.CANCEL))

    def test_one_byte_at_a_time(self):
        self.pod_port(echo)
        self.double.script({"portforward": {"faults": {"segment": 1}}})
        client = self.tunnelled()
        stream = client.pair(1)
        client.data(stream, b"x" * 300, fin=True)
        self.assertEqual(self.read_stream(client, stream), b"x" * 300)

    def test_no_flow_control_one_blocked_stream_blocks_all(self):
        """As seen with the real one: the frames of a pod that does not read stop every other stream."""
        self.pod_port(lambda accepted: (accepted.recv(1), self.addCleanup(accepted.close)))
        blocked_port = self.double.control("GET", "/script")["portforward"]["ports"]["8080"]
        self.pod_port(echo)
        self.double.script({"portforward": {"ports": {"9090": blocked_port}}})
        connection = self.double.access().connect()
        self.addCleanup(connection.close)
        connection.ask("POST", FORWARD, POST)
        client = SpdyClient(connection.send, connection.file.read)
        blocked = client.pair(1, 9090, "0")
        connection.stream.settimeout(1)
        with self.assertRaises(TimeoutError):
            for _ in range(2000):
                client.data(blocked, b"z" * 60_000)

    def test_refusals(self):
        for headers, code, text in (
                ([("X-Stream-Protocol-Version", "foo.k8s.io")], 403, b"client supports [foo.k8s.io], server accepts [portforward.k8s.io]"),
                ([("X-Stream-Protocol-Version", None)], 500, b"invalid upgrade response: status code 200")):
            with self.double.access().connect() as connection:
                answer = connection.request("POST", FORWARD, [pair for pair in POST if pair[0] != "X-Stream-Protocol-Version"] + headers)
            self.assertEqual(answer.status, code)
            self.assertIn(text, answer.body)

    def test_a_server_before_the_tunnel(self):
        self.double.script({"server_version": "1.29"})
        with self.double.access().connect() as connection:
            answer = connection.complete(*connection.upgrade(FORWARD + "?ports=8080", ["SPDY/3.1+" + PROTOCOL]))
            self.assertEqual((answer.status, answer.body, answer.headers["connection"]), (403, b"", "close"))
        with self.double.access().connect() as connection:
            status, headers = connection.upgrade(FORWARD + "?ports=8080", ["SPDY/3.1+" + PROTOCOL, "v4.channel.k8s.io"])
            self.assertEqual((status, headers["sec-websocket-protocol"]), (101, "v4.channel.k8s.io"))


class Dictionary(DoubleTest):
    def test_dictionary_has_the_drafts_checksum(self):
        self.assertEqual(zlib.adler32(spdy.DICTIONARY), 0xE3C6A7C2)


if __name__ == "__main__":
    main()
