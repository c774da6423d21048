# SPDX-License-Identifier: Apache-2.0
"""The agents by Helm and by kustomize on a real cluster: they come up, answer, are rolled and rolled back with the gap stated, and go without a trace."""
import json
import os

from cluster_test import HOSTS, PATIENCE, main, run
from parts import programs
from parts.common import ROOT
from product_test import IMAGE, ProductClusterTest

CHART = ROOT + "/deploy/helm/binnacle"
BASE = ROOT + "/deploy/kustomize/base"
REPOSITORY, TAG = IMAGE.rsplit(":", 1)
AGENTS = "app.kubernetes.io/name=binnacle-agent"
WANTED = {"frontend": 2, "api": 3, "database": 1}
KINDS = "daemonsets,deployments,pods,roles,rolebindings,networkpolicies,services,secrets"


class Deployed(ProductClusterTest):
    """What any way of installing must come to."""

    def agent_pods(self):
        return [pod for pod in self.get("pods", "-n", "binnacle", "-l", AGENTS)["items"] if "deletionTimestamp" not in pod["metadata"]]

    def wait_rolled(self):
        self.kubectl("-n", "binnacle", "rollout", "status", "daemonset/binnacle-agent", f"--timeout={PATIENCE}s")
        self.assertEqual({pod["spec"]["nodeName"] for pod in self.agent_pods()}, set(HOSTS))

    def agents_answer(self):
        """`show services --context` has the instances of both hosts, and names both."""
        def is_whole():
            done = self.binnacle("show", "services", *self.access(), "--json", check=False)
            if done.returncode != 0:
                return False
            document = json.loads(done.stdout)
            services = {row["id"]: row for row in document["services"]}
            instances = {name: services.get("workload:demo/" + name, {}).get("instances") for name in WANTED}
            return instances == WANTED and {agent["host"] for agent in document["source"]["agents"]} == set(HOSTS)
        self.wait_until("both hosts' agents telling of the exercise", is_whole)
        self.assertIn("2 of 2", self.binnacle("status", *self.access()).stdout)

    def left_in_namespace(self):
        """Ours; what Kubernetes itself puts into every namespace is no concern."""
        return self.kubectl("get", KINDS, "-n", "binnacle", "-o", "name", check=False).stdout.split()

    def wait_nothing_left(self, besides):
        self.wait_until("nothing being left", lambda: self.left_in_namespace() == [] and sorted(self.what_is_ours()) == besides)


class Chart(Deployed, ProductClusterTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.kubectl, "delete", "namespace", "binnacle", "--ignore-not-found", "--wait=true")
        self.addCleanup(self.helm, "uninstall", "binnacle", "--ignore-not-found", "--wait")
        self.kubectl("create", "namespace", "binnacle")
        self.kubectl("label", "namespace", "binnacle", "pod-security.kubernetes.io/enforce=privileged")

    def helm(self, *arguments):
        return run(programs.folder() + "/helm", "--kubeconfig", self.cluster.kubeconfig, "--namespace", "binnacle", *arguments)

    def epochs(self, recording):
        """How often each host's agent began, as the recording has it."""
        agents = json.loads(self.binnacle("info", recording.file, "--json").stdout)["agents"]
        return {host: len({agent["epoch"] for agent in agents if agent["host"] == host}) for host in HOSTS}

    def wait_exchanged(self, recording, shells, starts):
        """New agents of both hosts are read by the recording that runs, what lies between is a gap, and from then on every request counts."""
        self.wait_until("the new agents in the recording", lambda: self.epochs(recording) == dict.fromkeys(HOSTS, starts))
        reasons = {(loss["place"], loss["reason"]) for loss in recording.show("losses")["losses"]}
        self.assertIn(("agent", "gap"), reasons)
        wanted = {(shells[0], "api"): 13, (shells[1], "frontend"): 11}
        self.agents_answer()
        span = self.counted_requests(wanted)
        self.wait_counted(recording, span, wanted)

    def test_install_upgrade_rollback_uninstall(self):
        shells = self.ensure_shells()
        self.helm("install", "binnacle", CHART, "--set-string", f"image.repository={REPOSITORY},image.tag={TAG}", "--wait", "--timeout", f"{PATIENCE}s")
        self.wait_rolled()
        self.agents_answer()
        recording = self.record()
        self.assertEqual(self.epochs(recording), dict.fromkeys(HOSTS, 1))

        self.helm("upgrade", "binnacle", CHART, "--reuse-values", "--set", "agent.podLabels.ring=second,agent.extraArguments={--max-connections=4096}")
        self.wait_rolled()
        for pod in self.agent_pods():
            self.assertEqual(pod["metadata"]["labels"].get("ring"), "second")
            self.assertIn("--max-connections=4096", pod["spec"]["containers"][0]["args"])
        self.wait_exchanged(recording, shells, starts=2)

        self.helm("rollback", "binnacle", "1")
        self.wait_rolled()
        for pod in self.agent_pods():
            self.assertNotIn("ring", pod["metadata"]["labels"])
            self.assertNotIn("--max-connections=4096", pod["spec"]["containers"][0]["args"])
        self.wait_exchanged(recording, shells, starts=3)
        recording.finish()

        self.helm("uninstall", "binnacle", "--wait")
        self.wait_nothing_left(besides=["namespace/binnacle"])


class Kustomize(Deployed, ProductClusterTest):
    def test_apply_and_delete(self):
        self.ensure_exercise()
        overlay = self.folder + "/overlay"
        os.mkdir(overlay)
        with open(overlay + "/kustomization.yaml", "w", encoding="utf-8") as file:
            json.dump({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [os.path.relpath(BASE, os.path.realpath(overlay))],
                       "images": [{"name": "registry.invalid/binnacle/agent", "newName": REPOSITORY, "newTag": TAG}]}, file)
        self.addCleanup(self.kubectl, "delete", "-k", overlay, "--ignore-not-found", "--wait=true")
        self.kubectl("apply", "-k", overlay)
        self.wait_rolled()
        self.agents_answer()
        self.kubectl("delete", "-k", overlay, "--wait=true")
        self.wait_nothing_left(besides=[])


if __name__ == "__main__":
    main()
