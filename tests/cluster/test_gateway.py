# SPDX-License-Identifier: Apache-2.0
"""The gateway in a real cluster: real tokens, real reviews, TLS from pod to pod; what it says is what the agents say."""
import json
import time

from cluster_test import HOSTS, main, run
from product_test import BINNACLE, IMAGE, TARGETS, Paced, ProductClusterTest


class Gateway(ProductClusterTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(run, BINNACLE, "uninstall", *self.access(), "--yes", check=False)
        run(BINNACLE, "install", *self.access(), "--image", IMAGE, "--image-pull-policy", "Never", "--gateway", "--yes")
        self.kubectl("-n", "binnacle", "rollout", "status", "deployment/binnacle-gateway", "--timeout=240s")
        self.agents = {pod["spec"]["nodeName"]: name for name, pod in self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-agent"}).items()}
        self.assertEqual(set(self.agents), set(HOSTS))
        self.gateways = list(self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-gateway"}))
        self.assertEqual(len(self.gateways), 2)

    def test_says_what_the_agents_say_and_answers_nobody_else(self):
        self.ensure_exercise()
        shells = {host: self.ensure_shell(host) for host in HOSTS}
        self.wait_until("both agents behind both gateways", lambda: all(self.log_of(pod).count("2 of 2 agents are connected") for pod in self.gateways))
        begun = time.time_ns()
        for shell in shells.values():
            self.curl(shell, "-o", "/dev/null", "http://frontend/?[1-23]")
        time.sleep(3)  # the second under way is sealed
        span = ["--from", str(begun - 5_000_000_000), "--to", str(time.time_ns() - 2_000_000_000)]
        self.compare(span)
        self.is_not_seen(span)
        self.refuses_strangers(shells[HOSTS[0]])
        self.names_who_does_not_answer(span)

    def test_both_are_deleted_under_load(self):
        """The agents go on: who reads them misses nothing, who reads the gateway's sums is told what is missing, and the next gateway answers for all of it."""
        shells = self.ensure_shells()
        direct, merged = self.record(name="direct"), self.record(*self.access(), "--fleet", "merged", name="merged")
        begin = self.begin_of_own_seconds()
        loads = {shell: Paced(self, shell, TARGETS["api"]) for shell in shells}
        self.wait_for_more(loads)
        self.kubectl("-n", "binnacle", "delete", "pod", "--grace-period=1", "-l", "app.kubernetes.io/name=binnacle-gateway")
        self.kubectl("-n", "binnacle", "rollout", "status", "deployment/binnacle-gateway", "--timeout=240s")
        self.wait_for_more(loads)
        counts = {(shell, "api"): load.stop().count("200") for shell, load in loads.items()}
        span = begin, self.end_of_own_seconds()
        later = {(shells[0], "api"): 13, (shells[1], "frontend"): 11}
        counted = self.counted_requests(later)
        for recording in (direct, merged):
            self.wait_counted(recording, counted, later)
        self.assert_counted(direct.show("map", *span), counts)
        document = merged.show("map", *span)
        seen = {pair: self.find_edge(document, *pair)["requests"] for pair in counts}
        self.assertTrue(all(seen[pair] <= counts[pair] for pair in counts), (seen, counts))
        if seen != counts:
            self.assertTrue([loss for loss in document["losses"] if "The gateway ended" in loss["advice"]], document["losses"])
        with self.forwarded("binnacle", "pod/" + self.gateway_of_now(), 9465) as address:
            self.assert_counted(self.told("map", ["--from", str(span[0]), "--to", str(span[1])], address), counts)
        for recording in (direct, merged):
            recording.finish()

    def wait_for_more(self, loads):
        enough = {shell: len(load.said()) + 5 for shell, load in loads.items()}
        for shell, load in loads.items():
            self.wait_until(f"answers to {shell}", lambda shell=shell, load=load: len(load.said()) >= enough[shell])

    def gateway_of_now(self):
        """One that has both agents behind it again."""
        def found():
            pods = self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-gateway"})
            return next((pod for pod in pods if "2 of 2 agents are connected" in self.log_of(pod)), None)
        return self.wait_until("a gateway with both agents", found)

    def log_of(self, pod):
        return self.kubectl("-n", "binnacle", "logs", pod).stdout

    def told(self, what, span, *addresses):
        agents = [word for address in addresses for word in ("--agent", address)]
        return json.loads(run(BINNACLE, "show", what, *agents, *span, "--json").stdout)

    def compare(self, span):
        with self.forwarded("binnacle", "pod/" + self.agents[HOSTS[0]], 9465) as a, self.forwarded("binnacle", "pod/" + self.agents[HOSTS[1]], 9465) as b:
            direct = {what: self.told(what, span, a, b) for what in ("map", "services")}
        requests = sum(edge["requests"] for edge in direct["map"]["edges"] if edge["to"] == "workload:demo/frontend")
        self.assertGreaterEqual(requests, 46)
        for gateway in self.gateways:
            with self.forwarded("binnacle", "pod/" + gateway, 9465) as address:
                for what, lists in (("map", ("nodes", "edges", "losses")), ("services", ("services", "losses"))):
                    through = self.told(what, span, address)
                    for name in lists:
                        self.assertEqual(through[name], direct[what][name], f"{name} of {what}, by {gateway}")
                    self.assertEqual(sorted(agent["host"] for agent in through["source"]["agents"]), sorted(HOSTS))

    def is_not_seen(self, span):
        """Streams run from each agent to each gateway all the time, and both ask the API server: none of it is told."""
        with self.forwarded("binnacle", "pod/" + self.agents[HOSTS[0]], 9465) as a, self.forwarded("binnacle", "pod/" + self.agents[HOSTS[1]], 9465) as b:
            told = {what: self.told(what, span, a, b) for what in ("map", "services", "tcp")}
        ours = {pod["status"]["podIP"] for pod in self.get("pods", "-n", "binnacle")["items"]} - {host["address"] for host in self.status()["hosts"]}
        ids = {node["id"] for node in told["map"]["nodes"]} | {service["id"] for service in told["services"]["services"]}
        ids |= {end for row in told["map"]["edges"] for end in (row["from"], row["to"])}
        self.assertEqual([name for name in sorted(ids) if "binnacle" in name or any(f":{address}" in name for address in ours)], [])

    def refuses_strangers(self, shell):
        address = self.get("pod", "-n", "binnacle", self.agents[HOSTS[1]])["status"]["podIP"]
        told = self.curl(shell, "-k", f"https://{address}:9466/", check=False)
        self.assertNotEqual(told.returncode, 0)
        plain = self.curl(shell, f"http://{address}:9465/", check=False)
        self.assertNotEqual(plain.returncode, 0, "the agent's own service is on the loopback of its pod only")

    def names_who_does_not_answer(self, span):
        """An agent that is gone for good: its host is a gap, the other's answer stays whole."""
        self.kubectl("label", "node", HOSTS[1], "kubernetes.io/os=none", "--overwrite")
        self.addCleanup(self.kubectl, "label", "node", HOSTS[1], "kubernetes.io/os=linux", "--overwrite")
        self.wait_until("the agent's pod being gone", lambda: len(self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-agent"})) == 1)
        with self.forwarded("binnacle", "pod/" + next(iter(self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-gateway"}))), 9465) as address:
            losses = self.told("losses", span, address)["losses"]
        self.assertTrue([loss for loss in losses if HOSTS[1] in json.dumps(loss)], losses)


if __name__ == "__main__":
    main()
