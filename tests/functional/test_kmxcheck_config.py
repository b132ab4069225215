# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck -c: which zones, and which policy.

Needs no server. Run alone:
  KMXCHECK=/path/kmxcheck /usr/bin/python3 tests/functional/test_kmxcheck_config.py
"""

import json
import os
import re
import shutil
import stat
import unittest

from kmxcheck_case import BAD, GOOD, HEAD, POLICY, STANZA, TOP, Case


class Config(Case):
    def config(self, text, name="knot.conf"):
        return self.write(name, text.replace("DIR", str(self.dir)))

    def test_lab(self):
        """Every planted mistake, and nothing in the healthy zones."""
        for path in [*(TOP / "etc/lab").glob("*.zone"), TOP / "etc/lab/zones.conf"]:
            shutil.copy(path, self.dir)
        text = (TOP / "etc/lab/guarded.conf").read_text()
        for blank, word in (("DIR", self.dir), ("PORT", 5300), ("IDENTITY", "x"),
                            ("MODE", "enforce"), ("MODULE", "/none.so"),
                            ("PROXIES", TOP / "etc/proxies")):
            text = text.replace("@%s@" % blank, str(word))
        self.write("guarded.conf", text)
        # The lists of the lab may have grown old, which is no mistake of its zones.
        zones = self.findings("--ignore", "list-stale", "-c", "guarded.conf", status=1)
        errors = {"proxied-host", "proxied-alias", "proxied-target", "missing-target"}
        found = {zone.split(".")[0]: sorted(errors.intersection(rules))
                 for zone, rules in zones.items()}
        self.assertEqual(found, {
            "host": ["proxied-host"],
            "apex": ["proxied-target"],
            "shop": ["proxied-target"],
            "wild": ["proxied-host"],
            "alias": ["proxied-alias"],
            "cdn": ["proxied-target"],
            "client": ["proxied-target"],
            "mixed": ["proxied-host"],
            "signed": ["proxied-target"],
            "null": [],
            "healthy": [],
        })
        for zone in "null", "healthy":
            self.assertEqual(zones[zone + ".example"], [])

    def test_templates_and_skips(self):
        for name in "a.test", "b.test", "c.test", "d.test":
            self.write("zones/%s/%s" % (name[0], name), BAD % name)
        self.config(STANZA + "    zone: [a.test, e.test, f.test]\n"
                    "template:\n  - id: default\n    storage: DIR/zones\n    file: \"%c[0]/%s\"\n"
                    "    module: mod-mxguard/one\n"
                    "  - id: none\n    storage: DIR/zones\n"
                    "include: more/*.conf\n")
        self.config("zone:\n  - domain: a.test\n  - domain: b.test\n    template: none\n"
                    "  - domain: c.test\n  - domain: d.test\n    module: mod-stats\n"
                    "  - domain: e.test\n"
                    "  - domain: f.test\n    catalog-role: interpret\n", "more/zones.conf")
        self.assertEqual(self.findings("-c", "knot.conf", status=1), {"a.test": ["proxied-host"]})
        self.write("zones/f/f.test", HEAD % "f.test" + "version TXT \"2\"\n"
                   "one.zones PTR member.test.\ntwo.zones PTR a.test.\n"
                   "x.one.zones PTR x.test.\nzones PTR y.test.\n")
        stdout = self.run_it("-c", "knot.conf", status=1)[0]
        self.assertEqual(len(re.findall("(?m)^skipped ", stdout)), 6)
        for zone, reason in (("member.test", r"member of the catalog f\.test"),
                             ("b.test", "does not load"), ("c.test", "zone list"),
                             ("d.test", "does not load"), ("e.test", "no zone file"),
                             ("f.test", "catalog")):
            self.assertRegex(stdout, r"(?m)^skipped %s.*%s" % (re.escape(zone), reason))
        # From elsewhere just the same.
        self.findings("-c", self.dir / "knot.conf", status=1)

    def test_policy_of_files(self):
        two = STANZA + "  - id: two\n    proxy: 192.0.2.0/24\n"
        zone = self.zone("a.test", BAD)
        self.config(two + "zone:\n  - domain: a.test\n    module: mod-mxguard/one\n"
                    "  - domain: b.test\n    module: mod-mxguard/two\n    file: DIR/a.test.zone\n")
        self.run_it("-c", "knot.conf", zone, status=1)
        self.run_it("-c", "knot.conf", "--policy", "two", zone)
        self.assertIn("--policy", self.trouble("-c", "knot.conf", self.zone("x.test", BAD)))
        self.run_it("-c", "knot.conf", "--policy", "one", self.zone("x.test", BAD), status=1)
        self.assertIn("none", self.trouble("-c", "knot.conf", "--policy", "none", zone))
        # The only one there is.
        self.config(STANZA)
        self.run_it("-c", "knot.conf", zone, status=1)
        self.config("")
        self.assertIn("no stanza", self.trouble("-c", "knot.conf", zone))

    def test_warnings_of_a_load(self):
        """What looks like a mistake in a stanza is told as a load tells it, once a stanza."""
        names = ("a.test", "b.test")
        for name in names:
            self.zone(name, HEAD + "@ MX 10 mail\nmail A 192.0.2.1\n")
        self.config("mod-mxguard:\n  - id: one\n    proxy: 104.16.0.0/13\n"
                    "    mail-address: 10.1.2.3\n    web-host: www\n    mail-host: mail.b.test\n"
                    "    proxy-except: 192.0.2.1\nzone:\n" + "".join(
                        "  - domain: %s\n    file: DIR/%s.zone\n    module: mod-mxguard/one\n" %
                        (name, name) for name in names))
        stderr = self.run_it("-c", "knot.conf")[1]
        head = "kmxcheck: note: knot.conf:2: mod-mxguard/one: "
        self.assertEqual([line[:len(head) + 12] for line in stderr.splitlines()],
                         [head + text for text in ("mail-address", "proxy-except", "web-host is ",
                                                   "mail-host 'm")], stderr)
        self.assertEqual(self.run_it("-q", "-c", "knot.conf")[1], "")

    def test_listed_zones_that_do_not_load_it(self):
        """The module can't know them: each is told, unless a catalog may hold it."""
        self.zone("a.test", GOOD)
        text = ("mod-mxguard:\n  - id: one\n    proxy: 104.16.0.0/13\n"
                "    zone: [a.test, b.test, c.test, d.test]\n"
                "  - id: two\n    proxy: 192.0.2.0/24\n    zone: d.test\n"
                "zone:\n  - domain: a.test\n    file: DIR/a.test.zone\n"
                "    module: mod-mxguard/one\n  - domain: b.test\n"
                "  - domain: d.test\n    module: mod-mxguard/two\n    file: DIR/none\n")
        self.config(text)

        def told(*args):
            return re.findall(r"note: knot\.conf:\d+: mod-mxguard/(\w+): zone (\S+), which",
                              self.run_it("-c", "knot.conf", *args)[1])

        self.assertEqual(told(), [("one", zone) for zone in ("b.test.", "c.test.", "d.test.")])
        self.assertEqual(told("-q"), [])
        self.assertEqual(told("a.test.zone"), [])
        self.config(text + "  - domain: cat.test\n    catalog-role: interpret\n")
        self.assertEqual(told(), [("one", "b.test."), ("one", "d.test.")])

    def test_many_listed_zones_that_do_not_load_it(self):
        """So many lines would be read by nobody: one line stands for them."""
        self.zone("a.test", GOOD)

        def told(count):
            names = ["z%d.test" % number for number in range(count)]
            self.config("mod-mxguard:\n  - id: one\n    proxy: 104.16.0.0/13\n"
                        "    zone: [a.test, %s]\n"
                        "zone:\n  - domain: a.test\n    file: DIR/a.test.zone\n"
                        "    module: mod-mxguard/one\n" % ", ".join(names + names[:1]))
            return re.findall(r"note: knot\.conf:\d+: mod-mxguard/one: (.*)",
                              self.run_it("-c", "knot.conf")[1])

        self.assertEqual(told(10), ["zone z%d.test., which is in the item 'zone', does not load it" % n
                                    for n in range(10)])
        for count, more in (11, 8), (40, 37):
            self.assertEqual(told(count), ["zones z0.test., z1.test., z2.test. and %d more, which are "
                                           "in the item 'zone', do not load it" % more])

    def test_two_stanzas_of_a_zone(self):
        self.zone("a.test", BAD)
        self.config("mod-mxguard:\n  - id: one\n    proxy: 104.16.0.0/13\n"
                    "  - id: two\n    proxy: 192.0.2.0/24\n"
                    "zone:\n  - domain: a.test\n    file: DIR/a.test.zone\n"
                    "    module: [mod-mxguard/one, mod-mxguard/two]\n")
        for args in ["-c", "knot.conf"], ["-c", "knot.conf", "a.test.zone"]:
            zones = json.loads(self.run_it("-f", "json", *args, status=1)[0])["zones"]
            self.assertEqual([len(zone["findings"]) for zone in zones], [1, 0])

    def test_nothing_to_audit_is_no_success(self):
        self.config("")
        self.assertIn("no zone", self.trouble("-c", "knot.conf"))
        self.config(STANZA + "zone:\n  - domain: a.test\n")
        self.assertIn("does not load", self.trouble("-c", "knot.conf"))
        self.config(STANZA + "zone:\n  - domain: a.test\n    module: mod-mxguard/one\n"
                    "    file: DIR/none.zone\n")
        self.assertIn("no zone file", self.trouble("-c", "knot.conf"))

    def test_errors_name_file_and_line(self):
        self.zone("a.test", BAD)
        for text, said in (
                (STANZA + "    ttl: x\n", "knot.conf:5: item 'ttl'"),
                (STANZA + "    mail-host: www\n", "knot.conf:2: mod-mxguard/one: "),
                ("include: bad.conf\n", "/bad.conf:3: item 'template'"),
                ("zone\n", "knot.conf:"),
                ("include: knot.conf\n", "knot.conf:1: item 'include'")):
            with self.subTest(text=text):
                self.config("zone:\n  - domain: a.test\n    template: x\n", "bad.conf")
                self.config(text)
                self.assertIn(said, self.trouble("-c", "knot.conf"))
        self.assertIn("none.conf", self.trouble("-c", "none.conf"))
        self.trouble("-c", self.dir)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        zone = self.zone("a.test", BAD)
        config = self.config(STANZA)
        for path, args in ((zone, [*POLICY, zone]), (config, ["-c", config, zone])):
            path.chmod(0)
            self.assertIn(path.name, self.trouble(*args))
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)

    def test_garbage(self):
        """Whatever a file holds, it is an error with its name, and soon."""
        for i, octets in enumerate((b"\0" * 5000, b"\xff\xfe" * 999, b"(" * 70000, b'"\n' * 99,
                                    b"mod-mxguard:\n  - id: " + b"x" * 40000)):
            path = self.dir / "garbage"
            path.write_bytes(octets)
            for args in [*POLICY, "garbage"], ["-c", "garbage"], ["--proxy-file", "garbage",
                                                                 self.zone("a.test", GOOD)]:
                with self.subTest(i=i, args=args):
                    self.assertIn("garbage", self.trouble(*args))


class ManyZones(Case):
    COUNT = 10000

    def test_many_zones(self):
        """Each zone of a template, with its own findings. How long it takes: tests/bench."""
        lines = [STANZA, "template:\n  - id: default\n    storage: %s\n" % self.dir,
                 "    module: mod-mxguard/one\nzone:\n"]
        for i in range(self.COUNT):
            name = "zone%d.test" % i
            self.zone(name, BAD if i % 100 == 0 else GOOD)
            lines.append("  - domain: %s\n" % name)
        self.write("knot.conf", "".join(lines))
        out = self.run_it("-c", "knot.conf", "-f", "json", status=1)[0]
        self.assertEqual(len(json.loads(out)["zones"]), self.COUNT)
        self.assertEqual(json.loads(out)["errors"], self.COUNT // 100)


if __name__ == "__main__":
    unittest.main()
