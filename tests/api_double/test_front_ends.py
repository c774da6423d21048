# SPDX-License-Identifier: Apache-2.0
"""Proxies, credential plugin and OpenID Connect issuer."""
import base64
import json
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.parse

from client import Access
from double_test import CERTIFICATES, HERE, PODS, DoubleTest, main


class Proxies(DoubleTest):
    SCRIPT = {"proxies": {"user": "jane", "password": "s3cret"}}
    BASIC = "Basic " + base64.b64encode(b"jane:s3cret").decode()

    def setUp(self):
        super().setUp()
        self.target = urllib.parse.urlsplit(self.double.url).netloc

    def connect(self, stream, password=None, target=None):
        """The status line of a CONNECT, and what the proxy said besides."""
        target = target or self.target
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"] + ([f"Proxy-Authorization: {password}"] if password else [])
        stream.sendall("\r\n".join(lines + ["", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = stream.recv(1)
            if not piece:
                break
            head += piece
        return int(head.split()[1]), head.decode()

    def raw(self, url):
        parts = urllib.parse.urlsplit(url)
        stream = socket.create_connection((parts.hostname, parts.port))
        self.addCleanup(stream.close)
        return stream

    def test_connect_needs_the_password(self):
        for header in (None, "Basic eDp5"):
            status, head = self.connect(self.raw(self.double.proxy_url), header)
            self.assertEqual(status, 407)
            self.assertIn('Proxy-Authenticate: Basic realm="double"', head)

    def test_connect_leads_to_the_server(self):
        stream = self.raw(self.double.proxy_url)
        self.assertEqual(self.connect(stream, self.BASIC)[0], 200)
        with self.double.access().connect(stream) as connection:
            self.assertEqual(connection.request("GET", PODS).status, 200)

    def test_tls_proxy(self):
        outer = Access(self.double.tls_proxy_url, self.double.ca_file).connect()
        self.addCleanup(outer.close)
        self.assertEqual(self.connect(outer.stream, self.BASIC)[0], 200)
        inner = TlsInTls(self.double.access(), outer.stream)
        self.assertIn(b'"major": "1"', inner.get("/version"))

    def test_scripted_refusals(self):
        self.double.script({"proxies": {"allow": ["elsewhere.example:443"]}})
        self.assertEqual(self.connect(self.raw(self.double.proxy_url), self.BASIC)[0], 502)
        self.double.script({"proxies": {"connect_status": 403}})
        self.assertEqual(self.connect(self.raw(self.double.proxy_url), self.BASIC)[0], 403)

    def socks(self, password, host=None):
        """The reply code after greeting, password and request; None when refused before."""
        stream = self.raw(self.double.socks_url)
        stream.sendall(b"\5\1\2")
        if stream.recv(2) != b"\5\2":
            return None, stream
        stream.sendall(b"\1\4jane" + bytes([len(password)]) + password)
        if stream.recv(2) != b"\1\0":
            return None, stream
        name, port = (host or self.target.split(":")[0]).encode(), int(self.target.split(":")[1])
        stream.sendall(b"\5\1\0\3" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
        return stream.recv(10)[1], stream

    def test_socks5(self):
        self.assertEqual(self.socks(b"wrong")[0], None)
        code, stream = self.socks(b"s3cret", "api.double.test")
        self.assertEqual(code, 0)
        with self.double.access(server_name="api.double.test").connect(stream) as connection:
            self.assertEqual(connection.request("GET", PODS).status, 200)
        self.assertEqual(self.double.log("proxy")[-1]["target"], "api.double.test:" + self.target.split(":")[1])
        self.double.script({"proxies": {"allow": []}})
        self.assertEqual(self.socks(b"s3cret")[0], 5)

    def test_socks5_without_the_method(self):
        stream = self.raw(self.double.socks_url)
        stream.sendall(b"\5\1\0")
        self.assertEqual(stream.recv(2), b"\5\xff")


class TlsInTls:
    """Just enough of a client for TLS inside TLS, which ssl.wrap_socket cannot do."""

    def __init__(self, access, outer):
        self.outer, self.read_bio, self.write_bio = outer, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = access.context.wrap_bio(self.read_bio, self.write_bio, server_hostname=access.server_name)
        self.want = ssl.SSLWantReadError
        self.host = access.host
        self.run(self.tls.do_handshake)

    def run(self, step, *arguments):
        while True:
            try:
                result = step(*arguments)
                self.outer.sendall(self.write_bio.read())
                return result
            except self.want:
                self.outer.sendall(self.write_bio.read())
                received = self.outer.recv(65536)
                if not received:
                    raise EOFError("the proxy ended the connection") from None
                self.read_bio.write(received)

    def get(self, target):
        self.run(self.tls.write, f"GET {target} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while not (found := re.search(rb"Content-Length: (\d+)(?s:.*?)\r\n\r\n", answer)) or len(answer) < found.end() + int(found[1]):
            answer += self.run(self.tls.read, 65536)
        return answer[found.end():]


class ExecPlugin(DoubleTest):
    def run_plugin(self, *arguments, version="v1"):
        info = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/" + version, "spec": {"interactive": False}}
        return subprocess.run((os.path.join(HERE, "exec_plugin"), "--state", self.double.state, "--certificates", CERTIFICATES, *arguments),
                              env={**os.environ, "KUBERNETES_EXEC_INFO": json.dumps(info)}, capture_output=True, text=True, check=False)

    def answer(self, *arguments, **more):
        return json.loads(self.run_plugin(*arguments, **more).stdout)

    def test_good_answers(self):
        first, second = (self.answer("--token", "t-{run}", "--expires", "60", "token") for _ in range(2))
        self.assertEqual((first["status"]["token"], second["status"]["token"]), ("t-1", "t-2"))
        expires = time.strptime(first["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual((first["kind"], expires.tm_year >= 2024), ("ExecCredential", True))
        certificate = self.answer("--client", "viewer", "certificate")["status"]
        self.assertTrue(certificate["clientCertificateData"].startswith("-----BEGIN CERTIFICATE"))
        with open(os.path.join(self.double.state, "exec.log"), encoding="utf-8") as log:
            self.assertEqual([json.loads(line)["run"] for line in log], [1, 2, 3])

    def test_faults(self):
        self.assertNotIn("status", self.answer("no_status"))
        self.assertEqual(self.answer("empty_status")["status"], {})
        self.assertEqual(set(self.answer("certificate_only")["status"]), {"clientCertificateData"})
        self.assertEqual(set(self.answer("key_only")["status"]), {"clientKeyData"})
        self.assertEqual(self.answer("other_version", version="v1")["apiVersion"], "client.authentication.k8s.io/v1beta1")
        self.assertEqual(self.answer("token", version="v1beta1")["apiVersion"], "client.authentication.k8s.io/v1beta1")
        self.assertNotIn("kind", self.answer("no_kind"))
        for behaviour, code in (("exit_3", 3), ("killed", -9), ("not_json", 0), ("empty", 0)):
            self.assertEqual(self.run_plugin(behaviour).returncode, code, behaviour)
        self.assertGreater(len(self.run_plugin("noisy").stderr), 100_000)


class Oidc(DoubleTest):
    def issuer(self, method, path, form=None):
        headers = [("Content-Type", "application/x-www-form-urlencoded")] if form else []
        access = Access(self.double.oidc_url, self.double.ca_file)
        answer = access.request(method, path, headers, urllib.parse.urlencode(form or {}).encode())
        return answer.status, json.loads(answer.body) if answer.headers["content-type"] == "application/json" else answer.body

    def refresh(self, token="refresh-1", **more):
        return self.issuer("POST", "/token", {"grant_type": "refresh_token", "refresh_token": token, "client_id": "binnacle", **more})

    def test_discovery_and_refresh(self):
        status, document = self.issuer("GET", "/.well-known/openid-configuration")
        self.assertEqual((status, document["issuer"], document["token_endpoint"]), (200, self.double.oidc_url, self.double.oidc_url + "/token"))
        status, answer = self.refresh()
        self.assertEqual(status, 200)
        claims = json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
        self.assertEqual((claims["iss"], claims["aud"]), (self.double.oidc_url, "binnacle"))
        self.assertEqual(self.get(PODS, answer["id_token"]).status, 200)
        self.assertEqual(self.refresh("refresh-1")[0], 400)
        self.assertEqual(self.refresh(answer["refresh_token"])[0], 200)

    def test_short_tokens_run_out(self):
        self.double.script({"oidc": {"lifetime_seconds": -1}})
        self.assertEqual(self.get(PODS, self.refresh()[1]["id_token"]).status, 401)

    def test_faults(self):
        self.assertEqual(self.refresh(client_id="other")[0], 401)
        for fault, check in (("no_discovery", lambda: self.issuer("GET", "/.well-known/openid-configuration")[0] == 404),
                             ("wrong_issuer", lambda: self.issuer("GET", "/.well-known/openid-configuration")[1]["issuer"] != self.double.oidc_url),
                             ("refused", lambda: self.refresh()[1]["error"] == "invalid_grant"),
                             ("no_id_token", lambda: "id_token" not in self.refresh()[1])):
            with self.subTest(fault):
                self.double.script({"oidc": {"fault": fault}})
                self.assertTrue(check())


if __name__ == "__main__":
    main()
