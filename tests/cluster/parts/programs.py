# SPDX-License-Identifier: Apache-2.0
"""What the machine must have, and the programs that are built here once and kept in the user's cache folder."""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from .common import HERE, PATH, ClusterError, read, run

CONTROL = HERE + "/control"
CRICTL = HERE + "/crictl"  # a module of its own: what it needs of others are other versions
LINKS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
NEEDED = {"containerd": "containerd", "ctr": "containerd", "runc": "runc", "iptables": "iptables", "ip": "iproute2", "nsenter": "util-linux",
          "unshare": "util-linux", "openssl": "openssl", "/bin/busybox": "busybox-static", "/usr/lib/cni/bridge": "containernetworking-plugins",
          "/usr/lib/cni/host-local": "containernetworking-plugins", "/usr/lib/cni/loopback": "containernetworking-plugins"}
FILESYSTEMS = ("overlay", "tmpfs", "proc", "sysfs")


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return base + "/binnacle-cluster"


def sources(module):
    found = []
    for folder, _, names in os.walk(module):
        found += [os.path.join(folder, name) for name in names if name.endswith((".go", "go.mod", "go.sum"))]
    return sorted(found)


def key(module):
    digest = hashlib.sha256(os.uname().machine.encode())
    for path in sources(module):
        digest.update(os.path.relpath(path, module).encode() + b"\0")
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:20]


def folder():
    return f"{cache_folder()}/programs-{key(CONTROL)}"


def crictl_folder():
    return f"{cache_folder()}/crictl-{key(CRICTL)}"


def number(text):
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def lack_of_go(target):
    """A sentence when what is in `target` would have to be built here and cannot be, else None."""
    if os.path.isdir(target):
        return None
    wanted = re.search(r"^go (\S+)$", read(CONTROL + "/go.mod"), flags=re.M).group(1)
    go = shutil.which("go")
    if not go:
        return f"Go {wanted} or newer is needed to build Kubernetes once, and there is none in PATH (https://go.dev/dl/)"
    have = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/",
                          env={**os.environ, "GOTOOLCHAIN": "local"}).stdout.strip()
    if number(have) < number(wanted):
        return f"Go {wanted} or newer is needed to build Kubernetes once, and {go} is {have or 'not working'} (https://go.dev/dl/)"
    return None


def lacks():
    """What this machine lacks, one sentence each."""
    if os.geteuid() != 0:
        return ["needs root: namespaces, cgroups, network and containers are made (sudo)"]
    missing = sorted({f"{os.path.basename(program)} (package {package})" for program, package in NEEDED.items() if not shutil.which(program, path=PATH)})
    found = []
    if missing:
        found.append("not installed: " + ", ".join(missing) + "; tools/dependencies.sh cluster installs them")
    known = read("/proc/filesystems").split()
    found += [f"this kernel has no {name} filesystem" for name in FILESYSTEMS if name not in known]
    if not re.search(r"^\S+ \S+ cgroup2? ", read("/proc/self/mounts"), flags=re.M):
        found.append("no cgroup hierarchy is mounted (mount -t cgroup2 none /sys/fs/cgroup)")
    if reason := lack_of_go(folder()):
        found.append(reason)
    return found


def version():
    return re.search(r"^\s*k8s.io/kubernetes (v\S+)", read(CONTROL + "/go.mod"), flags=re.M).group(1)


def linker_flags():
    """Without them the servers call themselves v0.0.0, and clients decide by that number."""
    whole = version()
    major, minor, _ = whole.lstrip("v").split(".")
    facts = {"gitVersion": whole, "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s -w"] + [f"-X {package}.{name}={value}" for package in packages for name, value in facts.items()])


def go_build(module, flags, target, *packages):
    """Builds into `target`; needs the Go module proxy, or a module cache that has everything."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath"}
    done = subprocess.run(["go", "build", "-ldflags", flags, "-o", target + "/", *packages], cwd=module, env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError("the Kubernetes programs could not be built:\n" + "\n".join(done.stderr.strip().splitlines()[-8:]))


def build(target):
    go_build(CONTROL, linker_flags(), target, "./kube", "./coredns", "./http-echo", "./pause", "helm.sh/helm/v3/cmd/helm")
    for name in LINKS:
        os.link(target + "/kube", f"{target}/{name}")  # the kernel names a process by this, as on a real host


@contextlib.contextmanager
def cache_lock():
    os.makedirs(cache_folder(), exist_ok=True)
    handle = os.open(cache_folder(), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def ensure_built(target, what, build_into):
    with cache_lock():
        if not os.path.isdir(target):
            if reason := lack_of_go(target):
                raise ClusterError(reason)
            print(f"Building {what} once, into {target}", flush=True)
            with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".building-") as scratch:
                os.mkdir(scratch + "/bin")
                build_into(scratch + "/bin")
                os.rename(scratch + "/bin", target)
    return target


def ensure():
    """The folder of the programs; built when it is not there, which takes minutes."""
    return ensure_built(folder(), f"Kubernetes {version()} (about 5 minutes on two cores)", build)


def ensure_crictl():
    """The folder of crictl, which hosts of real clusters have and one of ours gets when a test wants it."""
    return ensure_built(crictl_folder(), "crictl", lambda target: go_build(CRICTL, "-s -w", target, "sigs.k8s.io/cri-tools/cmd/crictl"))


def kubectl(cluster, *arguments, check=True, **more):
    return run(folder() + "/kubectl", "--kubeconfig", cluster.kubeconfig, *arguments, check=check, **more)
