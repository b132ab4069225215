# SPDX-License-Identifier: GPL-3.0-or-later
"""Repaired answers on the wire: transports, sizes, truncation, TSIG, zone transfers, rotation.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_transport.py
"""

import base64
import struct
import unittest

import dns.dnssec
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig

import client
import harness
import zones
from oracle import Oracle
from signing import CRYPTO, SIGN
from stanza import Policy, Resolved
from validator import wait_anchors

ZONE = "example.test."
SIZES = (None, 512, 513, 600, 700, 800, 900, 1000, 1100, 1232, 1400, 1600, 2048, 3000, 4096)
TYPES = ("A", "AAAA", "MX", "SRV", "TXT", "CNAME", "ANY", "NS", "SOA")


def many(count, line):
    return "\n".join(line.format(i=i) for i in range(count)) + "\n"


LINES = """
@ 600 MX 10 mail
@ 600 MX 20 www
@ A 104.16.1.1
www A 104.16.1.1
www AAAA 2606:4700::1
mail 60 A 104.16.1.2
mail 60 A 192.0.2.10
mail AAAA 2606:4700::2
alias CNAME imap
imap CNAME x.cdn.example.net.
good MX 10 good
good A 192.0.2.10
good AAAA 2001:db8::10
_submission._tcp SRV 0 0 587 www
sub NS ns.sub
ns.sub A 104.16.1.9
*.wild A 192.0.2.77
""" + many(40, "full A 104.16.2.{i}") + many(12, "full A 192.0.2.{i}") + many(
    60, "plenty A 192.0.2.{i}") + many(12, "b{i}.big MX 5 www\nbig MX {i} b{i}.big") + many(
    40, "g{i}.guarded A 104.16.3.{i}\nguarded MX {i} g{i}.guarded") + many(
    40, "t{i}.targets A 104.16.4.{i}\ntargets MX {i} t{i}.targets") + many(
    24, "d{i}.direct A 192.0.2.{i}\nd{i}.direct AAAA 2001:db8::{i}\ndirect MX {i} d{i}.direct") + (
    many(30, "web SRV 0 {i} 80 t{i}.targets"))
NAMES = ("@", "www", "mail", "alias", "imap", "good", "_submission._tcp", "sub", "x.sub", "x.wild",
         "full", "plenty", "big", "b1.big", "guarded", "g1.guarded", "targets", "t1.targets",
         "direct", "web", "missing")
POLICY = Policy(proxy_name=("cdn.example.net.",), mail_host=("imap", "full", "*.guarded"))


