# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says is true: its examples and the sample configuration go through
knotc conf-check with the module, and its lists of items, rules and actions are the software's own.

Environment:
  MXGUARD_MODULE  path of the mxguard.so to test
  MXGUARD_SRCDIR  top of the sources, default: the folder above this one
  KNOTC           the program, default: the one in PATH or /usr/sbin
  KNOTD_PRELOAD   library to preload, for a module built with sanitizers
"""

import ipaddress
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or os.environ.get("top_srcdir")
                   or pathlib.Path(__file__).resolve().parent.parent).resolve()
PAGE = (TOP / "doc/mod-mxguard.rst").read_text()
MAN = (TOP / "doc/mod-mxguard.7").read_text()
README = (TOP / "README.md").read_text()
SAMPLE = (TOP / "etc/knot.conf").read_text()
# Of Knot's own manual.
KNOT_LABELS = {"database_kasp-db", "database_storage", "zone_dnssec-policy"}
LISTS = sorted(path for path in (TOP / "etc/proxies").iterdir() if path.is_file())

CLOUDFLARE = """
    173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18
    190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13
    104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32
    2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32
"""


def page_examples():
    """The literal blocks of the operator's page, up to its reference."""
    text = PAGE[:PAGE.index("\nModule reference\n")]
    blocks = re.findall(r"(?<!\.\. )[^\n]*::\n\n((?:(?:    .*)?\n)+)", text)
    return [re.sub(r"(?m)^    ", "", block) for block in blocks]


def man_examples():
    text = MAN[MAN.index("\n.Sh EXAMPLES"):MAN.index("\n.Sh DIAGNOSTICS")]
    return re.findall(r"\n\.Bd -literal -offset indent\n(.*?)\n\.Ed", text, re.S)


def readme_examples():
    return re.findall(r"\n```yaml\n(.*?)```", README, re.S)


def examples():
    """Name and text of each configuration that is shown somewhere."""
    for where, blocks in (("page", page_examples()), ("man", man_examples()),
                          ("readme", readme_examples()), ("sample", [SAMPLE])):
        for number, block in enumerate(blocks, 1):
            yield "%s %d" % (where, number), block


def synopsis(text):
    """The items of a stanza's synopsis, in order."""
    block = re.search(r"(?m)^ *mod-mxguard:\n *- id: STR\n((?: +[a-z-]+: [A-Za-z].*\n)+)", text)
    return ["id"] + re.findall(r"(?m)^ +([a-z-]+):", block.group(1))


def adapted(config):
    """The configuration for this machine: the module and the lists are not installed."""
    def lists(match):
        return re.sub(r"(?:/etc/knot/proxies/)?\b(%s)\b" % "|".join(path.name for path in LISTS),
                      lambda name: str(TOP / "etc/proxies" / name.group(1)), match.group(0))
    config = re.sub(r"(?m)^ *proxy-file:.*$", lists, config)
    module = os.path.abspath(os.environ["MXGUARD_MODULE"])
    return 'module:\n  - id: mod-mxguard\n    file: "%s"\n\n%s' % (module, config)


