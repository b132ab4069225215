# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones with RDATA of any form: the generic form of RFC 3597 loads where a server does not check.

What the guarded server says is what the unguarded one says, octet for octet: mostly SERVFAIL. That
nothing is read beyond such RDATA is for the address sanitizer to see.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_malformed.py
"""

import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
SHAPES = {
    "A": ("\\# 2 0102", "\\# 5 0102030405"),
    "AAAA": ("\\# 4 01020304",),
    "MX": ("\\# 1 00", "\\# 2 0001", "\\# 3 000105", "\\# 4 0001026d"),
    "CNAME": ("\\# 1 05", "\\# 2 026d"),
    "SRV": ("\\# 3 000000", "\\# 6 000000000000"),
}
TYPES = ("A", "AAAA", "MX", "SRV", "CNAME", "DNAME", "NS", "TXT", "ANY")


class Malformed(harness.Case):

    def zone(self, zone, where):
        """Each shape at a name of its own, or the shapes of MX at the apex, beside good ones."""
        lines = ["www A 104.16.1.1", "sub MX 10 www", "mail A 104.16.1.2", "good MX 10 mail"]
        if where == "apex":
            lines += ["@ TYPE15 %s" % shape for shape in SHAPES["MX"]]
        else:
            lines.append("@ MX 10 mail")
            for rdtype, shapes in SHAPES.items():
                lines += ["%s%d %s %s" % (rdtype.lower(), i, rdtype, shape)
                          for i, shape in enumerate(shapes)]
                lines += ["t-%s%d MX 10 %s%d" % (rdtype.lower(), i, rdtype.lower(), i)
                          for i in range(len(shapes))]
        return zones.small(zone, "\n" + "\n".join(lines) + "\n")

    def names(self):
        made = ["%s%d" % (rdtype.lower(), i) for rdtype, shapes in SHAPES.items()
                for i in range(len(shapes))]
        return ["", "www.", "none.", "mx-direct."] + \
            ["%s%s." % (prefix, name) for name in made for prefix in ("", "t-", "below.")]

    def test_malformed(self):
        options = {None: "    semantic-checks: off\n"}
        for where in ("names", "apex"):
            text = self.zone(ZONE, where)
            guarded = self.serve({ZONE: text}, Policy(mail_exchange="mx-direct"), options=options)
            plain = self.serve({ZONE: text}, options=options)
            same = 0
            for name in self.names():
                for rdtype in TYPES:
                    wire = client.query(name + ZONE, rdtype)
                    got, base = (client.udp(server.port, wire) for server in (guarded, plain))
                    with self.subTest(where=where, question="%s %s" % (name, rdtype)):
                        if base[3] & 0xf != 0:
                            self.assertTrue(got == base or got[3] & 0xf == 0)
                        same += got == base
            print("# %s: %d answers are the same" % (where, same))
            self.assertGreater(same, 100)


if __name__ == "__main__":
    unittest.main()
