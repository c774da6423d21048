# SPDX-License-Identifier: Apache-2.0
"""What the machine must have, and the programs that are built here once and kept in the user's cache folder."""
import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from .common import HERE, PATH, ClusterError, read, run

CONTROL = HERE + "/control"
LINKS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
NEEDED = {"containerd": "containerd", "ctr": "containerd", "runc": "runc", "iptables": "iptables", "ip": "iproute2", "nsenter": "util-linux",
          "unshare": "util-linux", "openssl": "openssl", "/bin/busybox": "busybox-static", "/usr/lib/cni/bridge": "containernetworking-plugins",
          "/usr/lib/cni/host-local": "containernetworking-plugins", "/usr/lib/cni/loopback": "containernetworking-plugins"}
FILESYSTEMS = ("overlay", "tmpfs", "proc", "sysfs")


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return base + "/binnacle-cluster"


def sources():
    found = []
    for folder, _, names in os.walk(CONTROL):
        found += [os.path.join(folder, name) for name in names if name.endswith((".go", "go.mod", "go.sum"))]
    return sorted(found)


def key():
    digest = hashlib.sha256(os.uname().machine.encode())
    for path in sources():
        digest.update(os.path.relpath(path, CONTROL).encode() + b"\0")
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:20]


def folder():
    return f"{cache_folder()}/programs-{key()}"


def are_built():
    return os.path.isdir(folder())


def number(text):
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def lack_of_go():
    """A sentence when the programs would have to be built here and cannot be, else None."""
    if are_built():
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
    if reason := lack_of_go():
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


def build(target):
    """Builds into `target`; needs the Go module proxy, or a module cache that has everything."""
    targets = ["./kube", "./coredns", "./http-echo", "./pause", "helm.sh/helm/v3/cmd/helm"]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath"}
    done = subprocess.run(["go", "build", "-ldflags", linker_flags(), "-o", target + "/", *targets], cwd=CONTROL, env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError("the Kubernetes programs could not be built:\n" + "\n".join(done.stderr.strip().splitlines()[-8:]))
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


def ensure():
    """The folder of the programs; built when it is not there, which takes minutes."""
    with cache_lock():
        if not are_built():
            if reason := lack_of_go():
                raise ClusterError(reason)
            for stale in glob.glob(cache_folder() + "/.building-*"):  # of a build that was killed: whoever builds holds the lock
                shutil.rmtree(stale, ignore_errors=True)
            print(f"Building Kubernetes {version()} once, into {folder()}: about 5 minutes on two cores", flush=True)
            with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".building-") as scratch:
                os.mkdir(scratch + "/bin")
                build(scratch + "/bin")
                os.rename(scratch + "/bin", folder())
    return folder()


def kubectl(cluster, *arguments, check=True, **more):
    return run(folder() + "/kubectl", "--kubeconfig", cluster.kubeconfig, *arguments, check=check, **more)
