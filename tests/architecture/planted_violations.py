#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of architecture.py must speak up in a small tree that breaks it, and be silent in one that doesn't."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import architecture  # noqa: E402

APACHE = "// SPDX-License-Identifier: Apache-2.0\n"
VIOLATIONS = {
    "separate_programs": ("agent/a.cpp", APACHE + '#include "desktop/cli/x.h"\n'),
    "qt_in_desktop_only": ("core/base/a.h", APACHE + "#include <QString>\n"),
    "protobuf_and_grpc_in_their_places": ("core/session/a.cpp", APACHE + '#include "binnacle/v1/batch.pb.h"\n'),
    "kernel_and_store_in_their_places": ("desktop/cli/a.cpp", APACHE + "#include <sqlite3.h>\n"),
    "lower_layers_only": ("core/CMakeLists.txt", "binnacle_library(a LAYER 2 SOURCES a.cpp DEPENDS b)\nbinnacle_library(b LAYER 3 SOURCES b.cpp)\n"),
    "portable_core_and_desktop": ("core/analysis/a.cpp", APACHE + "#include <unistd.h>\n"),
    "licence_lines": ("desktop/app/a.cpp", APACHE),
    "named_paths_exist": ("README.md", "the road goes through `core/nowhere/a.cpp`\n"),
    "no_machine_paths": ("docs/a.md", "see /" + "home/someone/notes\n"),
    "status_has_every_row": ("docs/status.md", "| C1 | partly | nothing said |\n"),
    "headers_are_guarded": ("core/base/b.h", APACHE + "int x;\n"),
    "includes_what_it_names": ("core/base/a.cpp", APACHE + '#include "core/base/fine.h"\n#include <string>\nstd::vector<std::string> x;\n'),
}


class PlantedViolations(unittest.TestCase):
    def test_every_rule_has_a_planted_violation(self):
        self.assertEqual(set(VIOLATIONS), set(architecture.RULES))

    def test_each_rule_finds_its_violation(self):
        for rule, (name, text) in VIOLATIONS.items():
            with self.subTest(rule), tempfile.TemporaryDirectory() as root:
                for document in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/status.md"):
                    self.write(root, document, "")
                self.write(root, "core/base/fine.h", APACHE + "#pragma once\n")
                self.write(root, name, text)
                architecture.ROOT = root
                self.assertTrue(architecture.RULES[rule](), "the rule found nothing")
                if rule != "status_has_every_row":
                    os.unlink(os.path.join(root, name))
                    self.write(root, "README.md", "")
                    self.assertEqual(architecture.RULES[rule](), self.without_violation(rule))

    @staticmethod
    def without_violation(rule):
        empty = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/status.md"]
        return [f"{name}: first lines must say SPDX-License-Identifier: Apache-2.0" for name in empty] if rule == "licence_lines" else []

    @staticmethod
    def write(root, name, text):
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    unittest.main()
