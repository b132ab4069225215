# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a name of a zone leads: what can be known of its addresses.

Two sources of knowledge: the whole zone (Knot DNS 3.4 and later, where the module can look names
up), and a single response with the zone's apex (before 3.4, the limit of 4.8). Both say it in the
same words, a Known.
"""

import dataclasses

import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone

A, AAAA = dns.rdatatype.A, dns.rdatatype.AAAA
CNAME, DNAME, NS = dns.rdatatype.CNAME, dns.rdatatype.DNAME, dns.rdatatype.NS
FAMILIES = {A: 4, AAAA: 6}
# Another module answers such a record with the addresses of some other name.
ALIAS = 65401
CHAIN_MAX = 64


@dataclasses.dataclass
class Known:
    """What following a name found.

    end      the last name of the chain
    kind     what is there: "node" a name of the zone with all its addresses in addresses,
             "missing" NXDOMAIN, "loop" nothing ever, "glue" a name below a delegation with its
             glue, "outside" the zone, "partial" the addresses in the response, "web" a web host
             that the response shows nothing of, "unknown"
    passed   the targets of the aliases on the way
    empty    address types of which it is certain that the end has none
    ttl      the lowest of the aliases
    """

    end: dns.name.Name
    kind: str
    passed: list
    addresses: dict
    empty: frozenset = frozenset()
    ttl: int = None

    def nothing(self):
        """True if it is certain that there is no address at all."""
        return not self.addresses and self.empty >= set(FAMILIES)

    def leads_to_proxy(self, policy):
        return (self.kind == "web" or any(policy.proxy_name(name) for name in self.passed) or
                any(policy.proxied(text) for _, texts in self.addresses.values()
                    for text in texts))


def zone_nodes(zone):
    """{owner: {type: (TTL, [RDATA])}} of a dnspython zone with absolute names."""
    return {name: {rdataset.rdtype: (rdataset.ttl, list(rdataset)) for rdataset in node}
            for name, node in zone.nodes.items()}


def texts(rrset):
    """(TTL, frozenset of RDATA text) of one entry of zone_nodes()."""
    return (rrset[0], frozenset(rdata.to_text().lower() for rdata in rrset[1]))


class WholeZone:
    """Knowledge of everything in the zone. A wildcard for the exchange does not count."""

    def __init__(self, zone, exchange=None):
        self.exchange = exchange
        self.apex = zone.origin
        self.nodes = zone_nodes(zone)
        self.names = set()
        for name in self.nodes:
            while name != self.apex:
                self.names.add(name)
                name = name.parent()
        self.names.add(self.apex)

    def node(self, name):
        return self.nodes.get(name, {})

    def find(self, name):
        """(kind, RRsets at the name or owner of the DNAME) without following any alias."""
        if not name.is_subdomain(self.apex):
            return "outside", {}
        above = len(name.labels) - len(self.apex.labels)
        for depth in range(above, -1, -1):
            at = dns.name.Name(name.labels[depth:])
            if at != self.apex and NS in self.node(at):
                return "glue", self.node(name)
            if at != name and DNAME in self.node(at):
                return "dname", at
        if name in self.names:
            return "node", self.node(name)
        encloser = name.parent()
        while encloser not in self.names:
            encloser = encloser.parent()
        wildcard = dns.name.Name((b"*",) + encloser.labels)
        if wildcard in self.names and name != self.exchange:
            return "node", self.node(wildcard)
        return "missing", {}

    def covered(self):
        """True if the zone has nothing but a wildcard for the exchange."""
        if self.find(self.exchange)[0] != "missing":
            return False
        encloser = self.exchange.parent()
        while encloser not in self.names:
            encloser = encloser.parent()
        return dns.name.Name((b"*",) + encloser.labels) in self.names

    def elsewhere(self):
        """True if the exchange is below a delegation or a DNAME."""
        return self.find(self.exchange)[0] in ("glue", "dname")

    def follow(self, name):
        passed, seen = [], set()
        lowest = None
        while name not in seen and len(passed) < CHAIN_MAX:
            seen.add(name)
            kind, found = self.find(name)
            if kind == "dname":
                ttl, target = self.nodes[found][DNAME][0], self.substitute(name, found)
                if target is None: # No such name can be.
                    return Known(name, "missing", passed, {}, frozenset(FAMILIES), lowest)
            elif kind == "node" and CNAME in found:
                ttl, target = found[CNAME][0], found[CNAME][1][0].target
            else:
                addresses = {rdtype: texts(found[rdtype]) for rdtype in FAMILIES
                             if rdtype in found}
                certain = kind in ("node", "missing") and (addresses or ALIAS not in found)
                empty = frozenset(FAMILIES) - set(addresses) if certain else frozenset()
                return Known(name, kind, passed, addresses, empty, lowest)
            lowest = ttl if lowest is None else min(lowest, ttl)
            passed.append(target)
            name = target
        return Known(name, "loop", passed, {}, frozenset(FAMILIES), lowest)

    def substitute(self, name, owner):
        """The name that a DNAME turns another into, or None if that is too long."""
        rest = name.labels[:len(name.labels) - len(owner.labels)]
        try:
            return dns.name.Name(rest + self.nodes[owner][DNAME][1][0].target.labels)
        except dns.name.NameTooLong:
            return None


class OneResponse:
    """Knowledge of one response and the RRsets at the apex."""

    def __init__(self, answer, chain, qtype, whole, policy):
        self.answer, self.chain, self.qtype, self.policy = answer, chain, qtype, policy
        self.apex = whole.apex
        self.at_apex = {rdtype: texts(rrset) for rdtype, rrset in whole.node(whole.apex).items()
                        if rdtype in FAMILIES}

    def addresses(self, name):
        found = {}
        for section in (self.answer.answer, self.answer.authority, self.answer.additional):
            for rdtype in FAMILIES:
                if (name, rdtype) in section:
                    found[rdtype] = section[(name, rdtype)]
        return found

    def target(self, name):
        """What is known of a mail target: only addresses, no alias is followed (4.8)."""
        if name == self.apex:
            return self.follow(name)
        return Known(name, "partial", [], self.addresses(name))

    def follow(self, name):
        passed, lowest = [], None
        while (name, CNAME) in self.answer.answer:
            ttl, (target,) = self.answer.answer[(name, CNAME)]
            lowest = ttl if lowest is None else min(lowest, ttl)
            target = dns.name.from_text(target)
            if target in passed:
                return Known(target, "loop", passed, {}, frozenset(FAMILIES), lowest)
            passed.append(target)
            name = target
        return Known(name, *self.end(name, passed), lowest)

    def end(self, name, passed):
        """(kind, what was passed, addresses, empty) of the end of a chain."""
        if not name.is_subdomain(self.apex):
            return "outside", passed, {}, frozenset()
        if name == self.apex:
            return "node", passed, self.at_apex, frozenset(FAMILIES) - set(self.at_apex)
        found = self.addresses(name)
        if found:
            return "partial", passed, found, frozenset()
        denied = name == self.chain[-1] and any(rdtype == dns.rdatatype.SOA for _, rdtype
                                                in self.answer.authority)
        missing = denied and self.answer.rcode == dns.rcode.NXDOMAIN
        empty = frozenset()
        if missing:
            empty = frozenset(FAMILIES)
        elif denied and self.qtype in FAMILIES:
            empty = frozenset((self.qtype,))
        if passed and self.policy.web_host(name):
            return "web", passed, {}, empty
        return "missing" if missing else "unknown", passed, {}, empty
