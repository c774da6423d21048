# SPDX-License-Identifier: Apache-2.0
"""TLS of the double: each certificate a client must refuse, versions, SNI, ALPN, and handshakes that go wrong."""
import json
import socket
import ssl

from client import PATIENCE_SECONDS, Access
from double_test import DoubleTest, main, wait_for


class Tls(DoubleTest):
    def refused_because(self, **more):
        with self.assertRaises(ssl.SSLCertVerificationError) as caught:
            self.double.access(**more).request("GET", "/version")
        return caught.exception.verify_message

    def test_good_certificate(self):
        self.assertEqual(self.get("/version").status, 200)

    def test_certificates_to_refuse(self):
        for variant, reason in (("expired", "certificate has expired"), ("wrong_ca", "self-signed certificate in certificate chain"),
                                ("wrong_names", "IP address mismatch, certificate is not valid for '127.0.0.1'."),
                                ("name_only", "IP address mismatch, certificate is not valid for '127.0.0.1'.")):
            with self.subTest(variant):
                self.double.script({"tls": {"certificate": variant}})
                self.assertEqual(self.refused_because(), reason)
        failed = wait_for(lambda: [entry for entry in self.double.log("handshake") if "failed" in entry], "the failures in the log")
        self.assertTrue(failed)

    def test_server_name_reaches_the_log_and_verifies(self):
        self.double.script({"tls": {"certificate": "name_only"}})
        self.assertEqual(self.double.access(server_name="api.double.test").request("GET", "/version").status, 200)
        self.assertEqual(self.double.log("handshake")[-1]["sni"], "api.double.test")

    def test_versions(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            self.double.access(tls=version).request("GET", "/version")
            self.assertEqual(self.double.log("handshake")[-1]["tls"], name)
        self.double.script({"tls": {"maximum": "1.2"}})
        with self.assertRaises(ssl.SSLError):
            self.double.access(tls=ssl.TLSVersion.TLSv1_3).request("GET", "/version")
        self.double.script({"tls": {"maximum": "1.3", "minimum": "1.3"}})
        with self.assertRaises(ssl.SSLError):
            self.double.access(tls=ssl.TLSVersion.TLSv1_2).request("GET", "/version")

    def test_who_offers_h2_gets_it_and_a_goaway(self):
        with self.double.access(alpn=("h2", "http/1.1")).connect() as connection:
            self.assertEqual(connection.stream.selected_alpn_protocol(), "h2")
            connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            self.assertEqual(connection.file.read(9), b"\0\0\0\4\0\0\0\0\0")
            goaway = connection.file.read(17)
            self.assertEqual((goaway[3], goaway[13:]), (7, b"\0\0\0\x0d"))

    def test_h2_can_be_kept_away(self):
        self.double.script({"tls": {"alpn": ["http/1.1"]}})
        with self.double.access(alpn=("h2", "http/1.1")).connect() as connection:
            self.assertEqual(connection.stream.selected_alpn_protocol(), "http/1.1")
            self.assertEqual(connection.request("GET", "/version").status, 200)

    def test_client_certificate_is_optional_and_can_be_off(self):
        self.assertEqual(self.double.access(token=None, client="admin").request("GET", "/api/v1/nodes").status, 200)
        self.double.script({"tls": {"client_certificates": False}})
        self.status(self.double.access(token=None, client="admin").request("GET", "/api/v1/nodes"), 403)

    def test_every_kind_of_client_key(self):
        for name in ("admin", "admin-rsa", "admin-ed25519"):
            with self.subTest(name):
                self.assertEqual(self.double.access(token=None, client=name).request("GET", "/api/v1/nodes").status, 200)
                self.assertEqual(self.double.log("handshake")[-1]["certificate"], name)

    def test_spoilt_handshakes(self):
        for how, error in (("eof", (ssl.SSLError, ConnectionError)), ("reset", (ssl.SSLError, ConnectionError)), ("plain", ssl.SSLError)):
            with self.subTest(how):
                self.double.script({"tls": {"handshake": how}})
                with self.assertRaises(error):
                    self.double.access().request("GET", "/version")
        self.double.script({"tls": {"handshake": "stall"}})
        raw = socket.create_connection((self.double.access().host, self.double.access().port))
        self.addCleanup(raw.close)
        raw.sendall(b"\x16\x03\x01")
        raw.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            raw.recv(1)

    def test_one_byte_segments(self):
        self.double.script({"transport": {"segment": 1}})
        with self.double.access().connect() as connection:
            connection.send(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.file.close()
            self.assertEqual([len(connection.stream.recv(4096)) for _ in range(20)], [1] * 20)
        self.assertEqual(json.loads(self.get("/version").body)["major"], "1")

    def test_wrong_authority_on_the_clients_side(self):
        access = Access(self.double.url, self.double.certificates + "/foreign-ca.crt")
        with self.assertRaises(ssl.SSLCertVerificationError):
            access.request("GET", "/version")


class Life(DoubleTest):
    def test_ends_with_its_stdin(self):
        self.double.process.stdin.close()
        self.assertEqual(self.double.process.wait(PATIENCE_SECONDS), 0)
        with self.assertRaises(ConnectionError):
            socket.create_connection((self.double.access().host, self.double.access().port))

    def no_faults(self):
        self.double.process.stdout.close()


if __name__ == "__main__":
    main()
