# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of vendors on a real server: networks, exceptions and names, and lists that the server's
user may not read.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_lists.py
  MXGUARD_SRCDIR  the source folder, default: found from this file
"""

import os
import time
import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
TOP = os.environ.get("MXGUARD_SRCDIR") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..")
CLOUDFLARE = os.path.abspath(os.path.join(TOP, "etc", "proxies", "cloudflare"))
POLICY = Policy(proxy=None, proxy_file=(CLOUDFLARE,), mail_exchange=None, mail_host=("*.h",))
WAIT = 20


class ListsCase(harness.Case):

    def data(self, server, name, rtype):
        owner = name + "." + ZONE
        return sorted(server.answer(owner, rtype).rdata(owner, rtype))


class Vendor(ListsCase):

    LINES = """\
        @ MX 10 a.h
        a.h A 172.65.213.128
        b.h A 162.159.205.12
        c.h A 162.159.205.14
        d.h A 172.64.0.1
        d.h A 172.65.0.1
        e.h AAAA 2606:4700:f5::f
        f.h AAAA 2606:4700:f5::e
        g.h A 104.16.1.2
        tcp MX 10 route1.mx.cloudflare.net.
        cdn MX 10 x.test.cdn.cloudflare.net.
        china MX 10 cloudflarecn.net.
        """
    # What is asked, and the answer if it is not what the zone has.
    QUESTIONS = (("a.h", "A", None), ("b.h", "A", None), ("c.h", "A", ["198.51.100.25"]),
                 ("d.h", "A", ["172.65.0.1"]), ("e.h", "AAAA", None),
                 ("f.h", "AAAA", ["2001:db8::25"]), ("g.h", "A", ["198.51.100.25"]),
                 ("tcp", "MX", None), ("cdn", "MX", ["10 mx-direct.%s" % ZONE]),
                 ("china", "MX", ["10 mx-direct.%s" % ZONE]))

    def served(self, policy, changes):
        text = zones.small(ZONE, "\n".join(line.strip() for line in self.LINES.splitlines()))
        guarded, plain = self.pair({ZONE: text}, policy)
        for name, rtype, change in self.QUESTIONS:
            with self.subTest(name=name, type=rtype):
                change = changes.get(name, change)
                if change is None:
                    self.assertEqual(guarded.ask(name + "." + ZONE, rtype),
                                     plain.ask(name + "." + ZONE, rtype))
                else:
                    self.assertEqual(self.data(guarded, name, rtype), change)
        return guarded

    def test_list_alone(self):
        server = self.served(POLICY, {})
        self.assertTrue(server.log_lines("proxied-host", "g.h." + ZONE,
                                         "104.16.1.2 in 104.16.0.0/13"), server.log())
        self.assertEqual(server.log_lines("172.65.213.128") + server.log_lines("route1"), [])

    def test_exceptions_of_one_list_are_none_of_another(self):
        server = harness.Knotd({})
        self.addCleanup(server.stop)
        mine = server.path("mine")
        harness.replace(mine, "172.65.213.128\n!104.16.0.0/13\n!cdn.cloudflare.net.\n"
                              "mx.cloudflare.net.\n")
        self.served(POLICY.with_(proxy_file=(CLOUDFLARE, mine), proxy_except=("104.16.1.2",)),
                    {"a.h": ["198.51.100.25"], "g.h": ["104.16.1.2"],
                     "tcp": ["10 mx-direct.%s" % ZONE]})

    def test_names_only(self):
        server = harness.Knotd({ZONE: zones.small(ZONE, "cdn MX 10 a.cdn.test.")})
        self.addCleanup(server.stop)
        harness.replace(server.path("list"), "cdn.test.\n")
        server.write_conf(POLICY.with_(proxy_file=(server.path("list"),)))
        server.start()
        self.assertEqual(self.data(server, "cdn", "MX"), ["10 mx-direct." + ZONE])


@unittest.skipUnless(harness.has_user(), "not root, or there is no user " + harness.USER)
class OnlyRoot(ListsCase):
    """knotd checks its configuration as root, then drops its privileges, then loads zones."""

    def started(self, *locked):
        """A server with a list, where only root can get at some paths."""
        server = harness.Knotd({ZONE: zones.small(ZONE, "a.h A 104.16.1.2")})
        self.addCleanup(server.stop)
        os.mkdir(server.path("lists"))
        self.list = server.path("lists", "mine")
        harness.replace(self.list, "104.16.0.0/13\n")
        self.policy = POLICY.with_(proxy_file=(self.list,))
        server.write_conf(self.policy)
        server.drop_privileges()
        for path in locked:
            os.chown(server.path(path), 0, 0)
            os.chmod(server.path(path), 0o700)
        server.start()
        self.assertEqual(server.user(), harness.USER)
        return server

    def said(self, server):
        return len(server.log_lines("error", "keeping the last good list, proxy-file " + self.list,
                                    "Permission denied"))

    def reloaded(self, server, address):
        """A reload with another mail-address: that is in force, so the reload took place."""
        server.write_conf(self.policy.with_(mail_address=(address,)))
        server.knotc("reload")
        harness.wait_for(lambda: self.data(server, "a.h", "A") == [address], WAIT, server.log())

    def test_list(self):
        for locked in ("lists/mine",), ("lists",):
            with self.subTest(locked=locked):
                server = self.started(*locked)
                self.assertEqual(self.data(server, "a.h", "A"), ["198.51.100.25"])
                self.assertEqual(self.said(server), 1, server.log())

                # The list in force stays so, whatever the file is now.
                self.reloaded(server, "198.51.100.26")
                self.assertEqual(self.said(server), 2, server.log())
                with open(self.list, "w") as file:
                    file.write("192.0.2.0/24\n")
                self.reloaded(server, "198.51.100.27")
                self.assertEqual(self.said(server), 3, server.log())

                os.chmod(server.path("lists"), 0o755)
                os.chmod(self.list, 0o644)
                server.knotc("reload")
                harness.wait_for(lambda: self.data(server, "a.h", "A") == ["104.16.1.2"], WAIT,
                                 server.log())
                self.assertEqual(self.said(server), 3, server.log())

    def test_readable(self):
        server = self.started()
        self.assertEqual(self.data(server, "a.h", "A"), ["198.51.100.25"])
        self.assertEqual(server.log_lines("error"), [])

    def test_another_list(self):
        """Nothing is known of a list that only root could have read: an error, and no reload."""
        server = self.started()
        other = server.path("other")
        harness.replace(other, "192.0.2.0/24\n")
        os.chmod(other, 0o600)
        server.write_conf(self.policy.with_(proxy_file=(other,)))
        server.knotc("reload", check=False)
        harness.wait_for(lambda: server.log_lines("error", other, "Permission denied"), WAIT,
                         server.log())
        self.assertEqual(self.data(server, "a.h", "A"), ["198.51.100.25"])


class Live(ListsCase):
    """A list changes while the server runs."""

    def started(self, list_reload=1, zone_names=(ZONE,)):
        server = harness.Knotd({name: zones.small(name, "a.h A 104.16.1.2\nb.h A 192.0.2.2")
                                for name in zone_names})
        self.addCleanup(server.stop)
        self.list = server.path("list")
        harness.replace(self.list, "104.16.0.0/13\n")
        server.write_conf(POLICY.with_(proxy_file=(self.list,), list_reload=list_reload))
        return server.start()

    def wait_line(self, server, *parts, count=1):
        harness.wait_for(lambda: len(server.log_lines(*parts)) >= count, WAIT, server.log())

    def test_change(self):
        server = self.started(zone_names=(ZONE, "other.test.", "third.test."))
        self.assertEqual(self.data(server, "b.h", "A"), ["192.0.2.2"])
        harness.replace(self.list, "104.16.0.0/13\n192.0.2.0/24\n") # By rename.
        self.wait_line(server, "info", "list changed, 2 networks and 0 names now")
        self.assertEqual(self.data(server, "b.h", "A"), ["198.51.100.25"])
        self.assertEqual(server.counters(ZONE)["list[changed]"], 1)
        self.assertEqual(server.counters("other.test.")["list[changed]"], 1)

        # Behind a symbolic link, and in place.
        os.rename(self.list, server.path("first"))
        harness.replace(server.path("second"), "104.16.0.0/13\n198.18.0.0/17\n")
        os.symlink(server.path("second"), self.list)
        harness.wait_for(lambda: self.data(server, "b.h", "A") == ["192.0.2.2"], WAIT, server.log())
        with open(self.list, "a") as file:
            file.write("192.0.2.0/24\n")
        harness.wait_for(lambda: self.data(server, "b.h", "A") == ["198.51.100.25"], WAIT,
                         server.log())
        # One line a list, not one a zone.
        self.assertEqual(len(server.log_lines("list changed")), 3, server.log())
        self.assertEqual(server.log_lines("error"), [])

    def test_bad(self):
        server, seen = self.started(), {}
        for content, said in (("104.16.0.0/13\nbad\n", ":2:"), ("", "a name in it"), (None, "No such"),
                              ("104.16.0.0/15\n", "less than half"),
                              ("104.16.0.0/13\n!104.16.0.0/14\n!104.20.0.0/15\n", "less than half"),
                              ("104.16.0.0/13\n0.0.0.0/1\n128.0.0.0/1\n",
                               "mail-address '198.51.100.25' lies in 128.0.0.0/1")):
            if content is None:
                os.unlink(self.list)
            else:
                harness.replace(self.list, content)
            harness.wait_for(lambda: [line for line in server.log_lines(
                "error", "keeping the last good list", said)][seen.get(said, 0):], WAIT, server.log())
            seen[said] = seen.get(said, 0) + 1
            self.assertEqual(self.data(server, "a.h", "A"), ["198.51.100.25"])
        self.assertEqual(len(server.log_lines("error")), 6, server.log())
        self.assertEqual(server.counters(ZONE)["list[refused]"], 6)

        # A reload takes what was refused for its size only.
        harness.replace(self.list, "192.0.2.0/24\n")
        server.knotc("reload")
        harness.wait_for(lambda: self.data(server, "a.h", "A") == ["104.16.1.2"], WAIT, server.log())
        self.assertEqual(self.data(server, "b.h", "A"), ["198.51.100.25"])

    def test_zone_file(self):
        """A fleet gets its list as a zone: a change on the primary guards on the secondary."""
        listed = "cloud.proxies.test."
        first = zones.small(listed, "@ APL 1:104.16.0.0/13 !1:104.16.1.0/24\nn PTR cdn.test.")
        acl = "acl:\n  - id: all\n    action: transfer\n\n"
        primary = harness.Knotd({listed: first}, extra=acl,
                                options={listed: "    acl: all\n"}).start()
        self.addCleanup(primary.stop)
        remote = "remote:\n  - id: primary\n    address: 127.0.0.1@%d\n\n" % primary.port
        secondary = harness.Knotd(
            {listed: "", ZONE: zones.small(ZONE, "a.h A 104.16.1.2\nc.h A 104.16.2.2\nb.h MX 1 x.cdn.test.")},
            extra=remote, options={listed: "    master: primary\n    zonefile-sync: 0\n"})
        self.addCleanup(secondary.stop)
        secondary.guard = None
        os.unlink(secondary.zone_file(listed))
        secondary.start(wait=False)
        harness.wait_for(lambda: os.path.exists(secondary.zone_file(listed)), WAIT, "the transfer")
        # The list is there now: from here on the zone is guarded.
        secondary.write_conf({ZONE: POLICY.with_(proxy_file=(secondary.zone_file(listed),),
                                                 list_reload=1)})
        secondary.knotc("reload")
        harness.wait_for(lambda: self.data(secondary, "c.h", "A") == ["198.51.100.25"], WAIT,
                         secondary.log())
        self.assertEqual(self.data(secondary, "a.h", "A"), ["104.16.1.2"])
        self.assertEqual(self.data(secondary, "b.h", "MX"), ["1 mx-direct." + ZONE])

        primary.write_zone(listed, first.replace(" 1 10800", " 2 10800").replace(
            "!1:104.16.1.0/24", "1:192.0.2.0/24"))
        primary.knotc("zone-reload", listed)
        secondary.knotc("zone-refresh", listed)
        harness.wait_for(lambda: self.data(secondary, "a.h", "A") == ["198.51.100.25"], WAIT,
                         secondary.log())
        self.wait_line(secondary, "info", "list changed, 2 networks and 1 name now")

    def test_longer(self):
        """A reload with a longer time: from then on it is that."""
        server = self.started()
        server.write_conf(POLICY.with_(proxy_file=(self.list,), list_reload=3600))
        server.knotc("reload")
        self.wait_line(server, "protected", count=2)
        time.sleep(1.5) # The old module goes a little after the new one has come.
        harness.replace(self.list, "104.16.0.0/13\n192.0.2.0/24\n")
        time.sleep(2.5) # Nothing to wait for.
        self.assertEqual(self.data(server, "b.h", "A"), ["192.0.2.2"])
        self.assertEqual(server.log_lines("list changed"), [])

    def test_off(self):
        server = self.started(list_reload=0)
        harness.replace(self.list, "104.16.0.0/13\n192.0.2.0/24\n")
        time.sleep(2.5) # Nothing to wait for.
        self.assertEqual(self.data(server, "b.h", "A"), ["192.0.2.2"])
        server.knotc("reload")
        harness.wait_for(lambda: self.data(server, "b.h", "A") == ["198.51.100.25"], WAIT,
                         server.log())

    def test_queries_and_reloads_meanwhile(self):
        """Lists change and the server reloads while it is asked; nothing but the two answers."""
        server = self.started()
        wires = client.with_ids([client.query("b.h." + ZONE, "A")] * 200)
        seen = set()
        for number in range(12):
            harness.replace(self.list, "104.16.0.0/13\n" + "192.0.2.0/24\n" * (number % 2))
            if number % 3 == 0:
                server.knotc("reload")
            end = time.monotonic() + 0.6
            while time.monotonic() < end:
                for data in client.udp_many(server.port, wires):
                    seen.add(tuple(client.Answer.read(data).rdata("b.h." + ZONE, "A")))
        self.assertEqual(seen, {("192.0.2.2",), ("198.51.100.25",)})

    def threads(self, server):
        folder = "/proc/%d/task" % server.pid()
        names = []
        for task in os.listdir(folder):
            with open(os.path.join(folder, task, "comm")) as file:
                names.append(file.read().strip())
        return names.count("mxguard-lists")

    def test_thread_ends(self):
        """The thread is there while a list is watched, and not longer."""
        server = self.started()
        self.assertEqual(self.threads(server), 1)
        server.write_conf(POLICY.with_(proxy_file=(self.list,), list_reload=0))
        server.knotc("reload")
        harness.wait_for(lambda: self.threads(server) == 0, WAIT, server.log())


if __name__ == "__main__":
    unittest.main()
