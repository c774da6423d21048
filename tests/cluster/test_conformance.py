# SPDX-License-Identifier: Apache-2.0
"""The list of tests/api_double/conformance.json, unchanged, on the real API server: every case, also those that want a server in trouble."""
import json
import os
import sys

from cluster_test import CLUSTER, HERE, NAME, ClusterTest, main, run
from parts import programs

DOUBLE = os.path.dirname(HERE) + "/api_double"


class Conformance(ClusterTest):
    def test_the_whole_list(self):
        self.ensure_exercise()
        pod = next(iter(self.pods("demo", app="frontend")))
        with open(DOUBLE + "/conformance.json", encoding="utf-8") as file:
            names = [case["name"] for case in json.load(file)["cases"]]
        done = run(sys.executable, DOUBLE + "/conformance", "--kubeconfig", self.cluster.kubeconfig, "--namespace", "demo", "--pod", pod, "--port", "80",
                   "--orders", f"{CLUSTER} --name {NAME}", check=False, env={**os.environ, "PATH": programs.folder() + ":" + os.environ["PATH"]})
        said = done.stdout.splitlines()
        self.assertEqual([line for line in said if line.startswith(("FAIL ", "not run "))], [], done.stderr)
        self.assertEqual([line.removeprefix("ok   ") for line in said if line.startswith("ok ")], names)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    main()
