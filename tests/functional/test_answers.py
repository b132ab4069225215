# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand-written cases for each paragraph of the contract: small zones, exact answers.

The cases are in tests/data/answers/. All zones of a file are served by one pair of servers. Each
question is asked in enforce mode over UDP and TCP, and in log mode, where nothing changes.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_answers.py
"""

import unittest

import cases
import client
import harness
import zones
from stanza import Policy


class Child(harness.Case):

    @unittest.skipUnless(harness.looks_up(), "this Knot DNS can't look other zones up")
    def test_glue_of_a_zone_of_this_server(self):
        """What the parent shows of a name is what the child answers, or nothing."""
        parent, child = "example.test.", "sub.example.test."
        texts = {parent: zones.small(parent, "@ MX 10 mx.sub\nsub NS ns.sub\nns.sub A 192.0.2.1\n"
                                     "mx.sub A 104.16.1.2"),
                 child: zones.small(child, "mx A 104.16.1.2")}
        both, alone = self.serve(texts, Policy()), self.serve({parent: texts[parent]}, Policy())
        self.assertNotRegex(str(both.answer(parent, "MX")), "104.16.1.2|198.51.100.25")
        self.assertEqual(both.counters(parent)["action[emptied]"], 1)
        self.assertTrue(both.log_lines("answered without this additional record"), both.log())
        self.assertEqual([address for _, address in both.answer("mx." + child, "A").addresses()],
                         ["104.16.1.2"])
        self.assertIn("198.51.100.25", str(alone.answer(parent, "MX")))


class Answers(harness.Case):
    """One method per file of cases, made below."""

    def run_file(self, file):
        every = cases.read(file)
        texts = {case.zone: case.text() for case in every}
        enforce = {case.zone: case.policy() for case in every}
        log = {zone: policy.with_(mode="log") for zone, policy in enforce.items()}
        guarded, plain = self.pair(texts, enforce)
        logging = self.serve(texts, log)
        version = "new" if harness.looks_up() else "old"
        for case in every:
            for question in case.questions:
                if question.which in ("", version):
                    with self.subTest(case.title, place=question.place):
                        self.compare(case, question, plain, guarded, logging)

    def compare(self, case, question, plain, guarded, logging):
        wire = client.query(case.absolute(question.qname), question.qtype)
        for ask in (client.udp, client.tcp):
            base = ask(plain.port, wire)
            wrong = cases.judge(case, question, base, ask(guarded.port, wire))
            self.assertFalse(wrong, "%s %s\n%s" % (question.qname, question.qtype, wrong))
            self.assertEqual(base, ask(logging.port, wire), "log mode changes the answer")


def add_methods():
    for file in cases.files():
        name = "test_" + file.rsplit("/", 1)[1][:-len(".txt")].replace(".", "_").replace("-", "_")
        setattr(Answers, name, lambda self, file=file: self.run_file(file))


add_methods()

if __name__ == "__main__":
    unittest.main()
