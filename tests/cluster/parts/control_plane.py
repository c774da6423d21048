# SPDX-License-Identifier: Apache-2.0
"""etcd, API server, controller manager and scheduler: on the machine itself, listening on the bridge's address only."""
import os
import subprocess

from . import cgroups, programs
from .common import ENVIRONMENT, SERVICES, ClusterError, read, wait_for

SERVERS = ("etcd", "kube-apiserver")
MANAGERS = ("kube-controller-manager", "kube-scheduler")


def etcd_arguments(cluster):
    files, address = cluster.folder + "/control/certificates", cluster.control_address
    return ["--name", cluster.name, "--data-dir", cluster.folder + "/control/etcd", "--unsafe-no-fsync", "--log-level", "warn",
            "--listen-client-urls", f"https://{address}:2379", "--advertise-client-urls", f"https://{address}:2379",
            "--listen-peer-urls", f"https://{address}:2380", "--initial-advertise-peer-urls", f"https://{address}:2380",
            "--initial-cluster", f"{cluster.name}=https://{address}:2380",
            "--client-cert-auth", "--trusted-ca-file", files + "/storage.crt", "--cert-file", files + "/etcd.crt", "--key-file", files + "/etcd.key",
            "--peer-client-cert-auth", "--peer-trusted-ca-file", files + "/storage.crt", "--peer-cert-file", files + "/etcd.crt",
            "--peer-key-file", files + "/etcd.key"]


def apiserver_arguments(cluster):
    files, address = cluster.folder + "/control/certificates", cluster.control_address
    return [f"--bind-address={address}", f"--advertise-address={address}", "--secure-port=6443", f"--etcd-servers=https://{address}:2379",
            f"--etcd-cafile={files}/storage.crt", f"--etcd-certfile={files}/etcd-client.crt", f"--etcd-keyfile={files}/etcd-client.key",
            f"--tls-cert-file={files}/kube-apiserver.crt", f"--tls-private-key-file={files}/kube-apiserver.key",
            f"--client-ca-file={files}/cluster.crt", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true", f"--service-cluster-ip-range={SERVICES}", "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={files}/service-account.pub", f"--service-account-signing-key-file={files}/service-account.key",
            f"--kubelet-certificate-authority={files}/cluster.crt", f"--kubelet-client-certificate={files}/kubelet-client.crt",
            f"--kubelet-client-key={files}/kubelet-client.key", "--kubelet-preferred-address-types=InternalIP"]


def manager_arguments(cluster, file):
    kubeconfig = f"{cluster.folder}/control/{file}.kubeconfig"
    return [f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={cluster.control_address}", "--leader-elect=false"]


def controllers_arguments(cluster):
    files = cluster.folder + "/control/certificates"
    return manager_arguments(cluster, "kube-controller-manager") + [
        f"--service-account-private-key-file={files}/service-account.key", f"--root-ca-file={files}/cluster.crt",
        f"--cluster-signing-cert-file={files}/cluster.crt", f"--cluster-signing-key-file={files}/cluster.key",
        "--use-service-account-credentials=true", "--allocate-node-cidrs=false"]


ARGUMENTS = {"etcd": etcd_arguments, "kube-apiserver": apiserver_arguments, "kube-controller-manager": controllers_arguments,
             "kube-scheduler": lambda cluster: manager_arguments(cluster, "kube-scheduler")}


def log_of(cluster, program):
    return f"{cluster.folder}/control/log/{program}.log"


def running(cluster, program):
    return cgroups.named(cluster.control_cgroup, program)


def ensure_program(cluster, program):
    if running(cluster, program):
        return
    os.makedirs(cluster.folder + "/control/log", exist_ok=True)
    os.makedirs(cluster.folder + "/control/etcd", mode=0o700, exist_ok=True)
    with open(log_of(cluster, program), "ab") as log:
        subprocess.Popen([f"{programs.folder()}/{program}", *ARGUMENTS[program](cluster)], env=ENVIRONMENT, cwd=cluster.folder + "/control",
                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                         preexec_fn=lambda: cgroups.join(cluster.control_cgroup))


def is_ready(cluster):
    if not running(cluster, "kube-apiserver"):
        raise ClusterError("the API server ended; " + log_of(cluster, "kube-apiserver") + " ends with:\n"
                           + "\n".join(read(log_of(cluster, "kube-apiserver")).splitlines()[-12:]))
    return programs.kubectl(cluster, "get", "--raw", "/readyz", check=False).stdout == "ok"


def ensure(cluster):
    """The managers come last: they end at once where the API server has not made their roles yet."""
    cgroups.ensure(cluster.control_cgroup)
    for program in SERVERS:
        ensure_program(cluster, program)
    wait_ready(cluster)
    for program in MANAGERS:
        ensure_program(cluster, program)


def wait_ready(cluster):
    wait_for("readyz of the API server", lambda: is_ready(cluster), log=log_of(cluster, "kube-apiserver"))


def stop_apiserver(cluster):
    """Asked to end, and killed after a while: it waits for open watches and tunnels longer than anybody would."""
    cgroups.end(lambda: running(cluster, "kube-apiserver"), patience=5)


def kill_apiserver(cluster):
    cgroups.end(lambda: running(cluster, "kube-apiserver"))


def start_apiserver(cluster):
    ensure_program(cluster, "kube-apiserver")
    wait_ready(cluster)
