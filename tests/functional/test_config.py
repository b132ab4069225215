# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration: what is an error, what is said at load, which zones are concerned.

Every error is reported by conf-check and by a start, naming the item and what is wrong with it.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_config.py
  MXGUARD_SRCDIR  the source folder, default: found from this file
"""

import os
import pathlib
import re
import subprocess
import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
OTHER = "other.test."
TEXT = zones.small(ZONE, "@ MX 10 mail\nmail A 104.16.1.2\nwww A 104.16.1.2")
GOOD = Policy(proxy=("104.16.0.0/13",))
LOG = GOOD.with_(mode="log", mail_address=None)

# A policy, and what the error has to name. {dir} is the server's folder.
ERRORS = (
    ("no networks at all", GOOD.with_(proxy=None), ["proxy"]),
    ("no networks, log mode", LOG.with_(proxy=None), ["proxy"]),
    ("only exceptions", GOOD.with_(proxy=None, proxy_except=("104.16.0.1",)), ["proxy"]),
    ("enforce without mail-address", GOOD.with_(mail_address=None), ["mail-address"]),
    ("unknown mode", GOOD.with_(mode="repair"), ["mode"]),
    ("not a network", GOOD.with_(proxy=("104.16.0.0/33",)), ["proxy"]),
    ("not an address", GOOD.with_(mail_address=("198.51.100.256",)), ["mail-address"]),
    ("address with a prefix", GOOD.with_(mail_address=("198.51.100.25/32",)), ["mail-address"]),
    ("proxied mail-address", GOOD.with_(mail_address=("198.51.100.25", "104.16.1.2")),
     ["mail-address", "104.16.1.2"]),
    ("proxied mail-address, IPv6", GOOD.with_(proxy=("2606:4700::/32",),
                                              mail_address=("2606:4700::25",)),
     ["mail-address", "2606:4700::25"]),
    ("web and mail host", GOOD.with_(web_host=("@", "www"), mail_host=("smtp", "www")),
     ["web-host", "mail-host", "www"]),
    ("web and mail pattern", GOOD.with_(web_host=("*.x",), mail_host=("*.x",)),
     ["web-host", "mail-host", "*.x"]),
    ("default web host", GOOD.with_(mail_host=("www",)), ["mail-host", "www"]),
    ("exchange is a web host", GOOD.with_(mail_exchange="www"), ["mail-exchange", "www"]),
    ("exchange matched by a web pattern", GOOD.with_(web_host=("*.x",), mail_exchange="m.x"),
     ["mail-exchange", "m.x"]),
    ("exchange is the apex", GOOD.with_(web_host=("www",), mail_exchange="@"),
     ["mail-exchange", "@"]),
    ("exchange not below every zone", GOOD.with_(zone=(ZONE, OTHER), mail_exchange="mx." + ZONE),
     ["mail-exchange", "mx." + ZONE]),
    ("exchange elsewhere", GOOD.with_(zone=(ZONE,), mail_exchange="mx.elsewhere.example."),
     ["mail-exchange", "mx.elsewhere.example."]),
    ("exchange does not parse", GOOD.with_(mail_exchange="a..b"), ["mail-exchange", "a..b"]),
    ("label too long", GOOD.with_(mail_exchange="l" * 64), ["mail-exchange", "l" * 64]),
    ("name too long", GOOD.with_(mail_host=(".".join(["l" * 60] * 4) + ".%s." % ("x" * 10),)),
     ["mail-host"]),
    ("web-host does not parse", GOOD.with_(web_host=(".x",)), ["web-host", ".x"]),
    ("mail-host does not parse", GOOD.with_(mail_host=("m\u00fcller",)), ["mail-host"]),
    ("proxy-name does not parse", GOOD.with_(proxy_name=("a..b.",)), ["proxy-name"]),
    ("pattern in a proxy-name", GOOD.with_(proxy_name=("*.cdn.example.",)),
     ["proxy-name", "*.cdn.example."]),
    ("absolute mail-service", GOOD.with_(mail_service=("_submission._tcp." + ZONE,)),
     ["mail-service", "_submission._tcp." + ZONE]),
    ("form of mail-service", GOOD.with_(mail_service=("submission",)),
     ["mail-service", "submission"]),
    ("loopback mail-address", LOG.with_(mail_address=("127.0.0.1",)),
     ["mail-address", "127.0.0.1", "loopback"]),
    ("mail-address in IPv6 form", GOOD.with_(mail_address=("::ffff:198.51.100.25",)),
     ["mail-address", "::ffff:198.51.100.25"]),
    ("mail-service does not parse", GOOD.with_(mail_service=("_submission.._tcp",)),
     ["mail-service", "_submission.._tcp"]),
    ("key does not exist", GOOD.with_(signing_key=("{dir}/none.pem",)),
     ["signing-key", "{dir}/none.pem", "No such file"]),
    ("key is no PEM", GOOD.with_(signing_key=("{dir}/zones/0.zone",)),
     ["signing-key", "{dir}/zones/0.zone", "no private key in PEM"]),
    ("second key is no file", GOOD.with_(signing_key=("{dir}", "/dev/null")),
     ["signing-key", "/dev/null", "no private key in PEM"]),
    ("list does not exist", GOOD.with_(proxy_file=("{dir}/none",)), ["proxy-file", "{dir}/none"]),
    ("list is a folder", GOOD.with_(proxy_file=("{dir}",)), ["proxy-file", "{dir}"]),
)

# What a list has in it, and the line that the error names; None: the file as a whole.
LISTS = (
    ("empty", "", None),
    ("only comments", "# one\n; two\n\n", None),
    ("word", "104.16.0.0/13\nexample\n", 2),
    ("prefix too long", "# head\n\n104.16.0.0/33\n", 3),
    ("IPv6 prefix too long", "2606:4700::/129\n", 1),
    ("two on a line", "104.16.0.0/13 104.24.0.0/14\n", 1),
    ("reversed range", "104.16.0.9-104.16.0.1\n", 1),
    ("mixed range", "104.16.0.1\n104.16.0.1-2606:4700::1\n", 2),
    ("short address", "104.16/13\n", 1),
    ("leading zeros", "104.016.0.0/13\n", 1),
    ("zero octet", "104.16.0.0/13\n104.24.0.0\0/14\n", 2),
    ("binary", "\x7fELF\x02\x01\n", 1),
    ("endless line", "104.16.0.0/13\n" + "1" * 5000, 2),
)


class ConfigCase(harness.Case):

    def server(self, policy, zone_texts=None, **options):
        """A knotd that is configured, not started."""
        server = harness.Knotd(zone_texts or {ZONE: TEXT}, None, **options)
        self.addCleanup(server.stop)
        changes = {item: tuple(value.format(dir=server.folder) for value in getattr(policy, item))
                   for item in ("proxy_file", "signing_key") if getattr(policy, item)}
        server.write_conf(policy.with_(**changes))
        return server

    def rejected(self, server, parts):
        """The configuration fails conf-check and a start, and both name all parts."""
        parts = [part.format(dir=server.folder) for part in parts]
        check = server.conf_check()
        said = check.stdout + check.stderr
        self.assertNotEqual(check.returncode, 0, said)
        for part in parts:
            self.assertIn(part, said)
        server.spawn()
        try:
            server.process.wait(harness.START_WAIT)
        except subprocess.TimeoutExpired:
            server.process.terminate()
            server.process.wait(harness.STOP_WAIT)
            self.fail("knotd starts with it:\n" + server.log())
        self.assertNotEqual(server.process.returncode, 0)
        for part in parts:
            self.assertIn(part, server.log())
        server.process = None


class Errors(ConfigCase):

    def test_errors(self):
        for title, policy, parts in ERRORS:
            with self.subTest(title):
                server = self.server(policy)
                self.rejected(server, parts)

    def test_unknown_list(self):
        """It says where this build has its lists, and which version says so."""
        policy = GOOD.with_(proxy=None, proxy_file=("nosuch",))
        version = re.search(r"-DPACKAGE_VERSION=\S*?([0-9][0-9.]+)", (
            pathlib.Path(os.environ["MXGUARD_BUILDDIR"]) / "Makefile").read_text()).group(1)
        server = self.server(policy)
        self.rejected(server, ["proxy-file", "/knot/proxies/nosuch: No such file or directory "
                               "(lists of this build are in /"])
        self.assertIn("says mod-mxguard %s)" % version, server.conf_check().stderr)
        server.write_conf(GOOD)
        server.start()
        self.assertRegex(server.log(), "protected, mode enforce, .*, version %s\n" % version)

    def test_lists(self):
        for title, content, line in LISTS:
            with self.subTest(title):
                server = self.server(GOOD.with_(proxy=None, proxy_file=("{dir}/list",)))
                path = server.path("list")
                with open(path, "w", encoding="latin-1", newline="") as file:
                    file.write(content)
                self.rejected(server, ["proxy-file", "%s:%d:" % (path, line) if line else path])

    def test_unreadable_list(self):
        def forbid(path):
            harness.replace(path, "104.16.0.0/13\n")
            os.chmod(path, 0)

        # Root may read everything, but not what leads nowhere or waits for a writer.
        for spoil in [lambda path: os.symlink(path, path), os.mkfifo] + (
                [forbid] if os.geteuid() else []):
            server = self.server(GOOD.with_(proxy=None, proxy_file=("{dir}/list",)))
            spoil(server.path("list"))
            self.rejected(server, ["proxy-file", server.path("list")])

    def test_one_of_several_lists(self):
        server = self.server(GOOD.with_(proxy_file=("{dir}/good", "{dir}/bad")))
        harness.replace(server.path("good"), "104.16.0.0/13\n")
        harness.replace(server.path("bad"), "104.16.0.0/13\nbad\n")
        self.rejected(server, ["proxy-file", server.path("bad") + ":2:"])


class Accepted(ConfigCase):
    """What is fine, however odd."""

    LIST = ("\ufeff# date: 2026-08-11\r\n\r\n  104.16.1.2/13 # host bits\r\n"
            "104.16.0.0/13\n\t104.16.0.0/14;again\n2606:4700::/32\n203.0.113.1-203.0.113.9\n"
            "192.0.2.1")

    def accepted(self, policy, content=None):
        server = self.server(policy)
        if content is not None:
            with open(server.path("list"), "w", newline="") as file:
                file.write(content)
        check = server.conf_check()
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        return server.start()

    def test_odd_networks(self):
        server = self.accepted(GOOD.with_(
            proxy=("104.16.99.1/13", "104.16.0.0/14", "104.16.0.0/14", "0.0.0.0-0.0.0.0",
                   "2606:4700::1/32", "192.0.2.7"), proxy_except=("104.16.0.0/32",)))
        self.assertEqual(server.answer("mail." + ZONE, "A").rdata("mail." + ZONE, "A"),
                         ["198.51.100.25"])

    def test_list(self):
        server = self.accepted(GOOD.with_(proxy=None, proxy_file=("{dir}/list",)), self.LIST)
        self.assertEqual(server.answer("mail." + ZONE, "A").rdata("mail." + ZONE, "A"),
                         ["198.51.100.25"])

    def test_proxy_name_alone(self):
        self.accepted(GOOD.with_(proxy=None, proxy_name=("cdn.example.net",)))

    def test_default_exchange_in_any_zone(self):
        self.accepted(GOOD.with_(zone=(ZONE, OTHER), mail_host=("*",), web_host=("www", "@")))

    def test_log_mode_needs_no_address(self):
        self.accepted(LOG)

    def test_defaults(self):
        server = self.accepted(LOG.with_(mode=None))
        self.assertTrue(server.log_lines("mode log"))

    def test_excepted_mail_address(self):
        server = self.accepted(GOOD.with_(mail_address=("104.16.1.25",),
                                          proxy_except=("104.16.1.25",)))
        self.assertEqual(server.answer("mail." + ZONE, "A").rdata("mail." + ZONE, "A"),
                         ["104.16.1.25"])

    def test_mail_address_at_the_origin(self):
        for address, origin, warned in (
                ("198.51.100.25", "198.51.100.25", True), ("198.51.100.25", "198.51.100.80", True),
                ("198.51.100.25", "198.51.101.80", False), ("2001:db8::25", "2001:db8::80", True),
                ("2001:db8::25", "2001:db8:1::80", False),
                ("198.51.100.25", "198.51.0.0/16", True),
                ("198.51.100.25", "198.51.100.77-198.51.100.99", True)):
            with self.subTest(address=address, origin=origin):
                server = self.accepted(GOOD.with_(mail_address=(address,), web_origin=(origin,)))
                found = server.log_lines("warning: [%s]" % ZONE, "mail-address", address)
                self.assertEqual(bool(found), warned, server.log())

    def test_warnings_at_load(self):
        """One line each, however many zones have the stanza; once more after a reload."""
        names = [ZONE] + ["z%d.test." % i for i in range(5)]
        server = self.server(GOOD.with_(
            mail_address=("198.51.100.25", "10.0.0.25"), proxy_except=("192.0.2.1",),
            web_host=("www",), mail_host=("mail." + ZONE[:-1],)),
            {name: zones.small(name, "@ MX 10 mail") for name in names})
        server.start()
        for times in (1, 2):
            for part in ("mail-address '10.0.0.25' is private",
                         "proxy-except 192.0.2.1/32 lies in no proxy network",
                         "web-host is without the apex", "mail-host 'mail.%s' is" % ZONE[:-1]):
                self.assertEqual(len(server.log_lines("warning: [", part)), times, server.log())
            self.assertEqual(len(server.log_lines("warning: [")), 4 * times, server.log())
            if times == 1:
                server.knotc("reload")
                harness.wait_for(lambda: len(server.log_lines("protected, mode")) ==
                                 2 * len(names), 20, "the reload")
        self.assertTrue(server.log_lines("warning: [%s]" % ZONE, "mail-host"), server.log())

    def test_text_from_outside(self):
        server = self.server(GOOD.with_(proxy_file=("{dir}/list",)))
        harness.replace(server.path("list"), "\x1b[1mbold\n")
        check = server.conf_check()
        said = check.stdout + check.stderr
        self.assertIn("list:1:", said)
        self.assertTrue(all(line.isprintable() for line in said.splitlines()), said)

    def test_info_at_load(self):
        server = self.accepted(GOOD.with_(proxy=("104.16.0.0/13", "2606:4700::/32", "192.0.2.7"),
                                          proxy_file=("{dir}/list",)), "203.0.113.0/28\n")
        lines = server.log_lines("info: [%s] module 'mod-mxguard/guard'" % ZONE)
        self.assertEqual(len(lines), 1, server.log())
        for part in ("mode enforce", "4 networks", "2 mail addresses"):
            self.assertIn(part, lines[0])


class Zones(ConfigCase):

    def test_unlisted_zone(self):
        texts = {ZONE: TEXT, OTHER: zones.small(OTHER, "@ MX 10 mail\nmail A 104.16.1.2")}
        server = self.server(GOOD.with_(zone=(ZONE.upper(),)), texts)
        # As an operator does it: the module in the template, the zones in the stanza.
        text = server.config().replace("    module: [ mod-mxguard/guard ]\n", "").replace(
            "  - id: default\n", "  - id: default\n    module: mod-mxguard/guard\n")
        harness.replace(server.conf, text)
        server.start()
        with harness.Knotd(texts) as plain:
            for name, rdtype in (("mail.", "A"), ("", "MX"), ("mail.", "AAAA"), ("x.", "A")):
                wire = client.query(name + OTHER, rdtype)
                self.assertEqual(client.udp(server.port, wire), client.udp(plain.port, wire))
        server.ask("mail." + ZONE, "A")
        self.assertEqual(server.counters(ZONE), {"finding[proxied-host]": 1,
                                                 "action[replaced]": 1})
        result = server.knotc("zone-stats", OTHER, "mod-mxguard", check=False)
        self.assertNotIn("mod-mxguard.", result.stdout)
        self.assertEqual(len(server.log_lines("info: [%s]" % OTHER, "mxguard/guard', not protected")),
                         1, server.log())

    def test_one_stanza_for_many_zones(self):
        names = ["z%d.test." % i for i in range(50)]
        texts = {name: zones.small(name, "mail A 104.16.1.2") for name in names}
        server = self.server(GOOD, texts).start()
        for name in names:
            self.assertEqual(server.answer("mail." + name, "A").rdata("mail." + name, "A"),
                             ["198.51.100.25"])

    def test_exchange_not_below_this_zone(self):
        # Without a list of zones only the load of a zone can tell: the zone is as without the
        # module, or not served (from 3.5 on), and the log says why.
        texts = {ZONE: TEXT, OTHER: zones.small(OTHER, "mail A 104.16.1.2")}
        server = self.server(GOOD.with_(mail_exchange="mx." + ZONE), texts)
        server.start(wait=False)
        harness.wait_for(lambda: server.answers(ZONE, 0), what="the good zone")
        harness.wait_for(lambda: server.log_lines("error", OTHER, "mail-exchange"), 20,
                         "the error in the log")
        self.assertEqual(server.answer("mx." + ZONE, "A").rdata("mx." + ZONE, "A"),
                         ["198.51.100.25"])


class Sample(harness.Case):

    def test_sample(self):
        source = os.environ.get("MXGUARD_SRCDIR") or os.path.join(
            os.path.dirname(os.path.abspath(__file__)), "..", "..")
        with open(os.path.join(source, "etc", "knot.conf")) as file:
            text = file.read()
        server = harness.Knotd({})
        self.addCleanup(server.stop)
        lists = os.path.abspath(os.path.join(source, "etc", "proxies"))
        text, count = re.subn(r"^(\s+proxy-file:\s*)(\w+)$", r"\1%s/\2" % lists, text,
                              flags=re.MULTILINE)
        self.assertEqual(count, 1)
        for mode in ("log", "enforce"):
            harness.replace(server.conf, "module:\n  - id: mod-mxguard\n    file: %s\n\n" %
                            harness.module_file() + text.replace("mode: log", "mode: " + mode))
            check = server.conf_check()
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_shipped_lists(self):
        source = os.environ.get("MXGUARD_SRCDIR") or os.path.join(
            os.path.dirname(os.path.abspath(__file__)), "..", "..")
        lists = os.path.abspath(os.path.join(source, "etc", "proxies"))
        for name in sorted(os.listdir(lists)):
            if "." in name:
                continue
            policy = GOOD.with_(proxy=None, proxy_file=(os.path.join(lists, name),))
            server = harness.Knotd({ZONE: TEXT}, policy)
            self.addCleanup(server.stop)
            check = server.conf_check()
            self.assertEqual(check.returncode, 0, name + check.stdout + check.stderr)


if __name__ == "__main__":
    unittest.main()
