# SPDX-License-Identifier: Apache-2.0
"""The cluster comes up once for all tests of its label, and goes without a trace."""
import glob
import json
import os
import unittest

from cluster_test import HOSTS, NAME, ClusterTest, cluster, main, run
from parts import cgroups, programs

MACHINE_SETTINGS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
                    "kernel/keys/root_maxbytes", "net/ipv4/ip_forward", "net/netfilter/nf_conntrack_max")
BEFORE = f"/run/{NAME}-before.json"


def settings():
    found = {}
    for name in MACHINE_SETTINGS:
        if os.path.exists("/proc/sys/" + name):
            with open("/proc/sys/" + name, encoding="ascii") as file:
                found[name] = file.read().strip()
    return found


def rules():
    """The machine's own packet rules; `iptables-save` shows what kube-proxy and CNI plug-ins would have left."""
    return "\n".join(run(program, check=False).stdout for program in ("iptables-save", "ip6tables-save"))


class Up(ClusterTest):
    needs_cluster = False

    def test_comes_up(self):
        cluster("down")
        with open(BEFORE, "w", encoding="utf-8") as file:
            json.dump({"settings": settings()}, file)
        print(cluster("up").stdout)
        self.assertEqual([host["ready"] for host in self.status()["hosts"]], [True, True])


class Again(ClusterTest):
    def test_up_on_a_running_cluster_changes_nothing(self):
        before = self.status()
        cluster("up")
        after = self.status()
        for part in ("control", "name", "folder", "version"):
            self.assertEqual(after[part], before[part])
        self.assertEqual([host["first_process"] for host in after["hosts"]], [host["first_process"] for host in before["hosts"]])

    def test_says_who_may_run_it(self):
        refused = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-B", os.path.dirname(os.path.abspath(__file__)) + "/cluster",
                      "up", check=False)
        if "can't open file" in refused.stderr:
            self.skipTest("the source lies in a folder that other users may not enter")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs root", refused.stderr)

    def test_a_second_name_has_its_own_addresses(self):
        from parts.common import cluster_of
        one, two = cluster_of("khost"), cluster_of(NAME)
        self.assertNotEqual(one.control_address, two.control_address)
        self.assertFalse({host.pods for host in one.possible_hosts} & {host.pods for host in two.possible_hosts})


class Down(ClusterTest):
    needs_cluster = False

    def test_leaves_nothing(self):
        self.cluster_was_there = os.path.isdir(self.cluster.folder)
        cluster("down")
        names = [*HOSTS, self.cluster.control_cgroup]
        self.assertEqual([path for name in names for path in cgroups.below(name)], [])
        self.assertEqual(self.processes_with_paths_of_ours(), [])
        with open("/proc/self/mounts", encoding="utf-8") as file:
            self.assertEqual([line for line in file if NAME in line], [])
        self.assertEqual([link for link in os.listdir("/sys/class/net") if link.startswith(NAME)], [])
        self.assertNotIn(f"10.230.{self.cluster.slot}.", run("ip", "route", "show", "table", "all").stdout)
        self.assertFalse([line for line in rules().splitlines() if "KUBE-" in line or "CNI-" in line])
        self.assertFalse(os.path.exists(self.cluster.folder))
        self.assertEqual(glob.glob(f"/run/netns/{NAME}*") + glob.glob(f"/run/{NAME}-[ab]*"), [])
        self.assert_settings_are_as_before()
        self.assertIn("no cluster", cluster("down").stdout)

    def processes_with_paths_of_ours(self):
        found = []
        for path in glob.glob("/proc/[0-9]*/cgroup"):
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                continue
            if f":/{NAME}-" in text:
                found.append(path)
        return found

    def assert_settings_are_as_before(self):
        if not os.path.exists(BEFORE):
            return  # this test alone, by hand: nothing was written down
        with open(BEFORE, encoding="utf-8") as file:
            before = json.load(file)["settings"]
        os.unlink(BEFORE)
        self.assertEqual(settings(), before)


if __name__ == "__main__":
    main()
