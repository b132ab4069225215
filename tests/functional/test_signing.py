# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that this server signs: the first start, zones that come later, secondaries, online
signing, and what is counted and logged.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_signing.py
"""

import os
import re
import shutil
import tempfile
import unittest

import dns.flags
import dns.rdatatype
import dns.rrset

import harness
import signing
import zones
from signing import CHANGED, MAIL4, POLICY, QUESTIONS, SIGN, ZONE, absolute

SIGNED_WITHIN = 20
OTHER = "other.test."
EXCHANGE = CHANGED[0]


class Look(harness.Case):
    """The look at signatures finds what is wrong with them."""

    def setUp(self):
        self.server = self.serve({ZONE: signing.zone_text()}, options={None: SIGN})
        self.keys = signing.wait_signed(self.server, ZONE)
        self.wire = self.server.ask("good." + ZONE, "A", do=True)

    def wrong(self, change=lambda message: None, keys=None, now=None):
        message = signing.read(self.wire)
        change(message)
        return signing.Checker(self.keys if keys is None else keys).wrong(message, now)

    def rdata(self, message, rdtype):
        return next(found for found in message.answer if found.rdtype == rdtype)

    def test_faults(self):
        self.assertEqual(self.wrong(), [])
        self.assertTrue(self.wrong(keys=()))
        self.assertTrue(self.wrong(now=signing.ends(self.wire)))
        for rdtype in (dns.rdatatype.A, dns.rdatatype.RRSIG):
            self.assertTrue(self.wrong(lambda message, gone=rdtype: message.answer.remove(
                self.rdata(message, gone))))

        def longer(message):
            self.rdata(message, dns.rdatatype.A).ttl += 1
        self.assertTrue(self.wrong(longer))

    @unittest.skipUnless(signing.CRYPTO, "dnspython can't validate without python3-cryptography")
    def test_forged(self):
        def forge(message):
            found = self.rdata(message, dns.rdatatype.A)
            message.answer[message.answer.index(found)] = dns.rrset.from_text(
                found.name, found.ttl, "IN", "A", "192.0.2.12")
        self.assertTrue(self.wrong(forge))


class FirstStart(signing.SigningCase):
    """A zone that has never had a key: already its first answer is right."""

    def test_asked_late(self):
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: SIGN})
        signing.wait_signed(server, ZONE)
        self.assertEqual(self.faults(server, EXCHANGE), [])
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)

    def test_asked_at_once(self):
        server = harness.Knotd({ZONE: signing.zone_text()}, POLICY, options={None: SIGN})
        self.addCleanup(server.stop)
        server.start(wait=False)
        # SERVFAIL as long as there is no zone.
        self.becomes_right(server, EXCHANGE, SIGNED_WITHIN)
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)

    def test_comes_later(self):
        """A zone added to a running server."""
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: SIGN})
        signing.wait_signed(server, ZONE)
        self.right(server)
        server.zones[OTHER] = signing.zone_text(OTHER)
        server.write_zone(OTHER)
        server.write_conf()
        server.knotc("reload")
        signing.wait_signed(server, OTHER)
        self.assertEqual(self.faults(server, EXCHANGE, OTHER), [])
        self.right(server, zone=OTHER)
        self.right(server)
        self.resolves(server, zone=OTHER)
        self.loaded_once(server, OTHER)
        self.loaded(server, loads=2, found=2)

    def test_signed_later(self):
        """Nothing is said of an unsigned zone; once it has a DNSKEY, nothing is unsigned."""
        server = self.serve({ZONE: signing.zone_text()}, POLICY)
        self.assertEqual(server.answer("mail." + ZONE, "A", do=True).rdata("mail." + ZONE, "A"),
                         [MAIL4])
        for question in QUESTIONS:
            server.ask(absolute(question[0]), question[1], do=True)
        self.loaded_once(server, found=0)
        self.assertFalse(server.log_lines("mod-mxguard", "sign"), server.log())
        self.assertFalse(server.log_lines("mod-mxguard", "key"), server.log())
        server.options = {None: SIGN}
        server.write_conf()
        server.knotc("reload")
        signing.wait_signed(server, ZONE)
        self.assertEqual(self.faults(server, EXCHANGE), [])
        self.right(server)
        self.resolves(server)
        self.loaded(server, loads=2)

    def test_guarded_later(self):
        """The module comes to a signed zone by a reload, goes, and comes again."""
        server = self.serve({ZONE: signing.zone_text()}, options={None: SIGN})
        signing.wait_signed(server, ZONE)
        for times in (1, 2):
            server.write_conf(POLICY)
            server.knotc("reload")
            harness.wait_for(lambda: signing.loads(server) == times, what=server.log())
            self.becomes_right(server, ("www", "A", 0, ("104.16.1.1",)), SIGNED_WITHIN)
            harness.wait_for(lambda: MAIL4 in server.answer("mail." + ZONE, "A").rdata(
                "mail." + ZONE, "A"), what="the module\n" + server.log())
            self.right(server)
            self.resolves(server)
            self.loaded(server, loads=times, found=times)
            server.guard = None
            server.write_conf()
            server.knotc("reload")
            harness.wait_for(lambda: not server.answer("mail." + ZONE, "A").rdata(
                "mail." + ZONE, "A"), what="the module to go\n" + server.log())

    def test_no_longer_signed(self):
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: SIGN})
        signing.wait_signed(server, ZONE)
        self.assertEqual(self.faults(server, EXCHANGE), [])
        server.options = {}
        server.write_zone(ZONE, server.zones[ZONE].replace(" 1 10800", " 99999 10800"))
        server.write_conf()
        server.knotc("reload")
        server.knotc("-f", "-b", "zone-reload", ZONE)
        harness.wait_for(lambda: not signing.dnskeys(server, ZONE), what="DNSKEYs to go")
        answer = server.answer("mail." + ZONE, "A", do=True)
        self.assertEqual(answer.rdata("mail." + ZONE, "A"), [MAIL4])
        self.assertNotIn(dns.rdatatype.RRSIG, [rdtype for _, rdtype in answer.answer])


class Changes(signing.SigningCase):
    """A zone that changes while it is served: what was made from the old one is never shown."""

    def edit(self, server, *commands):
        server.knotc("zone-begin", ZONE)
        for command in commands:
            server.knotc("zone-" + command[0], ZONE, *command[1:])
        server.knotc("zone-commit", ZONE)

    def now(self, server, *changed):
        """All is right at once, and for a resolver that knows nothing yet."""
        changed = {question[:2]: question for question in changed}
        questions = [changed.get(question[:2], question) for question in QUESTIONS]
        self.right(server, questions)
        self.resolves(server, questions)

    def test_changes(self):
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: SIGN})
        signing.wait_signed(server, ZONE)
        self.right(server)
        self.edit(server, ("set", "smtp", "60", "A", "192.0.2.78"))
        self.now(server, ("smtp", "A", 0, ("192.0.2.10", "192.0.2.78")))
        self.edit(server, ("unset", "smtp", "A", "192.0.2.10"),
                  ("unset", "smtp", "A", "192.0.2.78"))
        self.now(server, ("smtp", "A", 0, (MAIL4,)))

        # The exchange comes into the zone, with one family, and with neither; then it goes again.
        # Without look-ups nothing is added to a name that exists.
        own = (("smtp", "A", 0, (MAIL4,)), ("mail", "A", 0, ("192.0.2.80",)),
               ("mail", "AAAA", 0, ()))
        lacks = () if harness.looks_up() else (("mail", "A", 0, ()), ("mail", "AAAA", 0, ()))
        self.edit(server, ("set", "mail", "60", "A", "192.0.2.80"))
        self.now(server, *own)
        self.edit(server, ("unset", "mail", "A"), ("set", "mail", "60", "TXT", "here"))
        text = ("mail", "TXT", 0, ('"here"',))
        self.now(server, own[0], text, *lacks)
        self.edit(server, ("unset", "mail"), ("set", "x.mail", "60", "TXT", "below"))
        self.now(server, own[0], *lacks)
        self.edit(server, ("unset", "x.mail"))
        self.now(server, own[0])
        self.loaded_once(server)

    def test_nsec3(self):
        """The same zone begins to use NSEC3, and ends it."""
        server = self.serve({ZONE: signing.zone_text()}, POLICY,
                            options={None: signing.sign_with("s")},
                            extra=signing.policies(signing.policy("s")))
        signing.wait_signed(server, ZONE)
        for items in ({"nsec3": "on", "nsec3_iterations": "0"}, {"nsec3": "off"}):
            server.extra = signing.policies(signing.policy("s", **items))
            server.write_conf()
            server.knotc("reload")
            want = dns.rdatatype.NSEC3 if items["nsec3"] == "on" else dns.rdatatype.NSEC
            harness.wait_for(lambda: signing.rrset(server.ask("zz." + ZONE, "A", do=True), want,
                                                   "authority"), what=server.log())
            for question in QUESTIONS:
                self.becomes_right(server, question, SIGNED_WITHIN)
            self.right(server)
            self.resolves(server)


class Size(signing.SigningCase):
    """Signatures that are too large for the response: truncated, and all there over TCP."""

    def test_size(self):
        server = self.serve({ZONE: signing.zone_text()}, POLICY,
                            options={None: signing.sign_with("large")},
                            extra=signing.policies(signing.policy(
                                "large", algorithm="rsasha256", ksk_size="2048", zsk_size="4096")))
        signing.wait_signed(server, ZONE)
        self.right(server)
        cut = {}
        for size in (512, 1232, 4096):
            cut[size] = [self.truncated(server, question, size) for question in QUESTIONS]
        self.assertTrue(any(cut[512]))
        self.assertTrue(any(cut[1232]) and not all(cut[1232]))
        self.assertFalse(any(cut[4096]))
        self.right(server)

        # What comes along is signed, too.
        message = signing.read(server.ask("both." + ZONE, "MX", do=True, tcp=True))
        signed = [(str(found.name), found.rdtype) for found, sigs in
                  signing.signed_sections(message) if sigs is not None]
        for host, rdtype in (("imap.", dns.rdatatype.A), ("imap.", dns.rdatatype.AAAA),
                             ("smtp.", dns.rdatatype.A)):
            self.assertIn((host + ZONE, rdtype), signed, message)
        self.resolves(server)

    def truncated(self, server, question, size):
        """True if an answer over UDP is truncated; if not, it is the one over TCP."""
        name = absolute(question[0])
        short = signing.read(server.ask(name, question[1], do=True, size=size))
        full = signing.read(server.ask(name, question[1], do=True, tcp=True))
        with self.subTest(question=question[:2], size=size):
            self.assertLessEqual(len(short.to_wire()), size)
            for section in (short.answer, short.authority, short.additional):
                for found in section:
                    if str(found.name) != "www." + ZONE:
                        self.assertFalse([rdata.to_text() for rdata in found if
                                          rdata.to_text().startswith(("104.16.", "2606:4700:"))])
            if not short.flags & dns.flags.TC:
                self.assertEqual((short.answer, short.authority), (full.answer, full.authority))
                self.assertEqual(signing.check(server, ZONE, short), [])
        return bool(short.flags & dns.flags.TC)


class Secondary(signing.SigningCase):
    """An unsigned zone that a guarded secondary signs."""

    def test_secondary(self):
        primary = self.serve(
            {ZONE: signing.zone_text()}, options={None: "    acl: all\n"},
            extra="acl:\n  - id: all\n    address: 127.0.0.1\n    action: transfer\n")
        server = harness.Knotd(
            {ZONE: ""}, POLICY,
            options={None: "    master: primary\n    zonefile-load: none\n" +
                           SIGN.replace("changes", "all")},
            extra="remote:\n  - id: primary\n    address: 127.0.0.1@%d\n" % primary.port)
        self.addCleanup(server.stop)
        os.unlink(server.zone_file(ZONE))
        server.start()
        signing.wait_signed(server, ZONE)
        self.right(server)
        self.resolves(server)

        # The primary gets another zone: what was made from the old one is gone.
        primary.write_zone(ZONE, primary.zones[ZONE].replace(" 1 10800", " 2 10800").replace(
            "192.0.2.10", "192.0.2.77"))
        primary.knotc("-b", "zone-reload", ZONE)
        server.knotc("-b", "zone-refresh", ZONE)
        changed = ("smtp", "A", 0, ("192.0.2.77",))
        harness.wait_for(lambda: server.answer("smtp." + ZONE, "A").rdata("smtp." + ZONE, "A") ==
                         list(changed[3]), what="the transfer\n" + server.log())
        questions = [changed if question[:2] == changed[:2] else question
                     for question in QUESTIONS]
        self.right(server, questions)
        self.resolves(server, questions)
        self.loaded_once(server)


class Reversed(harness.Knotd):
    """The module is the first of the zone's modules, not the last."""

    def config(self):
        return re.sub(r"(?m)^    module: \[ (.*), (mod-mxguard/\S+) \]$", r"    module: [ \2, \1 ]",
                      super().config())


