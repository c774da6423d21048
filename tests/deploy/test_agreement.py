#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kustomize, the chart and `binnacle install --print` ask for the same objects, whatever is chosen; only who manages them differs."""
import copy
import re
import sys
import tempfile
import unittest

from deploy_test import BINNACLE, CHART, DEPLOY, HELM, IMAGE, KUBECTL, ROOT, VERSION, main, needs, objects, rendered, yaml

OWN_LABELS = ("app.kubernetes.io/managed-by", "helm.sh/chart")

# What is chosen: (components of kustomize, values of the chart, options of install).
CHOICES = {
    "as_it_is": ([], {}, []),
    "old_kernels": (["old-kernel"], {"agent.kernels.old": "true"}, ["--old-kernels"]),
    "hardened_kernels": (["hardened-kernel"], {"agent.kernels.hardened": "true"}, ["--hardened-kernels"]),
    "both_kernels": (["old-kernel", "hardened-kernel"], {"agent.kernels.old": "true", "agent.kernels.hardened": "true"}, ["--old-kernels", "--hardened-kernels"]),
    "host_buffer": (["host-buffer"], {"agent.buffer.hostPath": "/var/lib/binnacle"}, ["--buffer-folder=/var/lib/binnacle"]),
    "system_critical": (["system-critical"], {"agent.priorityClass.create": "false", "agent.priorityClass.name": "system-node-critical"},
                        ["--priority-class=system-node-critical"]),
    "gateway": (["gateway"], {"gateway.enabled": "true"}, ["--gateway"]),
    "openshift": (["openshift"], {"openshift.enabled": "true"}, ["--openshift"]),
}


def plain(found):
    """Without the labels that say who manages an object."""
    found = copy.deepcopy(found)
    for one in found.values():
        for label in OWN_LABELS:
            one["metadata"].get("labels", {}).pop(label, None)
    return found


def by_kustomize(components, namespace="binnacle"):
    # Kustomize takes no absolute paths: the overlay lies beside the base, for as long as this takes.
    with tempfile.TemporaryDirectory(dir=DEPLOY + "/kustomize/overlays", prefix=".test-") as folder:
        with open(folder + "/kustomization.yaml", "w", encoding="utf-8") as file:
            yaml.safe_dump({"namespace": namespace, "resources": ["../../base"], "components": ["../../components/" + name for name in components],
                            "images": [{"name": "registry.invalid/binnacle/agent", "newName": IMAGE, "newTag": VERSION}]}, file)
        found = objects(rendered(KUBECTL, "kustomize", folder))
    for key in [key for key in found if key[0] == "SecurityContextConstraints"]:
        # Kustomize does not know that OpenShift's kind has no namespace, and gives it one, which the server drops.
        one = found.pop(key)
        one["metadata"].pop("namespace", None)
        found[(key[0], "", key[2])] = one
    return plain(found)


def by_chart(values, namespace="binnacle"):
    chosen = {"image.repository": IMAGE, "namespace.create": "true", "namespace.name": namespace, **values}
    words = [word for name, value in chosen.items() for word in ("--set", f"{name}={value}")]
    return plain(objects(rendered(HELM, "template", "binnacle", CHART, "--namespace", "default", "--kube-version", "1.21.0", *words)))


def by_install(options, namespace="binnacle"):
    return plain(objects(rendered(BINNACLE, "install", "--print", f"--image={IMAGE}:{VERSION}", f"--namespace={namespace}", *options)))


class Agreement(unittest.TestCase):
    maxDiff = None

    def assert_same(self, one, other):
        """Object by object, so that a difference is a line and not a page."""
        self.assertEqual(sorted(one), sorted(other))
        for key, object_ in one.items():
            self.assertEqual(object_, other[key], key)

    @needs(helm=HELM, kubectl=KUBECTL, yaml=yaml)
    def test_the_chart_asks_for_what_kustomize_asks_for(self):
        for name, (components, values, _) in CHOICES.items():
            with self.subTest(name):
                self.assert_same(by_chart(values), by_kustomize(components))

    @needs(kubectl=KUBECTL, binnacle=BINNACLE, yaml=yaml)
    def test_install_asks_for_what_kustomize_asks_for(self):
        for name, (components, _, options) in CHOICES.items():
            with self.subTest(name):
                self.assert_same(by_install(options), by_kustomize(components))

    @needs(helm=HELM, kubectl=KUBECTL, yaml=yaml)
    def test_every_choice_changes_something(self):
        """Else the comparisons above would hold of choices that nobody reads."""
        base = by_kustomize([])
        for name, (components, values, _) in CHOICES.items():
            if name != "as_it_is":
                with self.subTest(name):
                    self.assertNotEqual(by_kustomize(components), base)
                    self.assertNotEqual(by_chart(values), base)

    @needs(helm=HELM, kubectl=KUBECTL, binnacle=BINNACLE, yaml=yaml)
    def test_another_namespace_moves_all_three_alike(self):
        # Kustomize renames a Namespace object only by its name, which the overlay's namespace does.
        everything = by_kustomize(["openshift"], "watch")
        users = everything[("SecurityContextConstraints", "", "binnacle-agent")].pop("users")  # a text to kustomize: only a patch would change it
        self.assertEqual(users, ["system:serviceaccount:binnacle:binnacle-agent"])
        for other in (by_chart({"openshift.enabled": "true"}, "watch"), by_install(["--openshift"], "watch")):
            self.assertEqual(other[("SecurityContextConstraints", "", "binnacle-agent")].pop("users"), ["system:serviceaccount:watch:binnacle-agent"])
            self.assert_same(other, everything)

    @needs(yaml=yaml)
    def test_one_version_stands_everywhere(self):
        with open(ROOT + "/CMakeLists.txt", encoding="utf-8") as file:
            version = re.search(r"^project\(binnacle VERSION (\S+)", file.read(), flags=re.M).group(1)
        with open(CHART + "/Chart.yaml", encoding="utf-8") as file:
            chart = yaml.safe_load(file)
        with open(DEPLOY + "/kustomize/base/kustomization.yaml", encoding="utf-8") as file:
            base = yaml.safe_load(file)
        self.assertEqual([chart["version"], chart["appVersion"], base["labels"][0]["pairs"]["app.kubernetes.io/version"], VERSION], [version] * 4)

    @needs(kubectl=KUBECTL, yaml=yaml)
    def test_the_example_overlays_build(self):
        mirror = objects(rendered(KUBECTL, "kustomize", DEPLOY + "/kustomize/overlays/mirror"))
        pod = mirror[("DaemonSet", "binnacle", "binnacle-agent")]["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"][0]["image"], "registry.example/platform/binnacle-agent:0.1.0")
        self.assertEqual(pod["imagePullSecrets"], [{"name": "binnacle-registry"}])
        openshift = objects(rendered(KUBECTL, "kustomize", DEPLOY + "/kustomize/overlays/openshift"))
        self.assertIn(("SecurityContextConstraints", "", "binnacle-agent"), openshift)


if __name__ == "__main__":
    sys.exit(main())
