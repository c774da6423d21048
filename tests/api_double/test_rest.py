# SPDX-License-Identifier: Apache-2.0
"""Lists, pages, selectors, forms, server-side apply, and scripted answers."""
import gzip
import json

from double_test import PODS, DoubleTest, main

JSON = [("Content-Type", "application/json")]


def pod(name, labels=None, node="node-1", **more):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}, **more},
            "spec": {"nodeName": node, "containers": []}}


class Lists(DoubleTest):
    SCRIPT = {"objects": [pod(f"p{number}", {"odd": str(number % 2), "n": str(number)}, f"node-{number % 3}") for number in range(7)]}

    def names(self, query, headers=()):
        answer = self.get(PODS + query, headers=headers)
        self.assertEqual(answer.status, 200, answer.body)
        return [item["metadata"]["name"] for item in json.loads(answer.body)["items"]]

    def test_selectors(self):
        for query, expected in (
                ("?labelSelector=odd%3D1", ["p1", "p3", "p5"]), ("?labelSelector=odd!%3D1,n!%3D0", ["p2", "p4", "p6"]),
                ("?labelSelector=n+in+(1,2),odd", ["p1", "p2"]), ("?labelSelector=n+notin+(1,2,3,4,5)", ["p0", "p6"]),
                ("?labelSelector=!odd", []), ("?fieldSelector=metadata.name%3Dp4", ["p4"]),
                ("?fieldSelector=spec.nodeName%3Dnode-1,metadata.name!%3Dp1", ["p4"])):
            with self.subTest(query):
                self.assertEqual(self.names(query), expected)
        self.status(self.get(PODS + "?fieldSelector=spec.color%3Dred"), 400)

    def test_pages_are_one_moment(self):
        first = json.loads(self.get(PODS + "?limit=3").body)
        self.assertEqual(first["metadata"]["remainingItemCount"], 4)
        self.double.put(pod("p1b"))
        self.double.control("POST", "/object", {"action": "delete", "object": pod("p4")})
        rest = json.loads(self.get(f"{PODS}?limit=10&continue={first['metadata']['continue']}").body)
        self.assertEqual([item["metadata"]["name"] for item in rest["items"]], ["p3", "p4", "p5", "p6"])
        self.assertEqual(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"])
        self.assertNotIn("continue", rest["metadata"])

    def test_expired_page_has_a_fresh_token(self):
        first = json.loads(self.get(PODS + "?limit=3").body)
        self.double.control("POST", "/expire", {})
        self.double.control("POST", "/object", {"action": "delete", "object": pod("p4")})
        gone = self.status(self.get(f"{PODS}?limit=10&continue={first['metadata']['continue']}"), 410, reason="Expired")
        self.assertEqual(self.names(f"?continue={gone['metadata']['continue']}"), ["p3", "p5", "p6"])
        self.status(self.get(PODS + "?continue=nonsense"), 400)

    def test_metadata_only(self):
        accept = [("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json")]
        document = json.loads(self.get(PODS + "?limit=1", headers=accept).body)
        self.assertEqual((document["kind"], document["apiVersion"]), ("PartialObjectMetadataList", "meta.k8s.io/v1"))
        self.assertEqual(set(document["items"][0]), {"kind", "apiVersion", "metadata"})
        self.status(self.get(PODS, headers=[("Accept", "text/html")]), 406, reason="NotAcceptable")

    def test_versions_out_of_reach(self):
        future = self.get(PODS + "?resourceVersion=999999999")
        document = self.status(future, 504, reason="Timeout")
        self.assertEqual(document["details"]["causes"][0]["reason"], "ResourceVersionTooLarge")
        self.assertEqual(future.headers["retry-after"], "1")
        self.status(self.get(PODS + "?resourceVersion=abc"), 400)
        self.status(self.get(PODS + "?watch=1&resourceVersion=abc"), 500)

    def test_big_lists_are_compressed_only_when_asked(self):
        self.double.put(pod("z-big", note="x" * 200_000))
        plain = self.get(PODS)
        self.assertNotIn("content-encoding", plain.headers)
        self.assertEqual((plain.headers["transfer-encoding"], "content-length" in plain.headers), ("chunked", False))
        packed = self.get(PODS, headers=[("Accept-Encoding", "gzip")])
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        small = self.get(PODS + "?limit=1", headers=[("Accept-Encoding", "gzip")])
        self.assertNotIn("content-encoding", small.headers)

    def test_missing_things(self):
        self.status(self.get(PODS + "/none"), 404, 'pods "none" not found', "NotFound")
        self.status(self.get("/apis/apps/v1/namespaces/default/deployments/x"), 404, 'deployments.apps "x" not found')
        self.status(self.get("/api/v1/namespaces/default/things"), 404, "the server could not find the requested resource")
        self.assertEqual(self.get("/apis/nope/v1/things").body, b"404 page not found\n")


class Apply(DoubleTest):
    def apply(self, document, path, query="?fieldManager=installer&force=true"):
        return self.double.access().request("PATCH", path + query, [("Content-Type", "application/apply-patch+yaml")], json.dumps(document).encode())

    def test_apply_creates_then_replaces(self):
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "binnacle"}, "data": {"a": "1"}}
        path = "/api/v1/namespaces/binnacle/configmaps/c"
        first = self.apply(config, path)
        self.assertEqual(first.status, 201, first.body)
        second = self.apply(config | {"data": {"a": "2"}}, path)
        self.assertEqual((second.status, json.loads(second.body)["data"]), (200, {"a": "2"}))
        self.assertEqual(json.loads(first.body)["metadata"]["uid"], json.loads(second.body)["metadata"]["uid"])

    def test_dry_run_stores_nothing(self):
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "binnacle"}}
        path = "/api/v1/namespaces/binnacle/configmaps/c"
        self.assertEqual(self.apply(config, path, "?fieldManager=installer&dryRun=All").status, 201)
        self.status(self.get(path), 404)

    def test_apply_refused(self):
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "binnacle"}}
        self.status(self.apply(config, "/api/v1/namespaces/binnacle/configmaps/c", "?force=true"), 422, reason="Invalid")
        self.status(self.apply(config, "/api/v1/namespaces/binnacle/configmaps/other"), 400)
        self.status(self.apply(config | {"metadata": {"name": "c", "namespace": "none"}}, "/api/v1/namespaces/none/configmaps/c"), 404,
                    'namespaces "none" not found')

    def test_create_update_delete(self):
        path = "/api/v1/namespaces/binnacle/configmaps"
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
        created = self.double.access().request("POST", path, JSON, json.dumps(config).encode())
        self.assertEqual(created.status, 201)
        self.status(self.double.access().request("POST", path, JSON, json.dumps(config).encode()), 409, reason="AlreadyExists")
        stale = {**config, "metadata": {"name": "c", "resourceVersion": "1"}}
        self.status(self.double.access().request("PUT", path + "/c", JSON, json.dumps(stale).encode()), 409, reason="Conflict")
        self.assertEqual(self.double.access().request("DELETE", path + "/c").status, 200)
        self.status(self.get(path + "/c"), 404)