class Transport(harness.Case):
    """One pair of servers for all that only asks."""

    @classmethod
    def setUpClass(cls):
        cls.texts = {ZONE: zones.small(ZONE, LINES)}
        cls.guarded = harness.Knotd(cls.texts, POLICY).start()
        cls.addClassCleanup(cls.guarded.stop)
        cls.plain = harness.Knotd(cls.texts).start()
        cls.addClassCleanup(cls.plain.stop)
        zone = zones.load(ZONE, cls.texts[ZONE])
        cls.oracle = Oracle(zone, Resolved(POLICY, zone.origin), harness.looks_up())
        cls.resolved = cls.oracle.policy

    def name(self, text):
        return dns.name.from_text(text, dns.name.from_text(ZONE))

    def expected(self, name, rdtype):
        """(what the guarded answer has to mean, True if it is the unguarded one)."""
        base = client.Answer.read(client.tcp(self.plain.port, client.query(name, rdtype)))
        want = self.oracle.expect(name, dns.rdatatype.from_text(rdtype), base)
        return (base, True) if want is None else (want, False)

    def no_proxied(self, answer, what):
        """Nothing proxied of guarded hosts, in any section."""
        if not answer.answer and any(key[1] == dns.rdatatype.NS for key in answer.authority):
            return
        for owner, text in answer.addresses():
            if self.oracle.guarded(owner):
                self.assertFalse(self.resolved.proxied(text), "%s: %s %s" % (what, owner, text))

    def test_tcp(self):
        for text in NAMES:
            for rdtype in TYPES:
                name = self.name(text)
                wire = client.query(name, rdtype)
                want, same = self.expected(name, rdtype)
                got = client.tcp(self.guarded.port, wire)
                with self.subTest("%s %s" % (text, rdtype)):
                    if same:
                        self.assertEqual(got, client.tcp(self.plain.port, wire))
                    else:
                        self.assertEqual(str(client.Answer.read(got)), str(want))

    def test_sizes(self):
        for text in NAMES:
            for rdtype in TYPES:
                name = self.name(text)
                want, same = self.expected(name, rdtype)
                for size in SIZES:
                    with self.subTest("%s %s" % (text, rdtype), size=size):
                        self.one_size(name, rdtype, size, want, same)

    def one_size(self, name, rdtype, size, want, same):
        wire = client.query(name, rdtype, size=size)
        data = client.udp(self.guarded.port, wire)
        base = client.udp(self.plain.port, wire)
        self.assertLessEqual(len(data), size or 512)
        got = client.Answer.read(data)
        self.no_proxied(got, "%s %s %s" % (name, rdtype, size))
        if got.flags & dns.flags.TC:
            full = client.tcp(self.guarded.port, wire)
            unguarded = client.tcp(self.plain.port, wire)
            self.assertGreater(max(len(full), len(unguarded)), size or 512,
                               "truncated without need\n%s" % got)
        elif same and not self.cut_additional(base, want):
            self.assertEqual(data, base)
        else:
            self.assertEqual((got.rcode, got.flags, got.answer, got.authority),
                             (want.rcode, want.flags, want.answer, want.authority))
            for key, rrset in got.additional.items():
                self.assertEqual(rrset, want.additional.get(key), key)

    def cut_additional(self, base, want):
        return client.Answer.read(base).additional != want.additional

    def test_truncated_shows_nothing(self):
        for name in ("full", "guarded", "targets", "big", "direct"):
            for rdtype in ("A", "MX"):
                data = client.udp(self.guarded.port, client.query(self.name(name), rdtype,
                                                                  size=512))
                answer = client.Answer.read(data)
                self.no_proxied(answer, name)
                if answer.flags & dns.flags.TC:
                    base = client.udp(self.plain.port, client.query(self.name(name), rdtype,
                                                                    size=512))
                    self.assertLessEqual(len(data), max(len(base), 512))

    def test_no_target_slips_through_a_full_response(self):
        # The targets have proxied addresses that do not all fit: a response that is not truncated
        # has to have steered every one of them.
        name = self.name("targets")
        want, _ = self.expected(name, "MX")
        seen = set()
        for size in range(512, 3000, 31):
            answer = client.Answer.read(client.udp(self.guarded.port,
                                                   client.query(name, "MX", size=size)))
            seen.add(bool(answer.flags & dns.flags.TC))
            if not answer.flags & dns.flags.TC:
                self.assertEqual(answer.answer, want.answer, size)
        self.assertIn(False, seen)

    def test_id_and_case(self):
        for ident in (0, 1, 0x1234, 0xffff):
            for text in ("mAiL.ExAmPlE.tEsT.", "MAIL.EXAMPLE.TEST.", "X.Missing.example.TEST.",
                         "ALIAS.example.test.", "eXample.test."):
                for rdtype in ("A", "MX", "TXT"):
                    wire = client.query(text, rdtype, ident=ident)
                    for ask in (client.udp, client.tcp):
                        data = ask(self.guarded.port, wire)
                        question = wire[12:-11]
                        self.assertEqual(data[:2], wire[:2])
                        self.assertEqual(data[12:12 + len(question)], question)

    def test_case_of_owner(self):
        # The owner of a repaired record is compressed to the question, and so has its case.
        message = dns.message.from_wire(self.guarded.ask("MaIl.example.TEST.", "A"))
        plain = dns.message.from_wire(self.plain.ask("MaIl.example.TEST.", "A"))
        self.assertEqual(message.answer[0].name.labels, plain.answer[0].name.labels)

    def test_other_classes_and_opcodes(self):
        name = self.name("mail")
        wires = [client.query(name, "A", rdclass=3), client.query(name, "A", rdclass=254),
                 client.query(name, "SOA", opcode=dns.opcode.NOTIFY),
                 client.query(self.name("@"), "SOA", opcode=dns.opcode.UPDATE),
                 client.query(name, "A", opcode=dns.opcode.STATUS)]
        for wire in wires:
            for ask in (client.udp, client.tcp):
                self.assertEqual(ask(self.guarded.port, wire), ask(self.plain.port, wire))

    def test_class_any(self):
        # It is answered with the data of class IN.
        for rdtype in ("A", "MX"):
            name = self.name("mail" if rdtype == "A" else "@")
            got, plain, as_in = (dns.message.from_wire(client.udp(port, client.query(
                name, rdtype, rdclass=rdclass))) for port, rdclass in (
                    (self.guarded.port, 255), (self.plain.port, 255), (self.guarded.port, 1)))
            self.assertEqual([rrset.to_text() for rrset in got.answer],
                             [rrset.to_text() for rrset in as_in.answer])
            self.assertEqual(plain.question, got.question)

    def test_flags(self):
        for flags in (0x0100, 0x0010, 0x0020, 0x0130):
            for text, rdtype in (("mail", "A"), ("good", "MX")):
                wire = client.query(self.name(text), rdtype, flags=flags)
                got = client.udp(self.guarded.port, wire)
                base = client.udp(self.plain.port, wire)
                self.assertEqual(got[2:4], base[2:4])

    def test_compression(self):
        # A repaired answer is no bigger than one with the same records from the zone itself.
        zone = zones.small(ZONE, "mail 300 A 198.51.100.25\n@ 300 MX 10 mail")
        with harness.Knotd({ZONE: zone}) as server:
            for text, rdtype in (("mail", "A"),):
                wire = client.query(self.name(text), rdtype)
                self.assertEqual(len(client.udp(server.port, wire)),
                                 len(client.udp(self.guarded.port, wire)))

    def test_garbage(self):
        # Octets that are not a query: the same answer as without the module, or none.
        for wire in (client.query("mail." + ZONE, "A")[:20],
                     client.query("mail." + ZONE, "A") + b"garbage",
                     struct.pack("!HHHHHH", 1, 0, 2, 0, 0, 0) +
                     2 * client.query("mail." + ZONE, "A", size=None)[12:]):
            self.assertEqual(client.udp_or_none(self.guarded.port, wire),
                             client.udp_or_none(self.plain.port, wire))


