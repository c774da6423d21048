# SPDX-License-Identifier: Apache-2.0
"""A secret in query string, header, body and Redis value is in no file, buffer, wire or log; another user is not let in."""
import ctypes
import ctypes.util
import glob
import os
import shutil
import socket
import threading

from binnacle_test import BINNACLE, SECOND, BinnacleTest, load, main, now_ns, run

SECRET = "Xk7qSECRETvalue93zQ"
MAGIC = b"\x28\xb5\x2f\xfd"


class ZstdBuffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t)]


def unpacked(data):
    """Every zstd frame that begins anywhere in `data`, also a frame that is cut at the end."""
    zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    zstd.ZSTD_createDStream.restype = ctypes.c_void_p
    zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
    zstd.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    zstd.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
    found, at, room = [], data.find(MAGIC), ctypes.create_string_buffer(1 << 20)
    while at >= 0:
        stream = zstd.ZSTD_createDStream()
        source = ctypes.create_string_buffer(data[at:at + (4 << 20)], min(4 << 20, len(data) - at))
        given = ZstdBuffer(ctypes.cast(source, ctypes.c_void_p), len(source), 0)
        text = b""
        while True:
            out = ZstdBuffer(ctypes.cast(room, ctypes.c_void_p), len(room), 0)
            left = zstd.ZSTD_decompressStream(stream, ctypes.byref(out), ctypes.byref(given))
            text += room.raw[:out.position]
            if left == 0 or left > (1 << 62) or (out.position == 0 and given.position == given.size):
                break
        zstd.ZSTD_freeDStream(stream)
        found.append(text)
        at = data.find(MAGIC, at + 4)
    return found


def places_of(needle, name, data):
    """Where the text stands, compressed or not."""
    layers = [("", data)] + [(f" (compressed, frame {number})", text) for number, text in enumerate(unpacked(data))]
    return [name + layer for layer, text in layers if needle in text]


class Tap:
    """Between recorder and agent: keeps every byte that passes."""

    def __init__(self, path, behind):
        self.bytes, self.behind = bytearray(), behind
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.behind)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(source, target), daemon=True).start()

    def pump(self, source, target):
        while True:
            try:
                data = source.recv(65536)
                self.bytes += data
                target.sendall(data)
            except OSError:
                data = b""
            if not data:
                for end in (source, target):
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                return


class Privacy(BinnacleTest):
    def secret_is_nowhere(self, capture):
        agent = self.start_agent("--capture", capture)
        tap = Tap(f"{self.folder}/tap.sock", agent.socket)
        self.addCleanup(tap.listener.close)
        recording = self.record(f"unix:{self.folder}/tap.sock", 60)
        load(211, "--connections", "3", "--secret", SECRET, "--method", "POST", "--body", "33", "--path", "/orders", "--path", "/orders/7", "--path", "/fail")
        load(211, "--redis", "--command", "SET", "--connections", "2", "--secret", SECRET)
        load(101, "--redis", "--command", "GET", "--key", SECRET)
        load(23, "--path", "/orders/" + SECRET)
        load(23, "--redis", "--command", "LPUSH", "--key", "load:key", "--secret", SECRET)  # an error reply
        agent.wait_covered(now_ns() + 2 * SECOND)
        printed = "".join(run(BINNACLE, "show", what, "--agent", agent.address, "--json").stdout
                          for what in ("map", "services", "tcp", "inflight", "events", "losses", "coverage", "buffer"))
        status, said = recording.finish(early=True)
        self.assertEqual(status, 0, said)
        agent.stop()
        sources = {"recorder's words": said.encode(), "printed": printed.encode(), "wire": bytes(tap.bytes), "agent's log": agent.log().encode()}
        for path in glob.glob(agent.buffer + "/**", recursive=True) + glob.glob(recording.file + "*"):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    sources[path] = file.read()
        self.control(sources, recording.file)
        for name, data in sources.items():
            self.assertEqual(places_of(SECRET.encode(), name, data), [])

    def control(self, sources, file):
        """The search does find what must be there: otherwise it would find nothing for another reason."""
        for name in ("wire", "printed", file):
            self.assertTrue(places_of(b"/orders", name, sources[name]), name)
        self.assertTrue(any(places_of(b"/orders", name, data) for name, data in sources.items() if ".buffer/" in name), "buffer")

    def test_secret_is_nowhere_with_socket_capture(self):
        self.secret_is_nowhere("socket")

    def test_secret_is_nowhere_with_syscall_capture(self):
        self.secret_is_nowhere("syscall")

    def asked_as_nobody(self, address):
        program = f"{self.folder}/binnacle"
        shutil.copy(BINNACLE, program)
        os.chmod(program, 0o755)
        return run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "show", "map", "--agent", address, "--json", check=False,
                   cwd="/", env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def test_another_user_is_refused_with_a_sentence(self):
        for address, name in ((None, "unix"), ("127.0.0.1:19467", "tcp")):
            with self.subTest(name):
                agent = self.start_agent(name=name, listen=address)
                self.assertIn("nodes", agent.show("map"))
                answer = self.asked_as_nobody(agent.address)
                self.assertEqual((answer.returncode, answer.stdout), (1, ""), answer.stderr)
                self.assertRegex(answer.stderr, r"binnacle: .*user.*; run")
                if address is None:
                    self.assertEqual(os.stat(agent.socket).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    main()