class ScriptedAnswers(DoubleTest):
    def test_retry_after_then_well(self):
        self.double.script({"responses": [{"match": {"method": "GET", "path": PODS}, "skip": 1, "times": 2, "status": 429,
                                           "headers": {"Retry-After": "3"}, "status_object": {"kind": "Status", "code": 429}}]})
        answers = [self.get(PODS) for _ in range(4)]
        self.assertEqual([answer.status for answer in answers], [200, 429, 429, 200])
        self.assertEqual(answers[1].headers["retry-after"], "3")
        self.assertEqual(self.get("/version").status, 200)

    def test_cut_and_short_and_raw(self):
        self.double.script({"responses": [{"match": {"path": "/version"}, "cut": "eof"}]})
        with self.assertRaises((EOFError, OSError)):
            self.get("/version")
        self.double.script({"responses": [{"match": {"pattern": "^/ver"}, "status": 200, "body": "0123456789", "cut_body_after": 4}]})
        with self.double.access().connect() as connection:
            self.assertEqual(connection.ask("GET", "/version")[1]["content-length"], "10")
            self.assertEqual(connection.file.read(4), b"0123")
        self.double.script({"responses": [{"match": {"path": "/version"}, "raw": "SSH-2.0-nothing\r\n"}]})
        with self.double.access().connect() as connection:
            connection.send(b"GET /version HTTP/1.1\r\n\r\n")
            self.assertEqual(connection.file.readline(), b"SSH-2.0-nothing\r\n")

    def test_unknown_key_is_refused(self):
        with self.assertRaisesRegex(AssertionError, "no key tsl"):
            self.double.script({"tsl": {}})

    def test_log_keeps_repeated_headers_apart(self):
        self.get(PODS, headers=[("X-Twice", "a"), ("X-Twice", "b")])
        entry = self.double.log("request")[-1]
        self.assertEqual([value for name, value in entry["headers"] if name == "X-Twice"], ["a", "b"])
        self.assertEqual((entry["user"], entry["status"]), ("admin", 200))


if __name__ == "__main__":
    main()
