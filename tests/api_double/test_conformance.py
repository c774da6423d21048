# SPDX-License-Identifier: Apache-2.0
"""The double answers as the list says, as each version of the server that matters; the list itself can fail."""
import http.server
import json
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


with open(os.path.join(HERE, "conformance.json"), encoding="utf-8") as file:
    CASES = json.load(file)["cases"]


def lines(done, word):
    return [line for line in done.stdout.splitlines() if line.startswith(word + " ")]


class Conformance(DoubleTest):
    def conform(self, version, *options, steered=True):
        pod = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=pod.serve_forever, daemon=True).start()
        self.addCleanup(pod.server_close)
        self.addCleanup(pod.shutdown)
        self.double.script({"server_version": version, "portforward": {"ports": {"8080": pod.server_address[1], "9": closed_port()}}})
        steering = ("--control", self.double.control_url) if steered else ()
        return subprocess.run((sys.executable, os.path.join(HERE, "conformance"), *steering, *options), capture_output=True, text=True, check=False,
                              env={**os.environ, "BINNACLE_TEST_KUBECONFIG": self.double.kubeconfig})

    def conforms(self, version):
        """Every case; those of which the list says nothing for this version are the only ones that are not run."""
        done = self.conform(version)
        self.assertEqual((done.returncode, lines(done, "FAIL"), done.stderr), (0, [], ""))
        self.assertEqual([line for line in lines(done, "not run") if "the list says nothing about" not in line], [])
        self.assertEqual(len(lines(done, "ok")) + len(lines(done, "not run")), len(CASES))

    def test_as_1_29(self):
        self.conforms("1.29")

    def test_as_1_31(self):
        self.conforms("1.31")

    def test_as_1_34(self):
        self.conforms("1.34")

    def test_as_1_36(self):
        self.conforms("1.36")

    def test_what_a_server_cannot_show_is_named(self):
        """As with somebody's own cluster: nobody steers it."""
        done = self.conform("1.34", steered=False)
        self.assertEqual((done.returncode, lines(done, "FAIL"), done.stderr), (0, [], ""))
        named = [line.partition(": ") for line in lines(done, "not run")]
        self.assertEqual([name for name, _, _ in named], ["not run page after compaction", "not run too many requests", "not run watch cut in the middle"])
        self.assertEqual([reason for _, _, reason in named if not reason], [])
        self.assertIn(f"{len(CASES) - 3} as expected, 0 failed, 3 not run", done.stdout)

    def test_a_young_server_is_named(self):
        self.double.script({"responses": [{"match": {"pattern": "resourceVersion=1&"}, "status": 200, "content_type": "application/json", "body": ""}]})
        done = self.conform("1.34", "--only", "an expired version", steered=False)
        self.assertEqual([line.partition(";")[0] for line in lines(done, "not run")], ["not run watch from an expired version: this server still has version 1"])
        self.assertEqual(done.returncode, 1, "nothing was held")
        self.assertIn("FAIL watch from an expired version", self.conform("1.34", "--only", "an expired version").stdout)

    def test_another_answer_is_found(self):
        done = self.conform("1.36", "--server-version", "1.31", "--only", "role get")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL port-forward: role get: Mismatch: wanted status 101, got 403", done.stdout)


if __name__ == "__main__":
    main()
