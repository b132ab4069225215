#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs, in one table: medians with their spread, and what they should reach.

  bench.py [--short] [-o FILE] [PART]...

Parts are decisions (one answer, without a server), networks (lists, and looking addresses up in
them), and server (knotd without the module, with it in both modes, and with mod-geoip, asked by
dnsperf over loopback). All of them take about ten minutes. A short run shows that everything works,
and its figures mean nothing. The same is written as JSON to FILE.

Needs dnsperf and valgrind, and libmaxminddb-dev when it is built (Debian packages of these names);
what is not there is left out, and said.

Environment: MXGUARD_BUILDDIR, MXGUARD_MODULE, as for the tests.
"""

import os
import random
import re
import subprocess
import tempfile

from measure import Report, dnsperf, find, options

import harness
from stanza import Policy
from validator import wait_anchors

BUILD = os.environ.get("MXGUARD_BUILDDIR", ".")
PARTS = ("decisions", "networks", "server")
PASSES = {"nothing proxied, A": 150, "nothing proxied, NXDOMAIN": 150,
          "nothing proxied, referral": 150, "proxied web answer": 400}


def program(name):
    return os.path.join(BUILD, "tests", "bench", name)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True)


# One answer

def instructions(case, rounds):
    out = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
              "--toggle-collect=decide_measured", program("bench_judge"), case, str(rounds)).stderr
    return int(re.search(r"Collected : (\d+)", out)[1]) / rounds


def decisions(report, short):
    rounds, times = (3, 2000) if short else (9, 200000)
    cases = run(program("bench_judge")).stdout.splitlines()
    samples = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            samples[case].append(run(program("bench_judge"), case, str(times)).stdout.split())
    # A program with a sanitizer counts neither.
    plain = all(sample[1] == "1" for case in cases for sample in samples[case])
    valgrind = plain and find("valgrind") is not None
    if not valgrind:
        report.skip("instructions", "there is no valgrind" if plain
                    else "built with a sanitizer")
    for case in cases:
        report.add("time of one decision", case, "ns",
                   [float(sample[0]) for sample in samples[case]])
    for case in cases:
        report.add("instructions of one decision", case, "",
                   [instructions(case, 20 if short else 1000)] if valgrind else None,
                   at_most=PASSES.get(case))
    for i, which in ((2, "the first time"), (3, "later")):
        for case in cases:
            report.add("heap allocations of one decision, " + which, case, "",
                       [int(sample[i]) for sample in samples[case]] if plain else None,
                       at_most=0 if i == 3 else None)


# Lists

UNITS = {"load_s": ("load a list", "s"), "bytes": ("memory a network", "octets"),
         "set_hit_ns": ("look-up, hit", "ns"), "set_miss_ns": ("look-up, miss", "ns"),
         "linear_hit_ns": ("linear scan, hit", "ns"), "linear_miss_ns": ("linear scan, miss", "ns"),
         "mmdb_build_s": ("MaxMind DB, build", "s"), "mmdb_bytes": ("MaxMind DB, memory", "octets"),
         "mmdb_hit_ns": ("MaxMind DB, hit", "ns"), "mmdb_miss_ns": ("MaxMind DB, miss", "ns")}
BYTES = {4: 20, 6: 36}


def networks(report, short):
    counts = (22, 1000) if short else (22, 1000, 100000, 1000000)
    samples = {(count, family): [] for count in counts for family in (4, 6)}
    with tempfile.TemporaryDirectory(prefix="mxg-") as folder:
        for _ in range(3 if short else 5):
            for (count, family), found in samples.items():
                out = run(program("bench_netset"), str(count), str(family), folder).stdout
                found.append({name: float(value) for name, value in
                              (line.split() for line in out.splitlines())})
    if "mmdb_bytes" not in samples[22, 4][0]:
        report.skip("a MaxMind DB of the same networks", "built without libmaxminddb")
    for (count, family), found in samples.items():
        part = "%d networks, IPv%d" % (count, family)
        for key, (name, unit) in UNITS.items():
            if key in found[0]:
                limit = {"load_s": 1 if count == 1000000 else None,
                         "bytes": BYTES[family] if count >= 1000 else None}.get(key)
                report.add(part, name, unit, [one[key] for one in found], at_most=limit)
    for family in (4, 6):
        for key in ("set_hit_ns", "set_miss_ns"):
            pairs = zip(samples[counts[0], family], samples[counts[-1], family])
            report.add("from %d to %d networks" % (counts[0], counts[-1]),
                       "IPv%d %s, ratio" % (family, UNITS[key][0]), "times",
                       [many[key] / few[key] for few, many in pairs], at_most=4)


# A server

ZONE, SIGNED = "shop.test.", "signed.test."
LINES = """\
{zone} 3600 SOA ns.{zone} hostmaster.{zone} 1 10800 3600 604800 900
{zone} 3600 NS ns.{zone}
{zone} 3600 A 104.16.1.1
{zone} 3600 MX 10 mail.{zone}
ns.{zone} 3600 A 192.0.2.53
mail.{zone} 3600 A 192.0.2.10
relay.{zone} 3600 A 104.16.1.2
lists.{zone} 3600 MX 10 mail.{zone}
"""
WEB = ["www", "shop", "static", "img", "api", "blog", "cdn", "m"]
FLOOD = ["h%d.mx" % i for i in range(200)]
POLICY = {"mail_exchange": "mx-direct", "mail_host": ("relay", "mail", "*.mx")}


def zone_text(zone):
    text = LINES.format(zone=zone)
    for name in WEB:
        text += "{0}.{1} 300 A 104.16.1.3\n{0}.{1} 300 AAAA 2606:4700::1\n".format(name, zone)
    return text + "".join("%s.%s 300 A 104.17.1.1\n" % (name, zone) for name in FLOOD)


def mail_questions(zone):
    return ["%s MX" % zone, "mail.%s A" % zone, "mail.%s AAAA" % zone, "lists.%s MX" % zone,
            "relay.%s A" % zone]


def mixes():
    """{name: (questions, with the DO bit, servers)}"""
    choose = random.Random(1)
    web = ["%s.%s %s" % (choose.choice(WEB), ZONE, choose.choice(("A", "A", "AAAA")))
           for _ in range(950)]
    mail = [choose.choice(mail_questions(ZONE)) for _ in range(50)]
    mix = web + mail
    choose.shuffle(mix)
    every = ("log", "enforce", "geoip")
    return {
        "a CDN customer's zone (95 % web names)": (mix, False, every),
        "mail names only": (mail_questions(ZONE), False, every),
        "nothing but findings": (["%s.%s A" % (name, ZONE) for name in FLOOD], False, ("log",)),
        "mail names only, signed zone": (mail_questions(SIGNED), True, ("log", "enforce")),
    }


GOALS = {("a CDN customer's zone (95 % web names)", "enforce"): 0.99,
         ("a CDN customer's zone (95 % web names)", "log"): 0.99,
         ("mail names only", "enforce"): 0.97, ("mail names only", "log"): 0.97,
         ("nothing but findings", "log"): 0.95}


class GeoIP(harness.Knotd):
    """A server with mod-geoip in the place of the module: the mail hosts have direct addresses."""

    def config(self):
        path = self.path("geoip")
        names = ["mail.%s" % ZONE, "relay.%s" % ZONE]
        harness.replace(path, "".join("%s:\n  - net: 127.0.0.0/8\n    A: [ 192.0.2.25 ]\n" % name
                                      for name in names))
        return super().config().replace(
            "\nzone:\n", "\nmod-geoip:\n  - id: mail\n    config-file: %s\n    mode: subnet\n"
            "    ttl: 300\n\nzone:\n" % path)


def start(kind, workers):
    """A server of a kind; any that is no other is without the module."""
    zones = {zone: zone_text(zone) for zone in (ZONE, SIGNED)}
    options = {"server": "    udp-workers: %d\n" % workers, "log_level": "warning",
               "options": {SIGNED: "    dnssec-signing: on\n"}}
    if kind == "geoip":
        server = GeoIP(zones, modules={ZONE: ["mod-geoip/mail"]}, **options)
    else:
        server = harness.Knotd(zones, Policy(mode=kind, **POLICY) if kind in ("log", "enforce")
                               else None,
                               **options)
    server.start()
    wait_anchors(server, SIGNED)
    return server


SECOND = "the same again" # A second bare server: how far its ratio is from 1 tells how noisy this is.


def has_geoip():
    """True if a server with mod-geoip can be started."""
    try:
        start("geoip", 1).stop()
    except AssertionError:
        return False
    return True


def server_part(report, short):
    missing = next((name for name in ("knotd", "dnsperf") if not find(name)), None)
    if missing:
        report.skip("server", "there is no %s" % missing)
        return
    kinds = ["bare", SECOND, "log", "enforce"]
    if has_geoip():
        kinds.append("geoip")
    else:
        report.skip("server with mod-geoip", "this knotd has no such module")
    # Many short samples: what else a machine does lasts longer than one, and is in few of them.
    rounds, count = (2, 2000) if short else (100, 20000)
    for workers in (1,) if short else (1, 2):
        servers = {}
        try:
            for kind in kinds:
                servers[kind] = start(kind, workers)
            for mix, (questions, dnssec, against) in mixes().items():
                if workers > 1 and dnssec:
                    continue
                measure_mix(report, servers, "%s, %d UDP worker%s" % (
                    mix, workers, "s" if workers > 1 else ""), questions, dnssec,
                    [kind for kind in (SECOND, *against) if kind in kinds], rounds, count,
                    {kind: GOALS.get((mix, kind)) for kind in kinds})
        finally:
            for server in servers.values():
                server.stop()


def measure_mix(report, servers, part, questions, dnssec, against, rounds, count, goals):
    kinds = ["bare"] + against
    samples = {kind: [] for kind in kinds}
    for kind in kinds: # Signatures, and what else is made once.
        dnsperf(servers[kind], questions, count, dnssec)
    for number in range(rounds):
        for kind in kinds[number % len(kinds):] + kinds[:number % len(kinds)]:
            samples[kind].append(dnsperf(servers[kind], questions, count, dnssec))
    report.add(part, "bare server, CPU time a query", "ns", [one[1] for one in samples["bare"]])
    for kind in against:
        pairs = list(zip(samples["bare"], samples[kind]))
        report.add(part, "%s, by CPU time" % kind, "of bare",
                   [bare[1] / other[1] for bare, other in pairs], at_least=goals[kind])
        report.add(part, "%s, by throughput" % kind, "of bare",
                   [other[0] / bare[0] for bare, other in pairs])


def main():
    args = options(PARTS, "bench.json")
    report = Report()
    for part, measure in zip(PARTS, (decisions, networks, server_part)):
        if part in args.parts:
            measure(report, args.short)
    report.write(args.output, args.short)


if __name__ == "__main__":
    main()
