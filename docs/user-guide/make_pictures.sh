#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Draws the pictures of the user guide from a recorded session, every page in both themes; the dialogs from their tests.
#   docs/user-guide/make_pictures.sh SESSION.binnacle [BUILD]      needs no display
set -euo pipefail
session=$(readlink -f "${1:?usage: make_pictures.sh SESSION.binnacle [BUILD]}")
cd "$(dirname "$(readlink -f "$0")")/../.."
binnacle=${2:-build/release}/bin/binnacle
images=docs/user-guide/images

# The bundled session (tests/lab/record_demo.sh): api is away 25 to 35 s after the begin, and hangs from about 47 to 55 s.
read -r begin end < <("$binnacle" info "$session" --json | python3 -c 'import json,sys; i = json.load(sys.stdin); print(i["from_ns"], i["to_ns"])')
at() { echo $((begin + $1 * 1000000000)); }

draw() { # PAGE SECOND NAME
    for theme in dark light; do
        "$binnacle" screenshot "$session" --page "$1" --at "$(at "$2")" --theme "$theme" --size 1440x900 -o "$images/$3-$theme.png"
    done
}

mkdir -p "$images"
draw map 34 map
draw map 24 map-healthy
draw services 50 services
draw connections 34 connections
draw inflight 54 inflight
draw events 34 events
draw losses 50 losses
"$binnacle" screenshot "$session" --page map --at "$(at 34)" --scale 2 --size 1280x800 -o "$images/map-2x.png"

# The dialogs with a made-up kubeconfig and cluster: their tests draw them.
dialogs=$(mktemp -d)
trap 'rm -rf "$dialogs"' EXIT
QT_QPA_PLATFORM=offscreen BINNACLE_PICTURES=$dialogs "$(dirname "$binnacle")/../tests/ui_tst_connect_pictures" --gtest_filter='*Once' --gtest_brief=1
QT_QPA_PLATFORM=offscreen BINNACLE_PICTURES=$dialogs "$(dirname "$binnacle")/../tests/ui_tst_install_pictures" --gtest_filter='*Once' --gtest_brief=1
cp "$dialogs"/install-preview-{dark,light}.png "$dialogs"/ssh-host-key-{dark,light}.png "$images"
cp "$dialogs"/connect-{dark,light}.png "$dialogs"/connect-plugin-{dark,light}.png "$images"
if command -v optipng >/dev/null; then
    optipng -quiet -o2 "$images"/*.png
fi
echo "$(find "$images" -name '*.png' | wc -l) pictures in $images, of $(((end - begin) / 1000000000)) s"
