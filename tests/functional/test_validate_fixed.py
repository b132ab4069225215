# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed zones by hand through validators: each kind of repair, and the exchange that is made up.

The exchange has to be found by resolvers that deny names and types from what they have seen
(RFC 8198), whatever they have asked before. Each order of questions has a zone of its own, for a
cache that has seen nothing else.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_validate_fixed.py
"""

import itertools
import os
import random
import unittest

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

import harness
import validator
import zones
from denials import contradictions
from links import Links, plain
from stanza import Policy
from test_signed import sign
from test_validate import (ALGORITHMS, Tally, ask, check_signing, resolver, signing_server,
                           text_of, wire_answer, with_world)

A, AAAA = dns.rdatatype.A, dns.rdatatype.AAAA
PROXIES = dict(proxy=("104.16.0.0/13", "2606:4700::/32"), proxy_name=("cdn.example.net.",))
BOTH = ("198.51.100.25", "2001:db8::25")
DNSSEC_TYPES = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
ORDERS = int(os.environ.get("MXGUARD_ORDERS", "1"))
AROUND = "apple A 192.0.2.1\nweb A 104.16.1.1\n"
# What there is around the exchange: {title: (exchange, lines, more names to ask for)}.
EXCHANGES = {
    "missing": ("mail", AROUND, ()),
    "last": ("zmail", AROUND, ()),
    "first": ("0mail", AROUND, ()),
    "two labels": ("mail.eu", AROUND, ("x.eu", "a.eu", "x.y.eu")),
    "below an empty name": ("mail.eu", AROUND + "zz.eu A 192.0.2.2\n", ("x.eu", "a.eu")),
    "below a name": ("mail.eu", AROUND + "eu TXT a\n", ("x.eu", "a.eu")),
    "below a wildcard": ("mail", AROUND + "* A 104.16.1.9\n* MX 10 web\n", ()),
    "hosts below a wildcard": ("mail", AROUND + "* A 104.16.1.9\n* AAAA 2606:4700::9\n",
                               ("smtp", "a.mx", "b.mx", "foo")),
    "below a wildcard of another type": ("mail", AROUND + "* TXT a\n", ()),
    "below a wildcard alias": ("mail", AROUND + "* CNAME x.cdn.example.net.\n", ()),
    "no IPv6": ("mail", AROUND + "mail A 192.0.2.25\n", ()),
    "no address": ("mail", AROUND + "mail TXT a\n", ()),
    "empty": ("mail", AROUND + "imap.mail A 192.0.2.30\n", ("a.mail",)),
    "alias to nothing": ("mail", AROUND + "mail CNAME missing\n", ()),
    "beside a delegation": ("mail", "@ A 104.16.1.1\nlab NS ns.example.net.\n"
                                    "zoo NS ns.example.net.\n", ()),
}
# What is not added to a name that exists, or seems to, where the other family can't be looked up.
UNKNOWN = {"no address": ("A", "AAAA"), "empty": ("A", "AAAA"),
           "below a wildcard of another type": ("A", "AAAA"), "below a wildcard": ("AAAA",)}
ANSWERS = """
@ MX 10 repl
www A 104.16.1.1
strip A 104.16.1.2
strip A 192.0.2.10
repl A 104.16.1.3
repl AAAA 2606:4700::3
cut CNAME x.cdn.example.net.
chain CNAME link
link CNAME cut
info MX 10 www
info MX 20 repl
_submission._tcp SRV 0 0 587 www
*.mx A 104.16.1.4
*.mx AAAA 2606:4700::4
*.mx TXT a
*.wild CNAME x.cdn.example.net.
*.web A 104.16.1.5
"""
ASKED = (("strip", "A"), ("strip", "AAAA"), ("repl", "A"), ("repl", "AAAA"), ("repl", "TXT"),
         ("cut", "A"), ("cut", "AAAA"), ("cut", "TXT"), ("cut", "CNAME"), ("chain", "A"),
         ("chain", "TXT"), ("info", "MX"), ("@", "MX"), ("_submission._tcp", "SRV"),
         ("mail", "A"), ("mail", "AAAA"), ("mail", "TXT"), ("mail", "NSEC"), ("a.mx", "A"),
         ("a.b.mx", "A"), ("a.mx", "AAAA"), ("a.mx", "TXT"), ("a.mx", "SRV"), ("a.wild", "A"),
         ("a.wild", "TXT"), ("a.web", "A"), ("maik", "A"), ("mailz", "A"), ("x.mail", "A"),
         ("0", "A"), ("zzz", "MX"))
ANSWER_POLICY = Policy(mode="enforce", mail_host=("strip", "repl", "cut", "*.mx", "*.wild"),
                       **PROXIES)


class Fixed:
    """A zone by hand, as Links wants it."""

    def __init__(self, name, lines, policy, title=""):
        self.name, self.title, self.apex = name, title, dns.name.from_text(name)
        self.text = zones.small(name, lines)
        self.policy = policy.with_(id="p-" + name[:-1].replace(".", "-"))
        self.zone = zones.load(name, self.text)
        self.records = {owner: {dns.rdatatype.to_text(rdataset.rdtype): rdataset
                                for rdataset in node} for owner, node in self.zone.nodes.items()}

    def at(self, label):
        return dns.name.from_text(label, self.apex)


def primings(zone, more):
    """Groups of questions that may lead a resolver to deny the exchange, by (name, type)."""
    exchange = dns.name.from_text(zone.policy.mail_exchange, zone.apex)
    first = exchange.labels[0].decode()
    above = exchange.parent()
    above = "" if above == zone.apex else "." + above.relativize(zone.apex).to_text()

    def every(names, *rdtypes):
        return [(zone.at(name), rdtype) for name in names for rdtype in rdtypes]
    kinds = ("TXT", "MX", "SRV", "CNAME", "NS", "DS", "SOA")
    groups = [
        every([first[:-1] + chr(ord(first[-1]) - 1) + above, "aaa", "a", "-"], "A", "AAAA"),
        every([first + "0" + above, first + "-" + above, "zzz", "zz0"], "A", "AAAA", "MX"),
        every(["x." + first + above, "x.y." + first + above], "A", "TXT", "MX"),
        every(["apple", "web", "@", "ns", "*"], "TXT", "AAAA", "SRV"),
        every([first + above], *kinds) + every(["@", "lab"], "DS", "SRV"),
        every(["n%d" % number for number in range(16)], "A") +
        every(["n%d%s" % (number, above) for number in range(4)], "TXT"),
    ]
    if above:
        groups.append(every([above[1:]], "A", "AAAA", *kinds))
    if more:
        groups.append(every(more, "A", "MX"))
    return groups


class Exchange(harness.Case):
    """The exchange in front of resolvers that synthesize."""

    def every(self):
        """(zone, denial, groups of questions in the order in which to ask)."""
        number = itertools.count()
        for title, (exchange, lines, more) in EXCHANGES.items():
            policy = Policy(mode="enforce", mail_exchange=exchange, mail_address=BOTH,
                            web_host=("@", "www", "web"), mail_host=("smtp", "*.mx"), **PROXIES)
            for denial in ("nsec", "nsec3"):
                for _ in range(ORDERS):
                    zone = Fixed("e%d.test." % next(number), "@ MX 10 mail\n" + lines, policy,
                                 "%s, %s" % (title, denial))
                    groups = primings(zone, more)
                    random.Random(zone.name).shuffle(groups)
                    yield zone, denial, groups

    def servers(self, every):
        """A guarded and an unguarded server that sign these zones."""
        texts = {zone.name: zone.text for zone, _, _ in every}
        kinds = {zone.name: (ALGORITHMS[0], "on", denial) for zone, denial, _ in every}
        guard = {zone.name: zone.policy for zone, _, _ in every}
        servers = [signing_server(texts, kinds, guard, log_level="warning"),
                   signing_server(texts, kinds)]
        for server in servers:
            server.start()
            self.addCleanup(server.stop)
        for server in servers:
            for zone in texts:
                validator.wait_anchors(server, zone)
        self.addCleanup(check_signing, self, servers[0])
        return servers

    def test_denials(self):
        """Nothing that the answers deny is there, whatever a resolver makes of them."""
        tally = Tally()
        # The order is the same to this; hashes differ from zone to zone.
        every = [item for number, item in enumerate(self.every())
                 if number % ORDERS < (2 if item[1] == "nsec3" else 1)]
        guarded, base = self.servers(every)
        for zone, _, groups in every:
            exchange = zone.at(zone.policy.mail_exchange)
            questions = [*itertools.chain(*groups), (exchange, "NSEC"), (exchange, "ANY")]
            for server, guard in ((guarded, True), (base, False)):
                links = Links(base, zone, harness.looks_up(), guard)
                count, found, excused = contradictions(links, server, questions)
                tally["denials"] += count
                for reason, times in excused.items():
                    tally["excused: denials " + reason] += times
                for text in found:
                    tally.fail("%s%s" % (zone.title, "" if guard else ", without the module"),
                               lambda: "%s\n-- zone\n%s" % (text, zone.text))
        tally.check(self)

    def check(self, which, *options):
        every = list(self.every())
        guarded, base = self.servers(every)
        tally, referrals = Tally(), set()
        with resolver(guarded, [zone.name for zone, _, _ in every], which, *options) as asked:
            for zone, _, groups in every:
                exchange = zone.at(zone.policy.mail_exchange)
                last = [(exchange, "A"), (exchange, "AAAA")]
                random.Random(zone.name).shuffle(last)
                self.one(zone, Links(base, zone, harness.looks_up()), guarded, asked,
                         [*itertools.chain(*groups), *last], tally, referrals)
            for line in asked.bogus():
                # One that forwards does not take a referral for an answer.
                if not validator.questions([line]) <= referrals:
                    tally.fail("bogus", lambda: line)
        tally.check(self)

    def one(self, zone, links, guarded, asked, questions, tally, referrals):
        """Asks all of one zone's questions; the last two are those that matter most."""
        exchange = zone.at(zone.policy.mail_exchange)
        for number, question in enumerate(questions):
            rcode, authentic, answer = ask(asked, question, tally)
            ways = links.found(question[0], dns.rdatatype.from_text(question[1]))
            way = next((way for way in ways if (way.rcode, way.answer) == (rcode, answer)), ways[0])
            tally["asked"] += 1
            tally["authentic"] += authentic
            if way.opaque:
                tally["referrals"] += 1
                referrals.add("%s %s" % (question[0], question[1].lower()))
                continue
            if (rcode, answer, authentic or way.outside) == (way.rcode, way.answer, True):
                if way.excused:
                    tally["excused: " + way.excused] += 1
                continue
            if rcode == dns.rcode.NXDOMAIN and zone.title.endswith("nsec3") and \
                    links.below_made_up(question[0]):
                tally["excused: denials below a made-up name"] += 1
                continue
            sort = "%s, %s%s for %s%s" % (
                zone.title, dns.rcode.to_text(rcode), "" if authentic else " not authentic",
                dns.rcode.to_text(way.rcode), "" if answer == way.answer else " with other data")
            tally.fail(sort, lambda: "\n-- asked\n%s\n-- expected\n%s\n-- got\n%s\n-- log\n%s\n"
                       "-- guarded server\n%s\n-- zone\n%s" % (
                           "\n".join("%s %s" % past for past in questions[:number + 1]),
                           text_of((way.rcode, not way.outside, way.answer)),
                           text_of((rcode, authentic, answer)),
                           "\n".join(line for line in asked.bogus() if zone.name in line),
                           wire_answer(guarded, question), zone.text))
        # What the last two have to be does not hang on the oracle alone.
        found = links.want(*questions[-1][:1], A), links.want(*questions[-1][:1], AAAA)
        for answer, rdtype in zip(found, ("A", "AAAA")):
            kind = zone.title.split(",")[0]
            expected = [text for text in BOTH if (":" in text) == (rdtype == "AAAA")]
            if kind == "no IPv6":
                expected = ["192.0.2.25"] if rdtype == "A" else []
            elif not harness.looks_up() and rdtype in UNKNOWN.get(kind, ()):
                expected = []
            self.assertEqual(answer.rdata(questions[-1][0], rdtype), expected, zone.title)

    @unittest.skipUnless(validator.Unbound.available(), "no unbound")
    def test_unbound(self):
        self.check(validator.Unbound, True)

    @unittest.skipUnless(validator.Kresd.available(), "no kresd")
    def test_kresd(self):
        self.check(validator.Kresd)


