# SPDX-License-Identifier: Apache-2.0
"""Names, addresses and folders of a cluster, which follow from its name alone, and the few helpers that every part uses."""
import contextlib
import fcntl
import os
import re
import subprocess
import time
import zlib
from dataclasses import dataclass

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEFAULT_NAME = "khost"
DEFAULT_PARENT = "/var/lib/binnacle-cluster"
MOST_HOSTS = 4
SERVICES = "10.96.0.0/24"
API_SERVICE, DNS_SERVICE = "10.96.0.1", "10.96.0.10"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root"}


class ClusterError(Exception):
    """A sentence for the person at the terminal."""


@dataclass(frozen=True)
class Host:
    """One host: `khost-a`, its address on the bridge and the subnet of its pods."""
    letter: str
    name: str
    address: str
    pods: str
    folder: str

    @property
    def netns(self):
        return self.folder + "/netns"


@dataclass(frozen=True)
class Cluster:
    """Everything about a cluster that follows from its name, so that `down` needs no record of what `up` did."""
    name: str
    folder: str

    @property
    def slot(self):
        """Keeps the addresses of two clusters apart: 0 for the default name, 1…63 by the name."""
        return 0 if self.name == DEFAULT_NAME else 1 + zlib.crc32(self.name.encode()) % 63

    @property
    def bridge(self):
        return self.name + "-net"

    @property
    def control_address(self):
        return f"10.230.{self.slot}.1"

    @property
    def api(self):
        return f"https://{self.control_address}:6443"

    @property
    def all_pods(self):
        return f"10.88.{self.slot * MOST_HOSTS}.0/22"

    @property
    def control_cgroup(self):
        return self.name + "-control"

    @property
    def kubeconfig(self):
        return self.folder + "/admin.kubeconfig"

    @property
    def possible_hosts(self):
        return [Host(letter, f"{self.name}-{letter}", f"10.230.{self.slot}.{2 + number}", f"10.88.{self.slot * MOST_HOSTS + number}.0/24",
                     f"{self.folder}/hosts/{letter}") for number, letter in enumerate("abcd")]

    @property
    def hosts(self):
        """Those that `up` made."""
        return [host for host in self.possible_hosts if os.path.isdir(host.folder)]

    @property
    def exists(self):
        return os.path.isdir(self.folder)


def cluster_of(name, folder=None):
    # The longest interface is NAME-net, and the kernel takes 15 characters.
    if not re.fullmatch(r"[a-z][a-z0-9]{1,8}", name):
        raise ClusterError(f"'{name}' is no name for a cluster: 2 to 9 small letters and digits, a letter first")
    return Cluster(name, os.path.realpath(folder) if folder else f"{DEFAULT_PARENT}/{name}")


def run(*command, check=True, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": PATH}, **more)
    if check and done.returncode != 0:
        raise ClusterError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def last_words(path, lines=12):
    with contextlib.suppress(OSError):
        return "\n".join(read(path).splitlines()[-lines:])
    return "(no log)"


def wait_for(what, condition, seconds=180, log=None):
    """Polls until `condition()` is true; then its answer.  A condition may raise ClusterError to give up at once."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise ClusterError(f"{what} did not happen within {seconds} s" + (f"; {log} ends with:\n{last_words(log)}" if log else ""))
        time.sleep(0.1)


@contextlib.contextmanager
def alone(folder):
    """One command at a time in one folder; the lock is the folder's own, so nothing is left behind."""
    os.makedirs(folder, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
