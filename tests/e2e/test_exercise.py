# SPDX-License-Identifier: Apache-2.0
"""The lesson's exercise: discover the shop, take the api away, see it, bring it back, see that."""
import time

from binnacle_test import SECOND, BinnacleTest, lab, main, now_ns, second_after


class Exercise(BinnacleTest):
    def exercise(self, capture):
        agent = self.start_agent("--capture", capture)
        begun = now_ns()
        agent.wait_covered(begun + 2 * SECOND)
        self.discovered_before_any_call(agent.show("services", begun - 2 * SECOND))
        recording = self.record(agent, 90)
        load = self.start_load(1, "--duration", "80", "--rate", "120", "--connections", "6")
        time.sleep(8)
        before = now_ns()
        lab("break", "scale-api-0")
        gone = now_ns()
        time.sleep(9)
        lab("mend")
        back = now_ns()
        time.sleep(9)
        load.close()
        agent.wait_covered(second_after(now_ns()))
        status, said = recording.finish(early=True)
        self.assertEqual(status, 0, said)
        self.healthy(recording.show("map", begun, before // SECOND * SECOND))
        self.critical(recording.show("map", begun, second_after(gone) + 5 * SECOND))
        self.recovered(recording.show("map", begun, second_after(back) + 5 * SECOND))

    def discovered_before_any_call(self, document):
        counts = {name: self.node(document, name, "services") for name in ("web", "api", "cache")}
        self.assertEqual({name: service and service["instances"] for name, service in counts.items()}, {"web": 2, "api": 3, "cache": 1})
        self.assertEqual({service["requests"] for service in counts.values()}, {0})
        for name, port in (("web", 80), ("api", 8000), ("cache", 6379)):
            self.assertTrue(any(str(listening).find(f":{port}") >= 0 for listening in counts[name]["listening"]), counts[name]["listening"])

    def healthy(self, document):
        self.assert_only_edges(document)
        for name in ("web", "api", "cache"):
            self.assertEqual(self.node(document, name)["health"], "ok", self.node(document, name))

    def critical(self, document):
        web, api = self.node(document, "web"), self.node(document, "api")
        self.assertEqual((web["health"], api["health"]), ("critical", "critical"), (web, api))
        self.assertTrue(web["health_reasons"] and api["health_reasons"])
        self.assertEqual((api["instances"], api["instances_max"]), (0, 3))
        self.assertGreater(self.edge(document, "web", "api")["failed_connects"], 0)
        self.assertGreater(self.edge(document, "loadgen", "web")["statuses"].get("502", 0), 0)
        self.assert_only_edges(document)

    def recovered(self, document):
        for name in ("web", "api", "cache"):
            node = self.node(document, name)
            self.assertEqual(node["health"], "ok", node)
        self.assertEqual((self.node(document, "api")["instances"], self.node(document, "web")["instances"]), (3, 2))
        self.assert_only_edges(document)

    def test_with_socket_capture(self):
        self.exercise("socket")

    def test_with_syscall_capture(self):
        self.exercise("syscall")


if __name__ == "__main__":
    main()
