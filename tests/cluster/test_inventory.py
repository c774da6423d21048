# SPDX-License-Identifier: Apache-2.0
"""What is in a real cluster, before any agent is installed: by the kubeconfig's own rights."""
import json

from cluster_test import HOSTS, main, run
from product_test import BINNACLE, ProductClusterTest

WANTED = {"workload:demo/frontend": 2, "workload:demo/api": 3, "workload:demo/database": 1}


class Inventory(ProductClusterTest):
    def setUp(self):
        super().setUp()
        run(BINNACLE, "uninstall", *self.access(), "--yes", check=False)
        self.wait_until("no agent being left", lambda: not self.get("pods", "-A", "-l", "app.kubernetes.io/name=binnacle-agent")["items"])
        self.ensure_exercise()

    def show(self, what):
        done = run(BINNACLE, "show", what, *self.access(), "--json")
        self.assertIn("no agent runs in namespace binnacle", done.stderr)
        return json.loads(done.stdout)

    def test_counts_instances_without_an_agent(self):
        def counted():
            found = {service["id"]: service for service in self.show("services")["services"]}
            return found if {name: found.get(name, {}).get("instances") for name in WANTED} == WANTED else None

        found = self.wait_until("the exercise in the cluster's own list", counted)
        for name in WANTED:
            self.assertFalse(found[name]["observed"], name)
            self.assertEqual(found[name]["health"], "unknown", name)
            self.assertLessEqual(set(found[name]["hosts"]), set(HOSTS), name)

    def test_shows_where_services_lead_and_what_is_not_observed(self):
        shown = self.show("map")
        self.assertEqual(shown["edges"], [])
        self.assertEqual(shown["losses"], [])
        self.assertIn("workload:demo/api", {edge["to"] for edge in shown["possible"]})
        self.assertEqual({row["subject"] for row in shown["coverage"] if row["what"] == "not_observed"} & set(HOSTS), set(HOSTS))

    def test_follows_a_scaling(self):
        self.kubectl("-n", "demo", "scale", "deployment/api", "--replicas=0")
        self.addCleanup(self.ensure_exercise)

        def gone():
            return next(service for service in self.show("services")["services"] if service["id"] == "workload:demo/api")["instances"] == 0

        self.wait_until("api scaled to 0 in the list", gone)


if __name__ == "__main__":
    main()