class Tsig(harness.Case):
    """Queries signed by a key, and what the answers' signatures say."""

    SECRET = base64.b64encode(b"not a secret at all, only a test").decode()
    EXTRA = """
key:
  - id: test-key
    algorithm: hmac-sha256
    secret: %s

acl:
  - id: signed
    key: test-key
    action: [ query, transfer ]
""" % SECRET

    def test_signed_queries(self):
        options = {None: "    acl: signed\n"}
        texts = {ZONE: zones.small(ZONE, LINES)}
        guarded, plain = self.pair(texts, POLICY, extra=self.EXTRA, options=options)
        key = dns.tsig.Key("test-key", self.SECRET, dns.tsig.HMAC_SHA256)
        truncated = 0
        for text in NAMES:
            name = dns.name.from_text(text, dns.name.from_text(ZONE))
            for rdtype in ("A", "MX", "TXT"):
                for size in (512, 700, 1232, 4096):
                    unsigned = guarded.ask(name, rdtype, size=size)
                    message = dns.message.make_query(name, rdtype, use_edns=0, payload=size,
                                                 flags=0)
                    message.use_tsig(key)
                    data = client.udp(guarded.port, message.to_wire())
                    self.assertLessEqual(len(data), size)
                    answer = dns.message.from_wire(data, keyring={key.name: key},
                                                   request_mac=message.mac)
                    self.assertTrue(answer.had_tsig)
                    if answer.flags & dns.flags.TC:
                        truncated += 1
                    elif not unsigned[2] & 2 and len(unsigned) < size - 200:
                        self.assertEqual(str(client.Answer.read(answer)),
                                         str(client.Answer.read(unsigned)))
        self.assertGreater(truncated, 0)
        message = dns.message.make_query("mail." + ZONE, "A")
        message.use_tsig(dns.tsig.Key("test-key", base64.b64encode(b"wrong" * 7).decode(),
                                      dns.tsig.HMAC_SHA256))
        for server in (guarded, plain):
            self.assertEqual(client.udp(server.port, message.to_wire())[3] & 0xf,
                             dns.rcode.NOTAUTH)


