#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/dependencies.sh, with an apt of its own: nothing is installed."""
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools/dependencies.sh"

# Like ./run: it holds something that must be put away at the end, and installs along the way.
CALLER = f"""
set -euo pipefail
. {SCRIPT}
packages_build=binnacle-no-such-package
as_root() {{ case $1 in sh) echo "root: $1" ;; *) "$@" ;; esac; }}
trap 'echo put away' EXIT
"""


class Dependencies(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def stub(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def call(self, script):
        environment = dict(os.environ, PATH=f"{self.folder.name}:{os.environ['PATH']}")
        return subprocess.run(["bash", "-c", CALLER + script], capture_output=True, text=True, env=environment, timeout=30)

    def test_caller_keeps_its_traps_when_packages_were_installed(self):
        self.stub("apt-get", "exit 0")
        done = self.call("can_be_root() { :; }\nensure_packages build\necho installed")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Daemons are held back before and let go after; then the caller goes on, and its own trap is the last word.
        self.assertEqual(done.stdout.splitlines()[1:], ["root: sh", "root: sh", "installed", "put away"])

    def test_daemons_are_let_go_when_apt_fails(self):
        self.stub("apt-get", "exit 100")
        done = self.call("can_be_root() { :; }\nensure_packages build || echo failed")
        self.assertEqual(done.stdout.splitlines()[1:], ["root: sh", "root: sh", "failed", "put away"])
        self.assertIn("apt could not install everything", done.stderr)

    def test_without_root_it_says_what_root_has_to_run(self):
        self.stub("apt-get", "echo must not be called")
        done = self.call("can_be_root() { false; }\nensure_packages build")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"    {SCRIPT} build\n", done.stderr)
        self.assertEqual(done.stdout.splitlines(), ["Missing, to be installed with apt: binnacle-no-such-package", "put away"])


if __name__ == "__main__":
    unittest.main()
