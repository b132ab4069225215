# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones with RDATA of any form: the generic form of RFC 3597 loads where a server does not check.

The module looks such records up as the targets of others, and at the apex. That it reads nothing beyond
their end is for the address sanitizer to see. The server itself does when it sends them, so they are
not asked for.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_malformed.py
"""

import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
SHAPES = {
    "MX": ("\\# 1 00", "\\# 2 0001", "\\# 3 000105", "\\# 4 0001026d"),
    "CNAME": ("\\# 1 05", "\\# 2 026d"),
    "SRV": ("\\# 3 000000", "\\# 6 000000000000"),
}
TYPES = ("A", "AAAA", "MX", "SRV", "TXT")
OWNERS = ["%s%d" % (rdtype.lower(), i) for rdtype, shapes in SHAPES.items()
          for i in range(len(shapes))]


class Malformed(harness.Case):

    def zone(self, where):
        """Each shape at a name of its own, or the shapes of MX at the apex, beside good ones."""
        lines = ["www A 104.16.1.1", "sub MX 10 www", "mail A 104.16.1.2", "good MX 10 mail"]
        if where == "apex":
            lines += ["@ TYPE15 %s" % shape for shape in SHAPES["MX"]]
        else:
            lines.append("@ MX 10 mail")
            shapes = [(rdtype, shape) for rdtype, of_it in SHAPES.items() for shape in of_it]
            lines += ["%s %s %s" % (owner, *shape) for owner, shape in zip(OWNERS, shapes)]
            lines += ["t-%s MX 10 %s" % (owner, owner) for owner in OWNERS]
        return zones.small(ZONE, "\n" + "\n".join(lines) + "\n")

    def test_malformed(self):
        options = {None: "    semantic-checks: off\n"}
        for where in ("names", "apex"):
            try:
                server = self.serve({ZONE: self.zone(where)}, Policy(mail_exchange="mx-direct"),
                                    options=options)
            except AssertionError as err:
                # Knot DNS 3.5.8 does so, whatever is to be checked.
                if "failed to load" in str(err) and "(malformed data)" in str(err):
                    self.skipTest("this Knot DNS loads no such records")
                raise
            names = ["www", "mail", "none", "mx-direct", "sub", "good"]
            if where == "names":
                names += ["t-" + owner for owner in OWNERS]
            for name in names:
                for rdtype in TYPES:
                    wire = client.query("%s.%s" % (name, ZONE), rdtype)
                    with self.subTest(where=where, question="%s %s" % (name, rdtype)):
                        for ask in (client.udp, client.tcp):
                            self.assertIn(ask(server.port, wire)[3] & 0xf, (0, 3))
            # It still does what it is there for.
            answer = server.answer("sub." + ZONE, "MX")
            self.assertEqual(answer.rdata("sub." + ZONE, "MX"), ["10 mx-direct." + ZONE])


if __name__ == "__main__":
    unittest.main()
