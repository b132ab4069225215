# SPDX-License-Identifier: GPL-3.0-or-later
"""Random signed zones through validating resolvers: every name and type, twice, in random order.

A guarded and an unguarded knotd sign the same zones, each with keys of its own. In front of each
is an Unbound that synthesizes denials from its cache, and one that does not. What comes out on the
guarded side is what the oracle says link by link, and validates; what needed no repair is what
comes out on the other side.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_validate.py
  MXGUARD_ZONES  one zone for 18 of these, default 200
  MXGUARD_SEED   another seed
  MXGUARD_FIRST  number of the first zone, to look at a single one
"""

import collections
import os
import random
import unittest

import dns.message
import dns.rcode
import dns.rdatatype

import harness
import validator
import zones
from denials import contradictions
from links import Links, Through, TYPES, plain
from signing import MISSING

SEED = os.environ.get("MXGUARD_SEED", "validate")
ZONES = max(1, int(os.environ.get("MXGUARD_ZONES", "200")) // 18)
FIRST = int(os.environ.get("MXGUARD_FIRST", "0"))
AT_A_TIME = 18
ROUNDS = 2
SHOWN = 20
ALGORITHMS = ("ecdsap256sha256", "rsasha256", "ed25519")
KEYS = ("off", "on")
DENIALS = ("nsec", "nsec3", "optout")
# Without salt, the fixed zones have their hashes in the same order each time.
NSEC3 = {"nsec": "", "nsec3": "    nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 0\n",
         "optout": "    nsec3: on\n    nsec3-iterations: 3\n    nsec3-opt-out: on\n"}
# The rest of the world, unsigned. Where the random zones point at is there, proxied or not.
WORLD = """\
. 3600 SOA ns. hostmaster. 1 1800 900 604800 900
. 3600 NS ns.
ns. 3600 A 127.0.0.1
mx.provider.example. 3600 A 198.51.100.201
host.example.net. 3600 A 198.51.100.202
notcdn.example.net. 3600 AAAA 2001:db8::203
cdn.example.net. 3600 A 104.16.1.204
*.cdn.example.net. 3600 A 104.16.1.205
*.edge.test. 3600 AAAA 2606:4700::206
"""


def kind(number):
    """(algorithm, single-type-signing, denial) of the zone with this number."""
    return (ALGORITHMS[number // 3 % 3], KEYS[number % 2], DENIALS[number % 3])


def policy_id(of_kind):
    return "-".join(of_kind)


def signing_policies(kinds):
    """The policy section for these kinds of signing."""
    return "policy:\n" + "".join(
        "  - id: %s\n    algorithm: %s\n    single-type-signing: %s\n%s" %
        (policy_id(of_kind), of_kind[0], of_kind[1], NSEC3[of_kind[2]])
        for of_kind in dict.fromkeys(kinds))


def with_world(texts):
    """The same zones, and the one above them all."""
    return {**texts, ".": WORLD + "".join("%s 3600 NS ns.%s\nns.%s 3600 A 127.0.0.1\n" % (
        (zone,) * 3) for zone in texts)}


def signing_server(texts, kinds, guard=None, **options):
    """A Knotd that signs zones, each after its kind: {zone: text}, {zone: kind}."""
    return harness.Knotd(with_world(texts), guard and {**guard, ".": None},
                         extra=signing_policies(kinds.values()), options={
                             zone: "    dnssec-signing: on\n    journal-content: changes\n"
                                   "    dnssec-policy: %s\n" % policy_id(of_kind)
                             for zone, of_kind in kinds.items()}, **options)


def resolver(server, zone_names, which, *options):
    """A resolver in front of a server, with the keys of its zones."""
    keys = {zone: validator.wait_anchors(server, zone) for zone in zone_names}
    return which({zone: server.port for zone in (*zone_names, ".")}, keys, *options)


def wire_answer(server, question):
    """What a server says to a validating resolver, as text."""
    return dns.message.from_wire(server.ask(*question, do=True, tcp=True)).to_text()


def check_signing(case, server):
    """A server has always had keys to sign with. To be called when it has been asked."""
    case.assertFalse(server.log_lines(MISSING), server.log()[-2000:])


def ask(unbound, question, tally):
    """(rcode, authentic, answer without TTL and DNAME) of what Unbound says."""
    rcode, authentic, answer = unbound.ask(*question)
    answer = plain(answer)
    if rcode == dns.rcode.NXDOMAIN and answer:
        # Unbound takes an alias to a missing name for one that is missing, and sends it along.
        if not any(owner == question[0] for owner, _ in answer):
            tally["excused: below an alias to nothing"] += 1
            answer = {}
        elif question[1] == "CNAME":
            tally["excused: an alias to nothing"] += 1
            rcode = dns.rcode.NOERROR
    return rcode, authentic, answer


def text_of(result):
    rcode, authentic, answer = result
    return "%s%s %s" % (dns.rcode.to_text(rcode), " AD" if authentic else "", {
        "%s %s" % (owner, dns.rdatatype.to_text(rdtype)): sorted(rdata)
        for (owner, rdtype), rdata in sorted(answer.items())})


class Tally(collections.Counter):
    """What was asked, what of it was excused, and of each sort of failure the first in full."""

    def __init__(self):
        super().__init__()
        self.sorts, self.shown = collections.Counter(), []

    def fail(self, sort, text):
        self["failed"] += 1
        self.sorts[sort] += 1
        if self.sorts[sort] == 1 and len(self.shown) < SHOWN:
            self.shown.append("%s: %s" % (sort, text()))

    def check(self, case):
        print("# %s" % ", ".join("%s %d" % item for item in sorted(self.items())))
        if self.sorts:
            case.fail("%s\n%s" % (dict(self.sorts), "\n\n".join(self.shown)))


class Judge:
    """One signed random zone: judges what comes out of the resolvers."""

    def __init__(self, zone, of_kind, unguarded, tally):
        self.zone, self.kind, self.tally = zone, of_kind, tally
        looks_up = harness.looks_up()
        self.links = Links(unguarded, zone, looks_up)
        self.bare = Links(unguarded, zone, looks_up, guarded=False)
        self.bare.bases = self.links.bases
        self.questions = [(name, rdtype) for name in zone.names() for rdtype in TYPES]

    def denials(self, server, links):
        """Looks for answers that deny what there has to be, if a resolver makes use of them."""
        count, found, excused = contradictions(links, server, self.questions)
        self.tally["denials"] += count
        for reason, times in excused.items():
            self.tally["excused: denials " + reason] += times
        for text in found:
            self.tally.fail("contradiction", lambda: "%s (%s)\n%s%s" % (
                text, policy_id(self.kind), self.zone.policy.stanza(), self.zone.text))

    def wrong(self, question, got, base):
        """What is wrong with a result on the guarded side, base being that on the other."""
        name, rdtype = question[0], dns.rdatatype.from_text(question[1])
        rcode, authentic, answer = got
        ways = self.links.found(name, rdtype)
        best = ways[0]
        for owner, of_type in answer:
            if of_type in (1, 28) and self.links.oracle.guarded(owner) and any(
                    map(self.links.oracle.policy.proxied, answer[(owner, of_type)])):
                return "a proxied address of %s" % owner
        if not any(way.repaired or way.excused for way in ways):
            self.tally["untouched"] += 1
            if self.is_unable(question, base) and (rcode, answer) == (best.rcode, best.answer) \
                    or self.is_opted_out(question, got, base):
                return "" # See model().
            # It may vouch for more than it has to.
            return "" if (rcode, authentic or base[1], answer) == (base[0], authentic, base[2]) \
                else "not as without the module"
        self.tally["repaired"] += 1
        if best.opaque:
            self.tally["excused: in circles"] += 1
            return ""
        if rcode == dns.rcode.SERVFAIL:
            if base[0] == rcode and self.is_unable(question, base):
                self.tally["excused: Unbound can't"] += 1
                return ""
            opaque = next((way for way in ways if way.opaque), None)
            if opaque is None:
                return "SERVFAIL"
            self.tally["excused: " + opaque.excused] += 1
            return ""
        way = next((way for way in ways if (way.rcode, way.answer) == (rcode, answer)), None)
        if way is None:
            return "not as it has to be"
        if way is not best:
            self.tally["excused: " + way.excused] += 1
        if authentic or way.outside:
            self.tally["outside"] += way.outside
            return ""
        return self.insecure(way, base)

    def insecure(self, way, base):
        """What is wrong with a repaired answer of the zone that is not authentic."""
        wild = any(owner not in self.zone.records for owner, _ in way.answer)
        if self.kind[2] == "optout" and (wild or not way.last) and not base[1]:
            self.tally["excused: opt-out"] += 1
            return ""
        return "not authentic"

    def is_unable(self, question, base):
        """True if Unbound fails without the module: it asks for a DS at an alias that a DNAME or
        wildcard makes, and can't take the answer."""
        return base[0] == dns.rcode.SERVFAIL and question[1] in ("CNAME", "DS")

    def is_opted_out(self, question, *results):
        """True where Unbound need not ask: of a span that is opted out it may know that there is no DS,
        and no more than that."""
        return self.kind[2] == "optout" and question[1] == "DS" and all(
            rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) and
            all(rdtype == dns.rdatatype.CNAME for _, rdtype in answer)
            for rcode, _, answer in results)

    def model(self, question, base):
        """What is wrong with the test itself: links without the module are what there is."""
        name, rdtype = question[0], dns.rdatatype.from_text(question[1])
        (found,) = self.bare.found(name, rdtype)
        if found.opaque:
            self.tally["opaque"] += 1
            return ""
        if self.is_unable(question, base):
            self.tally["excused: Unbound can't"] += 1
            return ""
        if self.is_opted_out(question, base):
            return ""
        return "" if (base[0], base[2]) == (found.rcode, found.answer) else \
            "the unguarded side is not as the links are: %s %s" % (found.rcode, found.answer)

    def show(self, question, got, base, guarded, unbound):
        """A failure, for Tally."""
        name, rdtype = question
        ways = self.links.found(name, dns.rdatatype.from_text(rdtype))
        reasons = [line for line in unbound.bogus() if str(name)[:-1].lower() in line.lower()]
        return "%s %s (%s, %s)\n-- expected\n%s\n-- got\n%s\n-- unguarded\n%s\n-- log\n%s\n" \
            "-- guarded server\n%s\n-- policy\n%s-- zone\n%s" % (
                name, rdtype, policy_id(self.kind),
                "aggressive" if unbound.aggressive else "not aggressive",
                "\n".join("%s%s" % (text_of((way.rcode, False, way.answer)),
                                    " excused: %s" % way.excused if way.excused else "")
                          for way in ways), text_of(got), text_of(base), "\n".join(reasons),
                wire_answer(guarded, question), self.zone.policy.stanza(), self.zone.text)


@unittest.skipUnless(validator.Unbound.available(), "no unbound")
class RandomValidated(harness.Case):

    def groups(self):
        for start in range(FIRST, FIRST + ZONES, AT_A_TIME):
            yield range(start, min(start + AT_A_TIME, FIRST + ZONES))

    def test_unbound(self):
        tally = Tally()
        for numbers in self.groups():
            every = {number: zones.RandomZone(SEED, number, "enforce") for number in numbers}
            texts = {zone.name: zone.text for zone in every.values()}
            kinds = {zone.name: kind(number) for number, zone in every.items()}
            with signing_server(texts, kinds, {zone.name: zone.policy for zone in every.values()},
                                log_level="warning") as guarded, \
                    signing_server(texts, kinds) as unguarded:
                for zone in texts:
                    validator.wait_anchors(guarded, zone)
                    validator.wait_anchors(unguarded, zone)
                judges = [Judge(zone, kind(number), unguarded, tally)
                          for number, zone in every.items()]
                for judge in judges:
                    judge.denials(guarded, judge.links)
                    judge.denials(unguarded, judge.bare)
                for aggressive in (True, False):
                    with resolver(guarded, texts, validator.Unbound, aggressive) as unbound, \
                            resolver(unguarded, texts, validator.Unbound, aggressive) as other:
                        for judge in judges:
                            self.ask_all(judge, guarded, unbound, other, tally)
                        self.compare_logs(unbound, other, tally)
                check_signing(self, guarded)
        tally.check(self)

    def compare_logs(self, unbound, other, tally):
        """What Unbound itself takes for bogus is so on both sides, or not at all."""
        lines, excused = unbound.bogus(), validator.questions(other.bogus())
        for line in lines:
            if validator.questions([line]) <= excused:
                tally["excused: bogus without the module"] += 1
            else:
                tally.fail("bogus", lambda: line)

    def ask_all(self, judge, guarded, unbound, other, tally):
        order = list(judge.questions)
        shuffle = random.Random("%s/%s/%s" % (SEED, judge.zone.name, unbound.aggressive)).shuffle
        for _ in range(ROUNDS):
            shuffle(order)
            for question in order:
                got, base = (ask(side, question, tally) for side in (unbound, other))
                tally["asked"] += 1
                tally["authentic"] += got[1]
                why = judge.model(question, base) or judge.wrong(question, got, base)
                if why:
                    tally.fail(why, lambda: judge.show(question, got, base, guarded, unbound))
        through = Through(unbound, judge.links)
        through.walk(judge.zone.names())
        tally["followed"] += through.asked
        tally["excused: followed"] += through.count
        for line in through.bad:
            tally.fail("met", lambda: "%s\n%s%s" % (line, judge.zone.policy.stanza(),
                                                  judge.zone.text))


if __name__ == "__main__":
    unittest.main()
