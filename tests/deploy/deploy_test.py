# SPDX-License-Identifier: Apache-2.0
"""What the tests of deploy/ share: the three programs that render, and a runner that says what was skipped and why."""
import glob
import os
import shutil
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = ROOT + "/deploy"
CHART = DEPLOY + "/helm/binnacle"
IMAGE = "registry.example/binnacle/agent"
VERSION = "0.1.0"
SKIPPED = 77
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))


def find_program(name, *places):
    """On the PATH, by the variable BINNACLE_HELM and the like, or where tests/cluster builds its own (`tests/cluster/cluster build`)."""
    named = os.environ.get("BINNACLE_" + name.upper())
    for place in filter(None, (named, *places)):
        if os.access(place, os.X_OK):
            return place
    return shutil.which(name)


HELM = find_program("helm", *glob.glob(CACHE + "/binnacle-cluster/programs-*/helm"))
KUBECTL = find_program("kubectl")
BINNACLE = find_program("binnacle", os.environ.get("BINNACLE_BUILD", ROOT + "/build/release") + "/bin/binnacle")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(*command):
    done = run(*command)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def objects(text):
    """{(kind, namespace, name): object}; two of one name would be a mistake that a dictionary hides."""
    found = [one for one in yaml.safe_load_all(text) if one]
    named = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found), "an object is there twice"
    return named


def needs(**programs):
    """Skips, by name, what this machine cannot run."""
    missing = [name for name, path in programs.items() if not path]
    return unittest.skipIf(missing, "not on this machine: " + ", ".join(missing))


def main():
    """One test, as ctest calls it: 0, 1, or 77 when it was skipped."""
    suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"]) if sys.argv[1:] \
        else unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print(f"SKIPPED {test.id()}: {reason}")
    if not result.wasSuccessful():
        return 1
    return SKIPPED if result.skipped and len(result.skipped) == result.testsRun else 0
