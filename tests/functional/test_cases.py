# SPDX-License-Identifier: GPL-3.0-or-later
"""Small zones that real people have asked for help with, and what is right for each of them.

The cases are in tests/data/cases/, the lines of a case.txt explained in the README.md there. Each
is served with the module in enforce and log mode and without it, and audited.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_cases.py
"""

import json
import os
import pathlib
import shlex
import subprocess
import unittest

import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype

import client
import harness
import zones
from resolve import CNAME, FAMILIES
from stanza import Policy

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "cases"
KMXCHECK = os.environ.get("KMXCHECK")
MX = dns.rdatatype.MX
TYPES = ("A", "AAAA", "MX", "TXT", "CNAME")
OPTIONS = {"proxy": "--proxy", "proxy-name": "--proxy-name", "mail-address": "--mail-address"}


class CaseFile:
    """A case.txt: zones, the stanza, and steps as (kind, text) where they apply."""

    def __init__(self, folder):
        self.folder = folder
        self.zones, self.items, self.steps = {}, {}, []
        for line in (folder / "case.txt").read_text().splitlines():
            kind, _, text = line.partition(": ")
            since = kind.startswith("since 3.4 ")
            kind = kind.removeprefix("since 3.4 ")
            if kind == "zone":
                name, file = text.split()
                self.zones[name + "."] = (folder / file).read_text()
            elif kind == "stanza":
                item, _, values = text.partition(": ")
                values = values.strip("[] ").split(",")
                self.items[item] = tuple(value.strip().strip('"') for value in values)
            elif kind in ("ask", "same", "walk", "log", "kmx", "kmxrc"):
                if not since or harness.looks_up():
                    self.steps.append((kind, text))
            elif kind not in ("title", "had", "needed"):
                raise ValueError("%s: what is %r?" % (folder.name, line))

    def policy(self, mode):
        items = {item.replace("-", "_"): values for item, values in self.items.items()}
        return Policy(**{"mail_exchange": None, **items, "id": "case", "mode": mode})

    def options(self):
        return [word for item, values in self.items.items() for value in values
                for word in (OPTIONS[item], value)]

    def names(self):
        """Every name of every zone, and those around that mail may be sent to."""
        names = set()
        for zone, text in self.zones.items():
            loaded = zones.load(zone, text)
            names.update(loaded.nodes)
            names.update(rdata.exchange for _, _, rdata in loaded.iterate_rdatas(MX))
            names.update(dns.name.from_text(label, loaded.origin)
                         for label in ("mail", "missing"))
        return names


class Walk:
    """All that a mail server meets from a name."""

    def __init__(self, server, inside):
        self.server, self.inside = server, inside
        self.met = set()

    def begin(self, name):
        answer = self.server.answer(name, "MX")
        for (_, rdtype), (_, records) in answer.answer.items():
            for text in records if rdtype == MX else ():
                self.host(dns.name.from_text(text.split()[1]))
        return self.met

    def host(self, name):
        if not any(name.is_subdomain(zone) for zone in self.inside):
            self.met.add("out:%s" % name)
            return
        for rdtype in FAMILIES:
            answer = self.server.answer(name, dns.rdatatype.to_text(rdtype))
            end, seen = name, set()
            while (end, CNAME) in answer.answer and end not in seen:
                seen.add(end)
                end = dns.name.from_text(next(iter(answer.answer[(end, CNAME)][1])))
            self.met.update(answer.answer.get((end, rdtype), (0, ()))[1])
            if not any(end.is_subdomain(zone) for zone in self.inside):
                self.met.add("out:%s" % end)


class Cases(harness.Case):
    """One method per case, made below."""

    def run_case(self, folder):
        self.case = CaseFile(folder)
        self.plain = self.serve(self.case.zones)
        self.enforce = self.serve(self.case.zones, self.case.policy("enforce"))
        self.logging = self.serve(self.case.zones, self.case.policy("log"))
        for name in self.case.names():
            for rdtype in TYPES:
                self.logging.ask(name, rdtype)
        for kind, text in self.case.steps:
            with self.subTest("%s: %s" % (kind, text)):
                getattr(self, "step_" + kind)(text)

    def step_ask(self, text):
        question, _, expected = text.partition(" = ")
        rcode, _, records = expected.partition(" ")
        want = set()
        for record in filter(None, map(str.strip, records.strip().strip("[]").split("|"))):
            owner, rdtype, rdata = record.split(None, 2)
            want.add((dns.name.from_text(owner), dns.rdatatype.from_text(rdtype), rdata.lower()))
        answer = self.enforce.answer(*question.split())
        self.assertEqual(answer.rcode, dns.rcode.from_text(rcode))
        self.assertEqual({(owner, rdtype, rdata) for (owner, rdtype), (_, texts)
                          in answer.answer.items() for rdata in texts}, want)

    def step_same(self, text):
        wire = client.query(*text.split())
        for ask in (client.udp, client.tcp):
            self.assertEqual(ask(self.enforce.port, wire), ask(self.plain.port, wire))

    def step_walk(self, text):
        name, _, met = text.partition(" = ")
        inside = [dns.name.from_text(zone) for zone in self.case.zones]
        self.assertEqual(Walk(self.enforce, inside).begin(name), set(met.split()))

    def step_log(self, text):
        """What is listed is logged. "none" is said of the zones whose answers stay the same."""
        if text != "none":
            rule, owner = text.split()
            self.assertTrue(self.logging.log_lines("log, %s, %s " % (rule, owner)),
                            self.logging.log())
            return
        same = [dns.name.from_text(words.split()[0]) for kind, words in self.case.steps
                if kind == "same"]
        for zone in self.case.zones:
            if any(name.is_subdomain(dns.name.from_text(zone)) for name in same):
                self.assertEqual(self.logging.log_lines("[%s]" % zone, ", log, "), [])
                self.assertEqual(self.logging.counters(zone), {})

    def kmxcheck(self, *args):
        done = subprocess.run([KMXCHECK, *args], cwd=self.case.folder, capture_output=True,
                              text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def step_kmx(self, text):
        if KMXCHECK is None:
            self.skipTest("KMXCHECK is not set")
        code, out, err = self.kmxcheck("-c", self.enforce.conf, "-f", "json", "--fail-on", "never")
        self.assertEqual(code, 0, err)
        found = {"%s %s" % (one["rule"], one.get("owner")) for zone in json.loads(out)["zones"]
                 for one in zone["findings"]}
        self.assertEqual(found, set() if text == "none" else set(text.split(", ")))

    def step_kmxrc(self, text):
        if KMXCHECK is None:
            self.skipTest("KMXCHECK is not set")
        code, *args = shlex.split(text)
        self.assertEqual(self.kmxcheck(*self.case.options(), *args)[0], int(code))


def add_methods():
    for file in sorted(DATA.glob("*/case.txt")):
        name = "test_" + file.parent.name.replace("-", "_")
        setattr(Cases, name, lambda self, folder=file.parent: self.run_case(folder))


add_methods()

if __name__ == "__main__":
    unittest.main()
