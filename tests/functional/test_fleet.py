# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary and two secondaries as doc/scaling.md configures them: a catalog zone with groups says which
zones are guarded, and a zone with APL records is the list.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_fleet.py
"""

import json
import os
import re
import shutil
import subprocess
import time
import unittest

import dns.rcode

import harness
import zones
from kmxcheck_case import KMXCHECK, RUN_WAIT, TOP
from system import module_file

PAGE = (TOP / "doc/scaling.md").read_text()
CONFIGS = dict(re.findall(r"(?s)```yaml\n# (\w+)\n(.*?)```", PAGE))
LIST = "cloudflare.proxies.example."
CATALOG = "fleet.example."
WAIT = 30
# What a change may take on an idle machine, with list-reload 1.
IN_TIME = 2

HEAD = "@ NS ns1\n@ NS ns2\nns1 A 192.0.2.2\nns2 A 192.0.2.3\n"
RECORDS = "@ MX 10 mail\n@ MX 20 www\nmail A 104.16.1.2\nmail AAAA 2606:4700::2\nwww A 104.16.1.3\n"
DIRECT = ["198.51.100.25"]
PROXIED = ["104.16.1.2"]
# Of each zone. The list never has 198.18.0.0/15, until a test adds it.
QUESTIONS = [(name, rtype, tcp) for name in ("", "mail.", "www.", "mx-direct.", "late.", "none.")
             for rtype in ("A", "AAAA", "MX", "SOA", "ANY") for tcp in (False, True)]


def zone_text(name):
    text = zones.small(name, HEAD + RECORDS + "@ MX 30 late\nlate A 198.18.0.1\n")
    return text.replace("@ NS ns\nns A 192.0.2.53\n", "")


def list_text(serial, more=""):
    return ("$ORIGIN %s\n$TTL 3600\n@ SOA invalid. invalid. %d 3600 600 2419200 300\n@ NS invalid.\n"
            "@ APL 1:104.16.0.0/13 2:2606:4700::/32 !1:104.16.9.0/24\n@ PTR cdn.cloudflare.net.\n%s" % (
                LIST, serial, more))


class Member(harness.Knotd):
    """A server of the page. 192.0.2.N of the page is 127.0.0.N here, at one port for all."""

    def __init__(self, role, number, port):
        self.role, self.number, self.shared = role, number, port
        self.changes = []
        super().__init__({})

    def config(self):
        text = CONFIGS[self.role]
        for old, new in self.changes:
            assert old in text, old
            text = text.replace(old, new)
        if self.role == "secondary":
            text = text.replace("listen: 192.0.2.2@53", "listen: 192.0.2.%d@53" % self.number)
        text = re.sub(r"192\.0\.2\.(\d)@53", r"127.0.0.\1@%d" % self.shared, text)
        text = text.replace("/var/lib/knot", self.path("zones"))
        # The second address is for this test to ask.
        text = text.replace("server:\n", "server:\n    rundir: %s\n    listen: 127.0.0.1@%d\n"
                            "    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 2\n" % (
                                self.folder, self.port), 1)
        return ("%scontrol:\n    listen: %s\n\nlog:\n  - target: stderr\n    any: info\n\n"
                "database:\n    storage: %s\n    journal-db-max-size: 16M\n    timer-db-max-size: 1M\n"
                "    kasp-db-max-size: 16M\n    catalog-db-max-size: 16M\n\n%s" % (
                    MODULE % module_file() if "mod-mxguard:" in text else "",
                    self.path("knot.sock"), self.path("db"), text))

    def change(self, old, new):
        """Changes the configuration of the page."""
        self.changes.append((old, new))
        self.write_conf()

    def file(self, zone):
        return self.path("zones", zone + "zone")

    def write(self, zone, text):
        harness.replace(self.file(zone), text)

    def addresses(self, name):
        return sorted(self.answer(name, "A").rdata(name, "A"))


MODULE = "module:\n  - id: mod-mxguard\n    file: \"%s\"\n\n"


class Fleet(harness.Case):
    def setUp(self):
        port = harness.free_port()
        self.primary = Member("primary", 1, port)
        self.addCleanup(self.primary.stop)
        self.secondaries = [Member("secondary", number, port) for number in (2, 3)]
        for name in "example.com.", "example.net.":
            self.primary.write(name, zone_text(name))
        self.primary.write(LIST, list_text(1))
        for server in self.secondaries:
            self.addCleanup(server.stop)
            # As the page says, the first version of the list is copied.
            shutil.copy(self.primary.file(LIST), server.file(LIST))

    def start(self, *servers):
        for server in servers or (self.primary, *self.secondaries):
            server.start()
        self.confs = [(os.stat(server.conf), server.pid()) for server in self.secondaries]
        self.wait("mail.example.com.", DIRECT)
        self.wait("mail.example.net.", PROXIED)

    def logs(self):
        return "\n".join("== %s %d\n%s" % (server.role, server.number, server.log())
                         for server in (self.primary, *self.secondaries))

    def until(self, condition):
        """Waits for what is to be true of each secondary. Returns the seconds that it took."""
        began = time.monotonic()
        try:
            harness.wait_for(lambda: all(condition(server) for server in self.secondaries), WAIT)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.logs())) from None
        return time.monotonic() - began

    def wait(self, name, addresses):
        return self.until(lambda server: server.addresses(name) == addresses)

    def assert_alike(self, *names):
        """Both secondaries answer all questions with the same octets."""
        first, second = self.secondaries
        for name in names:
            for label, rtype, tcp in QUESTIONS:
                self.assertEqual(first.ask(label + name, rtype, tcp=tcp),
                                 second.ask(label + name, rtype, tcp=tcp), (label + name, rtype, tcp))

    def assert_untouched(self):
        """No secondary has had another configuration, a reload, or a start."""
        self.assertEqual([(os.stat(server.conf), server.pid()) for server in self.secondaries],
                         self.confs)
        for server in self.secondaries:
            self.assertEqual(server.log_lines("reloading configuration"), [])

    def reload_primary(self, old, new):
        self.primary.change(old, new)
        self.primary.knotc("reload")

    def test_members(self):
        self.start()
        self.assert_alike("example.com.", "example.net.")
        for server in self.secondaries:
            self.assertEqual(server.answer("example.com.", "MX").rdata("example.com.", "MX"),
                             ["10 mail.example.com.", "20 mx-direct.example.com.",
                              "30 late.example.com."])

        # A customer comes: guarded and not.
        both = "  - domain: example.net.\n    template: direct\n"
        for name, template, addresses in (("new.example.", "proxied", DIRECT),
                                          ("plain.example.", "direct", PROXIED)):
            self.primary.write(name, zone_text(name))
            self.reload_primary(both, both + "  - domain: %s\n    template: %s\n" % (name, template))
            took = self.wait("mail." + name, addresses)
            print("# a new zone, template %s: %.0f ms" % (template, took * 1000))
        self.assert_alike("new.example.", "plain.example.", "example.com.")

        # One moves to the proxy, and back again.
        self.reload_primary("example.net.\n    template: direct", "example.net.\n    template: proxied")
        print("# a zone becomes guarded: %.0f ms" % (self.wait("mail.example.net.", DIRECT) * 1000))
        self.assert_alike("example.net.", "new.example.", "plain.example.", "example.com.")
        self.reload_primary("example.net.\n    template: proxied", "example.net.\n    template: direct")
        self.wait("mail.example.net.", PROXIED)

        # A customer goes, and comes again.
        line = "  - domain: new.example.\n    template: proxied\n"
        self.reload_primary(line, "")
        self.until(lambda server: server.answers("new.example.", dns.rcode.REFUSED))
        self.assert_alike("new.example.", "example.net.", "plain.example.", "example.com.")
        self.reload_primary(both, both + line)
        self.wait("mail.new.example.", DIRECT)
        self.assert_alike("new.example.")
        self.assert_untouched()

    def test_list(self):
        """A change on the primary counts in the answers of both secondaries."""
        self.start()
        took = []
        more = "@ APL 1:198.18.0.0/15\n"
        for serial, text, addresses in ((2, more, DIRECT), (3, "", ["198.18.0.1"]), (4, more, DIRECT)):
            self.primary.write(LIST, list_text(serial, text))
            began = time.monotonic()
            self.primary.knotc("zone-reload", LIST)
            self.wait("late.example.com.", addresses)
            took.append(time.monotonic() - began)
            self.assert_alike("example.com.", "example.net.")
        print("# a list changes: %s ms" % ", ".join("%.0f" % (one * 1000) for one in took))
        self.assertLess(min(took), IN_TIME)
        for server in self.secondaries:
            self.assertEqual(len(server.log_lines("info", "list changed")), 3, server.log())
            self.assertEqual(server.log_lines("error"), [])
        self.assert_untouched()

    def kmxcheck(self, server, status):
        """The command of the page, on a secondary. Returns {address: (guarded, findings)}."""
        command = next(line for line in re.findall(r"(?m)^\$ kmxcheck (.*)$", PAGE)
                       if "--all-servers" in line)
        words = [{"/etc/knot/knot.conf": server.conf}.get(
            word, word.replace("/var/lib/knot", server.path("zones"))) for word in command.split()]
        done = subprocess.run([KMXCHECK, *words, "--port", str(server.shared), "-f", "json"],
                              capture_output=True, text=True, timeout=RUN_WAIT, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return {zone["server"].split("@")[0]: (zone["guarded"], len(zone["findings"]))
                for zone in json.loads(done.stdout)["zones"]}

    def test_the_one_that_leaks(self):
        first, second = self.secondaries
        # Its addresses are those of the name servers here.
        self.primary.write("example.com.", zone_text("example.com.").replace("192.0.2.", "127.0.0."))
        self.start()
        self.assertEqual(self.kmxcheck(first, 0), {"127.0.0.2": ("yes", 0), "127.0.0.3": ("yes", 0)})
        second.change("    module: mod-mxguard/fleet\n", "")
        second.knotc("reload")
        harness.wait_for(lambda: second.addresses("mail.example.com.") == PROXIED, WAIT, second.log())
        found = self.kmxcheck(first, 1)
        self.assertEqual((found["127.0.0.2"], found["127.0.0.3"][0]), (("yes", 0), "no"))
        self.assertGreater(found["127.0.0.3"][1], 0)
        # From anywhere: also where the leak is.
        self.assertEqual(self.kmxcheck(second, 1), found)

    def test_health(self):
        """The check of one server by its address."""
        self.primary.write("example.com.", zone_text("example.com."))
        self.start()
        first, second = self.secondaries
        words = next(line for line in re.findall(r"(?m)^\$ kmxcheck (.*)$", PAGE) if " -s " in line)
        words = words.replace("192.0.2.2", "127.0.0.3@%d" % first.shared).replace(
            "/etc/knot/knot.conf", first.conf).replace("/var/lib/knot", first.path("zones")).split()

        def status():
            return subprocess.run([KMXCHECK, *words], timeout=RUN_WAIT, check=False,
                                  capture_output=True).returncode
        self.assertEqual(status(), 0)
        second.change("    mode: enforce\n", "    mode: log\n")
        second.knotc("reload")
        harness.wait_for(lambda: second.addresses("mail.example.com.") == PROXIED, WAIT, second.log())
        self.assertEqual(status(), 1)

    def test_without_a_list(self):
        """A server that has no list does not start."""
        server = self.secondaries[0]
        os.unlink(server.file(LIST))
        server.spawn()
        self.assertNotEqual(server.process.wait(WAIT), 0)
        self.assertIn(LIST + "zone", server.log())
        server.process = None
        shutil.copy(self.primary.file(LIST), server.file(LIST))

    def test_without_the_primary(self):
        """Servers that start on their own have what they had."""
        self.start()
        self.until(lambda server: os.path.exists(server.file("example.com.")))
        for server in self.secondaries:
            server._end()
        self.primary._end()
        self.primary.process = None
        for server in self.secondaries:
            server.start()
        self.wait("mail.example.com.", DIRECT)
        self.assert_alike("example.com.", "example.net.")


if __name__ == "__main__":
    unittest.main()
