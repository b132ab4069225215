# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a name server: queries as exact octets, over UDP and TCP, many at a time.

Answers come back as they were on the wire, so that two servers can be compared octet by octet;
Answer reads one into sets for comparison by meaning.
"""

import select
import socket
import struct

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

HOST = "127.0.0.1"
UDP_TRIES = 5
UDP_WAIT = 2.0
WINDOW = 48


def query(qname, qtype, *, ident=0x4d58, size=4096, do=False, rdclass=1, opcode=0, flags=0):
    """The octets of a query. The QNAME keeps its case; size None leaves EDNS out."""
    if isinstance(qname, str):
        qname = dns.name.from_text(qname)
    if isinstance(qtype, str):
        qtype = dns.rdatatype.from_text(qtype)
    edns = b""
    if size is not None:
        edns = struct.pack("!BHHIH", 0, 41, size, 0x8000 if do else 0, 0)
    return (struct.pack("!HHHHHH", ident, (opcode << 11) | flags, 1, 0, 0, 1 if edns else 0) +
            qname.to_wire() + struct.pack("!HH", qtype, rdclass) + edns)


def with_ids(wires):
    """The same queries with the ids 0, 1, 2 and so on."""
    return [struct.pack("!H", i & 0xffff) + wire[2:] for i, wire in enumerate(wires)]


def udp_many(port, wires):
    """Answers to queries with distinct ids, in order. Lost ones are asked again, then an error."""
    answers = {}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.connect((HOST, port))
        for start in range(0, len(wires), WINDOW):
            waiting = {wire[:2]: wire for wire in wires[start:start + WINDOW]}
            for attempt in range(UDP_TRIES):
                for wire in waiting.values():
                    sock.send(wire)
                while waiting and select.select([sock], [], [], UDP_WAIT)[0]:
                    data = sock.recv(65535)
                    if waiting.pop(data[:2], None):
                        answers[data[:2]] = data
                if not waiting:
                    break
            if waiting:
                raise TimeoutError("no answer from port %d to %s" %
                                   (port, next(iter(waiting.values())).hex()))
    return [answers[wire[:2]] for wire in wires]


def udp(port, wire):
    """The answer to one query."""
    return udp_many(port, [wire])[0]


def udp_or_none(port, wire, wait=1.0):
    """The answer to anything at all, or None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(wait)
        sock.connect((HOST, port))
        sock.send(wire)
        try:
            return sock.recv(65535)
        except TimeoutError:
            return None


def read(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("connection closed after %d of %d octets" % (len(data), count))
        data += more
    return data


def tcp_many(port, wires, timeout=10):
    """Answers to queries asked one after another over one connection."""
    answers = []
    with socket.create_connection((HOST, port), timeout=timeout) as sock:
        for wire in wires:
            sock.sendall(struct.pack("!H", len(wire)) + wire)
            answers.append(read(sock, struct.unpack("!H", read(sock, 2))[0]))
    return answers


def tcp(port, wire):
    """The answer to one query over TCP."""
    return tcp_many(port, [wire])[0]


def tcp_stream(port, wire, last, timeout=10):
    """All messages of an answer in several, until last(message octets) says it is complete."""
    messages = []
    with socket.create_connection((HOST, port), timeout=timeout) as sock:
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        while not messages or not last(messages[-1]):
            messages.append(read(sock, struct.unpack("!H", read(sock, 2))[0]))
    return messages


class Answer:
    """An answer by its meaning. A section is {(owner, type): (TTL, frozenset of RDATA text)}."""

    def __init__(self, rcode, flags, answer, authority, additional):
        self.rcode = rcode
        self.flags = flags
        self.answer, self.authority, self.additional = answer, authority, additional

    @classmethod
    def read(cls, wire):
        message = wire if isinstance(wire, dns.message.Message) else dns.message.from_wire(wire)
        sections = []
        for section in (message.answer, message.authority, message.additional):
            sections.append({(rrset.name, rrset.rdtype):
                             (rrset.ttl, frozenset(rdata.to_text().lower() if
                                                   rrset.rdtype != dns.rdatatype.TXT
                                                   else rdata.to_text() for rdata in rrset))
                             for rrset in section})
        return cls(message.rcode(), message.flags & ~0x0f, *sections)

    def copy(self):
        return Answer(self.rcode, self.flags, dict(self.answer), dict(self.authority),
                      dict(self.additional))

    def key(self):
        return (self.rcode, self.flags, self.answer, self.authority, self.additional)

    def __eq__(self, other):
        return isinstance(other, Answer) and self.key() == other.key()

    def rdata(self, owner, rdtype, section="answer"):
        """The RDATA texts of one RRset, sorted; empty if it is not there."""
        key = (dns.name.from_text(str(owner)), dns.rdatatype.from_text(rdtype))
        return sorted(getattr(self, section).get(key, (0, ()))[1])

    def addresses(self, section=None):
        """(owner, address text) of every A and AAAA in a section or anywhere."""
        sections = ((self.answer, self.authority, self.additional) if section is None
                    else (getattr(self, section),))
        return [(owner, text) for part in sections for (owner, rdtype), (_, texts) in part.items()
                if rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) for text in sorted(texts)]

    def __str__(self):
        lines = ["%s %s" % (dns.rcode.to_text(self.rcode), dns.flags.to_text(self.flags))]
        for title in ("answer", "authority", "additional"):
            for (owner, rdtype), (ttl, texts) in sorted(getattr(self, title).items()):
                lines += ["  %-10s %s %d %s %s" % (title, owner, ttl,
                                                   dns.rdatatype.to_text(rdtype), text)
                          for text in sorted(texts)]
        return "\n".join(lines)
