# SPDX-License-Identifier: Apache-2.0
"""kill -9 of agent and desktop at seeded moments, cut files, a reader that stops, a full disk: what was seen stays, and gaps are said."""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

from binnacle_test import BINNACLE, SECOND, BinnacleTest, Recording, load, main, now_ns, run, second_after, show

MEBI = 1 << 20
STOPPED_SECONDS = float(os.environ.get("BINNACLE_STOPPED_SECONDS", "60"))


def info(file):
    return json.loads(run(BINNACLE, "info", file, "--json").stdout)


class Crashes(BinnacleTest):
    def busy(self):
        return self.start_load(1, "--duration", "600", "--rate", "200", "--connections", "6")

    def requests_by_second(self, show_one, first, last):
        """Requests of the client's edge in each second."""
        found = {}
        for at in range(first, last, SECOND):
            edges = [edge for edge in show_one("map", at, at + SECOND)["edges"] if edge["from"] == "process:loadgen"]
            found[at] = sum(edge["requests"] for edge in edges)
        return found

    def test_agent_killed_at_twenty_moments_goes_on_with_its_buffer(self):
        seeded, process, alive = random.Random(3), self.busy(), []
        for number in range(20):
            agent = self.start_agent()  # the same folder and socket every time
            started = now_ns()
            time.sleep(2.2 + seeded.random())
            agent.kill9()
            alive.append((started, now_ns()))
        agent = self.start_agent()
        agent.wait_covered(now_ns() + SECOND)
        recording = self.record(agent, 2, "--last", "10m")
        self.assertEqual(recording.finish()[0], 0)
        self.assertEqual(process.close()["failed"], {})
        facts = info(recording.file)
        self.assertTrue(facts["complete"])
        self.assertEqual(len({one["epoch"] for one in facts["agents"]}), 21, facts["agents"])
        self.assertEqual(len({(one["host"], one["boot_id"]) for one in facts["agents"]}), 1, facts["agents"])
        losses = show("losses", recording.file)["losses"]
        self.assertTrue(any((loss["place"], loss["reason"]) == ("agent", "gap") and loss["count"] >= 20 for loss in losses), losses)
        missing = []
        for started, killed in alive:
            whole = range(-(-started // SECOND) * SECOND, (killed - SECOND) // SECOND * SECOND, SECOND)
            missing += [at for at in whole if sum(self.requests_by_second(recording.show, at, at + SECOND).values()) == 0]
        self.assertEqual(missing, [])

    def test_recorder_killed_at_twenty_moments_keeps_what_is_older_than_a_second(self):
        agent, seeded, process = self.start_agent(), random.Random(5), self.busy()
        for number in range(20):
            recording = self.record(agent, 60, name=f"killed{number}.binnacle")
            time.sleep(2.5 + 1.5 * seeded.random())
            recording.process.kill()
            killed = now_ns()
            recording.process.wait()
            facts = info(recording.file)
            self.assertGreaterEqual(facts["to_ns"], (killed - SECOND) // SECOND * SECOND, f"moment {number}")
            seconds = self.requests_by_second(recording.show, -(-facts["from_ns"] // SECOND) * SECOND + SECOND, (killed - SECOND) // SECOND * SECOND)
            self.assertNotIn(0, seconds.values(), seconds)
        self.assertEqual(process.close()["failed"], {})

    @staticmethod
    def recorded_until(file):
        done = run(BINNACLE, "info", file, "--json", check=False)
        facts = json.loads(done.stdout) if done.returncode == 0 else {}
        return facts.get("to_ns") or 0

    def test_a_killed_window_leaves_a_recording_that_can_be_read(self):
        agent, process = self.start_agent(), self.busy()
        while not any(edge["requests"] for edge in agent.show("map")["edges"]):
            time.sleep(0.3)
        begun = second_after(now_ns())
        surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_STATE_HOME": self.folder, "XDG_CONFIG_HOME": self.folder}
        with open(self.folder + "/window.log", "wb") as log:
            window = subprocess.Popen([BINNACLE, "--agent", agent.address], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings)
        self.addCleanup(self.end_quietly, window)
        left = f"{self.folder}/binnacle/recordings/{window.pid}-1.binnacle"
        deadline = time.monotonic() + 60
        while self.recorded_until(left) < begun + 5 * SECOND:
            self.assertIsNone(window.poll())
            self.assertLess(time.monotonic(), deadline, "the window recorded nothing within a minute")
            time.sleep(0.3)
        window.kill()
        killed = now_ns()
        window.wait()
        facts = info(left)
        self.assertGreaterEqual(facts["to_ns"], (killed - SECOND) // SECOND * SECOND)
        seconds = self.requests_by_second(lambda *asked: show(asked[0], left, from_ns=asked[1], to_ns=asked[2]),
                                          max(begun, second_after(facts["from_ns"]) + SECOND), (killed - SECOND) // SECOND * SECOND)
        self.assertTrue(seconds)
        self.assertNotIn(0, seconds.values(), seconds)
        self.assertEqual(process.close()["failed"], {})

    def whole_segments(self, file):
        """(end of its bytes in the file, begin and end of its time) of each overview segment that lies in the file in one piece."""
        with open(file, "rb") as opened:
            content = opened.read()
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self.addCleanup(database.close)
        rows = database.execute("SELECT segment.bytes, from_ns, to_ns FROM segment JOIN segment_index USING (id) WHERE kind = 1").fetchall()
        ends = [(content.find(row[0]) + len(row[0]), row[1], row[2]) for row in rows if content.find(row[0]) >= 0]
        self.assertGreater(len(ends), len(rows) // 2, "a page holds 64 KiB, a segment of this load less")
        return ends

    def test_cut_files_give_what_lies_before_the_cut(self):
        agent, process = self.start_agent(), self.busy()
        recording = self.record(agent, 25)
        self.assertEqual(recording.finish()[0], 0)
        process.close()
        whole, size = info(recording.file), os.path.getsize(recording.file)
        segments = self.whole_segments(recording.file)
        self.assertTrue(any(end <= size * 95 // 100 for end, *_ in segments))
        for percent in (10, 30, 50, 70, 95):
            length = size * percent // 100
            kept = [(begin, until) for end, begin, until in segments if end <= length]
            cut = f"{self.folder}/cut{percent}.binnacle"
            shutil.copy(recording.file, cut)
            os.truncate(cut, length)
            done = run(BINNACLE, "info", cut, "--json", check=False)
            if not kept and done.returncode == 1:
                self.assertRegex(done.stderr, r"\w+.*\.", percent)
                continue
            self.assertEqual(done.returncode, 0, f"{percent} %: {done.stderr}")
            facts = json.loads(done.stdout)
            self.assertTrue(facts["damaged"], percent)
            self.assertLessEqual(facts["to_ns"], whole["to_ns"])
            self.assertGreaterEqual(facts["segments"], len(kept), f"{percent} %")
            for begin, until in kept:
                again, before = show("map", cut, from_ns=begin, to_ns=until), recording.show("map", begin, until)
                self.assertEqual(self.counted(again), self.counted(before), f"{percent} %, {begin} to {until}")

    @staticmethod
    def counted(document):
        """What the edges of a document say was sent."""
        return {(edge["from"], edge["to"], edge["port"], edge["protocol"]): (edge["requests"], edge["statuses"])
                for edge in document["edges"] if edge["requests"]}

    def test_a_stopped_reader_costs_the_agent_nothing(self):
        agent = self.start_agent("--buffer-memory", "16M")
        warm = load(1, "--duration", "5", "--rate", "1500", "--connections", "8", "--path", "/hello")
        self.assertEqual(warm["failed"], {})
        agent.wait_covered(second_after(now_ns()) + SECOND)  # the recording begins with a second of its own
        recording = self.record(agent, STOPPED_SECONDS + 30)
        process = self.start_load(1, "--duration", "600", "--rate", "1500", "--connections", "8", "--path", "/hello")
        time.sleep(3)
        recording.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        before = agent.memory()
        time.sleep(STOPPED_SECONDS)
        grown = agent.memory() - before
        recording.process.send_signal(signal.SIGCONT)
        time.sleep(5)
        sent = process.close()
        ended = now_ns()
        agent.wait_covered(ended + 2 * SECOND)
        time.sleep(1)
        status, said = recording.finish(early=True)
        self.assertEqual(status, 0, said)
        self.assertLess(grown, 18 * MEBI)  # the buffer may fill to its 16 MiB, and nothing besides
        document = show("map", recording.file)
        counted = sum(edge["requests"] for edge in document["edges"] if edge["from"] == "process:loadgen")
        if counted != sent["completed"]:
            losses = {(loss["place"], loss["reason"]) for loss in document["losses"]}
            self.assertTrue(losses & {("wire", "cursor_expired"), ("agent", "gap"), ("buffer", "detail_dropped")}, (counted, sent["completed"], losses))

    def small_disk(self, size):
        where = f"{self.folder}/small"
        os.mkdir(where)
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", where)
        self.addCleanup(run, "umount", "-l", where)
        return where

    def test_a_full_disk_under_the_recording_is_said_and_the_file_opens(self):
        agent = self.start_agent()
        process = self.start_load(1, "--duration", "600", "--rate", "1500", "--connections", "8", "--path", "/hello")
        where = self.small_disk("3m")
        recording = Recording(agent, where + "/full.binnacle", 45)
        self.addCleanup(self.end_quietly, recording.process)
        status, said = recording.finish()
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"(?i)(disk|space).*\.")
        self.assertGreater(info(recording.file)["segments"], 0)
        self.assertTrue(show("map", recording.file)["nodes"])
        self.assertEqual(process.close()["failed"], {})

    def test_a_full_disk_under_the_buffer_is_a_loss_and_the_live_view_goes_on(self):
        where = self.small_disk("256k")
        process = self.start_load(1, "--duration", "600", "--rate", "1200", "--connections", "8", "--path", "/hello")
        agent = self.start_agent(buffer_folder=where + "/buffer")
        begun = now_ns()
        deadline = time.monotonic() + 60
        reasons = set()
        while ("buffer", "disk_full") not in reasons and time.monotonic() < deadline:
            time.sleep(1)
            reasons = {(loss["place"], loss["reason"]) for loss in agent.show("losses", begun)["losses"]}
        self.assertIn(("buffer", "disk_full"), reasons)
        later = now_ns()
        agent.wait_covered(later + 2 * SECOND)
        self.assertGreater(self.edge(agent.show("map", later, later + 2 * SECOND), "loadgen", "web")["requests"], 500)
        self.assertEqual(process.close()["failed"], {})


if __name__ == "__main__":
    main()
