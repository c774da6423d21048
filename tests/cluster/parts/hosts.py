# SPDX-License-Identifier: Apache-2.0
"""Hosts on this machine's kernel: each in namespaces of its own, with its own containerd, kubelet and kube-proxy (see host_init.py)."""
import hashlib
import json
import os
import shutil
import subprocess

from . import certificates, cgroups, network, programs
from .common import DNS_SERVICE, ENVIRONMENT, HERE, ClusterError, read, run, wait_for, write

PAUSE = "docker.io/local/pause:1"
CONTAINERD = """version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs",
                    "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "@PAUSE@"
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
"""
SERVICES = {
    "containerd": ["/usr/bin/containerd", "--config", "/etc/containerd/config.toml"],
    "kubelet": ["/opt/kubernetes/kubelet", "--config=/etc/kubernetes/kubelet.json", "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
                "--hostname-override=@NAME@", "--node-ip=@ADDRESS@", "--root-dir=/var/lib/kubelet"],
    "kube-proxy": ["/opt/kubernetes/kube-proxy", "--config=/etc/kubernetes/kube-proxy.json"],
}


def kubelet_settings():
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "address": "0.0.0.0",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {"clientCAFile": "/etc/kubernetes/cluster.crt"}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/etc/kubernetes/kubelet.crt", "tlsPrivateKeyFile": "/etc/kubernetes/kubelet.key",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs", "failCgroupV1": False, "failSwapOn": False, "enforceNodeAllocatable": [],
        "clusterDNS": [DNS_SERVICE], "clusterDomain": "cluster.local", "resolvConf": "",
        # Images come by hand and are never pulled again, so none may be collected; the disk is the machine's own.
        "imageGCHighThresholdPercent": 100, "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "registerWithTaints": [], "shutdownGracePeriod": "0s"}


def proxy_settings(cluster, host):
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables", "hostnameOverride": host.name,
        "clusterCIDR": cluster.all_pods, "clientConnection": {"kubeconfig": "/etc/kubernetes/kube-proxy.kubeconfig"},
        # The machine's connection tracking is not ours to resize.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}}


def pod_network(host):
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [
        {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": host.pods}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}


def write_settings(cluster, host):
    """The host's /etc and the folders of its /var; a host that was stopped finds its /var again, as after a power cut."""
    etc, control = host.folder + "/etc", cluster.folder + "/control"
    shutil.rmtree(etc, ignore_errors=True)
    for name in ("lib/containerd", "lib/kubelet", "lib/cni", "log/pods", "log/containers", "tmp"):
        os.makedirs(f"{host.folder}/var/{name}", exist_ok=True)
    if not os.path.islink(host.folder + "/var/run"):
        os.symlink("/run", host.folder + "/var/run")
    write(etc + "/hostname", host.name + "\n")
    write(etc + "/machine-id", hashlib.sha256(f"{cluster.folder}/{host.name}".encode()).hexdigest()[:32] + "\n")
    write(etc + "/resolv.conf", "")
    write(etc + "/hosts", f"127.0.0.1 localhost\n::1 localhost\n{host.address} {host.name}\n")
    write(etc + "/containerd/config.toml", CONTAINERD.replace("@PAUSE@", PAUSE))
    write(etc + "/cni/net.d/10-pods.conflist", json.dumps(pod_network(host), indent=1))
    write(etc + "/kubernetes/kubelet.json", json.dumps(kubelet_settings(), indent=1))
    write(etc + "/kubernetes/kube-proxy.json", json.dumps(proxy_settings(cluster, host), indent=1))
    files = {"cluster.crt": "certificates/cluster.crt", "kubelet.crt": f"certificates/{host.name}.crt", "kubelet.key": f"certificates/{host.name}.key",
             "kubelet.kubeconfig": host.name + ".kubeconfig", "kube-proxy.kubeconfig": "kube-proxy.kubeconfig"}
    for name, source in files.items():
        write(f"{etc}/kubernetes/{name}", read(f"{control}/{source}"), 0o600)
    write(host.folder + "/host.json", json.dumps({
        "name": host.name, "folder": host.folder, "programs": os.path.realpath(programs.folder()), "cgroups": cgroups.hierarchies(),
        "services": {name: [word.replace("@NAME@", host.name).replace("@ADDRESS@", host.address) for word in words] for name, words in SERVICES.items()}},
        indent=1))


def first_process(host):
    """Process 1 of the host as the machine numbers it, or None: the one in the host's cgroup that is number 1 inside."""
    for pid in sorted(cgroups.processes(host.name)):
        try:
            words = read(f"/proc/{pid}/cmdline").split("\0")
            inside = [line.split() for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("NSpid:")]
        except OSError:
            continue
        if inside and len(inside[0]) == 3 and inside[0][2] == "1" and any(word.endswith("host_init.py") for word in words):
            return pid
    return None


def log_of(host, program):
    return f"{host.folder}/var/log/{program}.log"


def is_up(host):
    """Its container runtime answers."""
    pid = first_process(host)
    if pid is None:
        return False
    return run("ctr", "--address", f"/proc/{pid}/root" + "/run/containerd/containerd.sock", "version", check=False).returncode == 0


def begin(cluster, host):
    """Starts the host's process 1; returns at once."""
    os.makedirs(host.folder, exist_ok=True)
    certificates.ensure_host(cluster, host)
    network.ensure_host(cluster, host)
    if first_process(host):
        return
    cgroups.remove(host.name)
    cgroups.ensure(host.name)
    write_settings(cluster, host)
    with open(host.folder + "/init.log", "ab") as log:
        subprocess.Popen(["nsenter", "--net=" + host.netns, "--", "unshare", "--mount", "--uts", "--ipc", "--pid", "--cgroup", "--fork",
                          "--kill-child=SIGKILL", "--", "/usr/bin/python3", "-IB", HERE + "/parts/host_init.py", host.folder + "/host.json"],
                         env=ENVIRONMENT, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                         preexec_fn=lambda: cgroups.join(host.name))


def wait_up(cluster, host):
    wait_for(f"containerd of {host.name}", lambda: is_up(host), log=host.folder + "/init.log")
    leave_root_cgroup(cluster, host)


def leave_root_cgroup(cluster, host):
    """Version 2 lets no group hand controllers down that has processes of its own, and process 1's parent is still in it."""
    pid = first_process(host)
    parent = next(line.split()[1] for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("PPid:"))
    for where, kind, _ in cgroups.hierarchies():
        if kind == "cgroup2":
            write(f"{where}/{cluster.control_cgroup}/cgroup.procs", parent)


def stop(host):
    """As a power cut: every process of the host ends at once, its network is gone, its /var stays."""
    cgroups.remove(host.name)
    network.remove_host(host)


def chosen(cluster, letter):
    for host in cluster.hosts:
        if letter in (host.letter, host.name):
            return host
    raise ClusterError(f"there is no host '{letter}'; there are " + ", ".join(host.letter for host in cluster.hosts))
