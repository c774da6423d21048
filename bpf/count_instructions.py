#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints how many instructions each function of a BPF object has, and fails when the sum is over the budget.

The budget is a wish for code that stays small, not the kernel's limit (a million steps of the verifier)."""
import re
import subprocess
import sys


def count(objdump: str, path: str) -> dict[str, int]:
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    counts: dict[str, int] = {}
    function = ""
    for line in text.splitlines():
        if header := re.match(r"^[0-9a-f]+ <(\w+)>:$", line):
            function = header.group(1)
        elif re.match(r"^\s+\d+:\t", line):
            counts[function] = counts.get(function, 0) + 1
    return counts


def main() -> int:
    objdump, path, budget = sys.argv[1], sys.argv[2], int(sys.argv[3])
    functions = {name: number for name, number in count(objdump, path).items() if not name.startswith("LBB")}
    total = sum(count(objdump, path).values())
    print(f"  {total} instructions of {budget}: " + ", ".join(sorted(functions)))
    if total > budget:
        print(f"error: {path} is over its budget; see bpf/CMakeLists.txt", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
