# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says: log lines, their level, how often they come, and the counters.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_log.py
"""

import re
import time
import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
TEXT = zones.small(ZONE, """
@ MX 10 mail
@ MX 20 www
@ A 104.16.1.1
mail A 104.16.1.2
mail A 192.0.2.10
mail AAAA 2606:4700::2
smtp A 104.16.1.3
smtp AAAA 2606:4700::3
imap CNAME x.cdn.example.net.
www A 104.16.1.4
good A 192.0.2.11
good MX 10 good
sub MX 10 @
sub MX 20 good
cdn MX 5 y.cdn.example.net.
lost MX 10 missing
_submission._tcp SRV 0 0 587 @
""")
POLICY = Policy(proxy=("104.16.0.0/12", "104.16.0.0/13", "2606:4700::/32"),
                proxy_name=("cdn.example.net.",), mail_host=("smtp", "imap"),
                mail_address=("198.51.100.25",))

# Question, rule and action, and what the line has to say: the name and type of what is wrong,
# what was found, and what is answered instead.
FINDINGS = (
    ("smtp", "A", "proxied-host", "replaced",
     "smtp.{z} A, 104.16.1.3 in 104.16.0.0/13, {answer} 198.51.100.25"),
    ("smtp", "AAAA", "proxied-host", "emptied",
     "smtp.{z} AAAA, 2606:4700::3 in 2606:4700::/32, {answer} no data"),
    ("mail", "A", "proxied-host", "stripped",
     "mail.{z} A, 104.16.1.2 in 104.16.0.0/13, {answer} 192.0.2.10"),
    ("imap", "A", "proxied-alias", "replaced",
     "imap.{z} A, x.cdn.example.net. (leads to a proxy), {answer} 198.51.100.25"),
    ("imap", "TXT", "proxied-alias", "emptied",
     "imap.{z} TXT, x.cdn.example.net. (leads to a proxy), {answer} no data"),
    ("sub", "MX", "proxied-target", "steered",
     "sub.{z} MX, {z} (104.16.1.1 in 104.16.0.0/13), {answer} mail.{z}"),
    ("cdn", "MX", "proxied-target", "steered",
     "cdn.{z} MX, y.cdn.example.net. (leads to a proxy), {answer} mail.{z}"),
    ("_submission._tcp", "SRV", "proxied-target", "steered",
     "_submission._tcp.{z} SRV, {z} (104.16.1.1 in 104.16.0.0/13), {answer} mail.{z}"),
)


def name(text):
    return ZONE if text == "@" else "%s.%s" % (text, ZONE)


class Lines(harness.Case):

    def check(self, mode, level, answer):
        server = self.serve({ZONE: TEXT}, POLICY.with_(mode=mode))
        for qname, qtype, rule, _, text in FINDINGS:
            with self.subTest("%s %s" % (qname, qtype)):
                before = len(server.log_lines(rule))
                server.ask(name(qname), qtype)
                harness.wait_for(lambda: len(server.log_lines(rule)) > before, 5,
                                 "a line in\n" + server.log())
                line = server.log_lines(rule)[-1]
                text = text.format(z=ZONE, answer=answer)
                self.assertRegex(line, r"^\S+ %s: \[%s\] module 'mod-mxguard/guard', %s, %s, %s"
                                 % (level, re.escape(ZONE), mode, rule, re.escape(text)))

    def test_enforce(self):
        self.check("enforce", "notice", "answered")

    def test_log(self):
        self.check("log", "warning", "would answer")

    def test_healthy(self):
        for mode in ("log", "enforce"):
            server = self.serve({ZONE: TEXT}, POLICY.with_(mode=mode))
            before = server.log()
            for qname, qtype in (("good", "A"), ("good", "MX"), ("www", "A"), ("@", "A"),
                                 ("nothing", "A"), ("@", "SOA"), ("ns", "AAAA")):
                server.ask(name(qname), qtype)
            self.assertEqual(server.log(), before)
            self.assertEqual(server.counters(ZONE), {})

    def test_wire_names_are_printable(self):
        text = zones.small(ZONE, r"""
