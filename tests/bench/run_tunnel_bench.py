#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Throughput and latency of the tunnel into a pod, against plain TCP and against `kubectl port-forward`, through the same API server to the same pod.

    run_tunnel_bench.py [--rounds 5] [--mebibytes 128] [--markdown FILE] [--name kbench] [--keep]

The cluster is tests/cluster's (brought up under --name, and taken down unless --keep).  In a pod a small server gives, takes and echoes bytes.  The ways
take turns within each round: the same server on this machine's loopback, the pod by its address, kubectl, our tunnel by WebSocket and by SPDY.
Ratios are made within a round; medians are printed with their range.  CPU is thread time (schedstat) of the forwarding program.  Nothing is asserted.
Needs root, what tests/cluster needs, and the program tunnel_bench (cmake --build build/release --target benches).
"""
import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BINNACLE_BUILD", os.path.join(ROOT, "build/release"))
CLUSTER = ROOT + "/tests/cluster/cluster"
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT + "/tests/cluster")
from parts import programs  # noqa: E402
from parts.common import cluster_of  # noqa: E402

PORT, LOCAL_PORT = 7007, 17007
PINGS, PING, OPENINGS = 1000, 64, 20
BLOCK = 1 << 18
POD = "tunnel-bench"

# A connection says `d` and a size: gives that many bytes; `u` and a size: takes that many, answers one; `e`: echoes.
SERVER = """
import socket, struct, sys, threading
def serve(c):
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = c.recv(9, socket.MSG_WAITALL)
    if len(head) < 9: return c.close()
    kind, left = head[:1], struct.unpack('>Q', head[1:])[0]
    block = bytearray(%d)
    if kind == b'd':
        while left > 0: left -= c.send(memoryview(block)[:left])
    elif kind == b'u':
        while left > 0:
            got = c.recv_into(block)
            if not got: break
            left -= got
        c.send(b'.')
    else:
        while True:
            got = c.recv_into(block)
            if not got: break
            c.sendall(memoryview(block)[:got])
    c.close()
s = socket.create_server(('0.0.0.0', int(sys.argv[1])), backlog=64)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
""" % BLOCK


def thread_time(pid):
    """Seconds on a CPU."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


class Way:
    def __init__(self, name, address, pid=None):
        self.name, self.address, self.pid = name, address, pid

    def connect(self, kind, size=0):
        if isinstance(self.address, str):
            connection = socket.socket(socket.AF_UNIX)
        else:
            connection = socket.socket()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(120)
        connection.connect(self.address)
        connection.sendall(kind + struct.pack(">Q", size))
        return connection

    def download(self, size):
        with self.connect(b"d", size) as connection:
            block, left = bytearray(BLOCK), size
            while left > 0:
                got = connection.recv_into(block)
                if not got:
                    raise SystemExit(f"{self.name}: {left} of {size} bytes did not come")
                left -= got

    def upload(self, size):
        with self.connect(b"u", size) as connection:
            block, left = memoryview(bytearray(BLOCK)), size
            while left > 0:
                left -= connection.send(block[:left])
            if connection.recv(1) != b".":
                raise SystemExit(f"{self.name}: {size} bytes were not taken")

    def pings(self, count):
        """Seconds of each round trip on one connection."""
        times, message = [], b"x" * PING
        with self.connect(b"e") as connection:
            for _ in range(count):
                began = time.perf_counter()
                connection.sendall(message)
                if len(connection.recv(PING, socket.MSG_WAITALL)) != PING:
                    raise SystemExit(f"{self.name}: an echo did not come")
                times.append(time.perf_counter() - began)
        return times[10:]

    def opening(self):
        """Seconds from nothing to the first byte back."""
        began = time.perf_counter()
        with self.connect(b"e") as connection:
            connection.sendall(b"x")
            if connection.recv(1) != b"x":
                raise SystemExit(f"{self.name}: an echo did not come")
            return time.perf_counter() - began

    def measure(self, mebibytes):
        size, used = mebibytes << 20, thread_time(self.pid) if self.pid else 0
        result = {}
        for kind, move in (("down", self.download), ("up", self.upload)):
            began = time.perf_counter()
            move(size)
            result[kind] = mebibytes / (time.perf_counter() - began)
        result["cpu"] = (thread_time(self.pid) - used) / (2 * mebibytes) * 1e6 if self.pid else None
        times = sorted(self.pings(PINGS))
        result["ping"], result["ping99"] = statistics.median(times) * 1e6, times[int(len(times) * 0.99)] * 1e6
        result["open"] = statistics.median(self.opening() for _ in range(OPENINGS)) * 1e3
        return result


@contextlib.contextmanager
def running(command, **more):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **more)
    try:
        yield process
    finally:
        process.stdin.close()  # what ends with its input leaves nothing behind
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()


