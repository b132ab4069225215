# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be concluded from all NSEC and NSEC3 records of a server's answers together (RFC 8198).

A resolver that has seen them, in whatever order, may conclude any of it. So none of it may be
contrary to what the server has to answer.
"""

import base64
import collections

import dns.dnssec
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

import client
from links import TYPES, link
from resolve import CNAME, DNAME, NS

NSEC, NSEC3 = dns.rdatatype.NSEC, dns.rdatatype.NSEC3
SOA, DS, RRSIG = dns.rdatatype.SOA, dns.rdatatype.DS, dns.rdatatype.RRSIG
HEX = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUV", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
OPT_OUT = 1


def from_base32hex(text):
    return base64.b32decode(text.upper().translate(HEX))


def between(first, place, last):
    """True if a name or hash lies in the gap after first, last being the next one or the first."""
    return first < place < last if first < last else place > first or place < last


def has(rdata, rdtype):
    """True if a type is in the bitmap."""
    return any(window == rdtype >> 8 and len(bitmap) > (rdtype & 0xff) >> 3 and
               bitmap[(rdtype & 0xff) >> 3] & 0x80 >> (rdtype & 7)
               for window, bitmap in rdata.windows)


def lacks(rdata, rdtype):
    """True if it proves that its owner has no such type."""
    delegation = has(rdata, NS) and not has(rdata, SOA)
    return not has(rdata, rdtype) and not has(rdata, CNAME) and not (
        delegation and rdtype != DS)


def leads_away(rdata):
    """True if it says nothing of names below its owner (RFC 6840 4.1)."""
    return has(rdata, DNAME) or (has(rdata, NS) and not has(rdata, SOA))


def common(one, other):
    """The longest name that both are at or below."""
    return one.fullcompare(other)[2]


def suffix(name, labels):
    return dns.name.Name(name.labels[len(name.labels) - labels:])


def wildcard(name):
    return dns.name.Name((b"*",) + name.labels)


class Denials:
    """All records seen, and what follows from them for one name."""

    def __init__(self, apex):
        self.apex = apex
        self.seen = {} # {(owner, rdata): the question that brought it first}
        self.hashes, self.chains = {}, {}

    def add(self, question, message):
        for section in (message.answer, message.authority):
            # A wildcard's own, expanded for those who ask for NSEC, says nothing.
            expanded = {rrset.name for rrset in section if rrset.rdtype == RRSIG
                        if any(rdata.type_covered == NSEC and
                               rdata.labels < len(rrset.name.labels) - 1 -
                               rrset.name.is_wild() for rdata in rrset)}
            for rrset in section:
                if rrset.rdtype in (NSEC, NSEC3) and rrset.name not in expanded:
                    for rdata in rrset:
                        self.seen.setdefault((rrset.name, rdata), question)

    def why(self, *records):
        """The records of a conclusion as text."""
        return "\n".join("  %s %s %s    (from %s %s)" % (
            owner, dns.rdatatype.to_text(rdata.rdtype), rdata.to_text()[:160],
            *self.seen[(owner, rdata)]) for owner, rdata in records)

    def conclusions(self, name):
        """[(rcode, function that says if a type is denied, records)] for a name."""
        return [*self.from_nsec(name), *self.from_nsec3(name)]

    def from_nsec(self, name):
        records = [record for record in self.seen if record[1].rdtype == NSEC]
        for owner, rdata in records:
            if owner == name:
                yield dns.rcode.NOERROR, lambda rdtype, r=rdata: lacks(r, rdtype), [(owner, rdata)]
            elif self.covers(owner, rdata, name):
                if rdata.next.is_subdomain(name):
                    yield dns.rcode.NOERROR, lambda rdtype: True, [(owner, rdata)]
                    continue
                encloser = max(suffix(name, common(owner, name)), suffix(
                    name, common(rdata.next, name)), key=lambda at: len(at.labels))
                star = wildcard(encloser)
                for other in records:
                    if other[0] == star:
                        yield (dns.rcode.NOERROR, lambda rdtype, r=other[1]: lacks(r, rdtype),
                               [(owner, rdata), other])
                    elif self.covers(*other, star) and not other[1].next.is_subdomain(star):
                        yield dns.rcode.NXDOMAIN, lambda rdtype: True, [(owner, rdata), other]

    def covers(self, owner, rdata, name):
        return between(owner, name, rdata.next) and not (
            name != owner and name.is_subdomain(owner) and leads_away(rdata))

    def hash(self, name, params):
        if (name, params) not in self.hashes:
            salt, iterations = params
            self.hashes[name, params] = from_base32hex(dns.dnssec.nsec3_hash(
                name, salt.hex() or None, iterations, 1))
        return self.hashes[name, params]

    def from_nsec3(self, name):
        chains = {}
        for owner, rdata in self.seen:
            if rdata.rdtype == NSEC3:
                chains.setdefault((rdata.salt, rdata.iterations), []).append(
                    (from_base32hex(owner.labels[0].decode()), owner, rdata))
        for params, chain in chains.items():
            def matching(at):
                place = self.hash(at, params)
                return [(owner, rdata) for first, owner, rdata in chain if first == place]

            def covering(at):
                place = self.hash(at, params)
                return [(owner, rdata) for first, owner, rdata in chain
                        if between(first, place, rdata.next)]
            for record in matching(name):
                yield dns.rcode.NOERROR, lambda rdtype, r=record[1]: lacks(r, rdtype), [record]
            for labels in range(len(self.apex.labels), len(name.labels)):
                encloser, closer = suffix(name, labels), suffix(name, labels + 1)
                proofs = [[match, cover] for match in matching(encloser)
                          if not leads_away(match[1])
                          for cover in covering(closer) if not cover[1].flags & OPT_OUT]
                star = wildcard(encloser)
                for proof in proofs[:1]:
                    for record in matching(star):
                        yield (dns.rcode.NOERROR, lambda rdtype, r=record[1]: lacks(r, rdtype),
                               [*proof, record])
                    for record in covering(star):
                        yield dns.rcode.NXDOMAIN, lambda rdtype: True, [*proof, record]


def contradictions(links, server, questions):
    """What a server's answers lead to that is not so, as texts.

    Returns the number of records too, and those of contradictions that are excused, by the reason:
    about names below a DNAME, from what was answered for a guarded one there, and by NSEC3 records
    about names below those that are made up.

    questions  are asked; then judged for each name in them
    """
    denials = Denials(links.oracle.apex)
    wires = [client.query(*question, do=True) for question in questions]
    for question, data in zip(questions, client.tcp_many(server.port, wires)):
        denials.add(question, dns.message.from_wire(data))
    found, excused = [], collections.Counter()
    for name in dict.fromkeys(name for name, _ in questions):
        if not links.oracle.in_zone(name):
            continue
        for rcode, denied, records in denials.conclusions(name):
            for text in TYPES:
                rdtype = dns.rdatatype.from_text(text)
                if not denied(rdtype) or not wrong(links, name, rdtype, rcode):
                    continue
                if links.guarded and links.below_dname(name):
                    excused["below a DNAME"] += 1
                elif any(rdata.rdtype == NSEC3 for _, rdata in records) and \
                        links.below_made_up(name):
                    excused["below a made-up name"] += 1
                else:
                    found.append("%s %s is not %s:\n%s" % (name, text, dns.rcode.to_text(rcode),
                                                          denials.why(*records)))
                break
    return len(denials.seen), found, excused


def wrong(links, name, rdtype, rcode):
    """True if no data, or no such name, is not what there has to be."""
    if name == links.oracle.apex and rdtype == DS:
        return False
    want = link(name, rdtype, links.want(name, rdtype))
    if dns.rcode.NXDOMAIN in (rcode, want.rcode) and want.rcode != rcode:
        return True
    excused = (name, CNAME) in want.rrsets and links.flattened_otherwise(name)
    return bool(want.rrsets) and not excused
