#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""expected_beside_seen.py EXPECTED SENT SEEN: the lab's exact list, what the generator sent, and what was observed, side by side.

Exit 1 when they differ.
"""
import json
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows(expected, sent, seen):
    nodes = {node["id"]: node for node in seen["nodes"]}
    for node in expected["nodes"]:
        if node["instances"] is not None:
            found = nodes.get(node["id"], {}).get("instances_max")
            yield f"{node['id']}, instances", node["instances"], found
    lab = {node["id"] for node in expected["nodes"]}
    edges = {(edge["from"], edge["to"], edge["port"]): edge for edge in seen["edges"]}
    for edge in expected["edges"]:
        found = edges.pop((edge["from"], edge["to"], edge["port"]), None)
        yield f"{edge['from']} -> {edge['to']}:{edge['port']}", edge["protocol"], found and found["protocol"]
        if edge["from"] == "process:loadgen":
            yield "   requests sent", sent["completed"], found and found["requests"]
            for status, count in sorted(sent["statuses"].items()):
                yield f"   answered {status}", count, found and found["statuses"].get(status)
    for key in edges:
        if key[0] in lab and key[1] in lab:
            yield f"{key[0]} -> {key[1]}:{key[2]}", "no such edge", "seen"


def main():
    expected, sent, seen = (load(path) for path in sys.argv[1:4])
    wrong = 0
    print(f"{'':<46}{'EXPECTED':>14}{'SEEN':>14}")
    for what, wanted, found in rows(expected, sent, seen):
        wrong += wanted != found
        print(f"{what:<46}{str(wanted):>14}{'nothing' if found is None else str(found):>14}{'' if wanted == found else '   <- differs'}")
    print("Everything as expected." if not wrong else f"{wrong} lines differ.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
