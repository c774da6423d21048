# SPDX-License-Identifier: Apache-2.0
"""Who asks and whether they may: certificates, tokens, impersonation, the table of rules, and the sentences of refusals."""
import json

from client import Access
from double_test import FORWARD, PODS, DoubleTest, main


class Authentication(DoubleTest):
    def whoami(self, access, headers=()):
        given = [("Content-Type", "application/json"), *headers]
        answer = access.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", given, b"{}")
        self.assertEqual(answer.status, 201, answer.body)
        return json.loads(answer.body)["status"]["userInfo"]

    def test_certificate_gives_name_and_groups(self):
        self.assertEqual(self.whoami(self.double.access(None, "viewer")),
                         {"username": "viewer", "groups": ["viewers", "readers", "system:authenticated"]})

    def test_certificate_wins_over_token(self):
        self.assertEqual(self.whoami(self.double.access("admin-token", "viewer"))["username"], "viewer")
        self.assertEqual(self.whoami(self.double.access("no-such-token", "viewer"))["username"], "viewer")

    def test_worthless_certificates(self):
        for name in ("foreign", "expired"):
            with self.subTest(name):
                self.status(self.double.access(None, name).request("GET", PODS), 401, "Unauthorized", "Unauthorized")
                self.assertEqual(self.double.access("admin-token", name).request("GET", PODS).status, 200)

    def test_bad_token_and_no_token(self):
        answer = self.get(PODS, "no-such-token")
        self.status(answer, 401, "Unauthorized", "Unauthorized")
        self.assertNotIn("www-authenticate", answer.headers)
        self.status(self.get(PODS, None), 403, 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" '
                    'in the namespace "default"', "Forbidden")
        self.double.script({"authentication": {"anonymous": False}})
        self.status(self.get(PODS, None), 401)

    def test_basic_is_anonymous(self):
        self.status(self.get(PODS, None, [("Authorization", "Basic YWRtaW46YWRtaW4=")]), 403)

    def test_unauthorized_after(self):
        self.double.script({"authentication": {"unauthorized_after": 2}})
        self.assertEqual([self.get(PODS).status for _ in range(4)], [200, 200, 401, 401])
        self.double.script({"authentication": {"unauthorized_after": None}})
        self.assertEqual(self.get(PODS).status, 200)

    def test_tokens_wear_out_change_and_go(self):
        self.double.script({"authentication": {"tokens": {"fresh": {"user": "admin", "groups": ["system:masters"], "uses": 1}}}})
        self.assertEqual([self.get(PODS, "fresh").status for _ in range(2)], [200, 401])
        self.double.script({"authentication": {"tokens": {"old": {"user": "admin", "expires": 1}, "admin-token": None}}})
        self.assertEqual([self.get(PODS, token).status for token in ("old", "admin-token")], [401, 401])

    def test_impersonation(self):
        headers = [("Impersonate-User", "jane"), ("Impersonate-Group", "dev"), ("Impersonate-Group", "ops"), ("Impersonate-Uid", "7"),
                   ("Impersonate-Extra-Example.com%2FReason", "night"), ("Impersonate-Extra-example.com%2freason", "shift")]
        self.assertEqual(self.whoami(self.double.access(), headers), {
            "username": "jane", "groups": ["dev", "ops", "system:authenticated"], "uid": "7", "extra": {"example.com/reason": ["night", "shift"]}})

    def test_impersonation_refused(self):
        self.status(self.get(PODS, "viewer-token", [("Impersonate-User", "jane")]), 403,
                    'users "jane" is forbidden: User "viewer" cannot impersonate resource "users" in API group "" at the cluster scope')
        answer = self.get(PODS, "admin-token", [("Impersonate-Group", "dev")])
        self.assertEqual(answer.status, 500)
        self.assertIn(b"without impersonating a user", answer.body)


