#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a host: `host_init.py SETTINGS.json`, inside fresh mount, PID, cgroup, UTS and IPC namespaces and the host's network.

Makes the host's root: the machine's programs read-only, everything else its own.  Then starts containerd, kubelet and kube-proxy, starts
again what ends, and buries orphans.  When this process ends the kernel ends every process of the host and forgets its mounts.

SETTINGS: name, folder (of the host, with etc/ and var/), programs (folder), cgroups [[folder, kind, options], …], services {name: [word, …]}.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

# What the kubelet would write into the machine's kernel.  It reads its wish here instead, and the machine keeps its settings.
KERNEL_SETTINGS = {"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
                   "kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000"}
FROM_ETC = ("alternatives", "ca-certificates", "debian_version", "ethertypes", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
            "nsswitch.conf", "os-release", "passwd", "protocols", "rpc", "services", "ssl")
NOT_OF_CGROUPS = ("rw", "ro", "relatime", "nosuid", "nodev", "noexec", "none", "clone_children")
RESTART_AFTER_SECONDS = 1.0


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def bind(source, target, *options):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "a", encoding="ascii"):
            pass
    run("mount", "--rbind", source, target)
    if options:
        run("mount", "-o", "remount,bind," + ",".join(options), target)


def mount(kind, target, *options):
    os.makedirs(target, exist_ok=True)
    run("mount", "-t", kind, *(("-o", ",".join(options)) if options else ()), kind, target)


def copy(source, target):
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True)
    elif os.path.exists(source):
        shutil.copy2(source, target)


def make_files(root, settings):
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), f"{root}/{name}")
        elif os.path.isdir("/" + name):
            bind("/" + name, f"{root}/{name}", "ro")
    bind("/usr", root + "/usr", "ro")
    bind(settings["programs"], root + "/opt/kubernetes", "ro")
    bind(settings["folder"] + "/var", root + "/var")
    shutil.copytree(settings["folder"] + "/etc", root + "/etc", symlinks=True)
    for name in FROM_ETC:
        if not os.path.lexists(f"{root}/etc/{name}"):
            copy("/etc/" + name, f"{root}/etc/{name}")
    for name in ("root", "home", "mnt", "old"):
        os.mkdir(f"{root}/{name}", 0o755)
    mount("tmpfs", root + "/run", "mode=755")
    mount("tmpfs", root + "/tmp", "mode=1777")


def make_kernel_views(root, settings):
    """Own /proc and /sys of these namespaces; each cgroup hierarchy anew, so that this host's cgroup is the root that is seen."""
    mount("proc", root + "/proc", "nosuid", "nodev", "noexec")
    mount("sysfs", root + "/sys", "nosuid", "nodev", "noexec")
    bind("/dev", root + "/dev")
    for name, value in KERNEL_SETTINGS.items():
        path = f"{root}/run/kernel-settings/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(value + "\n")
        if os.path.exists(f"{root}/proc/sys/{name}"):
            run("mount", "--bind", path, f"{root}/proc/sys/{name}")
    if not any(folder == "/sys/fs/cgroup" for folder, _, _ in settings["cgroups"]):
        mount("tmpfs", root + "/sys/fs/cgroup", "mode=755")
    for folder, kind, options in settings["cgroups"]:
        kept = [one for one in options.split(",") if one not in NOT_OF_CGROUPS and not one.startswith("release_agent=")]
        chosen = (["none"] if any(one.startswith("name=") for one in kept) else []) + kept
        mount(kind, root + folder, *(chosen if kind == "cgroup" else ()))


def enter(root):
    run("mount", "--make-rprivate", "/")
    os.chdir(root)
    run("pivot_root", root, root + "/old")
    os.chdir("/")
    run("umount", "-l", "/old")
    os.rmdir("/old")
    run("mount", "--make-rshared", "/")


def leave_root_cgroup(settings):
    """Version 2 lets no group hand controllers down that has processes of its own."""
    for folder, kind, _ in settings["cgroups"]:
        if kind == "cgroup2":
            os.makedirs(folder + "/system", exist_ok=True)
            with open(folder + "/system/cgroup.procs", "w", encoding="ascii") as procs:
                procs.write("1")


def start(name, words):
    with open(f"/var/log/{name}.log", "ab") as log:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                env={"PATH": "/opt/kubernetes:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"})


def wait_for_socket(path):
    for _ in range(1200):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(path)


def serve(services):
    """Starts the services in their order and keeps them running, as a service manager would."""
    running = {}
    for name, words in services.items():
        process = start(name, words)
        running[process.pid] = (name, process)
        if name == "containerd":
            wait_for_socket("/run/containerd/containerd.sock")
    while True:
        pid, status = os.wait()
        if pid not in running:
            continue
        name, process = running.pop(pid)
        process.returncode = status  # or subprocess would wait for a number that may be another process by then
        time.sleep(RESTART_AFTER_SECONDS)
        process = start(name, services[name])
        running[process.pid] = (name, process)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    socket.sethostname(settings["name"])
    root = settings["folder"] + "/root"
    os.makedirs(root, exist_ok=True)
    mount("tmpfs", root, "mode=755")
    make_files(root, settings)
    make_kernel_views(root, settings)
    enter(root)
    leave_root_cgroup(settings)
    serve(settings["services"])


if __name__ == "__main__":
    main()
