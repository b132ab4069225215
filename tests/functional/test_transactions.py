# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions that stay open, commits of the configuration, and edits by the hundred.

Changed answers are signed as long as the zone itself is, knotd answers its control all the while,
and the module is neither lost nor loaded again by any of this.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_transactions.py
  MXGUARD_EDITS  number of edits, default 100
"""

import os
import random
import subprocess
import threading
import time
import unittest

import dns.rdatatype

import harness
import signing
from signing import (CHANGED, KEPT, MAIL4, POLICY, QUESTIONS, ZONE, absolute, policies, policy,
                     refused, rrset, sign_with)

OTHER = "other.test."
EDITS = int(os.environ.get("MXGUARD_EDITS", "100"))
TTL = 2
WITHIN = 30
# What Knot DNS accepts with that TTL, with some seconds to spare for a busy machine.
SHORT = {"rrsig_lifetime": "14s", "rrsig_refresh": "7s", "rrsig_pre_refresh": "1s",
         "dnskey_ttl": "1s", "zone_max_ttl": "%ds" % TTL, "propagation_delay": "1s"}
# Knot DNS 3.2 does not sign other zones either where one worker has them all.
SERVER = "    background-workers: 4\n"
PAUSE = 0.1


def soa_end(server, zone=ZONE):
    """When the signature of the zone's SOA ends."""
    message = signing.read(server.ask(zone, "SOA", do=True, tcp=True))
    return rrset(message, dns.rdatatype.RRSIG)[0].expiration


class TransactionCase(signing.SigningCase):

    def short(self, kind=harness.Knotd, **options):
        """A server that signs two zones with short lifetimes."""
        server = kind({zone: signing.zone_text(zone, TTL) for zone in (ZONE, OTHER)}, POLICY,
                      server=SERVER, extra=policies(policy("short", **SHORT)),
                      options={None: sign_with("short")}, **options)
        self.addCleanup(server.stop)
        server.start()
        for zone in (ZONE, OTHER):
            signing.wait_signed(server, zone)
        return server

    def as_valid(self, server, question):
        """What is wrong with an answer, and if it was refused.

        That is right only once the zone's own signatures have ended.
        """
        end, before = soa_end(server), time.time()
        wire = server.ask(absolute(question[0]), question[1], do=True)
        if refused(wire):
            return ([] if time.time() >= end else ["%s %s: SERVFAIL %d s before the end" % (
                *question[:2], end - time.time())]), True
        if before >= end:
            return [], False
        bad = signing.disagrees(question, wire)
        faults = signing.Checker(signing.dnskeys(server, ZONE)).wrong(wire, before)
        return ([bad] if bad else []) + faults, False


class Open(TransactionCase):

    def test_left_open(self):
        """A transaction is open until the signatures that there were at its begin have ended."""
        server = self.short()
        self.right(server)
        server.knotc("zone-begin", ZONE)
        server.knotc("zone-set", ZONE, "new", "60", "TXT", "new")
        end = soa_end(server)
        pause, asked, ended = threading.Event(), 0, 0
        while time.time() < end + TTL:
            for question in random.sample(CHANGED, 3):
                faults, late = self.as_valid(server, question)
                self.assertEqual(faults, [], server.log())
                self.assertEqual(self.faults(server, question, OTHER), [], server.log())
                asked, ended = asked + 2, ended + late
            self.assertEqual(server.knotc("status").returncode, 0)
            pause.wait(PAUSE)
        print("# %d asked, %d SERVFAIL after the end of the zone's own signatures" % (
            asked, ended))
        server.knotc("zone-get", ZONE, "new")
        server.knotc("zone-commit", ZONE)
        self.becomes_right(server, CHANGED[0], WITHIN)
        # The server signs the rest of the zone again some moments after the commit.
        harness.wait_for(lambda: not any(self.faults(server, question, ZONE, False)
                                         for question in QUESTIONS), WITHIN, "signatures that last")
        self.right(server)
        self.right(server, zone=OTHER)
        self.resolves(server)
        # Once the zone's own signatures had ended, that was said.
        self.assertEqual(signing.signing_lines(server, ZONE), (1, 1, int(ended > 0)),
                         server.log())
        self.assertEqual(len(server.log_lines("[%s]" % ZONE, "changed answers can't be signed",
                                              "have expired")), int(ended > 0))
        self.loaded_once(server, OTHER)

        server.knotc("zone-begin", ZONE)
        server.stop() # Within STOP_WAIT.

    def test_aborted(self):
        """What is in a transaction is not shown before its commit, and never after its end."""
        server = self.short()
        self.right(server)
        server.knotc("zone-begin", ZONE)
        server.knotc("zone-set", ZONE, "smtp", "60", "A", "192.0.2.78")
        server.knotc("zone-unset", ZONE, "imap")
        self.right(server)
        server.knotc("zone-abort", ZONE)
        self.right(server)
        self.loaded_once(server)


class Database(harness.Knotd):
    """A knotd with a configuration database."""

    def command(self):
        database = self.path("confdb")
        if not os.path.exists(database):
            subprocess.run([harness.program("knotc"), "-C", database, "conf-import", self.conf],
                           check=True, capture_output=True, timeout=harness.START_WAIT)
        return [harness.program("knotd"), "-C", database]


