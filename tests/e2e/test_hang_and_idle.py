# SPDX-License-Identifier: Apache-2.0
"""What hangs is seen although nothing completes; what is idle shows nothing; agent and desktop do not see themselves."""
import time

from binnacle_test import LAB_NODES, SECOND, BinnacleTest, lab, main, now_ns, second_after


class HangAndIdle(BinnacleTest):
    def test_a_stopped_backend_shows_in_flight_within_five_batches(self):
        agent = self.start_agent()
        load = self.start_load(1, "--duration", "60", "--rate", "60", "--connections", "6", "--timeout", "60")
        time.sleep(4)
        lab("break", "hang")
        hung = now_ns()
        agent.wait_covered(second_after(hung) + 5 * SECOND)
        until = second_after(hung) + 5 * SECOND
        document, waiting = (agent.show(what, until - 20 * SECOND, until) for what in ("map", "inflight"))
        lab("mend")
        edge = self.edge(document, "web", "api")
        self.assertGreaterEqual(edge["in_flight"], 1, edge)
        self.assertGreaterEqual(edge["oldest_in_flight_ns"], 3 * SECOND, edge)
        self.assertEqual(edge["health"], "critical", edge["health_reasons"])
        self.assertEqual(self.node(document, "api")["health"], "critical")
        # A stopped process reads nothing, so that only its callers know of these.
        hanging = [row for row in waiting["inflight"] if (row["service"], row["peer"]) == ("process:web", "process:api")]
        self.assertTrue(hanging, waiting["inflight"])
        self.assertEqual(sorted((row["started_ns"] for row in waiting["inflight"])), [row["started_ns"] for row in waiting["inflight"]])
        self.assertTrue(any(row["route"] == "GET /orders" and row["age_ns"] >= 3 * SECOND for row in hanging), hanging)
        time.sleep(2)
        self.assertEqual(load.close()["failed"], {})
        ended = now_ns()
        agent.wait_covered(ended + SECOND)
        edge = self.edge(agent.show("map", until - 20 * SECOND, second_after(ended) + SECOND), "web", "api")
        self.assertEqual(edge["in_flight"], 0, edge)

    def test_an_idle_lab_shows_no_request_and_no_phantom(self):
        agent = self.start_agent()
        begun = now_ns()
        recording = self.record(agent, 30)
        tcp = self.start_agent(name="tcp", listen="127.0.0.1:19469")  # a second agent, its reader on TCP: both would be seen if anything were
        second = self.record(tcp, 30, name="tcp.binnacle")
        agent.wait_covered(begun + 8 * SECOND)
        for who in (agent, tcp):
            document = who.show("map", begun // SECOND * SECOND)
            self.assertEqual([edge for edge in document["edges"] if edge["from"] in LAB_NODES or edge["to"] in LAB_NODES], [])
            lab_nodes = {node["id"]: node["instances"] for node in document["nodes"] if node["id"] in LAB_NODES}
            self.assertEqual(lab_nodes, {"process:api": 3, "process:cache": 1, "process:web": 2})
            self.assertEqual(sum(edge["requests"] for edge in document["edges"] if "binnacle" in edge["from"] + edge["to"]), 0)
        own = tcp.show("map", begun // SECOND * SECOND)
        self.assertEqual([edge for edge in own["edges"] if edge["port"] == 19469], [])
        self.assertEqual([node["id"] for node in own["nodes"] if node["id"] in ("process:binnacle", "process:binnacle-agent")], [])
        for one in (recording, second):
            self.assertEqual(one.finish(early=True)[0], 0)


if __name__ == "__main__":
    main()
