# SPDX-License-Identifier: Apache-2.0
"""Programs that others wrote as witnesses: curl, openssl and kubectl must find an API server here."""
import http.client
import http.server
import json
import os
import re
import subprocess
import threading

from client import PATIENCE_SECONDS
from double_test import PODS, DoubleTest, main, needs


def run(*command, stdin="", **environment):
    return subprocess.run(command, env={**os.environ, **environment}, input=stdin, capture_output=True, text=True, check=False)


@needs("curl")
class Curl(DoubleTest):
    def test_lists_pods_with_http2_kept_away(self):
        done = run("curl", "-sS", "--http1.1", "--cacert", self.double.ca_file, "-H", "Authorization: Bearer admin-token", self.double.url + PODS)
        self.assertEqual(json.loads(done.stdout)["kind"], "PodList")

    def test_learns_that_http2_is_refused(self):
        done = run("curl", "-sS", "--http2", "--cacert", self.double.ca_file, self.double.url + "/version")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.double.log("handshake")[-1]["alpn"], "h2")

    def test_proxies(self):
        for proxy in (self.double.proxy_url, self.double.socks_url, self.double.tls_proxy_url):
            done = run("curl", "-sS", "--http1.1", "--cacert", self.double.ca_file, "--proxy-cacert", self.double.ca_file, "--noproxy", "",
                       "--proxy", proxy, self.double.url + "/healthz")
            self.assertEqual((done.stdout, done.stderr), ("ok", ""), proxy)

    def test_gzip(self):
        self.double.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "big", "annotations": {"x": "y" * 200_000}}, "spec": {}})
        done = run("curl", "-sS", "--http1.1", "--compressed", "--cacert", self.double.ca_file, "-H", "Authorization: Bearer admin-token",
                   "-w", "%{size_download}", "-o", os.path.join(self.double.state, "list"), self.double.url + PODS)
        self.assertLess(int(done.stdout), 100_000)
        with open(os.path.join(self.double.state, "list"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["kind"], "PodList")


@needs("openssl")
class OpenSsl(DoubleTest):
    def test_s_client_verifies_chain_name_and_versions(self):
        address = self.double.url.removeprefix("https://")
        for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            done = run("openssl", "s_client", "-connect", address, "-CAfile", self.double.ca_file, "-verify_return_error",
                       "-verify_ip", "127.0.0.1", version, "-alpn", "h2,http/1.1", "-brief")
            self.assertIn("Verification: OK", done.stderr)
            self.assertIn(name, done.stderr)

    def test_s_client_sees_the_expired_certificate(self):
        self.double.script({"tls": {"certificate": "expired"}})
        done = run("openssl", "s_client", "-connect", self.double.url.removeprefix("https://"), "-CAfile", self.double.ca_file,
                   "-verify_return_error")
        self.assertIn("certificate has expired", done.stdout + done.stderr)


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802, the library's name
        body = b"from the pod\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@needs("kubectl")
class Kubectl(DoubleTest):
    SCRIPT = {"tls": {"alpn": ["http/1.1"]}, "server_version": "1.32"}

    def kubectl(self, *words, context="admin-certificate", **environment):
        return run("kubectl", "--kubeconfig", self.double.kubeconfig, "--context", context, *words, HOME=self.double.state, **environment)

    def test_get_pods(self):
        done = self.kubectl("get", "pods", "-o", "name")
        self.assertEqual((done.stdout, done.stderr), ("pod/unscheduled\npod/web\n", ""))
        for context in ("http-proxy", "tls-proxy", "socks5-proxy", "server-name", "insecure", "token-file"):
            self.assertIn("node-1", self.kubectl("get", "nodes", context=context).stdout, context)

    def test_whoami(self):
        done = self.kubectl("auth", "whoami", "-o", "json", context="viewer-certificate")
        self.assertEqual(json.loads(done.stdout)["status"]["userInfo"],
                         {"username": "viewer", "groups": ["viewers", "readers", "system:authenticated"]})
        done = self.kubectl("auth", "whoami", "-o", "json", "--as", "jane", "--as-group", "dev", "--as-group", "ops")
        self.assertEqual(json.loads(done.stdout)["status"]["userInfo"]["groups"], ["dev", "ops", "system:authenticated"])

    def test_refusals_in_kubectls_words(self):
        self.assertEqual(self.kubectl("get", "pods", context="nobody-token").stderr,
                         'Error from server (Forbidden): pods is forbidden: User "nobody" cannot list resource "pods" in API group "" '
                         'in the namespace "default"\n')
        self.assertIn("You must be logged in to the server (Unauthorized)", self.kubectl("get", "pods", context="bad-token").stderr)
        self.assertIn("certificate signed by unknown authority", self.kubectl("get", "pods", context="wrong-authority").stderr)

    def test_exec_plugin(self):
        done = self.kubectl("get", "pods", "-o", "name", context="exec")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(os.path.join(self.double.state, "exec.log"), encoding="utf-8") as log:
            info = json.loads(log.readline())["info"]
        self.assertEqual(info["spec"]["cluster"]["server"], self.double.url)

    def test_oidc(self):
        done = self.kubectl("get", "pods", "-o", "name", context="oidc")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([entry["target"] for entry in self.double.log("oidc")], ["/.well-known/openid-configuration", "/token"])

    def test_server_side_apply(self):
        manifest = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "binnacle"}, "data": {"a": "1"}})
        done = run("kubectl", "--kubeconfig", self.double.kubeconfig, "apply", "--server-side", "--validate=false", "-f", "-", stdin=manifest,
                   HOME=self.double.state)
        self.assertEqual((done.stdout, done.stderr), ("configmap/c serverside-applied\n", ""))

    def test_watch(self):
        done = self.kubectl("get", "pods", "--watch-only", "--request-timeout=1s", "-o", "name")
        self.assertEqual(done.stdout, "")
        self.assertIn("watch", [entry["target"].partition("watch")[1] for entry in self.double.log("request")])

    def port_forward(self, websockets):
        """What the pod says through kubectl, and how kubectl asked."""
        pod = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        self.addCleanup(pod.server_close)
        threading.Thread(target=pod.serve_forever, daemon=True).start()
        self.addCleanup(pod.shutdown)
        self.double.script({"portforward": {"ports": {"8080": pod.server_address[1]}}})
        command = ("kubectl", "--kubeconfig", self.double.kubeconfig, "port-forward", "--address", "127.0.0.1", "pod/web", ":8080")
        environment = {**os.environ, "HOME": self.double.state, "KUBECTL_PORT_FORWARD_WEBSOCKETS": websockets}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, PATIENCE_SECONDS)
        self.addCleanup(process.terminate)
        port = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[1]
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_SECONDS)
        self.addCleanup(connection.close)
        bodies = []
        for _ in range(3):
            connection.request("GET", "/")
            bodies.append(connection.getresponse().read())
        asked = [(entry["method"], entry["status"]) for entry in self.double.log("request") if "portforward" in entry["target"]]
        return bodies, asked

    def test_port_forward_by_websocket(self):
        self.assertEqual(self.port_forward("true"), ([b"from the pod\n"] * 3, [("GET", 101)]))

    def test_port_forward_by_spdy(self):
        self.assertEqual(self.port_forward("false"), ([b"from the pod\n"] * 3, [("POST", 101)]))


if __name__ == "__main__":
    main()
