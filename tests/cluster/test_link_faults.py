# SPDX-License-Identifier: Apache-2.0
"""The way to the agents fails under load: API server away, tunnels cut or silent, a slow link that refuses, a token and a certificate that end.

Each time the recording runs on and says what is missing while it lasts, and has every request in the end, since the agents keep them.
"""
import datetime
import json
import os
import re
import time

from cluster_test import HOSTS, cluster, main, run
from parts import certificates
from product_test import TARGETS, Paced, ProductClusterTest, Recording
from relay import Relay

RIGHTS = ("--verbs", "get,list,watch,create", "--resources", "pods,pods/portforward", "--namespace", "binnacle")


class Link(ProductClusterTest):
    """What each of these tests does around its fault."""

    def setUp(self):
        super().setUp()
        self.shells = self.ensure_shells()
        # What a test puts into the namespace beside the agents keeps `uninstall` from taking it away.
        self.addCleanup(self.kubectl, "delete", "namespace", "binnacle", "--ignore-not-found", "--wait=true")
        self.install()

    def write(self, name, text, mode=0o600):
        """At once, as a program that exchanges a file does it."""
        path = f"{self.folder}/{name}"
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
        return path

    def kubeconfig(self, name, relay=None, user=None):
        """The administrator's with another user, through a relay; as options."""
        with open(self.cluster.kubeconfig, encoding="utf-8") as file:
            config = json.load(file)
        if relay:
            config["clusters"][0]["cluster"]["proxy-url"] = relay.url
        if user:
            config["users"][0]["user"] = user
        return ["--kubeconfig", self.write(name + ".kubeconfig", json.dumps(config)), "--context", self.context]

    def relay(self):
        relay = Relay()
        self.addCleanup(relay.close)
        return relay

    @staticmethod
    def away_lines(recording, host):
        return re.findall(rf"^{host} \(context .*\): (?!back$).+", recording.said(), re.MULTILINE)

    def wait_said_away(self, recording, times=1):
        """The recording says of each host that it is away, and lives on with the map as it was."""
        for host in HOSTS:
            self.wait_until(f"the recording saying that {host} is away: {recording.said()}",
                            lambda host=host: recording.is_alive() and len(self.away_lines(recording, host)) >= times)
        self.assertLessEqual({"workload:demo/" + name for name in ("frontend", "api", "database")}, {node["id"] for node in recording.show("map")["nodes"]})

    def start_load(self):
        """Requests that go on whatever happens to the API server."""
        begin = self.begin_of_own_seconds()
        loads = [Paced(self, shell, TARGETS["api"]) for shell in self.shells]
        for load in loads:
            self.wait_until("the first answers", lambda load=load: len(load.said()) > 3)
        return begin, loads

    def end_load(self, recording, begin, loads):
        """Everything that was answered is in the recording, at both ends, and nothing is lost."""
        said = {(load.shell, "api"): load.stop() for load in loads}
        span = begin, self.end_of_own_seconds()
        self.assertEqual({code for codes in said.values() for code in codes}, {"200"})
        return self.wait_counted(recording, span, {pair: len(codes) for pair, codes in said.items()})

    def finish_without_trouble(self, recording):
        """All is well at the end: after the last figures nothing is said of anybody being away."""
        for who in (*(rf"{host} \(context .*\)" for host in HOSTS), "context .*"):
            def is_well(who=who):
                told = re.findall(rf"^{who}: (.+)$", recording.said(), re.MULTILINE)
                return not told or told[-1] == "back"
            self.wait_until(f"{who} being back: {recording.said()}", is_well)
        running = len(recording.said().splitlines())
        last = recording.finish().splitlines()[running:]
        self.assertFalse([line for line in last if "(context " in line or line.startswith("context ")], last)


class ApiServer(Link, ProductClusterTest):
    def test_away_and_back_under_load(self):
        recording = self.record()
        begin, loads = self.start_load()
        self.addCleanup(cluster, "start-apiserver")
        cluster("stop-apiserver")
        self.wait_said_away(recording)
        cluster("start-apiserver")
        self.end_load(recording, begin, loads)
        self.finish_without_trouble(recording)


class Tunnels(Link, ProductClusterTest):
    def test_cut_without_a_word_and_silent(self):
        relay = self.relay()
        recording = self.record(*self.kubeconfig("relay", relay))
        begin, loads = self.start_load()
        relay.is_open = False
        relay.cut()
        self.wait_said_away(recording)
        relay.is_open = True
        self.end_load(recording, begin, loads)

        begin, loads = self.start_load()
        before = relay.accepted
        relay.fall_silent()
        self.wait_until("new tunnels in place of the silent ones", lambda: recording.is_alive() and relay.accepted >= before + 2)
        self.end_load(recording, begin, loads)
        self.finish_without_trouble(recording)

    def test_slow_and_refusing(self):
        """200 ms there and back, and one connection of a hundred is refused: the second one, too."""
        relay = self.relay()
        relay.delay, relay.refuse_every, relay.accepted = 0.1, 100, 98
        access = self.kubeconfig("slow", relay)
        recording = self.record(*access)
        begin, loads = self.start_load()
        relay.cut()
        self.end_load(recording, begin, loads)
        self.assertGreater(relay.refused, 0)
        services = {row["id"]: row["instances"] for row in self.show("services", *access)["services"]}
        self.assertEqual({name: services.get("workload:demo/" + name) for name in ("frontend", "api")}, {"frontend": 2, "api": 3})
        self.finish_without_trouble(recording)