class Tools(harness.Case):
    """Each kind of repaired answer, looked at by a tool that validates it alone."""

    @classmethod
    def setUpClass(cls):
        cls.zones, kinds = {}, {}
        for number, (algorithm, denial) in enumerate(itertools.product(ALGORITHMS,
                                                                       ("nsec", "nsec3"))):
            # With one family of mail addresses what is replaced elsewhere is left out.
            policy = ANSWER_POLICY.with_(mail_address=BOTH[:1 + (number + number // 2) % 2])
            zone = Fixed("t%d.test." % number, ANSWERS, policy, "%s, %s" % (algorithm, denial))
            cls.zones[zone.name] = zone
            kinds[zone.name] = algorithm, "off" if number % 3 else "on", denial
        texts = {name: zone.text for name, zone in cls.zones.items()}
        cls.base = harness.Knotd(with_world(texts)).start()
        cls.addClassCleanup(cls.base.stop)
        cls.guarded = signing_server(texts, kinds, {name: zone.policy for name, zone in
                                                    cls.zones.items()}).start()
        cls.addClassCleanup(cls.guarded.stop)
        for zone in cls.zones:
            validator.wait_anchors(cls.guarded, zone)

    def test_answers(self):
        """What the tools look at is what there has to be, so that it is the repair they judge."""
        repaired = 0
        for zone in self.zones.values():
            links = Links(self.base, zone, harness.looks_up())
            for name, rdtype in ASKED:
                of_type = dns.rdatatype.from_text(rdtype)
                if of_type in DNSSEC_TYPES:
                    continue
                want = links.want(zone.at(name), of_type)
                got = self.guarded.answer(zone.at(name), rdtype, do=True, tcp=True)
                repaired += links.expects(zone.at(name), of_type)
                with self.subTest(zone=zone.title, question="%s %s" % (name, rdtype)):
                    self.assertEqual((got.rcode, {key: rdata for key, rdata in
                                                  plain(got.answer).items()
                                                  if key[1] not in DNSSEC_TYPES}),
                                     (want.rcode, plain(want.answer)))
        self.assertGreaterEqual(repaired, 15 * len(self.zones))

    def check(self, which):
        asked = 0
        for zone in self.zones.values():
            tool = which(self.guarded, zone.name, validator.wait_anchors(self.guarded, zone.name))
            self.addCleanup(tool.stop)
            for name, rdtype in ASKED:
                fine, said = tool.ask(zone.at(name).to_text(), rdtype)
                asked += 1
                with self.subTest(zone=zone.title, question="%s %s" % (name, rdtype)):
                    self.assertTrue(fine, "%s\n%s\n%s" % (said, wire_answer(
                        self.guarded, (zone.at(name), rdtype)), zone.text))
        print("# %s: asked %d" % (which.name, asked))

    @unittest.skipUnless(validator.Delv.available(), "no delv")
    def test_delv(self):
        self.check(validator.Delv)

    @unittest.skipUnless(validator.Drill.available(), "no drill")
    def test_drill(self):
        self.check(validator.Drill)


class Judges(harness.Case):
    """The validators themselves: what is wrong is noticed."""

    ZONE = "j.test."
    LINES = "good A 192.0.2.1\ngone A 192.0.2.2\ngone TXT a\nother A 192.0.2.3\n"
    QUESTIONS = {"good": True, "gone": False, "other": False}

    def judged(self, which, ask):
        """Serves a signed zone in which an address was changed and one left out."""
        signed = sign({self.ZONE: zones.small(self.ZONE, self.LINES)})[self.ZONE]
        lines = [line.replace("192.0.2.3", "192.0.2.4") for line in signed.splitlines()
                 if not ("gone" in line.split()[0] and ("192.0.2.2" in line or
                                                        " A " in line and "RRSIG" in line))]
        self.assertNotEqual(lines, signed.splitlines())
        server = self.serve({self.ZONE: "\n".join(lines) + "\n"})
        if not which.available():
            self.skipTest("no %s" % which.name)
        for name, fine in self.QUESTIONS.items():
            with self.subTest(name):
                self.assertEqual(ask(which, server, "%s.%s" % (name, self.ZONE)), fine)

    @staticmethod
    def resolved(which, server, name):
        with which({Judges.ZONE: server.port},
                   {Judges.ZONE: validator.anchors(server, Judges.ZONE)}) as asked:
            rcode, authentic, _ = asked.ask(name, "A")
            if rcode == dns.rcode.SERVFAIL and not asked.bogus():
                raise AssertionError("no reason in the log:\n" + asked.log())
            return authentic

    @staticmethod
    def tool(which, server, name):
        tool = which(server, Judges.ZONE, validator.anchors(server, Judges.ZONE))
        try:
            return tool.ask(name, "A")[0]
        finally:
            tool.stop()

    def test_unbound(self):
        self.judged(validator.Unbound, self.resolved)

    def test_kresd(self):
        self.judged(validator.Kresd, self.resolved)

    def test_delv(self):
        self.judged(validator.Delv, self.tool)

    def test_drill(self):
        self.judged(validator.Drill, self.tool)


if __name__ == "__main__":
    unittest.main()