def kubectl(cluster, *words, **more):
    done = subprocess.run([programs.folder() + "/kubectl", "--kubeconfig", cluster.kubeconfig, *words], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise SystemExit("kubectl " + " ".join(words[:3]) + ": " + done.stderr.strip())
    return done.stdout


def start_pod(cluster):
    """On the first host; its address."""
    kubectl(cluster, "delete", "pod", POD, "--ignore-not-found", "--grace-period=0", "--force")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD},
           "spec": {"nodeName": cluster.name + "-a", "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "server", "image": "docker.io/local/shop-api:1", "imagePullPolicy": "Never", "command": ["/usr/bin/python3", "-c", SERVER, str(PORT)],
                                    "ports": [{"containerPort": PORT}], "readinessProbe": {"tcpSocket": {"port": PORT}}}]}}
    kubectl(cluster, "apply", "-f", "-", input=json.dumps(pod))
    kubectl(cluster, "wait", "--for=condition=Ready", "pod/" + POD, "--timeout=240s")
    return kubectl(cluster, "get", "pod", POD, "-o", "jsonpath={.status.podIP}")


def forwarded(process):
    line = process.stdout.readline()
    found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
    if not found:
        raise SystemExit("kubectl port-forward: " + line)
    return "127.0.0.1", int(found.group(1))


def rounds_of(ways, count, mebibytes):
    found = {way.name: [] for way in ways}
    for number in range(count):
        for way in ways[number % len(ways):] + ways[:number % len(ways)]:  # each comes first once
            found[way.name].append(way.measure(mebibytes))
        print(f"  round {number + 1}: " + ", ".join(f"{name} {cells[-1]['down']:.0f} MiB/s, {cells[-1]['ping']:.0f} us" for name, cells in found.items()), flush=True)
    return found


def spread(values, form):
    return f"{form.format(statistics.median(values))} [{form.format(min(values))} .. {form.format(max(values))}]"


def rows_of(found):
    for name, cells in found.items():
        def beside(key, other, cells=cells):
            return spread([cell[key] / reference[key] for cell, reference in zip(cells, found[other])], "{:.2f}")
        yield {"way": name, "down MiB/s": spread([cell["down"] for cell in cells], "{:.0f}"), "down / kubectl": beside("down", "kubectl"), "down / pod": beside("down", "pod"),
               "up MiB/s": spread([cell["up"] for cell in cells], "{:.0f}"), "up / kubectl": beside("up", "kubectl"),
               "round trip us": spread([cell["ping"] for cell in cells], "{:.0f}"), "its p99": spread([cell["ping99"] for cell in cells], "{:.0f}"),
               "round trip / kubectl": beside("ping", "kubectl"), "opening ms": spread([cell["open"] for cell in cells], "{:.2f}"),
               "CPU us/MiB": spread([cell["cpu"] for cell in cells], "{:.0f}") if cells[0]["cpu"] is not None else "–"}


def print_table(rows, out):
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names), file=out)
    for row in rows:
        print("| " + " | ".join(row[name] for name in names) + " |", file=out)


def measure_all(cluster, options):
    pod_address = start_pod(cluster)
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([sys.executable, "-c", SERVER, str(LOCAL_PORT)]))
        other = stack.enter_context(running([programs.folder() + "/kubectl", "--kubeconfig", cluster.kubeconfig, "port-forward", "pod/" + POD, f":{PORT}"],
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        ours = stack.enter_context(running([BUILD + "/bin/tunnel_bench", cluster.kubeconfig, "default", POD, str(PORT)], stdout=subprocess.PIPE))
        tunnels = dict(ours.stdout.readline().split() for _ in range(2))
        ways = [Way("loopback", ("127.0.0.1", LOCAL_PORT)), Way("pod", (pod_address, PORT)), Way("kubectl", forwarded(other), other.pid),
                Way("binnacle, WebSocket", tunnels["websocket"].removeprefix("unix:"), ours.pid), Way("binnacle, SPDY", tunnels["spdy"].removeprefix("unix:"), ours.pid)]
        for way in ways:
            way.download(1 << 20)  # what is done once is done
        return list(rows_of(rounds_of(ways, options.rounds, options.mebibytes)))


def main():
    parser = argparse.ArgumentParser(description="The tunnel beside plain TCP and kubectl port-forward")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mebibytes", type=int, default=128)
    parser.add_argument("--markdown")
    parser.add_argument("--name", default="kbench")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    lacks = programs.lacks() + ([] if os.access(BUILD + "/bin/tunnel_bench", os.X_OK) else ["tunnel_bench is not built"])
    if os.geteuid() != 0 or lacks:
        print("bench: " + "; ".join(["needs root"] * (os.geteuid() != 0) + lacks), file=sys.stderr)
        return 1
    cluster = cluster_of(options.name)
    was_up = os.path.exists(cluster.kubeconfig)
    try:
        subprocess.run([CLUSTER, "up", "--name", options.name], check=True)
        rows = measure_all(cluster, options)
    finally:
        if not (was_up or options.keep):
            subprocess.run([CLUSTER, "down", "--name", options.name], check=True)
    print_table(rows, sys.stdout)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            print_table(rows, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
