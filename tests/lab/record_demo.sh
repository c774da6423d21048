#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Records the bundled session: the shop is healthy, api is taken away, comes back, hangs for a moment, recovers.
#   tests/lab/record_demo.sh OUT.binnacle [BUILD]          (root; about 75 seconds)
set -euo pipefail
out=$(readlink -f "$(dirname "${1:?usage: record_demo.sh OUT.binnacle [BUILD]}")")/$(basename "$1")
cd "$(dirname "$(readlink -f "$0")")/../.."
readonly bin=${2:-build/release}/bin lab=tests/lab/lab
export BINNACLE_LOADGEN=${2:-build/release}/tests/loadgen
folder=$(mktemp -d)
pids=()

clean_up() {
    "$lab" mend >/dev/null 2>&1 || true
    ((${#pids[@]})) && kill "${pids[@]}" 2>/dev/null || true
    wait || true
    "$lab" down >/dev/null
    rm -rf "$folder"
}
trap clean_up EXIT

"$lab" up
"$bin/binnacle-agent" run --listen "unix:$folder/agent.sock" --buffer "$folder/buffer" 2>"$folder/log" &
pids+=($!)
sleep 3
rm -f "$out" "$out"-wal "$out"-shm
"$bin/binnacle" record --agent "unix:$folder/agent.sock" --for 70s -o "$out" &
recorder=$!
sleep 3
"$lab" load 1 --duration 64 --connections 4 --rate 45 --timeout 60 --path /orders --path /orders/7 --path /orders/42 --path /health >/dev/null &
pids+=($!)
"$lab" load 1 --duration 64 --connections 2 --rate 6 --timeout 60 --path "/slow?ms=120" --path /orders/555 >/dev/null &
pids+=($!)
sleep 22
"$lab" break scale-api-0
sleep 10
"$lab" mend
sleep 12
"$lab" break hang api-1
sleep 8
"$lab" mend
wait "$recorder"
"$bin/binnacle" info "$out"
