# SPDX-License-Identifier: GPL-3.0-or-later
"""What a limit cuts off is told by a real knotd: logged and counted in both modes alike, and the
answer stays."""

import unittest

import harness
import zones
from stanza import Policy

ZONE = "example.test."
MANY = 64 # Of POLICY_MX_MAX.


class Limits(harness.Case):
    """An apex with more MX records than are guarded."""

    def test_both_modes(self):
        lines = ["m%d A 104.16.1.%d" % (i, i) for i in range(MANY + 10)]
        lines += ["@ MX %d m%d" % (i, i) for i in range(MANY + 10)]
        text = zones.small(ZONE, "\n".join(lines))
        bare = self.serve({ZONE: text})
        for mode in ("log", "enforce"):
            with self.subTest(mode):
                server = self.serve({ZONE: text}, Policy(mode=mode))
                beyond = "m%d.%s" % (MANY + 5, ZONE)
                self.assertEqual(server.ask(beyond, "A"), bare.ask(beyond, "A"))
                self.assertEqual(server.counters(ZONE), {"finding[unjudged]": 1,
                                                         "action[logged]": 1})
                self.assertEqual(len(server.log_lines(mode + ", unjudged", beyond + " A")), 1)
                # The first ones are guarded.
                self.assertEqual(server.answer("m5." + ZONE, "A").rdata("m5." + ZONE, "A"),
                                 ["198.51.100.25" if mode == "enforce" else "104.16.1.5"])
                self.assertEqual(server.counters(ZONE)["finding[proxied-host]"], 1)


if __name__ == "__main__":
    unittest.main()
