# SPDX-License-Identifier: Apache-2.0
"""The agent is started after the traffic began: what exists appears, with the right names and directions, and counts from then on."""
from binnacle_test import SECOND, BinnacleTest, main, now_ns


class LateStart(BinnacleTest):
    def counts_from_then_on(self, capture):
        process = self.start_load("211,503", "--connections", "6")
        self.assertEqual(process.line(), {"phase": 1})
        agent = self.start_agent("--capture", capture)
        begun = now_ns()
        agent.wait_covered(begun + SECOND)
        self.existing_connections_are_there(agent.show("tcp", begun - 2 * SECOND))
        process.next_phase()
        seen = process.finish()
        ended = now_ns()
        agent.wait_covered(ended + SECOND)
        self.assertEqual((seen["completed"], seen["connections_opened"]), (714, 6))
        document = agent.show("map", begun - 2 * SECOND, (ended // SECOND + 2) * SECOND)
        for origin, target, status in (("loadgen", "web", "200"), ("web", "api", "200"), ("api", "cache", "OK")):
            self.assert_exact(self.edge(document, origin, target), 503, {status: 503})
        self.assert_only_edges(document)
        self.assert_no_losses(document)

    def existing_connections_are_there(self, document):
        pairs = {(pair["from"], pair["to"], pair["port"]): pair["active"] for pair in document["pairs"]}
        self.assertEqual(pairs.get(("process:loadgen", "process:web", 80)), 6, pairs)
        self.assertGreater(pairs.get(("process:web", "process:api", 8000), 0), 0, pairs)
        self.assertGreater(pairs.get(("process:api", "process:cache", 6379), 0), 0, pairs)

    def test_with_socket_capture(self):
        self.counts_from_then_on("socket")

    def test_with_syscall_capture(self):
        self.counts_from_then_on("syscall")

    def test_in_the_middle_of_traffic_nothing_is_mistaken(self):
        process = self.start_load(1, "--duration", "60", "--rate", "400", "--connections", "8", "--path", "/slow?ms=5", "--path", "/orders")
        agent = self.start_agent()
        begun = now_ns()
        agent.wait_covered(begun + 4 * SECOND)
        document = agent.show("map", begun // SECOND * SECOND, (begun // SECOND + 4) * SECOND)
        process.close()
        self.assert_only_edges(document)
        for origin, target in (("loadgen", "web"), ("web", "api"), ("api", "cache")):
            edge = self.edge(document, origin, target)
            self.assertEqual(edge["errors"], 0, edge)
            self.assertGreater(edge["requests"], 300, edge)


if __name__ == "__main__":
    main()