class Authorization(DoubleTest):
    def test_sentences(self):
        for target, sentence in (
                ("/api/v1/namespaces/kube-system/pods?watch=1", 'pods is forbidden: User "nobody" cannot watch resource "pods" in API '
                 'group "" in the namespace "kube-system"'),
                ("/api/v1/pods", 'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope'),
                (PODS + "/web", 'pods "web" is forbidden: User "nobody" cannot get resource "pods" in API group "" in the namespace "default"'),
                ("/apis/apps/v1/namespaces/default/deployments/x", 'deployments.apps "x" is forbidden: User "nobody" cannot get resource '
                 '"deployments" in API group "apps" in the namespace "default"'),
                ("/metrics", 'forbidden: User "nobody" cannot get path "/metrics"')):
            with self.subTest(target):
                self.status(self.get(target, "nobody-token"), 403, sentence, "Forbidden")

    def test_status_keys_in_the_servers_order_on_one_line(self):
        body = self.get(PODS + "/web", "nobody-token").body
        self.assertEqual(list(json.loads(body)), ["kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code"])
        self.assertEqual((body.count(b"\n"), body[-1:]), (1, b"\n"))

    def test_access_review(self):
        def allowed(token, **attributes):
            body = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": {"resourceAttributes": attributes}}
            answer = self.double.access(token).request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                                                       [("Content-Type", "application/json")], json.dumps(body).encode())
            self.assertEqual(answer.status, 201)
            return json.loads(answer.body)["status"]["allowed"]
        self.assertTrue(allowed("viewer-token", verb="list", resource="pods", namespace="default"))
        self.assertFalse(allowed("viewer-token", verb="create", resource="pods", subresource="portforward", namespace="default"))
        self.assertTrue(allowed("admin-token", verb="create", resource="pods", subresource="portforward", namespace="default"))

    def test_rbac_objects_count(self):
        self.status(self.get("/api/v1/namespaces/binnacle/pods", "nobody-token"), 403)
        head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "r", "namespace": "binnacle"}}
        self.double.put(head | {"kind": "Role", "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]})
        self.double.put(head | {"kind": "RoleBinding", "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "nobody"}]})
        self.assertEqual(self.get("/api/v1/namespaces/binnacle/pods", "nobody-token").status, 200)
        self.status(self.get(PODS, "nobody-token"), 403)

    def test_open_to_all(self):
        for path in ("/version", "/healthz", "/livez", "/readyz"):
            self.assertEqual(self.get(path, None).status, 200, path)


SPDY = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]


class PortForwardMatrix(DoubleTest):
    """The RBAC matrix of pods/portforward, by verbs of the role and version of the server."""

    def outcome(self, verbs, version):
        rule = {"users": ["nobody"], "verbs": verbs, "resources": ["pods/portforward"], "namespaces": ["default"]}
        self.double.script({"server_version": version, "authorization": {"rules": [rule]}})
        with self.double.access("nobody-token").connect() as connection:
            websocket = connection.upgrade(FORWARD + "?ports=8080", ["v4.channel.k8s.io"])
            message = json.loads(connection.file.read(int(websocket[1]["content-length"])))["message"] if websocket[0] == 403 else ""
        with self.double.access("nobody-token").connect() as connection:
            spdy = connection.ask("POST", FORWARD, SPDY)
        return websocket[0], spdy[0], message

    def test_matrix(self):
        cannot = 'User "nobody" cannot get resource "pods/portforward" in API group "" in the namespace "default"'
        for verbs, version, expected in (
                (["get"], "1.34", (101, 403, "")), (["get"], "1.35", (403, 403, 'pods "web" is forbidden: ')),
                (["create"], "1.34", (403, 101, f'pods "web" is forbidden: {cannot}')),
                (["create"], "1.36", (403, 101, f'pods "web" is forbidden: {cannot}')),
                (["get", "create"], "1.31", (101, 101, "")), (["get", "create"], "1.36", (101, 101, ""))):
            with self.subTest(verbs=verbs, version=version):
                self.assertEqual(self.outcome(verbs, version), expected)

    def test_gate_overrules_the_version(self):
        self.double.script({"gates": {"AuthorizePodWebsocketUpgradeCreatePermission": False}})
        self.assertEqual(self.outcome(["get"], "1.36")[0], 101)


class Prefix(DoubleTest):
    SCRIPT = {"path_prefix": "/k8s/clusters/c-1"}

    def test_path_prefix(self):
        self.assertTrue(self.double.url.endswith("/k8s/clusters/c-1"))
        self.assertEqual(self.get("/version").status, 200)
        bare = Access(self.double.url.removesuffix("/k8s/clusters/c-1"), self.double.ca_file)
        self.assertEqual(bare.request("GET", "/version").status, 404)



class ServiceAccountTokenTest(DoubleTest):
    ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"}}

    def ask(self, target, document):
        return self.double.access("admin-token").request("POST", target, [("Content-Type", "application/json")], json.dumps(document).encode())

    def token(self, *audiences):
        answer = self.ask("/api/v1/namespaces/default/serviceaccounts/robot/token",
                          {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": audiences}})
        self.assertEqual(answer.status, 201, answer.body)
        return json.loads(answer.body)["status"]["token"]

    def review(self, token, *audiences):
        answer = self.ask("/apis/authentication.k8s.io/v1/tokenreviews",
                          {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token, "audiences": audiences}})
        self.assertEqual(answer.status, 201, answer.body)
        return json.loads(answer.body)["status"]

    def test_a_token_is_good_for_its_audience_alone_and_for_its_time(self):
        self.double.put(self.ACCOUNT)
        token = self.token("here")
        good = self.review(token, "here", "there")
        self.assertEqual((good["authenticated"], good["audiences"], good["user"]["username"]), (True, ["here"], "system:serviceaccount:default:robot"))
        self.assertIn("is invalid for the target audiences", self.review(token, "there")["error"])
        self.assertNotIn("authenticated", self.review("made-up", "here"))
        self.double.control("POST", "/tokens/expire", {})
        self.assertIn("expired", self.review(token, "here")["error"])
        self.status(self.ask("/api/v1/namespaces/default/serviceaccounts/nobody/token", {"spec": {}}), 404, 'serviceaccounts "nobody" not found')


if __name__ == "__main__":
    main()
