#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the agent costs the programs it watches, and whether it counts everything, at full load on shared cores.

    run_bench.py [--rounds 5] [--seconds 6] [--markdown FILE] [--only nginx|get|set|pipeline]

nginx (one worker, 612 bytes, wrk -t1 -c16, keep-alive) and redis-benchmark (16 clients: GET, SET, SET pipelined by 16), in rounds that
alternate without and with the agent; each round with it is compared with the quiet rounds beside it, and medians are printed with their range.
CPU is thread time (schedstat).  Ratios of one run; nothing is asserted.  Needs root, nginx, redis-server, wrk.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("BINNACLE_BUILD", os.path.join(ROOT, "build/release")), "bin")
HTTP_PORT, REDIS_PORT, AGENT_PORT = 18280, 18279, 19465


def thread_time_ns(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
    return total


def status_kib(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{name}:\s+(\d+)", file.read(), flags=re.M).group(1))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def wait_port(port):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


class Servers:
    """nginx and redis-server of our own, under a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        with open(folder + "/file", "wb") as file:
            file.write(b"x" * 612)
        with open(folder + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{HTTP_PORT}; root {folder}; location = /status {{ stub_status; }} }} }}
""")
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.nginx = subprocess.Popen(["nginx", "-c", folder + "/nginx.conf", "-e", folder + "/error.log"], **quiet)
        self.redis = subprocess.Popen(["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                                       "--unixsocket", folder + "/redis.sock", "--dir", folder], **quiet)
        wait_port(HTTP_PORT)
        wait_port(REDIS_PORT)

    def pids(self, kind):
        return children(self.nginx.pid) if kind == "nginx" else [self.redis.pid]

    def served(self, kind):
        """What the server itself says it answered; asked in ways that are not part of the load."""
        if kind == "nginx":
            with socket.create_connection(("127.0.0.1", HTTP_PORT)) as connection:
                connection.sendall(b"GET /status HTTP/1.0\r\n\r\n")
                text = connection.makefile().read()
            return int(re.search(r"requests\s*\n\s*\d+ \d+ (\d+)", text).group(1))
        text = subprocess.run(["redis-cli", "-s", self.folder + "/redis.sock", "info", "commandstats"], capture_output=True, text=True, check=True).stdout
        return sum(int(calls) for name, calls in re.findall(r"cmdstat_(\S+?):calls=(\d+)", text) if name != "info")

    def stop(self):
        for process in (self.nginx, self.redis):
            process.terminate()
            process.wait()


class Agent:
    def __init__(self, folder):
        self.log = open(folder + "/agent.log", "ab")
        self.process = subprocess.Popen([BIN + "/binnacle-agent", "run", "--listen", f"127.0.0.1:{AGENT_PORT}"], stdout=self.log, stderr=self.log)
        self.address = f"127.0.0.1:{AGENT_PORT}"
        for _ in range(150):
            if self.process.poll() is not None:
                raise SystemExit("the agent did not start; " + open(folder + "/agent.log", encoding="utf-8").read()[-400:])
            if self.show("buffer") is not None:
                break
            time.sleep(0.1)
        time.sleep(1)

    def show(self, what, *more):
        done = subprocess.run([BIN + "/binnacle", "show", what, "--agent", self.address, "--json", *more], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def counted(self, client, port, begun, ended):
        document = self.show("map", "--from", str(begun), "--to", str(ended))
        return sum(edge["requests"] for edge in document["edges"] if edge["from"] == "process:" + client and edge["port"] == port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


class Reader:
    """Records over TCP; what the agent's end sent is what the wire carried."""

    def __init__(self, agent, folder, seconds):
        self.process = subprocess.Popen([BIN + "/binnacle", "record", "--agent", agent.address, "--for", f"{seconds}s", "-o", folder + "/wire.binnacle"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)

    @staticmethod
    def bytes_sent():
        text = subprocess.run(["ss", "-tinH", f"sport = :{AGENT_PORT}"], capture_output=True, text=True, check=True).stdout
        return sum(int(sent) for sent in re.findall(r"bytes_sent:(\d+)", text))

    def stop(self):
        self.process.terminate()
        self.process.wait()


LOADS = {
    "nginx": ("nginx keep-alive", "nginx", "wrk", HTTP_PORT),
    "get": ("redis GET", "redis", "redis-benchmark", REDIS_PORT),
    "set": ("redis SET", "redis", "redis-benchmark", REDIS_PORT),
    "pipeline": ("redis SET, pipeline 16", "redis", "redis-benchmark", REDIS_PORT),
}
REDIS_REQUESTS = {"get": 80000, "set": 80000, "pipeline": 1200000}


def run_load(load, seconds):
    """Requests as the client counts them."""
    if load == "nginx":
        text = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{HTTP_PORT}/file"], capture_output=True, text=True, check=True).stdout
        return int(re.search(r"(\d+) requests in", text).group(1))
    requests = REDIS_REQUESTS[load] * seconds
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(REDIS_PORT), "-c", "16", "-n", str(requests), "-q", "-t", "get" if load == "get" else "set"]
    subprocess.run(command + (["-P", "16"] if load == "pipeline" else []), capture_output=True, check=True)
    return requests


def measure(load, servers, seconds, agent):
    _, kind, client, port = LOADS[load]
    served, server_cpu = servers.served(kind), thread_time_ns(servers.pids(kind))
    agent_cpu = thread_time_ns([agent.process.pid]) if agent else 0
    begun, started = time.time_ns(), time.monotonic()
    sent = run_load(load, seconds)
    took = time.monotonic() - started
    result = {"rps": sent / took, "server_us": (thread_time_ns(servers.pids(kind)) - server_cpu) / sent / 1e3}
    served = servers.served(kind) - served - (kind == "nginx")
    if agent:
        time.sleep(0.3)
        result["agent_us"] = (thread_time_ns([agent.process.pid]) - agent_cpu) / sent / 1e3
        time.sleep(2.2)
        result["counted"] = agent.counted(client, port, begun - 1_000_000_000, time.time_ns()) / served
        result["rss_mib"] = status_kib(agent.process.pid, "VmRSS") / 1024
        result["peak_mib"] = status_kib(agent.process.pid, "VmHWM") / 1024
    return result


def spread(values, form="{:.2f}"):
    return f"{form.format(statistics.median(values))} [{form.format(min(values))} .. {form.format(max(values))}]"


def compare(load, servers, folder, rounds, seconds):
    quiet, watched, wire = [], [], []
    for number in range(rounds):
        quiet.append(measure(load, servers, seconds, None))
        agent = Agent(folder)
        try:
            watched.append(measure(load, servers, seconds, agent))
            if number == 0:
                reader = Reader(agent, folder, seconds + 20)
                before = reader.bytes_sent()
                sent = run_load(load, seconds)
                time.sleep(2.5)
                wire.append((reader.bytes_sent() - before) / sent)
                reader.stop()
        finally:
            agent.stop()
        print(f"  {LOADS[load][0]}, round {number + 1}: {quiet[-1]['rps']:.0f}/s quiet, {watched[-1]['rps']:.0f}/s watched, "
              f"agent {watched[-1]['agent_us']:.2f} us/request, counted {watched[-1]['counted']:.4%}", flush=True)
    quiet.append(measure(load, servers, seconds, None))
    beside = [(quiet[i], quiet[i + 1]) for i in range(rounds)]
    again = [quiet[i]["rps"] / quiet[i + 1]["rps"] for i in range(rounds)]
    return {
        "load": LOADS[load][0],
        "quiet": f"{statistics.median(cell['rps'] for cell in quiet) / 1e3:.0f}k/s, {statistics.median(cell['server_us'] for cell in quiet):.1f} us",
        "requests/s ratio": spread([cell["rps"] * 2 / (a["rps"] + b["rps"]) for cell, (a, b) in zip(watched, beside)], "{:.3f}"),
        "server us/request": spread([cell["server_us"] - (a["server_us"] + b["server_us"]) / 2 for cell, (a, b) in zip(watched, beside)], "{:+.2f}"),
        "agent us/request": spread([cell["agent_us"] for cell in watched]),
        "counted": f"{min(cell['counted'] for cell in watched):.4%}",
        "wire bytes/request": f"{wire[0]:.1f}",
        "agent memory MiB": f"{max(cell['peak_mib'] for cell in watched):.0f}",
        "quiet again": spread(again, "{:.3f}"),
    }


def print_table(rows, out):
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names), file=out)
    for row in rows:
        print("| " + " | ".join(row[name] for name in names) + " |", file=out)


def main():
    parser = argparse.ArgumentParser(description="End-to-end cost and completeness")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--only", choices=list(LOADS))
    parser.add_argument("--markdown")
    options = parser.parse_args()
    missing = [name for name in ("nginx", "redis-server", "redis-benchmark", "wrk", "ss") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        print("bench: needs root" + (" and " + ", ".join(missing) if missing else ""), file=sys.stderr)
        return 1
    folder = tempfile.mkdtemp(prefix="binnacle-bench-")
    servers = Servers(folder)
    try:
        rows = [compare(load, servers, folder, options.rounds, options.seconds) for load in ([options.only] if options.only else LOADS)]
    finally:
        servers.stop()
        shutil.rmtree(folder)
    print_table(rows, sys.stdout)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            print_table(rows, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
