# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guarded server has to answer, worked out a second time and from the contract alone.

The start is what an unguarded server really answers, as it is for the module; the rest is section 4
of the contract applied with full knowledge of the zone, or, before Knot DNS 3.4, with what 4.8
leaves of it. Nothing here was taken from the module's sources.
"""

import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone

from resolve import A, AAAA, CNAME, DNAME, FAMILIES, OneResponse, WholeZone, texts

MX, SRV, SOA = dns.rdatatype.MX, dns.rdatatype.SRV, dns.rdatatype.SOA
ANY = dns.rdatatype.ANY
ROOT = dns.name.root


def target_of(text):
    """The target in the RDATA text of an MX or SRV record."""
    return dns.name.from_text(text.split()[-1])


class Oracle:
    """The contract for one zone and policy.

    looks_up: the module can look names up. missing: what is missing is made good, too; without it
    only what leads to a proxy is.
    """

    def __init__(self, zone, policy, looks_up, missing=True):
        if isinstance(zone, str):
            raise TypeError("a dnspython zone is wanted")
        self.policy, self.looks_up, self.missing = policy, looks_up, missing
        self.whole = WholeZone(zone)
        self.apex = zone.origin
        apex_mx = self.whole.node(self.apex).get(MX, (0, []))
        self.apex_targets = {rdata.exchange for rdata in apex_mx[1]}

    # Words of section 2

    def in_zone(self, name):
        return name.is_subdomain(self.apex)

    def guarded(self, name):
        if not self.in_zone(name) or self.policy.web_host(name):
            return False
        return (name == self.policy.exchange or name in self.apex_targets or
                self.policy.mail_host(name))

    def mail(self, rdtype):
        """Where mail really is, in one family."""
        return frozenset(str(address) for address in self.policy.mail[FAMILIES[rdtype]])

    def direct(self, addresses):
        return frozenset(text for text in addresses if not self.policy.proxied(text))

    # Section 4

    def expect(self, qname, qtype, base):
        """The guarded answer, or None where nothing is to be repaired."""
        if not base.answer and any(rdtype == dns.rdatatype.NS for _, rdtype in base.authority):
            return None
        return Repair(self, qname, qtype, base).done()

    def bad_target(self, owner, target, knowledge):
        """True if a mail target has to be steered (4.3)."""
        if target == ROOT or self.guarded(target):
            return False
        if not self.in_zone(target):
            return self.policy.proxy_name(target)
        known = knowledge.follow(target) if self.looks_up else knowledge.target(target)
        if known.leads_to_proxy(self.policy):
            return True
        # Of a loop nothing is known; who follows it learns nothing either.
        if self.missing and known.nothing() and known.kind != "loop":
            return True
        # The limit of 4.8 is one of targets below the apex: of those at the apex all are guarded
        # or web hosts, and a web host that shows no address here is not one to send mail to.
        return (not self.looks_up and owner == self.apex and not known.addresses and
                self.policy.web_host(target))

    def own_addresses(self, rdtype):
        """(TTL, addresses) that the exchange itself has in answers, or None (4.4, 3.4 only)."""
        known = self.whole.follow(self.policy.exchange)
        ttl, found = known.addresses.get(rdtype, (self.policy.ttl, frozenset()))
        certain = known.addresses or rdtype in known.empty
        if known.passed and known.leads_to_proxy(self.policy):
            certain = True
        elif known.passed and (found or rdtype not in known.empty):
            return None
        direct = self.direct(found)
        if known.passed:
            ttl = min(ttl, known.ttl) if direct else known.ttl
        addresses = direct or self.mail(rdtype)
        return (min(ttl, self.policy.ttl), addresses) if certain and addresses else None


class Repair:
    """One answer being put right."""

    def __init__(self, oracle, qname, qtype, base):
        self.oracle, self.policy = oracle, oracle.policy
        self.qname, self.qtype, self.base = qname, qtype, base
        self.now = base.copy()
        self.chain = [qname]
        while (self.chain[-1], CNAME) in base.answer:
            (target,) = base.answer[(self.chain[-1], CNAME)][1]
            target = dns.name.from_text(target)
            if target in self.chain:
                break
            self.chain.append(target)
        self.knowledge = oracle.whole if oracle.looks_up else OneResponse(
            base, self.chain, qtype, oracle.whole, self.policy)

    def done(self):
        if not self.aliases() and self.oracle.missing:
            self.exchange()
        self.addresses()
        self.targets()
        self.denial()
        return None if self.now == self.base else self.now

    def wanted(self):
        """The address types that the question asks for."""
        return tuple(FAMILIES) if self.qtype == ANY else (
            (self.qtype,) if self.qtype in FAMILIES else ())

    # 4.2 and the alias part of 4.4

    def aliases(self):
        """Cuts the chain at its first name that must not be an alias; True if there was one."""
        for name in self.chain:
            if (name, CNAME) not in self.base.answer or not self.oracle.guarded(name):
                continue
            known = self.knowledge.follow(name)
            if known.leads_to_proxy(self.policy) or self.dead_exchange(name, known):
                self.cut(name, known)
                return True
        return False

    def dead_exchange(self, name, known):
        """True if this is the exchange and its alias gives no address that was asked for."""
        if name != self.policy.exchange or not self.oracle.missing:
            return False
        if known.nothing():
            return True
        return (self.qtype in FAMILIES and self.qtype in known.empty and
                bool(self.oracle.mail(self.qtype)))

    def cut(self, name, known):
        at = self.chain.index(name)
        before, gone = self.chain[:at], set(self.chain[at:])
        aliases = min(self.base.answer[(link, CNAME)][0] for link in gone
                      if (link, CNAME) in self.base.answer)
        if self.oracle.looks_up:
            aliases = min(aliases, known.ttl)
        self.now.answer = {
            (owner, rdtype): rrset for (owner, rdtype), rrset in self.base.answer.items()
            if owner not in gone and not (rdtype == DNAME and not any(
                link.is_subdomain(owner) for link in before))}
        self.now.rcode = dns.rcode.NOERROR
        self.now.authority = {key: rrset for key, rrset in self.base.authority.items()
                              if key[1] == SOA}
        self.now.additional = {}
        for rdtype in self.wanted():
            ttl, found = known.addresses.get(rdtype, (aliases, frozenset()))
            direct = self.direct(found)
            self.put(name, rdtype, min(ttl, aliases) if direct else aliases,
                     direct or self.oracle.mail(rdtype))
        self.chain = self.chain[:at + 1]

    def direct(self, found):
        return self.oracle.direct(found)

    def put(self, owner, rdtype, ttl, addresses):
        if addresses:
            self.now.answer[(owner, rdtype)] = (min(ttl, self.policy.ttl), addresses)

    # 4.4

    def exchange(self):
        """Makes the exchange and the names above it exist."""
        last = self.chain[-1]
        denied = any(rdtype == SOA for _, rdtype in self.base.authority)
        if not denied or not self.policy.exchange.is_subdomain(last):
            return
        self.now.rcode = dns.rcode.NOERROR
        if last == self.policy.exchange:
            self.give(last)

    def give(self, name):
        """Answers with what the exchange has of its own, else with the mail addresses."""
        for rdtype in self.wanted():
            own = self.oracle.looks_up and self.oracle.own_addresses(rdtype)
            if (name, rdtype) not in self.now.answer:
                self.put(name, rdtype, *(own or (self.policy.ttl, self.oracle.mail(rdtype))))

    # 4.1

    def addresses(self):
        for section in (self.now.answer, self.now.authority, self.now.additional):
            for (owner, rdtype), (ttl, found) in list(section.items()):
                if rdtype not in FAMILIES or not self.oracle.guarded(owner):
                    continue
                direct = self.direct(found)
                if direct == found:
                    continue
                served = direct or self.oracle.mail(rdtype)
                if served:
                    section[(owner, rdtype)] = (min(ttl, self.policy.ttl), served)
                else:
                    del section[(owner, rdtype)]

    # 4.3

    def targets(self):
        removed = set()
        for (owner, rdtype), (ttl, records) in list(self.now.answer.items()):
            if rdtype != MX and not (rdtype == SRV and self.policy.mail_service(owner)):
                continue
            bad = {target for target in map(target_of, records)
                   if self.oracle.bad_target(owner, target, self.knowledge)}
            if bad:
                removed |= bad
                self.now.answer[(owner, rdtype)] = (min(ttl, self.policy.ttl),
                                                    self.steer(records, bad))
        if removed:
            self.additional(removed)

    def steer(self, records, bad):
        """The records with the exchange for bad targets, merged to the lowest of each."""
        best = {}
        for text in records:
            *numbers, _ = text.split()
            target = target_of(text)
            if target in bad:
                target = self.policy.exchange
            numbers = tuple(int(number) for number in numbers)
            place = (target, numbers[2:])
            if place not in best or numbers < best[place]:
                best[place] = numbers
        return frozenset("%s %s" % (" ".join(map(str, numbers)), target.to_text().lower())
                         for (target, _), numbers in best.items())

    def additional(self, removed):
        """Additional addresses follow the targets."""
        still = {target_of(text) for section in (self.now.answer, self.now.authority)
                 for (_, rdtype), (_, records) in section.items()
                 if rdtype in (MX, SRV, dns.rdatatype.NS) for text in records}
        for owner, rdtype in list(self.now.additional):
            if owner in removed and owner not in still and rdtype in FAMILIES:
                del self.now.additional[(owner, rdtype)]
        if not self.oracle.looks_up:
            return
        for rdtype in FAMILIES:
            own = self.oracle.own_addresses(rdtype)
            if own and (self.policy.exchange, rdtype) not in self.now.additional:
                self.now.additional[(self.policy.exchange, rdtype)] = own

    # NODATA and what has come to be an answer

    def denial(self):
        """The SOA goes where data has come and comes where it has gone (TTL as 4.6)."""
        last = self.chain[-1]
        if (self.now.rcode, self.now.answer) == (self.base.rcode, self.base.answer):
            return
        if (self.oracle.missing and last == self.policy.exchange and
                not any(owner == last for owner, _ in self.now.answer)):
            self.give(last)
        if any(owner == last for owner, _ in self.now.answer):
            self.now.authority = {key: rrset for key, rrset in self.now.authority.items()
                                  if key[1] != SOA}
            return
        ttl, records = texts(self.oracle.whole.node(self.oracle.apex)[SOA])
        minimum = int(next(iter(records)).split()[-1])
        self.now.authority[(self.oracle.apex, SOA)] = (min(ttl, minimum, self.policy.ttl), records)