class Full(harness.Case):
    """MX with more additional records than a message over TCP can hold: those go first."""

    @staticmethod
    def text(count):
        return {ZONE: zones.small(ZONE, "@ MX 10 www\nwww A 104.16.1.1\nmail A 192.0.2.25\n" + "".join(
            "@ MX 20 m%d\nm%d A 198.51.100.%d\n" % (i, i, i % 250 + 1) for i in range(count)))}

    def check(self, guarded, plain, count, **options):
        data = plain.ask(ZONE, "MX", tcp=True, **options)
        self.assertGreater(len(data), 65535 - 200)
        before = dns.message.from_wire(data)
        answer = dns.message.from_wire(guarded.ask(ZONE, "MX", tcp=True, **options))
        self.assertEqual(answer.rcode(), dns.rcode.NOERROR)
        self.assertFalse(answer.flags & dns.flags.TC)
        self.assertEqual(answer.additional, [])
        self.assertEqual((answer.edns, answer.payload, answer.ednsflags),
                         (before.edns, before.payload, before.ednsflags))
        exchanges = [str(rr.exchange) for rr in answer.answer[0]]
        self.assertEqual(len(exchanges), count + 1)
        self.assertNotIn("www." + ZONE, exchanges)
        self.assertIn("mail." + ZONE, exchanges)
        return answer

    def test_plain(self):
        guarded, plain = self.pair(self.text(2000), POLICY)
        self.check(guarded, plain, 2000)
        self.check(guarded, plain, 2000, size=None)
        self.assertEqual(guarded.counters(ZONE), {"finding[proxied-target]": 2,
                                                  "action[steered]": 2})

    def test_log_mode(self):
        logging, plain = self.pair(self.text(2000), POLICY.with_(mode="log"))
        self.assertEqual(logging.ask(ZONE, "MX", tcp=True), plain.ask(ZONE, "MX", tcp=True))
        self.assertEqual(logging.counters(ZONE), {"finding[proxied-target]": 1,
                                                  "action[logged]": 1})
        self.assertTrue(logging.log_lines("would answer mail." + ZONE), logging.log())

    def test_signed(self):
        guarded, plain = self.pair(self.text(800), POLICY, options={None: SIGN})
        for server in (guarded, plain):
            wait_anchors(server, ZONE)
        answer = self.check(guarded, plain, 800, do=True)
        keys = dns.message.from_wire(guarded.ask(ZONE, "DNSKEY", tcp=True)).answer[0]
        if CRYPTO:
            dns.dnssec.validate(answer.answer[0], answer.answer[1], {keys.name: keys})

    def test_tsig(self):
        """It can't be signed with TSIG once more: SERVFAIL."""
        guarded = self.serve(self.text(2000), POLICY, extra=Tsig.EXTRA,
                             options={None: "    acl: signed\n"})
        key = dns.tsig.Key("test-key", Tsig.SECRET, dns.tsig.HMAC_SHA256)
        message = dns.message.make_query(ZONE, "MX")
        message.use_tsig(key)
        answer = dns.message.from_wire(client.tcp(guarded.port, message.to_wire()),
                                       keyring={key.name: key}, request_mac=message.mac)
        self.assertEqual((answer.rcode(), answer.had_tsig), (dns.rcode.SERVFAIL, True))
        self.assertEqual(guarded.counters(ZONE), {"finding[proxied-target]": 1,
                                                  "action[refused]": 1})


