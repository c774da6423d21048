#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a real kubectl what it makes of each kubeconfig here, and writes golden.json.

A case is a file of written/ or generated/, or a folder of files that KUBECONFIG names in their order.  For each: what `kubectl config view --raw -o json`
prints, whole (`view`) and with --minify (`minified`), or its error (`viewError`, `minifiedError`).  Paths under this folder are written as @CORPUS@.

The kubectl of Google's SDK is a dispatcher that first asks the cluster for its version, running the exec plugins of these files: a real one is taken.
"""
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def kubectl_program():
    """The kubectl in PATH, or the newest that lies beside it when it is a dispatcher; None where there is none."""
    found = shutil.which("kubectl")
    if not found:
        return None
    beside = glob.glob(os.path.join(os.path.dirname(os.path.realpath(found)), "kubectl.1.*"))
    return max(beside, key=lambda name: int(name.rsplit(".", 1)[1])) if beside else found


def cases():
    for kind in ("written", "generated"):
        for name in sorted(os.listdir(os.path.join(HERE, kind))):
            path = os.path.join(HERE, kind, name)
            files = [path]
            if os.path.isdir(path):
                files = sorted(os.path.join(folder, file) for folder, _, inside in os.walk(path) for file in inside)
            yield f"{kind}/{name}", files


def ask(kubectl, files, *options):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": ":".join(files)}
    done = subprocess.run([kubectl, "config", "view", "--raw", *options, "-o", "json"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout.replace(HERE, "@CORPUS@")), None
    return None, done.stderr.replace(HERE, "@CORPUS@").strip()


def main():
    kubectl = kubectl_program()
    if not kubectl:
        print("There is no kubectl in PATH: install one, it alone can say what is right.", file=sys.stderr)
        return 1
    version = subprocess.run([kubectl, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True)
    golden = {"kubectl": json.loads(version.stdout)["clientVersion"]["gitVersion"], "cases": {}}
    for name, files in cases():
        view, view_error = ask(kubectl, files)
        minified, minified_error = ask(kubectl, files, "--minify")
        case = {"files": [os.path.relpath(file, HERE) for file in files], "view": view, "viewError": view_error, "minified": minified,
                "minifiedError": minified_error}
        golden["cases"][name] = {key: value for key, value in case.items() if value is not None}
    with open(os.path.join(HERE, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, indent=1, ensure_ascii=True, sort_keys=True)
        file.write("\n")
    refused = sum("viewError" in case for case in golden["cases"].values())
    print(f"{len(golden['cases'])} cases, {refused} refused by kubectl {golden['kubectl']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
