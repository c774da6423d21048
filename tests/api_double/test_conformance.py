# SPDX-License-Identifier: Apache-2.0
"""The double answers as the list says, as each version of the server that matters; the list itself can fail."""
import http.server
import os
import subprocess
import sys
import threading

from double_test import HERE, DoubleTest, closed_port, main


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802, the library's name
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *_):
        pass


class Conformance(DoubleTest):
    def conform(self, version, *options):
        pod = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=pod.serve_forever, daemon=True).start()
        self.addCleanup(pod.server_close)
        self.addCleanup(pod.shutdown)
        self.double.script({"server_version": version, "portforward": {"ports": {"8080": pod.server_address[1], "9": closed_port()}}})
        command = (sys.executable, os.path.join(HERE, "conformance"), "--kubeconfig", self.double.kubeconfig, "--control", self.double.control_url)
        return subprocess.run((*command, *options), capture_output=True, text=True, check=False)

    def conforms(self, version):
        done = self.conform(version)
        self.assertEqual((done.returncode, [line for line in done.stdout.splitlines() if line.startswith("FAIL")], done.stderr), (0, [], ""))
        self.assertIn("all as expected", done.stdout)

    def test_as_1_29(self):
        self.conforms("1.29")

    def test_as_1_31(self):
        self.conforms("1.31")

    def test_as_1_34(self):
        self.conforms("1.34")

    def test_as_1_36(self):
        self.conforms("1.36")

    def test_another_answer_is_found(self):
        done = self.conform("1.36", "--server-version", "1.31", "--only", "role get")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL port-forward: role get: Mismatch: wanted status 101, got 403", done.stdout)


if __name__ == "__main__":
    main()
