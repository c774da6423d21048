# SPDX-License-Identifier: Apache-2.0
"""What every test on the real cluster needs: the cluster (ctest brings it up once for all), kubectl, and waiting for a condition."""
import json
import os
import re
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTER = HERE + "/cluster"
# Never the cluster that a person may have up by hand.
os.environ.setdefault("BINNACLE_CLUSTER_NAME", "ktest")
NAME = os.environ["BINNACLE_CLUSTER_NAME"]
HOSTS = (NAME + "-a", NAME + "-b")
PATIENCE = 240

sys.path.insert(0, HERE)
from parts import programs  # noqa: E402
from parts.common import cluster_of  # noqa: E402


def run(*command, check=True, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def cluster(*arguments, check=True):
    return run(CLUSTER, *arguments, check=check)


def why_not_here():
    """A reason for which no cluster can run on this machine, or None."""
    lacks = programs.lacks()
    return "; ".join(lacks) if lacks else None


class Forwarded:
    """`kubectl port-forward` in the background; gives ADDRESS:PORT on this machine."""

    def __init__(self, command):
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"Forwarding from (127\.0\.0\.1:\d+)", line)
        if not found:
            self.__exit__()
            raise AssertionError("kubectl port-forward: " + line)
        return found.group(1)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class ClusterTest(unittest.TestCase):
    """Skips where the machine lacks something, by name; fails where the cluster should be up and is not."""

    maxDiff = None
    needs_cluster = True

    def setUp(self):
        if reason := why_not_here():
            self.skipTest(reason)
        self.cluster = cluster_of(NAME)
        if self.needs_cluster and not os.path.exists(self.cluster.kubeconfig):
            self.fail(f"no cluster '{NAME}' is up: {CLUSTER} up --name {NAME}")

    # -- asking ------------------------------------------------------------------------------------------------------

    def kubectl(self, *arguments, check=True, kubeconfig=None, **more):
        return run(programs.folder() + "/kubectl", "--kubeconfig", kubeconfig or self.cluster.kubeconfig, *arguments, check=check, **more)

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def status(self):
        return json.loads(cluster("status", "--json").stdout)

    def wait_until(self, what, condition):
        """Polls; the answer when it is true.  The deadline is only there so that a broken cluster ends the test."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            if time.monotonic() > deadline:
                self.fail(f"{what} did not happen within {PATIENCE} s; pods:\n" + self.kubectl("get", "pods", "-A", "-o", "wide", check=False).stdout)
            time.sleep(0.2)
        return answer

    # -- what runs in it ---------------------------------------------------------------------------------------------

    def ensure_namespace(self, name):
        if self.kubectl("get", "namespace", name, check=False).returncode != 0:
            self.kubectl("create", "namespace", name)
        self.wait_until("the namespace's account", lambda: self.kubectl("-n", name, "get", "serviceaccount", "default", check=False).returncode == 0)

    def ensure_exercise(self):
        """The lesson's application in the namespace demo, whole and Ready."""
        self.ensure_namespace("demo")
        self.kubectl("apply", "-n", "demo", "-f", HERE + "/manifests/exercise.yaml")
        for name in ("frontend", "api", "database"):
            self.kubectl("-n", "demo", "rollout", "status", "deployment/" + name, f"--timeout={PATIENCE}s")
        self.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", f"--timeout={PATIENCE}s")

    def pods(self, namespace, **labels):
        """Pods that are wanted and Ready, by name."""
        chosen = ",".join(f"{name}={value}" for name, value in labels.items())
        found = self.get("pods", "-n", namespace, "-l", chosen)["items"]
        return {pod["metadata"]["name"]: pod for pod in found if "deletionTimestamp" not in pod["metadata"]
                and any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))}

    def ensure_shell(self, host):
        """A pod with curl on that host, in the namespace demo; its name."""
        letter = host.rsplit("-", 1)[1]
        name = "shell-" + letter
        self.ensure_namespace("demo")
        self.kubectl("apply", "-n", "demo", "-f", "-", input=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"nodeName": host, "terminationGracePeriodSeconds": 0, "containers": [
                {"name": "shell", "image": "docker.io/local/curl:1", "imagePullPolicy": "Never", "command": ["/bin/sleep", "1000000"]}]}}))
        self.wait_until(f"{name} being Ready", lambda: self.pods("demo", app=name))
        return name

    def curl(self, shell, *arguments, check=True):
        """With `check` until it is answered: what a pod is Ready for reaches names and each host's rules a while later, on a slow machine seconds."""
        def answer():
            done = self.kubectl("-n", "demo", "exec", shell, "--", "curl", "-sS", "--max-time", "30", *arguments, check=False)
            return done if done.returncode == 0 or not check else None
        return self.wait_until(f"an answer to curl {' '.join(arguments)} in {shell}", answer)

    def forwarded(self, namespace, target, port):
        return Forwarded([programs.folder() + "/kubectl", "--kubeconfig", self.cluster.kubeconfig, "-n", namespace, "port-forward", target, f":{port}"])

    def service_address(self, name, namespace="demo"):
        return self.get("service", "-n", namespace, name)["spec"]["clusterIP"]


def main():
    """One ctest entry is one test; 77 says skipped, with the reason on its own line."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    skipped = program.result.skipped
    for _, reason in skipped:
        print("SKIPPED: " + reason)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped and len(skipped) == program.result.testsRun else 0)
