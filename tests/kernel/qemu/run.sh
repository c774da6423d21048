#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots a Debian kernel of an older line under qemu (software emulation, seconds) with kernel_selftest as its only program.
#   run.sh LINE PROGRAM [CACHE]     LINE is 5.10, 6.1 or 6.12
# Prints the program's lines, each with the kernel's, and ends with `PASS kernel LINE …`, `FAIL kernel LINE …` or
# `SKIP kernel LINE: reason`.  Exit: 0 passed, 1 failed, 77 skipped.
set -eu

line=${1:?which kernel line}
program=${2:?which program to boot with}
cache=${3:-${XDG_CACHE_HOME:-$HOME/.cache}/binnacle/kernels}
time_limit=${BINNACLE_QEMU_SECONDS:-420}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() { echo "SKIP kernel $line: $1"; exit 77; }
fail() { echo "FAIL kernel $line: $1"; exit 1; }

for tool in qemu-system-x86_64 busybox cpio gzip apt-get dpkg-deb ldd; do
    command -v "$tool" >/dev/null 2>&1 || skip "$tool is not installed"
done
[ "$(uname -m)" = x86_64 ] || skip "the packaged kernels are for x86-64, this machine is $(uname -m)"
busybox --list | grep -qx reboot || skip "this busybox has no reboot"

case $line in
    5.10) suite=bullseye security=bullseye-security ;;
    6.1) suite=bookworm security=bookworm-security ;;
    6.12) suite=bookworm-backports security= ;;
    *) fail "no such line; use 5.10, 6.1 or 6.12" ;;
esac

mkdir -p "$cache/$line"
cache=$(cd "$cache" && pwd)
exec 9>"$cache/$line/lock"
flock 9

# A scratch apt with lists and sources of its own: those of the machine are not changed.  (Its proxy settings still hold.)
apt_root=$cache/$line/apt
mirror=${BINNACLE_DEBIAN_MIRROR:-} # scheme and host; nothing = the machine's own
scratch_apt() {
    apt-get -q -o Dir::Etc="$apt_root/etc" -o Dir::Etc::sourcelist="$apt_root/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State="$apt_root/state" -o Dir::State::status="$apt_root/status" -o Dir::Cache="$apt_root/cache" \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o Acquire::Languages=none -o APT::Sandbox::User= \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=20 "$@"
}

# Machines that reach Debian only through their own sources tell so in apt's files: take the host and the proxy from there.
machine_mirror() {
    sed -nE 's#^(deb |URIs: ).*(https?://[^ ]*)/debian/? .*#\2#p; s#^URIs: *(https?://[^ ]*)/debian/?$#\1#p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1
}

prepare_apt() {
    mkdir -p "$apt_root/etc" "$apt_root/state/lists/partial" "$apt_root/cache/archives/partial"
    : > "$apt_root/status"
    [ -n "$mirror" ] || mirror=$(machine_mirror)
    [ -n "$mirror" ] || { echo "apt's files name no Debian mirror; set BINNACLE_DEBIAN_MIRROR" >"$cache/$line/apt.log"; return 1; }
    echo "deb [signed-by=$keyring] $mirror/debian $suite main" > "$apt_root/etc/sources.list"
    [ -z "$security" ] || echo "deb [signed-by=$keyring] $mirror/debian-security $security main" >> "$apt_root/etc/sources.list"
    scratch_apt update >"$cache/$line/apt.log" 2>&1
}

# The newest cloud kernel of the line: version suffixes move, so apt is asked by pattern.
newest_package() {
    apt-cache -o Dir::Etc="$apt_root/etc" -o Dir::State="$apt_root/state" -o Dir::State::status="$apt_root/status" \
        -o Dir::Cache="$apt_root/cache" -o Dir::Etc::sourcelist="$apt_root/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 pkgnames "linux-image-$line." |
        grep -E "^linux-image-$line\.[0-9.]+(-[0-9]+|\+deb[0-9]+)(-cloud-amd64|\+deb[0-9]+-cloud-amd64|.*-cloud-amd64)\$" |
        grep -v unsigned | sort -V | tail -n 1
}

