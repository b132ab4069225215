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
        self.whole = WholeZone(zone, policy.exchange)
        self.apex = zone.origin
        apex_mx = self.whole.node(self.apex).get(MX, (0, []))
        self.apex_targets = {rdata.exchange for rdata in apex_mx[1]}
        self.has_finding = False

    # Terms of section 2

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
        """The guarded answer, or None where nothing is to be repaired. has_finding is set if
        there is something to report anyway."""
        self.has_finding = False
        if not base.answer and any(rdtype == dns.rdatatype.NS for _, rdtype in base.authority):
            return None
        return Repair(self, qname, qtype, base).done()

    def serves(self, owner, found, alias=False):
        """{type: addresses} that a guarded host is answered with (4.1, 4.2, 4.4); found is all
        that it has, or that its alias leads to."""
        direct = {rdtype: self.direct(texts) for rdtype, texts in found.items()}
        direct = {rdtype: texts for rdtype, texts in direct.items() if texts}
        if direct:
            return direct
        every = {rdtype: self.mail(rdtype) for rdtype in FAMILIES if self.mail(rdtype)}
        if alias:
            return every
        served = {rdtype: texts for rdtype, texts in every.items() if rdtype in found}
        return every if owner == self.policy.exchange and not served else served

    def bad_target(self, owner, target, knowledge):
        """True if a mail target has to be steered (4.3)."""
        if target == ROOT:
            return False
        if self.guarded(target):  # The apex can be looked up in any Knot DNS.
            return ((self.looks_up or target == self.apex) and self.missing and
                    self.no_address(target))
        if not self.in_zone(target):
            return self.policy.proxy_name(target)
        known = knowledge.follow(target) if self.looks_up else knowledge.target(target)
        if known.leads_to_proxy(self.policy):
            return True
        # Of a loop nothing is known; who follows it learns nothing either.
        if (self.missing and known.nothing() and known.kind != "loop" and
                known.end != self.policy.exchange):
            return True
        # The limit of 4.8 is one of targets below the apex: of those at the apex all are guarded
        # or web hosts, and a web host that shows no address here is not one to send mail to.
        return (not self.looks_up and owner == self.apex and not known.addresses and
                self.policy.web_host(target))

    def no_address(self, target):
        """True if a guarded target certainly has no address after all that is done to it."""
        known = self.whole.follow(target)
        if self.policy.exchange in (target, known.end) or known.kind == "loop":
            return False
        if not known.addresses:
            return known.nothing()
        found = {rdtype: texts for rdtype, (_, texts) in known.addresses.items()}
        mail = any(self.mail(rdtype) for rdtype in FAMILIES)
        return mail and not self.serves(target, found, bool(known.passed))

    def own_addresses(self):
        """{type: (TTL, addresses)} that the exchange itself has in answers (4.4, 3.4 only)."""
        known = self.whole.follow(self.policy.exchange)
        found = {rdtype: texts for rdtype, (_, texts) in known.addresses.items()}
        alias = bool(known.passed)
        if alias and not known.leads_to_proxy(self.policy) and not known.nothing():
            return {}
        if not alias and not found and not known.nothing():
            return {}
        own = {}
        for rdtype, texts in self.serves(self.policy.exchange, found, alias).items():
            ttl, before = known.addresses.get(rdtype, (self.policy.ttl, frozenset()))
            if alias:
                ttl = min(ttl, known.ttl) if self.direct(before) else known.ttl
            own[rdtype] = (min(ttl, self.policy.ttl), texts)
        return own


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
        if not self.aliases() and self.oracle.missing and not self.wildcard():
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
        """Flattens the aliases from the first name that must not be one; True if there was one."""
        for name in self.chain:
            if (name, CNAME) not in self.base.answer or not self.oracle.guarded(name):
                continue
            # Without look-ups a wildcard's alias shows only to who asks for just that.
            shows = self.oracle.looks_up or (name == self.qname and
                                             self.qtype in (ANY, CNAME))
            if shows and self.covered(name):
                (target,) = self.base.answer[(name, CNAME)][1]
                self.flatten(name, {}, self.knowledge.follow(dns.name.from_text(target)).ttl)
                return True
            known = self.knowledge.follow(name)
            if known.leads_to_proxy(self.policy) or self.dead_exchange(name, known):
                self.flatten(name, known.addresses, known.ttl)
                return True
        return False

    def covered(self, name):
        """True for the exchange where the zone has nothing but a wildcard for it."""
        return (name == self.policy.exchange and self.oracle.missing and
                self.oracle.whole.covered())

    def elsewhere(self):
        """True if the exchange is known to be another zone's, or below a DNAME."""
        if self.oracle.looks_up:
            return self.oracle.whole.elsewhere()
        return any(rdtype == DNAME and owner != self.policy.exchange and
                   self.policy.exchange.is_subdomain(owner) for owner, rdtype in self.base.answer)

    def only(self, rdtype):
        """True if the policy has mail addresses of this family and of no other."""
        return [have for have in FAMILIES if self.oracle.mail(have)] == [rdtype]

    def dead_exchange(self, name, known):
        """True if this is the exchange and its alias leads to no address."""
        if name != self.policy.exchange or not self.oracle.missing or self.elsewhere():
            return False
        if known.nothing():
            return True
        # Without look-ups the other family may be there.
        return (not self.oracle.looks_up and not known.addresses and known.kind != "node" and
                self.qtype in known.empty and self.only(self.qtype))

    def flatten(self, name, addresses, ttl):
        at = self.chain.index(name)
        before, gone = self.chain[:at], set(self.chain[at:])
        aliases = min(self.base.answer[(link, CNAME)][0] for link in gone
                      if (link, CNAME) in self.base.answer)
        if self.oracle.looks_up and ttl is not None and ttl < aliases:
            aliases = ttl
        self.now.answer = {
            (owner, rdtype): rrset for (owner, rdtype), rrset in self.base.answer.items()
            if owner not in gone and not (rdtype == DNAME and not any(
                link.is_subdomain(owner) for link in before))}
        self.now.rcode = dns.rcode.NOERROR
        self.now.authority = {key: rrset for key, rrset in self.base.authority.items()
                              if key[1] == SOA}
        self.now.additional = {}
        found = {rdtype: texts for rdtype, (_, texts) in addresses.items()}
        served = self.oracle.serves(name, found, alias=True)
        for rdtype in self.wanted():
            own = addresses.get(rdtype, (aliases, frozenset()))
            direct = self.oracle.direct(own[1])
            self.put(name, rdtype, min(own[0], aliases) if direct else aliases,
                     served.get(rdtype))
        self.chain = self.chain[:at + 1]

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
        """Answers with the mail addresses where the exchange has no other."""
        if self.elsewhere():
            return
        served = {rdtype: self.oracle.mail(rdtype) for rdtype in FAMILIES}
        if self.oracle.looks_up:
            known = self.oracle.whole.follow(name)
            found = {rdtype: texts for rdtype, (_, texts) in known.addresses.items()}
            certain = not known.passed and (found or known.nothing())
            served = self.oracle.serves(name, found) if certain else {}
        elif self.base.rcode != dns.rcode.NXDOMAIN:
            served = {rdtype: texts for rdtype, texts in served.items() if self.only(rdtype)}
        for rdtype in self.wanted():
            if (name, rdtype) not in self.now.answer:
                self.put(name, rdtype, self.policy.ttl, served.get(rdtype))

    def wildcard(self):
        """Puts the exchange in the place of what a wildcard has answered for it; True if that is
        the answer. Without look-ups it shows only where the exchange itself was asked for."""
        name = self.policy.exchange
        if not self.covered(name):
            return False
        for rdtype in FAMILIES:
            ttl, found = self.now.additional.get((name, rdtype), (0, frozenset()))
            if found and found != self.oracle.mail(rdtype):
                del self.now.additional[(name, rdtype)]
                if self.oracle.mail(rdtype):
                    self.now.additional[(name, rdtype)] = (min(ttl, self.policy.ttl),
                                                           self.oracle.mail(rdtype))
        gone = {key: rrset for key, rrset in self.base.answer.items() if key[0] == name and
                key[1] != CNAME and
                not (key[1] in FAMILIES and rrset[1] == self.oracle.mail(key[1]))}
        if not gone or not (self.oracle.looks_up or self.qname == name):
            return False
        for key in gone:
            del self.now.answer[key]
        self.now.additional = {key: rrset for key, rrset in self.now.additional.items()
                               if key[1] not in FAMILIES}
        ttl = min(rrset[0] for rrset in gone.values())
        for rdtype in self.wanted():
            self.put(name, rdtype, ttl, self.oracle.mail(rdtype))
        return True

    # 4.1

    def addresses(self):
        for section in (self.now.answer, self.now.authority, self.now.additional):
            for (owner, rdtype), (ttl, found) in list(section.items()):
                if rdtype not in FAMILIES or not self.oracle.guarded(owner):
                    continue
                if self.oracle.direct(found) == found:
                    continue
                known = self.known(owner, rdtype, found)
                served = self.oracle.serves(owner, {have: texts for have, (_, texts)
                                                    in known.items()})
                if rdtype in served:
                    section[(owner, rdtype)] = (min(ttl, self.policy.ttl), served[rdtype])
                    continue
                del section[(owner, rdtype)]
                for other in served:
                    # Whoever asks for anything gets what there is.
                    if (section is self.now.answer and self.qtype == ANY and
                            (owner, other) not in section):
                        self.put(owner, other, known.get(other, (self.policy.ttl,))[0],
                                 served[other])

    def known(self, owner, rdtype, found):
        """{type: (TTL, addresses)} of a host of which an RRset is in the answer."""
        known = {}
        if self.oracle.looks_up or owner == self.oracle.apex:
            whole = self.oracle.whole.follow(owner)
            known = {} if whole.passed else dict(whole.addresses)
        known[rdtype] = (0, found)
        return known

    # 4.3

    def targets(self):
        removed = set()
        for (owner, rdtype), (ttl, records) in list(self.now.answer.items()):
            if rdtype != MX and not (rdtype == SRV and self.mail_service(owner)):
                continue
            bad = {target for target in map(target_of, records)
                   if self.oracle.bad_target(owner, target, self.knowledge)}
            if bad and self.elsewhere():
                self.oracle.has_finding = True
            elif bad:
                removed |= bad
                self.now.answer[(owner, rdtype)] = (min(ttl, self.policy.ttl),
                                                    self.steer(records, bad))
        if removed:
            self.additional(removed)

    def mail_service(self, owner):
        """True if this or the name that an alias has led from is that of a mail service."""
        return self.policy.mail_service(owner) or (
            len(self.chain) > 1 and owner == self.chain[-1] and
            self.policy.mail_service(self.qname))

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
        for rdtype, own in self.oracle.own_addresses().items():
            if (self.policy.exchange, rdtype) not in self.now.additional:
                self.now.additional[(self.policy.exchange, rdtype)] = own

    # NODATA and what has come to be an answer

    def denial(self):
        """The SOA goes where data has come and comes where it has gone (TTL as 4.6)."""
        last = self.chain[-1]
        if (self.now.rcode, self.now.answer) == (self.base.rcode, self.base.answer):
            return
        if any(owner == last for owner, _ in self.now.answer):
            self.now.authority = {key: rrset for key, rrset in self.now.authority.items()
                                  if key[1] != SOA}
            return
        ttl, records = texts(self.oracle.whole.node(self.oracle.apex)[SOA])
        minimum = int(next(iter(records)).split()[-1])
        self.now.authority[(self.oracle.apex, SOA)] = (min(ttl, minimum, self.policy.ttl), records)
