# SPDX-License-Identifier: GPL-3.0-or-later
"""The oracle against the hand-written cases: both are readings of one contract, and have to agree.

Needs a knotd, no module. Both kinds of knowledge (before and from Knot DNS 3.4) are tried on
whatever version there is.

Run alone:  /usr/bin/python3 tests/functional/test_oracle.py
"""

import unittest

import dns.flags
import dns.rdatatype

import cases
import client
import harness
import zones
from oracle import Oracle
from stanza import Resolved


class OracleAgrees(harness.Case):

    def compare(self, case, question, server):
        zone = zones.load(case.zone, case.text())
        policy = Resolved(case.policy(), zone.origin)
        qname = case.absolute(question.qname)
        base = client.Answer.read(client.udp(server.port, client.query(qname, question.qtype)))
        for looks_up in (False, True):
            if question.which == ("old" if looks_up else "new"):
                continue
            got = Oracle(zone, policy, looks_up).expect(
                qname, dns.rdatatype.from_text(question.qtype), base)
            if question.same:
                self.assertIsNone(got, "looks up: %s\n%s" % (looks_up, got))
                continue
            self.assertIsNotNone(got, "looks up: %s, untouched" % looks_up)
            rcode, *sections = case.expected(question)
            want = client.Answer(rcode, dns.flags.QR | dns.flags.AA, *sections)
            if question.any_additional:
                want.additional = got.additional
            self.assertEqual(str(want), str(got), "looks up: %s" % looks_up)

    def test_cases(self):
        for file in cases.files():
            every = cases.read(file)
            server = self.serve({case.zone: case.text() for case in every})
            for case in every:
                for question in case.questions:
                    with self.subTest(case.title, place=question.place):
                        self.compare(case, question, server)


if __name__ == "__main__":
    unittest.main()
