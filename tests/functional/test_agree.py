# SPDX-License-Identifier: GPL-3.0-or-later
"""Random zones: --diff, the findings and what enforce answers are about the same records.

Of each zone all is asked that a mail server asks: MX of every name, SRV of mail services, A and
AAAA of what these lead to, before and after. A server without the module answers; the oracle says
what enforce would make of that, knowing the whole zone; from Knot DNS 3.4 on, where the module
knows it too, a guarded server says the same. Then:
  - there are changes if and only if an answer would be another one,
  - there are findings of what enforce repairs if and only if there are changes,
  - a server with the changed zone answers what enforce would.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_agree.py
  MXGUARD_ZONES  number of zones, default 100
  MXGUARD_SEED   another seed
  MXGUARD_FIRST  number of the first zone, to look at a single one
"""

import os
import unittest

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

import client
import harness
from oracle import MX, ROOT, SRV, Oracle, target_of
from resolve import CNAME, DNAME, FAMILIES
from stanza import Resolved
from test_fix import FIXED, changes, fix
from wire_tap import AuditCase, findings
from zones import RandomZone, load

SEED = os.environ.get("MXGUARD_SEED", "mxguard-agree-1")
ZONES = int(os.environ.get("MXGUARD_ZONES", "100"))
FIRST = int(os.environ.get("MXGUARD_FIRST", "0"))
AT_A_TIME = 25
SHOWN = 5


def plain(answer):
    """What an answer says: an RCODE that is an error, and records, without the TTL, which the zone
    may keep. A name without records and none at all are the same to who sends mail."""
    rcode = dns.rcode.NOERROR if answer.rcode == dns.rcode.NXDOMAIN else answer.rcode
    return rcode, {key: texts for key, (_, texts) in answer.answer.items()}


def is_below(name, above):
    return name != above and name.is_subdomain(above)


def passed(qname, answer):
    """The names that an answer is about, and whether it follows its aliases to their end."""
    names = [qname]
    while (names[-1], CNAME) in answer.answer:
        (text,) = answer.answer[(names[-1], CNAME)][1]
        if dns.name.from_text(text) in names:
            break
        names.append(dns.name.from_text(text))
    end = any(owner == names[-1] for owner, _ in answer.answer) or bool(answer.authority)
    return names, end


class Tree:
    """The names that exist in a zone, empty ones too."""

    def __init__(self, zone):
        self.names, self.redirects = set(), []
        for name, node in zone.nodes.items():
            if node.get_rdataset(dns.rdataclass.IN, DNAME):
                self.redirects.append(name)
            while name.is_subdomain(zone.origin):
                self.names.add(name)
                name = name.parent()

    def encloser(self, name):
        while name not in self.names and name != ROOT:
            name = name.parent()
        return name


class Asked:
    """The answers that a mail server gets of a zone: as it is, and as enforce would have them."""

    def __init__(self, zone, server):
        self.zone, self.server = zone, server
        self.oracle = Oracle(zone.zone, Resolved(zone.policy, zone.apex), True)
        self.known = Tree(zone.zone).names
        self.before, self.after = {}, {}
        self.follow()

    def ask(self, questions):
        questions = [question for question in dict.fromkeys(questions)
                     if question not in self.before]
        wires = client.with_ids([client.query(*question) for question in questions])
        for question, data in zip(questions, client.udp_many(self.server.port, wires)):
            name, rdtype = question
            base = client.Answer.read(data)
            after = self.oracle.expect(name, dns.rdatatype.from_text(rdtype), base)
            self.before[question] = base
            self.after[question] = base if after is None else after

    def is_made_up(self, name):
        """A pattern of mail hosts and a wildcard make more names than anybody could change: those
        count that mail is sent to."""
        return name not in self.known and self.oracle.policy.mail_host(name)

    def mail_hosts(self):
        """Names that the policy says are mail hosts."""
        policy = self.oracle.policy
        return [name for name in self.zone.zone.nodes if policy.mail_host(name)] + [
            name for name, below in policy.mail_hosts if not below]

    def follow(self):
        names = self.zone.names()
        services = [name for name in names if self.oracle.policy.mail_service(name) and
                    not self.is_made_up(name)]
        domains = [name for name in names if not name.labels[0].startswith(b"_") and
                   not self.is_made_up(name)]
        self.ask([(name, "MX") for name in domains] + [(name, "SRV") for name in services] +
                 [(name, dns.rdatatype.to_text(rdtype)) for name in self.mail_hosts()
                  for rdtype in FAMILIES])
        hosts = {target_of(text) for answers in (self.before, self.after)
                 for answer in answers.values() for (_, rdtype), (_, texts) in
                 answer.answer.items() if rdtype in (MX, SRV) for text in texts}
        seen = set()
        while hosts - seen:
            new = {name for name in hosts - seen if name != ROOT and self.oracle.in_zone(name)}
            seen |= hosts
            self.ask([(name, dns.rdatatype.to_text(rdtype)) for name in sorted(new)
                      for rdtype in FAMILIES])
            # Aliases that a response does not follow to their end.
            ends = {dns.name.from_text(text) for answers in (self.before, self.after)
                    for (_, qtype), answer in answers.items() if qtype in ("A", "AAAA")
                    for (_, rdtype), (_, texts) in answer.answer.items()
                    if rdtype == CNAME for text in texts}
            hosts |= {name for name in ends if not self.is_made_up(name)}

    def changed(self):
        """What is asked and answered in another way. Nothing can be below a DNAME in a zone."""
        redirects = Tree(self.zone.zone).redirects
        return [question for question in self.before
                if plain(self.before[question]) != plain(self.after[question]) and
                not any(is_below(name, above) for above in redirects
                        for name in passed(question[0], self.before[question])[0])]


