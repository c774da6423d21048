# SPDX-License-Identifier: Apache-2.0
"""The lesson's exercise on a real cluster, from nothing: install, discover, count, take the api away, see it, bring it back, replay, uninstall.

With BINNACLE_KEEP_RUN=FOLDER in the environment the recording and its moments stay there, for the pictures of the user guide.
"""
import json
import os
import shutil
import time

from cluster_test import HOSTS, main
from product_test import SECOND, Paced, ProductClusterTest, second_after

FRONTEND, API = 23, 17  # requests from each host
WANTED = {"frontend": 2, "api": 3, "database": 1}


class Lesson(ProductClusterTest):
    @staticmethod
    def node(document, name, key="nodes"):
        return next((node for node in document[key] if node["id"] == "workload:demo/" + name), None)

    # -- the steps ---------------------------------------------------------------------------------------------------

    def discovered_before_any_call(self):
        found = self.show("services", *self.access())
        counts = {name: self.node(found, name, "services") for name in WANTED}
        if {name: service and service["instances"] for name, service in counts.items()} != WANTED:
            return None
        self.assertEqual({service["requests"] for service in counts.values()}, {0})
        return found if all(service["observed"] for service in counts.values()) else None  # the cluster's own list has them from the beginning

    def is_served(self, shell):
        return self.curl(shell, "-o", "/dev/null", "--max-time", "1", "http://api:5678/", check=False).returncode == 0

    def covers(self, recording, shells, at):
        """Whether the recording has batches of both hosts that are later than a moment, and so everything before it."""
        for shell in shells:
            self.curl(shell, "-o", "/dev/null", "http://frontend/")
        callers = {edge["from"] for edge in recording.show("map", at, at + 600 * SECOND)["edges"] if edge["client"]}
        return {"workload:demo/" + shell for shell in shells} <= callers

    def test_the_lesson_from_nothing(self):
        self.ensure_exercise()
        shells = [self.ensure_shell(host) for host in HOSTS]
        self.install()
        self.wait_until("the exercise being discovered", self.discovered_before_any_call)

        recording = self.record(name="exercise")
        wanted = {(shell, name): count for shell in shells for name, count in (("frontend", FRONTEND), ("api", API))}
        begun, counted = self.counted_requests(wanted)
        time.sleep(1)

        # Half of the lesson's loop; with a patience, since the lesson's curl would wait minutes for a pod that was chosen in its last moment.
        loop = Paced(self, shells[0], "http://api:5678/", pause="0.2", patience="1")
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
        self.wait_until("the five seconds after it in the recording", lambda: self.covers(recording, shells, back + 5 * SECOND))
        loop.stop()
        recording.finish()

        self.keep(recording.file, begun_ns=begun, counted_ns=counted, gone_ns=gone, back_ns=back)
        self.replays(recording.file, shells, begun, counted, wanted, gone, back)
        self.binnacle("uninstall", *self.access(), "--yes")
        self.assertEqual(self.what_is_ours(), [])

    def replays(self, file, shells, begun, counted, wanted, gone, back):
        self.assert_counted(self.show("map", file, begin=begun, end=counted), wanted)
        broken = self.show("map", file, begin=begun, end=gone + 5 * SECOND)
        api = self.node(broken, "api")
        self.assertEqual((api["health"], api["instances"], api["instances_max"]), ("critical", 0, 3), api)
        self.assertTrue(api["health_reasons"])
        self.assertGreater(self.find_edge(broken, shells[0], "api")["failed_connects"], 2)
        mended = self.show("map", file, begin=begun, end=back + 5 * SECOND)
        self.assertEqual({name: self.node(mended, name)["instances"] for name in WANTED}, WANTED)
        self.assertEqual(self.node(mended, "api")["health"], "ok", self.node(mended, "api"))
        scaled = [event["detail"] for event in self.show("events", file)["events"] if event["kind"] == "scale" and event["subject"] == "workload:demo/api"]
        self.assertEqual(len(scaled), 2, scaled)
        self.assertEqual([("3 → 0" in scaled[0]), ("0 → 3" in scaled[1])], [True, True], scaled)

    @staticmethod
    def keep(file, **moments):
        folder = os.environ.get("BINNACLE_KEEP_RUN")
        if not folder:
            return
        os.makedirs(folder, exist_ok=True)
        shutil.copy(file, folder)
        with open(folder + "/moments.json", "w", encoding="ascii") as out:
            json.dump(moments, out)


if __name__ == "__main__":
    main()
