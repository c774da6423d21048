#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent's image: the same input gives the same bytes, the files in it run by themselves, and its labels say what it is."""
import json
import os
import shutil
import sys
import tarfile
import tempfile
import unittest

from deploy_test import DEPLOY, ROOT, find_program, main, needs, run

AGENT = find_program("binnacle-agent", os.environ.get("BINNACLE_BUILD", ROOT + "/build/release") + "/bin/binnacle-agent")
READELF = shutil.which("readelf")
SMALL = shutil.which("true")  # any program makes an image; a small one makes it fast
BUILD = DEPLOY + "/image/build_image.py"


def build(*words):
    return run(sys.executable, BUILD, *words)


def read(archive, digest):
    with archive.extractfile("blobs/sha256/" + digest.split(":")[1]) as file:
        return file.read()


def configuration(path):
    with tarfile.open(path) as archive:
        with archive.extractfile("index.json") as file:
            top = json.load(file)["manifests"][0]
        manifest = json.loads(read(archive, top["digest"]))
        return json.loads(read(archive, manifest["config"]["digest"]))


class Image(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="binnacle-image-")
        self.addCleanup(shutil.rmtree, self.folder)

    @needs(true=SMALL, readelf=READELF)
    def test_the_same_program_gives_the_same_bytes(self):
        texts, digests = [], []
        for name in ("a.tar", "b.tar"):
            done = build("--agent", SMALL, "-o", f"{self.folder}/{name}")
            self.assertEqual(done.returncode, 0, done.stderr)
            digests.append(done.stdout)
            with open(f"{self.folder}/{name}", "rb") as file:
                texts.append(file.read())
        self.assertEqual(digests[0], digests[1])
        self.assertTrue(digests[0].startswith("sha256:"))
        self.assertTrue(texts[0] == texts[1], "two builds differ")

    @needs(true=SMALL, readelf=READELF)
    def test_another_program_gives_another_digest(self):
        other = self.folder + "/other"
        shutil.copyfile(SMALL, other)
        with open(other, "ab") as file:
            file.write(b"more")
        digests = [build("--agent", program, "-o", self.folder + "/x.tar").stdout for program in (SMALL, other)]
        self.assertNotEqual(digests[0], digests[1])

    @needs(true=SMALL, readelf=READELF)
    def test_labels_platform_and_command(self):
        build("--agent", SMALL, "--version", "7.8.9", "--revision", "abc", "-o", self.folder + "/x.tar")
        found = configuration(self.folder + "/x.tar")
        self.assertIn(found["architecture"], ("amd64", "arm64"))
        self.assertEqual(found["config"]["Entrypoint"], ["/usr/bin/binnacle-agent"])
        labels = found["config"]["Labels"]
        self.assertEqual(labels["org.opencontainers.image.version"], "7.8.9")
        self.assertEqual(labels["org.opencontainers.image.revision"], "abc")
        self.assertIn("Apache-2.0", labels["org.opencontainers.image.licenses"])

    @needs(agent=AGENT, readelf=READELF)
    @unittest.skipIf(os.geteuid() != 0, "chroot needs root")
    def test_the_files_run_without_anything_of_this_machine(self):
        root = os.path.join(self.folder, "image")
        done = build("--agent", AGENT, "--root", root)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = run("chroot", root, "/usr/bin/binnacle-agent", "--version")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("binnacle-agent "))
        self.assertFalse(os.path.lexists(os.path.join(root, "usr/bin/sh")), "no shell")

    @needs(readelf=READELF)
    def test_what_is_no_program_is_refused_in_a_sentence(self):
        done = build("--agent", BUILD, "-o", self.folder + "/x.tar")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no 64-bit program of Linux", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    sys.exit(main())