class Agree(AuditCase):

    def setUp(self):
        super().setUp()
        self.count = {"zones": 0, "questions": 0, "changed": 0}
        self.wrong = []

    def differ(self, why, zone, *more):
        self.wrong.append("\n".join([why, zone.policy.stanza(), zone.text, *map(str, more)]))

    def groups(self):
        for start in range(FIRST, FIRST + ZONES, AT_A_TIME):
            yield [RandomZone(SEED, number, "enforce")
                   for number in range(start, min(start + AT_A_TIME, FIRST + ZONES))]

    def check_zone(self, asked, edits, found):
        zone, changed = asked.zone, asked.changed()
        self.count["zones"] += 1
        self.count["questions"] += len(asked.before)
        self.count["changed"] += bool(changed)
        repaired = [one for one in found if one[0] in FIXED and not self.stays(asked, one)]
        told = repaired or [one for one in found if one[0] == "alias-target"]
        if bool(changed) != bool(edits):
            self.differ("changed are %s" % [(str(name), rdtype) for name, rdtype in changed],
                        zone, edits, found)
        elif not told if edits else repaired:
            self.differ("found is not what is changed", zone, edits, found)

    def check_fixed(self, asked, edits, fixed):
        """A server with the changed zone answers what enforce would. What no zone can hold is
        passed over: other names below a DNAME, and the reach of wildcards around a new name."""
        zone = asked.zone
        old, new = (Tree(load(zone.name, text)) for text in (
            zone.text, fix(zone.name, zone.text, edits)))
        added = {edit[1] for edit in edits}
        questions = []
        for question, base in asked.before.items():
            names, end = passed(question[0], base)
            own = all(old.encloser(name) == new.encloser(name) or name in added
                      for name in names)
            if own and end and not any(is_below(name, above) for name in names
                                       for above in old.redirects):
                questions.append(question)
        wires = client.with_ids([client.query(*question) for question in questions])
        for question, data in zip(questions, client.udp_many(fixed.port, wires)):
            got, want = client.Answer.read(data), asked.after[question]
            if plain(got) != plain(want):
                self.differ("%s %s" % question, asked.zone, "-- fixed", got, "-- enforce", want)

    def stays(self, asked, found):
        """True of what enforce finds, but no zone can hold: addresses below a delegation or a
        DNAME, and targets that would be steered to another zone's exchange."""
        owner = dns.name.from_text(found[1])
        zone = asked.zone.zone
        if any(is_below(owner, above) for above in Tree(zone).redirects):
            return True
        while owner != zone.origin:
            node = zone.get_node(owner)
            if node is not None and node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS):
                return True
            owner = owner.parent()
        return found[2] in ("MX", "SRV") and asked.oracle.whole.elsewhere()

    def check_guarded(self, asked, guarded):
        for question, want in asked.after.items():
            got = client.Answer.read(guarded.ask(*question))
            if plain(got) != plain(want):
                self.differ("%s %s" % question, asked.zone, "-- guarded", got, "-- oracle", want)

    def run_group(self, group):
        texts = {zone.name: zone.text for zone in group}
        policies = {zone.name: zone.policy for zone in group}
        guarded = harness.Knotd(texts, policies)
        self.addCleanup(guarded.remove)
        diff = changes(self.audit("-c", guarded.conf, "--fail-on", "never", "--diff"))
        report = self.report("-c", guarded.conf, "--fail-on", "never")
        with harness.Knotd(texts) as server:
            every = [Asked(zone, server) for zone in group]
        edits = {zone.name: diff.get(guarded.zone_file(zone.name), ()) for zone in group}
        for asked in every:
            name = asked.zone.name
            self.check_zone(asked, edits[name], findings(report[name.lower()]))
        with harness.Knotd({zone.name: fix(zone.name, zone.text, edits[zone.name])
                            for zone in group}) as server:
            for asked in every:
                self.check_fixed(asked, edits[asked.zone.name], server)
        if harness.looks_up():
            with guarded:
                for asked in every:
                    self.check_guarded(asked, guarded)

    def test_random(self):
        for group in self.groups():
            self.run_group(group)
        print("# %s, wrong %d" % (", ".join("%s %d" % item for item in self.count.items()),
                                  len(self.wrong)))
        if self.wrong:
            self.fail("%d\n%s" % (len(self.wrong), "\n\n".join(self.wrong[:SHOWN])))
        self.assertGreater(self.count["changed"], self.count["zones"] // 4)


if __name__ == "__main__":
    unittest.main()
