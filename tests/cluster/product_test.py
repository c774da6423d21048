# SPDX-License-Identifier: Apache-2.0
"""What the tests of the product on the real cluster share: its programs, agents, a recording that grows, counted requests."""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from cluster_test import HERE, HOSTS, ClusterTest, cluster, programs, run

BUILD = os.environ.get("BINNACLE_BUILD", os.path.dirname(os.path.dirname(HERE)) + "/build/release")
BINNACLE = BUILD + "/bin/binnacle"
IMAGE = "docker.io/local/binnacle-agent:1"
SECOND = 1_000_000_000
TARGETS = {"api": "http://api:5678/", "frontend": "http://frontend/"}


def second_after(at_ns):
    return -(-at_ns // SECOND) * SECOND


class Paced:
    """Requests from a shell pod, one after the other, that go on without kubectl and the API server; `stop` gives what curl was told of each.

    The pod keeps the answers in a file, so that nothing is lost when the stream of `kubectl exec` ends early.
    """

    def __init__(self, test, shell, url, pause="0.1", patience="20"):
        self.test, self.shell, self.url = test, shell, url
        self.files = f"/tmp/paced-{time.monotonic_ns()}"
        loop = (f"until [ -e {self.files}.stop ]; do curl -s -o /dev/null -w '%{{http_code}}\\n' --max-time {patience} {url} >>{self.files}.said; sleep {pause}; done; "
                f": >{self.files}.over")
        test.addCleanup(self.run, f": >{self.files}.stop", check=False)
        self.run(f"( {loop} ) </dev/null >/dev/null 2>&1 &")

    def run(self, command, check=True):
        return self.test.kubectl("-n", "demo", "exec", self.shell, "--", "sh", "-c", command, check=check)

    def said(self):
        """The codes so far."""
        return self.run(f"cat {self.files}.said 2>/dev/null || true").stdout.split()

    def stop(self):
        self.run(f": >{self.files}.stop")
        self.test.wait_until(f"the last answer for {self.shell}", lambda: "over" in self.run(f"[ -e {self.files}.over ] && echo over || true").stdout)
        return self.said()


class Recording:
    """`binnacle record` that runs until `finish`."""

    def __init__(self, test, access, name="recording"):
        self.test = test
        self.file, self.log = f"{test.folder}/{name}.binnacle", f"{test.folder}/{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BINNACLE, "record", *access, "--for", "1h", "-o", self.file], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        test.addCleanup(test.end, self.process)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_alive(self):
        if self.process.poll() is not None:
            self.test.fail(f"`binnacle record` ended with {self.process.returncode}: {self.said()}")
        return True

    def show(self, what, begin=None, end=None):
        self.is_alive()
        return self.test.show(what, self.file, begin=begin, end=end)

    def hosts(self):
        """Hosts of which the file has batches."""
        self.is_alive()
        done = self.test.binnacle("show", "losses", self.file, "--json", check=False)
        if done.returncode != 0:
            return set()
        found = self.show("services")
        unseen = {row["subject"] for row in found["coverage"] if row["what"] == "not_observed"}  # told by Kubernetes, and by no agent of theirs
        return {host for service in found["services"] for host in service["hosts"]} - unseen

    def wait_for_hosts(self):
        self.test.wait_until("both hosts in the recording", lambda: self.hosts() == set(HOSTS))
        return self

    def finish(self):
        """Ends it as Ctrl-C does; what it said."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=240)
        self.test.assertEqual(self.process.returncode, 0, self.said())
        return self.said()


class ProductClusterTest(ClusterTest):
    def setUp(self):
        super().setUp()
        for program in ("binnacle", "binnacle-agent"):
            if not os.access(f"{BUILD}/bin/{program}", os.X_OK):
                self.skipTest(f"{program} is not built in {BUILD}")
        self.folder = tempfile.mkdtemp(prefix="binnacle-cluster-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.context = self.kubectl("config", "current-context").stdout.strip()
        cluster("load", "binnacle-agent:1")

    # -- the product -------------------------------------------------------------------------------------------------

    def access(self):
        return ["--kubeconfig", self.cluster.kubeconfig, "--context", self.context]

    def binnacle(self, *arguments, check=True):
        return run(BINNACLE, *arguments, check=check)

    def install(self):
        self.addCleanup(self.binnacle, "uninstall", *self.access(), "--yes", check=False)
        done = self.binnacle("install", *self.access(), "--image", IMAGE, "--yes")
        self.assertIn("2 of 2", done.stdout)
        self.assertIn("every agent answers from here", done.stderr)

    def show(self, what, *source, begin=None, end=None):
        ends = [*(["--from", str(begin)] if begin else []), *(["--to", str(end)] if end else [])]
        return json.loads(self.binnacle("show", what, *source, *ends, "--json").stdout)

    def record(self, *access, name="recording"):
        return Recording(self, access or self.access(), name).wait_for_hosts()

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def what_is_ours(self):
        """Objects outside our namespace that carry our name, and the namespaces."""
        left = self.kubectl("get", "clusterroles,clusterrolebindings,priorityclasses,namespaces", "-o", "name").stdout.split()
        return [name for name in left if "binnacle" in name]

    # -- answers -----------------------------------------------------------------------------------------------------

    @staticmethod
    def find_edge(document, origin, target):
        """The one edge between two workloads of the namespace demo over which requests went, or None."""
        ends = ("workload:demo/" + origin, "workload:demo/" + target)
        found = [edge for edge in document["edges"] if (edge["from"], edge["to"]) == ends and edge["protocol"] == "http"]
        return found[0] if len(found) == 1 else None

    @staticmethod
    def edges_of(document):
        return [(edge["from"], edge["to"], edge["port"], edge["protocol"], edge["requests"]) for edge in document["edges"]]

    def assert_counted(self, document, wanted):
        """`wanted` {(from, to): requests}: each that many, all answered 200, counted at both ends; and nothing of this document was lost."""
        for (origin, target), count in wanted.items():
            edge = self.find_edge(document, origin, target)
            self.assertIsNotNone(edge, f"{origin} -> {target} in {self.edges_of(document)}")
            self.assertEqual((edge["requests"], edge["statuses"], edge["errors"]), (count, {"200": count}, 0), (origin, target))
            self.assertEqual(edge["seen_from"], ["client", "server"], (origin, target))
            self.assertEqual((edge["client"]["requests"], edge["server"]["requests"], edge["losses"]), (count, count, 0), (origin, target))
        self.assertEqual(document["losses"], [])

    # -- requests that are counted -----------------------------------------------------------------------------------

    def send(self, shell, url, count):
        """`count` requests on connections of their own; each must be answered 200."""
        said = self.kubectl("-n", "demo", "exec", shell, "--", "sh", "-c",
                            f"for i in $(seq {count}); do curl -s -o /dev/null -w '%{{http_code}}\\n' --max-time 30 {shlex.quote(url)}; done").stdout
        self.assertEqual(said.split(), ["200"] * count, (shell, url))

    def counted_requests(self, wanted):
        """Sends `wanted` {(shell, name of TARGETS): requests} inside whole seconds of their own; gives the range."""
        begin = self.begin_of_own_seconds()
        for (shell, name), count in wanted.items():
            self.send(shell, TARGETS[name], count)
        return begin, self.end_of_own_seconds()

    @staticmethod
    def begin_of_own_seconds():
        """Never before the end that was taken last."""
        begin = second_after(time.time_ns() + SECOND // 5)
        time.sleep(max(0.0, (begin - time.time_ns()) / SECOND))
        return begin

    @staticmethod
    def end_of_own_seconds():
        """The answer of the last request is old when this second ends; it counts in the second in which it came."""
        return second_after(time.time_ns() + SECOND // 5)

    def wait_counted(self, recording, span, wanted):
        """Until the file has what was sent, then holds that it has no more either: once batches are there, they never change."""
        def is_there():
            document = recording.show("map", *span)
            edges = {pair: self.find_edge(document, *pair) for pair in wanted}
            whole = all(edge and edge["client"] and edge["server"] and min(edge["client"]["requests"], edge["server"]["requests"]) >= wanted[pair]
                        for pair, edge in edges.items())
            return document if whole else None
        try:
            document = self.wait_until(f"{wanted} in the recording", is_there)
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe recording has {self.edges_of(recording.show('map', *span))}\nit said:\n{recording.said()}") from None
        self.assert_counted(document, wanted)
        return document

    # -- the application ---------------------------------------------------------------------------------------------

    def ensure_shells(self):
        """The exercise and a shell on each host, each of which has had an answer of every service: names resolve, rules are in place."""
        self.ensure_exercise()
        shells = [self.ensure_shell(host) for host in HOSTS]
        for shell in shells:
            for url in TARGETS.values():
                self.wait_until(f"{url} from {shell}", lambda shell=shell, url=url: self.reaches(shell, url))
        return shells

    def reaches(self, shell, url, times=6):
        """That many times in a row: a service has several pods, and each must be in the rules."""
        asked = f"for i in $(seq {times}); do curl -sf -o /dev/null --max-time 5 {shlex.quote(url)} || exit 1; done"
        return self.kubectl("-n", "demo", "exec", shell, "--", "sh", "-c", asked, check=False).returncode == 0

    def hosts_of(self, app):
        return {pod["spec"]["nodeName"] for pod in self.pods("demo", app=app).values()}


def line_of(text, pattern):
    """The first line in which the pattern is found, or None."""
    return next((line for line in text.splitlines() if re.search(pattern, line)), None)
