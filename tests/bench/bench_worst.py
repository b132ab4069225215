#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs at worst: of each kind of response that a hostile zone, a hostile client or
an odd policy may ask it to judge, the CPU time of a real knotd per query, in modes log and enforce
next to an unguarded zone of the same server. Prints a line for each kind; those above the limit have
a '!'. Not a test: machines differ.

  MXGUARD_MODULE=/path/mxguard.so tests/bench/bench_worst.py [-r ROUNDS] [-q QUERIES] [KIND]...

A KIND is part of the name of one. What looks other names up is the module of Knot DNS 3.4 and later
only: run it there, too (scripts/in-release).
"""

import argparse
import os
import select
import socket
import struct

from measure import cpu

import client
import harness
from stanza import Policy
from validator import wait_anchors

LIMIT = 5
BARE, LOG, ENFORCE = "bare.test.", "logs.test.", "does.test."
HEAD = """\
{0} 3600 SOA ns.{0} hostmaster.{0} 1 10800 3600 604800 900
{0} 3600 NS ns.{0}
ns.{0} 3600 A 192.0.2.53
"""
SIGNED = "    dnssec-signing: on\n    dnssec-policy: bench\n"
NSEC = "policy:\n  - id: bench\n    algorithm: ecdsap256sha256\n    signing-threads: 2\n"
NSEC3 = NSEC + "    nsec3: on\n    nsec3-salt-length: 8\n    nsec3-iterations: %d\n"
WINDOW = 32
PROXIED, DIRECT = "104.16.%d.%d", "192.0.2.%d"
KINDS = []


class Kind:
    """lines  records of the zone, names relative to it ("@" is the apex)
    names     QNAMES, asked in turn, relative as well
    sign      None, or the policy section that signs the zone
    """

    def __init__(self, name, lines, names, qtype, *, sign=None, do=None, tcp=False, size=1232,
                 **policy):
        self.name, self.lines, self.names, self.qtype = name, lines, names, qtype
        self.sign, self.do = sign, sign is not None if do is None else do
        self.tcp, self.size, self.policy = tcp, size, policy
        KINDS.append(self)

    def zone(self, zone):
        """The zone file. A name that ends in no dot is below the zone, as in any zone file."""
        return HEAD.format(zone) + "$ORIGIN %s\n$TTL 3600\n" % zone + "\n".join(self.lines) + "\n"

    def wires(self, zone, count):
        """Queries; none has more than its share of repeated names."""
        wires = []
        for name in self.names:
            qname = zone if name == "@" else name + "." + zone
            wires.append(client.query(qname, self.qtype, size=self.size, do=self.do))
        return client.with_ids([wires[i % len(wires)] for i in range(count)])


def udp(port, wires):
    """Asks, not more than so many at a time; what is lost is not asked again. Returns answers."""
    answers = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((client.HOST, port))
        sock.setblocking(False)
        under_way, i = 0, 0
        while i < len(wires) or under_way:
            while i < len(wires) and under_way < WINDOW:
                sock.send(wires[i])
                under_way += 1
                i += 1
            if not select.select([sock], [], [], 2)[0]:
                under_way = 0
                continue
            try:
                while True:
                    sock.recv(65535)
                    answers += 1
                    under_way -= 1
            except BlockingIOError:
                pass
    return answers


def tcp(port, wires):
    with socket.create_connection((client.HOST, port), timeout=30) as sock:
        file = sock.makefile("rb")
        for wire in wires:
            sock.sendall(struct.pack("!H", len(wire)) + wire)
            file.read(struct.unpack("!H", file.read(2))[0])
    return len(wires)


def measure(server, kind, zone, count):
    """Microseconds of the server's CPU time per answer."""
    wires = kind.wires(zone, count)
    began = cpu(server.pid())
    answers = (tcp if kind.tcp else udp)(server.port, wires)
    if answers < count * 0.9:
        raise SystemExit("%s: %d answers to %d queries" % (kind.name, answers, count))
    return (cpu(server.pid()) - began) / 1000 / answers


