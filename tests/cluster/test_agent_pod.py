# SPDX-License-Identifier: Apache-2.0
"""The agent as an unprivileged pod on both hosts of one kernel: it runs with the least capabilities, and each keeps to its own host."""
import json

from cluster_test import HERE, HOSTS, main, run
from product_test import BINNACLE, ProductClusterTest


class AgentPod(ProductClusterTest):
    def setUp(self):
        super().setUp()
        self.kubectl("apply", "-f", HERE + "/manifests/agent.yaml")
        self.addCleanup(self.kubectl, "delete", "-f", HERE + "/manifests/agent.yaml", "--wait=true")
        self.kubectl("-n", "binnacle", "rollout", "status", "daemonset/binnacle-agent", "--timeout=240s")
        self.agents = {pod["spec"]["nodeName"]: name for name, pod in self.pods("binnacle", app="binnacle-agent").items()}
        self.assertEqual(set(self.agents), set(HOSTS))

    def log_has(self, pod, text):
        container = self.get("pod", "-n", "binnacle", pod)["status"]["containerStatuses"][0]
        log = self.kubectl("-n", "binnacle", "logs", pod, check=False).stdout
        if container["restartCount"] or "terminated" in container["state"]:
            self.fail("the agent gave up: " + (self.kubectl("-n", "binnacle", "logs", pod, "--previous", check=False).stdout or log))
        return text in log

    def test_runs_and_every_hook_is_there(self):
        for host, pod in self.agents.items():
            self.wait_until(f"the agent of {host} observing", lambda host=host, pod=pod: self.log_has(pod, "observing " + host))
            checked = self.wait_until(f"`check` on {host}", lambda pod=pod: self.check(pod))
            self.assertIn("the agent can run", checked)

    def check(self, pod):
        """What `check` prints when the running agent has data of its own already."""
        done = self.kubectl("-n", "binnacle", "exec", pod, "--", "/usr/bin/binnacle-agent", "check", check=False)
        return done.stdout if done.returncode == 0 else None

    def test_each_sees_its_own_host_and_all_of_it(self):
        self.ensure_exercise()
        wanted = {host: {} for host in HOSTS}
        for label, container in (("frontend", "frontend"), ("api", "api"), ("database", "redis")):
            for pod in self.pods("demo", app=label).values():
                of_host = wanted[pod["spec"]["nodeName"]]
                of_host[container] = of_host.get(container, 0) + 1
        for host, agent in self.agents.items():
            with self.forwarded("binnacle", "pod/" + agent, 9465) as address:
                self.wait_until(f"the agent of {host} counting {wanted[host]}",
                                lambda host=host, address=address: self.counts(address) == wanted[host])

    def counts(self, address):
        """Instances of the exercise's services that an agent tells."""
        done = run(BINNACLE, "show", "services", "--agent", address, "--json", check=False)
        if done.returncode != 0:
            return None
        rows = {row["name"]: row["instances"] for row in json.loads(done.stdout)["services"]}
        return {name: rows[name] for name in ("frontend", "api", "redis") if rows.get(name)}

    def test_sees_the_requests_of_pods(self):
        """Through the service's address, from the host's own pods and from those of the other host."""
        self.ensure_exercise()
        shells = {host: self.ensure_shell(host) for host in HOSTS}
        for host, agent in self.agents.items():
            with self.forwarded("binnacle", "pod/" + agent, 9465) as address:
                self.wait_until(f"requests on both ends at {host}", lambda address=address: self.asked(shells) and self.sees_requests(address))

    def asked(self, shells):
        for shell in shells.values():
            self.curl(shell, "-o", "/dev/null", "http://frontend/?[1-20]")
        return True

    @staticmethod
    def sees_requests(address):
        done = run(BINNACLE, "show", "map", "--agent", address, "--json", check=False)
        if done.returncode != 0:
            return False
        edges = json.loads(done.stdout)["edges"]
        served = any(edge["to"] == "process:frontend" and edge["server"] and edge["server"]["requests"] for edge in edges)
        called = any(edge["from"] == "process:shell" and edge["client"] and edge["client"]["requests"] for edge in edges)
        return served and called


if __name__ == "__main__":
    main()
