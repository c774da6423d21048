# SPDX-License-Identifier: Apache-2.0
"""Hosts, the lesson's exercise, and the roads between its pods: service addresses, names, and pod to pod across hosts."""
from cluster_test import HOSTS, ClusterTest, main, run

ANSWER = "Hello from API\n"


class Hosts(ClusterTest):
    def test_both_are_ready(self):
        nodes = {node["metadata"]["name"]: node for node in self.get("nodes")["items"]}
        self.assertEqual(sorted(nodes), list(HOSTS))
        for name, node in nodes.items():
            conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
            self.assertEqual(conditions["Ready"], "True", name)
            self.assertTrue(node["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://"), node["status"]["nodeInfo"])

    def test_each_has_an_identity_of_its_own(self):
        facts = [node["status"]["nodeInfo"] for node in self.get("nodes")["items"]]
        self.assertEqual(len({fact["machineID"] for fact in facts}), 2)
        self.assertEqual(len({fact["bootID"] for fact in facts}), 1)  # one kernel

    def test_the_server_tells_its_version(self):
        self.assertIn('"gitVersion": "v1.34.4"', self.kubectl("get", "--raw", "/version").stdout)


class Exercise(ClusterTest):
    def test_pods_are_ready_and_on_both_hosts(self):
        self.ensure_exercise()
        pods = {name: self.pods("demo", app=name) for name in ("frontend", "api", "database")}
        self.assertEqual({name: len(found) for name, found in pods.items()}, {"frontend": 2, "api": 3, "database": 1})
        for name in ("frontend", "api"):
            self.assertEqual({pod["spec"]["nodeName"] for pod in pods[name].values()}, set(HOSTS), name)

    def test_every_pod_answers(self):
        self.ensure_exercise()
        shell = self.ensure_shell(HOSTS[0])
        for pod in self.pods("demo", app="frontend").values():
            self.assertIn("Welcome to nginx", self.curl(shell, f"http://{pod['status']['podIP']}/").stdout)
        for pod in self.pods("demo", app="api").values():
            self.assertEqual(self.curl(shell, f"http://{pod['status']['podIP']}:5678/").stdout, ANSWER)
        for name in self.pods("demo", app="database"):
            self.assertEqual(self.kubectl("-n", "demo", "exec", name, "--", "redis-cli", "ping").stdout, "PONG\n")


class Services(ClusterTest):
    def test_address_from_a_pod_of_each_host(self):
        self.ensure_exercise()
        for host in HOSTS:
            shell = self.ensure_shell(host)
            self.assertEqual(self.curl(shell, f"http://{self.service_address('api')}:5678/").stdout, ANSWER)

    def test_address_from_each_host(self):
        self.ensure_exercise()
        for host in self.status()["hosts"]:
            done = run("nsenter", "--net=" + host["netns"], "--", "/usr/bin/python3", "-c",
                       "import sys, urllib.request as r; sys.stdout.write(r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=30).read().decode())",
                       f"http://{self.service_address('api')}:5678/")
            self.assertEqual(done.stdout, ANSWER)

    def test_names_resolve_in_a_pod(self):
        self.ensure_exercise()
        for host in HOSTS:
            shell = self.ensure_shell(host)
            self.assertEqual(self.curl(shell, "http://api.demo.svc.cluster.local:5678/").stdout, ANSWER)
            self.assertEqual(self.curl(shell, "http://api:5678/").stdout, ANSWER)
            unknown = self.curl(shell, "http://nobody.demo.svc.cluster.local/", check=False)
            self.assertIn("Could not resolve host", unknown.stderr)

    def test_every_pod_of_a_service_gets_requests(self):
        self.ensure_exercise()
        shell = self.ensure_shell(HOSTS[0])
        before = {name: self.requests_in_log(name) for name in self.pods("demo", app="frontend")}

        def all_were_asked():
            self.curl(shell, "-o", "/dev/null", "http://frontend/?[1-20]")
            return all(self.requests_in_log(name) > count for name, count in before.items())
        self.wait_until("a request at each frontend", all_were_asked)

    def requests_in_log(self, pod):
        return self.kubectl("-n", "demo", "logs", pod).stdout.count('"GET /')


class BetweenHosts(ClusterTest):
    def test_pods_talk_in_both_directions(self):
        self.ensure_exercise()
        shells = {host: self.ensure_shell(host) for host in HOSTS}
        for pod in self.pods("demo", app="api").values():
            other = next(host for host in HOSTS if host != pod["spec"]["nodeName"])
            self.assertEqual(self.curl(shells[other], f"http://{pod['status']['podIP']}:5678/").stdout, ANSWER)

    def test_pods_talk_by_name(self):
        """A service with one pod, called by its name from the host on which the pod is not."""
        self.ensure_exercise()
        pod = next(iter(self.pods("demo", app="database").values()))
        other = next(host for host in HOSTS if host != pod["spec"]["nodeName"])
        shell = self.ensure_shell(other)
        # gopher is how curl sends bytes as they are.
        spoken = self.curl(shell, "gopher://database.demo.svc.cluster.local:6379/_PING%0D%0AQUIT%0D%0A")
        self.assertEqual(spoken.stdout.split(), ["+PONG", "+OK"])

    def test_the_address_that_arrives_is_the_pods_own(self):
        """No masquerading between pods: whoever observes both ends sees one connection."""
        self.ensure_exercise()
        shells = {host: self.ensure_shell(host) for host in HOSTS}
        for name, pod in self.pods("demo", app="frontend").items():
            other = next(host for host in HOSTS if host != pod["spec"]["nodeName"])
            caller = self.get("pod", "-n", "demo", shells[other])["status"]["podIP"]
            self.curl(shells[other], "-o", "/dev/null", f"http://{pod['status']['podIP']}/from-{other}")
            self.wait_until(f"the request in the log of {name}",
                            lambda name=name, line=f"{caller} - - ": any(text.startswith(line) and f"/from-{other} " in text
                                                                         for text in self.kubectl("-n", "demo", "logs", name).stdout.splitlines()))


if __name__ == "__main__":
    main()