class Transfers(harness.Case):
    """A zone transfer carries the zone as it is."""

    def test_transfers(self):
        extra = "acl:\n  - id: all\n    address: 127.0.0.1\n    action: transfer\n"
        texts = {ZONE: zones.small(ZONE, LINES)}
        servers = self.pair(texts, POLICY, extra=extra, options={None: "    acl: all\n"})
        soa = dns.message.from_wire(servers[1].ask(ZONE, "SOA")).answer[0]
        ixfr = dns.message.make_query(ZONE, "IXFR", id=7)
        for serial in ("0", "1"):
            ixfr.authority = [dns.rrset.from_text(ZONE, 0, "IN", "SOA", soa[0].to_text().replace(
                " 1 ", " %s " % serial))]
            got = [client.udp(server.port, ixfr.to_wire()) for server in servers]
            self.assertEqual(*got)
        for wire in (client.query(ZONE, "AXFR", size=None), client.query(ZONE, "AXFR"),
                     ixfr.to_wire()):
            got = [self.transfer(server, wire) for server in servers]
            self.assertEqual(*got)
        axfr = b"".join(self.transfer(servers[0], client.query(ZONE, "AXFR")))
        self.assertIn(bytes((104, 16, 2, 1)), axfr)

    def transfer(self, server, wire):
        count = 0

        def last(data):
            nonlocal count
            message = dns.message.from_wire(data, xfr=True, one_rr_per_rrset=True)
            count += sum(rrset.rdtype == dns.rdatatype.SOA for rrset in message.answer)
            return count >= 2 or message.rcode() != dns.rcode.NOERROR or (
                count == 1 and len(message.answer) == 1)

        return client.tcp_stream(server.port, wire, last)


class Settings(harness.Case):
    """Settings of the server and of the module that show on the wire."""

    def test_rotation(self):
        texts = {ZONE: zones.small(ZONE, LINES)}
        guarded, plain = self.pair(texts, POLICY, server="    answer-rotation: on\n")
        orders = set()
        for ident in range(40):
            for text in ("plenty", "direct", "good"):
                for rdtype in ("A", "MX"):
                    wire = client.query(text + "." + ZONE, rdtype, ident=ident)
                    self.assertEqual(client.udp(guarded.port, wire), client.udp(plain.port, wire))
            data = guarded.ask("full." + ZONE, "A", ident=ident)
            message = dns.message.from_wire(data)
            self.assertEqual(len(message.answer[0]), 12)
            orders.add(tuple(rdata.address for rdata in message.answer[0]))
        self.assertGreater(len(orders), 1, "repaired answers are not rotated")

    def test_ede(self):
        texts = {ZONE: zones.small(ZONE, LINES)}
        marked, plain = self.pair(texts, POLICY.with_(ede=True))
        unmarked = self.serve(texts, POLICY)
        for text, rdtype, changed in (("mail", "A", True), ("@", "MX", True), ("good", "A", False),
                                      ("www", "A", False), ("alias", "TXT", True)):
            name = dns.name.from_text(text, dns.name.from_text(ZONE))
            self.assertEqual(self.ede(marked.ask(name, rdtype)), [4] if changed else [])
            self.assertEqual(self.ede(unmarked.ask(name, rdtype)), [])
            self.assertEqual(self.ede(marked.ask(name, rdtype, size=None)), [])
            if not changed:
                self.assertEqual(marked.ask(name, rdtype), plain.ask(name, rdtype))

    def ede(self, data):
        message = dns.message.from_wire(data)
        return [int(option.code) for option in message.options
                if int(option.otype) == dns.edns.EDE]


if __name__ == "__main__":
    unittest.main()
