# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the cases of tests/data/answers/*.txt: a zone, a policy, questions and exact answers.

  # ...             a comment
  == TITLE          begins a case: a zone with its own name
  policy ITEM: V..  an item of its policy (of stanza.Policy), values separated by blanks
  OWNER RDATA..     any other line before the first question is a record, relative to the apex;
                    every zone has an SOA (TTL 3600, minimum 900), NS ns, and ns A 192.0.2.53
  ? QNAME TYPE      begins a question; "?old": only before Knot DNS 3.4, "?new": only from then on;
                    {additional} at the end leaves the additional section to other cases
  same              expected: the octets of an unguarded server
  rcode RCODE       expected otherwise: NOERROR, or this,
  SECTION OWNER TTL TYPE [RDATA]  and exactly these records; an SOA's RDATA is the zone's

ZONE stands for the name of the zone with its final dot, LONG for labels that fill a name up to 255
octets.
"""

import dataclasses
import glob
import os

import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype

import client
import zones
from stanza import Policy

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
LISTS = ("proxy", "proxy_except", "proxy_name", "web_host", "mail_host", "mail_address",
         "mail_service", "web_origin")


@dataclasses.dataclass
class Question:
    place: str
    which: str
    qname: str
    qtype: str
    any_additional: bool
    same: bool
    rcode: int
    records: list


class Case:
    """One zone with its policy and questions."""

    def __init__(self, title, number, file):
        self.title, self.file = title, file
        self.zone = "c%d.%s.test." % (number, os.path.basename(file)[:3].replace(".", "-"))
        self.lines, self.items, self.questions = [], {}, []

    def name(self, text):
        text = text.replace("ZONE", self.zone)
        if "LONG." in text:
            rest = dns.name.from_text(text.replace("LONG.", ""), self.zone_name())
            text = text.replace("LONG", ".".join(split_room(255 - len(rest.to_wire()))))
        return text

    def zone_name(self):
        return dns.name.from_text(self.zone)

    def text(self):
        return zones.small(self.zone, "\n".join(" ".join(
            self.name(word) for word in line.split()) for line in self.lines))

    def policy(self):
        items = {}
        for item, values in self.items.items():
            values = [self.name(value) for value in values]
            items[item] = tuple(values) if item in LISTS else values[0]
        if "ttl" in items:
            items["ttl"] = int(items["ttl"])
        return Policy(id=self.zone[:-1].replace(".", "-"), **items)

    def expected(self, question):
        """(rcode, answer, authority, additional) as client.Answer has them."""
        sections = {"answer": {}, "authority": {}, "additional": {}}
        for section, owner, ttl, rdtype, rdata in question.records:
            rdtype = dns.rdatatype.from_text(rdtype)
            origin = self.zone_name()
            if rdtype == dns.rdatatype.SOA:
                rdata = "ns hostmaster 1 10800 3600 604800 900"
            rdata = " ".join(self.name(word) for word in rdata.split())
            text = dns.rdata.from_text("IN", rdtype, rdata, origin=origin,
                                       relativize=False).to_text().lower()
            key = (dns.name.from_text(self.name(owner), origin), rdtype)
            _, texts = sections[section].get(key, (0, frozenset()))
            sections[section][key] = (int(ttl), texts | {text})
        return (question.rcode, sections["answer"], sections["authority"],
                sections["additional"])

    def absolute(self, qname):
        return dns.name.from_text(self.name(qname), self.zone_name())


def split_room(room):
    """Labels that take exactly this many octets on the wire (each has one for its length)."""
    labels = []
    while room:
        size = room if room <= 64 else (64 if room != 65 else 60)
        labels.append("l" * (size - 1))
        room -= size
    return labels


def read(file):
    """The cases of one file."""
    cases = []
    case = question = None
    with open(file) as lines:
        for number, line in enumerate(lines, 1):
            line = line.strip()
            words = line.split()
            if not line or line.startswith("#"):
                continue
            if line.startswith("== "):
                case, question = Case(line[3:], len(cases), file), None
                cases.append(case)
            elif words[0] in ("?", "?old", "?new"):
                question = Question("%s:%d" % (os.path.basename(file), number), words[0][1:],
                                    words[1], words[2], words[-1] == "{additional}", False,
                                    dns.rcode.NOERROR, [])
                case.questions.append(question)
            elif question is None:
                if words[0] == "policy":
                    case.items[words[1].rstrip(":")] = words[2:]
                else:
                    case.lines.append(line)
            elif line == "same":
                question.same = True
            elif words[0] == "rcode":
                question.rcode = dns.rcode.from_text(words[1])
            elif words[0] in ("answer", "authority", "additional"):
                question.records.append((*words[:4], " ".join(words[4:])))
            else:
                raise ValueError("%s:%d: what is %r?" % (file, number, line))
    return cases


def files():
    return sorted(glob.glob(os.path.join(DATA, "answers", "*.txt")))


def judge(case, question, plain, guarded):
    """What is wrong with a guarded answer, as text; empty if nothing."""
    if question.same:
        if plain == guarded:
            return ""
        return "octets differ\n-- unguarded\n%s\n-- guarded\n%s" % (
            client.Answer.read(plain), client.Answer.read(guarded))
    got = client.Answer.read(guarded)
    want = client.Answer(case.expected(question)[0], dns.flags.QR | dns.flags.AA,
                         *case.expected(question)[1:])
    if question.any_additional:
        want.additional = got.additional
    return "" if got == want else "-- expected\n%s\n-- guarded\n%s" % (want, got)
