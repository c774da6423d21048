#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads `binnacle show map --json` on stdin and says in sentences what a person should look at first.

With --quiet: prints nothing; exit 0 when fewer than ten exchanges were seen in ten seconds.
"""
import json
import sys


def sentences(document):
    names = {node["id"]: node["name"] for node in document["nodes"]}
    for node in document["nodes"]:
        if node["health"] in ("warning", "critical"):
            yield f"{node['name']} is {node['health']}: {'; '.join(node['health_reasons']) or 'no reason given'}"
        if node["instances"] == 0 and any(edge["to"] == node["id"] for edge in document["edges"]):
            yield f"{node['name']} has no running instance"
    for edge in document["edges"]:
        road = f"{names.get(edge['from'], edge['from'])} -> {names.get(edge['to'], edge['to'])}:{edge['port']} ({edge['protocol']})"
        if edge["failed_connects"]:
            yield f"{road}: {edge['failed_connects']} connections failed"
        if edge["requests"] and edge["errors"]:
            yield f"{road}: {edge['errors']} of {edge['requests']} requests failed"
        if edge["in_flight"] and (edge["oldest_in_flight_ns"] or 0) > 5e9:
            yield f"{road}: {edge['in_flight']} unfinished, the oldest for {edge['oldest_in_flight_ns'] / 1e9:.0f} s"
    slow = [edge for edge in document["edges"] if edge["latency"]]
    if slow:
        worst = max(slow, key=lambda edge: edge["latency"]["p99_ns"])
        yield (f"slowest: {names.get(worst['from'], worst['from'])} -> {names.get(worst['to'], worst['to'])}, "
               f"p99 {worst['latency']['p99_ns'] / 1e6:.1f} ms over {worst['requests']} requests")
    for loss in document["losses"]:
        yield f"lost: {loss['count']} {loss['unit']} at {loss['place']} ({loss['reason']}). {loss['advice']}"


def is_quiet(document):
    seconds = max(1.0, (document["to_ns"] - document["from_ns"]) / 1e9)
    return sum(edge["requests"] or 0 for edge in document["edges"]) / seconds < 1.0


def main():
    document = json.load(sys.stdin)
    if "--quiet" in sys.argv[1:]:
        return 0 if is_quiet(document) else 1
    lines = list(sentences(document))
    print("\n".join("- " + line for line in lines) if lines else "Nothing: every edge is healthy and nothing was lost.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