kernel=$cache/$line/vmlinuz
if [ ! -s "$kernel" ]; then
    [ -r "$keyring" ] || skip "$keyring is not installed (package debian-archive-keyring)"
    prepare_apt || skip "the package lists of $suite cannot be read: $(tail -n 1 "$cache/$line/apt.log")"
    package=$(newest_package)
    [ -n "$package" ] || skip "no cloud kernel of this line in $suite"
    (cd "$cache/$line" && rm -f -- *.deb && scratch_apt download "$package" >>apt.log 2>&1) ||
        skip "$package cannot be downloaded: $(tail -n 1 "$cache/$line/apt.log")"
    rm -rf "$cache/$line/unpacked"
    dpkg-deb -x "$cache/$line"/linux-image-*.deb "$cache/$line/unpacked"
    cp "$cache/$line"/unpacked/boot/vmlinuz-* "$kernel"
    rm -rf "$cache/$line/unpacked" "$cache/$line"/linux-image-*.deb
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/etc"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$program" "$root/bin/selftest"
for library in $(ldd "$program" "$(command -v busybox)" 2>/dev/null | grep -oE '/[^ :)]+' | grep -v ':$' | sort -u); do
    case $library in
        *.so*) mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library" ;;
    esac
done
cat > "$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t tmpfs tmp /tmp
/bin/busybox mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
/bin/busybox ip link set lo up
/bin/selftest SELFTEST_ARGUMENTS
echo "BINNACLE-EXIT $?"
/bin/busybox reboot -f
INIT
sed -i "s/SELFTEST_ARGUMENTS/${BINNACLE_SELFTEST_ARGUMENTS:-}/" "$root/init" # --loader: what the verifier says
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initramfs.gz"

# One processor: with several threads of emulation a 16-byte compare-and-swap is not always atomic, and the guest panics.
boot() {
    : > "$work/serial"
    qemu-system-x86_64 -accel tcg -smp 1 -m 512 -nographic -no-reboot -net none -monitor none -serial "file:$work/serial" \
        -kernel "$kernel" -initrd "$work/initramfs.gz" -append "console=ttyS0 panic=-1 quiet no_timer_check" </dev/null >"$work/qemu.log" 2>&1 &
    qemu=$!
    trap 'kill "$qemu" 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM
    waited=0
    # Some of these kernels do not find their way out of a reboot under emulation: the closing line is enough.
    while kill -0 "$qemu" 2>/dev/null && [ "$waited" -lt "$time_limit" ] && ! grep -qE '^BINNACLE-EXIT|end trace|Kernel panic' "$work/serial" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
    done
    kill "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    tr -d '\r' < "$work/serial" | sed 's/^.*\(note  Linux \)/\1/' > "$work/console"
}

# A guest whose kernel fails says something about the emulation on a busy machine, and may do so before our program has begun; one that
# fails each time says something about us.
boot
for again in 1 2; do
    if grep -q "^BINNACLE-EXIT" "$work/console" || [ "$waited" -ge "$time_limit" ]; then break; fi
    echo "[$line] the guest's kernel failed ($(grep -m 1 -oE 'BUG: .*|Kernel panic.*|RIP: .*' "$work/console" || echo 'no word of why')); boot $again more"
    boot
done
[ -z "${BINNACLE_CONSOLE:-}" ] || cp "$work/console" "$BINNACLE_CONSOLE"

release=$(sed -n 's/^note  Linux //p' "$work/console" | head -n 1)
grep -E '^(PASS|FAIL|note|ok|fallback|missing) ' "$work/console" | sed "s/^/[$line] /" || true
if ! grep -q '^BINNACLE-EXIT' "$work/console"; then
    tail -n 30 "$work/console"
    fail "the test did not come to its end (waited $waited of $time_limit s)"
fi
passed=$(grep -c '^PASS ' "$work/console" || true)
failed=$(grep -c '^FAIL ' "$work/console" || true)
grep -q '^BINNACLE-EXIT 0$' "$work/console" || fail "($release): $failed of $((passed + failed)) facts do not hold"
echo "PASS kernel $line ($release): $passed facts hold"
