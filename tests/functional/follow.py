# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows a zone's mail as a mail server would (4.5) and notes every proxied address it finds.

It looks at nothing but answers: MX at every name, then A and AAAA of every target in the zone,
through aliases with more queries; UDP first, TCP where an answer is truncated. The zone is only
consulted for what the contract itself excuses before Knot DNS 3.4 (4.8).
"""

import dns.flags
import dns.name
import dns.rdatatype

import client
from oracle import ROOT, target_of
from resolve import CNAME, FAMILIES

MX, SRV, NS = dns.rdatatype.MX, dns.rdatatype.SRV, dns.rdatatype.NS
ALIASES = 32


class Follower:
    """One walk through one zone."""

    def __init__(self, server, oracle, size):
        self.server, self.oracle, self.size = server, oracle, size
        self.policy = oracle.policy
        self.asked = 0
        self.bad = []

    def ask(self, names, rdtype):
        """{name: answer}; what is truncated is looked at, then asked over TCP."""
        names = list(dict.fromkeys(names))
        wires = client.with_ids([client.query(name, rdtype, size=self.size) for name in names])
        self.asked += len(wires)
        answers = {}
        for name, wire, data in zip(names, wires, client.udp_many(self.server.port, wires)):
            answer = client.Answer.read(data)
            self.guarded_direct(name, rdtype, answer)
            if answer.flags & dns.flags.TC:
                self.asked += 1
                answer = client.Answer.read(client.tcp(self.server.port, wire))
                self.guarded_direct(name, rdtype, answer)
            answers[name] = answer
        return answers

    def guarded_direct(self, name, rdtype, answer):
        """No section shows a proxied address of a guarded host, referrals aside."""
        if not answer.answer and any(key[1] == NS for key in answer.authority):
            return
        for owner, text in answer.addresses():
            if self.oracle.guarded(owner) and self.policy.proxied(text):
                self.bad.append("%s %s: %s has %s" % (name, rdtype, owner, text))

    def walk(self, names):
        targets = {}
        for name, answer in self.ask(names, "MX").items():
            for (owner, rdtype), (_, records) in answer.answer.items():
                if rdtype == MX:
                    for text in records:
                        target = target_of(text)
                        if self.judge(name, owner, target, answer):
                            targets.setdefault(target, name)
        for rdtype in FAMILIES:
            self.follow(targets, rdtype)

    def judge(self, name, owner, target, answer):
        """Looks at a target; True if its addresses are to be asked for."""
        if target == ROOT or (not self.oracle.guarded(target) and self.oracle.whole.elsewhere()):
            return False
        for rdtype in FAMILIES:
            for text in answer.additional.get((target, rdtype), (0, ()))[1]:
                if self.policy.proxied(text):
                    self.bad.append("%s MX %s: additional %s" % (name, target, text))
        if not self.oracle.in_zone(target):
            if self.policy.proxy_name(target):
                self.bad.append("%s MX %s: a proxy name" % (name, target))
            return False
        return not self.excused(owner, target)

    def excused(self, owner, target):
        """True where 4.8 says that it can't be known."""
        if self.oracle.looks_up:
            return False
        passed = len(self.oracle.whole.follow(target).passed)
        return passed >= 5 if self.oracle.guarded(target) else owner != self.oracle.apex and passed

    def follow(self, targets, rdtype):
        """Asks for the addresses of targets, {name: who named it}, and follows aliases."""
        names = dict(targets)
        for _ in range(ALIASES):
            if not names:
                return
            following = {}
            for name, answer in self.ask(names, rdtype).items():
                end = self.chain_end(names[name], name, answer)
                for text in answer.answer.get((end, rdtype), (0, ()))[1]:
                    if self.policy.proxied(text):
                        self.bad.append("%s %s: %s has %s" % (names[name], name, end, text))
                if end != name and self.oracle.in_zone(end) and not answer.authority and \
                   (end, rdtype) not in answer.answer:
                    following[end] = names[name]
            names = following

    def chain_end(self, origin, name, answer):
        seen = set()
        while (name, CNAME) in answer.answer and name not in seen:
            seen.add(name)
            (target,) = answer.answer[(name, CNAME)][1]
            target = dns.name.from_text(target)
            if self.policy.proxy_name(target):
                self.bad.append("%s %s: an alias to %s" % (origin, name, target))
            name = target
        return name


def follow_zone(server, zone, oracle, size):
    """(number of queries, what was found) for one random zone."""
    follower = Follower(server, oracle, size)
    follower.walk(zone.names())
    return follower.asked, follower.bad
