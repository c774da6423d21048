#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its own rules, by includes, link lines and text alone.

architecture.py RULE: one rule, as ctest calls it;  architecture.py: all of them.  A rule returns sentences about what is wrong.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODE = (".cpp", ".h", ".c")
SKIPPED = ("build/", ".git/")


def files():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:  # a source archive has no repository
        names = [os.path.relpath(os.path.join(folder, name), ROOT) for folder, _, inside in os.walk(ROOT) for name in inside]
    return sorted(name for name in names if not name.startswith(SKIPPED) and os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def code(*folders):
    return [name for name in files() if name.endswith(CODE) and name.startswith(folders)]


def includes(name):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', read(name), flags=re.M)


def forbid(names, pattern, why, allowed=()):
    """Includes that match, outside the allowed folders."""
    return [f"{name} includes {header}: {why}" for name in names if not name.startswith(tuple(allowed))
            for header in includes(name) if re.search(pattern, header)]


# -- rules of the layers ---------------------------------------------------------------------------------------------

PROGRAM = ("agent/", "bpf/", "core/", "desktop/", "proto/")


def separate_programs():
    return (forbid(code("agent/"), r"^desktop/", "the agent knows nothing of the desktop")
            + forbid(code("desktop/"), r"^(agent|bpf)/", "the desktop knows nothing of the agent")
            + forbid(code("core/"), r"^(agent|bpf|desktop)/", "core is below both programs"))


QT = r"^(Q[A-Z]\w+|Qt\w+/.*)$"
WIDGETS = (r"^(QtWidgets/.*|Q(Widget|Application|MainWindow|Dialog|MessageBox|FileDialog|Action|Menu|MenuBar|ToolBar|ToolButton|PushButton|Label|LineEdit"
           r"|Layout|BoxLayout|VBoxLayout|HBoxLayout|GridLayout|FormLayout|StackedWidget|StackedLayout|TableView|TreeView|HeaderView|ListWidget|ListView"
           r"|ScrollArea|ScrollBar|Splitter|StatusBar|Style\w*|StyledItemDelegate|TabWidget|ToolTip|Graphics\w+|AbstractItemView|AbstractScrollArea"
           r"|AbstractButton|ButtonGroup|CheckBox|ComboBox|Completer|Frame|GroupBox|RadioButton|Slider|SpinBox|TextEdit|PlainTextEdit|TextBrowser"
           r"|ProgressBar|ProxyStyle|RubberBand|ShortcutEdit|KeySequenceEdit|WidgetAction|UndoView|DockWidget|MdiArea))$")


def qt_in_desktop_only():
    outside = [name for name in code("agent/", "bpf/", "core/", "proto/")]
    drawn = ("desktop/widgets/", "desktop/pages/", "desktop/app/")
    return (forbid(outside, QT, "Qt belongs to desktop/")
            + forbid(code("desktop/"), WIDGETS, "QtWidgets belongs to widgets, pages and app", drawn))


def protobuf_and_grpc_in_their_places():
    wire = ("agent/service/", "agent/gateway/", "agent/export/", "desktop/ingest/")
    return (forbid(code(*PROGRAM), r"\.pb\.h$|^google/protobuf/", "generated protobuf stays at the borders", ("core/telemetry/", "proto/") + wire)
            + forbid(code(*PROGRAM), r"^grpc|\.grpc\.pb\.h$", "gRPC stays at the borders", wire)
            + [f"{name} includes a generated header: public headers of core/telemetry are plain" for name in code("core/telemetry/")
               if name.endswith(".h") and "/internal/" not in name and any(header.endswith(".pb.h") for header in includes(name))])


def kernel_and_store_in_their_places():
    return (forbid(code("agent/", "core/", "desktop/"), r"^(bpf|libbpf)/|\.skel\.h$|^linux/bpf\.h$", "the kernel's side stays in agent/probes", ("agent/probes/",))
            + forbid(code(*PROGRAM), r"^sqlite3", "SQLite belongs to core/session", ("core/session/",))
            + forbid(code(*PROGRAM), r"^(boost|openssl|yaml-cpp)/", "Boost, OpenSSL and yaml-cpp belong to core/kube", ("core/kube/",)))


POSIX = (r"^(unistd|pthread|fcntl|dirent|signal|poll|pwd|grp|dlfcn|netdb|termios|syslog|spawn|sched)\.h$|^sys/|^arpa/|^netinet/|^net/|^linux/")
GNU = r"\bstd::jthread\b|\bstd::move_only_function\b|__int128|__attribute__|__builtin_|\btypeof\b|\basm\b\s*\("


def portable_core_and_desktop():
    wrong = forbid(code("core/", "desktop/"), POSIX, "POSIX belongs to agent/ and core/base/platform", ("core/base/platform/",))
    for name in code("core/", "desktop/"):
        text = re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", read(name), flags=re.S))
        for found in sorted(set(re.findall(GNU, text))):
            wrong.append(f"{name} uses {found}: it must build with MSVC and libc++")
    return wrong


LAYER_OF_LINE = re.compile(r"binnacle_(?:library|program)\(\s*(\w+)\s+([^)]*)\)", flags=re.S)


def declared_targets():
    for name in files():
        if not name.endswith("CMakeLists.txt") or name.startswith("tests/"):
            continue
        for target, body in LAYER_OF_LINE.findall(re.sub(r"#[^\n]*", "", read(name))):
            words = body.split()
            layer = int(words[words.index("LAYER") + 1]) if "LAYER" in words else None
            sections, current = {"SOURCES": [], "DEPENDS": [], "EXTERNAL": []}, None
            for word in words:
                current = word if word in sections else current
                if current and word != current:
                    sections[current].append(word)
            yield name, target, layer, sections


def lower_layers_only():
    targets = {target: (name, layer, sections) for name, target, layer, sections in declared_targets()}
    wrong = [f"{name}: {target} says no LAYER" for target, (name, layer, _) in targets.items() if layer is None]
    for target, (name, layer, sections) in targets.items():
        for below in sections["DEPENDS"]:
            if below in targets and layer is not None and targets[below][1] is not None and targets[below][1] >= layer:
                wrong.append(f"{name}: {target} (layer {layer}) uses {below} (layer {targets[below][1]})")
        agent, desktop = name.startswith("agent/"), name.startswith("desktop/")
        for below in sections["DEPENDS"]:
            where = targets.get(below, ("",))[0]
            if (agent and where.startswith("desktop/")) or (desktop and where.startswith("agent/")):
                wrong.append(f"{name}: {target} links {below} of the other program")
        for foreign in sections["EXTERNAL"]:
            if foreign.startswith("Qt6::") and not desktop:
                wrong.append(f"{name}: {target} links {foreign}; Qt belongs to desktop/")
            if re.search(r"sqlite", foreign, flags=re.I) and not name.startswith("core/session/"):
                wrong.append(f"{name}: {target} links {foreign}; SQLite belongs to core/session")
            if re.search(r"yaml|openssl", foreign, flags=re.I) and not name.startswith("core/kube/"):
                wrong.append(f"{name}: {target} links {foreign}; OpenSSL and yaml-cpp belong to core/kube")
            if re.search(r"bpf", foreign, flags=re.I) and not name.startswith(("agent/probes/", "bpf/")):
                wrong.append(f"{name}: {target} links {foreign}; libbpf belongs to agent/probes")
    return wrong


# -- rules of the text -----------------------------------------------------------------------------------------------

COMMENTED = CODE + (".py", ".sh", ".cmake", ".proto", ".def", ".md", "CMakeLists.txt")


def licence_of(name):
    if name.startswith("bpf/"):
        return "GPL-2.0-only OR BSD-2-Clause"
    return "GPL-3.0-or-later" if name.startswith(("desktop/", "tests/desktop/", "tests/ui/")) else "Apache-2.0"


def needs_licence_line(name):
    if name.startswith(("LICENSES/", "resources/", "tests/golden/")) or name == "LICENSE.md":
        return False
    if name.endswith(COMMENTED):
        return True
    return os.access(os.path.join(ROOT, name), os.X_OK) and read(name).startswith("#!")


def licence_lines():
    wrong = []
    for name in files():
        if not needs_licence_line(name):
            continue
        found = re.search(r"SPDX-License-Identifier: ([^\n*]+?)\s*(?:\*/|-->|\n|$)", "\n".join(read(name).splitlines()[:3]) + "\n")
        wanted = licence_of(name)
        # The build's own lists and the records shared with the agent may be read under the agent's licence as well.
        fine = found and (found.group(1) == wanted or (not name.endswith(CODE) and found.group(1) == "Apache-2.0")
                          or (name.startswith(("tests/ui/", "tests/desktop/")) and found.group(1) in ("Apache-2.0", "GPL-3.0-or-later")))
        if not fine:
            wrong.append(f"{name}: first lines must say SPDX-License-Identifier: {wanted}" + (f", not {found.group(1)}" if found else ""))
    return wrong


def named_paths_exist():
    """Every `path` with a slash that the documents name, as a file, a folder or a pattern's folder."""
    wrong = []
    for document in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"):
        for path in re.findall(r"`([\w.\-/*]+/[\w.\-/*]*)`", read(document)):
            first = path.split("/")[0]
            if first in ("build", "x", "") or "/x/" in path or re.search(r"/x\.\w", path) or not os.path.isdir(os.path.join(ROOT, first)):
                continue
            if not os.path.exists(os.path.join(ROOT, path.split("*")[0].rstrip("/"))):
                wrong.append(f"{document} names {path}, which does not exist")
    return wrong


MACHINE_PATH = re.compile(r"(?<![\w/])/(?:home|root|work|Users)/[\w.\-]+")


def no_machine_paths():
    wrong = []
    for name in files():
        if name.endswith((".png", ".binnacle", ".ttf", ".otf", ".bin", ".svg")) or name.startswith(("LICENSES/", "tests/golden/")):
            continue
        for found in MACHINE_PATH.findall(read(name)):
            if name != "tests/architecture/architecture.py" and found not in ("/home/user", "/root/"):
                wrong.append(f"{name} holds the path {found} of one machine")
    return wrong


def status_has_every_row():
    rows = [f"{letter}{number}" for letter, count in (("C", 18), ("J", 9), ("S", 14), ("H", 7)) for number in range(1, count + 1)]
    text, wrong = read("docs/status.md"), []
    for row in rows:
        lines = re.findall(rf"^\| {row} \|.*$", text, flags=re.M)
        if len(lines) != 1:
            wrong.append(f"docs/status.md has {len(lines)} lines for {row}")
        elif not re.search(r"\| (done|partly|not yet) \|", lines[0]):
            wrong.append(f"docs/status.md, {row}: say done, partly or not yet")
        elif "| partly |" in lines[0] and "missing" not in lines[0].lower():
            wrong.append(f"docs/status.md, {row}: partly, but what is missing?")
    return wrong


def headers_are_guarded():
    return [f"{name}: no #pragma once" for name in code("agent/", "core/", "desktop/")
            if name.endswith(".h") and "#pragma once" not in read(name)]


# -- what a file includes --------------------------------------------------------------------------------------------

NAMED_BY = {  # the standard library's headers, and the names that say a file needs them; of several headers one is enough
    ("algorithm",): "all_of any_of copy_if count_if find_if none_of sort stable_sort unique", ("algorithm", "ranges"): "ranges", ("array",): "array",
    ("atomic",): "atomic", ("charconv",): "from_chars to_chars", ("chrono",): "chrono", ("compare",): "strong_ordering",
    ("condition_variable",): "condition_variable", ("deque",): "deque", ("expected",): "expected", ("filesystem",): "filesystem",
    ("fstream",): "ifstream ofstream", ("functional",): "function", ("future",): "future promise", ("limits",): "numeric_limits", ("map",): "map multimap",
    ("memory",): "make_shared make_unique shared_ptr unique_ptr weak_ptr", ("mutex",): "lock_guard mutex scoped_lock unique_lock",
    ("numeric",): "accumulate", ("optional",): "optional", ("random",): "mt19937 mt19937_64", ("regex",): "regex", ("set",): "set",
    ("span",): "span", ("sstream",): "istringstream ostringstream stringstream", ("string",): "string", ("string_view",): "string_view",
    ("thread",): "this_thread thread", ("tuple",): "tuple", ("unordered_map",): "unordered_map", ("unordered_set",): "unordered_set",
    ("variant",): "variant visit", ("vector",): "vector"}
HEADERS_OF = {name: headers for headers, names in NAMED_BY.items() for name in names.split()}


def foreign_headers(name, ours, known):
    """All that a file includes of others, by itself and by our own headers."""
    if name not in known:
        known[name] = set()  # an include of itself, by whatever way, adds nothing
        for header in includes(name):
            beside = os.path.normpath(os.path.join(os.path.dirname(name), header))
            inside = next((path for path in (header, beside) if path in ours), None)
            known[name] |= foreign_headers(inside, ours, known) if inside else {header}
    return known[name]


def includes_what_it_names():
    """Sources that are compiled several at once borrow each other's includes, and the compiler says nothing."""
    wrong, known = [], {}
    ours = set(code("agent/", "core/", "desktop/", "tests/"))
    for name in sorted(ours):
        text = re.sub(r'//.*|"(\\.|[^"\\\n])*"', "", read(name))
        reached = foreign_headers(name, ours, known)
        for used in sorted(set(re.findall(r"\bstd::(\w+)", text)) & set(HEADERS_OF)):
            if reached.isdisjoint(HEADERS_OF[used]):
                wrong.append(f"{name} names std::{used} and includes no <{HEADERS_OF[used][0]}>, nor does a header of ours that it includes")
    return wrong


RULES = {rule.__name__: rule for rule in (
    separate_programs, qt_in_desktop_only, protobuf_and_grpc_in_their_places, kernel_and_store_in_their_places, lower_layers_only,
    portable_core_and_desktop, licence_lines, named_paths_exist, no_machine_paths, status_has_every_row, headers_are_guarded,
    includes_what_it_names)}


def main():
    chosen = sys.argv[1:] or list(RULES)
    wrong = [(rule, sentence) for rule in chosen for sentence in RULES[rule]()]
    for rule, sentence in wrong:
        print(f"{rule}: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
