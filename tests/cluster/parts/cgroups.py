# SPDX-License-Identifier: Apache-2.0
"""Cgroups of a cluster in every hierarchy of the machine, version 1 and 2; they are also how its processes are found and ended."""
import contextlib
import os
import signal
import time

from .common import ClusterError


def hierarchies():
    """Where each one is mounted on this machine, and with which options."""
    found = []
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, where, kind, options = line.split()[:4]
            if kind in ("cgroup", "cgroup2") and os.path.exists(where + "/cgroup.procs"):
                found.append((where, kind, options))
    if not found:
        raise ClusterError("no cgroup hierarchy is mounted on this machine; Kubernetes cannot run without (mount cgroup2 at /sys/fs/cgroup)")
    return found


def folders(name):
    return [f"{where}/{name}" for where, _, _ in hierarchies()]


def copy_cpuset(folder):
    """A new v1 cpuset has no CPUs and takes no process until it is given some."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        target = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            with open(target, encoding="ascii") as file:
                if file.read().strip():
                    continue
            with open(os.path.join(os.path.dirname(folder), name), encoding="ascii") as above:
                value = above.read()
            with open(target, "w", encoding="ascii") as file:
                file.write(value)


def hand_controllers_down(where):
    """Version 2: what the machine's root has, its children may use; what it refuses (the root of some hybrids), they do without."""
    with contextlib.suppress(OSError):
        with open(where + "/cgroup.controllers", encoding="ascii") as file:
            names = file.read().split()
        for name in names:
            with contextlib.suppress(OSError), open(where + "/cgroup.subtree_control", "w", encoding="ascii") as file:
                file.write("+" + name)


def ensure(name):
    for where, kind, _ in hierarchies():
        if kind == "cgroup2":
            hand_controllers_down(where)
        os.makedirs(f"{where}/{name}", exist_ok=True)
        copy_cpuset(f"{where}/{name}")


def join(name):
    """This process, and with it what it will start; for preexec_fn."""
    for folder in folders(name):
        with open(folder + "/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))


def below(name):
    """Every cgroup from `name` down, the deepest first."""
    for folder in folders(name):
        for path, _, _ in os.walk(folder, topdown=False):
            yield path


def processes(name):
    found = set()
    for path in below(name):
        with contextlib.suppress(OSError), open(path + "/cgroup.procs", encoding="ascii") as procs:
            found.update(int(line) for line in procs)
    return found - {0, os.getpid()}


def named(name, program):
    """Processes of the cgroup whose first argument is that program."""
    found = []
    for pid in processes(name):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if os.path.basename(file.read().split(b"\0")[0].decode(errors="replace")) == program:
                found.append(pid)
    return sorted(found)


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end(find, patience=0.0):
    """Ends what `find()` returns: SIGTERM and `patience` seconds if it is given, then SIGKILL until nothing is left."""
    if patience:
        send(find(), signal.SIGTERM)
        deadline = time.monotonic() + patience
        while find() and time.monotonic() < deadline:
            time.sleep(0.05)
    deadline = time.monotonic() + 60
    while left := find():
        send(left, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise ClusterError(f"processes {sorted(left)[:5]} do not end although they were killed; look at /proc/PID/stack")
        time.sleep(0.05)


def remove(name):
    """Ends everything in it and removes it; a cgroup stays busy for a moment after its last process ended."""
    end(lambda: processes(name))
    deadline = time.monotonic() + 60
    while left := list(below(name)):
        for path in left:
            with contextlib.suppress(OSError):
                os.rmdir(path)
        if time.monotonic() > deadline:
            raise ClusterError(f"the cgroup {left[0]} is still busy; run `cluster down` again")
        time.sleep(0.02)
