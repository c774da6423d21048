# SPDX-License-Identifier: Apache-2.0
"""The cluster comes up once for all tests of its label, and goes without a trace."""
import contextlib
import glob
import json
import os
import subprocess

from cluster_test import CLUSTER, NAME, ClusterTest, cluster, main, run
from parts import cgroups
from parts.common import cluster_of

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
        refused = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-B", CLUSTER, "up", check=False)
        if "can't open file" in refused.stderr:
            self.skipTest("the source lies in a folder that other users may not enter")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs root", refused.stderr)

    def test_a_second_name_has_its_own_addresses(self):
        one, two = cluster_of("khost"), cluster_of(NAME)
        self.assertNotEqual(one.control_address, two.control_address)
        self.assertFalse({host.pods for host in one.possible_hosts} & {host.pods for host in two.possible_hosts})


def members(name):
    """Processes in any cgroup of the cluster."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cgroup"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
            if f":/{name}-" in file.read():
                found.append(path)
    return found


class Traceless(ClusterTest):
    """A cluster that may be up or half up before a test, and must be gone without a trace after `down`."""

    needs_cluster = False

    def assert_no_trace(self, of):
        names = [of.control_cgroup] + [host.name for host in of.possible_hosts]
        self.assertEqual([path for name in names for path in cgroups.below(name)], [])
        self.wait_until("process 1 burying what ended", lambda: not members(of.name))
        with open("/proc/self/mounts", encoding="utf-8") as file:
            self.assertEqual([line for line in file if f"/{of.name}/" in line], [])
        self.assertEqual([link for link in os.listdir("/sys/class/net") if link.startswith((of.name + "-", of.bridge))], [])
        routes = run("ip", "route", "show", "table", "all").stdout
        self.assertNotIn(f"10.230.{of.slot}.", routes)
        self.assertNotIn(of.possible_hosts[0].pods, routes)
        self.assertFalse([line for line in rules().splitlines() if "KUBE-" in line or "CNI-" in line])
        self.assertFalse(os.path.exists(of.folder))


class Down(Traceless, ClusterTest):
    def test_leaves_nothing(self):
        cluster("down")
        self.assert_no_trace(self.cluster)
        self.assert_settings_are_as_before()
        self.assertIn("no cluster", cluster("down").stdout)

    def assert_settings_are_as_before(self):
        if not os.path.exists(BEFORE):
            return  # this test alone, by hand: nothing was written down
        with open(BEFORE, encoding="utf-8") as file:
            before = json.load(file)["settings"]
        os.unlink(BEFORE)
        after = settings()  # has more where a module of the kernel was loaded first by the cluster
        self.assertEqual({name: after.get(name) for name in before}, before)


class Halfway(Traceless, ClusterTest):
    """Another cluster beside the one of the other tests."""

    def setUp(self):
        super().setUp()
        self.other = cluster_of("khalf")
        self.addCleanup(cluster, "--name", self.other.name, "down")

    def test_up_that_is_killed_leaves_nothing_after_down(self):
        process = subprocess.Popen([CLUSTER, "--name", self.other.name, "up", "--hosts", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.wait_until("a process of the second cluster's host", lambda: process.poll() is not None or cgroups.processes(self.other.possible_hosts[0].name))
        process.kill()
        self.assertEqual(process.wait(), -9, process.stderr.read())
        process.stderr.close()
        cluster("--name", self.other.name, "down")
        self.assert_no_trace(self.other)

    def test_up_that_fails_takes_back_what_it_made(self):
        """The address that the control plane wants belongs to somebody else."""
        run("ip", "link", "add", "khalfold", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "khalfold", check=False)
        run("ip", "address", "add", f"10.230.{self.other.slot}.77/32", "dev", "khalfold")
        failed = cluster("--name", self.other.name, "up", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("khalfold already has the address", failed.stderr)
        run("ip", "link", "delete", "khalfold")
        self.assert_no_trace(self.other)


if __name__ == "__main__":
    main()