class Online(signing.SigningCase):
    """mod-onlinesign signs each answer by itself; the module signs what it changes."""

    # What has no name there is a name without data there; so where nothing can be looked up, the
    # exchange seems to exist, and is given no family beside one that it may have.
    questions = [(name, rdtype, 0, texts if name != "mail" or harness.looks_up() else ())
                 for name, rdtype, _, texts in QUESTIONS]

    def online(self, kind, own_policy=None, other_store=None, guard=POLICY):
        """A started server.

        own_policy   mod-onlinesign's, by items; None: the default one
        other_store  config of a key store that this policy has
        """
        stores = "" if other_store is None else \
            "\nkeystore:\n  - id: other\n    config: %s\n" % other_store
        if other_store is not None:
            own_policy = {"keystore": "other", **(own_policy or {})}
        server = kind({ZONE: signing.zone_text()}, guard, server=stores + (
            "" if own_policy is None else signing.policies(signing.policy("online", **own_policy))),
                      modules={None: ["mod-onlinesign/x"]},
                      extra="\nmod-onlinesign:\n  - id: x\n%s" % (
                          "" if own_policy is None else "    policy: online\n"))
        self.addCleanup(server.stop)
        server.start()
        self.assertIn("mod-onlinesign/x", server.config())
        signing.wait_signed(server, ZONE)
        return server

    def signs(self, server):
        """All is right from the first answer on."""
        self.right(server, self.questions)
        self.resolves(server, self.questions)
        self.resolves(server, self.questions, aggressive=False)
        self.loaded_once(server)

    def test_before(self):
        self.signs(self.online(harness.Knotd))

    def test_after(self):
        self.signs(self.online(Reversed))

    def test_own_policy(self):
        """One key, and two: they are in the default key store."""
        for kind in (harness.Knotd, Reversed):
            for single in ("on", "off"):
                self.signs(self.online(kind, {"single_type_signing": single}))

    def test_own_key_store(self):
        """A key store that the module can't know of: by signing-key, relative and absolute."""
        server = self.online(harness.Knotd, other_store="online-keys")
        self.assertTrue(signing.refused(server.ask("imap." + ZONE, "A", do=True)))
        self.loaded_once(server, found=0, missing=1)
        for kind in (harness.Knotd, Reversed):
            self.signs(self.online(kind, other_store="online-keys",
                                   guard=POLICY.with_(signing_key=("online-keys",))))
        folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
        self.addCleanup(shutil.rmtree, folder)
        self.signs(self.online(Reversed, other_store=folder,
                               guard=POLICY.with_(signing_key=(folder,))))


