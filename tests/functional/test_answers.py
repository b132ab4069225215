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
