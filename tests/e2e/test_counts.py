# SPDX-License-Identifier: Apache-2.0
"""N requests sent are N requests on each edge: by status, from both sides, with zero losses; bytes and percentiles too."""
from binnacle_test import CLIENT_SPACE, SECOND, BinnacleTest, load, main, now_ns, sockets

BUCKET = 2 ** (1 / 32)  # the width of a histogram's bucket
MIXED = ("--path", "/orders", "--path", "/orders/5", "--path", "/orders/555", "--path", "/fail", "--path", "/wrong", "--path", "/health")


class Counts(BinnacleTest):
    def counted(self, agent, requests, *options):
        """What the generator saw, and the map of exactly that time."""
        begun = now_ns()
        seen = load(requests, *options)
        ended = now_ns()
        agent.wait_covered(ended + SECOND)
        self.assertEqual((seen["completed"], seen["failed"]), (requests, {}))
        return seen, agent.show("map", begun // SECOND * SECOND, (ended // SECOND + 2) * SECOND)

    def each_edge_is_exact(self, capture):
        agent = self.start_agent("--capture", capture)
        for options in (("--connections", "7"), ("--connections", "5", "--connection-per-request")):
            with self.subTest(options):
                seen, document = self.counted(agent, 1009, *options, *MIXED)
                kinds = [sum(1 for number in range(1009) if number % 6 == kind) for kind in range(6)]
                self.assertEqual(seen["statuses"], {"200": kinds[0] + kinds[1] + kinds[4] + kinds[5], "404": kinds[2], "500": kinds[3]})
                self.assert_exact(self.edge(document, "loadgen", "web"), 1009, seen["statuses"])
                self.assert_exact(self.edge(document, "web", "api"), 1009, seen["statuses"])
                self.assert_exact(self.edge(document, "api", "cache"), sum(kinds[:3]) + kinds[4], {"OK": sum(kinds[:3]), "WRONGTYPE": kinds[4]})
                self.assertEqual(self.edge(document, "web", "api")["errors"], kinds[3])
                self.assertEqual(self.edge(document, "api", "cache")["errors"], kinds[4])
                self.assert_only_edges(document)
                self.assert_no_losses(document)

    def pipelined_redis_is_exact(self, capture):
        agent = self.start_agent("--capture", capture)
        for command, requests in (("SET", 20011), ("GET", 30011)):
            with self.subTest(command):
                seen, document = self.counted(agent, requests, "--redis", "--command", command, "--connections", "3", "--pipeline", "64")
                self.assert_exact(self.edge(document, "loadgen", "cache"), requests, seen["statuses"])
                self.assert_no_losses(document)

    def test_http_with_socket_capture(self):
        self.each_edge_is_exact("socket")

    def test_http_with_syscall_capture(self):
        self.each_edge_is_exact("syscall")

    def test_pipelined_redis_with_socket_capture(self):
        self.pipelined_redis_is_exact("socket")

    def test_pipelined_redis_with_syscall_capture(self):
        self.pipelined_redis_is_exact("syscall")

    def bytes_equal_those_of_ss(self, capture):
        agent = self.start_agent("--capture", capture)
        begun = now_ns()
        process = self.start_load(503, "--connections", "5", "--hold", "--method", "POST", "--body", "7001", "--path", "/orders")
        self.assertEqual(process.answer()["failed"], {})
        agent.wait_covered(now_ns() + 2 * SECOND)
        truth = {row["local"]: (row["sent"], row["received"]) for row in sockets(CLIENT_SPACE, "dport = :80")}
        self.assertEqual(len(truth), 5)
        document = agent.show("tcp", begun // SECOND * SECOND)
        self.assertEqual({row["local"]: (row["bytes_sent"], row["bytes_received"]) for row in document["connections"]
                          if row["side"] == "client" and row["local"] in truth}, truth)
        pair = next(pair for pair in document["pairs"] if (pair["from"], pair["to"]) == ("process:loadgen", "process:web"))
        self.assertEqual((pair["bytes_sent"], pair["bytes_received"]), tuple(map(sum, zip(*truth.values()))))
        self.assertEqual((pair["opened"], pair["closed"], pair["failed"], pair["active"]), (5, 0, 0, 5))
        process.close()

    def test_bytes_equal_those_of_ss_with_socket_capture(self):
        self.bytes_equal_those_of_ss("socket")

    def test_bytes_equal_those_of_ss_with_syscall_capture(self):
        self.bytes_equal_those_of_ss("syscall")

    def test_percentiles_lie_between_the_servers_sleep_and_the_generators_clock(self):
        agent = self.start_agent()
        seen, document = self.counted(agent, 211, "--connections", "6", "--path", "/slow?ms=20", "--path", "/slow?ms=40", "--path", "/slow?ms=60")
        slept = {"p50_ns": 40, "p90_ns": 60, "p95_ns": 60, "p99_ns": 60}
        for origin, target in (("loadgen", "web"), ("web", "api")):
            latency = self.edge(document, origin, target)["client"]["latency"]
            self.assertEqual(latency["count"], 211)
            for name, milliseconds in slept.items():
                self.assertGreaterEqual(latency[name] * BUCKET, milliseconds * 1_000_000, (origin, name))
                self.assertLessEqual(latency[name], seen["latency"][name] * BUCKET, (origin, name))
            self.assertGreaterEqual(latency["max_ns"], 60_000_000)
            self.assertLessEqual(latency["max_ns"], seen["latency"]["max_ns"])


if __name__ == "__main__":
    main()
