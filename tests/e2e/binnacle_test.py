# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test needs: the lab, an agent of its own, the command line, and waiting in session time.

A test waits until the agent has a batch that covers a moment, never for a number of wall-clock seconds, and then asks about
exact ranges; so a slow machine makes it slower and not wrong.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BINNACLE_BUILD", os.path.join(ROOT, "build/release"))
BINNACLE = BUILD + "/bin/binnacle"
AGENT = BUILD + "/bin/binnacle-agent"
LAB = ROOT + "/tests/lab/lab"
SECOND = 1_000_000_000
LAB_NODES = {"process:api", "process:cache", "process:loadgen", "process:web"}
CLIENT_SPACE = os.environ.get("BINNACLE_LAB_NAME", "binnacle-lab") + "-client"

os.environ.setdefault("BINNACLE_LOADGEN", BUILD + "/tests/loadgen")


def now_ns():
    return time.time_ns()


def second_after(at_ns):
    """The first full second after a moment."""
    return -(-at_ns // SECOND) * SECOND


def run(*command, check=True, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def why_not_here():
    """A reason for which no end-to-end test can run on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root: network namespaces, cgroups and eBPF"
    for program in (BINNACLE, AGENT, os.environ["BINNACLE_LOADGEN"]):
        if not os.access(program, os.X_OK):
            return f"{os.path.basename(program)} is not built"
    checked = run(AGENT, "check", check=False)
    if checked.returncode != 0:
        return "eBPF does not work here: " + (checked.stdout + checked.stderr).strip().splitlines()[-1]
    return None


class Agent:
    """A binnacle-agent of the test's own: own socket, own buffer folder, own log."""

    def __init__(self, folder, *options, name="agent", buffer_folder=None, listen=None):
        self.folder = folder
        self.socket = f"{folder}/{name}.sock"
        self.address = listen or "unix:" + self.socket
        self.buffer = buffer_folder or f"{folder}/{name}.buffer"
        self.log_path = f"{folder}/{name}.log"
        self.options = options
        self.process = None

    def start(self):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([AGENT, "run", "--listen", self.address.replace("tcp:", ""), "--buffer", self.buffer, *self.options],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 60
        while not self.batches_until():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the agent did not come up: " + self.log()[-600:])
            time.sleep(0.1)
        return self

    def batches_until(self):
        """End of the newest batch in the buffer, 0 when there is none (or no answer) yet."""
        done = run(BINNACLE, "show", "buffer", "--agent", self.address, "--json", check=False)
        if done.returncode != 0:
            return 0
        return max((row["to_ns"] or 0 for row in json.loads(done.stdout)["buffer"]), default=0)

    def wait_covered(self, at_ns):
        """Until a batch that ends after `at_ns` is there."""
        deadline = time.monotonic() + 90
        while self.batches_until() < at_ns:
            if self.process.poll() is not None:
                raise AssertionError("the agent ended: " + self.log()[-600:])
            if time.monotonic() > deadline:
                raise AssertionError("the agent made no batch for that time within 90 s: " + self.log()[-600:])
            time.sleep(0.2)

    def show(self, what, from_ns=None, to_ns=None, *more):
        return show(what, "--agent", self.address, from_ns=from_ns, to_ns=to_ns, more=more)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def memory(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+)", file.read(), flags=re.M).group(1)) * 1024

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("the agent did not end within 20 s of SIGTERM") from None

    def kill9(self):
        self.process.kill()
        self.process.wait()


def show(what, *source, from_ns=None, to_ns=None, more=()):
    command = [BINNACLE, "show", what, *source, "--json"]
    if from_ns is not None:
        command += ["--from", str(from_ns)]
    if to_ns is not None:
        command += ["--to", str(to_ns)]
    return json.loads(run(*command, *more).stdout)


class Recording:
    """`binnacle record` in the background."""

    def __init__(self, agent, file, seconds, *more):
        self.file = file
        self.process = subprocess.Popen([BINNACLE, "record", "--agent", agent if isinstance(agent, str) else agent.address, "--for", f"{seconds}s",
                                         "-o", file, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not os.path.exists(file) and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def finish(self, early=False):
        """Waits for the end (asks for it first when `early`); the exit status, with what was said."""
        if early and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=200)
        return self.process.returncode, out + err

    def show(self, what, from_ns=None, to_ns=None):
        return show(what, self.file, from_ns=from_ns, to_ns=to_ns)


class Load:
    """The load generator in the background; `answer()` is what it saw."""

    def __init__(self, requests, *options):
        self.process = subprocess.Popen([LAB, "load", str(requests), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.result = None

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise AssertionError("the load generator ended: " + self.process.stderr.read())
        return json.loads(text)

    def next_phase(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def answer(self):
        """Its report; with --hold the connections stay open until close()."""
        while self.result is None:
            found = self.line()
            self.result = found if "sent" in found else None
        return self.result

    def finish(self):
        """Waits until it has sent everything; its report."""
        self.answer()
        return self.close()

    def close(self):
        """Ends it, also while it is still sending; its report."""
        with contextlib.suppress(ProcessLookupError):
            if self.result is None:
                self.process.send_signal(signal.SIGTERM)
        result = self.answer()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        return result


def load(requests, *options):
    """The same in the foreground."""
    return Load(requests, *options).finish()


def lab(*arguments):
    return run(LAB, *arguments).stdout


class BinnacleTest(unittest.TestCase):
    """Gives each test a folder, the lab and helpers; takes everything away afterwards, also after a failure."""

    maxDiff = None
    with_lab = True

    def setUp(self):
        reason = why_not_here()
        if reason:
            self.skipTest(reason)
        self.folder = tempfile.mkdtemp(prefix="binnacle-e2e-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        if self.with_lab:
            run(LAB, "down", check=False)
            self.addCleanup(run, LAB, "down")
            lab("up")

    def start_agent(self, *options, **more):
        agent = Agent(self.folder, *options, **more)
        self.addCleanup(agent.stop)
        return agent.start()

    def start_load(self, requests, *options):
        process = Load(requests, *options)
        self.addCleanup(self.end_quietly, process.process)
        return process

    def record(self, agent, seconds, *more, name="session.binnacle"):
        recording = Recording(agent, f"{self.folder}/{name}", seconds, *more)
        self.addCleanup(self.end_quietly, recording.process)
        return recording

    @staticmethod
    def end_quietly(process):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    # -- what a document says ----------------------------------------------------------------------------------------

    def edge(self, document, origin, target, port=None):
        found = [edge for edge in document["edges"] if edge["from"] == "process:" + origin and edge["to"] == "process:" + target
                 and port in (None, edge["port"])]
        self.assertEqual(len(found), 1, f"edges {origin} -> {target}: {[(e['from'], e['to'], e['port'], e['protocol']) for e in document['edges']]}")
        return found[0]

    @staticmethod
    def node(document, name, key="nodes"):
        return next((node for node in document[key] if node["id"] == "process:" + name), None)

    def assert_only_edges(self, document, also=(), without=()):
        """Exactly the lab's edges, each with its protocol, and no other that touches a node of the lab."""
        wanted = {(edge["from"], edge["to"], edge["port"], edge["protocol"]) for edge in json.loads(lab("expected"))["edges"]}
        wanted = {edge for edge in wanted | set(also) if edge[:3] not in {gone[:3] for gone in without}}
        seen = {(edge["from"], edge["to"], edge["port"], edge["protocol"]) for edge in document["edges"]
                if edge["from"] in LAB_NODES or edge["to"] in LAB_NODES}
        self.assertEqual(seen, wanted)

    def assert_exact(self, edge, requests, statuses=None):
        """N on the edge, from both sides, by status, and nothing lost."""
        name = f"{edge['from']} -> {edge['to']}"
        self.assertEqual(edge["requests"], requests, name)
        self.assertEqual(edge["seen_from"], ["client", "server"], name)
        self.assertEqual((edge["client"]["requests"], edge["server"]["requests"]), (requests, requests), name)
        self.assertEqual(edge["losses"], 0, name)
        if statuses is not None:
            self.assertEqual(edge["statuses"], statuses, name)

    def assert_no_losses(self, document):
        self.assertEqual(document["losses"], [])


# -- the kernel's own view -------------------------------------------------------------------------------------------

def kernel_objects():
    """Ids of all BPF programs, maps and links, by kind."""
    found = {}
    for kind in ("prog", "map", "link"):
        listed = run("bpftool", "-j", kind, "list", check=False, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        found[kind] = {entry["id"]: entry.get("name", entry.get("type", "")) for entry in json.loads(listed.stdout or "[]")}
    return found


def sockets(space, expression, state="established"):
    """`ss -tin` of one namespace: [{local, peer, sent, received}] with payload bytes, once each."""
    text = run("nsenter", f"--net=/run/netns/{space}", "--", "ss", "-tinH", "state", state, expression).stdout
    rows, found = text.splitlines(), []
    for head, info in zip(rows[::2], rows[1::2]):
        local, peer = head.split()[2:4]
        value = {name: int(re.search(rf"\b{name}:(\d+)", info).group(1)) if re.search(rf"\b{name}:(\d+)", info) else 0
                 for name in ("bytes_sent", "bytes_retrans", "bytes_received")}
        found.append({"local": local, "peer": peer, "sent": value["bytes_sent"] - value["bytes_retrans"], "received": value["bytes_received"]})
    return found


def main():
    """One ctest entry is one test; 77 says skipped, with the reason on its own line."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    skipped = program.result.skipped
    for _, reason in skipped:
        print("SKIPPED: " + reason)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped and len(skipped) == program.result.testsRun else 0)
