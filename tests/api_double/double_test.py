# SPDX-License-Identifier: Apache-2.0
"""What each test of the double needs: a double of its own, its control endpoint, a pod to forward to, and waiting for a condition."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

from client import PATIENCE_SECONDS, Access

HERE = os.path.dirname(os.path.abspath(__file__))
CERTIFICATES = os.path.join(os.environ.get("BINNACLE_BUILD", tempfile.gettempdir() + f"/api-double-{os.getuid()}"), "api_double_certificates")
SKIPPED = 77  # what ctest takes for "skipped"
PODS = "/api/v1/namespaces/default/pods"
FORWARD = PODS + "/web/portforward"


def wait_for(condition, what):
    """The first true answer of `condition`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Double:
    """A running double.  Ends with its stdin, so also with a killed test."""

    def __init__(self, script, state):
        self.state = state
        file = os.path.join(state, "script.json")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(script, out)
        self.process = subprocess.Popen((os.path.join(HERE, "api_double"), "--script", file, "--state", state, "--certificates", CERTIFICATES),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("api_double did not start")
        self.addresses = json.loads(line)

    def __getattr__(self, name):
        return self.addresses[name]

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        return code

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.control_url).netloc, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            document = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise AssertionError(f"{method} {path}: {document}")
        return document

    def script(self, patch):
        self.addresses["url"] = self.control("POST", "/script", patch)["url"]

    def put(self, document):
        return self.control("POST", "/object", {"object": document})

    def log(self, kind=None):
        return [entry for entry in self.control("GET", "/log")["entries"] if kind in (None, entry["kind"])]

    def certificate(self, name):
        return tuple(os.path.join(self.certificates, "clients", f"{name}.{kind}") for kind in ("crt", "key"))

    def access(self, token="admin-token", client=None, url=None, **more):
        certificate = self.certificate(client) if client else None
        return Access(url or self.url, self.ca_file, certificate, token, **more)


class DoubleTest(unittest.TestCase):
    """`SCRIPT` is what the double of each test starts with."""

    SCRIPT = {}

    def setUp(self):
        state = tempfile.mkdtemp(prefix="api-double-test-")
        self.addCleanup(shutil.rmtree, state)
        self.double = Double(self.SCRIPT, state)
        self.addCleanup(self.no_faults)

    def no_faults(self):
        """A double that stumbled over itself fails the test even when the client saw nothing odd."""
        faults = self.double.log("fault")
        self.double.stop()
        self.assertEqual(faults, [])

    def get(self, target, token="admin-token", headers=()):
        return self.double.access(token).request("GET", target, headers)

    def status(self, answer, code, message=None, reason=None):
        document = json.loads(answer.body)
        self.assertEqual((answer.status, document["code"], document["kind"]), (code, code, "Status"), answer.body)
        if message is not None:
            self.assertEqual(document["message"], message)
        if reason is not None:
            self.assertEqual(document["reason"], reason)
        return document

    def pod_port(self, serve):
        """A loopback server in place of the pod's port 8080; `serve` gets each accepted socket on a thread of its own."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        threading.Thread(target=accept_all, args=(listener, serve), daemon=True).start()
        port = listener.getsockname()[1]
        self.double.script({"portforward": {"ports": {"8080": port}}})
        return port


def accept_all(listener, serve):
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()


def echo(accepted):
    """Sends back what comes, until the end."""
    with accepted:
        while data := accepted.recv(65536):
            accepted.sendall(data)


def closed_port():
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def needs(program):
    """Skips the test, by name, where a program is not installed."""
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


def main():
    """One ctest entry is one test; 77 says skipped, with the reason on its own line."""
    result = unittest.main(module="__main__", exit=False, verbosity=2).result
    for _, reason in result.skipped:
        print("SKIPPED: " + reason)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped and len(result.skipped) == result.testsRun else 0)
