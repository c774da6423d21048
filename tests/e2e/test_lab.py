# SPDX-License-Identifier: Apache-2.0
"""The lab itself: what it makes it removes, also after a kill; and it touches nothing that it did not make."""
import glob
import os
import shutil
import subprocess
import time
import unittest

from binnacle_test import LAB, lab, load, main, run


def traces():
    """Everything that a lab could leave behind."""
    name = os.environ.get("BINNACLE_LAB_NAME", "binnacle-lab")
    return sorted(glob.glob(f"/run/netns/{name}-*") + glob.glob(f"/sys/fs/cgroup/*/{name}") + glob.glob(f"/sys/fs/cgroup/{name}") + glob.glob(f"/run/{name}"))


class BinnacleTestOfLab(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: network namespaces and cgroups")
        missing = [name for name in ("ip", "nsenter", "nginx", "redis-server", "gunicorn") if not shutil.which(name)]
        if missing:
            self.skipTest("not installed: " + ", ".join(missing))
        run(LAB, "down", check=False)
        self.addCleanup(run, LAB, "down")

    def test_is_loaded_broken_mended_and_leaves_nothing(self):
        lab("up")
        self.assertEqual(load(101, "--connections", "3")["statuses"], {"200": 101})
        for fault, statuses in (("scale-api-0", {"502": 7}), ("refuse", {"502": 7}), ("5xx", {"500": 7}), ("slow", {"200": 7})):
            lab("break", fault)
            self.assertEqual(load(7)["statuses"], statuses, fault)
            lab("mend")
            self.assertEqual(load(7)["statuses"], {"200": 7}, "mended after " + fault)
        lab("break", "hang")
        self.assertEqual(load(3, "--timeout", "1")["failed"], {"timeout": 3})
        lab("down")
        self.assertEqual(traces(), [])

    def test_is_removed_after_a_kill_at_any_moment(self):
        for moment in (0.05, 0.2, 0.4):
            process = subprocess.Popen([LAB, "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moment)
            process.kill()
            process.wait()
            lab("down")
            self.assertEqual(traces(), [], moment)

    def test_does_not_touch_what_it_did_not_make(self):
        name = os.environ.get("BINNACLE_LAB_NAME", "binnacle-lab") + "-web-0"
        run("ip", "netns", "add", name)
        self.addCleanup(run, "ip", "netns", "delete", name)
        refused = run(LAB, "up", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("was not made by this lab", refused.stderr)
        self.assertTrue(os.path.exists("/run/netns/" + name))


if __name__ == "__main__":
    main()
