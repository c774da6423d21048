# SPDX-License-Identifier: Apache-2.0
"""Port-forward by v4.channel.k8s.io: handshake refusals, channels, and the faults of a tunnel."""
import base64
import json
import socket
import struct

from double_test import FORWARD, PODS, DoubleTest, closed_port, echo, main, wait_for
from websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

V4 = ["v4.channel.k8s.io"]
WELL = struct.pack("<H", 8080)


class Tunnel(DoubleTest):
    def open(self, target=FORWARD + "?ports=8080", protocols=V4, skip=2, **more):
        """An open tunnel, after its port messages."""
        connection = self.double.access().connect()
        self.addCleanup(connection.close)
        status, headers = connection.upgrade(target, protocols, **more)
        self.assertEqual(status, 101)
        for channel in range(skip):
            self.assertEqual(connection.receive_frame()[1][:1], bytes([channel]))
        connection.answered = headers
        return connection

    def faulty(self, **faults):
        self.double.script({"portforward": {"faults": faults}})

    def echoed(self, connection, size):
        """Reads echoed data until `size` bytes came."""
        data = b""
        while len(data) < size:
            opcode, payload, _ = connection.receive_frame()
            self.assertEqual((opcode, payload[:1]), (BINARY, b"\0"))
            data += payload[1:]
        return data

    def last_tunnel(self):
        return wait_for(lambda: [entry for entry in self.double.log("tunnel") if not entry["open"]], "the end of the tunnel")[-1]


