# SPDX-License-Identifier: Apache-2.0
"""The images that the hosts run: made here from Debian packages and our own programs (deploy/image), kept in the cache by what went in.

There is no registry: `load` puts an archive into a host's containerd, and pods say imagePullPolicy: Never.
"""
import concurrent.futures
import hashlib
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field

from . import hosts, programs
from .common import ROOT, ClusterError, read, run, write

sys.path.insert(0, ROOT + "/deploy/image")
import oci_archive  # noqa: E402
import root_folder  # noqa: E402

NGINX = """# Answers with its welcome page on port 80; a ConfigMap mounted at /etc/nginx/conf.d adds servers or replaces default.conf.
daemon off;
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /dev/stderr;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    access_log /dev/stdout;
    keepalive_timeout 65s;
    include /etc/nginx/conf.d/*.conf;
}
"""
NGINX_SERVER = "server {\n    listen 80;\n    root /usr/share/nginx/html;\n}\n"


@dataclass
class Recipe:
    """What an image is made of: Debian packages, programs with their libraries {inside: outside}, files {inside: text}, copies {inside: outside}."""
    entrypoint: list
    command: list = field(default_factory=list)
    packages: list = field(default_factory=list)
    binaries: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    copies: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    ports: list = field(default_factory=list)
    user: str = ""
    shell: bool = False         # busybox, with its names linked

    def inputs(self):
        """Files whose content decides; the libraries of a program that is not built yet are not known."""
        libraries = [file for program in self.binaries.values() if os.path.exists(program) for file in root_folder.libraries(program)]
        return [*self.binaries.values(), *sorted(libraries), *self.copies.values(), oci_archive.__file__, root_folder.__file__]


def build_folder():
    return os.environ.get("BINNACLE_BUILD", ROOT + "/build/release")


def recipes():
    ours = programs.folder()
    return {
        "pause:1": Recipe(["/pause"], copies={"/pause": ours + "/pause"}, user="65535:65535"),
        "coredns:1": Recipe(["/coredns"], copies={"/coredns": ours + "/coredns"}, ports=["53/udp", "53/tcp"]),
        "nginx:1": Recipe(["/usr/sbin/nginx"], packages=["nginx-light"], ports=["80/tcp"], shell=True,
                          files={"/etc/nginx/nginx.conf": NGINX, "/etc/nginx/conf.d/default.conf": NGINX_SERVER}),
        "redis:7": Recipe(["/usr/bin/redis-server"], ["--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", "/tmp"],
                          packages=["redis-server", "redis-tools"], ports=["6379/tcp"], shell=True),
        "http-echo:1": Recipe(["/http-echo"], copies={"/http-echo": ours + "/http-echo"}, ports=["5678/tcp"]),
        "curl:1": Recipe([], ["/bin/sh"], packages=["curl"], shell=True),
        "shop-api:1": Recipe(["/usr/bin/gunicorn"], ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "120", "--timeout", "0",
                             "--worker-tmp-dir", "/tmp", "--chdir", "/shop", "--bind", "0.0.0.0:8000", "api:app"], packages=["gunicorn"], shell=True,
                             copies={"/shop/api.py": ROOT + "/tests/lab/shop/api.py"}, ports=["8000/tcp"],
                             environment={"SHOP_CACHE": "cache:6379", "PYTHONDONTWRITEBYTECODE": "1"}),
        "binnacle-agent:1": Recipe(["/usr/bin/binnacle-agent"], ["run", "--listen", "127.0.0.1:9465"], shell=True,
                                   binaries={"/usr/bin/binnacle-agent": build_folder() + "/bin/binnacle-agent"}, ports=["9465/tcp"]),
    }


KEPT_ARCHIVES = 4
# Loaded by `up`; the agent's comes when somebody asks for it.
ALWAYS = ("pause:1", "coredns:1", "nginx:1", "redis:7", "http-echo:1", "curl:1", "shop-api:1")


def complete(name):
    return "docker.io/local/" + name


def key(name, recipe):
    # Where our own programs lie is no matter, only what is in them.
    facts = {**vars(recipe), "binaries": list(recipe.binaries), "copies": list(recipe.copies)}
    digest = hashlib.sha256(json.dumps([name, facts], sort_keys=True).encode())
    for path in recipe.inputs():
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:20]


def add_shell(root):
    place_file(root + "/bin/busybox", "/bin/busybox", 0o755)
    for name in run("/bin/busybox", "--list").stdout.split():
        if not os.path.lexists(f"{root}/usr/bin/{name}") and not os.path.lexists(f"{root}/usr/sbin/{name}"):
            os.symlink("busybox", f"{root}/usr/bin/{name}")


def place_file(target, source, mode):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)
    os.chmod(target, mode)


def fill(root, recipe):
    if recipe.packages:
        root_folder.fill_from_packages(root, recipe.packages, programs.cache_folder() + "/packages")
    for inside, outside in recipe.binaries.items():
        root_folder.copy_program(root, outside, inside)
    for inside, outside in recipe.copies.items():
        place_file(root + inside, outside, 0o755)
    for inside, text in recipe.files.items():
        write(root + inside, text)
    if recipe.shell:
        add_shell(root)


def ensure(name):
    """The archive of an image; made when what goes into it has changed."""
    recipe = recipes().get(name)
    if recipe is None:
        raise ClusterError(f"there is no image '{name}'; there are " + ", ".join(recipes()))
    for path in recipe.inputs():
        if not os.path.exists(path):
            raise ClusterError(f"{path} is not built, and the image {name} needs it")
    folder = programs.cache_folder() + "/images"
    path = f"{folder}/{name.replace(':', '-')}-{key(name, recipe)}.tar"
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".root-") as root:
        os.chmod(root, 0o755)
        try:
            fill(root, recipe)
        except root_folder.RootError as error:
            raise ClusterError(f"image {name}: {error}") from None
        image = oci_archive.Image([oci_archive.Layer(root)], recipe.entrypoint, recipe.command, recipe.environment, recipe.user, "/", recipe.ports)
        oci_archive.write_archive(path, complete(name), [image])
    forget_older(folder, name)
    return path


def forget_older(folder, name):
    """Keeps the newest few: several copies of the source may share the cache."""
    found = [f"{folder}/{file}" for file in os.listdir(folder) if file.startswith(name.replace(":", "-") + "-") and file.endswith(".tar")]
    for path in sorted(found, key=os.path.getmtime)[:-KEPT_ARCHIVES]:
        os.unlink(path)


# -- into the hosts --------------------------------------------------------------------------------------------------

def ctr(host, *arguments):
    pid = hosts.first_process(host)
    if pid is None:
        raise ClusterError(f"{host.name} is not running")
    return run("ctr", "--address", f"/proc/{pid}/root" + "/run/containerd/containerd.sock", "--namespace", "k8s.io", *arguments)


def marks_of(host):
    return host.folder + "/var/lib/images-loaded.json"


def load_into(host, archives):
    """Remembers by the archive's path (which holds the digest of what went in) what a host has already."""
    known = json.loads(read(marks_of(host))) if os.path.exists(marks_of(host)) else []
    for archive in archives:
        if archive not in known:
            ctr(host, "images", "import", archive)
            known.append(archive)
    write(marks_of(host), json.dumps(known))


def load(chosen, archives):
    """Into each of the hosts, hosts side by side."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: load_into(host, archives), chosen))


def load_file(chosen, path):
    """An archive of somebody else's making, always anew."""
    for host in chosen:
        ctr(host, "images", "import", path)
