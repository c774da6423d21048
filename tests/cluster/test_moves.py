# SPDX-License-Identifier: Apache-2.0
"""Pods move between hosts, a Deployment rolls, an address changes hands, an agent is deleted: every count exact, every gap stated, each host its own."""
import json
import os

from cluster_test import HOSTS, PATIENCE, main, run
from product_test import TARGETS, Paced, ProductClusterTest

API = "docker.io/local/http-echo:1"


class Moves(ProductClusterTest):
    def setUp(self):
        super().setUp()
        self.shells = self.ensure_shells()
        self.install()

    # -- moving ------------------------------------------------------------------------------------------------------

    def move_all(self, app, host):
        """Every pod of the Deployment to that host, by keeping new ones off the others."""
        others = [other for other in HOSTS if other != host]
        for other in others:
            self.addCleanup(self.kubectl, "uncordon", other)
            self.kubectl("cordon", other)
        leaving = [name for name, pod in self.pods("demo", app=app).items() if pod["spec"]["nodeName"] != host]
        self.assertTrue(leaving)
        self.kubectl("-n", "demo", "delete", "pod", "--grace-period=1", *leaving)  # waits until they are gone
        self.kubectl("-n", "demo", "rollout", "status", "deployment/" + app, f"--timeout={PATIENCE}s")
        for other in others:
            self.kubectl("uncordon", other)
        self.assertEqual(self.hosts_of(app), {host})
        for shell in self.shells:
            self.wait_until(f"{app} from {shell}", lambda shell=shell: self.reaches(shell, TARGETS[app]))

    def hosts_told(self, document, name):
        return next((node["hosts"] for node in document["nodes"] if node["id"] == "workload:demo/" + name), None)

    def test_pods_move_and_roll_under_load(self):
        recording = self.record()
        wanted = {(self.shells[0], "api"): 13, (self.shells[1], "api"): 11, (self.shells[0], "frontend"): 7}
        for host in HOSTS[::-1]:
            self.move_all("api", host)
            document = self.wait_counted(recording, self.counted_requests(wanted), wanted)
            self.assertEqual(self.hosts_told(document, "api"), [host])
        self.roll_under_load(recording)
        self.each_tells_its_own()
        recording.finish()

    def roll_under_load(self, recording):
        begin = self.begin_of_own_seconds()
        loads = [Paced(self, shell, TARGETS["api"]) for shell in self.shells]
        for load in loads:
            self.wait_until("the first answers", lambda load=load: len(load.said()) > 3)
        self.kubectl("-n", "demo", "rollout", "restart", "deployment/api")
        self.kubectl("-n", "demo", "rollout", "status", "deployment/api", f"--timeout={PATIENCE}s")
        enough = {load: len(load.said()) + 5 for load in loads}
        for load in loads:
            self.wait_until("answers after the roll-out", lambda load=load: len(load.said()) >= enough[load])
        answered = {(load.shell, "api"): load.stop().count("200") for load in loads}
        span = begin, self.end_of_own_seconds()
        # A second that both hosts' agents tell of later than this one says that the range is complete.
        later = {(self.shells[0], "api"): 3, (self.shells[1], "api"): 3}
        self.wait_counted(recording, self.counted_requests(later), later)
        document = recording.show("map", *span)
        self.assertEqual(document["losses"], [])
        for (shell, target), count in answered.items():
            edge = self.find_edge(document, shell, target)
            self.assertIsNotNone(edge, self.edges_of(document))
            self.assertEqual((edge["statuses"].get("200"), edge["server"]["requests"]), (count, count), (shell, edge))
            # What was cut short in a pod that ended is an error at the client, and no request of a pod that never answered it.
            self.assertEqual(edge["client"]["requests"] - edge["client"]["errors"], count, (shell, edge))
            self.assertEqual(edge["seen_from"], ["client", "server"])

    def each_tells_its_own(self):
        """Asked alone, each host's agent tells of its own pods and of no other's."""
        for pod in self.get("pods", "-n", "binnacle", "-l", "app.kubernetes.io/name=binnacle-agent")["items"]:
            host = pod["spec"]["nodeName"]
            with self.forwarded("binnacle", "pod/" + pod["metadata"]["name"], 9465) as address:
                self.wait_until(f"the agent of {host} telling of its own pods", lambda host=host, address=address: self.told_by(address, host) == self.run_on(host))

    def run_on(self, host):
        """Pods of the exercise on a host, by workload."""
        found = {name: sum(pod["spec"]["nodeName"] == host for pod in self.pods("demo", app=name).values()) for name in ("frontend", "api", "database")}
        return {name: count for name, count in found.items() if count}

    def told_by(self, address, host):
        services = self.show("services", "--agent", address)["services"]
        for service in services:
            self.assertLessEqual(set(service["hosts"]), {host}, service["id"])
        names = {service["id"].removeprefix("workload:demo/"): service["instances"] for service in services}
        return {name: names[name] for name in ("frontend", "api", "database") if names.get(name)}

    # -- an address that changes hands ---------------------------------------------------------------------------------

    def run_server(self, name, host):
        """A pod of its own, which is a workload of its own; its address."""
        self.addCleanup(self.kubectl, "-n", "demo", "delete", "pod", name, "--ignore-not-found")
        self.kubectl("apply", "-n", "demo", "-f", "-", input=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"nodeName": host, "terminationGracePeriodSeconds": 1, "containers": [
                {"name": "server", "image": API, "imagePullPolicy": "Never", "args": ["-text=" + name]}]}}))
        pod = self.wait_until(f"{name} being Ready", lambda: self.pods("demo", app=name).get(name))
        address = pod["status"]["podIP"]
        for shell in self.shells:
            self.wait_until(f"{name} answering {shell}",
                            lambda shell=shell: self.curl(shell, "--max-time", "5", f"http://{address}:5678/", check=False).stdout == name + "\n")
        return address

    def give_next(self, host, address):
        """The host's next pod gets this address: the plug-in goes on after the one that it wrote down last, and wraps round a whole subnet otherwise."""
        facts = next(one for one in self.status()["hosts"] if one["name"] == host)
        folder = f"{self.cluster.folder}/hosts/{facts['letter']}/var/lib/cni/networks/pods"
        self.wait_until(f"{address} being given back", lambda: not os.path.exists(f"{folder}/{address}"))
        head, last = address.rsplit(".", 1)
        with open(folder + "/last_reserved_ip.0", "w", encoding="ascii") as file:
            file.write(f"{head}.{int(last) - 1}")
        # Neighbours find out by themselves that another card has it, after half a minute.
        forget = f"ip neigh flush to {address}; ip -all netns exec ip neigh flush to {address}"
        run("nsenter", "--all", "--target", str(facts["first_process"]), "--", "/bin/sh", "-c", forget)

    def test_an_address_that_changes_hands(self):
        recording = self.record()
        begin = self.begin_of_own_seconds()
        address = self.run_server("early", HOSTS[1])
        self.send_to_owner(recording, "early", address, 13)
        self.kubectl("-n", "demo", "delete", "pod", "early")
        self.give_next(HOSTS[1], address)
        self.assertEqual(self.run_server("late", HOSTS[1]), address)
        end = self.send_to_owner(recording, "late", address, 7)
        # In the whole range each owner has what it answered in its time, with the one answer to each shell by which run_server() knew it.
        whole = {(shell, owner): count + 1 for shell in self.shells for owner, count in (("early", 13), ("late", 7))}
        self.wait_counted(recording, (begin, end), whole)
        recording.finish()

    def send_to_owner(self, recording, owner, address, count):
        """Requests to an address are those of the pod that has it, on the pod's host and on the other."""
        begin = self.begin_of_own_seconds()
        for shell in self.shells:
            self.send(shell, f"http://{address}:5678/", count)
        end = self.end_of_own_seconds()
        document = self.wait_counted(recording, (begin, end), {(shell, owner): count for shell in self.shells})
        called = {edge["to"] for edge in document["edges"] if edge["requests"] and edge["from"] in {"workload:demo/" + shell for shell in self.shells}}
        self.assertEqual(called, {"workload:demo/" + owner})
        return end

    # -- an agent that goes and comes ----------------------------------------------------------------------------------

    def epochs(self, recording, host):
        agents = json.loads(self.binnacle("info", recording.file, "--json").stdout)["agents"]
        return len({agent["epoch"] for agent in agents if agent["host"] == host})

    def test_an_agent_that_is_deleted_under_load(self):
        recording = self.record()
        begin = self.begin_of_own_seconds()
        loads = {shell: Paced(self, shell, TARGETS["api"]) for shell in self.shells}
        for load in loads.values():
            self.wait_until("the first answers", lambda load=load: len(load.said()) > 3)
        agent = next(pod for pod in self.get("pods", "-n", "binnacle", "-l", "app.kubernetes.io/name=binnacle-agent")["items"]
                     if pod["spec"]["nodeName"] == HOSTS[1])
        self.kubectl("-n", "binnacle", "delete", "pod", agent["metadata"]["name"])
        self.wait_until("the new agent in the recording", lambda: self.epochs(recording, HOSTS[1]) == 2)
        enough = {shell: len(load.said()) + 5 for shell, load in loads.items()}
        for shell, load in loads.items():
            self.wait_until("answers after it", lambda shell=shell, load=load: len(load.said()) >= enough[shell])
        said = {shell: load.stop() for shell, load in loads.items()}
        self.assertEqual({code for codes in said.values() for code in codes}, {"200"})
        span = begin, self.end_of_own_seconds()

        later = {(self.shells[0], "api"): 13, (self.shells[1], "api"): 11, (self.shells[1], "frontend"): 7}
        self.wait_counted(recording, self.counted_requests(later), later)  # whole again, at both ends, with no loss
        document = recording.show("map", *span)
        self.assertIn(("agent", "gap"), {(loss["place"], loss["reason"]) for loss in document["losses"]})
        watched, missed = (self.find_edge(document, shell, "api") for shell in self.shells)
        self.assertEqual((watched["client"]["requests"], watched["requests"]), (len(said[self.shells[0]]),) * 2, watched)
        self.assertLess(missed["client"]["requests"], len(said[self.shells[1]]), missed)
        self.assertLessEqual(missed["server"]["requests"], len(said[self.shells[1]]), missed)
        self.assertGreater(missed["server"]["requests"], 0, missed)
        recording.finish()


if __name__ == "__main__":
    main()
