# SPDX-License-Identifier: Apache-2.0
"""The lesson's exercise on a real cluster, from nothing: install, discover, count, take the api away, see it, bring it back, replay, uninstall."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from cluster_test import HERE, HOSTS, ClusterTest, cluster, main, programs, run

BUILD = os.environ.get("BINNACLE_BUILD", os.path.dirname(os.path.dirname(HERE)) + "/build/release")
BINNACLE = BUILD + "/bin/binnacle"
IMAGE = "docker.io/local/binnacle-agent:1"
SECOND = 1_000_000_000
FRONTEND, API = 23, 17  # requests from each host
WANTED = {"frontend": 2, "api": 3, "database": 1}


def second_after(at_ns):
    return -(-at_ns // SECOND) * SECOND


class Lesson(ClusterTest):
    def setUp(self):
        super().setUp()
        for program in ("binnacle", "binnacle-agent"):
            if not os.access(f"{BUILD}/bin/{program}", os.X_OK):
                self.skipTest(f"{program} is not built in {BUILD}")
        self.folder = tempfile.mkdtemp(prefix="binnacle-exercise-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.context = self.kubectl("config", "current-context").stdout.strip()
        cluster("load", "binnacle-agent:1")
        self.addCleanup(self.binnacle, "uninstall", *self.access(), "--yes", check=False)

    def access(self):
        return ["--kubeconfig", self.cluster.kubeconfig, "--context", self.context]

    def binnacle(self, *arguments, check=True):
        return run(BINNACLE, *arguments, check=check)

    def show(self, what, *source, begin=None, end=None):
        ends = [*(["--from", str(begin)] if begin else []), *(["--to", str(end)] if end else [])]
        return json.loads(self.binnacle("show", what, *source, *ends, "--json").stdout)

    @staticmethod
    def node(document, name, key="nodes"):
        return next((node for node in document[key] if node["id"] == "workload:demo/" + name), None)

    def edge(self, document, origin, target):
        found = [edge for edge in document["edges"] if (edge["from"], edge["to"]) == ("workload:demo/" + origin, "workload:demo/" + target)]
        self.assertEqual(len(found), 1, f"{origin} -> {target}: {[(e['from'], e['to'], e['port'], e['protocol']) for e in document['edges']]}")
        return found[0]

    def start(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()

    # -- the steps ---------------------------------------------------------------------------------------------------

    def discovered_before_any_call(self):
        found = self.show("services", *self.access())
        counts = {name: self.node(found, name, "services") for name in WANTED}
        if {name: service and service["instances"] for name, service in counts.items()} != WANTED:
            return None
        self.assertEqual({service["requests"] for service in counts.values()}, {0})
        return found

    def recorded_hosts(self, file):
        """Hosts of which the file has batches."""
        done = self.binnacle("show", "losses", file, "--json", check=False)
        if done.returncode != 0:
            return set()
        services = self.show("services", file)["services"]
        return {host for service in services for host in service["hosts"]}

    def send_counted_requests(self, shells):
        for shell in shells:
            for name, count in (("frontend", FRONTEND), ("api:5678", API)):
                said = self.kubectl("-n", "demo", "exec", shell, "--", "sh", "-c",
                                    f"for i in $(seq {count}); do curl -s -o /dev/null -w '%{{http_code}}\\n' --max-time 30 http://{name}/; done").stdout
                self.assertEqual(said.split(), ["200"] * count, shell)

    def counted_exactly(self, document, shells):
        """N on each edge, from both sides, through the ClusterIP, whichever host the answer came from; nothing lost."""
        for shell in shells:
            for name, count in (("frontend", FRONTEND), ("api", API)):
                edge = self.edge(document, shell, name)
                self.assertEqual((edge["requests"], edge["statuses"], edge["errors"]), (count, {"200": count}, 0), (shell, name))
                self.assertEqual(edge["seen_from"], ["client", "server"], (shell, name))
                self.assertEqual((edge["client"]["requests"], edge["server"]["requests"], edge["losses"]), (count, count, 0), (shell, name))
        self.assertEqual(document["losses"], [])

    def is_served(self, shell):
        return self.curl(shell, "-o", "/dev/null", "--max-time", "1", "http://api:5678/", check=False).returncode == 0

    def covers(self, file, shells, at):
        """Whether the recording has batches of both hosts that are later than a moment, and so everything before it."""
        for shell in shells:
            self.curl(shell, "-o", "/dev/null", "http://frontend/")
        callers = {edge["from"] for edge in self.show("map", file, begin=at, end=at + 600 * SECOND)["edges"] if edge["client"]}
        return {"workload:demo/" + shell for shell in shells} <= callers

    def test_the_lesson_from_nothing(self):
        self.ensure_exercise()
        shells = [self.ensure_shell(host) for host in HOSTS]
        said = self.binnacle("install", *self.access(), "--image", IMAGE, "--yes").stdout
        self.assertIn("2 of 2", said)
        self.wait_until("the exercise being discovered", self.discovered_before_any_call)

        file = self.folder + "/exercise.binnacle"
        recording = self.start(BINNACLE, "record", *self.access(), "--for", "1h", "-o", file)
        self.wait_until("both hosts in the recording", lambda: self.recorded_hosts(file) == set(HOSTS))
        begun = second_after(time.time_ns())
        time.sleep(1)
        self.send_counted_requests(shells)
        counted = second_after(time.time_ns())
        time.sleep(1)

        # Half of the lesson's loop; with a patience, since the lesson's curl would wait minutes for a pod that was chosen in its last moment.
        # It goes on in the pod when kubectl ends, so that the pod goes as well.
        self.addCleanup(self.kubectl, "-n", "demo", "delete", "pod", shells[0], "--wait=true", check=False)
        loop = self.start(programs.folder() + "/kubectl", "--kubeconfig", self.cluster.kubeconfig, "-n", "demo", "exec", shells[0], "--", "sh", "-c",
                          "while sleep 0.2; do curl -s -o /dev/null --max-time 1 http://api:5678/; done")
        time.sleep(3)
        self.kubectl("-n", "demo", "scale", "deployment/api", "--replicas=0")
        self.addCleanup(self.ensure_exercise)
        self.wait_until("the api gone", lambda: not self.get("pods", "-n", "demo", "-l", "app=api")["items"] and not any(map(self.is_served, shells)))
        gone = second_after(time.time_ns())
        time.sleep(7)
        self.kubectl("-n", "demo", "scale", "deployment/api", "--replicas=3")
        self.kubectl("-n", "demo", "rollout", "status", "deployment/api", "--timeout=240s")
        self.wait_until("the api back on each host", lambda: all(self.is_served(shell) for shell in shells for _ in range(6)))
        back = second_after(time.time_ns())
        time.sleep(6)
        self.wait_until("the five seconds after it in the recording", lambda: self.covers(file, shells, back + 5 * SECOND))
        self.end(loop)
        recording.send_signal(signal.SIGINT)
        out, _ = recording.communicate(timeout=120)
        self.assertEqual(recording.returncode, 0, out)

        self.replays(file, shells, begun, counted, gone, back)
        self.leaves_nothing()

    def replays(self, file, shells, begun, counted, gone, back):
        self.counted_exactly(self.show("map", file, begin=begun, end=counted), shells)
        broken = self.show("map", file, begin=begun, end=gone + 5 * SECOND)
        api = self.node(broken, "api")
        self.assertEqual((api["health"], api["instances"], api["instances_max"]), ("critical", 0, 3), api)
        self.assertTrue(api["health_reasons"])
        self.assertGreater(self.edge(broken, shells[0], "api")["failed_connects"], 2)
        mended = self.show("map", file, begin=begun, end=back + 5 * SECOND)
        self.assertEqual({name: self.node(mended, name)["instances"] for name in WANTED}, WANTED)
        self.assertEqual(self.node(mended, "api")["health"], "ok", self.node(mended, "api"))
        scaled = [event["detail"] for event in self.show("events", file)["events"] if event["kind"] == "scale" and event["subject"] == "workload:demo/api"]
        self.assertEqual(len(scaled), 2, scaled)
        self.assertEqual([("3 → 0" in scaled[0]), ("0 → 3" in scaled[1])], [True, True], scaled)

    def leaves_nothing(self):
        self.binnacle("uninstall", *self.access(), "--yes")
        left = self.kubectl("get", "clusterroles,clusterrolebindings,priorityclasses,namespaces", "-o", "name").stdout.split()
        self.assertEqual([name for name in left if "binnacle" in name], [])


if __name__ == "__main__":
    main()
