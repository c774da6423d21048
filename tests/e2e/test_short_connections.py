# SPDX-License-Identifier: Apache-2.0
"""100,000 short connections whose 4-tuples, process ids and descriptors come again: exact, nobody's taken for another's, and nothing is kept."""
import json
import os
import shutil

from binnacle_test import SECOND, BinnacleTest, kernel_objects, load, main, now_ns, run

SHORT = ("--connection-per-request", "--source-ports", "20000-20999", "--connections", "4", "--path", "/hello", "--target", "10.77.0.10:80")
MEBI = 1 << 20


def entries_of_connection_maps(names):
    """How many sockets the kernel's side holds, summed over our hash maps."""
    total = 0
    for number, name in kernel_objects()["map"].items():
        if name in names:
            dumped = run("bpftool", "-j", "map", "dump", "id", str(number), check=False)
            total += len(json.loads(dumped.stdout or "[]"))
    return total


class ShortConnections(BinnacleTest):
    def test_exact_and_forgotten(self):
        before = kernel_objects()
        agent = self.start_agent("--buffer-memory", "8M")
        hashes = {"connections"}
        ours = {name for number, name in kernel_objects()["map"].items() if number not in before["map"]}
        self.assertTrue(hashes & ours, f"the kernel's connection map has another name now: {sorted(ours)}")
        load(20011, *SHORT)  # warm: arenas, tables and the buffer have their working size
        agent.wait_covered(now_ns() + 3 * SECOND)
        memory, entries = agent.memory(), entries_of_connection_maps(hashes)
        begun = now_ns()
        seen = load(100003, *SHORT)
        ended = now_ns()
        agent.wait_covered(ended + 3 * SECOND)
        self.assertEqual((seen["completed"], seen["connections_opened"], seen["failed"]), (100003, 100003, {}))
        document = agent.show("map", begun // SECOND * SECOND, (ended // SECOND + 2) * SECOND)
        self.assert_exact(self.edge(document, "loadgen", "web"), 100003, {"200": 100003})
        self.assert_no_losses(document)
        self.assertLessEqual(abs(entries_of_connection_maps(hashes) - entries), 8)
        self.assertLess(agent.memory() - memory, 12 * MEBI)

    def test_another_program_on_the_same_ports_gets_its_own(self):
        agent = self.start_agent()
        other = f"{self.folder}/othergen"
        shutil.copy(os.environ["BINNACLE_LOADGEN"], other)
        begun = now_ns()
        for _ in range(5):
            load(1009, *SHORT)
            run("nsenter", "--net=/run/netns/" + os.environ.get("BINNACLE_LAB_NAME", "binnacle-lab") + "-client", "--", other, "--requests", "503", *SHORT,
                env={**os.environ, "SERVICE_NAME": "othergen"})
        ended = now_ns()
        agent.wait_covered(ended + SECOND)
        document = agent.show("map", begun // SECOND * SECOND, (ended // SECOND + 2) * SECOND)
        self.assert_exact(self.edge(document, "loadgen", "web"), 5045, {"200": 5045})
        self.assert_exact(self.edge(document, "othergen", "web"), 2515, {"200": 2515})


if __name__ == "__main__":
    main()