h\010\013x MX 5 a\032b\255
a\032b\255 A 104.16.1.1
""" + "x" * 63 + " MX 5 " + ".".join(["\\001" * 63, "\\002" * 63, "\\003" * 50, "@"]) + "\n" +
                           ".".join(["\\001" * 63, "\\002" * 63, "\\003" * 50]) + " A 104.16.1.1")
        text = text.replace(".@\n", "." + ZONE + "\n")
        server = self.serve({ZONE: text}, POLICY)
        for qname in (r"h\010\013x", "x" * 63):
            server.ask(name(qname), "MX")
        harness.wait_for(lambda: len(server.log_lines("proxied-target")) == 2, 5,
                         "two lines in\n" + server.log())
        for line in server.log().splitlines():
            self.assertTrue(line.isascii() and line.isprintable(), repr(line))


class Interval(harness.Case):

    def lines(self, server, rule):
        return server.log_lines("module 'mod-mxguard/guard', enforce, " + rule)

    def test_one_line_in_an_interval(self):
        server = self.serve({ZONE: TEXT}, POLICY)
        for _ in range(50):
            server.ask(name("smtp"), "A")
            server.ask(name("cdn"), "MX")
        self.assertEqual(len(self.lines(server, "proxied-host")), 1, server.log())
        self.assertEqual(len(self.lines(server, "proxied-target")), 1, server.log())
        server.ask(name("smtp"), "AAAA")
        self.assertEqual(len(self.lines(server, "proxied-host")), 2, "another type is another one")
        self.assertEqual(server.counters(ZONE)["finding[proxied-host]"], 51)

    def test_later_lines_say_how_many(self):
        server = self.serve({ZONE: TEXT}, POLICY.with_(log_interval=2))
        for _ in range(7):
            server.ask(name("smtp"), "A")
        first = self.lines(server, "proxied-host")
        self.assertEqual(len(first), 1, server.log())
        self.assertNotRegex(first[0], r"\d+ answers")
        asked = 7

        def second():
            nonlocal asked
            asked += 1
            server.ask(name("smtp"), "A")
            return len(self.lines(server, "proxied-host")) > 1

        end = time.monotonic() + 20
        while not second():
            self.assertLess(time.monotonic(), end, "no second line")
        # The first line stood for one answer, the second for all since.
        self.assertRegex(self.lines(server, "proxied-host")[1], r", %d answers in [2-9] s$" % (asked - 1))

    def test_every_answer(self):
        server = self.serve({ZONE: TEXT}, POLICY.with_(log_interval=0))
        for _ in range(5):
            server.ask(name("smtp"), "A")
        self.assertEqual(len(self.lines(server, "proxied-host")), 5, server.log())

    def test_bounded(self):
        # However many names are asked, lines stay bounded, answers right, and counters exact.
        text = zones.small(ZONE, "* A 104.16.1.1\n*.h TXT x")
        server = self.serve({ZONE: text}, POLICY.with_(mail_host=("*",), web_host=("www",)))
        wires = client.with_ids([client.query("n%d.%s" % (i, ZONE), "A") for i in range(3000)])
        for data in client.udp_many(server.port, wires):
            self.assertEqual(client.Answer.read(data).addresses()[0][1], "198.51.100.25")
        self.assertEqual(server.counters(ZONE), {"finding[proxied-host]": 3000,
                                                 "action[replaced]": 3000})
        self.assertLess(len(self.lines(server, "proxied-host")), 1000)

    def test_further_names(self):
        text = zones.small(ZONE, "* A 104.16.1.1")
        server = self.serve({ZONE: text}, POLICY.with_(mail_host=("*",), web_host=("www",),
                                                       log_interval=2))
        wires = client.with_ids([client.query("n%d.%s" % (i, ZONE), "A") for i in range(600)])
        client.udp_many(server.port, wires)

        def summary():
            server.ask(name("smtp"), "A")
            return self.lines(server, "and ")

        harness.wait_for(summary, 20, "a line about further names")
        self.assertRegex(summary()[0], r"enforce, and [34]\d\d further names, "
                         r"[34]\d\d answers in \d+ s$")

    def test_load(self):
        # The version, and the singular.
        server = self.serve({ZONE: TEXT}, POLICY.with_(proxy=("104.16.0.0/12",)))
        self.assertRegex(server.log(), r"protected, mode enforce, 1 network, 1 mail address, "
                                       r"version \d+\.\d+\.\d+")


class Counters(harness.Case):

    def test_enforce(self):
        server = self.serve({ZONE: TEXT}, POLICY)
        expected = {}
        for qname, qtype, rule, action, _ in FINDINGS:
            for counter in ("finding[%s]" % rule, "action[%s]" % action):
                expected[counter] = expected.get(counter, 0) + 1
            server.ask(name(qname), qtype)
            got = server.counters(ZONE)
            for counter in ("finding[%s]" % rule, "action[%s]" % action):
                self.assertEqual(got.get(counter), expected[counter],
                                 "%s %s %s %s" % (qname, qtype, counter, got))
            self.assertNotIn("action[logged]", got)
            expected = got

    def test_log(self):
        server = self.serve({ZONE: TEXT}, POLICY.with_(mode="log"))
        for count, (qname, qtype, rule, _, _) in enumerate(FINDINGS, 1):
            before = server.counters(ZONE).get("finding[%s]" % rule, 0)
            server.ask(name(qname), qtype)
            got = server.counters(ZONE)
            self.assertEqual(got["finding[%s]" % rule], before + 1)
            self.assertEqual(got["action[logged]"], count)
            self.assertEqual([key for key in got if key.startswith("action[")],
                             ["action[logged]"])

    def test_exchange(self):
        text = zones.small(ZONE, "www A 104.16.1.1\nlost MX 10 missing")
        server = self.serve({ZONE: text}, POLICY)
        server.ask(name("mail"), "A")
        got = server.counters(ZONE)
        self.assertEqual(got, {"finding[missing-target]": 1, "action[synthesized]": 1})
        server.ask(name("lost"), "MX")
        got = server.counters(ZONE)
        if harness.looks_up():
            self.assertEqual(got["finding[missing-target]"], 2)
            self.assertEqual(got["action[steered]"], 1)
        else:
            self.assertEqual(got, {"finding[missing-target]": 1, "action[synthesized]": 1})

    def test_per_answer(self):
        # Two targets steered in one answer: one answer, counted once.
        text = zones.small(ZONE, "@ MX 1 www\n@ MX 2 @\n@ A 104.16.1.1\nwww A 104.16.1.1")
        server = self.serve({ZONE: text}, POLICY)
        server.ask(ZONE, "MX")
        got = server.counters(ZONE)
        self.assertEqual((got["finding[proxied-target]"], got["action[steered]"]), (1, 1))

    def test_names(self):
        # knotc shows a counter once it is not zero; all names are known beforehand.
        server = self.serve({ZONE: TEXT}, POLICY)
        result = server.knotc("-f", "zone-stats", ZONE, "mod-mxguard")
        shown = re.findall(r"mod-mxguard\.(\S+) =", result.stdout)
        self.assertEqual(shown, ["finding[%s]" % rule for rule in (
            "proxied-host", "proxied-alias", "proxied-target", "missing-target",
            "exchange-delegated", "sign-failure", "unjudged")] +
            ["action[%s]" % action for action in (
                "logged", "stripped", "replaced", "emptied", "steered", "synthesized",
                "refused")] + [
            "list[changed]", "list[refused]"])


if __name__ == "__main__":
    unittest.main()
