# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom, how every source file begins, and how wide it is.

policy/ is judged by two programs and tested without either, so it must not learn of a daemon, a
clock or a file. Each rule is a function from a source tree to the places that break it; each is
also shown a tree with a planted fault, because a check that can't fail checks nothing.
"""

import os
import pathlib
import re
import tempfile
import unittest

FOLDERS = "dns", "policy", "module", "kmxcheck", "tests", "scripts", ".ci"

# Inside these no unit includes another one in a circle.
WITHOUT_CIRCLES = "dns", "policy", "module", "kmxcheck"

LIBC = {
    "arpa/inet.h", "assert.h", "ctype.h", "errno.h", "fcntl.h", "inttypes.h", "limits.h",
    "netinet/in.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
    "string.h", "strings.h", "sys/socket.h", "sys/stat.h", "sys/types.h", "time.h", "unistd.h",
}
# What knows a daemon, a packet, a configuration or a socket.
FOREIGN = re.compile(r"\b(?:knotd_|knot_pkt_|knot_ctl_|knot_tsig_|knot_db_|knot_xdp_|yp_)\w+")
CLOCK = re.compile(r"\b(?:time|clock|clock_gettime|gettimeofday|localtime|gmtime)\s*\(")
EFFECTS = re.compile(
    r"\b(?:f?open|fdopen|read|write|f?printf|f?puts|getenv|random|rand|socket|connect|syslog)\s*\(")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def files(root, *folders, ends=(".c", ".h")):
    for folder in folders:
        for where, subdirs, names in os.walk(root / folder):
            subdirs[:] = sorted(s for s in subdirs if s not in ("__pycache__", ".libs", ".deps"))
            for name in sorted(names):
                if not ends or name.endswith(ends):
                    yield pathlib.Path(where, name)


def code(path):
    """The text of a C file with comments and strings blanked out, line by line as it was."""
    def blank(match):
        text = match.group()
        return '""' if text[0] == '"' else re.sub(r"[^\n]", " ", text)
    return re.sub(r'/\*.*?\*/|//[^\n]*|(?<!include )"(?:\\.|[^"\\\n])*"', blank,
                  path.read_text(errors="replace"), flags=re.S)


def at(root, path, text, match, what):
    line = text.count("\n", 0, match.start()) + 1
    return f"{path.relative_to(root)}:{line}: {what}"


def includes(root, *folders):
    """Every #include as (path, quote, name, place)."""
    for path in files(root, *folders):
        text = code(path)
        for m in INCLUDE.finditer(text):
            yield path, m[1], m[2], at(root, path, text, m, f"includes {m[2]}")


def pure_includes(root):
    """dns/ and policy/ include libc, libknot, and what is below or beside them. Only lists are read
    from zone files there."""
    below = {"dns": ("dns/",), "policy": ("dns/", "policy/")}
    return [place for path, quote, name, place in includes(root, *below)
            if not (name.startswith(below[path.relative_to(root).parts[0]]) if quote == '"' else
                    name.startswith("libknot/") or name in LIBC or
                    (name == "libzscanner/scanner.h" and path.name == "netfile.c"))]


def policy_words(root):
    bad = []
    for path in files(root, "dns", "policy"):
        text = code(path)
        rules = [FOREIGN, CLOCK] + ([EFFECTS] if path.name != "netfile.c" else [])
        bad += [at(root, path, text, m, f"uses {m[0]}") for r in rules for m in r.finditer(text)]
    return bad


def module_header(root):
    may = {root / "module" / name for name in (
        "mxguard.c", "conf.c", "conf.h")}
    return [place for path, _, name, place in includes(root, "dns", "policy", "module", "kmxcheck")
            if name == "knot/module.h" and path not in may]


def apart(root):
    return ([place for _, _, name, place in includes(root, "module") if "kmxcheck/" in name] +
            [place for _, _, name, place in includes(root, "kmxcheck") if "module/" in name])


def headers_only(root):
    return [place for _, _, name, place in includes(root, *FOLDERS) if name.endswith(".c")]


def named_from_top(root):
    return [place for _, quote, name, place in includes(root, *FOLDERS)
            if quote == '"' and not name.startswith(tuple(f"{f}/" for f in FOLDERS))]


def arrows(root, folder):
    """Who includes whom in a folder: header and source of one name are one unit."""
    graph = {}
    for path, quote, name, place in includes(root, folder):
        unit, other = path.with_suffix(""), (root / name).with_suffix("")
        if quote == '"' and other.parent == path.parent and other != unit:
            graph.setdefault(unit.name, {}).setdefault(other.name, place)
    return graph


def circles(root):
    """Each include that leads back to the unit it is in."""
    bad = []
    for folder in WITHOUT_CIRCLES:
        graph = arrows(root, folder)
        for unit, others in graph.items():
            for other, place in others.items():
                reached, todo = set(), [other]
                while todo:
                    at_unit = todo.pop()
                    if at_unit not in reached:
                        reached.add(at_unit)
                        todo += graph.get(at_unit, {})
                if unit in reached:
                    bad.append(f"{place}, which leads back")
    return bad


