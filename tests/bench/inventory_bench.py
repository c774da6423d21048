#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long the map of a cluster takes before any agent answers, and what it costs.

    inventory_bench.py [--pods 100 1000 5000]

`binnacle show services` against the double of an API server, which answers with so many pods in workloads of ten, each with a Service, an
EndpointSlice, a ReplicaSet and a Deployment.  Prints for each size the time from start to the printed answer, the CPU time of binnacle in it
(getrusage), and both per 1,000 pods.  Nothing is asserted; the double answers from Python on the same machine, so its time is in the first figure.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINNACLE = os.path.join(os.environ.get("BINNACLE_BUILD", os.path.join(ROOT, "build/release")), "bin/binnacle")
DOUBLE = os.path.join(ROOT, "tests/api_double/api_double")
NODES, REPLICAS = 50, 10


def named(kind, name, namespace=None, version="v1", **more):
    metadata = {"name": name, "uid": f"{kind}-{name}".lower(), **({"namespace": namespace} if namespace else {}), **more.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def owned(kind, name, uid):
    return {"ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}]}


def workload(number, namespace):
    name, labels = f"service-{number}", {"app": f"service-{number}"}
    yield named("Deployment", name, namespace, "apps/v1", spec={"replicas": REPLICAS, "template": {"metadata": {"labels": labels}}})
    yield named("ReplicaSet", name + "-7d9c", namespace, "apps/v1", metadata=owned("Deployment", name, "d"))
    yield named("Service", name, namespace, spec={"clusterIP": f"10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}", "selector": labels, "ports": [{"port": 80}]})
    endpoints = []
    for replica in range(REPLICAS):
        serial, pod = number * REPLICAS + replica, f"{name}-7d9c-{replica:05}"
        endpoints.append({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "namespace": namespace, "name": pod, "uid": "pod-" + pod}})
        yield named("Pod", pod, namespace, metadata={"labels": {**labels, "pod-template-hash": "7d9c"}, **owned("ReplicaSet", name + "-7d9c", f"replicaset-{name}-7d9c")},
                    spec={"nodeName": f"node-{serial % NODES}", "containers": [{"name": "main", "image": "x:1"}]},
                    status={"phase": "Running", "podIP": f"10.{serial >> 16}.{serial >> 8 & 255}.{serial & 255}", "containerStatuses": [
                        {"name": "main", "ready": True, "state": {"running": {}}, "containerID": f"containerd://{serial:064x}"}]})
    yield named("EndpointSlice", name + "-x", namespace, "discovery.k8s.io/v1", addressType="IPv4", endpoints=endpoints,
                metadata={"labels": {"kubernetes.io/service-name": name}})


def cluster(pods):
    objects = [named("Namespace", "kube-system"), named("Namespace", "binnacle")]
    objects += [named("Node", f"node-{number}", status={"conditions": [{"type": "Ready", "status": "True"}]}) for number in range(NODES)]
    for number in range(pods // REPLICAS):
        objects += workload(number, f"team-{number % 20}")
    return {"objects": objects}


def measure(pods):
    with tempfile.TemporaryDirectory(prefix="binnacle-bench-") as folder:
        script = os.path.join(folder, "script.json")
        with open(script, "w", encoding="utf-8") as file:
            json.dump(cluster(pods), file)
        with subprocess.Popen([DOUBLE, "--script", script, "--state", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as double:
            kubeconfig = json.loads(double.stdout.readline())["kubeconfig"]
            before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run([BINNACLE, "show", "services", "--context", "admin-token", "--kubeconfig", kubeconfig, "--json"],
                                  capture_output=True, text=True, check=False)
            passed, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
            double.stdin.close()
        if done.returncode != 0:
            sys.exit(f"binnacle ended with {done.returncode}: {done.stderr.strip()}")
        told = sum(service["instances"] or 0 for service in json.loads(done.stdout)["services"])
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime  # of binnacle: the double has not been waited for yet
        return told, passed, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, nargs="+", default=[100, 1000, 5000])
    print(f"{'pods':>7} {'told':>7} {'to the answer':>14} {'CPU':>8} {'CPU per 1,000':>14}")
    for pods in parser.parse_args().pods:
        told, passed, cpu = measure(pods)
        print(f"{pods:>7} {told:>7} {passed:>12.2f} s {cpu:>6.2f} s {cpu * 1000 / pods:>12.2f} s")


if __name__ == "__main__":
    main()
