#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""failed_tests.py TESTING_FOLDER: the tests of ctest's last run that failed, by name, each with the end of what it printed."""
import os
import re
import sys

LINES = 40  # of each, the last ones: the reason stands at the end


def outputs(text):
    """What each test printed, by name; of a test that ran twice, the second time."""
    found = {}
    for part in re.split(r"^\d+/\d+ Testing: ", text, flags=re.M)[1:]:
        name, _, rest = part.partition("\n")
        printed = re.search(r"^Output:\n-+\n(.*?)(?:^<end of output>|\Z)", rest, flags=re.M | re.S)
        found[name.strip()] = (printed.group(1) if printed else rest).rstrip().splitlines()
    return found


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    folder = sys.argv[1] + "/Temporary"
    names = [line.partition(":")[2] for line in read(folder + "/LastTestsFailed.log").splitlines()]
    printed = outputs(read(folder + "/LastTest.log"))
    for name in names:
        print(f"\nFailed: {name}")
        lines = printed.get(name.strip(), [])
        if len(lines) > LINES:
            print(f"  … {len(lines) - LINES} lines before")
        for line in lines[-LINES:]:
            print(f"  {line[:400]}")


if __name__ == "__main__":
    main()