class Credentials(Link, ProductClusterTest):
    def token(self, number):
        """One that ends with the Secret to which it is bound."""
        self.kubectl("-n", "binnacle", "create", "secret", "generic", f"session-{number}")
        return self.kubectl("-n", "binnacle", "create", "token", "changer", "--duration=10m", "--bound-object-kind=Secret",
                            f"--bound-object-name=session-{number}").stdout.strip()

    def answer(self, token):
        self.write("answer", json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}))

    def wait_refused(self, access):
        def is_refused():
            done = self.kubectl("get", "pods", "-n", "binnacle", kubeconfig=access[1], check=False)
            return done.returncode != 0 and "logged in" in done.stderr
        self.wait_until("the old credentials being refused", is_refused)

    def test_a_token_that_ends(self):
        """The plugin cannot get another one for a while, as after the end of a session."""
        cluster("user", "changer", "--token", *RIGHTS)
        token = self.token(1)
        self.answer(token)
        plugin = self.write("plugin", f"#!/bin/sh\ncat {self.folder}/answer || {{ echo 'log in first' >&2; exit 1; }}\n", 0o700)
        relay = self.relay()
        recording = self.record(*self.kubeconfig("plugin", relay, {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "Never"}}))
        begin, loads = self.start_load()
        os.unlink(self.folder + "/answer")
        self.kubectl("-n", "binnacle", "delete", "secret", "session-1")
        self.wait_refused(self.kubeconfig("old", user={"token": token}))
        relay.cut()
        self.wait_said_away(recording)
        self.assertIn("log in first", recording.said())
        self.answer(self.token(2))
        self.end_load(recording, begin, loads)
        self.finish_without_trouble(recording)

    def certificate(self, seconds):
        """`changer`'s, good for so long; writes both files as one after the other, as programs do that exchange them.  Gives when it ends."""
        authority, ends = certificates.authority(self.cluster), datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        work = f"{self.folder}/authority"
        os.makedirs(work, exist_ok=True)
        settings = self.write("authority/settings", f"[ca]\ndefault_ca=one\n[one]\nnew_certs_dir={work}\ndatabase={work}/index\nrand_serial=yes\ndefault_md=sha256\n"
                              "policy=any\nx509_extensions=use\nunique_subject=no\n[any]\ncommonName=supplied\n"
                              "[use]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
        self.write("authority/index", "")
        certificates.new_key(work + "/key")
        run("openssl", "req", "-new", "-sha256", "-config", "/dev/null", "-key", work + "/key", "-subj", "/CN=changer", "-out", work + "/request")
        run("openssl", "ca", "-batch", "-notext", "-config", settings, "-cert", authority + ".crt", "-keyfile", authority + ".key", "-in", work + "/request",
            "-startdate", "20200101000000Z", "-enddate", f"{ends:%Y%m%d%H%M%SZ}", "-out", work + "/crt")
        for name in ("crt", "key"):
            with open(f"{work}/{name}", encoding="ascii") as file:
                self.write("user." + name, file.read())
        return ends.timestamp()

    def record_before(self, access):
        """A recording that reached both hosts while the certificate was good, however slow this machine is."""
        for seconds in (25, 50, 100, 200):
            ends = self.certificate(seconds)
            recording = Recording(self, access, name=f"recording-{seconds}")
            self.wait_until("both hosts in the recording", lambda recording=recording, ends=ends: time.time() >= ends or (
                recording.process.poll() is None and recording.hosts() == set(HOSTS)))
            if time.time() >= ends:
                self.end(recording.process)
                continue
            begin, loads = self.start_load()
            if time.time() + 2 < ends:
                return recording, begin, loads
            for load in loads:
                load.stop()
            self.end(recording.process)
        self.fail("both hosts were not reached within 200 s")

    def test_a_certificate_that_ends(self):
        cluster("user", "changer", *RIGHTS)
        relay = self.relay()
        user = {"client-certificate": self.folder + "/user.crt", "client-key": self.folder + "/user.key"}
        access = self.kubeconfig("certificate", relay, user)
        recording, begin, loads = self.record_before(access)
        self.wait_refused(access)
        relay.cut()
        self.wait_said_away(recording)
        self.certificate(3600)
        self.end_load(recording, begin, loads)
        self.finish_without_trouble(recording)


if __name__ == "__main__":
    main()