class Channels(Tunnel):
    def test_port_messages_then_data_both_ways(self):
        self.pod_port(echo)
        connection = self.open(skip=0)
        self.assertEqual(connection.answered["sec-websocket-protocol"], "v4.channel.k8s.io")
        self.assertEqual([connection.receive_frame() for _ in range(2)], [(BINARY, b"\0" + WELL, True), (BINARY, b"\1" + WELL, True)])
        sent = bytes(range(256)) * 1000
        for at in range(0, len(sent), 30_000):
            connection.send_frame(BINARY, b"\0" + sent[at:at + 30_000])
        self.assertEqual(self.echoed(connection, len(sent)), sent)

    def test_server_frames_are_at_most_32_kib(self):
        self.pod_port(lambda accepted: (accepted.sendall(b"x" * 300_000), accepted.close()))
        sizes = [len(payload) for opcode, payload, _ in self.open().frames_to_end() if opcode == BINARY]
        self.assertEqual((sum(sizes) - len(sizes), max(sizes) <= 32 * 1024 + 1), (300_000, True))

    def test_end_of_the_pod_is_close_1000(self):
        self.pod_port(lambda accepted: (accepted.sendall(b"bye"), accepted.close()))
        frames = list(self.open().frames_to_end())
        self.assertEqual(frames, [(BINARY, b"\0bye", True), (CLOSE, struct.pack(">H", 1000), True)])

    def test_refused_dial_is_an_error_text_after_101(self):
        self.double.script({"portforward": {"ports": {"8080": closed_port()}}})
        error, close = self.open().frames_to_end()
        self.assertEqual(error[1][:1], b"\1")
        self.assertIn("failed to connect to localhost:8080", error[1].decode())
        self.assertIn("connection refused", error[1].decode())
        self.assertEqual(close, (CLOSE, struct.pack(">H", 1000), True))

    def test_reset_of_the_pod_is_an_error_text(self):
        def reset(accepted):
            accepted.recv(1)
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
        self.pod_port(reset)
        connection = self.open()
        connection.send_frame(BINARY, b"\0x")
        error, close = connection.frames_to_end()
        self.assertIn(b"connection reset by peer", error[1])
        self.assertEqual(close[0], CLOSE)

    def test_two_ports(self):
        self.pod_port(echo)
        other = self.pod_port(echo)
        self.double.script({"portforward": {"ports": {"9090": other}}})
        connection = self.open(FORWARD + "?ports=8080&ports=9090", skip=4)
        connection.send_frame(BINARY, b"\2hello")
        self.assertEqual(connection.receive_frame()[1], b"\2hello")
        connection.send_frame(BINARY, b"\0world")
        self.assertEqual(connection.receive_frame()[1], b"\0world")

    def test_comma_form_and_no_subprotocol(self):
        self.pod_port(echo)
        connection = self.open(FORWARD + "?ports=8080,8080", protocols=(), skip=4)
        self.assertEqual(connection.answered["sec-websocket-protocol"], "")

    def test_base64(self):
        self.pod_port(echo)
        connection = self.open(protocols=["v4.base64.channel.k8s.io"], skip=0)
        self.assertEqual([connection.receive_frame()[1] for _ in range(2)], [b"0" + base64.b64encode(WELL), b"1" + base64.b64encode(WELL)])
        connection.send_frame(TEXT, b"0" + base64.b64encode(b"hello"))
        self.assertEqual(connection.receive_frame(), (TEXT, b"0" + base64.b64encode(b"hello"), True))

    def test_text_frames_empty_ones_and_unknown_channels(self):
        self.pod_port(echo)
        connection = self.open()
        for opcode, payload in ((TEXT, b"\0a"), (BINARY, b""), (BINARY, b"\0"), (BINARY, b"\1to the error channel"), (BINARY, b"\x09none"),
                                (BINARY, b"\xff\0"), (BINARY, b"\0b")):
            connection.send_frame(opcode, payload)
        self.assertEqual(self.echoed(connection, 2), b"ab")

    def test_continuation_frames_lose_data(self):
        self.pod_port(echo)
        connection = self.open()
        connection.send_frame(BINARY, b"\0begin ", fin=False)
        connection.send_frame(CONTINUATION, b"lost")
        connection.send_frame(BINARY, b"\0end")
        self.assertEqual(self.echoed(connection, 9), b"begin end")
        connection.send_frame(CLOSE, struct.pack(">H", 1000))
        self.assertEqual(connection.receive_frame(), (CLOSE, struct.pack(">H", 1000), True))
        self.assertEqual(self.last_tunnel()["dropped"], 1)

    def test_unmasked_frame_is_close_1002_then_1000_and_the_end(self):
        self.pod_port(echo)
        connection = self.open()
        connection.send_frame(BINARY, b"\0x", masked=False)
        self.assertEqual(list(connection.frames_to_end()), [(CLOSE, struct.pack(">H", code), True) for code in (1002, 1000)])

    def test_ping_is_answered_with_its_payload(self):
        self.pod_port(echo)
        connection = self.open()
        connection.send_frame(PING, b"are you there")
        self.assertEqual(connection.receive_frame(), (PONG, b"are you there", True))

    def test_pod_connection_ends_with_the_client(self):
        ended = []
        self.pod_port(lambda accepted: ended.append(accepted.recv(1)))
        connection = self.open()
        wait_for(lambda: self.double.control("GET", "/state")["tunnels"], "the tunnel")
        connection.close()
        wait_for(lambda: ended == [b""], "the pod to see the end")


