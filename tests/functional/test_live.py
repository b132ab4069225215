# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck and running servers: what it says of their answers, and of servers that do not answer.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_live.py
"""

import os
import struct
import subprocess
import unittest

import cases
import client
import harness
from wire_tap import AuditCase, KMXCHECK, RUN_WAIT, address, findings, lab_zones
from stanza import Policy

POLICY = Policy(proxy_name=("cdn.cloudflare.net.",), web_origin=("192.0.2.80",),
                mail_address=("198.51.100.25", "2001:db8:25::25"))

# What a mail server meets in the zones of the lab without the module.
MET = {
    "host.example.": [("proxied-host", "mail.host.example.", "A", None, "104.16.1.2"),
                      ("proxied-host", "mail.host.example.", "AAAA", None, "2606:4700::1:2")],
    "apex.example.": [("proxied-target", "apex.example.", "MX", "apex.example.", "104.16.2.1"),
                      ("proxied-target", "apex.example.", "MX", "apex.example.",
                       "2606:4700::2:1")],
    "shop.example.": [("proxied-target", "shop.example.", "MX", "shop.example.", "104.16.3.1"),
                      ("proxied-target", "shop.example.", "MX", "www.shop.example.",
                       "104.16.3.1"),
                      ("proxied-target", "shop.example.", "MX", "www.shop.example.",
                       "2606:4700::3:1")],
    "wild.example.": [("proxied-host", "mail.wild.example.", "A", None, "104.16.4.1"),
                      ("proxied-host", "mail.wild.example.", "AAAA", None, "2606:4700::4:1")],
    "alias.example.": [("proxied-alias", "backup.alias.example.", "CNAME",
                        "alias.example.cdn.cloudflare.net.", None),
                       ("proxied-alias", "mail.alias.example.", "CNAME", "www.alias.example.",
                        "104.16.5.1"),
                       ("proxied-alias", "mail.alias.example.", "CNAME", "www.alias.example.",
                        "2606:4700::5:1")],
    "cdn.example.": [("proxied-target", "cdn.example.", "MX",
                      "cdn.example.cdn.cloudflare.net.", None)],
    "client.example.": [("proxied-target", "_submission._tcp.client.example.", "SRV",
                         "www.client.example.", "104.16.7.1"),
                        ("proxied-target", "_submission._tcp.client.example.", "SRV",
                         "www.client.example.", "2606:4700::7:1")],
    "mixed.example.": [("proxied-host", "mail.mixed.example.", "A", None, "104.16.8.1"),
                       ("proxied-host", "mail.mixed.example.", "AAAA", None, "2606:4700::8:1")],
    "signed.example.": [("proxied-target", "signed.example.", "MX", "signed.example.",
                         "104.16.11.1")],
    "null.example.": [],
    "healthy.example.": [],
}
# Type and class at the end of a question.
MX_IN, AAAA_IN = b"\0\x0f\0\1", b"\0\x1c\0\1"
FINE = [zone for zone, met in MET.items() if not met]


class Lab(AuditCase):
    """The zones of the lab, on a guarded server and on one that is not."""

    def test_unguarded(self):
        guarded, plain = self.pair(lab_zones(), POLICY)
        report = self.report("-c", guarded.conf, "-s", address(plain), status=1)
        self.assertEqual({zone: findings(found) for zone, found in report.items()}, MET)
        for zone, found in report.items():
            self.assertEqual(found["server"], address(plain))
            self.assertEqual(found["guarded"], "unknown" if zone in FINE else "no", zone)
            self.assertEqual(found["seen"], 0, zone)
            self.assertEqual(found["changes"] > 0, zone not in FINE, zone)
            for one in found["findings"]:
                self.assertRegex(one["message"], "over UDP and TCP$")
                self.assertIn("mod-mxguard", one["remedy"])

    def test_guarded(self):
        server = self.serve(lab_zones(), POLICY)
        report = self.report("-c", server.conf, "-s", address(server))
        for zone in MET:
            found = report[zone]
            self.assertEqual(found["findings"], [], zone)
            self.assertEqual(found["guarded"], "unknown" if zone in FINE else "yes", zone)
            self.assertEqual(found["seen"], found["changes"], zone)

    def test_log_mode_is_no_guard(self):
        server = self.serve(lab_zones(), POLICY.with_(mode="log"))
        report = self.report("-c", server.conf, "-s", address(server), status=1)
        self.assertEqual({zone: findings(found) for zone, found in report.items()}, MET)

    def test_other_policy(self):
        """Guarded, but for another network: some of it is still met."""
        other = POLICY.with_(id="other", proxy=("104.16.0.0/13",))
        zones = {"host.example.": lab_zones()["host.example."]}
        server, ours = self.serve(zones, other), self.serve(zones, POLICY)
        report = self.report("-c", ours.conf, "-s", address(server), status=1)["host.example."]
        self.assertEqual(findings(report), [MET["host.example."][1]])
        self.assertEqual(report["guarded"], "part")

    def test_text(self):
        server = self.serve({"shop.example.": lab_zones()["shop.example."]}, POLICY)
        text = self.audit("-c", server.conf, "-s", address(server))
        self.assertRegex(text, r"^shop\.example\. at 127\.0\.0\.1@\d+: guarded "
                               r"\((\d+) of \1 changes in its answers\), \d+ queries\n")
        self.assertIn("1 zone: nothing found\n", text)

    def test_graph(self):
        """The graph is of the answers."""
        guarded, plain = self.pair({"shop.example.": lab_zones()["shop.example."]}, POLICY)
        graph = self.audit("-c", guarded.conf, "-s", address(plain), "-f", "dot", status=1)
        self.assertIn('"d shop.example." -> "t www.shop.example." [label="MX", color="#f6821f"]',
                      graph)
        self.assertIn('"t www.shop.example." -> "a 104.16.3.1"', graph)
        graph = self.audit("-c", guarded.conf, "-s", address(guarded), "-f", "dot")
        self.assertNotIn("www", graph)
        self.assertNotIn("#f6821f", graph)
        self.assertIn('"t mail.shop.example." -> "a 198.51.100.25"', graph)


PROXIED = ("proxied-host", "proxied-alias", "proxied-target")
ELSEWHERE = ("an exchange below a delegation is not steered to",
             "an exchange below a DNAME is not steered to")


class Cases(AuditCase):
    """The zones of tests/data/answers/: what is said of files, and met at servers, agrees."""

    def proxied(self, *args):
        """{zone: what of it is proxied}, the zones that have something."""
        met = {zone: [found for found in findings(one) if found[0] in PROXIED]
               for zone, one in self.report(*args, "--fail-on", "never").items()}
        return {zone: found for zone, found in met.items() if found}

    def run_file(self, file):
        # What is below a delegation is for other servers to say.
        every = [case for case in cases.read(file) if case.title != "an alias into a delegation"]
        guarded, plain = self.pair({case.zone: case.text() for case in every},
                                   {case.zone: case.policy() for case in every})
        said = self.proxied("-c", guarded.conf)
        met = self.proxied("-c", guarded.conf, "-s", address(plain))
        self.assertEqual(sorted(met), sorted(said), "\n%s\n%s" % (said, met))
        if harness.looks_up():
            # Before Knot DNS 3.4, an alias may stay a target below the apex (4.8). Nothing is
            # steered to an exchange of another authority (4.4).
            met = self.proxied("-c", guarded.conf, "-s", address(guarded))
            elsewhere = {case.zone for case in every if case.title in ELSEWHERE}
            self.assertEqual({zone for zone in met if zone not in elsewhere}, set(), met)


def add_methods():
    for file in cases.files():
        name = "test_" + file.rsplit("/", 1)[1][:-len(".txt")].replace(".", "_").replace("-", "_")
        setattr(Cases, name, lambda self, file=file: self.run_file(file))


add_methods()


def small(query):
    """True if a query says it takes 512 octets and no more."""
    return struct.unpack("!H", query[-8:-6])[0] == 512


class Ways(AuditCase):
    """Answers that differ by transport, and what networks do to them."""

    ZONE = "host.example."
    PROXIED = [(found[1], found[2]) for found in MET[ZONE]]

    def pair_of(self):
        return self.pair({self.ZONE: lab_zones()[self.ZONE]}, POLICY)

    def messages(self, conf, server, over):
        report = self.report("-c", conf, "-s", address(server), status=1)[self.ZONE]
        # Some answers are repaired, and some are not.
        self.assertEqual(report["guarded"], "no" if over == "over TCP" else "part")
        found = report["findings"]
        self.assertEqual([(one["owner"], one["type"]) for one in found], self.PROXIED)
        for one in found:
            self.assertTrue(one["message"].endswith(", " + over), one["message"])

    def test_tcp_differs(self):
        guarded, plain = self.pair_of()
        other = self.tap(guarded, tcp=lambda query, _: [client.tcp(plain.port, query)])
        self.messages(guarded.conf, other, "over TCP")

    def test_udp_differs(self):
        guarded, plain = self.pair_of()
        other = self.tap(guarded, udp=lambda query, _: [client.udp(plain.port, query)])
        self.messages(guarded.conf, other, "over UDP")

    def test_small_differs(self):
        guarded, plain = self.pair_of()
        other = self.tap(guarded, udp=lambda query, ask: [
            client.udp(plain.port, query) if small(query) else ask()])
        self.messages(guarded.conf, other, "over UDP with EDNS 512")

    def test_large_differs(self):
        guarded, plain = self.pair_of()
        other = self.tap(guarded, udp=lambda query, ask: [
            ask() if small(query) else client.udp(plain.port, query)])
        self.messages(guarded.conf, other, "over UDP with EDNS 4096")

    def test_truncated(self):
        """Too many targets for UDP: what is cut there is found over TCP."""
        lines = "".join("@ MX %d a-rather-long-name-%03d\na-rather-long-name-%03d A %s\n" % (
            i, i, i, "104.16.1.2" if i == 190 else "192.0.2.1") for i in range(200))
        zone = "$ORIGIN big.example.\n$TTL 3600\n@ SOA ns h 1 3600 900 604800 300\n" \
               "@ NS ns\nns A 192.0.2.53\n" + lines
        guarded, plain = self.pair({"big.example.": zone}, POLICY)
        self.assertTrue(plain.answer("big.example.", "MX").flags & 0x0200)
        report = self.report("-c", guarded.conf, "-s", address(plain), status=1)["big.example."]
        self.assertEqual(findings(report), [("proxied-host", "a-rather-long-name-190.big.example.",
                                             "A", None, "104.16.1.2")])
        report = self.report("-c", guarded.conf, "-s", address(guarded))["big.example."]
        self.assertEqual(report["guarded"], "yes")

    def test_additional_only(self):
        """A proxied address beside the MX is met, though the name itself has another one."""
        guarded, plain = self.pair_of()

        def udp(query, ask):
            answer = ask()
            if MX_IN in query:
                answer = client.udp(plain.port, query)
            return [answer]
        self.messages(guarded.conf, self.tap(guarded, udp=udp), "over UDP")

    def test_loss(self):
        """What is lost is asked again."""
        guarded, _ = self.pair_of()
        known = set()

        def lossy(query, ask):
            first = query[2:] not in known
            known.add(query[2:])
            return [] if first and len(known) % 3 == 0 else [ask()]
        other = self.tap(guarded, udp=lossy)
        self.report("-c", guarded.conf, "-s", address(other))
        asked = [query[2:] for way, query in other.asked if way == "udp"]
        self.assertGreater(len(asked), len(set(asked)))

    def test_noise(self):
        """Garbage, answers to other questions and answers twice are no answers."""
        guarded, plain = self.pair_of()

        def noisy(query, ask):
            wrong = client.udp(plain.port, query)
            other = client.udp(plain.port, client.query("mail.host.example.", "TXT"))
            return [b"", b"\0" * 12, os.urandom(40), bytes([query[0] ^ 1]) + wrong[1:],
                    query[:2] + other[2:], query, ask(), ask()]
        self.report("-c", guarded.conf, "-s", address(self.tap(guarded, udp=noisy)))

    def test_short_connections(self):
        """A server that ends each connection after one answer is asked over another one."""
        guarded, _ = self.pair_of()
        count = []

        def once(query, ask):
            count.append(query)
            return [ask()] if len(count) % 2 else None
        self.report("-c", guarded.conf, "-s", address(self.tap(guarded, tcp=once)))

    def test_several_in_flight(self):
        """Nothing is answered before eight queries are there."""
        lines = "".join("d%d MX 10 mail\n" % i for i in range(39))
        zone = "$ORIGIN many.example.\n$TTL 3600\n@ SOA ns h 1 3600 900 604800 300\n" \
               "@ NS ns\nns A 192.0.2.53\nmail A 192.0.2.1\n" + lines
        server = self.serve({"many.example.": zone}, POLICY)
        other = self.tap(server, hold=8, held=lambda query: MX_IN in query)
        report = self.report("-c", server.conf, "-s", address(other))["many.example."]
        self.assertEqual(report["findings"], [])
        asked = [query[2:] for way, query in other.asked if way == "udp" and MX_IN in query]
        self.assertEqual(len(asked), 80)
        self.assertEqual(len(set(asked)), 80, "asked again")


class Silence(AuditCase):
    """A server that does not answer is an error, whatever it did before."""

    ZONE = "healthy.example."

    def serve_one(self):
        return self.serve({self.ZONE: lab_zones()[self.ZONE]}, POLICY)

    def fails(self, server, other, complains):
        return self.audit("-c", server.conf, "-s", address(other), status=2, complains=complains)

    def test_nobody(self):
        server = self.serve_one()
        nobody = self.tap(server, udp=None, tcp=None)
        self.fails(server, nobody, "Connection refused")

    def test_silent_udp(self):
        server = self.serve_one()
        self.fails(server, self.tap(server, udp=lambda query, ask: []), "no answer in time")

    def test_silent_tcp(self):
        server = self.serve_one()
        self.fails(server, self.tap(server, tcp=lambda query, ask: []), "over TCP")

    def test_no_tcp(self):
        server = self.serve_one()
        self.fails(server, self.tap(server, tcp=None), "SOA over TCP: Connection refused")

    def test_falls_silent(self):
        server = self.serve_one()
        self.fails(server, self.tap(server, udp=lambda query, ask: (
            [] if AAAA_IN in query else [ask()])),
            "no answer to mail.healthy.example. AAAA over UDP")

    def test_servfail(self):
        server = self.serve_one()

        def servfail(query, ask):
            answer = ask()
            if MX_IN in query:
                answer = answer[:3] + bytes([answer[3] & 0xf0 | 2]) + answer[4:]
            return [answer]
        self.fails(server, self.tap(server, udp=servfail, tcp=servfail),
                   "answers SERVFAIL to healthy.example. MX over")

    def test_cut_over_tcp(self):
        server = self.serve_one()

        def cut(query, ask):
            answer = ask()
            return [answer[:2] + bytes([answer[2] | 2]) + answer[3:]]
        self.fails(server, self.tap(server, tcp=cut), "answers incompletely to")

    def test_half_an_answer(self):
        server = self.serve_one()
        self.fails(server, self.tap(server, tcp=lambda query, ask: [ask()[:20]]),
                   "malformed")

    def test_not_of_this_zone(self):
        server = self.serve_one()
        other = self.serve({"host.example.": lab_zones()["host.example."]})
        self.fails(server, other, "is no server of healthy.example. (answers REFUSED)")

    def test_without_authority(self):
        server = self.serve_one()

        def plain(query, ask):
            answer = ask()
            return [answer[:2] + bytes([answer[2] & ~4]) + answer[3:]]
        self.fails(server, self.tap(server, udp=plain, tcp=plain), "without authority")

    def test_one_of_two(self):
        """The zone that is answered for is reported anyway."""
        zones = lab_zones()
        server = self.serve({zone: zones[zone] for zone in (self.ZONE, "host.example.")}, POLICY)
        other = self.serve({"host.example.": zones["host.example."]})
        done = subprocess.run([KMXCHECK, "-c", server.conf, "-s", address(other)],
                              capture_output=True, text=True, timeout=RUN_WAIT,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no server of healthy.example.", done.stderr)
        self.assertIn("proxied-host", done.stdout)

    def test_not_an_address(self):
        server = self.serve_one()
        for wrong in ("", "@53", "localhost", "127.0.0.1@", "127.0.0.1@0", "127.0.0.1@65536",
                      "127.0.0.1@5x", "127.0.0.1@-1", "127.0.0.1 @53", "x" * 200):
            self.audit("-c", server.conf, "-s", wrong, status=2, complains="ADDR")


if __name__ == "__main__":
    unittest.main()
