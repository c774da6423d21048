# SPDX-License-Identifier: Apache-2.0
"""The image writer: what an archive holds, that it is the same bytes each time, and that it stands alone in its folder."""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
TOOL = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "deploy/image")
sys.path.insert(0, TOOL)
import oci_archive  # noqa: E402
import root_folder  # noqa: E402
from oci_archive import Image, Layer, write_archive  # noqa: E402

NAME = "docker.io/local/tool:1"


class Archive:
    """An archive as a reader sees it; every blob is checked against its name."""

    def __init__(self, path):
        self.blobs, self.members = {}, {}
        with tarfile.open(path) as file:
            for member in file:
                data = file.extractfile(member).read()
                self.members[member.name] = data
                if member.name.startswith("blobs/sha256/"):
                    digest = hashlib.sha256(data).hexdigest()
                    assert member.name == "blobs/sha256/" + digest, member.name
                    self.blobs["sha256:" + digest] = data
        self.index = json.loads(self.members["index.json"])

    def blob(self, descriptor):
        data = self.blobs[descriptor["digest"]]
        assert len(data) == descriptor["size"]
        return data

    def manifest(self):
        return json.loads(self.blob(self.index["manifests"][0]))

    def config(self):
        return json.loads(self.blob(self.manifest()["config"]))

    def layer(self, number=0):
        return tarfile.open(fileobj=io.BytesIO(self.blob(self.manifest()["layers"][number])))


class OciArchive(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.root = self.folder + "/root"
        os.makedirs(self.root + "/usr/bin")
        self.put("usr/bin/tool", b"\x7fELF", 0o755)
        self.put("etc/secret", b"x", 0o600)
        os.symlink("usr/bin", self.root + "/bin")
        os.link(self.root + "/usr/bin/tool", self.root + "/usr/bin/twin")

    def put(self, name, data, mode):
        path = f"{self.root}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)

    def write(self, *images, name="image.tar", **more):
        path = f"{self.folder}/{name}"
        write_archive(path, NAME, list(images) or [Image([Layer(self.root)], ["/usr/bin/tool"])], **more)
        return path

    def test_layer_keeps_modes_links_and_nobody_as_owner(self):
        members = {member.name: member for member in Archive(self.write()).layer()}
        self.assertEqual(list(members), ["bin", "etc", "etc/secret", "usr", "usr/bin", "usr/bin/tool", "usr/bin/twin"])
        self.assertEqual((members["usr/bin/tool"].mode, members["etc/secret"].mode), (0o755, 0o600))
        self.assertEqual((members["bin"].issym(), members["bin"].linkname), (True, "usr/bin"))
        self.assertEqual((members["usr/bin/twin"].islnk(), members["usr/bin/twin"].linkname), (True, "usr/bin/tool"))
        self.assertEqual({(member.uid, member.gid, member.mtime) for member in members.values()}, {(0, 0, 0)})

    def test_configuration_says_how_it_starts(self):
        image = Image([Layer(self.root)], ["/usr/bin/tool"], ["--help"], {"A": "b"}, "65535", "/tmp", ["80/tcp"], {"x": "y"}, "linux/arm64/v8")
        config = Archive(self.write(image)).config()
        self.assertEqual((config["os"], config["architecture"], config["variant"]), ("linux", "arm64", "v8"))
        self.assertEqual(config["config"], {"Entrypoint": ["/usr/bin/tool"], "Cmd": ["--help"], "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "A=b"],
                                            "User": "65535", "WorkingDir": "/tmp", "ExposedPorts": {"80/tcp": {}}, "Labels": {"x": "y"}})

    def test_name_is_where_tools_look_for_it(self):
        annotations = Archive(self.write()).index["manifests"][0]["annotations"]
        self.assertEqual(annotations, {"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": "1"})

    def test_same_input_same_bytes(self):
        first = self.write(name="one.tar")
        os.utime(self.root + "/usr/bin/tool", (1, 1))
        second = self.write(name="two.tar")
        with open(first, "rb") as one, open(second, "rb") as two:
            self.assertEqual(one.read(), two.read())
        self.put("etc/secret", b"y", 0o600)
        with open(first, "rb") as one, open(self.write(name="three.tar"), "rb") as three:
            self.assertNotEqual(one.read(), three.read())

    def test_layer_digest_is_of_what_is_inside_also_when_compressed(self):
        plain, packed = Archive(self.write()), Archive(self.write(name="packed.tar", compress=True))
        self.assertEqual(packed.manifest()["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip")
        self.assertEqual(plain.config()["rootfs"], packed.config()["rootfs"])
        self.assertEqual(plain.config()["rootfs"]["diff_ids"], [plain.manifest()["layers"][0]["digest"]])

    def test_layer_at_a_target(self):
        names = Archive(self.write(Image([Layer(self.root + "/etc", "/opt/tool")]))).layer().getnames()
        self.assertEqual(names, ["opt", "opt/tool", "opt/tool/secret"])

    def test_two_platforms_are_one_index(self):
        archive = Archive(self.write(*(Image([Layer(self.root)], platform=platform) for platform in ("linux/amd64", "linux/arm64"))))
        inner = json.loads(archive.blob(archive.index["manifests"][0]))
        self.assertEqual([one["platform"]["architecture"] for one in inner["manifests"]], ["amd64", "arm64"])
        for one in inner["manifests"]:
            self.assertEqual(json.loads(archive.blob(json.loads(archive.blob(one))["config"]))["architecture"], one["platform"]["architecture"])

    def test_failure_leaves_nothing(self):
        with self.assertRaises(OSError):
            self.write(Image([Layer(self.folder + "/missing")]))
        self.assertEqual(sorted(os.listdir(self.folder)), ["root"])

    def test_command_line(self):
        output = self.folder + "/by-command.tar"
        done = subprocess.run([sys.executable, TOOL + "/oci_archive.py", "--name", NAME, "--from", self.root, "--from", self.root + "/etc:/opt",
                               "--entrypoint", "/usr/bin/tool", "--env", "A=b=c", "-o", output], capture_output=True, text=True, check=True)
        archive = Archive(output)
        self.assertEqual(done.stdout.strip(), archive.index["manifests"][0]["digest"])
        self.assertEqual(archive.layer(1).getnames(), ["opt", "opt/secret"])
        self.assertIn("A=b=c", archive.config()["config"]["Env"])


class RootFolder(unittest.TestCase):
    def test_program_with_its_libraries_runs_in_the_folder(self):
        if os.geteuid() != 0:
            self.skipTest("needs root for chroot")
        with tempfile.TemporaryDirectory() as folder:
            root_folder.copy_program(folder, "/bin/cat", "/usr/bin/cat")
            with open(folder + "/etc/word", "w", encoding="ascii") as file:
                file.write("here\n")
            done = subprocess.run(["chroot", folder, "/usr/bin/cat", "/etc/word"], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout, "here\n")

    def test_dependencies_of_a_package(self):
        names = root_folder.with_dependencies(["redis-tools"])
        for wanted in ("redis-tools", "libc6", "libjemalloc2"):
            self.assertIn(wanted, names)
        self.assertNotIn("debconf", names)

    def test_unknown_package_is_named(self):
        with self.assertRaisesRegex(root_folder.RootError, "no-such-package-at-all"):
            root_folder.with_dependencies(["no-such-package-at-all"])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    for _, why in result.skipped:
        print("SKIPPED: " + why)
    sys.exit(1 if not result.wasSuccessful() else 77 if result.skipped and len(result.skipped) == result.testsRun else 0)
