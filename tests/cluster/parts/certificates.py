# SPDX-License-Identifier: Apache-2.0
"""The cluster's own authorities, the certificates that they sign and the kubeconfig files made of them, with openssl's command."""
import base64
import json
import os
import tempfile

from .common import API_SERVICE, run, write

DAYS = "3650"


def new_key(path):
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    os.chmod(path, 0o600)


def ensure_authority(path, name):
    """`path`.crt and `path`.key."""
    if os.path.exists(path + ".crt"):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new_key(path + ".key")
    run("openssl", "req", "-x509", "-new", "-sha256", "-key", path + ".key", "-days", DAYS, "-subj", "/CN=" + name, "-out", path + ".crt")


def ensure_certificate(authority, path, user, groups=(), names=()):
    """`path`.crt and `path`.key for a user (CN) in groups (O), good for client and server; `names` as openssl writes them: DNS:x, IP:y."""
    if os.path.exists(path + ".crt"):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new_key(path + ".key")
    subject = "".join("/O=" + group for group in groups) + "/CN=" + user
    usage = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
    with tempfile.NamedTemporaryFile("w", suffix=".ext") as extensions, tempfile.NamedTemporaryFile(suffix=".csr") as request:
        extensions.write(usage + ("subjectAltName=" + ",".join(names) + "\n" if names else ""))
        extensions.flush()
        run("openssl", "req", "-new", "-sha256", "-key", path + ".key", "-subj", subject, "-out", request.name)
        run("openssl", "x509", "-req", "-sha256", "-in", request.name, "-CA", authority + ".crt", "-CAkey", authority + ".key", "-days", DAYS,
            "-set_serial", "0x" + os.urandom(16).hex(), "-extfile", extensions.name, "-out", path + ".crt")


def embedded(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


def write_kubeconfig(cluster, path, user, credentials, namespace="default"):
    """One file with everything in it, so that it can be copied elsewhere."""
    name = cluster.name
    write(path, json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": f"{user}@{name}",
        "clusters": [{"name": name, "cluster": {"server": cluster.api, "certificate-authority-data": embedded(authority(cluster) + ".crt")}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": f"{user}@{name}", "context": {"cluster": name, "user": user, "namespace": namespace}}]}, indent=1) + "\n", 0o600)


def by_certificate(path):
    return {"client-certificate-data": embedded(path + ".crt"), "client-key-data": embedded(path + ".key")}


def authority(cluster):
    return cluster.folder + "/control/certificates/cluster"


def ensure_all(cluster):
    """Everything that control plane and hosts need."""
    folder, address = cluster.folder + "/control/certificates", cluster.control_address
    ensure_authority(authority(cluster), cluster.name + "-authority")
    ensure_authority(folder + "/storage", cluster.name + "-storage-authority")
    ensure_certificate(folder + "/storage", folder + "/etcd", "etcd", names=["IP:" + address])
    ensure_certificate(folder + "/storage", folder + "/etcd-client", "kube-apiserver")
    service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost"]
    ensure_certificate(authority(cluster), folder + "/kube-apiserver", "kube-apiserver",
                       names=["DNS:" + name for name in service] + ["IP:" + one for one in (address, API_SERVICE, "127.0.0.1")])
    ensure_certificate(authority(cluster), folder + "/kubelet-client", "kube-apiserver-kubelet-client", ["system:masters"])
    if not os.path.exists(folder + "/service-account.key"):
        new_key(folder + "/service-account.key")
        run("openssl", "ec", "-in", folder + "/service-account.key", "-pubout", "-out", folder + "/service-account.pub")
    for user, groups in (("system:kube-controller-manager", ()), ("system:kube-scheduler", ()), ("system:kube-proxy", ())):
        ensure_client(cluster, user.split(":")[1], user, groups)
    if not os.path.exists(cluster.kubeconfig):
        ensure_certificate(authority(cluster), folder + "/admin", "admin", ["system:masters"])
        write_kubeconfig(cluster, cluster.kubeconfig, "admin", by_certificate(folder + "/admin"))


def ensure_client(cluster, file, user, groups):
    path = f"{cluster.folder}/control/certificates/{file}"
    ensure_certificate(authority(cluster), path, user, groups)
    write_kubeconfig(cluster, f"{cluster.folder}/control/{file}.kubeconfig", user, by_certificate(path))


def ensure_host(cluster, host):
    """What the kubelet of a host shows, and how it logs in."""
    path = f"{cluster.folder}/control/certificates/{host.name}"
    ensure_certificate(authority(cluster), path, "system:node:" + host.name, ["system:nodes"], [f"DNS:{host.name}", f"IP:{host.address}"])
    write_kubeconfig(cluster, f"{cluster.folder}/control/{host.name}.kubeconfig", "system:node:" + host.name, by_certificate(path))
