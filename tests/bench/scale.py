#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs where there is much of everything: a knotd of 100,000 zones of one template,
with one stanza, next to the same without the module, and with mod-noudp, which has one hook and nothing
else: that is what Knot DNS itself needs for any module of a zone; 1,000 stanzas with lists of their own;
1,000,000 networks; a zone with 100,000 MX owners. Start, reload, memory, and CPU time per query,
measured in turn.

  scale.py [--short | -d DIVISOR] [-o FILE] [PART]...

Parts are zones, stanzas, networks, owners. All of them take some ten minutes and 3 GB of memory. The
table and the JSON are as those of bench.py. A short run has a hundredth of everything, once; a DIVISOR
makes everything so many times fewer.

Environment: MXGUARD_MODULE, as for the tests.
"""

import ipaddress
import os
import random
import time

from measure import Opened, Report, cpu, dnsperf, find, memory, options

import harness
from stanza import Policy
from system import wait_for

PARTS = ("zones", "stanzas", "networks", "owners")
TEXT = """\
@ 3600 SOA ns hostmaster 1 10800 3600 604800 900
@ 3600 NS ns
@ 3600 MX 10 mail
@ 3600 A 104.16.1.1
www 3600 A 104.16.1.1
ns 3600 A 192.0.2.53
mail 3600 A 192.0.2.25
"""
POLICY = {"mail_exchange": "mx-direct", "log_interval": 3600}


class Many(harness.Knotd):
    """A server of many zones with one zone file.

    guard_of  says which Policy, or none, a zone of a number has
    noudp     loads mod-noudp in each zone instead
    """

    def __init__(self, count, guard_of, text=TEXT, noudp=False):
        self.count, self.guard_of, self.noudp = count, guard_of, noudp
        self.text = text
        super().__init__({}, server="    background-workers: 2\n", log_level="warning")

    def zone(self, number):
        return "z%d.test." % number

    def write_conf(self, guard=None):
        harness.replace(self.path("zones", "one.zone"), self.text)
        super().write_conf(guard)

    def config(self):
        policies = {policy.id: policy for policy in map(self.guard_of, range(self.count)) if policy}
        text = harness.CONFIG.format(folder=self.folder, port=self.port, level=self.log_level,
                                     server=self.server)
        if policies:
            text += "module:\n  - id: mod-mxguard\n    file: %s\n\nmod-mxguard:\n" % (
                harness.module_file())
            text += "".join(policy.stanza() for policy in policies.values())
        one = self.guard_of(0)
        shared = "    module: mod-mxguard/%s\n" % one.id if len(policies) == 1 else \
            "    module: mod-noudp\n" if self.noudp else ""
        text += harness.TEMPLATE.format(folder=self.folder) + "    file: one.zone\n" + shared
        lines = [text, "\nzone:\n"]
        for number in range(self.count):
            lines.append("  - domain: %s\n" % self.zone(number))
            if len(policies) > 1:
                lines.append("    module: mod-mxguard/%s\n" % self.guard_of(number).id)
        return "".join(lines)

    def loaded(self):
        """True if all zones are there, as some of them show. Two threads load them in any order."""
        step = max(1, self.count // 200)
        some = [*range(0, self.count, step), *range(max(0, self.count - 8), self.count)]
        return all(self.answers(self.zone(number), 0) for number in some)

    def start_measured(self):
        """Starts it. Returns (seconds, CPU seconds) until all zones are loaded, and idle."""
        begin = time.monotonic()
        self.spawn()
        wait_for(self.listening, 600, what="knotd to listen")
        wait_for(self.loaded, 600, what="the zones to be loaded")
        taken = time.monotonic() - begin
        return taken, self.settled() / 1e9

    def settled(self):
        """CPU time, once no more is used."""
        while True:
            before = cpu(self.pid())
            time.sleep(0.3)
            if cpu(self.pid()) - before < 10000000:
                return before

    def reload_measured(self):
        begin, before = time.monotonic(), cpu(self.pid())
        self.knotc("-t", "600", "reload")
        return time.monotonic() - begin, (self.settled() - before) / 1e9


def sample(server, figures, folder, asked=None):
    """Starts a server, measures, and stops it. Adds the figures to lists. The folder is that of its
    lists."""
    opened = Opened(folder)
    try:
        figures.setdefault("start", []).append(server.start_measured())
        figures.setdefault("read", []).append(opened.count())
        figures.setdefault("memory", []).append(memory(server.pid()))
        if asked:
            dnsperf(server, asked, 100000)
            figures.setdefault("query", []).append(dnsperf(server, asked, 200000)[1])
        figures.setdefault("reload", []).append(server.reload_measured())
        figures.setdefault("read again", []).append(opened.count())
        figures.setdefault("again", []).append(memory(server.pid()))
    finally:
        server.stop()
        opened.close()


def compare(report, part, kinds, rounds, zones, folder, lists=0):
    """Measures servers in turn: kinds is {name: (function that makes one, questions)}, the first one
    is what the others are compared with. Each of these has so many lists in the folder."""
    found = {name: {} for name in kinds}
    for number in range(rounds):
        for name in list(kinds)[::1 if number % 2 else -1]:
            make, asked = kinds[name]
            sample(make(), found[name], folder, asked)
    base = next(iter(kinds))
    for name, figures in found.items():
        for key, what in (("start", "start"), ("reload", "reload")):
            report.add(part, "%s: %s" % (name, what), "s", [one[0] for one in figures[key]])
            report.add(part, "%s: %s, CPU time" % (name, what), "s",
                       [one[1] for one in figures[key]])
        report.add(part, "%s: memory" % name, "MB", [one / 1e6 for one in figures["memory"]])
        report.add(part, "%s: memory after a reload" % name, "MB",
                   [one / 1e6 for one in figures["again"]])
        if "query" in figures:
            report.add(part, "%s: CPU time a query" % name, "ns", figures["query"])
        if name == base:
            continue
        ours = name.startswith("the module")
        # The check of the configuration reads a list, which may be as another user, and then a load, if
        # the list is another one than before.
        for key, when, limit in (("read", "start", 2), ("read again", "reload", 1)):
            if ours and lists > 0:
                report.add(part, "%s: a list is read at a %s" % (name, when), "times",
                           [one / lists for one in figures[key]], at_most=limit)
        for key in ("start", "reload"):
            limit = 1.05 if ours and key == "start" and zones > 1000 else None
            report.add(part, "%s: %s, CPU time, ratio" % (name, key), "of %s" % base,
                       [other[1] / one[1] for one, other in zip(found[base][key], figures[key])],
                       at_most=limit)
            report.add(part, "%s: %s, ratio" % (name, key), "of %s" % base,
                       [other[0] / one[0] for one, other in zip(found[base][key], figures[key])])
        report.add(part, "%s: memory more, a zone" % name, "octets",
                   [(other - one) / zones for one, other in zip(found[base]["memory"], figures["memory"])],
                   at_most=300 if ours and zones > 1000 else None)


def questions(count):
    choose = random.Random(1)
    return ["%s%s %s" % (choose.choice(("www.", "mail.", "")), "z%d.test." % choose.randrange(count),
                         choose.choice(("A", "MX"))) for _ in range(2000)]


def part_zones(report, folder, rounds, scale):
    count = 100000 // scale
    path = os.path.join(folder, "list")
    with open(path, "w") as file:
        file.write("104.16.0.0/13\n2606:4700::/32\n")
    one = Policy(proxy=None, proxy_file=(path,), **POLICY)
    compare(report, "%d zones" % count, {
        "bare": (lambda: Many(count, lambda _: None), questions(count)),
        "mod-noudp": (lambda: Many(count, lambda _: None, noudp=True), None),
        "the module": (lambda: Many(count, lambda _: one), questions(count)),
    }, rounds, count, folder, lists=1)


def part_stanzas(report, folder, rounds, scale):
    count = 1000 // min(scale, 20)
    policies = []
    for number in range(count):
        path = os.path.join(folder, "list%d" % number)
        with open(path, "w") as file:
            file.writelines("%d.%d.%d.0/24\n" % (11 + i % 64, number // 256, number % 256)
                            for i in range(64))
        policies.append(Policy(id="p%d" % number, proxy=None, proxy_file=(path,), **POLICY))
    compare(report, "%d stanzas with lists of their own" % count, {
        "bare": (lambda: Many(count, lambda _: None), questions(count)),
        "the module": (lambda: Many(count, lambda number: policies[number]), questions(count)),
    }, rounds, count, folder, lists=count)


def part_networks(report, folder, rounds, scale):
    count = 1000000 // scale
    choose = random.Random(1)
    kinds = {"bare": (lambda: Many(10, lambda _: None), questions(10))}
    for size in (22, count):
        path = os.path.join(folder, "nets%d" % size)
        with open(path, "w") as file:
            for _ in range(size - 1): # A list has a million entries at most.
                file.write("%s/%d\n" % (ipaddress.IPv4Address(choose.randrange(1 << 29, 1 << 30)),
                                        choose.randint(20, 28)))
            file.write("104.16.0.0/13\n")
        policy = Policy(proxy=None, proxy_file=(path,), mail_address=("192.0.2.25",), **POLICY)
        kinds["the module, %d networks" % size] = (
            lambda policy=policy: Many(10, lambda _: policy), questions(10))
    compare(report, "%d networks in one list" % count, kinds, rounds, 10, folder, lists=1)


def part_owners(report, folder, rounds, scale):
    count = 100000 // scale
    text = TEXT + "".join("o%d 3600 MX 10 %s\n" % (i, "www" if i % 2 else "mail")
                          for i in range(count))
    asked = ["o%d.z0.test. MX" % i for i in random.Random(1).sample(range(count), min(count, 2000))]
    few = ["o%d.z0.test. MX" % (i % 20) for i in range(2000)]
    small = TEXT + "".join("o%d 3600 MX 10 %s\n" % (i, "www" if i % 2 else "mail")
                           for i in range(20))
    one = Policy(**POLICY)
    compare(report, "a zone with %d MX owners" % count, {
        "bare": (lambda: Many(1, lambda _: None, text), asked),
        "the module": (lambda: Many(1, lambda _: one, text), asked),
        "the module, 20 owners": (lambda: Many(1, lambda _: one, small), few),
    }, rounds, 1, folder)


def main():
    args = options(PARTS, "scale.json", (("-d", "--divisor"), {"type": int, "default": 1}))
    report = Report()
    missing = next((name for name in ("knotd", "knotc", "dnsperf") if not find(name)), None)
    if missing:
        report.skip("scale", "there is no %s" % missing)
    for part in PARTS if not missing else ():
        if part in args.parts:
            folder = harness.tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
            try:
                globals()["part_" + part](report, folder, 1 if args.short else 3,
                                          100 if args.short else args.divisor)
            finally:
                harness.shutil.rmtree(folder)
    report.write(args.output, args.short)


if __name__ == "__main__":
    main()
