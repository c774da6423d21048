#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What Debian 12 must have for each purpose, and one function that installs what is missing.
#   tools/dependencies.sh build|lab|fuzz|cluster|kernel …
# `build` starts no daemon.  `lab` holds servers: they are installed with their start-up held back, and the
# policy that held them back is put away again.  An entry is PACKAGE or PACKAGE:PROGRAM (present if the program is).

packages_build="g++ cmake ninja-build pkg-config ccache:ccache mold:mold python3 ca-certificates
    qt6-base-dev qt6-base-dev-tools qt6-charts-dev qt6-svg-dev libqt6opengl6-dev libgl-dev fonts-inter fonts-jetbrains-mono
    libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev libre2-dev libc-ares-dev libssl-dev libboost-dev
    libbpf-dev bpftool clang-16 llvm-16 libelf-dev zlib1g-dev libcap-dev libcap2-bin:setcap
    libsqlite3-dev libzstd-dev libxxhash-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev libgtest-dev libgmock-dev"
packages_lab="iproute2:ip iptables:iptables util-linux:nsenter nginx-light:nginx redis-server:redis-server redis-tools:redis-cli gunicorn:/usr/bin/gunicorn
    wrk:wrk procps:ps openssh-client:ssh openssh-server:sshd"
packages_fuzz="clang-19 libclang-rt-19-dev llvm-19:llvm-symbolizer-19"
packages_cluster="containerd:containerd runc:runc containernetworking-plugins iptables:iptables busybox-static openssl:openssl iproute2:ip util-linux:nsenter"
packages_kernel="qemu-system-x86:qemu-system-x86_64 busybox-static cpio:cpio iproute2:ip iptables:iptables"

is_there() { # PACKAGE[:PROGRAM]
    local package=${1%%:*} program=${1#*:}
    if [[ $program != "$package" ]]; then
        PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null && return 0
    fi
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]]
}

missing_packages() { # PURPOSE …
    local purpose entry list
    for purpose in "$@"; do
        list=packages_$purpose
        for entry in ${!list}; do
            is_there "$entry" || echo "${entry%%:*}"
        done
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Root is needed for: $*" >&2
        echo "Install sudo, or run this as root." >&2
        return 1
    fi
}

# sudo asks here, once; it says itself why it lets nobody in.
can_be_root() { ((EUID == 0)) || { command -v sudo >/dev/null && sudo true; }; }

# Services of freshly installed packages would listen on this machine; none of them is wanted running.
hold_daemons() {
    local policy=/usr/sbin/policy-rc.d
    as_root sh -c "[ ! -e $policy ] || mv $policy $policy.before-binnacle; printf '#!/bin/sh\nexit 101\n' > $policy; chmod 755 $policy"
}

release_daemons() {
    local policy=/usr/sbin/policy-rc.d
    as_root sh -c "rm -f $policy; [ ! -e $policy.before-binnacle ] || mv $policy.before-binnacle $policy"
}

# A shell of its own: its traps do not replace those of the script that installs.
install_packages() ( # PACKAGE …
    hold_daemons
    trap release_daemons EXIT
    trap 'exit 130' INT TERM
    as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
)

ensure_packages() { # PURPOSE …
    local missing status=0
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        echo "This machine has no apt-get. Install what these Debian packages hold, then run this again: ${missing[*]}" >&2
        return 1
    fi
    echo "Missing, to be installed with apt: ${missing[*]}"
    if ! can_be_root; then
        echo "Only root can install them, and $(id -un) is not let in by sudo here. Have root run this, then start again:" >&2
        echo "    $(readlink -f "${BASH_SOURCE[0]}") $*" >&2
        return 1
    fi
    install_packages "${missing[@]}" || status=1
    ((status == 0)) || echo "apt could not install everything; its reason stands above." >&2
    return $status
}

# A compiler may need 1 GiB; on two cores with little memory one job is faster than swapping.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
    ((memory < 1)) && memory=1
    echo $((cores < memory ? cores : memory))
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    (($#)) || { echo "usage: tools/dependencies.sh build|lab|fuzz|cluster|kernel …" >&2; exit 2; }
    ensure_packages "$@"
fi