# Knot DNS before 3.2.10 unloads shared modules at a commit, whichever they are, and crashes at the
# next event of a zone.
@unittest.skipIf(harness.version() < (3, 4), "this Knot DNS can't bear commits with shared modules")
@unittest.skipIf(os.environ.get("KNOTD_PRELOAD"), "a knotc that imports loads the module, too")
class Commits(TransactionCase):
    """The configuration is changed by transactions of its own.

    Knot DNS 3.4 and later have only one at a time, of the configuration or of a zone.
    """

    def commit(self, server, *settings):
        server.knotc("conf-begin")
        for item in settings:
            server.knotc("conf-set", *item)
        server.knotc("conf-commit")

    def test_commits(self):
        server = self.short(Database)
        self.right(server)
        for number, settings in enumerate((
                (("zone[%s].comment" % ZONE, "one"),), (("policy[short].comment", "two"),),
                (("server.identity", "three"),), (("mod-mxguard[guard].ttl", "250"),),
                (("zone[third.test.]",), ("zone[third.test.].file", server.zone_file(OTHER))))):
            with self.subTest(settings=settings):
                self.commit(server, *settings)
                self.right(server)
                # What happens next to a zone.
                server.knotc("zone-begin", ZONE)
                server.knotc("zone-set", ZONE, "n%d" % number, "60", "A", "192.0.2.1")
                server.knotc("zone-commit", ZONE)
                server.knotc("zone-sign", ZONE)
                self.right(server)
        # Signed twice again.
        for _ in range(2):
            before = soa_end(server)
            harness.wait_for(lambda: soa_end(server) > before, what="a new signature")
            self.right(server)
        self.resolves(server)
        # Again with the new 'ttl' only.
        self.loaded(server, loads=2, found=2)


class Edits(TransactionCase):

    def signatures(self, server):
        """The RRSIGs of what is changed and not edited."""
        found = {}
        for question in CHANGED:
            message = signing.read(server.ask(absolute(question[0]), question[1], do=True))
            for section in (message.answer, message.authority):
                for sigs in section:
                    if sigs.rdtype == dns.rdatatype.RRSIG and sigs.covers not in (
                            dns.rdatatype.SOA, dns.rdatatype.NSEC):
                        found[sigs.name, sigs.covers] = {sig.to_text() for sig in sigs}
        return found

    def test_edits(self):
        """Each is a transaction of its own. Signatures of what stays as it is are kept."""
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: sign_with("p")},
                            extra=policies(policy("p")))
        signing.wait_signed(server, ZONE)
        self.right(server)
        before, wrong, asked = self.signatures(server), [], 0
        self.assertGreater(len(before), 5)
        some = random.Random("edits")
        checker = signing.Checker(signing.dnskeys(server, ZONE))
        for number in range(EDITS):
            server.knotc("zone-begin", ZONE)
            server.knotc("zone-set", ZONE, "e%d" % (number % 7), "60", "A", "192.0.2.%d" % number)
            if number % 7 == 6:
                server.knotc("zone-unset", ZONE, "e%d" % some.randrange(6))
            server.knotc("zone-commit", ZONE)
            for question in some.sample(CHANGED + KEPT, 5):
                wire = server.ask(absolute(question[0]), question[1], do=True)
                bad = signing.disagrees(question, wire)
                wrong += ([bad] if bad else []) + checker.wrong(wire)
                asked += 1
        print("# %d asked in %d edits, %d wrong" % (asked, EDITS, len(wrong)))
        self.assertEqual(wrong[:5], [], server.log())
        self.assertEqual(self.signatures(server), before)
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)

    def test_one_large_edit(self):
        server = self.serve({ZONE: signing.zone_text()}, POLICY, options={None: sign_with("p")},
                            extra=policies(policy("p")))
        signing.wait_signed(server, ZONE)
        self.right(server)
        before = self.signatures(server)
        server.knotc("zone-begin", ZONE)
        for number in range(EDITS):
            server.knotc("zone-set", ZONE, "e%d" % number, "60", "A", "192.0.2.%d" % number)
        server.knotc("zone-commit", ZONE)
        self.assertEqual(self.signatures(server), before)
        self.right(server)
        self.loaded_once(server)

    def test_edited_itself(self):
        """What is changed is another RRset after each edit, and signed."""
        server = self.short()
        for number in range(20):
            server.knotc("zone-begin", ZONE)
            server.knotc("zone-set", ZONE, "smtp", "60", "A", "192.0.2.%d" % (100 + number))
            if number:
                server.knotc("zone-unset", ZONE, "smtp", "60", "A", "192.0.2.%d" % (99 + number))
            server.knotc("zone-commit", ZONE)
            question = ("smtp", "A", 0, ("192.0.2.10", "192.0.2.%d" % (100 + number)))
            self.assertEqual(self.faults(server, question), [])
            self.assertEqual(self.faults(server, ("imap", "A", 0, (MAIL4,))), [])
        self.right(server, [question for question in QUESTIONS
                            if question[:2] != ("smtp", "A")])
        self.loaded_once(server)


if __name__ == "__main__":
    unittest.main()
