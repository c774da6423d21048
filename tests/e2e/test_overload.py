# SPDX-License-Identifier: Apache-2.0
"""A ring of 64 KiB under a flood: nothing crashes, every byte is captured or counted as lost, every such second is marked, memory stays bounded."""
from binnacle_test import CLIENT_SPACE, SECOND, BinnacleTest, main, now_ns, sockets

MEBI = 1 << 20


class Overload(BinnacleTest):
    def flood(self, capture):
        agent = self.start_agent("--capture", capture, "--ring-bytes", "64K", "--buffer-memory", "16M")
        begun = now_ns()
        redis = self.start_load(200_003, "--redis", "--command", "ECHO", "--value", "3000", "--connections", "6", "--pipeline", "32", "--hold")
        http = self.start_load(20_011, "--connections", "16", "--path", "/hello", "--hold")
        self.assertEqual((redis.answer()["failed"], http.answer()["failed"]), ({}, {}))
        agent.wait_covered(now_ns() + 2 * SECOND)
        document = agent.show("tcp", begun // SECOND * SECOND)
        truth = {row["local"]: row["sent"] + row["received"] for port in (6379, 80) for row in sockets(CLIENT_SPACE, f"dport = :{port}")}
        self.assertEqual(len(truth), 22)
        rows = {row["local"]: row for row in document["connections"] if row["side"] == "client" and row["local"] in truth}
        self.assertEqual({local: row["captured"] + row["payload_lost"] + row["payload_unseen"] for local, row in rows.items()}, truth)
        lost = sum(row["payload_lost"] for row in document["connections"])
        self.assertGreater(lost, 0, "the flood was no flood: nothing was lost")
        self.every_lossy_second_is_marked(agent, begun, document)
        self.assertLessEqual(agent.memory("VmHWM"), (64 + 16) * MEBI)
        self.assertIsNone(agent.process.poll())

    def every_lossy_second_is_marked(self, agent, begun, document):
        total = sum(loss["count"] for loss in document["losses"] if loss["reason"] == "data_ring_full")
        self.assertGreater(total, 0)
        first, last, seconds = begun // SECOND * SECOND, document["to_ns"], 0
        for at in range(first, last, SECOND):
            one = agent.show("losses", at, at + SECOND)
            seconds += sum(loss["count"] for loss in one["losses"] if loss["reason"] == "data_ring_full")
        self.assertEqual(seconds, total)

    def test_with_socket_capture(self):
        self.flood("socket")

    def test_with_syscall_capture(self):
        self.flood("syscall")


if __name__ == "__main__":
    main()
