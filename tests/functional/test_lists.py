# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of vendors on a real server: networks, exceptions and names, and lists that the server's
user may not read.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_lists.py
  MXGUARD_SRCDIR  the source folder, default: found from this file
"""

import os
import unittest

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


if __name__ == "__main__":
    unittest.main()
