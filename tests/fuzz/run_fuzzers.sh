#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run_fuzzers.sh [SECONDS] [BUILD] [NAME]: runs each fuzzer (or NAME alone) for so long ($FUZZ_SECONDS, else 20), from its seeds; ends non-zero on
# a finding, which is left in BUILD/findings; 77 when nothing is built.
set -u
seconds=${1:-${FUZZ_SECONDS:-20}}
here=$(cd "$(dirname "$0")" && pwd)
build=${2:-$here/../../build/fuzz}
findings=$build/findings
mkdir -p "$findings"
ran=0
failed=""
for fuzzer in "$build"/fuzz/${3:-fuzz_*}; do
    [ -x "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    corpus=$build/corpus/$name
    seeds=$here/seeds/$name
    mkdir -p "$corpus"
    [ -d "$seeds" ] || seeds=""
    # shellcheck disable=SC2086 # no seeds, no argument
    if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -close_fd_mask=1 -print_final_stats=1 \
        -artifact_prefix="$findings/$name-" "$corpus" $seeds >"$findings/$name.log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$findings/$name.log") inputs in $seconds s, no finding"
    else
        echo "$name: FINDING, see $findings/$name.log"
        tail -30 "$findings/$name.log"
        failed="$failed $name"
    fi
    ran=$((ran + 1))
done
if [ "$ran" -eq 0 ]; then
    echo "SKIPPED: no fuzzers in $build/fuzz: cmake --preset fuzz && cmake --build --preset fuzz"
    exit 77
fi
[ -z "$failed" ] || { echo "findings:$failed" >&2; exit 1; }