class Reports(signing.SigningCase):
    """What is said and counted is the same as in an unsigned zone."""

    def lines(self, server):
        return sorted(line.split(" enforce, ", 1)[1] for line in server.log_lines(" enforce, ")
                      if " mode enforce, " not in line)

    def test_reports(self):
        text = signing.zone_text()
        signed = self.serve({ZONE: text}, POLICY, options={None: SIGN})
        unsigned = self.serve({ZONE: text}, POLICY)
        signing.wait_signed(signed, ZONE)
        for question in QUESTIONS:
            for server in (signed, unsigned):
                server.ask(absolute(question[0]), question[1], do=True)
        want = unsigned.counters(ZONE)
        self.assertEqual(signed.counters(ZONE), want)
        for counter in ("finding[proxied-host]", "finding[proxied-alias]", "action[steered]",
                        "finding[proxied-target]", "finding[missing-target]", "action[stripped]",
                        "action[replaced]", "action[emptied]", "action[synthesized]"):
            self.assertIn(counter, want)
        self.assertEqual(self.lines(signed), self.lines(unsigned))
        self.assertFalse(signed.log_lines("sign-failure"), signed.log())
        self.loaded_once(signed)

    def test_marked(self):
        """A changed answer has EDE 4 and validates, another has none."""
        server = self.serve({ZONE: zones.small(ZONE, signing.LINES)}, POLICY.with_(ede=True),
                            options={None: SIGN})
        signing.wait_signed(server, ZONE)
        for questions, codes in ((CHANGED, [4]), (signing.KEPT, [])):
            for question in questions:
                with self.subTest(question=question[:2]):
                    message = signing.read(server.ask(absolute(question[0]), question[1], do=True))
                    self.assertEqual([option.code for option in message.options
                                      if int(option.otype) == 15], codes)
                    self.assertEqual(self.faults(server, question), [])
                    self.assertTrue(message.flags & dns.flags.AA)
        self.loaded_once(server)


if __name__ == "__main__":
    unittest.main()
