#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a folder that becomes an image: from Debian packages, or from one program and the libraries that it loads.

  root_folder.py packages FOLDER PACKAGE …     unpacks the packages and everything that they depend on, without running their scripts
  root_folder.py program FOLDER PROGRAM[:TARGET]   copies a built program with its libraries and loader

Debian only (apt-get, apt-cache, dpkg-deb, ldd); needs no root.  Downloaded packages are kept in `archives`.
"""
import os
import re
import shutil
import subprocess
import sys

# Needed to install or boot a Debian, not to run a program of it.
NOT_IN_IMAGES = {
    "adduser", "base-files", "base-passwd", "debconf", "debconf-2.0", "dpkg", "init-system-helpers", "install-info", "lsb-base", "media-types",
    "perl", "perl-base", "perl-modules-5.36", "passwd", "sysvinit-utils", "systemd", "tar", "ucf", "sensible-utils", "tzdata", "iproute2",
    "libnginx-mod-http-echo", "gcc-12-base", "cdebconf", "login", "libpam-modules", "libpam-runtime", "libpam-modules-bin", "util-linux"}
PRUNED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bug", "etc/init.d",
          "lib/systemd", "usr/lib/systemd", "usr/share/bash-completion", "etc/logrotate.d", "etc/ufw", "etc/default")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n"


class RootError(Exception):
    """A sentence for the person who makes an image."""


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RootError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


# -- from packages ---------------------------------------------------------------------------------------------------

def with_dependencies(packages):
    """The packages and all that they depend on; of alternatives and virtual packages the first."""
    known = all_dependencies(packages)
    wanted, queue = [], list(packages)
    while queue:
        name = queue.pop(0)
        if name in wanted or name in NOT_IN_IMAGES:
            continue
        if name not in known:
            raise RootError(f"apt knows no package {name}; apt-get update, or another name")
        wanted.append(name)
        queue += known[name]
    return sorted(wanted)


def all_dependencies(packages):
    """What each package depends on, for these and everything below them: one call, since each reads apt's whole index."""
    found, current, skip_alternative, virtual = {}, [], False, False
    text = run("apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
               "--no-enhances", *packages)
    for line in text.splitlines():
        match = re.match(r"^ (\||\s)(?:Pre)?Depends: (\S+)$", line)
        if match:
            name, virtual = match.group(2), match.group(2).startswith("<")
            if not skip_alternative and not virtual:
                current.append(name.split(":")[0])
            skip_alternative = match.group(1) == "|"
        elif virtual and line.startswith("    "):  # the first that provides it
            current.append(line.strip().split(":")[0])
            virtual = False
        elif not line.startswith(" "):
            current, skip_alternative, virtual = found.setdefault(line.strip(), []), False, False
    return found


def make_skeleton(root):
    """The merged layout that Debian 12 has, and the accounts that daemons ask for."""
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{root}/usr/{name}", exist_ok=True)
        if not os.path.lexists(f"{root}/{name}"):
            os.symlink("usr/" + name, f"{root}/{name}")
    for name in ("etc", "root", "run", "var/log", "var/lib", "proc", "sys", "dev"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    os.makedirs(f"{root}/tmp", exist_ok=True)
    os.chmod(f"{root}/tmp", 0o1777)
    for name, text in (("passwd", PASSWD), ("group", GROUP), ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")):
        with open(f"{root}/etc/{name}", "w", encoding="ascii") as file:
            file.write(text)


def unpack(archive, root):
    """dpkg-deb's own extraction would replace /lib, a link, by a folder."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as content:
        run("tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root, stdin=content.stdout)
    if content.returncode != 0:
        raise RootError(f"dpkg-deb could not read {os.path.basename(archive)}")


def fill_from_packages(root, packages, archives):
    os.makedirs(archives, exist_ok=True)
    make_skeleton(root)
    names = with_dependencies(packages)
    present = {file.split("_")[0]: file for file in os.listdir(archives) if file.endswith(".deb")}
    missing = [name for name in names if name not in present]
    if missing:
        # Root would hand the download to an account that may not be allowed into the folder.
        run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *missing, cwd=archives)
        present = {file.split("_")[0]: file for file in os.listdir(archives) if file.endswith(".deb")}
    for name in names:
        unpack(f"{archives}/{present[name]}", root)
    for name in PRUNED:
        shutil.rmtree(f"{root}/{name}", ignore_errors=True)
    return names


# -- from a program --------------------------------------------------------------------------------------------------

def libraries(program):
    """The files that the loader maps for the program, itself among them."""
    text = run("ldd", program)
    lost = re.findall(r"^\s*(\S+) => not found", text, flags=re.M)
    if lost:
        raise RootError(f"{program} needs {', '.join(lost)}, which this machine does not have")
    found = re.findall(r"^\s*\S+ => (/\S+) ", text, flags=re.M)
    return found + re.findall(r"^\s*(/\S+/ld-\S+) ", text, flags=re.M)


def copy_program(root, program, target):
    """The program at `target`, each library where the loader looks for it by default."""
    make_skeleton(root)
    place(program, root + target)
    for library in libraries(program):
        # Debian's merged layout: /lib/… and /usr/lib/… are the same place.
        inside = library if library.startswith("/usr/") else "/usr" + library
        if not library.startswith(("/lib", "/usr/lib")):
            inside = "/usr/lib/" + os.path.basename(library)
        place(library, root + inside)


def place(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(os.path.realpath(source), target)
    os.chmod(target, 0o755)


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "packages":
        os.makedirs(arguments[1], exist_ok=True)
        cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
        print("\n".join(fill_from_packages(arguments[1], arguments[2:], cache + "/binnacle-packages")))
    elif len(arguments) == 3 and arguments[0] == "program":
        program, _, target = arguments[2].partition(":")
        copy_program(arguments[1], program, target or "/usr/bin/" + os.path.basename(program))
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (RootError, OSError) as failed:
        sys.exit(f"root_folder: {failed}")
