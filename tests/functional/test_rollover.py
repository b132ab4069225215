# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that roll all the time under validating resolvers: no answer is ever wrong or bogus.

One knotd has a parent zone and two guarded zones below it, which it signs with lifetimes of
seconds. ZSKs roll by themselves; KSKs and algorithms are rolled one after another, with the
parent following the CDS. All the while two Unbounds and a Knot Resolver, which trust the parent's
key only, are asked for all that the module changes and for the denials around it. One Unbound takes
any algorithm and keeps answers for as long as they live; the other one wants all algorithms of the
DS and forgets within a second.

The timing is sound: without the module, nothing is bogus either. The module is loaded at the start,
and again where the test has the configuration reloaded for another algorithm; never otherwise.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_rollover.py
  MXGUARD_ROLLOVER  seconds that it takes, default 60; it takes longer if not all keys have rolled
"""

import os
import random
import threading
import time
import unittest

import harness
import signing
import zones
from signing import MAIL4, POLICY, QUESTIONS, policy, sign_with
from validator import Kresd, Unbound, wait_anchors

SECONDS = float(os.environ.get("MXGUARD_ROLLOVER", "60"))
MORE = 90
PARENT = "up.test."
SPLIT, SINGLE = "zone.up.test.", "csk.up.test."
TTL = 2
DS_TTL = 2
ALGORITHMS = ("ecdsap256sha256", "ecdsap384sha384", "ed25519")
KSK = 257
# A ZSK lives for longer than twice the delay and both TTLs; a signature is renewed earlier than the
# delay and the zone's TTL before its end, with some seconds to spare for a busy machine.
SHORT = {"rrsig_lifetime": "14s", "rrsig_refresh": "7s", "rrsig_pre_refresh": "1s",
         "dnskey_ttl": "1s", "zone_max_ttl": "%ds" % TTL, "propagation_delay": "1s",
         "zsk_lifetime": "8s", "cds_cdnskey_publish": "always"}
STRICT = "    harden-algo-downgrade: yes\n    cache-max-ttl: 1\n    cache-max-negative-ttl: 1\n"
LASTING = "    harden-algo-downgrade: no\n    cache-max-ttl: 3\n    cache-max-negative-ttl: 3\n"
FORGETS = "cache.min_ttl(0)\ncache.max_ttl(3)\n"
# Knot DNS 3.2 signs late where one worker has all zones.
SERVER = "    background-workers: 4\n"
PAUSE = 0.05


def section(algorithms):
    return signing.policies(
        policy("parent", rrsig_lifetime="1h", rrsig_refresh="10m", rrsig_pre_refresh="1m",
               propagation_delay="1s", zone_max_ttl="10s", cds_cdnskey_publish="none"),
        policy(SPLIT, algorithm=algorithms[SPLIT], **SHORT),
        policy(SINGLE, algorithm=algorithms[SINGLE], single_type_signing="on", nsec3="on",
               nsec3_iterations="0", nsec3_salt_length="8", **SHORT))


class Roller:
    """Rolls the keys of one zone, and is its parent."""

    def __init__(self, server, zone, algorithms):
        self.server, self.zone, self.algorithms = server, zone, algorithms
        self.label = zone.split(".", 1)[0]
        self.count = 1 if zone == SINGLE else 2
        self.ds, self.submit_at, self.roll_at = None, None, 0
        self.keys, self.seen = set(), []
        self.reloads = 0
        self.rolled = {"zsk": 0, "ksk": 0, "algorithm": 0}
        self.old, self.what = None, "algorithm"

    def step(self):
        keys = signing.describe(signing.dnskeys(self.server, self.zone))
        if keys != self.keys:
            self.note(keys)
        self.follow()
        settled = len(keys) == self.count and self.submit_at is None
        if settled and self.old is not None and self.done(keys):
            self.rolled[self.what] += 1
            self.old = None
            self.roll_at = time.monotonic() + 1
        if settled and self.rolled_once and time.monotonic() > self.roll_at:
            self.roll(keys)

    @property
    def rolled_once(self):
        """True once the first KSK is in use."""
        return self.ds is not None

    def note(self, keys):
        gone = self.keys - keys
        self.rolled["zsk"] += len([key for key in gone if key[1] != KSK and
                                   any(key[1:] == other[1:] for other in keys)])
        self.seen.append("%s %s: %s" % (time.strftime("%H:%M:%S"), self.zone, sorted(keys)))
        self.keys = keys

    def done(self, keys):
        if self.what == "ksk":
            return not any(key[1] == KSK for key in self.old & keys)
        return not {key[2] for key in self.old} & {key[2] for key in keys}

    def roll(self, keys):
        """Begins what is next, or once more what came at a bad time."""
        if self.old is None:
            self.old = keys
            self.what = {"ksk": "algorithm", "algorithm": "ksk"}[self.what]
            if self.what == "algorithm":
                now = ALGORITHMS.index(self.algorithms[self.zone])
                self.algorithms[self.zone] = ALGORITHMS[(now + 1) % len(ALGORITHMS)]
                self.server.extra = section(self.algorithms)
                self.server.write_conf()
                self.server.knotc("reload")
                self.reloads += 1
        if self.what == "ksk":
            self.server.knotc("zone-key-rollover", self.zone, "ksk", check=False)
        self.roll_at = time.monotonic() + 3

    def follow(self):
        """The parent: the CDS becomes the DS; when nobody has the old one any more, so be it."""
        found = signing.rrset(self.server.ask(self.zone, "CDS"), signing.CDS)
        cds = sorted(rdata.to_text() for rdata in found or ())
        if cds and cds != self.ds:
            self.server.knotc("zone-begin", PARENT)
            self.server.knotc("zone-unset", PARENT, self.label, "DS", check=False)
            for text in cds:
                self.server.knotc("zone-set", PARENT, self.label, str(DS_TTL), "DS",
                                  *text.split(" ", 3))
            self.server.knotc("zone-commit", PARENT)
            self.ds, self.submit_at = cds, time.monotonic() + DS_TTL + 1
        if self.submit_at is not None and time.monotonic() > self.submit_at:
            if self.server.knotc("zone-ksk-submitted", self.zone, check=False).returncode == 0:
                self.submit_at = None

    def finished(self):
        wanted = ("ksk", "algorithm") if self.zone == SINGLE else self.rolled
        return all(self.rolled[what] for what in wanted)


@unittest.skipUnless(Unbound.available(), "Unbound is not installed")
class Rollover(harness.Case):

    guard = POLICY.with_(ttl=TTL)

    def start(self):
        algorithms = {SPLIT: ALGORITHMS[0], SINGLE: ALGORITHMS[1]}
        parent = zones.small(PARENT, "".join(
            "%s NS ns.%s\nns.%s A 127.0.0.1\n" % ((zone.split(".")[0],) * 3)
            for zone in (SPLIT, SINGLE))).replace("$TTL 3600", "$TTL 10").replace(" 900", " 5")
        server = self.serve(
            {PARENT: parent, SPLIT: signing.zone_text(SPLIT, TTL),
             SINGLE: signing.zone_text(SINGLE, TTL)},
            {SPLIT: self.guard, SINGLE: self.guard} if self.guard else None,
            server=SERVER, extra=section(algorithms), options={
                PARENT: sign_with("parent"), SPLIT: sign_with(SPLIT), SINGLE: sign_with(SINGLE)})
        rollers = [Roller(server, zone, algorithms) for zone in (SPLIT, SINGLE)]
        for roller in rollers:
            harness.wait_for(lambda: roller.follow() or roller.ds, what="CDS\n" + server.log())
        keys = {PARENT: wait_anchors(server, PARENT)}
        ports = dict.fromkeys((PARENT, SPLIT, SINGLE), server.port)
        resolvers = [Unbound(ports, keys, options=options + "    log-servfail: yes\n")
                     for options in (STRICT, LASTING)]
        if Kresd.available():
            resolvers.append(Kresd(ports, keys, options=FORGETS))
        for resolver in resolvers:
            self.addCleanup(resolver.stop)
            resolver.start()
        return server, rollers, resolvers

    def questions(self):
        """All that there is, in random order, with names that were never asked for before."""
        def beside(pattern):
            return pattern % random.randrange(100000)
        questions = list(QUESTIONS)
        questions += [(beside(pattern), rdtype, 3, ()) for pattern, rdtype in (
            ("m%d", "A"), ("mai%d", "AAAA"), ("mail%d", "TXT"), ("lonely%d", "A"),
            ("b%d.mail", "A"), ("z%d", "A"))]
        questions.append((beside("w%d.wild"), "A", 0, (MAIL4,)))
        random.shuffle(questions)
        return questions

    def wrong(self, resolver, question, zone):
        return signing.resolved_wrongly(resolver, question, zone)

    def test_rollover(self):
        server, rollers, resolvers = self.start()
        wrong, asked = {}, 0
        pause = threading.Event()
        begin = time.monotonic()
        while time.monotonic() < begin + SECONDS or not (
                all(roller.finished() for roller in rollers) or
                time.monotonic() > begin + SECONDS + MORE):
            for roller in rollers:
                roller.step()
                for resolver in resolvers:
                    for question in self.questions():
                        asked += 1
                        fault = self.wrong(resolver, question, roller.zone)
                        if fault:
                            times = wrong.setdefault("%s: %s" % (roller.zone, fault), [])
                            times.append(time.strftime("%H:%M:%S"))
            pause.wait(PAUSE)
        bogus = [line for resolver in resolvers for line in resolver.bogus()]
        rolled = {roller.zone: roller.rolled for roller in rollers}
        reloads = sum(roller.reloads for roller in rollers)
        print("# %d asked of %d resolvers, %d wrong, %d bogus, rolled %s, %d reloads" % (
            asked, len(resolvers), sum(map(len, wrong.values())), len(bogus), rolled, reloads))
        if wrong or bogus:
            lines = [line for roller in rollers for line in roller.seen] + bogus[:50] + \
                ["%d times from %s on: %s" % (len(times), times[0], fault)
                 for fault, times in wrong.items()]
            print("\n".join("# " + line for line in lines))
        self.assertEqual(list(wrong)[:10], [], server.log())
        self.assertEqual(bogus[:10], [], server.log())
        for roller in rollers:
            self.assertTrue(roller.finished(), "%s\n%s" % (rolled, "\n".join(roller.seen)))
            loads, found, missing = signing.signing_lines(server, roller.zone)
            self.assertEqual((loads, missing), (1 + reloads, 0), server.log())
            self.assertTrue(0 < found <= loads, server.log()) # Not asked after each reload.
        self.assertGreater(asked, 1000)


if __name__ == "__main__":
    unittest.main()
