# SPDX-License-Identifier: Apache-2.0
"""Watches: what each fault looks like on the wire, and that nothing is lost or sent twice without one."""
import json
import ssl

from double_test import PODS, DoubleTest, main, wait_for


def pod(name, labels=None, note=""):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}, "annotations": {"note": note}},
            "spec": {"nodeName": "node-1", "containers": []}}


class Watches(DoubleTest):
    SCRIPT = {"objects": [pod("first", {"app": "a"})]}

    def watch(self, query="", headers=()):
        """(status, headers, connection) of a watch on pods; the connection closes with the test."""
        connection = self.double.access().connect()
        self.addCleanup(connection.close)
        status, answered = connection.ask("GET", f"{PODS}?watch=true{query}", headers)
        return status, answered, connection

    def version(self):
        return json.loads(self.get(PODS).body)["metadata"]["resourceVersion"]

    def lines(self, query="", headers=()):
        status, _, connection = self.watch(query, headers)
        self.assertEqual(status, 200)
        return connection.watch_lines()

    def take(self, lines, count):
        return [(event["type"], event["object"]["metadata"].get("name", "")) for _, event in zip(range(count), lines)]

    def order(self, **what):
        wait_for(lambda: self.double.control("GET", "/state")["watches"], "the watch to be open")
        self.double.control("POST", "/watches", what)

    def test_events_in_order_from_a_version(self):
        lines = self.lines("&resourceVersion=" + self.version())
        self.double.put(pod("second"))
        self.double.put(pod("second", {"app": "b"}))
        self.double.control("POST", "/object", {"action": "delete", "object": pod("first")})
        self.assertEqual(self.take(lines, 3), [("ADDED", "second"), ("MODIFIED", "second"), ("DELETED", "first")])

    def test_without_a_version_the_state_comes_first(self):
        self.assertEqual(self.take(self.lines(), 1), [("ADDED", "first")])
        self.assertEqual(self.take(self.lines("&resourceVersion=0"), 1), [("ADDED", "first")])

    def test_history_is_replayed_after_a_break(self):
        version = self.version()
        self.double.put(pod("second"))
        self.double.put(pod("third"))
        self.assertEqual(self.take(self.lines("&resourceVersion=" + version), 2), [("ADDED", "second"), ("ADDED", "third")])

    def test_a_version_to_come_is_waited_for(self):
        lines = self.lines(f"&resourceVersion={int(self.version()) + 1}")
        self.double.put(pod("second"))
        self.double.put(pod("third"))
        self.assertEqual(self.take(lines, 1), [("ADDED", "third")])

    def test_leaving_a_selector_is_a_deletion(self):
        lines = self.lines("&labelSelector=app%3Da&resourceVersion=" + self.version())
        self.double.put(pod("first", {"app": "b"}))
        now = self.double.put(pod("first", {"app": "a"}))["metadata"]["resourceVersion"]
        first, second = next(lines), next(lines)
        self.assertEqual((first["type"], first["object"]["metadata"]["labels"]), ("DELETED", {"app": "a"}))
        self.assertEqual(int(first["object"]["metadata"]["resourceVersion"]), int(now) - 1)
        self.assertEqual(second["type"], "ADDED")

    def test_metadata_only(self):
        event = next(self.lines(headers=[("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")]))
        self.assertEqual((event["object"]["kind"], set(event["object"])), ("PartialObjectMetadata", {"kind", "apiVersion", "metadata"}))

    def test_expired_version_is_an_event(self):
        version = self.version()
        self.double.control("POST", "/expire", {})
        status, _, connection = self.watch("&resourceVersion=" + version)
        events = list(connection.watch_lines())
        self.assertEqual((status, [event["type"] for event in events]), (200, ["ERROR"]))
        self.assertEqual((events[0]["object"]["code"], events[0]["object"]["reason"]), (410, "Expired"))
        self.assertEqual(self.take(self.lines("&resourceVersion=0"), 1), [("ADDED", "first")])

    def test_open_watches_can_be_expired(self):
        lines = self.lines("&resourceVersion=" + self.version())
        wait_for(lambda: self.double.control("GET", "/state")["watches"], "the watch to be open")
        self.double.control("POST", "/expire", {"watches": True})
        self.assertEqual([event["object"]["code"] for event in lines], [410])

    def test_bookmarks_only_when_asked(self):
        self.double.script({"watch": {"bookmark_seconds": 0.05}})
        event = next(self.lines("&allowWatchBookmarks=true&resourceVersion=" + self.version()))
        self.assertEqual((event["type"], set(event["object"]["metadata"])), ("BOOKMARK", {"resourceVersion"}))
        self.assertEqual(event["object"]["spec"], {"containers": None})
        self.assertEqual(list(self.lines("&timeoutSeconds=1&resourceVersion=" + self.version())), [])

    def test_initial_events(self):
        query = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        lines = self.lines(query)
        added, end = next(lines), next(lines)
        self.assertEqual((added["type"], end["type"]), ("ADDED", "BOOKMARK"))
        self.assertEqual(end["object"]["metadata"]["annotations"], {"k8s.io/initial-events-end": "true"})
        for version, code in (("1.31", 422), ("1.32", 200), ("1.33", 422), ("1.34", 200)):
            self.double.script({"server_version": version})
            self.assertEqual(self.watch(query)[0], code, version)
        self.assertEqual(self.watch("&sendInitialEvents=true")[0], 422)

    def test_timeout_ends_cleanly_and_the_connection_lives(self):
        _, _, connection = self.watch("&timeoutSeconds=1&resourceVersion=" + self.version())
        self.assertEqual(list(connection.watch_lines()), [])
        self.assertEqual(connection.request("GET", "/version").status, 200)

    def chunks_of(self, watch, count):
        """The first chunks of a watch whose object has letters of two and four bytes."""
        self.double.put(pod("long", note="Ärger mit 🐝" * 3))
        self.double.script({"watch": watch})
        chunks = self.watch("&fieldSelector=metadata.name%3Dlong")[2].chunks()
        return [chunk for _, chunk in zip(range(count), chunks)]

    def test_chunks_end_inside_letters(self):
        with self.assertRaises(UnicodeDecodeError):
            self.chunks_of({"chunk": "utf8"}, 1)[0].decode()

    def test_chunks_of_a_size(self):
        self.assertEqual([len(chunk) for chunk in self.chunks_of({"chunk": 7}, 10)], [7] * 10)
        events = self.lines("&fieldSelector=metadata.name%3Dlong")
        self.assertEqual(next(events)["object"]["metadata"]["annotations"]["note"], "Ärger mit 🐝" * 3)

    def test_many_events_in_one_chunk(self):
        self.double.script({"watch": {"events_per_chunk": 3}})
        chunks = self.watch("&resourceVersion=" + self.version())[2].chunks()
        for name in ("a", "b", "c"):
            self.double.put(pod(name))
        self.assertEqual(next(chunks).count(b"\n"), 3)

    def test_held_back_events_can_be_flushed(self):
        self.double.script({"watch": {"events_per_chunk": 100}})
        lines = self.lines("&resourceVersion=" + self.version())
        self.double.put(pod("a"))
        wait_for(lambda: any(watch["events_sent"] for watch in self.double.control("GET", "/state")["watches"]), "the event to be held")
        self.order(do="flush")
        self.assertEqual(self.take(lines, 1), [("ADDED", "a")])

    def test_stall_loses_nothing(self):
        lines = self.lines("&resourceVersion=" + self.version())
        self.double.control("POST", "/stall")
        self.double.put(pod("a"))
        self.assertEqual(self.double.control("GET", "/state")["watches"][0]["events_sent"], 0)
        self.double.control("POST", "/resume")
        self.assertEqual(self.take(lines, 1), [("ADDED", "a")])

    def test_scripted_ends(self):
        for fault, ending in (({"do": "end"}, None), ({"do": "eof"}, (EOFError, ssl.SSLError, ConnectionError)),
                              ({"do": "reset"}, (EOFError, ssl.SSLError, ConnectionError)),
                              ({"do": "half_line"}, (EOFError, ssl.SSLError, ConnectionError)),
                              ({"do": "half_line", "then": "end"}, EOFError),
                              ({"do": "broken_chunk"}, (EOFError, ssl.SSLError, ConnectionError)),
                              ({"do": "raw", "text": "no JSON\n"}, ValueError)):
            with self.subTest(fault):
                self.double.script({"watch": {"faults": [fault | {"resource": "pods", "times": 1, "after_events": 1}]}})
                lines = self.lines()
                self.assertEqual(next(lines)["type"], "ADDED")
                if ending:
                    with self.assertRaises(ending):
                        next(lines)
                else:
                    self.assertEqual(list(lines), [])
                self.assertEqual(self.take(self.lines(), 1), [("ADDED", "first")])

    def test_orders_while_open(self):
        lines = self.lines("&resourceVersion=" + self.version())
        self.order(do="bookmark")
        self.assertEqual(next(lines)["type"], "BOOKMARK")
        self.order(do="error", object={"kind": "Status", "code": 500, "metadata": {}})
        self.assertEqual([event["object"]["code"] for event in lines], [500])

    def test_cut_from_outside(self):
        lines = self.lines("&resourceVersion=" + self.version())
        wait_for(lambda: self.double.control("GET", "/state")["watches"], "the watch to be open")
        self.assertEqual(self.double.control("POST", "/cut", {"what": "watches"}), {"cut": 1})
        with self.assertRaises((EOFError, ssl.SSLError, ConnectionError)):
            next(lines)
        wait_for(lambda: not self.double.control("GET", "/state")["watches"], "the watch to be gone")


if __name__ == "__main__":
    main()
