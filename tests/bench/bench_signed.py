#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guard costs those who validate: the same DO queries to a guarded and to an unguarded signed
zone of one knotd, in turn, by dnsperf. Prints the medians and the median ratio of each sort: of
queries per second, in which the client has its share, and of the server's CPU time per query.

  MXGUARD_MODULE=/path/mxguard.so tests/bench/bench_signed.py [ROUNDS [UDP-WORKERS]]
"""

import os
import re
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "functional"))

import harness # noqa: E402
from stanza import Policy # noqa: E402
from validator import wait_anchors # noqa: E402

GUARDED, UNGUARDED = "guarded.test.", "plain.test."
LINES = """\
{zone} 3600 SOA ns.{zone} hostmaster.{zone} 1 10800 3600 604800 900
{zone} 3600 NS ns.{zone}
{zone} 3600 MX 10 mail.{zone}
ns.{zone} 3600 A 192.0.2.53
mail.{zone} 3600 A 104.16.1.1
mail.{zone} 3600 A 192.0.2.10
relay.{zone} 3600 A 192.0.2.11
"""
SORTS = {"a host in need of repair": "mail.%s A", "MX of that host": "%s MX",
         "a mail host that is fine": "relay.%s A", "a name that is not there": "none.%s A"}
SECONDS = 1


def cpu(server):
    """CPU seconds that the server has used."""
    with open("/proc/%d/stat" % server.pid()) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(server, question):
    """Queries per second, and queries per second of the server's CPU time."""
    begin = cpu(server)
    path = server.path("questions")
    harness.replace(path, question + "\n")
    out = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", path, "-D",
                          "-l", str(SECONDS), "-c", "2"],
                         check=True, capture_output=True, text=True).stdout
    completed = int(re.search(r"Queries completed:\s+(\d+)", out)[1])
    return (float(re.search(r"Queries per second:\s+([\d.]+)", out)[1]),
            completed / max(cpu(server) - begin, 0.01))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    workers = sys.argv[2] if len(sys.argv) > 2 else "1"
    zones = {zone: LINES.format(zone=zone) for zone in (GUARDED, UNGUARDED)}
    guard = {GUARDED: Policy(mail_host=("relay",)), UNGUARDED: None}
    with harness.Knotd(zones, guard, server="    udp-workers: %s\n" % workers,
                       options={None: "    dnssec-signing: on\n"}, log_level="warning") as server:
        for zone in zones:
            wait_anchors(server, zone)
        rates = {(sort, zone): [] for sort in SORTS for zone in zones}
        for number in range(rounds):
            for sort, question in SORTS.items():
                for zone in list(zones)[::1 if number % 2 else -1]:
                    rates[sort, zone].append(rate(server, question % zone))
    for sort in SORTS:
        guarded, unguarded = rates[sort, GUARDED], rates[sort, UNGUARDED]
        ratios = [[one[i] / other[i] for one, other in zip(guarded, unguarded)] for i in (0, 1)]
        print("%-26s guarded %7.0f q/s, unguarded %7.0f q/s, ratio %.2f, by CPU time %.2f" % (
            sort, statistics.median(one[0] for one in guarded),
            statistics.median(one[0] for one in unguarded), *map(statistics.median, ratios)))


main()
