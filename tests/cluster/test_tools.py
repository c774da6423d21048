# SPDX-License-Identifier: Apache-2.0
"""What people do with a cluster: exec, logs, port-forward, scale, helm, users with few rights."""
import os
import tempfile
import urllib.request

from cluster_test import HOSTS, ClusterTest, cluster, main, run
from parts import programs

ANSWER = "Hello from API\n"


class Kubectl(ClusterTest):
    def test_exec(self):
        self.ensure_exercise()
        for name in self.pods("demo", app="frontend"):
            self.assertEqual(self.kubectl("-n", "demo", "exec", name, "--", "hostname").stdout, name + "\n")
            failed = self.kubectl("-n", "demo", "exec", name, "--", "sh", "-c", "exit 7", check=False)
            self.assertEqual(failed.returncode, 7)

    def test_logs(self):
        self.ensure_exercise()
        for name in self.pods("demo", app="api"):
            self.assertIn("server is listening on :5678", self.kubectl("-n", "demo", "logs", name).stdout)

    def test_port_forward_to_each_host(self):
        self.ensure_exercise()
        for name in self.pods("demo", app="api"):
            with self.forwarded("demo", "pod/" + name, 5678) as address, self.opened(f"http://{address}/") as answer:
                self.assertEqual(answer.read().decode(), ANSWER)

    @staticmethod
    def opened(address):
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60)

    def test_scale_down_and_up(self):
        self.ensure_exercise()
        shell = self.ensure_shell(HOSTS[0])
        self.addCleanup(self.ensure_exercise)
        self.kubectl("-n", "demo", "scale", "deployment/api", "--replicas=0")
        self.wait_until("no pod of api", lambda: not self.get("pods", "-n", "demo", "-l", "app=api")["items"])
        self.wait_until("a refused connection", lambda: self.curl(shell, "http://api:5678/", check=False).returncode == 7)
        self.kubectl("-n", "demo", "scale", "deployment/api", "--replicas=3")
        self.kubectl("-n", "demo", "rollout", "status", "deployment/api", "--timeout=240s")
        self.wait_until("an answer", lambda: self.curl(shell, "http://api:5678/", check=False).stdout == ANSWER)


CHART = {"Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 1.0.0\n",
         "templates/map.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {word: "{{ .Values.word }}"}\n',
         "values.yaml": "word: one\n"}


class Helm(ClusterTest):
    def test_install_upgrade_uninstall(self):
        self.ensure_namespace("charts")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/templates")
            for name, text in CHART.items():
                with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                    file.write(text)
            self.helm("install", "first", folder)
            self.assertEqual(self.get("configmap", "-n", "charts", "first")["data"], {"word": "one"})
            self.helm("upgrade", "first", folder, "--set", "word=two")
            self.assertEqual(self.get("configmap", "-n", "charts", "first")["data"], {"word": "two"})
            self.helm("uninstall", "first")
        self.assertNotEqual(self.kubectl("get", "configmap", "-n", "charts", "first", check=False).returncode, 0)

    def helm(self, *arguments):
        return run(programs.folder() + "/helm", "--kubeconfig", self.cluster.kubeconfig, "--namespace", "charts", *arguments)


class Users(ClusterTest):
    def may(self, kubeconfig, *words):
        return self.kubectl("auth", "can-i", *words, check=False, kubeconfig=kubeconfig).stdout.strip()

    def check_reader(self, kubeconfig):
        self.assertEqual(self.may(kubeconfig, "list", "pods", "-n", "demo"), "yes")
        self.assertEqual(self.may(kubeconfig, "create", "pods/portforward", "-n", "demo"), "no")
        self.assertEqual(self.may(kubeconfig, "list", "pods", "-n", "kube-system"), "no")
        self.kubectl("get", "pods", "-n", "demo", kubeconfig=kubeconfig)
        refused = self.kubectl("get", "secrets", "-n", "demo", check=False, kubeconfig=kubeconfig)
        self.assertIn("Forbidden", refused.stderr)

    def test_certificate_with_a_role(self):
        self.ensure_namespace("demo")
        self.check_reader(cluster("user", "reader", "--verbs", "get,list", "--resources", "pods", "--namespace", "demo").stdout.strip())

    def test_token_with_a_role(self):
        self.ensure_namespace("demo")
        self.check_reader(cluster("user", "tokenreader", "--token", "--verbs", "get,list", "--resources", "pods", "--namespace", "demo").stdout.strip())

    def test_role_in_the_whole_cluster(self):
        kubeconfig = cluster("user", "looker", "--verbs", "get,list", "--resources", "nodes,apps/deployments").stdout.strip()
        self.assertEqual(self.may(kubeconfig, "list", "nodes"), "yes")
        self.assertEqual(self.may(kubeconfig, "list", "deployments.apps", "-A"), "yes")
        self.assertEqual(self.may(kubeconfig, "list", "pods", "-A"), "no")

    def test_without_verbs_nothing_is_allowed(self):
        kubeconfig = cluster("user", "nobody").stdout.strip()
        self.assertEqual(self.may(kubeconfig, "list", "pods"), "no")


if __name__ == "__main__":
    main()
