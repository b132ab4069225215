# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed zones: what would have to change and can't be signed is SERVFAIL where DO is set.

Signatures differ from one signing to the next. So a zone is signed once by a knotd, and its file
then served by a guarded and an unguarded one that don't sign; besides, a guarded server that signs
itself is compared with itself in log mode.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_signed.py
"""

import os
import unittest

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

import client
import harness
import zones
from oracle import Oracle
from signing import signing_lines
from stanza import Policy, Resolved

ZONE = "example.test."
LINES = """
@ MX 10 mail
@ A 104.16.1.1
mail A 104.16.1.2
mail A 192.0.2.10
web MX 10 @
both MX 10 mail
good MX 10 good
good A 192.0.2.11
alias CNAME smtp
smtp CNAME x.cdn.example.net.
*.wild A 104.16.1.3
_submission._tcp SRV 0 0 587 @
sub NS ns.sub
ns.sub A 104.16.1.4
"""
POLICY = Policy(proxy_name=("cdn.example.net.",), mail_host=("smtp", "a.wild"))
# Question and what becomes of it with DO.
REFUSED = (("mail", "A"), ("web", "MX"), ("alias", "A"), ("smtp", "TXT"),
           ("smtp", "CNAME"), ("a.wild", "A"), ("_submission._tcp", "SRV"))
KEPT = (("good", "A"), ("good", "MX"), ("@", "A"), ("@", "SOA"), ("@", "DNSKEY"), ("mail", "TXT"),
        ("mail", "MX"), ("missing", "A"), ("b.wild", "A"), ("x.sub", "A"), ("sub", "DS"),
        ("mail", "NSEC"), ("@", "NSEC3PARAM"))
TYPES = ("A", "AAAA", "MX", "SRV", "CNAME", "TXT", "NS", "DNAME")
SIGN = "    dnssec-signing: on\n    journal-content: changes\n"
NSEC3 = "policy:\n  - id: nsec3\n    nsec3: on\n    nsec3-iterations: 0\n"


def sign(texts, policy=""):
    """The same zones, signed: {zone: text}."""
    extra, option = (NSEC3, "    dnssec-policy: nsec3\n") if policy else ("", "")
    signed = {}
    with harness.Knotd(texts, extra=extra, options={None: SIGN + option}) as server:
        for zone in texts:
            harness.wait_for(lambda: server.answer(zone, "DNSKEY").answer,
                             what="%s to be signed" % zone)
        out = server.path("out")
        os.mkdir(out)
        for zone in texts:
            server.knotc("-b", "zone-flush", zone, "+outdir", out)
            name = os.path.basename(server.zone_file(zone))
            path = harness.wait_for(lambda: [os.path.join(out, file) for file in os.listdir(out)
                                             if file.startswith((name, zone[:-1]))],
                                    what="the signed zone")[0]
            with open(path) as file:
                signed[zone] = file.read()
            os.unlink(path)
    return signed


def absolute(name):
    return ZONE if name == "@" else "%s.%s" % (name, ZONE)


class Signed(harness.Case):

    def check(self, guarded, unguarded):
        """Compares a guarded server with one that changes nothing and has the same signatures."""
        for name, rdtype in REFUSED:
            with self.subTest("%s %s" % (name, rdtype)):
                before = guarded.counters(ZONE)
                for tcp in (False, True):
                    answer = guarded.answer(absolute(name), rdtype, do=True, tcp=tcp)
                    self.assertEqual(answer.rcode, dns.rcode.SERVFAIL)
                    self.assertFalse(answer.answer or answer.authority or answer.additional)
                after = guarded.counters(ZONE)
                for counter in ("finding[sign-failure]", "action[refused]"):
                    self.assertEqual(after[counter], before.get(counter, 0) + 2)
                repaired = guarded.answer(absolute(name), rdtype)
                self.assertEqual(repaired.rcode, dns.rcode.NOERROR)
                self.assertEqual(guarded.counters(ZONE)["action[refused]"],
                                 after["action[refused]"])
                for owner, text in repaired.addresses():
                    self.assertFalse(text.startswith("104.16."), owner)
        for name, rdtype in KEPT:
            with self.subTest("%s %s" % (name, rdtype)):
                for do in (False, True):
                    wire = client.query(absolute(name), rdtype, do=do)
                    for ask in (client.udp, client.tcp):
                        self.assertEqual(ask(guarded.port, wire), ask(unguarded.port, wire))
        self.additional(guarded, unguarded)
        self.lacking(guarded, unguarded)

    def lacking(self, guarded, unguarded):
        """Nothing is missing beside a direct address."""
        wire = client.query(absolute("mail"), "AAAA", do=True)
        before = guarded.counters(ZONE)
        self.assertEqual(client.udp(guarded.port, wire), client.udp(unguarded.port, wire))
        self.assertEqual(guarded.counters(ZONE), before)
        self.assertFalse(guarded.answer(absolute("mail"), "AAAA").answer)

    def additional(self, guarded, unguarded):
        """Where only the additional section would change, those records are left out."""
        for name in ("@", "both"):
            wire = client.query(absolute(name), "MX", do=True)
            got, base = (dns.message.from_wire(ask.ask(absolute(name), "MX", do=True))
                         for ask in (guarded, unguarded))
            self.assertEqual((got.rcode(), got.answer, got.authority),
                             (base.rcode(), base.answer, base.authority), wire)
            self.assertEqual(self.left(got), [])
            self.assertIn("mail." + ZONE, [owner for owner, _ in self.left(base)])

    def left(self, message):
        return [(str(rrset.name), dns.rdatatype.to_text(rrset.rdtype))
                for rrset in message.additional]

    def test_signed_elsewhere(self):
        for policy in ("", "nsec3"):
            signed = sign({ZONE: zones.small(ZONE, LINES)}, policy)
            guarded, plain = self.pair(signed, POLICY)
            self.check(guarded, plain)

    def test_log_signs_nothing(self):
        """A server that signs itself: mode log leaves even what is refused or signed else."""
        server = harness.Knotd({ZONE: zones.small(ZONE, LINES)}, POLICY.with_(mode="log"),
                               options={None: SIGN})
        self.addCleanup(server.stop)
        server.start()
        harness.wait_for(lambda: server.answer(ZONE, "DNSKEY").answer, what="signing")
        wires = [client.query(absolute(name), rdtype, do=True) for name, rdtype in KEPT]
        before = client.udp_many(server.port, client.with_ids(wires))
        server.write_conf(POLICY)
        server.knotc("reload")
        harness.wait_for(lambda: "198.51.100.25" in server.answer(
            "smtp." + ZONE, "A", do=True).rdata("smtp." + ZONE, "A"), what="enforce")
        after = client.udp_many(server.port, client.with_ids(wires))
        for (name, rdtype), old, new in zip(KEPT, before, after):
            if name not in ("mail", "missing", "b.wild"):  # Their NSEC is another now.
                self.assertEqual(old, new, "%s %s" % (name, rdtype))

    def findings(self, server):
        return {counter: number for counter, number in server.counters(ZONE).items()
                if counter.startswith("finding")}

    def test_log_mode(self):
        """Without keys, mode log finds what enforcing can't sign, says so, and leaves it."""
        signed = sign({ZONE: zones.small(ZONE, LINES)})
        logging, plain = self.pair(signed, POLICY.with_(mode="log"))
        enforcing = self.serve(signed, POLICY)
        for name, rdtype in REFUSED + KEPT:
            for do in (False, True):
                wire = client.query(absolute(name), rdtype, do=do)
                self.assertEqual(client.udp(logging.port, wire), client.udp(plain.port, wire))
                client.udp(enforcing.port, wire)
                self.assertEqual(self.findings(logging), self.findings(enforcing), (name, rdtype))
        self.assertEqual(logging.counters(ZONE)["finding[sign-failure]"], len(REFUSED))
        self.assertEqual([counter for counter in logging.counters(ZONE) if "action" in counter],
                         ["action[logged]"])
        lines = [[line.split(", sign-failure, ")[1] for line in
                  server.log_lines(" %s, sign-failure, " % mode)]
                 for server, mode in ((logging, "log"), (enforcing, "enforce"))]
        self.assertEqual(len(lines[0]), len(REFUSED), logging.log())
        self.assertEqual([line.replace("would answer SERVFAIL", "answered SERVFAIL")
                          for line in lines[0]], lines[1])
        for line in lines[0]:
            self.assertRegex(line, r", can't be signed: no private key with tag \d+ and algorithm 13, "
                             r"import it .* 'signing-key', would answer SERVFAIL$")
        for server in (logging, enforcing):
            self.assertEqual(signing_lines(server, ZONE), (1, 0, 1), server.log())

    def test_log_mode_with_keys(self):
        """With keys, mode log finds what enforcing changes."""
        text = {ZONE: zones.small(ZONE, LINES)}
        logging, enforcing = (self.serve(text, POLICY.with_(mode=mode), options={None: SIGN})
                              for mode in ("log", "enforce"))
        for server in (logging, enforcing):
            harness.wait_for(lambda: server.answer(ZONE, "DNSKEY").answer, what="signing")
            for name, rdtype in REFUSED + KEPT:
                server.ask(absolute(name), rdtype, do=True)
            self.assertEqual(signing_lines(server, ZONE), (1, 1, 0), server.log())
            self.assertNotIn("finding[sign-failure]", server.counters(ZONE))
        self.assertEqual(self.findings(logging), self.findings(enforcing))
        self.assertFalse(logging.log_lines("SERVFAIL"), logging.log())

    def test_do_in_an_unsigned_zone(self):
        server = self.serve({ZONE: zones.small(ZONE, LINES)}, POLICY)
        answer = server.answer("mail." + ZONE, "A", do=True)
        self.assertEqual(answer.rdata("mail." + ZONE, "A"), ["192.0.2.10"])
        self.assertEqual(signing_lines(server, ZONE), (1, 0, 0), server.log())

    def test_ede(self):
        signed = sign({ZONE: zones.small(ZONE, LINES)})
        server = self.serve(signed, POLICY.with_(ede=True))
        message = dns.message.from_wire(server.ask("mail." + ZONE, "A", do=True))
        self.assertEqual(message.rcode(), dns.rcode.SERVFAIL)
        self.assertEqual([int(option.otype) for option in message.options], [15])


