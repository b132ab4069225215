# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resolver in front of a guarded server has to find, worked out link by link.

A resolver follows aliases itself, by more queries or from its cache. So what it finds is made of
what each name on the way is answered with: by the oracle where that is to be repaired, else by the
unguarded server. What the contract excuses (4.8, and names below a DNAME) is what a resolver may
find instead: the alias that it has from another question.
"""

import dataclasses

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype

import client
from follow import Follower
from resolve import CNAME, DNAME, NS
from stanza import Resolved
from oracle import Oracle

SOA, SRV = dns.rdatatype.SOA, dns.rdatatype.SRV
TYPES = ("A", "AAAA", "MX", "SRV", "CNAME", "TXT", "NS", "DS", "SOA")
LINKS = 40


@dataclasses.dataclass
class Link:
    """What one name gives: RRsets without TTL, the next name or None, and the RCODE at the end."""

    rrsets: dict
    target: object
    rcode: int
    referral: bool = False


@dataclasses.dataclass
class Found:
    """An answer that a resolver may find.

    repaired  it is not what there is without the module
    excused   why it may be found though another is to be found, or empty
    opaque    nothing can be said: it goes in circles, or the answer is not this zone's
    outside   it is not made of this zone alone
    end       the last name, and last whether what it has is repaired
    """

    rcode: int
    answer: dict
    repaired: bool
    excused: str = ""
    opaque: bool = False
    outside: bool = False
    end: object = None
    last: bool = False


def plain(section):
    """A section without TTL, and without DNAMEs: those are found by way of the alias or not."""
    return {key: rdata for key, (_, rdata) in section.items() if key[1] != DNAME}


def link(name, rdtype, answer):
    """The Link of a name in an answer to a question for it."""
    if rdtype != CNAME and (name, CNAME) in answer.answer:
        rdata = answer.answer[(name, CNAME)][1]
        return Link({(name, CNAME): rdata}, dns.name.from_text(next(iter(rdata))), None)
    referral = not answer.answer and not any(key[1] == SOA for key in answer.authority) and \
        any(key[1] == NS for key in answer.authority)
    return Link({key: rdata for key, rdata in plain(answer.answer).items()
                 if key == (name, rdtype)}, None, answer.rcode, referral)


class Links:
    """A zone behind a guard: server is the unguarded one, guarded False to do without the oracle."""

    def __init__(self, server, zone, looks_up, guarded=True):
        self.server, self.zone, self.guarded = server, zone, guarded
        self.oracle = Oracle(zone.zone, Resolved(zone.policy, zone.apex), looks_up)
        self.dnames = [name for name, node in zone.records.items() if "DNAME" in node]
        self.bases = {}

    def base(self, name, rdtype):
        """What the unguarded server answers directly."""
        if (name, rdtype) not in self.bases:
            wire = client.query(name, rdtype)
            answer = client.Answer.read(client.udp(self.server.port, wire))
            if answer.flags & dns.flags.TC:
                answer = client.Answer.read(client.tcp(self.server.port, wire))
            self.bases[(name, rdtype)] = answer
        return self.bases[(name, rdtype)]

    def want(self, name, rdtype):
        """What the guarded one has to answer directly."""
        base = self.base(name, rdtype)
        if not self.guarded or not self.oracle.in_zone(name):
            return base
        return self.oracle.expect(name, rdtype, base) or base

    def expects(self, name, rdtype):
        """True if the answer to this question is to be another than without the module."""
        want, base = self.want(name, rdtype), self.base(name, rdtype)
        return (want.rcode, plain(want.answer)) != (base.rcode, plain(base.answer))

    def below_dname(self, name):
        return any(name != dname and name.is_subdomain(dname) for dname in self.dnames)

    def excuse(self, name, rdtype):
        """Why the alias of a name may be found where it is to be flattened, or an empty text."""
        if self.below_dname(name):
            return "below a DNAME"
        if not self.oracle.looks_up and any(
                (name, CNAME) in self.want(name, dns.rdatatype.from_text(other)).answer
                for other in TYPES):
            return "alias kept for another type"
        return ""

    def below_made_up(self, name):
        """True for a limit before Knot DNS 3.4: a name is below one that is there for the sake of mail
        hosts only, and the module can't know of each NSEC3 record that it hides a wildcard there."""
        if self.oracle.looks_up or not self.guarded:
            return False
        made_up = [name.fullcompare(host)[2] for host in
                   [self.oracle.policy.exchange, *self.oracle.apex_targets,
                    *(host for host, _ in self.oracle.policy.mail_hosts)] if self.oracle.in_zone(host)]
        return any(len(name.labels) > labels and name.split(labels)[1] not in self.oracle.whole.names
                   for labels in made_up)

    def flattened_otherwise(self, name):
        """True if an alias is shown if asked for, and flattened for other types (before 3.4)."""
        return not self.oracle.looks_up and any(
            link(name, of_type, self.want(name, of_type)).target is None
            for of_type in map(dns.rdatatype.from_text, TYPES) if of_type != CNAME)

    def found(self, name, rdtype):
        """All that a resolver may find; first what it has to find."""
        return list(self._found(name, rdtype, {}, []))

    def _found(self, name, rdtype, answer, marks):
        """marks: (name, repaired, excused) of the links so far."""
        seen = [mark[0] for mark in marks]
        repaired = any(mark[1] for mark in marks)
        excused = next((mark[2] for mark in marks if mark[2]), "")
        outside = (any(not self.oracle.in_zone(mark) for mark in [*seen, name]) or
                   (name, rdtype) == (self.oracle.apex, dns.rdatatype.DS))
        if name in seen or len(seen) > LINKS:
            yield Found(dns.rcode.SERVFAIL, answer, repaired, excused, True, outside, name)
            return
        kept = link(name, rdtype, self.base(name, rdtype))
        now = link(name, rdtype, self.want(name, rdtype))
        ways = [(now, now != kept, "")]
        if now != kept and (kept.target is not None or rdtype == CNAME and kept.rrsets):
            why = self.excuse(name, rdtype)
            if why:
                ways.append((kept, False, why))
        elif now != kept and rdtype == SRV and name not in self.zone.records:
            ways.append((kept, False, "a wildcard of services"))
        elif now.rrsets and rdtype == CNAME and self.flattened_otherwise(name):
            ways.append((Link({}, None, dns.rcode.NOERROR), True,
                         "alias flattened for another type"))
        for way, changed, why in ways:
            whole = {**answer, **way.rrsets}
            if way.target is None:
                opaque = way.referral or way.rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
                yield Found(way.rcode, whole, repaired or changed, excused or why, opaque, outside,
                            name, changed)
            else:
                yield from self._found(way.target, rdtype, whole,
                                       [*marks, (name, changed, why)])


class Through(Follower):
    """Follows a zone's mail (4.5) through a resolver."""

    def __init__(self, resolver, links):
        super().__init__(None, links.oracle, None)
        self.resolver, self.links = resolver, links
        self.count = 0

    def ask(self, names, rdtype):
        answers = {}
        for name in dict.fromkeys(names):
            rcode, _, section = self.resolver.ask(name, rdtype)
            self.asked += 1
            # What other zones say is not looked at, as long as they have no proxy name.
            section = {key: rdata for key, rdata in section.items() if self.oracle.in_zone(key[0])}
            # What was not found has no end to follow.
            ended = {} if section else {(name, SOA): (0, frozenset())}
            answers[name] = client.Answer(rcode, 0, section, ended, {})
            self.guarded_direct(name, rdtype, answers[name])
        return answers

    def excused(self, owner, target):
        if super().excused(owner, target):
            return True
        if any(found.excused for rdtype in ("A", "AAAA")
               for found in self.links.found(target, dns.rdatatype.from_text(rdtype))):
            self.count += 1
            return True
        return False
