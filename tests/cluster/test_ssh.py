# SPDX-License-Identifier: Apache-2.0
"""`--agent ssh://HOST` to the hosts of a cluster: a real sshd in each, and the agent's pod found through the runtime's own crictl, with no API server."""
import os
import shutil
import socket
import subprocess
import unittest.mock

from cluster_test import HOSTS, cluster, main, run
from product_test import ProductClusterTest
from parts import programs

SSHD, PORT = "/usr/sbin/sshd", 22
INSIDE = "/var/lib/ssh-of-test"  # as the host sees it
REQUESTS = {("shell-a", "api"): 13, ("shell-b", "api"): 11}


class Sshd:
    """In all namespaces of a host, and so a process of that host."""

    def __init__(self, test, host):
        self.test, self.host = test, host
        self.folder = f"{test.cluster.folder}/hosts/{host['letter']}{INSIDE}"
        os.makedirs(self.folder)
        test.addCleanup(shutil.rmtree, self.folder)
        shutil.copy2(programs.ensure_crictl() + "/crictl", self.folder)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder + "/host_key")
        shutil.copy2(test.folder + "/user_key.pub", self.folder + "/authorized")
        with open(self.folder + "/sshd_config", "w", encoding="ascii") as file:
            file.write("\n".join((f"Port {PORT}", f"ListenAddress {host['address']}", f"HostKey {INSIDE}/host_key", f"AuthorizedKeysFile {INSIDE}/authorized",
                                  "StrictModes no", "UsePAM no", "PidFile none", "PermitRootLogin prohibit-password", "PasswordAuthentication no",
                                  f"SetEnv PATH={INSIDE}:/usr/bin:/bin")) + "\n")
        self.start()

    def start(self):
        begin = f"mkdir -p /run/sshd; exec {SSHD} -D -e -f {INSIDE}/sshd_config"
        with open(self.test.folder + f"/sshd-{self.host['letter']}.log", "ab") as log:
            self.entered = subprocess.Popen(["nsenter", "--all", "--target", str(self.host["first_process"]), "--", "/bin/sh", "-c", begin],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.test.addCleanup(self.stop)
        self.test.wait_until(f"the sshd of {self.host['name']}", self.answers)

    def answers(self):
        self.test.assertIsNone(self.entered.poll(), self.log())
        try:
            socket.create_connection((self.host["address"], PORT), timeout=1).close()
        except OSError:
            return False
        return True

    def log(self):
        with open(self.test.folder + f"/sshd-{self.host['letter']}.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    @staticmethod
    def children(pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]

    def sessions(self):
        """What serves one login each."""
        return [session for server in self.children(self.entered.pid) for session in self.children(server)]

    def stop(self):
        for pid in self.sessions() + self.children(self.entered.pid):
            os.kill(pid, 9)
        self.entered.wait()


class Ssh(ProductClusterTest):
    def setUp(self):
        super().setUp()
        for program, package in (("ssh", "openssh-client"), (SSHD, "openssh-server")):
            if not shutil.which(program):
                self.skipTest(f"{package} is not installed")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder + "/user_key")
        self.servers = [Sshd(self, host) for host in self.status()["hosts"]]
        self.know(self.servers)

    def know(self, servers):
        """An `ssh` on PATH that finds these hosts by name, and is this user's own program in everything else."""
        with open(self.folder + "/config", "w", encoding="ascii") as config, open(self.folder + "/known_hosts", "w", encoding="ascii") as known:
            for server in servers:
                config.write(f"Host {server.host['name']}\n  HostName {server.host['address']}\n")
                with open(server.folder + "/host_key.pub", encoding="ascii") as key:
                    known.write(f"{server.host['address']} " + " ".join(key.read().split()[:2]) + "\n")
            config.write(f"Host *\n  User root\n  IdentityFile {self.folder}/user_key\n  IdentitiesOnly yes\n  UserKnownHostsFile {self.folder}/known_hosts\n")
        os.mkdir(self.folder + "/bin")
        with open(os.open(self.folder + "/bin/ssh", os.O_WRONLY | os.O_CREAT, 0o755), "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/config "$@"\n')
        surroundings = unittest.mock.patch.dict(os.environ, {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"})
        surroundings.start()
        self.addCleanup(surroundings.stop)

    def test_agents_in_pods_are_found_by_their_runtime(self):
        self.ensure_shells()
        self.install()
        addresses = [word for host in HOSTS for word in ("--agent", f"ssh://{host}")]
        recording = self.record(*addresses)
        span = self.counted_requests(REQUESTS)
        self.wait_counted(recording, span, REQUESTS)
        self.works_without_the_api_server(addresses, span)
        recording.finish()
        self.says_the_same_as_through_the_api_server(span)
        self.nothing_is_left()

    def works_without_the_api_server(self, addresses, span):
        self.addCleanup(cluster, "start-apiserver")
        cluster("stop-apiserver")
        self.assert_counted(self.show("map", *addresses, begin=span[0], end=span[1]), REQUESTS)
        cluster("start-apiserver")

    def says_the_same_as_through_the_api_server(self, span):
        for pod in self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-agent"}).values():
            by_ssh = self.show("map", "--agent", f"ssh://{pod['spec']['nodeName']}", begin=span[0], end=span[1])
            with self.forwarded("binnacle", "pod/" + pod["metadata"]["name"], 9465) as address:
                direct = self.show("map", "--agent", address, begin=span[0], end=span[1])
            for name in ("nodes", "edges", "losses"):
                self.assertEqual(by_ssh[name], direct[name], (name, pod["spec"]["nodeName"]))

    def nothing_is_left(self):
        """Neither logins, nor what crictl ran in the container."""
        for server in self.servers:
            self.wait_until(f"the end of every login on {server.host['name']}", lambda server=server: not server.sessions())
        for name in self.pods("binnacle", **{"app.kubernetes.io/name": "binnacle-agent"}):
            self.wait_until(f"the end of every relay in {name}", lambda name=name: not self.relays(name))

    def relays(self, pod):
        """Processes of this machine's view that are `binnacle-agent relay` in the pod's cgroup."""
        uid = self.get("pod", "-n", "binnacle", pod)["metadata"]["uid"]
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as line, open(f"/proc/{pid}/cgroup", encoding="ascii") as group:
                    words, where = line.read().split(b"\0"), group.read()
            except OSError:  # ended meanwhile
                continue
            if words[:2] == [b"binnacle-agent", b"relay"] and (uid in where or uid.replace("-", "_") in where):
                found.append(int(pid))
        return found

    def test_a_host_without_the_pod_is_said(self):
        done = self.binnacle("show", "map", "--agent", f"ssh://{HOSTS[0]}", check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"on {HOSTS[0]}: the agent is not installed itself, and no pod of it runs there in namespace binnacle", done.stderr)
        self.nothing_is_left()


if __name__ == "__main__":
    main()
