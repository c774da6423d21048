# SPDX-License-Identifier: Apache-2.0
"""The hooks for faults do what they say, and what they break comes back."""
from cluster_test import HOSTS, ClusterTest, cluster, main


class ApiServer(ClusterTest):
    def test_restart_leaves_the_pods_alone(self):
        self.ensure_exercise()
        before = self.instances()
        old = self.status()["control"]["kube-apiserver"]
        cluster("restart-apiserver")
        self.assertNotEqual(self.status()["control"]["kube-apiserver"], old)
        self.assertEqual(self.instances(), before)

    def test_away_and_back(self):
        self.addCleanup(cluster, "start-apiserver")
        cluster("stop-apiserver")
        self.assertNotEqual(self.kubectl("get", "nodes", check=False).returncode, 0)
        self.assertIsNone(self.status()["control"]["kube-apiserver"])
        cluster("start-apiserver")
        self.assertEqual(len(self.get("nodes")["items"]), 2)

    def instances(self):
        return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["containerID"] for pod in self.get("pods", "-n", "demo")["items"]
                if "deletionTimestamp" not in pod["metadata"]}


class Host(ClusterTest):
    def ready(self, host):
        conditions = self.get("node", host)["status"]["conditions"]
        return next(one["status"] for one in conditions if one["type"] == "Ready")

    def test_power_cut_and_back(self):
        self.ensure_exercise()
        self.addCleanup(self.ensure_exercise)
        self.addCleanup(cluster, "start-host", "b")
        cluster("stop-host", "b")
        self.assertIsNone(self.status()["hosts"][1]["first_process"])
        self.wait_until("the host being missed", lambda: self.ready(HOSTS[1]) != "True")
        self.assertEqual(self.ready(HOSTS[0]), "True")
        cluster("start-host", "b")
        self.assertEqual(self.ready(HOSTS[1]), "True")
        self.ensure_exercise()
        shell = self.ensure_shell(HOSTS[1])
        self.assertEqual(self.curl(shell, "http://api:5678/").stdout, "Hello from API\n")


if __name__ == "__main__":
    main()
