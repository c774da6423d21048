#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chart by itself: it passes helm's own check, it refuses what it cannot mean, and what it renders keeps the promises of docs/user-guide/install.md."""
import json
import shutil
import sys
import tempfile
import unittest

from deploy_test import CHART, HELM, IMAGE, main, needs, objects, rendered, run, yaml

NEWEST, OLDEST = "1.36.0", "1.21.0"


def template(*words, version=OLDEST):
    return run(HELM, "template", "binnacle", CHART, "--namespace", "binnacle", "--kube-version", version, *words)


def with_values(**values):
    words = [word for name, value in values.items() for word in ("--set-json", name.replace("__", ".") + "=" + json.dumps(value))]
    if "image__repository" not in values:
        words += ["--set", "image.repository=" + IMAGE]
    return template(*words)


def pod_of(text):
    daemon_sets = [one for key, one in objects(text).items() if key[0] == "DaemonSet"]
    return daemon_sets[0]["spec"]["template"]["spec"]


class Chart(unittest.TestCase):
    maxDiff = None

    @needs(helm=HELM)
    def test_helm_finds_nothing_wrong(self):
        done = run(HELM, "lint", "--strict", CHART)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("0 chart(s) failed", done.stdout)

    @needs(helm=HELM)
    def test_without_an_image_it_says_what_to_do(self):
        done = template()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("image.repository is not set: no public registry carries the agent's image", done.stderr)

    @needs(helm=HELM)
    def test_values_that_mean_nothing_are_refused_by_name(self):
        wrong = {
            "/image/repository": {"image__repository": "https://Registry/agent"},
            "/image/digest": {"image__digest": "sha256:abc"},
            "/image/pullPolicy": {"image__pullPolicy": "Sometimes"},
            "/agent/buffer/disk": {"agent__buffer__disk": "lots"},
            "/agent/buffer/hostPath": {"agent__buffer__hostPath": "relative/path"},
            "/agent/capabilities/0": {"agent__capabilities": ["CAP_BPF"]},
            "/agent/seccompProfile/localhostProfile": {"agent__seccompProfile__type": "Localhost"},
            "/agent/tolerations/0/effect": {"agent__tolerations": [{"effect": "Never"}]},
            "/agent/priorityClass/name": {"agent__priorityClass__name": "system-node-critical"},  # exists: with create it would be made
            "/agent/resources/limits/memory": {"agent__resources__limits__memory": "much"},
            "/agent/updateStrategy/maxUnavailable": {"agent__updateStrategy__maxUnavailable": "0%"},
            "/users/subjects/0": {"users__subjects": [{"kind": "Group"}]},
            "'wrong'": {"wrong": 1},
            "'privileged'": {"agent__privileged": True},
        }
        for place, values in wrong.items():
            with self.subTest(place):
                done = with_values(**values)
                self.assertNotEqual(done.returncode, 0, place + " was accepted")
                self.assertIn(place, done.stderr)

    @needs(helm=HELM)
    def test_a_namespace_that_is_to_be_made_needs_a_name(self):
        done = with_values(namespace__create=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("namespace.create needs namespace.name", done.stderr)

    @needs(helm=HELM)
    def test_a_cluster_before_the_oldest_is_refused(self):
        self.assertIn("1.20", template("--set", "image.repository=" + IMAGE, version="1.20.15").stderr)
        self.assertEqual(template("--set", "image.repository=" + IMAGE, version=NEWEST).returncode, 0)

    @needs(helm=HELM, yaml=yaml)
    def test_what_is_promised_of_the_pod(self):
        pod = pod_of(with_values().stdout)
        container = pod["containers"][0]
        security = container["securityContext"]
        self.assertFalse(security["privileged"] or security["allowPrivilegeEscalation"])
        self.assertTrue(security["readOnlyRootFilesystem"])
        self.assertEqual(security["capabilities"]["drop"], ["ALL"])
        self.assertNotIn("SYS_ADMIN", security["capabilities"]["add"])
        self.assertTrue(pod["hostPID"])
        self.assertNotIn("hostNetwork", pod)
        self.assertIn("--listen=127.0.0.1:9465", container["args"])
        self.assertEqual(container["resources"], {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"cpu": "250m", "memory": "192Mi"}})
        self.assertFalse([volume for volume in pod["volumes"] if "hostPath" in volume])
        self.assertEqual(pod["tolerations"], [{"operator": "Exists"}])

    @needs(helm=HELM, yaml=yaml)
    def test_agents_may_ask_for_token_reviews_only_beside_a_gateway(self):
        def verbs(text):
            roles = [one for one in objects(text).values() if one["kind"] == "ClusterRole"]
            return {(resource, verb) for role in roles for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
        alone, beside = verbs(with_values().stdout), verbs(with_values(gateway__enabled=True).stdout)
        self.assertTrue(all(verb in ("list", "watch") for _, verb in alone), alone)
        self.assertEqual(beside - alone, {("tokenreviews", "create")})

    @needs(helm=HELM, yaml=yaml)
    def test_tokens_are_made_for_the_own_account_alone(self):
        found = objects(with_values(gateway__enabled=True).stdout)
        makers = {name: rule["resourceNames"] for (kind, _, name), role in found.items() if kind == "Role"
                  for rule in role["rules"] if "serviceaccounts/token" in rule["resources"]}
        self.assertEqual(makers, {"binnacle-gateway": ["binnacle-gateway"], "binnacle-agent-proof": ["binnacle-agent"]})
        self.assertFalse([key for key in objects(with_values().stdout) if "gateway" in key[2] or "proof" in key[2]])

    @needs(helm=HELM, yaml=yaml)
    def test_agents_have_a_door_only_beside_a_gateway_and_for_it_alone(self):
        self.assertNotIn("--gateway-port", with_values().stdout)
        found = objects(with_values(gateway__enabled=True).stdout)
        agent = found[("DaemonSet", "binnacle", "binnacle-agent")]["spec"]["template"]["spec"]["containers"][0]
        self.assertIn("--gateway-port=9466", agent["args"])
        self.assertIn("--listen=127.0.0.1:9465", agent["args"])
        policy = found[("NetworkPolicy", "binnacle", "binnacle-gateway-to-agents")]["spec"]
        self.assertEqual(policy["ingress"], [{"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "binnacle-gateway"}}}],
                                              "ports": [{"protocol": "TCP", "port": 9466}]}])
        gateway = found[("Deployment", "binnacle", "binnacle-gateway")]["spec"]["template"]["spec"]["containers"][0]["securityContext"]
        self.assertEqual((gateway["runAsNonRoot"], gateway["readOnlyRootFilesystem"], gateway["capabilities"]), (True, True, {"drop": ["ALL"]}))

    @needs(helm=HELM, yaml=yaml)
    def test_a_gateway_opens_no_port_to_the_cluster(self):
        found = objects(with_values(gateway__enabled=True).stdout)
        self.assertIn(("Deployment", "binnacle", "binnacle-gateway"), found)
        self.assertFalse([key for key in found if key[0] in ("Service", "Ingress")])

    @needs(helm=HELM, yaml=yaml)
    def test_users_are_bound_to_their_role(self):
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "sre"}
        binding = objects(with_values(users__subjects=[subject]).stdout)[("RoleBinding", "binnacle", "binnacle-user")]
        self.assertEqual((binding["subjects"], binding["roleRef"]["name"]), ([subject], "binnacle-user"))

    @needs(helm=HELM)
    def test_a_digest_counts_more_than_a_tag(self):
        digest = "sha256:" + "a" * 64
        self.assertIn(f"image: {IMAGE}@{digest}", with_values(image__digest=digest, image__tag="x").stdout)
        self.assertIn(f"image: {IMAGE}:x", with_values(image__tag="x").stdout)

    @needs(helm=HELM, yaml=yaml)
    def test_notes_say_how_to_look_and_what_stays(self):
        # Helm renders notes only beside a cluster; as the text of an object they need none.
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(CHART, folder + "/binnacle")
            with open(CHART + "/templates/NOTES.txt", encoding="utf-8") as file:
                notes = file.read()
            with open(folder + "/binnacle/templates/notes.yaml", "w", encoding="utf-8") as file:
                file.write('{{- define "notes" -}}' + notes + '{{- end -}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\n'
                           'data: {text: {{ include "notes" . | quote }}}\n')
            done = rendered(HELM, "template", "binnacle", folder + "/binnacle", "--namespace", "watch", "--kube-version", OLDEST,
                            "--set", "image.repository=" + IMAGE, "--set", "agent.buffer.hostPath=/srv/buffer")
        text = objects(done)[("ConfigMap", "", "notes")]["data"]["text"]
        self.assertIn("binnacle --context NAME --namespace watch", text)
        self.assertIn("Uninstalling leaves the buffer in /srv/buffer", text)


if __name__ == "__main__":
    sys.exit(main())
