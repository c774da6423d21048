# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates of the double, made once per state folder by the `openssl` program.

Folder: ca.crt, foreign-ca.crt, servers/<variant>.{crt,key}, clients/<name>.{crt,key}, signer.key.
"""
import fcntl
import os
import subprocess

GOOD_NAMES = "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,DNS:api.double.test,IP:127.0.0.1,IP:::1"
# variant: (authority, names, days)
SERVERS = {
    "good": ("ca", GOOD_NAMES, 3650),
    "wrong_ca": ("foreign-ca", GOOD_NAMES, 3650),
    "expired": ("ca", GOOD_NAMES, -1),
    "wrong_names": ("ca", "DNS:elsewhere.example,IP:192.0.2.1", 3650),
    "name_only": ("ca", "DNS:api.double.test", 3650),  # reachable only with tls-server-name
}
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
# name: (authority, subject, kind of key, days)
CLIENTS = {
    "admin": ("ca", "/O=system:masters/CN=admin", EC, 3650),
    "admin-rsa": ("ca", "/O=system:masters/CN=admin-rsa", ("rsa:2048",), 3650),
    "admin-ed25519": ("ca", "/O=system:masters/CN=admin-ed25519", ("ed25519",), 3650),
    "viewer": ("ca", "/O=viewers/O=readers/CN=viewer", EC, 3650),
    "nobody": ("ca", "/CN=nobody", EC, 3650),
    "foreign": ("foreign-ca", "/O=system:masters/CN=admin", EC, 3650),
    "expired": ("ca", "/O=system:masters/CN=admin", EC, -1),
}


def openssl(*arguments, stdin=None):
    done = subprocess.run(("openssl", *arguments), input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"api_double: openssl {arguments[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout


class Certificates:
    """Makes what is missing in `folder`; a second double with the same folder waits and then uses the same files."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(self.path("complete")):
                self._make_all()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def server(self, variant):
        return self.path("servers", variant + ".crt"), self.path("servers", variant + ".key")

    def client(self, name):
        return self.path("clients", name + ".crt"), self.path("clients", name + ".key")

    def _make_all(self):
        for folder in ("servers", "clients"):
            os.makedirs(self.path(folder), exist_ok=True)
        for name in ("ca", "foreign-ca"):
            openssl("req", "-x509", "-newkey", *EC, "-nodes", "-days", "3650", "-subj", f"/CN=api-double-{name}",
                    "-addext", "keyUsage=critical,keyCertSign,digitalSignature",
                    "-keyout", self.path(name + ".key"), "-out", self.path(name + ".crt"))
        for variant, (authority, names, days) in SERVERS.items():
            self._sign(self.server(variant), authority, "/CN=kube-apiserver", EC, days, f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        for name, (authority, subject, key, days) in CLIENTS.items():
            self._sign(self.client(name), authority, subject, key, days, "extendedKeyUsage=clientAuth\n")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path("signer.key"))
        with open(self.path("complete"), "w", encoding="ascii"):
            pass

    def _sign(self, files, authority, subject, key, days, extensions):
        certificate, private = files
        request = openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", private, "-subj", subject)
        extension_file = certificate + ".ext"
        with open(extension_file, "w", encoding="ascii") as out:
            out.write(extensions)
        signed = openssl("x509", "-req", "-CA", self.path(authority + ".crt"), "-CAkey", self.path(authority + ".key"),
                         "-days", str(days), "-extfile", extension_file, stdin=request)
        os.unlink(extension_file)
        with open(certificate, "wb") as out:
            out.write(signed)