def rule_files(root):
    """Product files that name a rule of the auditor which no other code asks for by its number."""
    names = re.findall(r"^RULE\((\w+),[^,]*,[^,]*,[^,]*, (\w+)", (
        root / "kmxcheck/rules.def").read_text(), re.M)
    texts = {path.name: path.read_text() for path in files(root, "kmxcheck")}
    return {rule: ["rules.def"] + [name for name, text in texts.items()
                                   if re.search(rf"\b(?:{check}|AUDIT_{rule})\b", text)]
            for rule, check in names}


def sources(root):
    """Every source file: C, Python, shell, scripts without an ending, the build."""
    yield from files(root, *FOLDERS, ends=(".c", ".h", ".py", ".sh", "Makefile.inc"))
    for path in files(root, "scripts", ".ci", ends=None):
        if not path.suffix and path.read_bytes().startswith(b"#!"):
            yield path
    yield from (p for p in (root / "configure.ac", root / "Makefile.am") if p.exists())


def heads(root):
    bad = []
    for path in sources(root):
        lines = path.read_text(errors="replace").splitlines()
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        c = path.suffix in (".c", ".h")
        spdx = ("/* %s */" if c else "# %s") % "SPDX-License-Identifier: GPL-3.0-or-later"
        if lines[:1] != [spdx]:
            bad.append(f"{path.relative_to(root)}:1: no SPDX line")
        begins = r"\s*/\*" if c else r'#\s*\w|"""\w'
        if not any(re.match(begins, line) for line in lines[1:4]):
            bad.append(f"{path.relative_to(root)}:2: no comment that says what it is for")
    return bad


def wide(root):
    """Lines of more than 100 columns, tabs up to the next multiple of 8."""
    return [f"{path.relative_to(root)}:{number}: {columns} columns"
            for path in files(root, "dns", "policy", "module", "kmxcheck")
            for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1)
            if (columns := len(line.expandtabs(8))) > 100]


def not_listed(root):
    """A test or source that no Makefile.inc names is neither run nor shipped."""
    lists = [path.read_text() for path in files(root, *FOLDERS, ends=("Makefile.inc",))]
    words = set(re.findall(r"[\w./-]+", "\n".join(lists)))
    bad = []
    for path in files(root, "dns", "policy", "module", "kmxcheck", "tests",
                      ends=(".c", ".h", ".py")):
        name = str(path.relative_to(root))
        if name not in words and (path.suffix != ".c" or name[:-2] not in words):
            bad.append(f"{name}: in no Makefile.inc")
    return bad


class Layering(unittest.TestCase):
    root = pathlib.Path(os.environ.get("MXGUARD_SRCDIR", pathlib.Path(__file__).parents[1]))

    def holds(self, rule):
        bad = rule(self.root)
        if bad:
            self.fail("\n" + "\n".join(bad))

    def test_policy_includes_libc_libknot_and_dns_only(self):
        self.holds(pure_includes)

    def test_policy_knows_no_daemon_packet_clock_or_file(self):
        self.holds(policy_words)

    def test_module_header_stays_in_mxguard_and_conf(self):
        self.holds(module_header)

    def test_module_and_auditor_do_not_know_each_other(self):
        self.holds(apart)

    def test_only_headers_are_included(self):
        self.holds(headers_only)

    def test_own_headers_are_named_from_the_top(self):
        self.holds(named_from_top)

    def test_no_includes_in_a_circle(self):
        self.holds(circles)

    def test_a_new_rule_touches_two_files(self):
        """There are rules to take as examples that are in the table and in the file of their function only."""
        found = rule_files(self.root)
        self.assertGreater(len(found), 10)
        self.assertIn(2, [len(names) for names in found.values()], found)
        for rule in "ALIAS_TARGET", "MIXED_NULL_MX", "PROXIED_SPF", "DANE_MISMATCH", "LIST_STALE":
            self.assertEqual(2, len(found[rule]), found[rule])

    def test_every_source_says_licence_and_purpose(self):
        self.holds(heads)

    def test_no_line_is_wider_than_100_columns(self):
        self.holds(wide)

    def test_every_source_is_listed(self):
        self.holds(not_listed)


HEAD = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n\n/* What it is for. */\n\n"