def run(kind, rounds, queries):
    policy = {"mail_exchange": "mx-direct", "log_interval": 3600, **kind.policy}
    guard = {LOG: Policy(id="logs", mode="log", **policy), ENFORCE: Policy(id="does", **policy)}
    zones = {zone: kind.zone(zone) for zone in (BARE, LOG, ENFORCE)}
    with harness.Knotd(zones, guard, extra=kind.sign or "", log_level="warning",
                       options={None: SIGNED} if kind.sign else None) as server:
        if kind.sign:
            for zone in zones:
                wait_anchors(server, zone)
        # Signatures, and what else is made once. A kind that takes long needs no long measurement.
        spent = [measure(server, kind, zone, min(queries, 200)) for zone in zones]
        count = max(100, min(queries, int(500000 / max(spent))))
        best = {zone: min(measure(server, kind, zone, count) for _ in range(rounds))
                for zone in zones}
    return best[BARE], best[LOG], best[ENFORCE]


def mx_gap(count):
    """Apex MX whose targets are all missing, in one gap of the zone."""
    return ["a TXT x", "z TXT x"] + ["@ MX %d m%05d" % (i % 60000, i) for i in range(count)]


def fill():
    misses = ["n%d" % i for i in range(500)]
    for sign, what in ((NSEC, "NSEC"), (NSEC3 % 0, "NSEC3")):
        for count in (1, 100, 1500): # Knot DNS signs no RRset above 64 KiB.
            Kind("NXDOMAIN, %s, %d MX in one gap" % (what, count), mx_gap(count),
                 ["m%05dx" % i for i in range(min(500, count))], "A", sign=sign)
    Kind("NXDOMAIN, NSEC, nothing wrong", ["a A 192.0.2.1", "mail A 192.0.2.2", "z A 192.0.2.3",
         "@ MX 10 mail"], ["zz%d" % i for i in range(500)], "A", sign=NSEC)
    Kind("NXDOMAIN, NSEC3, nothing wrong", ["a A 192.0.2.1", "mail A 192.0.2.2",
         "z A 192.0.2.3", "@ MX 10 mail"] + ["h%d TXT x" % i for i in range(200)], misses, "A",
         sign=NSEC3 % 0)
    Kind("NXDOMAIN, NSEC, exchange in the gap", ["a A 192.0.2.1", "z A 192.0.2.3"],
         ["m%d" % i for i in range(500)], "A", sign=NSEC)
    Kind("NXDOMAIN, NSEC3, exchange in the gap", ["a A 192.0.2.1", "z A 192.0.2.3"],
         ["m%d" % i for i in range(500)], "A", sign=NSEC3 % 0)
    hosts = tuple("host%d" % i for i in range(60))
    few = ["* A 104.16.1.1", "www A 104.16.1.1"]
    wild = few + ["h%d TXT x" % i for i in range(200)]
    for iterations in (0, 100):
        Kind("60 mail hosts, wildcard, NSEC3, %d iterations" % iterations, wild, misses, "A",
             sign=NSEC3 % iterations, mail_host=hosts)
    Kind("60 mail hosts, wildcard, NSEC", wild, misses, "A", sign=NSEC, mail_host=hosts)
    Kind("60 mail hosts in one gap, wildcard, NSEC", few,
         ["n%d" % i for i in range(500)] + ["host%d" % i for i in range(60)], "TXT", sign=NSEC,
         mail_host=hosts)
    Kind("60 mail hosts, few names, NSEC3", few, misses + ["host%d" % i for i in range(60)], "TXT",
         sign=NSEC3 % 0, mail_host=hosts)
    Kind("60 mail hosts, few names, NSEC3, salt of 32 octets", few, misses, "A",
         sign=(NSEC3 % 0).replace("length: 8", "length: 32"), mail_host=hosts)
    Kind("60 mail hosts of 70 octets, few names, NSEC3", few, misses, "A", sign=NSEC3 % 0,
         mail_host=tuple("l" * 60 + ".host%d" % i for i in range(60)))
    Kind("60 mail hosts, 4 labels deep, few names, NSEC3", few, misses, "A", sign=NSEC3 % 0,
         mail_host=tuple("a.b.c.host%d" % i for i in range(60)))
    Kind("60 mail hosts, 5 labels deep, few names, NSEC3", few, misses, "A", sign=NSEC3 % 0,
         mail_host=tuple("a.b.c.d.host%d" % i for i in range(60)))
    Kind("200 mail and web host patterns, NSEC",
         ["*.p%d A 104.16.1.1" % i for i in range(200)] + ["@ MX 10 www", "www A 104.16.1.1"],
         ["x%d.p%d" % (i, i % 200) for i in range(500)], "TXT", sign=NSEC,
         mail_host=tuple("*.p%d" % i for i in range(0, 200, 2)),
         web_host=("@", "www") + tuple("*.p%d" % i for i in range(1, 200, 2)))
    Kind("200 mail and web host patterns, NSEC3",
         ["*.p%d A 104.16.1.1" % i for i in range(200)] + ["@ MX 10 www", "www A 104.16.1.1"],
         ["x%d.p%d" % (i, i % 200) for i in range(500)], "TXT", sign=NSEC3 % 0,
         mail_host=tuple("*.p%d" % i for i in range(0, 200, 2)),
         web_host=("@", "www") + tuple("*.p%d" % i for i in range(1, 200, 2)))

    deep = ".".join("d" * 60)
    Kind("MX, 1 target, healthy", ["@ MX 10 mail", "mail A 192.0.2.25"], ["@"], "MX")
    Kind("MX of aliases, 60 labels deep, 30 targets",
         ["t%d MX %d c%d.%s" % (0, i, i, deep) for i in range(30)] +
         ["c%d.%s CNAME d%d.%s" % (i, deep, i, deep) for i in range(30)] +
         ["d%d.%s CNAME e%d.%s" % (i, deep, i, deep) for i in range(30)] +
         ["e%d.%s A 192.0.2.1" % (i, deep) for i in range(30)], ["t0"], "MX")
    chain = ["t MX 10 c0"] + ["c%d CNAME c%d" % (i, i + 1) for i in range(15)]
    Kind("MX to a chain of 16 aliases", chain + ["c15 A 192.0.2.1"], ["t"], "MX")
    deep_chain = ["t MX 10 c0." + deep] + ["c%d.%s CNAME c%d.%s" % (i, deep, i + 1, deep)
                                           for i in range(15)]
    Kind("MX to a chain of 16 aliases, 60 labels", deep_chain + ["c15.%s A 192.0.2.1" % deep],
         ["t"], "MX")
    Kind("A of a guarded chain of aliases", ["c%d CNAME c%d" % (i, i + 1) for i in range(15)] +
         ["c15 A 104.16.1.1"], ["c0"], "A", mail_host=("c0",))
    for tcp_too in (False, True):
        how = ", TCP" if tcp_too else ""
        size = 4096 if tcp_too else 1232
        Kind("MX, 500 healthy targets" + how, ["@ MX 10 t%d" % i for i in range(500)] +
             ["t%d A 192.0.2.%d" % (i, i % 250 + 1) for i in range(500)], ["@"], "MX",
             tcp=tcp_too, size=size)
        Kind("MX, 500 proxied targets" + how, ["s MX 10 t%d" % i for i in range(500)] +
             ["t%d A 104.16.1.%d" % (i, i % 250 + 1) for i in range(500)], ["s"], "MX",
             tcp=tcp_too, size=size)
        Kind("MX, 500 missing targets" + how, ["@ MX 10 t%d" % i for i in range(500)], ["@"], "MX",
             tcp=tcp_too, size=size)
        Kind("MX, 500 targets elsewhere" + how,
             ["s MX 10 t%d.example.net." % i for i in range(500)], ["s"], "MX", tcp=tcp_too,
             size=size, proxy_name=("cdn.example.net.", "cdn.example.org."))
        Kind("SRV, 500 proxied targets" + how,
             ["_imap._tcp SRV 0 %d %d t%d" % (i, i, i) for i in range(500)] +
             ["t%d A 104.16.1.%d" % (i, i % 250 + 1) for i in range(500)], ["_imap._tcp"], "SRV",
             tcp=tcp_too, size=size)
        Kind("A, 3000 proxied addresses" + how, ["@ MX 10 mail"] +
             ["mail A 104.16.%d.%d" % (i // 250, i % 250) for i in range(3000)], ["mail"], "A",
             tcp=tcp_too, size=size)
        Kind("A, 3000 addresses, half proxied" + how, ["@ MX 10 mail"] +
             ["mail A %s.%d.%d" % ("104.16" if i % 2 else "192.0", i // 250, i % 250)
              for i in range(3000)], ["mail"], "A", tcp=tcp_too, size=size)
        Kind("MX, 30 targets of 1000 addresses" + how, ["s MX 10 t%d" % i for i in range(30)] +
             ["t%d A 192.0.%d.%d" % (i, j // 250, j % 250) for i in range(30)
              for j in range(1000)], ["s"], "MX", tcp=tcp_too, size=size)
    Kind("A of a web host, 20000 apex MX", ["@ MX 10 m%d" % i for i in range(20000)] +
         ["www A 104.16.1.1"], ["www"], "A")
    Kind("A of a host not guarded, 20000 apex MX", ["@ MX 10 m%d" % i for i in range(20000)] +
         ["x A 104.16.1.1"], ["x"], "A")
    Kind("A, stripped", ["@ MX 10 mail", "mail A 104.16.1.1", "mail A 192.0.2.1"], ["mail"], "A")
    Kind("A, stripped and signed", ["@ MX 10 mail", "mail A 104.16.1.1", "mail A 192.0.2.1"],
         ["mail"], "A", sign=NSEC)
    Kind("MX, steered and signed", ["@ MX 10 www", "www A 104.16.1.1"], ["@"], "MX", sign=NSEC)
    Kind("TXT, apex with 1000 RRSIGs", ["a TXT x"] +
         ["@ TYPE%d \\# 1 00" % (2000 + i) for i in range(1000)], ["a"], "TXT", sign=NSEC)
    Kind("TXT, 1000 RRSIGs but none of the SOA", ["a TXT x"] + ["@ RRSIG TYPE%d 13 2 3600 "
         "20400101000000 20200101000000 1 @ AAAA" % (2000 + i) for i in range(1000)], ["a"], "TXT",
         do=True)
    Kind("NXDOMAIN, 60 labels deep, NSEC", ["a.%s TXT x" % deep, "c.%s TXT x" % deep],
         ["b%d.%s" % (i, deep) for i in range(500)], "A", sign=NSEC)
    Kind("NXDOMAIN, 60 labels deep, NSEC3", ["a.%s TXT x" % deep, "c.%s TXT x" % deep],
         ["b%d.%s" % (i, deep) for i in range(500)], "A", sign=NSEC3 % 0)
    Kind("NXDOMAIN, 100 labels asked, NSEC3", ["a TXT x"],
         [".".join("x" * 100) + ".y%d" % i for i in range(500)], "A", sign=NSEC3 % 0)
    Kind("NXDOMAIN, 100 labels asked, NSEC3, 100 iterations", ["a TXT x"],
         [".".join("x" * 100) + ".y%d" % i for i in range(500)], "A", sign=NSEC3 % 100)
    Kind("NODATA by a wildcard, 100 labels, NSEC3", ["* TXT x"],
         [".".join("x" * 100) + ".y%d" % i for i in range(500)], "A", sign=NSEC3 % 0)
    Kind("referral, NSEC", ["sub%d NS ns.sub%d" % (i, i) for i in range(100)] +
         ["ns.sub%d A 192.0.2.1" % i for i in range(100)],
         ["x.sub%d" % i for i in range(100)], "A", sign=NSEC)
    Kind("referral, NSEC3", ["sub%d NS ns.sub%d" % (i, i) for i in range(100)] +
         ["ns.sub%d A 192.0.2.1" % i for i in range(100)],
         ["x.sub%d" % i for i in range(100)], "A", sign=NSEC3 % 0)
    Kind("referral, NSEC, 1500 apex MX", ["sub%d NS ns.sub%d" % (i, i) for i in range(100)] +
         ["ns.sub%d A 192.0.2.1" % i for i in range(100)] + mx_gap(1500),
         ["x.sub%d" % i for i in range(100)], "A", sign=NSEC)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-r", type=int, default=3, metavar="ROUNDS")
    parser.add_argument("-q", type=int, default=4000, metavar="QUERIES")
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    args = parser.parse_args()
    fill()
    over = 0
    print("%-52s %9s %9s %9s  %6s %6s" % ("CPU time per query, µs", "bare", "log", "enforce",
                                          "log", "enforce"))
    for kind in KINDS:
        if args.kinds and not any(part in kind.name for part in args.kinds):
            continue
        bare, log, enforce = run(kind, args.r, args.q)
        over += max(log, enforce) > LIMIT * bare
        print("%-52s %9.1f %9.1f %9.1f  %6.2f %6.2f%s" % (
            kind.name, bare, log, enforce, log / bare, enforce / bare,
            " !" if max(log, enforce) > LIMIT * bare else ""), flush=True)
    print("%d above %d" % (over, LIMIT))


main()