class RandomSigned(harness.Case):
    """Random zones, signed once: every DO answer is refused, thinned, or left alone, as it must."""

    def test_random(self):
        count = max(5, int(os.environ.get("MXGUARD_ZONES", "200")) // 10)
        every = [zones.RandomZone("signed", number, "enforce") for number in range(count)]
        signed = sign({zone.name: zone.text for zone in every})
        guarded, plain = self.pair(signed, {zone.name: zone.policy for zone in every})
        tally = {"asked": 0, "refused": 0, "thinned": 0, "same": 0}
        for zone in every:
            policy = Resolved(zone.policy, zone.apex)
            oracles = [Oracle(zone.zone, policy, harness.looks_up(), missing)
                       for missing in (True, False)]
            questions = [(name, rdtype) for name in zone.names() for rdtype in TYPES]
            wires = client.with_ids([client.query(*question, do=True) for question in questions])
            bases = client.with_ids([client.query(*question) for question in questions])
            for question, got, do, base in zip(
                    questions, client.tcp_many(guarded.port, wires),
                    client.tcp_many(plain.port, wires), client.tcp_many(plain.port, bases)):
                tally["asked"] += 1
                with self.subTest(zone=zone.name, question="%s %s" % question):
                    tally[self.one(oracles, question, got, do, client.Answer.read(base))] += 1
        print("# " + ", ".join("%s %d" % item for item in tally.items()))

    def one(self, oracles, question, got, do, base):
        question = question[0], dns.rdatatype.from_text(question[1])
        want, proxied = (oracle.expect(*question, base) for oracle in oracles)
        if want is None or (want.key()[0:4] != base.key()[0:4] and proxied is None and
                            base.rcode == dns.rcode.NOERROR):
            self.assertEqual(got, do)
            return "same"
        if want.key()[0:4] != base.key()[0:4]:
            self.assertEqual(got[3] & 0xf, dns.rcode.SERVFAIL)
            self.assertEqual(dns.message.from_wire(got).answer, [])
            return "refused"
        changed = {key for key, rrset in base.additional.items()
                   if want.additional.get(key) != rrset}
        got, do = dns.message.from_wire(got), dns.message.from_wire(do)
        self.assertEqual((got.rcode(), got.answer, got.authority),
                         (do.rcode(), do.answer, do.authority))
        self.assertEqual(got.additional, [
            rrset for rrset in do.additional
            if (rrset.name, rrset.covers or rrset.rdtype) not in changed])
        return "thinned"


if __name__ == "__main__":
    unittest.main()
