#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the agent's container image as one archive, without a container engine and without root.

  build_image.py --agent build/release/bin/binnacle-agent -o binnacle-agent.tar
  build_image.py --agent AMD64_PROGRAM --agent ARM64_PROGRAM --sysroot arm64=FOLDER -o binnacle-agent.tar     one image, two platforms
  build_image.py --agent PROGRAM --root FOLDER                                                                only the files (Containerfile)

The image holds the program, the libraries that it names and the loader, and nothing else: no shell, no package manager.  The platform is read from
the program.  Libraries come from this machine, for another platform from its --sysroot.  The same input gives the same digest, which is printed.
`ctr -n k8s.io images import`, `podman load` and `skopeo copy oci-archive:FILE docker://REGISTRY/…` read the archive.

The image's user is root, and it cannot be another: Linux gives the capabilities that a pod asks for to root only.  What limits it is the list of
capabilities in the DaemonSet, a root file system that is read-only, and that it is not privileged.
"""
import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oci_archive  # noqa: E402
import root_folder  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = "/usr/bin/binnacle-agent"
BUFFER = "/var/lib/binnacle"
MACHINES = {62: ("amd64", "x86_64-linux-gnu"), 183: ("arm64", "aarch64-linux-gnu")}
TITLE = "Binnacle agent"
DESCRIPTION = "Sees the programs of a host through eBPF and serves what it sees to binnacle"
LICENCE = "Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)"


class ImageError(Exception):
    """A sentence for the person who makes an image."""


# -- what a program needs --------------------------------------------------------------------------------------------

def platform_of(program):
    """(architecture, the folder name of its libraries) by the ELF header."""
    with open(program, "rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:6] != b"\x7fELF\x02\x01":
        raise ImageError(f"{program} is no 64-bit program of Linux")
    machine = struct.unpack("<H", head[18:20])[0]
    if machine not in MACHINES:
        raise ImageError(f"{program} is built for machine {machine}; images are made for amd64 and arm64")
    return MACHINES[machine]


def needs_of(program):
    """(names of libraries, path of the loader or None) as the program itself says."""
    done = subprocess.run(["readelf", "-ldW", program], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"readelf cannot read {program}: {done.stderr.strip()}")
    loader = re.search(r"program interpreter: (\S+)\]", done.stdout)
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^]]+)\]", done.stdout), loader.group(1) if loader else None


def find_library(name, sysroot, triplet):
    for folder in (f"usr/lib/{triplet}", f"lib/{triplet}", "usr/lib64", "lib64", "usr/lib", "lib", "usr/local/lib"):
        path = os.path.join(sysroot, folder, name)
        if os.path.exists(path):
            return path
    raise ImageError(f"{name} is not in {sysroot}: install it, or name another folder with --sysroot")


def libraries_of(program, sysroot, triplet):
    """{name: file} of everything that is loaded with the program, followed to its end."""
    found, queue = {}, list(needs_of(program)[0])
    while queue:
        name = queue.pop(0)
        if name not in found:
            found[name] = find_library(name, sysroot, triplet)
            queue += needs_of(found[name])[0]
    return found


def fill(root, program, sysroot, triplet):
    root_folder.make_skeleton(root)
    os.makedirs(root + BUFFER, mode=0o700, exist_ok=True)
    root_folder.place(program, root + TARGET)
    for name, file in sorted(libraries_of(program, sysroot, triplet).items()):
        root_folder.place(file, f"{root}/usr/lib/{triplet}/{name}")
    loader = needs_of(program)[1]
    if loader:  # where the program asks for it; /lib and /lib64 are links into /usr
        root_folder.place(find_library(os.path.basename(loader), sysroot, triplet), f"{root}/usr{loader}")


# -- the image -------------------------------------------------------------------------------------------------------

def project_version():
    with open(os.path.join(HERE, "../../CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"^project\(binnacle VERSION (\S+)", file.read(), flags=re.M).group(1)


def labels_of(version, revision):
    labels = {"title": TITLE, "description": DESCRIPTION, "version": version, "licenses": LICENCE, "revision": revision}
    return {"org.opencontainers.image." + name: text for name, text in labels.items() if text}


def image_of(root, architecture, version, revision):
    return oci_archive.Image([oci_archive.Layer(root)], entrypoint=[TARGET], command=["run"], user="0:0",
                             labels=labels_of(version, revision), platform="linux/" + architecture)


def sysroots_of(texts):
    """{architecture: folder}; this machine's own for the rest."""
    pairs = dict(text.split("=", 1) for text in texts if "=" in text)
    if len(pairs) != len(texts):
        raise ImageError("--sysroot is ARCHITECTURE=FOLDER, such as arm64=/srv/arm64-root")
    return pairs


def build(chosen):
    sysroots, images, seen = sysroots_of(chosen.sysroot), [], set()
    folder = os.path.dirname(os.path.abspath(chosen.output or chosen.root))
    with tempfile.TemporaryDirectory(dir=folder, prefix=".image-root-") as scratch:
        for program in chosen.agent:
            architecture, triplet = platform_of(program)
            if architecture in seen:
                raise ImageError(f"two programs are for {architecture}; one image holds one for each platform")
            seen.add(architecture)
            root = chosen.root or f"{scratch}/{architecture}"
            os.makedirs(root, exist_ok=True)
            fill(root, program, sysroots.get(architecture, "/"), triplet)
            images.append(image_of(root, architecture, chosen.version, chosen.revision))
        if chosen.output:
            return oci_archive.write_archive(chosen.output, chosen.name, images, compress=True)
    return chosen.root


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", required=True, action="append", metavar="PROGRAM", help="binnacle-agent; once for each platform")
    parser.add_argument("--version", default=project_version())
    parser.add_argument("--revision", default="", help="the commit that it was built from, for the label")
    parser.add_argument("--name", help="complete name with tag (localhost/binnacle-agent:VERSION)")
    parser.add_argument("--sysroot", action="append", default=[], metavar="ARCHITECTURE=FOLDER")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", metavar="FILE.tar")
    where.add_argument("--root", metavar="FOLDER", help="fill this folder instead of writing an archive")
    chosen = parser.parse_args(arguments)
    chosen.name = chosen.name or f"localhost/binnacle-agent:{chosen.version}"
    return chosen


if __name__ == "__main__":
    try:
        print(build(parse_arguments(sys.argv[1:])))
    except (ImageError, root_folder.RootError, OSError) as failed:
        sys.exit(f"build_image: {failed}")
