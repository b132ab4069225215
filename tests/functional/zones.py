# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones for the tests: short ones written by hand, and random ones from a seed.

A random zone is made of the mistakes and oddities that the contract names, each with a decent
probability; Knot's own rules (nothing beside a CNAME, nothing below a DNAME, only glue below a
delegation) are kept, for it would not load the zone otherwise.
"""

import io
import random

import dns.name
import dns.rdatatype
import dns.zone

from stanza import Policy

HEAD = """\
$TTL 3600
@ SOA ns.{0} hostmaster.{0} 1 10800 3600 604800 900
@ NS ns
ns A 192.0.2.53
"""


def small(zone, lines):
    """The text of a zone: SOA, NS, and these lines, relative to the apex."""
    return "$ORIGIN %s\n" % zone + HEAD.format(zone) + lines.strip("\n") + "\n"


def load(zone, text):
    """The zone as dnspython sees it, with absolute names."""
    return dns.zone.from_text(text, origin=zone, relativize=False, check_origin=False)


TTLS = (0, 30, 120, 299, 300, 600, 3600, 86400)
PROXY4 = ("104.16.1.%d", "104.17.9.%d", "192.0.2.%d", "203.0.113.%d")
PROXY6 = ("2606:4700::%x", "2001:db8:cd::%x")
DIRECT4 = ("198.51.100.%d", "104.24.0.%d", "104.15.255.%d", "100.64.7.%d")
DIRECT6 = ("2001:db8::%x", "2606:4701::%x", "fd00::%x")
# Of 192.0.2.0/24 the lower half and of 203.0.113.0/24 the first 16 addresses are proxied, but for
# one that an exception takes out again.
NETWORKS = (("104.16.0.0/13", "192.0.2.1/25", "203.0.113.0-203.0.113.15", "2606:4700::/32",
             "2001:db8:cd::-2001:db8:cd::ffff"),
            ("104.16.0.0/14", "104.17.0.0/16", "192.0.2.0-192.0.2.127", "203.0.113.0/28",
             "2606:4700::/32", "2001:db8:cd::/48"))
EXCEPT = ("192.0.2.5", "2606:4700::5/128", "203.0.113.5-203.0.113.5")
PROXY_NAMES = ("cdn.example.net.", "edge.test.")
OUTSIDE = ("mx.provider.example.", "host.example.net.", "x.cdn.example.net.",
           "cdn.example.net.", "a.b.edge.test.", "notcdn.example.net.")
EXCHANGES = ("mail", "mail", "mail", "mx", "smtp", "a.b.mx", "in.post", "x.wild", "m.dn", "mx.sub")
LABELS = ("www", "mail", "mx", "mx1", "mx2", "smtp", "imap", "cdn", "web", "host", "relay", "ftp",
          "mx.ent", "a.b.mx", "in.post", "deep.er.in.zone", "xn--mller-kva", "xn--bcher-kva.mx",
          r"a\.b", r"sp\032ace", r"t\009ab\255.mx", "UPPER", "MiXed.Case", "_dmarc", "0", "-",
          "l" * 63, "long")
SERVICES = ("_submission._tcp", "_submissions._tcp", "_imaps._tcp", "_pop3._tcp", "_sieve._tcp",
            "_sip._tcp", "_autodiscover._tcp", "_submission._tcp.mx1", "_imap._tcp.web",
            "_submission._udp", "_tcp", "_imap._tcp")
TYPES = ("A", "AAAA", "MX", "SRV", "CNAME", "TXT", "NS", "SOA", "ANY", "DNAME")


class RandomZone:
    """One zone, its policy, and the questions to ask. All follows from the seed and the number."""

    def __init__(self, seed, number, mode):
        self.random = random.Random("%s/%s" % (seed, number))
        self.name = self.pick(("z%d.test.",) * 6 + ("a.b.z%d.test.", "XN--Z-%d.test.")) % number
        self.apex = dns.name.from_text(self.name)
        self.records = {}
        self.policy = self.make_policy("p%d" % number, mode)
        self.exchange = dns.name.from_text(self.policy.mail_exchange, self.apex)
        self.pool = self.make_pool()
        self.fill()
        self.text = self.write()
        self.zone = load(self.name, self.text)

    # Choices

    def pick(self, things):
        return self.random.choice(things)

    def chance(self, probability):
        return self.random.random() < probability

    def ttl(self):
        return self.pick(TTLS)

    def address(self, family, kind):
        """An address: proxied (now and then by an excepted number, and so direct) or direct."""
        if kind == "proxied":
            number = self.pick((1, 2, 5, 6, 14))
            return self.pick(PROXY4 if family == 4 else PROXY6) % number
        return self.pick(DIRECT4 if family == 4 else DIRECT6) % self.random.randint(130, 250)

    def make_policy(self, ident, mode):
        four = ["198.51.100.%d" % n for n in (25, 26, 27)]
        six = ["2001:db8::25", "2001:db8::26"]
        mail = self.pick(((four[0], six[0]), (four[0],), (six[0],), (*four, *six), tuple(four)))
        exchange = self.pick(EXCHANGES)
        web = self.pick((None, None, ("@", "www", "web"), ("www",), ("*.dn", "www", "@", "web")))
        hosts = [name for name in ("smtp", "*.mx", "mx1", "UPPER", "imap", "mx2", "*.wild", "long",
                                   "h.dn", "mx.sub") if self.chance(0.25)]
        if web and "*.dn" in web and (exchange == "m.dn" or "h.dn" in hosts):
            web = None
        return Policy(id=ident, mode=mode, proxy=self.pick(NETWORKS),
                      proxy_except=self.pick((None, EXCEPT)),
                      proxy_name=self.pick((None, PROXY_NAMES, PROXY_NAMES[:1])),
                      web_host=web, mail_host=tuple(hosts) or None, mail_exchange=exchange,
                      mail_address=mail, ttl=self.pick((None, 60, 300, 7200)))

    def make_pool(self):
        """The names that this zone is about, absolute."""
        labels = ["www", "mail"] + self.random.sample(LABELS, self.random.randint(6, 14))
        if self.chance(0.7):
            labels.append(self.policy.mail_exchange)
        names = [dns.name.from_text(label, self.apex) for label in labels if label != "long"]
        if "long" in labels:
            names.append(self.long_name("long"))
        return list(dict.fromkeys(names))

    def long_name(self, label):
        """A name of 255 octets below a label, or as near as labels allow."""
        name = dns.name.from_text(label, self.apex)
        while len(name.to_wire()) < 254:
            room = 255 - len(name.to_wire()) - 1
            name = dns.name.Name((b"x" * min(63, room if room < 64 or room > 65 else 60),) +
                                 name.labels)
        return name

    def target(self, mail=True):
        """A name to point at: in the zone, at its edges, or elsewhere."""
        inside = self.pool + [self.apex, self.exchange]
        near = [dns.name.from_text(text, self.apex) for text in
                ("www", "missing", "any.wild", "x.dn", "mx.sub", "noglue.sub", "sub", "wild",
                 "missing.mx", "loop1", "chain1", "ns", "h.dn", "x.wild")]
        way = self.random.random()
        if way < 0.55:
            return self.pick(inside)
        if way < 0.8:
            return self.pick(near)
        if way < 0.84 and mail:
            return dns.name.root
        return dns.name.from_text(self.pick(OUTSIDE))

    # Records

    def add(self, name, rdtype, *rdata):
        """Adds an RRset if Knot would load the zone with it."""
        node = self.records.get(name, {})
        if rdtype in node or "CNAME" in node or (rdtype == "CNAME" and node):
            return
        for above in self.records:
            if name != above and name.is_subdomain(above):
                have = self.records[above]
                if "DNAME" in have or ("NS" in have and above != self.apex and
                                       rdtype not in ("A", "AAAA")):
                    return
            elif name != above and above.is_subdomain(name) and (
                    rdtype == "DNAME" or (rdtype == "NS" and name != self.apex)):
                return
        self.records.setdefault(name, {})[rdtype] = (self.ttl(), list(dict.fromkeys(rdata)))

    def add_host(self, name):
        """Addresses of either family: none, direct, proxied or both."""
        for family, rdtype in ((4, "A"), (6, "AAAA")):
            kinds = self.pick((("direct",), ("proxied",), ("proxied",), ("proxied", "proxied"),
                               ("direct", "proxied"), ("proxied", "direct", "direct"), (), ()))
            if kinds:
                self.add(name, rdtype, *(self.address(family, kind) for kind in kinds))

    def add_mx(self, name):
        rdata = ["%d %s" % (self.pick((0, 5, 10, 10, 20)), self.target())
                 for _ in range(self.pick((1, 1, 2, 2, 3, 5)))]
        self.add(name, "MX", *rdata)

    def add_srv(self, name):
        rdata = ["%d %d %d %s" % (self.pick((0, 10)), self.pick((0, 5)), self.pick((587, 993)),
                                  self.target()) for _ in range(self.pick((1, 1, 2, 3)))]
        self.add(name, "SRV", *rdata)

    def add_name(self, name):
        """One name of the pool plays one part, or a few that go together."""
        part = self.random.random()
        if part < 0.25:
            self.add(name, "CNAME", str(self.target(mail=False)))
            return
        if part < 0.75:
            self.add_host(name)
        if part > 0.6:
            self.add_mx(name)
        if self.chance(0.2):
            self.add(name, "TXT", '"v=spf1 mx -all"', '"Mixed Case"')

    def fill(self):
        self.add(self.apex, "SOA", "ns.%s hostmaster.%s 1 10800 3600 604800 %d" %
                 (self.name, self.name, self.ttl()))
        self.add(self.apex, "NS", *{"ns.%s" % self.name, self.pick(
            ("ns.%s" % self.name, "ns.example.net.", str(self.pick(self.pool))))})
        self.add_host(dns.name.from_text("ns", self.apex))
        if self.chance(0.8):
            self.add_mx(self.apex)
        if self.chance(0.7):
            self.add_host(self.apex)
        self.add_edges()
        for name in self.pool:
            self.add_name(name)
        for label in self.random.sample(SERVICES, self.random.randint(1, 5)):
            self.add_srv(dns.name.from_text(label, self.apex))

    def add_edges(self):
        """Delegation, DNAME, wildcards, loops and chains."""
        def at(label):
            return dns.name.from_text(label, self.apex)
        if self.chance(0.5):
            self.add(at("sub"), "NS", "ns.sub.%s" % self.name, *self.pick(
                ((), ("mx.sub.%s" % self.name,))))
            for label in ("ns.sub", "mx.sub", "sub"):
                if self.chance(0.7):
                    self.add_host(at(label))
        if self.chance(0.4):
            self.add(at("dn"), "DNAME", str(self.pick(
                (at("mx"), at("wild"), at("missing"), self.apex,
                 dns.name.from_text("cdn.example.net."), dns.name.from_text("example.net.")))))
        for label in ("*.wild", "*", "*.mx", "*._tcp"):
            if self.chance(0.25):
                part = self.random.random()
                if part < 0.25:
                    self.add(at(label), "CNAME", str(self.target(mail=False)))
                elif part < 0.7:
                    self.add_host(at(label))
                if part > 0.5:
                    (self.add_srv if "_tcp" in label else self.add_mx)(at(label))
        if self.chance(0.3):
            self.add(at("loop1"), "CNAME", str(at("loop2")))
            self.add(at("loop2"), "CNAME", str(self.pick((at("loop1"), at("loop2")))))
        if self.chance(0.4):
            length = self.pick((2, 3, 4, 5, 6, 8))
            for i in range(1, length):
                self.add(at("chain%d" % i), "CNAME", str(at("chain%d" % (i + 1))))
            self.add(at("chain%d" % length), "CNAME", str(self.target(mail=False)))

    def write(self):
        out = io.StringIO()
        for name, node in self.records.items():
            for rdtype, (ttl, rdata) in node.items():
                for text in rdata:
                    out.write("%s %d %s %s\n" % (name, ttl, rdtype, text))
        return out.getvalue()

    # Questions

    def names(self):
        """Every name there is, and the ones around them that there are not."""
        names = {}
        for name in list(self.records) + [self.exchange] + self.pool:
            while name.is_subdomain(self.apex):
                names[name] = True
                name = name.parent()
        for label in ("missing", "x.wild", "any.wild", "x.y.wild", "h.dn", "x.dn", "m.dn", "mx.sub",
                      "noglue.sub", "x.missing", "www", "_submission._tcp", "_imap._tcp.wild",
                      "b.mx", "below.mail", "X.Mail.BELOW"):
            names[dns.name.from_text(label, self.apex)] = True
        for name in list(names):
            if self.chance(0.2) and len(name.to_wire()) < 250:
                names[dns.name.Name((b"sub",) + name.labels)] = True
        return list(names)

    def swap_case(self, name):
        return dns.name.Name(bytes(c ^ 0x20 if (65 <= c <= 90 or 97 <= c <= 122) and
                                   self.chance(0.5) else c for c in label)
                             for label in name.labels)

    def questions(self):
        """(QNAME, type) of all that is to be asked, names in mixed case here and there."""
        return [(self.swap_case(name) if self.chance(0.3) else name, rdtype)
                for name in self.names() for rdtype in TYPES]