class ConfCheck(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mxg-")
        self.addCleanup(shutil.rmtree, self.folder)

    def check(self, config):
        """Exit status and output of knotc conf-check."""
        knotc = os.environ.get("KNOTC") or shutil.which(
            "knotc", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        path = os.path.join(self.folder, "knot.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(adapted(config))
        env = dict(os.environ)
        if env.get("KNOTD_PRELOAD"):
            env["LD_PRELOAD"] = env["KNOTD_PRELOAD"]
        result = subprocess.run([knotc, "-c", path, "conf-check"], cwd=self.folder, env=env,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False, timeout=60)
        return result.returncode, result.stdout

    def assert_valid(self, config):
        status, output = self.check(config)
        self.assertEqual(status, 0, output)
        self.assertNotIn("error", output)

    def assert_refused(self, config, word):
        status, output = self.check(config)
        self.assertNotEqual(status, 0, output)
        self.assertIn(word, output)

    def test_there_are_examples(self):
        self.assertEqual([len(page_examples()), len(man_examples()), len(readme_examples())],
                         [4, 2, 1])

    def test_examples_are_valid(self):
        for name, config in examples():
            with self.subTest(name):
                self.assert_valid(config)

    def test_unknown_items_are_refused(self):
        # The module's schema is what they were checked by.
        for name, config in examples():
            with self.subTest(name):
                broken = re.sub(r"(?m)^(mod-mxguard:\n(?:\s*\n| *#.*\n)*( *)- id: .*\n)",
                                r"\1\2  not-an-item: 1\n", config)
                self.assertNotEqual(broken, config)
                self.assert_refused(broken, "not-an-item")

    def test_examples_that_enforce_need_their_mail_address(self):
        seen = 0
        for name, config in examples():
            if re.search(r"(?m)^ *mode: enforce", config):
                with self.subTest(name):
                    seen += 1
                    self.assert_refused(re.sub(r"(?m)^ *mail-address:.*\n", "", config),
                                        "mail-address")
        self.assertGreaterEqual(seen, 4)

    def test_examples_read_their_lists(self):
        for name, config in examples():
            with self.subTest(name):
                broken = re.sub(r"(?m)^( *proxy-file:).*$", r"\1 /nonexistent/list", config)
                self.assertNotEqual(broken, config)
                self.assert_refused(broken, "/nonexistent/list")

    def test_the_sample_enforces_too(self):
        config = re.sub(r"(?m)^    mode: log$", "    mode: enforce", SAMPLE)
        self.assertNotEqual(config, SAMPLE)
        self.assert_valid(config)

    def test_what_the_sample_has_commented_out(self):
        config = re.sub(r"(?m)^    # (ede|proxy):", r"    \1:", SAMPLE)
        self.assertEqual(len(re.findall(r"(?m)^    (?:ede|proxy):", config)), 2)
        self.assert_valid(config)

    def test_signing_key_is_an_item(self):
        def with_key(path):
            return re.sub(r"(?m)^    mode: log$", "    signing-key: %s\n    mode: log" % path,
                          SAMPLE)
        self.assert_valid(with_key("keys"))
        self.assert_valid(with_key(self.folder))
        self.assert_refused(with_key("/nonexistent/key.pem"), "signing-key '/nonexistent/key.pem'")

    def test_all_lists(self):
        for path in LISTS:
            with self.subTest(path.name):
                self.assert_valid("mod-mxguard:\n  - id: x\n    proxy-file: %s\n" % path.name)


class Texts(unittest.TestCase):
    def test_items(self):
        items = synopsis(PAGE)
        self.assertEqual(len(items), 18)
        self.assertEqual(items, synopsis(MAN))
        self.assertEqual(items, re.findall(r"(?m)^\.\. _mod-mxguard_([a-z-]+):\n\n\1\n\.+\n",
                                           PAGE[PAGE.index("\nModule reference\n"):]))
        tags = MAN[MAN.index("\n.Ss Items"):MAN.index("\n.Ss Lists")]
        self.assertEqual(items, re.findall(r"(?m)^\.It Cm ([a-z-]+)$", tags))

    def test_items_of_the_schema(self):
        source = (TOP / "policy/schema.h").read_text()
        names = re.findall(r'"\\x[0-9A-Fa-f]{2}",\s*"([a-z-]+)"', source)
        self.assertEqual(synopsis(PAGE), ["id"] + names)

    def test_the_full_example_is_full(self):
        full = next(text for text in page_examples() if "- id: everything" in text)
        items = re.findall(r"(?m)^ +(?:- )?([a-z-]+):", full.split("\nzone:")[0])
        self.assertEqual(items, synopsis(PAGE))

    def test_each_item_has_a_default(self):
        reference = PAGE[PAGE.index("\n.. _mod-mxguard_mode:"):]
        for section in re.split(r"\n\.\. _mod-mxguard_", reference)[1:]:
            self.assertRegex(section, r"\n(?:\*Required\*[^\n]*)?\*Default:\* \S")

    def test_rules_and_actions(self):
        source = (TOP / "policy/rules.c").read_text()
        for kind, end in (("rule", "action[ACTION]"), ("action", "_mod-mxguard_dnssec:")):
            table = re.search(r"%s_names\[[A-Z_]+\] = \{(.*?)\};" % kind, source, re.S).group(1)
            names = re.findall(r'"([a-z-]+)"', table)
            start = "finding[RULE]" if kind == "rule" else "action[ACTION]"
            part = PAGE[PAGE.index("``%s`` counts" % start):]
            part = part[:part.index(end, 20)]
            self.assertEqual(names, re.findall(r"(?m)^- ``([a-z-]+)`` – ", part))
            for name in names:
                self.assertIn(name, MAN)

    def test_references_of_the_page(self):
        labels = re.findall(r"(?m)^\.\. _([a-z_-]+):$", PAGE)
        self.assertEqual(len(labels), len(set(labels)))
        known = {"geoip", "synthrecord", "onlinesign", "dnsproxy", "rrl", "cookies", "stats",
                 "dnstap", "queryacl", "noudp"}
        for target in re.findall(r":ref:`(?:[^`<]*<)?([^`<>]+)>?`", PAGE):
            if not (target in KNOT_LABELS or target[4:] in known and target[:4] == "mod-"):
                self.assertIn(target, labels)

    def test_titles_of_the_page(self):
        for title, line in re.findall(r"(?m)^(\S.*)\n([=.-])\2{2,}$", PAGE):
            under = re.search(r"(?m)^%s\n(%s+)$" % (re.escape(title), re.escape(line)), PAGE)
            self.assertEqual(len(under.group(1)), len(title), title)

    def test_links(self):
        for page in TOP / "README.md", *(TOP / "doc").glob("*.md"):
            for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                self.assertTrue((page.parent / link).exists(), link)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_man_page(self):
        result = subprocess.run(["mandoc", "-Tlint", "-W", "warning", TOP / "doc/mod-mxguard.7"],
                                capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, ""))


def within(exception, networks):
    """True if a network or range lies in one of the networks."""
    first, _, last = exception.partition("-")
    first = ipaddress.ip_network(first)
    last = ipaddress.ip_network(last) if last else first
    return any(first.version == network.version and first.subnet_of(network)
               and last.subnet_of(network) for network in networks)


class Lists(unittest.TestCase):
    @staticmethod
    def entries(path):
        """The networks of a list, its names, and the networks among its exceptions."""
        lines = (re.sub(r"[#;].*", "", line).strip() for line in path.read_text().splitlines())
        lines = [line for line in lines if line]
        return ([ipaddress.ip_network(line) for line in lines if line[0] != "!" and line[-1] != "."],
                [line for line in lines if line[0] != "!" and line[-1] == "."],
                [line[1:] for line in lines if line[0] == "!" and line[-1] != "."])

    def test_heads(self):
        self.assertIn("cloudflare", [path.name for path in LISTS])
        for path in LISTS:
            with self.subTest(path.name):
                text = path.read_text()
                self.assertEqual(len(re.findall(r"(?m)^# date: \d{4}-\d\d-\d\d$", text)), 1)
                self.assertEqual(len(re.findall(r"(?m)^# source: https://\S", text)), 1)

    def test_entries(self):
        everything = []
        for path in LISTS:
            with self.subTest(path.name):
                networks, names, exceptions = self.entries(path)
                self.assertTrue(names)
                for entries in networks, names, exceptions:
                    self.assertEqual(len(entries), len(set(entries)))
                for exception in exceptions:
                    self.assertTrue(within(exception, networks), exception)
                for name in names:
                    self.assertEqual([other for other in names if name.endswith("." + other)], [])
                everything += names
        self.assertEqual(len(everything), len(set(everything)))

    def test_named(self):
        """The page names each, and each is installed."""
        makefile = (TOP / "etc/Makefile.inc").read_text()
        for path in LISTS:
            self.assertIn("``%s``" % path.name, PAGE)
            self.assertRegex(makefile, r"\tetc/proxies/%s( \\)?\n" % path.name)

    def test_cloudflare(self):
        networks, names, exceptions = self.entries(TOP / "etc/proxies/cloudflare")
        expected = [ipaddress.ip_network(network) for network in CLOUDFLARE.split()]
        self.assertEqual(len(expected), 22)
        self.assertEqual(networks, expected)
        self.assertIn("cdn.cloudflare.net.", names)
        self.assertIn("172.65.0.0/16", exceptions)
        self.assertIn("\n# date: 2026-08-11\n", (TOP / "etc/proxies/cloudflare").read_text())


if __name__ == "__main__":
    unittest.main()
