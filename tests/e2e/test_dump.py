# SPDX-License-Identifier: Apache-2.0
"""`binnacle-agent dump`: what the agent remembers, as a file made on the host itself, with the figures that the agent would have shown."""
import json

from binnacle_test import AGENT, BINNACLE, BinnacleTest, load, main, now_ns, run, second_after, show

REQUESTS = 211


class Dump(BinnacleTest):
    def test_a_dump_shows_what_the_agent_shows(self):
        agent, file = self.start_agent(), self.folder + "/dump.binnacle"
        begun = second_after(now_ns())
        agent.wait_covered(begun)
        self.assertEqual(load(REQUESTS)["failed"], {})
        ended = second_after(now_ns())
        agent.wait_covered(ended)
        said = run(AGENT, "dump", "--listen", agent.address, "--last", "15m", "-o", file).stdout
        self.assertRegex(said, rf"^{file}: [1-9][0-9]* segments, [1-9][0-9]* bytes, 0 gaps\n$")
        facts = json.loads(run(BINNACLE, "info", file, "--json").stdout)
        self.assertTrue(facts["complete"])
        self.assertEqual(len(facts["agents"]), 1)
        dumped, direct = show("map", file, from_ns=begun, to_ns=ended), agent.show("map", begun, ended)
        self.assertEqual(dumped["edges"], direct["edges"])
        self.assert_exact(self.edge(dumped, "loadgen", "web"), REQUESTS)

    def test_reaches_back_no_further_than_was_asked(self):
        agent, file = self.start_agent(), self.folder + "/dump.binnacle"
        first = agent.batches_until()
        agent.wait_covered(first + 25 * 10**9)  # segments hold ten seconds: the one in which the range begins comes whole
        run(AGENT, "dump", "--listen", agent.address, "--last", "5s", "-o", file)
        facts = json.loads(run(BINNACLE, "info", file, "--json").stdout)
        self.assertGreater(facts["from_ns"], first)

    def test_without_an_agent_it_says_what_to_do(self):
        done = run(AGENT, "dump", "--listen", f"unix:{self.folder}/nobody.sock", "-o", self.folder + "/none.binnacle", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"binnacle-agent: no agent answers on unix:{self.folder}/nobody.sock; start one with `binnacle-agent run`, or name its address with "
                         "--listen\n")


if __name__ == "__main__":
    main()
