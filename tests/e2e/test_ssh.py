# SPDX-License-Identifier: Apache-2.0
"""`--agent ssh://…` through the real ssh and a real sshd of the test's own: the same figures, a link that dies, and what is said when it cannot be."""
import json
import os
import pty
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from binnacle_test import BINNACLE, BUILD, SECOND, BinnacleTest, load, main, now_ns, run, second_after, show

SSH_KEYGEN, SSH, SSHD = shutil.which("ssh-keygen"), shutil.which("ssh"), "/usr/sbin/sshd"
ME = pwd.getpwuid(os.geteuid()).pw_name
REQUESTS = 331
PASSPHRASE = "open please"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """An sshd on loopback with keys of its own, and an `ssh` on a PATH of its own with a configuration to match."""

    def __init__(self, folder, *settings):
        self.folder, self.port, self.process = folder, free_port(), None
        os.makedirs(folder, mode=0o755)
        os.makedirs(folder + "/bin")
        for name in ("host_key", "user_key", "other_key", "locked_key"):
            run(SSH_KEYGEN, "-q", "-t", "ed25519", "-N", PASSPHRASE if name == "locked_key" else "", "-f", f"{folder}/{name}")
        with open(folder + "/authorized", "wb") as file:
            for name in ("user_key", "locked_key"):
                with open(f"{folder}/{name}.pub", "rb") as key:
                    file.write(key.read())
        self.write("sshd_config", f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {folder}/host_key", f"AuthorizedKeysFile {folder}/authorized", "StrictModes no",
                   "UsePAM no", "PidFile none", "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
                   f"SetEnv PATH={BUILD}/bin:/usr/bin:/bin XDG_RUNTIME_DIR={folder}/runtime", *settings)
        self.know("host_key")
        self.configure("user_key")
        self.write("bin/ssh", "#!/bin/sh", f'exec {SSH} -F {folder}/config "$@"')
        os.chmod(folder + "/bin/ssh", 0o755)
        self.environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
        self.environment.pop("SSH_AUTH_SOCK", None)

    def write(self, name, *lines):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")

    def know(self, key):
        """The host by one key, or not at all."""
        with open(f"{self.folder}/{key}.pub", encoding="ascii") as file:
            self.write("known_hosts", f"[127.0.0.1]:{self.port} " + " ".join(file.read().split()[:2])) if key else None

    def configure(self, key):
        self.write("config", "Host lab", "  HostName 127.0.0.1", f"  Port {self.port}", f"  User {ME}", "Host *", f"  IdentityFile {self.folder}/{key}", "  IdentitiesOnly yes",
                   f"  UserKnownHostsFile {self.folder}/known_hosts", "  GlobalKnownHostsFile /dev/null")

    def start(self):
        log = open(self.folder + "/sshd.log", "ab")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.folder + "/sshd_config"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("sshd did not come up: " + self.log()) from None
                time.sleep(0.05)

    def log(self):
        with open(self.folder + "/sshd.log", encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def sessions(self):
        """What serves one connection each."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def cut(self):
        """Every connection ends, as when the way between is gone; sshd still listens."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.cut()
            self.process.terminate()
            self.process.wait()
        self.process = None


class Ssh(BinnacleTest):
    with_lab = False

    def setUp(self):
        super().setUp()
        for program, package in ((SSH, "openssh-client"), (SSHD if os.access(SSHD, os.X_OK) else None, "openssh-server")):
            if not program:
                self.skipTest(f"{package} is not installed")
        if not os.path.isdir("/run/sshd"):  # sshd's empty folder, which its service makes
            os.mkdir("/run/sshd", 0o755)
            self.addCleanup(os.rmdir, "/run/sshd")
        # Sockets of the program lie where the test sees whether one stays behind.
        self.scratch = tempfile.mkdtemp(prefix="bn-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def sshd(self, *settings, start=True):
        server = Sshd(self.folder + "/sshd", *settings)
        server.environment["TMPDIR"] = self.scratch
        server.environment.pop("XDG_RUNTIME_DIR", None)
        self.addCleanup(server.stop)
        return server.start() if start else server

    @staticmethod
    def ask(server, *words, **more):
        return subprocess.run([BINNACLE, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=server.environment, check=False, timeout=120, **more)

    @staticmethod
    def recorded_until(file):
        done = run(BINNACLE, "info", file, "--json", check=False)
        return (json.loads(done.stdout).get("to_ns") or 0) if done.returncode == 0 else 0

    def refusal(self, server, address, what="buffer"):
        """What is said about an address that does not work."""
        done = self.ask(server, "show", what, "--agent", address)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assert_nothing_left(server)
        return done.stderr.strip().removeprefix("binnacle: ")

    @staticmethod
    def processes(part):
        """Those whose command line has that word."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if part in words:
                found.append(int(pid))
        return found

    def relays(self, agent):
        return [pid for pid in self.processes("relay") if pid in self.processes(agent.address)]

    def clients(self, server):
        return self.processes(server.folder + "/config")

    def assert_nothing_left(self, server):
        self.assertEqual([name for name in os.listdir(self.scratch) if name.startswith("binnacle")], [])  # Qt makes a folder too
        deadline = time.monotonic() + 60
        while server.process and server.sessions() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(server.sessions() if server.process else [], [])


class SshFigures(Ssh):
    with_lab = True

    def test_a_host_by_ssh_is_the_host(self):
        server, agent = self.sshd(), self.start_agent()
        begun = second_after(now_ns())
        agent.wait_covered(begun)
        self.assertEqual(load(REQUESTS)["failed"], {})
        ended = second_after(now_ns())
        agent.wait_covered(ended)
        address = f"ssh://lab{agent.socket}"
        shown = self.ask(server, "show", "map", "--agent", address, "--from", str(begun), "--to", str(ended), "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        by_ssh, direct = json.loads(shown.stdout), agent.show("map", begun, ended)
        self.assertEqual(by_ssh["source"]["path"], address)
        self.assertEqual(by_ssh["edges"], direct["edges"])
        self.assert_exact(self.edge(by_ssh, "loadgen", "web"), REQUESTS)
        file = self.folder + "/by-ssh.binnacle"
        recorded = self.ask(server, "record", "--agent", address, "--for", "2s", "--last", "5m", "-o", file)
        self.assertEqual(recorded.returncode, 0, recorded.stderr)
        self.assertEqual(show("map", file, from_ns=begun, to_ns=ended)["edges"], direct["edges"])
        self.assert_nothing_left(server)

    def test_a_link_that_dies_comes_back_and_nothing_is_missing(self):
        server, agent = self.sshd(), self.start_agent()
        process = self.start_load(1, "--duration", "600", "--rate", "50", "--connections", "2")
        agent.wait_covered(now_ns())
        file = self.folder + "/cut.binnacle"
        recording = subprocess.Popen([BINNACLE, "record", "--agent", f"ssh://lab{agent.socket}", "--for", "30s", "-o", file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, env=server.environment)
        self.addCleanup(self.end_quietly, recording)
        self.wait_recorded(recording, file, now_ns() + 2 * SECOND)
        server.cut()
        self.wait_recorded(recording, file, now_ns() + 4 * SECOND)
        for pid in self.clients(server):  # and once more at this end, without a chance to tidy up
            os.kill(pid, signal.SIGKILL)
        said = recording.communicate(timeout=200)[0]
        self.assertEqual(recording.returncode, 0, said)
        self.assertGreaterEqual(server.log().count("Accepted publickey"), 3, server.log())
        facts = json.loads(run(BINNACLE, "info", file, "--json").stdout)
        seconds = [sum(edge["requests"] for edge in show("map", file, from_ns=at, to_ns=at + SECOND)["edges"] if edge["from"] == "process:loadgen")
                   for at in range(facts["from_ns"], facts["from_ns"] + 30 * SECOND, SECOND)]
        self.assertNotIn(0, seconds, said)
        self.assertEqual(process.close()["failed"], {})
        self.assert_nothing_left(server)

    def test_a_link_that_stays_away_is_a_gap_up_to_the_end(self):
        server, agent = self.sshd(), self.start_agent()
        other = self.start_agent(name="other")
        process = self.start_load(1, "--duration", "600", "--rate", "50", "--connections", "2")
        other.wait_covered(now_ns())
        file = self.folder + "/away.binnacle"
        recording = subprocess.Popen([BINNACLE, "record", "--agent", f"ssh://lab{agent.socket}", "--agent", other.address, "--for", "12s", "-o", file],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=server.environment)
        self.addCleanup(self.end_quietly, recording)
        self.wait_recorded(recording, file, now_ns() + 2 * SECOND)
        server.stop()
        said = recording.communicate(timeout=200)[0]
        self.assertEqual(recording.returncode, 0, said)
        self.assertIn(f"ssh://lab{agent.socket}: ssh to lab: no sshd listens there; check the host and the port", said)
        losses = show("losses", file)["losses"]
        self.assertTrue(any((loss["place"], loss["reason"]) == ("agent", "gap") for loss in losses), losses)
        process.close()
        self.assert_nothing_left(server)

    def wait_recorded(self, recording, file, until):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and recording.poll() is None:
            if self.recorded_until(file) >= until:
                return
            time.sleep(0.2)
        raise AssertionError("the recording did not come that far: " + ("" if recording.poll() is None else recording.stdout.read()))


class SshSentences(Ssh):
    def test_a_host_that_is_not_known_is_for_the_person_to_decide(self):
        server = self.sshd()
        server.write("known_hosts")
        self.assertEqual(self.refusal(server, "ssh://lab"), "ssh to lab: its host key is not known here yet, and it is for you to say whether it is the right one: "
                         "run `ssh lab` once in a terminal and compare the fingerprint")
        with open(server.folder + "/known_hosts", encoding="ascii") as file:
            self.assertEqual(file.read().strip(), "")  # and nobody wrote it down

    def test_a_host_with_another_key_is_a_warning(self):
        server = self.sshd()
        server.know("other_key")
        self.assertEqual(self.refusal(server, "ssh://lab"), "ssh to lab: its host key is another one than your known_hosts has, so somebody may be in between. "
                         "Ask who runs it; `ssh lab` in a terminal shows both keys")

    def test_a_key_that_does_not_fit(self):
        server = self.sshd()
        server.configure("other_key")
        self.assertEqual(self.refusal(server, f"ssh://{ME}@127.0.0.1:{server.port}"),
                         f"ssh to {ME}@127.0.0.1: it does not let you in. `ssh -p {server.port} {ME}@127.0.0.1` in a terminal has to work first: check the user, the key "
                         "(`ssh-add -l`), or name another with ssh://USER@HOST. Nobody can be asked for a passphrase or a password here: load the key with `ssh-add` first, "
                         "or set SSH_ASKPASS.")

    def test_no_sshd_and_no_ssh(self):
        server = self.sshd(start=False)
        self.assertEqual(self.refusal(server, "ssh://lab"), "ssh to lab: no sshd listens there; check the host and the port")
        server.environment["PATH"] = "/nonexistent"
        self.assertEqual(self.refusal(server, "ssh://lab"), "there is no `ssh` on PATH (/nonexistent); install OpenSSH's client, in Debian openssh-client")

    def test_no_agent_there(self):
        server = self.sshd()
        self.assertEqual(self.refusal(server, "ssh://lab/run/binnacle-nobody.sock"), "on lab: no agent listens on unix:/run/binnacle-nobody.sock; start one there with "
                         "`sudo binnacle-agent run`, or name its socket with ssh://HOST/PATH")

    def test_no_program_there(self):
        server = self.sshd(start=False)
        with open(server.folder + "/sshd_config", encoding="ascii") as file:
            text = file.read()
        server.write("sshd_config", text.replace(f"{BUILD}/bin:", ""))
        server.start()
        self.assertEqual(self.refusal(server, "ssh://lab"), "on lab: there is neither `binnacle-agent` nor `crictl` on the PATH of a command by ssh; install the agent "
                         "there, for instance in /usr/local/bin")

    def test_one_session_a_connection_is_too_few(self):
        server = self.sshd("MaxSessions 1")
        self.assertEqual(self.refusal(server, "ssh://lab"), "on lab: its sshd allows one session a connection, and two are needed; set MaxSessions to 10 (the default) in "
                         "its sshd_config")

    def test_forwarding_need_not_be_allowed(self):
        server, agent = self.sshd("DisableForwarding yes"), self.start_agent()
        done = self.ask(server, "show", "buffer", "--agent", f"ssh://lab{agent.socket}", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["buffer"])

    def test_several_addresses_at_once(self):
        server, agent, other = self.sshd(), self.start_agent(), self.start_agent(name="other")
        asked = []
        for addresses in ([f"ssh://lab{agent.socket}"], [f"ssh://lab{agent.socket}", f"ssh://{ME}@127.0.0.1:{server.port}{other.socket}", agent.address]):
            done = self.ask(server, "show", "buffer", "--json", *(word for address in addresses for word in ("--agent", address)))
            self.assertEqual(done.returncode, 0, done.stderr)
            asked.append(len(json.loads(done.stdout)["buffer"]))
        self.assertEqual(asked[1], 3 * asked[0])
        self.assert_nothing_left(server)

    def test_an_agent_of_the_user_is_found_by_itself(self):
        server = self.sshd()
        os.makedirs(server.folder + "/runtime/binnacle")
        agent = self.start_agent(listen=f"unix:{server.folder}/runtime/binnacle/agent.sock")
        done = self.ask(server, "show", "buffer", "--agent", "ssh://lab", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["signal"] for row in json.loads(done.stdout)["buffer"]],
                         [row["signal"] for row in json.loads(run(BINNACLE, "show", "buffer", "--agent", agent.address, "--json").stdout)["buffer"]])

    def test_root_s_socket_is_named_to_who_may_not_ask(self):
        agent = self.start_agent()
        done = run("setpriv", "--reuid=65534", "--clear-groups", BUILD + "/bin/binnacle-agent", "relay", "--listen", agent.address, check=False, stdin=subprocess.DEVNULL)
        os_words = f"the agent's socket {agent.socket} belongs to root, and the login is {pwd.getpwuid(65534).pw_name}"
        self.assertEqual((done.returncode, done.stderr.strip()), (3, os_words))

    def test_a_killed_program_leaves_no_process_here_or_there(self):
        server, agent = self.sshd(), self.start_agent()
        recording = subprocess.Popen([BINNACLE, "record", "--agent", f"ssh://lab{agent.socket}", "--for", "300s", "-o", self.folder + "/killed.binnacle"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment)
        self.addCleanup(self.end_quietly, recording)
        deadline = time.monotonic() + 60
        while not (server.sessions() and self.relays(agent)) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertTrue(server.sessions() and self.relays(agent), server.log())
        recording.kill()
        recording.wait()
        deadline = time.monotonic() + 60
        while (server.sessions() or self.relays(agent) or self.clients(server)) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual((server.sessions(), self.relays(agent), self.clients(server)), ([], [], []))


class SshQuestions(Ssh):
    def talk(self, server, answers, *words):
        """The program on a terminal of its own, where each question gets its answer; what stood there, and the exit status."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(BINNACLE, [BINNACLE, *words], server.environment)
        said, answers, deadline = "", list(answers), time.monotonic() + 120
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                block = os.read(terminal, 4096)
            except OSError:  # its end, as Linux says it
                break
            if not block:
                break
            said += block.decode(errors="replace")
            if answers and answers[0][0] in said:
                os.write(terminal, answers.pop(0)[1].encode() + b"\n")
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.assertEqual(answers, [], said)
        return said, status

    def test_a_passphrase_is_asked_for_once_on_the_terminal(self):
        server = self.sshd()
        server.configure("locked_key")
        said, status = self.talk(server, [("Enter passphrase for key", PASSPHRASE)], "show", "map", "--agent", "ssh://lab/run/binnacle-nobody.sock")
        self.assertEqual(status, 1, said)
        self.assertEqual(said.count("Enter passphrase"), 1, said)
        self.assertIn("no agent listens on unix:/run/binnacle-nobody.sock", said)  # so it got in
        self.assertNotIn(PASSPHRASE, said)
        self.assert_nothing_left(server)

    def test_a_host_is_known_after_the_person_says_yes_and_not_before(self):
        server = self.sshd()
        server.write("known_hosts")
        said, status = self.talk(server, [("Are you sure you want to continue connecting", "no")], "show", "map", "--agent", "ssh://lab")
        self.assertEqual(status, 1, said)
        self.assertIn("its host key is not known here yet", said)
        self.assertIn(run(SSH_KEYGEN, "-l", "-f", server.folder + "/host_key.pub").stdout.split()[1], said)  # there to be compared
        said, status = self.talk(server, [("Are you sure you want to continue connecting", "yes")], "show", "map", "--agent", "ssh://lab/run/binnacle-nobody.sock")
        self.assertIn("no agent listens on unix:/run/binnacle-nobody.sock", said)
        with open(server.folder + "/known_hosts", encoding="ascii") as file:
            self.assertEqual(len(file.read().split()), 3)  # one host, the kind of its key, the key

    def test_the_window_has_ssh_use_the_person_s_askpass(self):
        server, agent = self.sshd(), self.start_agent()
        server.configure("locked_key")
        server.write("bin/askpass", "#!/bin/sh", f'echo "$1" >> {server.folder}/asked', f"echo {PASSPHRASE}")
        os.chmod(server.folder + "/bin/askpass", 0o755)
        surroundings = {**server.environment, "QT_QPA_PLATFORM": "offscreen", "XDG_STATE_HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
                        "SSH_ASKPASS": server.folder + "/bin/askpass"}
        with open(self.folder + "/window.log", "wb") as log:
            window = subprocess.Popen([BINNACLE, "--agent", f"ssh://lab{agent.socket}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings)
        self.addCleanup(self.end_quietly, window)
        file, begun, deadline = f"{self.folder}/binnacle/recordings/{window.pid}-1.binnacle", now_ns(), time.monotonic() + 120
        while self.recorded_until(file) < begun + 2 * SECOND:
            self.assertIsNone(window.poll())
            self.assertLess(time.monotonic(), deadline, "the window recorded nothing by ssh")
            time.sleep(0.3)
        window.terminate()
        self.assertEqual(window.wait(60), 0)
        with open(server.folder + "/asked", encoding="utf-8") as asked:
            self.assertEqual(len(asked.readlines()), 1)
        self.assert_nothing_left(server)


if __name__ == "__main__":
    main()
