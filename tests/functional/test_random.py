# SPDX-License-Identifier: GPL-3.0-or-later
"""Random zones: what a guarded knotd answers against an unguarded one and the oracle.

In log mode every answer is that of the unguarded server, octet by octet. In enforce mode it is so
wherever the oracle finds nothing to repair, and means what the oracle says elsewhere.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_random.py
  MXGUARD_ZONES  number of zones, default 200
  MXGUARD_SEED   another seed
  MXGUARD_FIRST  number of the first zone, to look at a single one
"""

import collections
import os
import unittest

import dns.name
import dns.rdatatype

import client
import harness
from follow import follow_zone
from oracle import Oracle
from stanza import Resolved
from zones import RandomZone

SEED = os.environ.get("MXGUARD_SEED", "mxguard-1")
ZONES = int(os.environ.get("MXGUARD_ZONES", "200"))
FIRST = int(os.environ.get("MXGUARD_FIRST", "0"))
AT_A_TIME = 25
SHOWN = 8


class Tally:
    """What was compared and what differed, with a few of the differences in full."""

    def __init__(self):
        self.count = collections.Counter()
        self.shown = []

    def differ(self, why, zone, question, expected, got, base):
        self.count["different"] += 1
        if len(self.shown) < SHOWN:
            self.shown.append("%s: %s %s\n-- policy\n%s-- unguarded\n%s\n-- expected\n%s\n"
                              "-- got\n%s\n-- zone\n%s" %
                              (why, question[0], question[1], zone.policy.stanza(), base,
                               expected, got, zone.text))

    def check(self, case):
        print("# %s" % ", ".join("%s %d" % item for item in sorted(self.count.items())))
        case.assertEqual(self.count["compared"], self.count["asked"])
        if self.count["different"]:
            case.fail("%d of %d answers differ\n%s" % (
                self.count["different"], self.count["asked"], "\n\n".join(self.shown)))


def compare(zone, oracle, question, plain, guarded, tally):
    """Compares one answer in enforce mode."""
    qname, rdtype = question
    tally.count["compared"] += 1
    base = client.Answer.read(plain)
    if base.flags & dns.flags.TC:
        raise AssertionError("the test's own size is too small for %s %s" % question)
    want = oracle.expect(qname, dns.rdatatype.from_text(rdtype), base)
    if want is None:
        tally.count["untouched"] += 1
        if plain != guarded:
            tally.differ("octets differ", zone, question, base, client.Answer.read(guarded), base)
        return
    tally.count["repaired"] += 1
    got = client.Answer.read(guarded)
    if got != want:
        tally.differ("meaning differs", zone, question, want, got, base)
    elif guarded[:2] != plain[:2] or not guarded[12:].startswith(qname.to_wire()):
        tally.differ("id or case of the question differ", zone, question, want, got, base)


class RandomZones(harness.Case):
    """Zones of one mode in groups, one pair of servers each."""

    def groups(self, mode):
        for start in range(FIRST, FIRST + ZONES, AT_A_TIME):
            stop = min(start + AT_A_TIME, FIRST + ZONES)
            yield [RandomZone(SEED, number, mode) for number in range(start, stop)]

    def servers(self, zones):
        texts = {zone.name: zone.text for zone in zones}
        guard = {zone.name: zone.policy for zone in zones}
        return harness.Knotd(texts, guard, log_level="warning"), harness.Knotd(texts)

    def ask(self, servers, questions):
        wires = client.with_ids([client.query(*question) for question in questions])
        return [client.udp_many(server.port, wires) for server in servers]

    def compared(self, mode, tally):
        """Each zone with its oracle, the guarded server, and (question, guarded, plain) answers."""
        looks_up = harness.looks_up()
        for zones in self.groups(mode):
            guarded, plain = self.servers(zones)
            with guarded, plain:
                for zone in zones:
                    oracle = Oracle(zone.zone, Resolved(zone.policy, zone.apex), looks_up)
                    questions = zone.questions()
                    tally.count["asked"] += len(questions)
                    yield zone, oracle, guarded, zip(questions, *self.ask((guarded, plain),
                                                                          questions))

    def test_log(self):
        tally = Tally()
        for zone, oracle, guarded, answers in self.compared("log", tally):
            found = 0
            for question, got, want in answers:
                tally.count["compared"] += 1
                base = client.Answer.read(want)
                want_repaired = oracle.expect(
                    question[0], dns.rdatatype.from_text(question[1]), base)
                found += want_repaired is not None or oracle.has_finding
                if got != want:
                    tally.differ("octets differ", zone, question, base,
                                 client.Answer.read(got), "")
            # What enforcing would repair is what logging finds, answer by answer.
            tally.count["found"] += found
            self.assertEqual(guarded.counters(zone.name).get("action[logged]", 0), found,
                             zone.policy.stanza() + zone.text)
        tally.check(self)

    def test_enforce(self):
        tally = Tally()
        for zone, oracle, _, answers in self.compared("enforce", tally):
            for question, got, base in answers:
                compare(zone, oracle, question, base, got, tally)
        tally.check(self)

    def test_follow(self):
        met = []
        asked = 0
        looks_up = harness.looks_up()
        for zones in self.groups("enforce"):
            guarded, plain = self.servers(zones)
            with guarded, plain:
                for zone in zones:
                    oracle = Oracle(zone.zone, Resolved(zone.policy, zone.apex), looks_up)
                    for size in (4096, None):
                        count, bad = follow_zone(guarded, zone, oracle, size)
                        asked += count
                        met += ["%s (size %s): %s\n%s%s" % (zone.name, size, line,
                                                          zone.policy.stanza(), zone.text)
                                for line in bad]
        print("# asked %d, met %d" % (asked, len(met)))
        if met:
            self.fail("%d proxied addresses met\n%s" % (len(met), "\n\n".join(met[:SHOWN])))


if __name__ == "__main__":
    unittest.main()
