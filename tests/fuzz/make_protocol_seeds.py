#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the protocol fuzzers from the conversations in tests/golden/protocols (see protocol_fuzz.h for the form)."""
import pathlib
import re

here = pathlib.Path(__file__).resolve().parent


def unescape(text: str) -> bytes:
    text = re.sub(r"\{(\d+)\*(.)\}", lambda m: m.group(2) * min(int(m.group(1)), 300), text)
    return text.encode().decode("unicode_escape").encode("latin-1", "replace")


def chunks(script: str) -> bytes:
    out = b""
    for line in script.splitlines():
        if line[:2] not in ("> ", "< "):
            continue
        data = unescape(line[2:])
        while data:
            part, data = data[:255], data[255:]
            out += bytes([line[0] == "<", len(part)]) + part
    return out


for protocol in ("http", "redis"):
    for script in sorted((here / "../golden/protocols" / protocol).glob("*.txt")):
        data = chunks(script.read_text())
        (here / "seeds" / f"fuzz_{protocol}" / script.stem).write_bytes(data)
        (here / "seeds/fuzz_stream" / f"{protocol}_{script.stem}").write_bytes(b"\x04" + data)
