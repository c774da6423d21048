#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the exercise on the tests' own Kubernetes and draws the pictures of exercise-cluster.md from that very run.
#   sudo docs/user-guide/make_cluster_pictures.sh [BUILD]      needs no display
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build=$(readlink -f "${1:-build/release}")
images=docs/user-guide/images
run=$(mktemp -d)
export BINNACLE_BUILD=$build BINNACLE_KEEP_RUN=$run PYTHONDONTWRITEBYTECODE=1 QT_QPA_PLATFORM=offscreen

down() {
    python3 tests/cluster/test_life.py Down.test_leaves_nothing || true
    rm -rf "$run"
}
trap down EXIT
python3 tests/cluster/test_life.py Up.test_comes_up
python3 tests/cluster/test_exercise.py Lesson.test_the_lesson_from_nothing

moment() { # NAME SECONDS
    python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]] + int(sys.argv[3]) * 10**9)' "$run/moments.json" "$1_ns" "$2"
}
draw() { # PAGE MOMENT SECONDS NAME
    local theme
    for theme in dark light; do
        "$build/bin/binnacle" screenshot "$run/exercise.binnacle" --page "$1" --at "$(moment "$2" "$3")" --theme "$theme" --size 1440x900 -o "$images/exercise-$4-$theme.png"
    done
}
draw map begun 0 discovered
draw map counted 0 counted
draw map gone 5 gone
draw map back 5 back
draw services gone 5 services
draw events back 5 events
if command -v optipng >/dev/null; then
    optipng -quiet -o2 "$images"/exercise-*.png
fi
echo "$(find "$images" -name 'exercise-*.png' | wc -l) pictures in $images"
