# SPDX-License-Identifier: Apache-2.0
"""A connect whose SYN gets no answer is seen while it waits, not minutes later when it fails."""
import time

from binnacle_test import SECOND, BinnacleTest, lab, main, now_ns, second_after


class PendingConnects(BinnacleTest):
    def test_dropped_syns_show_within_five_batches_and_go_when_they_are_let_in(self):
        for source in ("socket", "syscall"):
            with self.subTest(capture=source):
                self.see_dropped_syns(source)

    def see_dropped_syns(self, source):
        agent = self.start_agent("--capture", source, name=source)
        load = self.start_load(1, "--duration", "120", "--rate", "60", "--connections", "6", "--timeout", "100")
        time.sleep(4)
        lab("break", "drop")
        dropped = now_ns()
        until = second_after(dropped) + 5 * SECOND
        agent.wait_covered(until)
        document, waiting = (agent.show(what, until - 20 * SECOND, until) for what in ("map", "inflight"))

        connects = [row for row in waiting["inflight"] if row["kind"] == "connect"]
        self.assertTrue(connects, waiting["inflight"])
        for row in connects:
            self.assertEqual((row["service"], row["peer"], row["route"]), ("process:api", "process:cache", "connect to 10.77.0.30:6379"))
            self.assertGreaterEqual(row["age_ns"], SECOND, row)
            self.assertEqual(row["started_ns"] + row["age_ns"], until, row)
        oldest = connects[0]
        self.assertGreaterEqual(oldest["age_ns"], 4 * SECOND, oldest)
        self.assertGreaterEqual(oldest["syn_sent"], 3, "again after 1 s and 3 s, on newer kernels each second")

        edge = self.edge(document, "api", "cache")
        self.assertEqual(edge["pending_connects"], sum(row["count"] for row in connects))
        self.assertEqual(edge["oldest_pending_connect_ns"], oldest["age_ns"])
        self.assertEqual((edge["protocol"], edge["health"]), ("redis", "critical"), edge["health_reasons"])
        sentence = [reason for reason in edge["health_reasons"] if "connect" in reason and "for an answer" in reason]
        self.assertEqual(len(sentence), 1, edge["health_reasons"])
        self.assertRegex(sentence[0], r"^\d+ connects? to 10\.77\.0\.30:6379 waits? for an answer, .*\(SYN sent \d+ times\), and nothing came through in the last 5 batches\.$")
        self.assertEqual(self.node(document, "cache")["health"], "critical")

        lab("mend")
        mended = second_after(now_ns())
        # A SYN goes out again 1, 3, 7, 15 s after the first: what still waits comes through within as long as it has waited.  A thread of
        # api that nobody asked meanwhile finds its cut connection only now.
        end = self.wait_for_five_good_batches(agent, mended)
        edge = self.edge(agent.show("map", end - 20 * SECOND, end), "api", "cache")
        self.assertEqual((edge["pending_connects"], edge["oldest_pending_connect_ns"], edge["health"]), (0, None, "ok"), edge["health_reasons"])
        self.assertEqual([row for row in agent.show("inflight", end - 20 * SECOND, end)["inflight"] if row["kind"] == "connect"], [])
        load.close()
        agent.stop()

    def wait_for_five_good_batches(self, agent, since):
        good = 0
        for end in range(since + SECOND, since + 60 * SECOND, SECOND):
            agent.wait_covered(end)
            edge = self.edge(agent.show("map", end - SECOND, end), "api", "cache")
            good = good + 1 if edge["requests"] and not edge["errors"] and not edge["failed_connects"] and not edge["pending_connects"] else 0
            if good == 5:
                return end
        self.fail(f"no five good seconds within a minute after the SYNs were let in: {edge}")


if __name__ == "__main__":
    main()
