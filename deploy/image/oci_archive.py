#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a container image as one archive, from folders, with no container engine.

  oci_archive.py --name docker.io/local/tool:1 --from FOLDER[:/TARGET] … [--entrypoint WORD …] [--platform linux/arm64] -o tool.tar

The archive is an OCI image layout; `ctr images import`, `podman load`, `skopeo copy oci-archive:` and newer `docker load` read it.
The same input gives the same bytes: times are SOURCE_DATE_EPOCH (0 when unset), owners are root, names are sorted, and every file keeps
its mode.  Several images of one name, one a platform, become one index (`write_archive(path, name, [amd64, arm64])`).

As a module: Layer, Image, write_archive.  Errors are exceptions of the standard library; nothing is left at `path` when one is raised.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import stat
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def this_platform():
    machine = os.uname().machine
    return "linux/" + ARCHITECTURES.get(machine, machine)


@dataclass
class Layer:
    """The content of `folder`, placed at `target` in the image."""
    folder: str
    target: str = "/"


@dataclass
class Image:
    """One platform's image: what is in it, and how it is started."""
    layers: list
    entrypoint: list = field(default_factory=list)
    command: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    user: str = ""
    folder: str = ""
    ports: list = field(default_factory=list)     # "80/tcp"
    labels: dict = field(default_factory=dict)
    platform: str = field(default_factory=this_platform)


def when():
    return int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def created():
    import datetime
    return datetime.datetime.fromtimestamp(when(), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- layers ----------------------------------------------------------------------------------------------------------

def entry(path, name, first_names):
    """The archive's head of one file; None for a socket, which no image can hold."""
    found = os.lstat(path)
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.uid, info.gid = stat.S_IMODE(found.st_mode), when(), 0, 0
    if stat.S_ISDIR(found.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(found.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif stat.S_ISREG(found.st_mode):
        key = (found.st_dev, found.st_ino)
        if found.st_nlink > 1 and key in first_names:
            info.type, info.linkname = tarfile.LNKTYPE, first_names[key]
        else:
            first_names[key] = name
            info.size = found.st_size
    else:
        return None
    return info


def paths_below(folder):
    """Every path in `folder`, parents before what they hold, in one order everywhere."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        yield path
        if os.path.isdir(path) and not os.path.islink(path):
            yield from paths_below(path)


def parents_of(target):
    parts = [part for part in target.split("/") if part]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def write_layer(layer, file):
    first_names = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in parents_of(layer.target):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, when()
            archive.addfile(info)
        prefix = layer.target.strip("/")
        for path in paths_below(layer.folder):
            name = os.path.join(prefix, os.path.relpath(path, layer.folder))
            info = entry(path, name, first_names)
            if info is None:
                continue
            if info.isreg():
                with open(path, "rb") as content:
                    archive.addfile(info, content)
            else:
                archive.addfile(info)


class HashingFile:
    """A file to write to, whose digest and length are known afterwards."""

    def __init__(self, file):
        self.file, self.digest, self.length = file, hashlib.sha256(), 0

    def write(self, data):
        self.digest.update(data)
        self.length += len(data)
        return self.file.write(data)

    def tell(self):
        return self.length

    def flush(self):
        self.file.flush()

    def name(self):
        return "sha256:" + self.digest.hexdigest()


class Blobs:
    """Blobs by digest, kept in a folder until they are written out."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, kind, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{self.folder}/{digest}", "wb") as file:
            file.write(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    def add_layer(self, layer, compress):
        """Its descriptor, and the digest of what is inside, which the image's configuration names."""
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            stored = HashingFile(file)
            if compress:
                with gzip.GzipFile(filename="", fileobj=stored, mode="wb", mtime=0) as packed:
                    content = HashingFile(packed)
                    write_layer(layer, content)
            else:
                content = stored
                write_layer(layer, content)
        os.rename(file.name, f"{self.folder}/{stored.digest.hexdigest()}")
        kind = LAYER + ("+gzip" if compress else "")
        return {"mediaType": kind, "digest": stored.name(), "size": stored.length}, content.name()


# -- the image -------------------------------------------------------------------------------------------------------

def as_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def platform_of(image):
    system, _, rest = image.platform.partition("/")
    architecture, _, variant = rest.partition("/")
    found = {"os": system, "architecture": architecture}
    return {**found, "variant": variant} if variant else found


def configuration(image, digests):
    settings = {
        "Entrypoint": image.entrypoint, "Cmd": image.command, "User": image.user, "WorkingDir": image.folder, "Labels": image.labels,
        "Env": [f"{name}={value}" for name, value in {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **image.environment}.items()],
        "ExposedPorts": {port: {} for port in image.ports}}
    return {**platform_of(image), "created": created(), "config": {name: value for name, value in settings.items() if value},
            "rootfs": {"type": "layers", "diff_ids": digests}, "history": [{"created": created(), "created_by": "oci_archive"} for _ in digests]}


def add_image(blobs, image, compress):
    layers, digests = [], []
    for layer in image.layers:
        descriptor, digest = blobs.add_layer(layer, compress)
        layers.append(descriptor)
        digests.append(digest)
    config = blobs.add(CONFIG, as_json(configuration(image, digests)))
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    return {**blobs.add(MANIFEST, as_json(manifest)), "platform": platform_of(image)}


def add_member(archive, name, size, content):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o644, when()
    archive.addfile(info, content)


def write_archive(path, name, images, compress=False):
    """`name` complete, as `docker.io/local/tool:1`; `images` of one name, one for each platform."""
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.TemporaryDirectory(dir=folder, prefix=".image-") as scratch:
        os.mkdir(scratch + "/blobs")
        blobs = Blobs(scratch + "/blobs")
        described = [add_image(blobs, image, compress) for image in images]
        if len(described) == 1:
            top = described[0]
        else:
            top = blobs.add(INDEX, as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": described}))
        top["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]}
        index = as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [top]})
        layout = as_json({"imageLayoutVersion": "1.0.0"})
        with tarfile.open(scratch + "/archive", "w", format=tarfile.PAX_FORMAT) as archive:
            add_member(archive, "oci-layout", len(layout), io.BytesIO(layout))
            add_member(archive, "index.json", len(index), io.BytesIO(index))
            for digest in sorted(os.listdir(blobs.folder)):
                blob = f"{blobs.folder}/{digest}"
                with open(blob, "rb") as content:
                    add_member(archive, "blobs/sha256/" + digest, os.path.getsize(blob), content)
        os.replace(scratch + "/archive", path)
    return top["digest"]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True, help="complete name with tag")
    parser.add_argument("--from", required=True, action="append", dest="layers", metavar="FOLDER[:TARGET]", help="one layer each")
    parser.add_argument("--entrypoint", nargs="+", default=[])
    parser.add_argument("--command", nargs="+", default=[])
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--port", action="append", default=[], metavar="80/tcp")
    parser.add_argument("--user", default="")
    parser.add_argument("--folder", default="", help="working folder")
    parser.add_argument("--platform", default=this_platform())
    parser.add_argument("--gzip", action="store_true", help="compress layers")
    parser.add_argument("-o", "--output", required=True)
    return parser.parse_args(arguments)


def main(arguments):
    chosen = parse_arguments(arguments)
    layers = [Layer(*(text.split(":", 1))) for text in chosen.layers]
    image = Image(layers, chosen.entrypoint, chosen.command, dict(one.split("=", 1) for one in chosen.env), chosen.user, chosen.folder,
                  chosen.port, dict(one.split("=", 1) for one in chosen.label), chosen.platform)
    print(write_archive(chosen.output, chosen.name, [image], chosen.gzip))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"oci_archive: {error}")