class Faults(Tunnel):
    def setUp(self):
        super().setUp()
        self.pod_port(echo)

    def test_no_pong(self):
        self.faulty(no_pong=True)
        connection = self.open()
        connection.send_frame(PING, b"are you there")
        connection.send_frame(BINARY, b"\0still here")
        self.assertEqual(connection.receive_frame()[1], b"\0still here")

    def test_cut_after_bytes(self):
        for how in ("eof", "reset"):
            with self.subTest(how):
                self.faulty(cut_after_bytes=5, cut=how)
                connection = self.open()
                connection.send_frame(BINARY, b"\0" + b"123456789")
                frames = list(connection.frames_to_end())
                self.assertNotIn(CLOSE, [frame[0] for frame in frames])
                self.assertIn(b"".join(frame[1][1:] for frame in frames), (b"12345", b"") if how == "reset" else (b"12345",))

    def test_end_without_close(self):
        self.pod_port(lambda accepted: (accepted.sendall(b"bye"), accepted.close()))
        self.faulty(eof_without_close=True)
        self.assertEqual(list(self.open().frames_to_end()), [(BINARY, b"\0bye", True)])

    def test_other_close_code(self):
        self.pod_port(lambda accepted: accepted.close())
        self.faulty(close_code=1011)
        self.assertEqual(list(self.open().frames_to_end())[-1], (CLOSE, struct.pack(">H", 1011), True))

    def test_one_byte_at_a_time(self):
        self.faulty(segment=1)
        connection = self.open()
        connection.send_frame(BINARY, b"\0" + b"x" * 500)
        self.assertEqual(self.echoed(connection, 500), b"x" * 500)

    def test_wrong_channel(self):
        self.faulty(wrong_channel=6)
        connection = self.open()
        connection.send_frame(BINARY, b"\0x")
        self.assertEqual(connection.receive_frame()[1], b"\6x")

    def test_no_port_messages(self):
        self.faulty(no_port_messages=True)
        connection = self.open(skip=0)
        connection.send_frame(BINARY, b"\0x")
        self.assertEqual(connection.receive_frame()[1], b"\0x")

    def test_fragments(self):
        self.faulty(fragment=3)
        connection = self.open()
        connection.send_frame(BINARY, b"\0abcdefg")
        self.assertEqual([connection.receive_frame() for _ in range(3)],
                         [(BINARY, b"\0ab", False), (CONTINUATION, b"cde", False), (CONTINUATION, b"fg", True)])

    def test_slow_reader_still_gets_all(self):
        self.faulty(slow_reader={"bytes": 100, "milliseconds": 1})
        connection = self.open()
        connection.send_frame(BINARY, b"\0" + b"y" * 3000)
        self.assertEqual(self.echoed(connection, 3000), b"y" * 3000)

    def test_reader_that_stops_fills_the_socket(self):
        self.faulty(stop_reading_after=0)
        connection = self.open()
        connection.stream.settimeout(1)
        with self.assertRaises(TimeoutError):
            for _ in range(2000):
                connection.send_frame(BINARY, b"\0" + b"z" * 60_000)

    def test_idle_limit(self):
        self.double.script({"portforward": {"idle_seconds": 0.1}})
        self.assertEqual(list(self.open().frames_to_end()), [(CLOSE, struct.pack(">H", 1000), True)])

    def test_cut_and_close_from_outside(self):
        connection = self.open()
        wait_for(lambda: self.double.control("GET", "/state")["tunnels"], "the tunnel")
        self.assertEqual(self.double.control("POST", "/cut", {}), {"cut": 1})
        self.assertEqual(list(connection.frames_to_end()), [])
        connection = self.open()
        wait_for(lambda: self.double.control("GET", "/state")["tunnels"], "the tunnel")
        self.double.control("POST", "/tunnels", {"do": "close", "code": 1001})
        self.assertEqual(list(connection.frames_to_end()), [(CLOSE, struct.pack(">H", 1001), True)])

    def test_wrong_accept(self):
        self.faulty(wrong_accept=True)
        key = base64.b64encode(b"0123456789abcdef").decode()
        connection = self.open(skip=0, headers=[("Sec-WebSocket-Key", key)])
        self.assertNotEqual(connection.answered["sec-websocket-accept"], "EACf0v6ZgQTkIHpNNHbIgQ==")
        self.assertEqual(len(base64.b64decode(connection.answered["sec-websocket-accept"])), 20)


class Stripped(DoubleTest):
    def test_proxy_that_strips_upgrade(self):
        for answer, expected in (("forward", 400), ("200", 200)):
            self.double.script({"proxies": {"stripped_answer": answer}})
            with self.double.access(url=self.double.stripping_url).connect() as connection:
                status, headers = connection.upgrade(FORWARD + "?ports=8080", V4)
                body = connection.file.read(int(headers["content-length"]))
            self.assertEqual(status, expected)
            if expected == 400:
                self.assertEqual(json.loads(body)["message"], "Upgrade request required")
        self.assertEqual(self.double.access(url=self.double.stripping_url).request("GET", "/version").body, b"<html>welcome</html>\n")

    def test_unscheduled_pod(self):
        with self.double.access().connect() as connection:
            status, headers = connection.upgrade(PODS + "/unscheduled/portforward?ports=1", V4)
            self.assertEqual(json.loads(connection.file.read(int(headers["content-length"])))["message"],
                             "pod unscheduled does not have a host assigned")
        self.assertEqual(status, 400)


if __name__ == "__main__":
    main()
