#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skip_reasons.py LASTTEST.LOG: which tests of ctest's log were skipped, by name, each with the reason it printed."""
import re
import sys


def skipped(text):
    for part in re.split(r"^\d+/\d+ Testing: ", text, flags=re.M)[1:]:
        name = part.splitlines()[0]
        reason = re.search(r"^SKIPPED: (.+)$|: Skipped\n(.+)$", part, flags=re.M)
        if reason or "[  SKIPPED ]" in part:
            yield name, (reason.group(1) or reason.group(2)).strip() if reason else "no reason given"


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        found = list(skipped(log.read()))
    if found:
        print("\nSkipped on this machine:")
        for name, reason in found:
            print(f"  {name}: {reason}")
        print()


if __name__ == "__main__":
    main()