class CanFail(unittest.TestCase):
    """Each rule finds the fault planted for it, and nothing in what nearly is one."""

    def tree(self, plants):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        root = pathlib.Path(holder.name)
        for name, text in plants.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    def catches(self, rule, bad, good):
        for name, text in bad:
            self.assertEqual(1, len(rule(self.tree({name: text}))), f"{rule.__name__}: {text!r}")
        for name, text in good:
            self.assertEqual([], rule(self.tree({name: text})), f"{rule.__name__}: {text!r}")

    def test_pure_includes(self):
        self.catches(pure_includes, [
            ("dns/a.c", '#include "policy/a.h"\n'),
            ("dns/a.h", "#include <urcu.h>\n"),
            ("policy/a.c", '#include "module/conf.h"\n'),
            ("policy/a.h", "#include <knot/module.h>\n"),
            ("policy/a.c", "#  include <urcu.h>\n"),
            ("policy/sub/a.c", '#include "a.h"\n'),
        ], [
            ("policy/a.c", '#include <stdio.h>\n#include <libknot/libknot.h>\n'
                           '#include "policy/a.h"\n/* #include "module/conf.h" */\n'),
            ("policy/b.c", '#include "dns/a.h"\n'), ("dns/a.c", '#include "dns/a.h"\n'),
            ("module/a.c", "#include <urcu.h>\n"),
        ])

    def test_policy_words(self):
        self.catches(policy_words, [
            ("policy/a.c", "int x = knot_pkt_put(p, 0, r, 0);\n"),
            ("policy/a.h", "typedef knotd_qdata_t q_t;\n"),
            ("policy/a.c", "now = time(NULL);\n"),
            ("policy/netfile.c", "clock_gettime(CLOCK_MONOTONIC, &t);\n"),
            ("policy/a.c", "f = fopen(path, s);\n"),
        ], [
            ("policy/a.c", "/* no knot_pkt_put() here, no time() */ int ttl_time; // time()\n"
                           'snprintf(buf, len, "time() %s", "knotd_mod_log");\n'),
            ("policy/netfile.c", "f = fopen(path, s);\n"),
            ("module/a.c", "knot_pkt_put(p, 0, r, 0); time(NULL);\n"),
        ])

    def test_module_header(self):
        line = "#include <knot/module.h>\n"
        self.catches(module_header,
                     [("module/answer.c", line), ("kmxcheck/main.c", line)],
                     [("module/mxguard.c", line), ("module/conf.c", line)])

    def test_apart(self):
        self.catches(apart, [("module/a.c", '#include "kmxcheck/zone.h"\n'),
                             ("kmxcheck/a.c", '#include "module/conf.h"\n')],
                     [("module/a.c", '#include "module/conf.h"\n')])

    def test_headers_only(self):
        self.catches(headers_only, [("tests/unit/test_a.c", '#include "policy/a.c"\n')],
                     [("tests/unit/test_a.c", '#include "policy/a.h"\n')])

    def test_named_from_top(self):
        self.catches(named_from_top, [("module/a.c", '#include "conf.h"\n')],
                     [("module/a.c", '#include "module/conf.h"\n#include <conf.h>\n')])

    def test_circles(self):
        self.assertEqual(2, len(circles(self.tree({
            "kmxcheck/a.h": "", "kmxcheck/a.c": '#include "kmxcheck/b.h"\n',
            "kmxcheck/b.h": '#include "kmxcheck/a.h"\n'}))))
        self.assertEqual(3, len(circles(self.tree({
            "module/a.c": '#include "module/b.h"\n', "module/b.c": '#include "module/c.h"\n',
            "module/c.h": '#include "module/a.h"\n'}))))
        self.assertEqual([], circles(self.tree({
            "kmxcheck/a.h": "", "kmxcheck/a.c": '#include "kmxcheck/a.h"\n',
            "kmxcheck/b.h": '#include "kmxcheck/a.h"\n#include "policy/b.h"\n',
            "kmxcheck/b.c": '#include "kmxcheck/b.h"\n#include "kmxcheck/a.h"\n',
            "policy/b.h": '#include "kmxcheck/b.h"\n'})))

    def test_heads(self):
        spdx = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
        self.catches(heads, [
            ("policy/a.c", "/* What it is for. */\n/* More. */\n"),
            ("policy/a.c", HEAD.splitlines()[0] + "\n\nint x;\n"),
            ("tests/a.py", spdx + "import os\n"),
            ("scripts/a", "#!/bin/sh\n# What it is for.\n# More.\n"),
        ], [
            ("policy/a.c", HEAD), ("tests/a.py", spdx + '"""What it is for."""\n'),
            ("scripts/a", "#!/bin/sh\n" + spdx + "#\n# What it is for.\n"),
        ])

    def test_wide(self):
        self.catches(wide, [
            ("dns/a.h", "x" * 101 + "\n"),
            ("policy/a.c", HEAD + "\t" + "x" * 93 + "\n"),
            ("module/a.c", "x;\t" + "x" * 93),
            ("kmxcheck/sub/a.c", "\t\t/* " + "x" * 79 + " */\n"),
        ], [
            ("dns/a.h", "x" * 100 + "\n"), ("policy/a.c", "\t" + "x" * 92 + "\n"),
            ("module/a.c", "x;\t" + "x" * 92), ("kmxcheck/rules.def", "x" * 101 + "\n"),
            ("tests/unit/test_a.c", "x" * 101 + "\n"),
        ])

    def test_not_listed(self):
        self.catches(not_listed, [("tests/unit/test_a.c", HEAD), ("policy/a.h", HEAD)], [])
        listed = {"tests/unit/test_a.c": HEAD, "tests/functional/test_b.py": "",
                  "tests/Makefile.inc": "T = tests/unit/test_a tests/functional/test_b.py\n"}
        self.assertEqual([], not_listed(self.tree(listed)))


if __name__ == "__main__":
    unittest.main()
