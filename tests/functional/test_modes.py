# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode log tells exactly what mode enforce will do: random zones asked in both modes.

Every question is asked of both servers, and after each one the lines that they logged are compared:
the same findings, in the same words but for the mode. What a line says is answered is looked for in
the enforced answer. At the end the counters of findings are the same. The zones are asked over UDP
with room and without, over TCP, and once more signed.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_modes.py
  MXGUARD_ZONES  number of zones, default 12
  MXGUARD_SEED   another seed
"""

import ipaddress
import os
import re
import unittest

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

import client
import harness
from validator import wait_anchors
from zones import RandomZone

SEED = os.environ.get("MXGUARD_SEED", "mxguard-modes")
ZONES = int(os.environ.get("MXGUARD_ZONES", "12"))
SIGN = "    dnssec-signing: on\n    journal-content: changes\n"
# Transport: size of UDP messages, or TCP.
SIZES = (4096, 512, None)
LINE = re.compile(r"module 'mod-mxguard/\S+', (log|enforce), ([a-z-]+), (\S+) (\S+), (.*), "
                  r"(would answer|answered) (.*)$")


class Log:
    """The lines that a server has logged since they were looked at last."""

    def __init__(self, server):
        self.server, self.at = server, 0
        self.new()

    def new(self):
        """(rule, owner, type, what was found, what is answered) of each new finding."""
        with open(self.server.path("log"), errors="replace") as file:
            file.seek(self.at)
            lines = file.read().splitlines()
            self.at = file.tell()
        return [match.group(2, 3, 4, 5, 7) for match in map(LINE.search, lines) if match]


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def has(answer, owner, rdtype, sections=("answer", "authority", "additional")):
    """RDATA texts of an RRset, wherever it is; of both families for ANY."""
    types = ("A", "AAAA") if rdtype == "ANY" else (rdtype,)
    return {text for section in sections for each in types
            for text in answer.rdata(owner, each, section)}


def contradicts(finding, before, after):
    """What the enforced answer has otherwise than the finding in mode log says, or None."""
    _, owner, rdtype, found, said = finding
    if "..." in owner + found + said:
        return None # A name is cut.
    words = said.split()
    if said == "SERVFAIL":
        return None if after.rcode == dns.rcode.SERVFAIL else "no SERVFAIL"
    if after.flags & dns.flags.TC or said == "truncated":
        return None if after.flags & dns.flags.TC else "not truncated"
    if said == "as it is":
        same = has(before, owner, rdtype) <= has(after, owner, rdtype)
        return None if same else "not as it is"
    if said == "without this additional record":
        left = has(after, owner, rdtype, ("additional",))
        return "has %s" % left if left else None
    if said == "no data":
        left = has(after, owner, rdtype, ("answer",))
        return "has data: %s" % left if left else None
    if is_address(words[0]):
        expected = {word for word in words if is_address(word)}
        got = set().union(*(has(after, owner, "AAAA" if ":" in word else "A") for word in expected))
        whole = "more" not in words
        # An additional record may have found no room.
        fine = not got or (expected == got if whole else expected <= got)
        return None if fine and (got or not has(before, owner, rdtype, ("answer",))) else (
            "has %s" % sorted(got))
    got = {text.split()[-1] for text in has(after, owner, rdtype)}
    target = found.split()[0].lower()
    if words[0].lower() not in got or target in got - {words[0].lower()}:
        return "has %s" % sorted(got)
    return None


class Modes(harness.Case):

    def compare(self, zones, sizes, **options):
        """Asks the zones in both modes. Returns how many findings there were."""
        texts = {zone.name: zone.text for zone in zones}
        logging, enforcing = (self.serve(texts, {
            zone.name: zone.policy.with_(mode=mode, log_interval=0) for zone in zones},
            **options) for mode in ("log", "enforce"))
        do = bool(options)
        if do:
            for zone in zones:
                for server in (logging, enforcing):
                    wait_anchors(server, zone.name)
        logs = Log(logging), Log(enforcing)
        count = 0
        for zone in zones:
            for qname, rdtype in zone.questions():
                for size in sizes:
                    data = [server.ask(qname, rdtype, do=do, tcp=size is None,
                                       size=size or 4096) for server in (logging, enforcing)]
                    said, done = logs[0].new(), logs[1].new()
                    count += len(said)
                    about = "%s %s, size %s\n%s%s" % (qname, rdtype, size, zone.policy.stanza(),
                                                      zone.text)
                    self.assertEqual(said, done, about)
                    before, after = map(client.Answer.read, data)
                    for finding in said:
                        wrong = contradicts(finding, before, after)
                        self.assertIsNone(wrong, "%s\n%s\nlog\n%s\nenforce\n%s" % (
                            finding, about, before, after))
        for zone in zones:
            findings = [{name: value for name, value in server.counters(zone.name).items()
                         if name.startswith("finding")} for server in (logging, enforcing)]
            self.assertEqual(*findings)
        return count

    def test_plain(self):
        zones = [RandomZone(SEED, number, "log") for number in range(ZONES)]
        count = sum(self.compare(zones[i:i + 12], SIZES) for i in range(0, len(zones), 12))
        self.assertGreater(count, 20 * ZONES)
        print("# %d findings" % count)

    def test_signed(self):
        zones = [RandomZone(SEED, number, "log") for number in range(ZONES, ZONES + ZONES // 2)]
        count = self.compare(zones, (4096, 1232), options={None: SIGN})
        self.assertGreater(count, 10 * len(zones))
        print("# %d findings" % count)


if __name__ == "__main__":
    unittest.main()
