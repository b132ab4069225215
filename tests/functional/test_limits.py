# SPDX-License-Identifier: GPL-3.0-or-later
"""What a limit cuts off is told by a real knotd: logged and counted in both modes alike, and the
answer stays."""

import unittest

import harness
import system
import zones
from stanza import Policy

ZONE = "example.test."
MANY = 64 # Of POLICY_MX_MAX.


class Limits(harness.Case):
    """An apex with more MX records than are guarded."""

    def test_both_modes(self):
        lines = ["m%d A 104.16.1.%d" % (i, i) for i in range(MANY + 10)]
        lines += ["@ MX %d m%d" % (i, i) for i in range(MANY + 10)]
        text = zones.small(ZONE, "\n".join(lines))
        bare = self.serve({ZONE: text})
        for mode in ("log", "enforce"):
            with self.subTest(mode):
                server = self.serve({ZONE: text}, Policy(mode=mode))
                beyond = "m%d.%s" % (MANY + 5, ZONE)
                self.assertEqual(server.ask(beyond, "A"), bare.ask(beyond, "A"))
                self.assertEqual(server.counters(ZONE), {"finding[unjudged]": 1,
                                                         "action[logged]": 1})
                self.assertEqual(len(server.log_lines(mode + ", unjudged", beyond + " A")), 1)
                # The first ones are guarded.
                self.assertEqual(server.answer("m5." + ZONE, "A").rdata("m5." + ZONE, "A"),
                                 ["198.51.100.25" if mode == "enforce" else "104.16.1.5"])
                self.assertEqual(server.counters(ZONE)["finding[proxied-host]"], 1)

    def test_stream(self):
        """An answer on a stream that has no room for all addresses of its targets."""
        lines = ["sub MX %d t%d\nt%d A 192.0.2.1\nt%d AAAA 2001:db8:1::1" % (i, i, i, i)
                 for i in range(1500)]
        text = zones.small(ZONE, "\n".join(lines))
        bare = self.serve({ZONE: text})
        expected = bare.ask("sub." + ZONE, "MX", tcp=True)
        self.assertGreater(len(expected), 65000)
        for mode in ("log", "enforce"):
            with self.subTest(mode):
                server = self.serve({ZONE: text}, Policy(mode=mode))
                self.assertEqual(server.ask("sub." + ZONE, "MX", tcp=True), expected)
                self.assertEqual(server.counters(ZONE),
                                 {} if system.looks_up() else
                                 {"finding[unjudged]": 1, "action[logged]": 1})

    def test_deep_hosts(self):
        """A mail host so deep that it would cost each negative answer too much."""
        text = zones.small(ZONE, "* A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\n")
        signed = {ZONE: "    dnssec-signing: on\n"}
        for mode in ("log", "enforce"):
            with self.subTest(mode):
                server = self.serve({ZONE: text}, Policy(mode=mode, mail_host=("a.b.c.d.e",)),
                                    options=signed)
                answer = server.answer("x." + ZONE, "TXT", do=True)
                self.assertEqual(answer.rcode, 0)
                self.assertEqual(server.counters(ZONE), {"finding[unjudged]": 1,
                                                         "action[logged]": 1})


class TwoStanzas(harness.Case):
    """Two stanzas on one zone: each judges what is its own, of one and the same response."""

    def test_both(self):
        lines = ["x A 104.16.1.1", "y A 203.0.113.9", "z A 192.0.2.1", "t TXT " + "x" * 250]
        lines += ["sub MX %d m%d\nm%d A 192.0.2.1" % (i, i, i) for i in range(60)]
        text = {ZONE: zones.small(ZONE, "\n".join(lines)), "b.test.": zones.small("b.test.", "")}
        first = Policy(id="a", mail_host=("x",))
        second = Policy(id="b", mail_host=("y",), proxy=("203.0.113.0/24",),
                        mail_address=("198.51.100.26",))
        bare = self.serve(text)
        server = self.serve(text, {ZONE: first, "b.test.": second},
                            modules={ZONE: ("mod-mxguard/b",)})
        self.assertEqual(server.answer("x." + ZONE, "A").rdata("x." + ZONE, "A"),
                         ["198.51.100.25"])
        self.assertEqual(server.answer("y." + ZONE, "A").rdata("y." + ZONE, "A"),
                         ["198.51.100.26"])
        for _ in range(2): # What one response leaves behind is not taken for the next one's.
            for name, rrtype in (("sub", "MX"), ("z", "A"), ("t", "TXT"), ("no", "A")):
                for tcp in (False, True):
                    self.assertEqual(server.ask(name + "." + ZONE, rrtype, tcp=tcp),
                                     bare.ask(name + "." + ZONE, rrtype, tcp=tcp), name)


if __name__ == "__main__":
    unittest.main()
