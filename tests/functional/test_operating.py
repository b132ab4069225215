# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of doc/operating.md do what the page says, on the log and configuration of a real knotd.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_operating.py
"""

import os
import pathlib
import re
import subprocess
import unittest

import harness
import zones
from stanza import Policy

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2])
PAGE = (TOP / "doc/operating.md").read_text()
COMMANDS = re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE)
ZONES = {zone: zones.small(zone, "@ MX 10 mail\nmail A 104.16.1.2\nsub MX 5 www\nwww A 104.16.1.1")
         for zone in ("a.test.", "b.test.")}
POLICY = Policy(proxy=("104.16.0.0/13",), mail_exchange="mx-direct")


def command(start, replace):
    """The one command of the page that begins so, with a part of it replaced."""
    old, new = replace
    text, = (text for text in COMMANDS if start in text)
    assert old in text
    return text.replace(old, new)


def shell(text):
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False, timeout=60)


class Log(harness.Case):
    def setUp(self):
        self.server = self.serve(ZONES, POLICY.with_(mode="log", log_interval=1))

    def sums(self, start):
        done = shell(command(start, ("journalctl -u knot --since yesterday -o cat",
                                     "cat " + self.server.path("log"))))
        self.assertEqual(done.stderr, "")
        return [" ".join(line.split()) for line in done.stdout.splitlines()]

    def test_sums(self):
        asked = 0

        def later_line():
            nonlocal asked
            asked += 1
            self.server.ask("mail.a.test.", "A")
            return self.server.log_lines("mail.a.test.", " answers in ")

        harness.wait_for(later_line, 20, "a line that stands for several answers")
        self.server.ask("sub.a.test.", "MX")
        self.server.ask("mail.b.test.", "A")
        harness.wait_for(lambda: self.server.log_lines("mail.b.test."), 5, "the last line")
        self.assertEqual(self.sums("sum[finding]")[0], "%d proxied-host, mail.a.test. A" % asked)
        self.assertEqual(set(self.sums("sum[finding]")[1:]),
                         {"1 proxied-target, sub.a.test. MX", "1 proxied-host, mail.b.test. A"})
        found = "proxied-host, mail.%s.test. A, 104.16.1.2 in 104.16.0.0/13, would answer 198.51.100.25"
        self.assertEqual(self.sums("sort -u"), [
            found % "a", found % "b",
            "proxied-target, sub.a.test. MX, www.a.test. (104.16.1.1 in 104.16.0.0/13), "
            "would answer mx-direct.a.test."])
        self.assertEqual(self.sums("uniq -c"), ["3 a.test.", "1 b.test."])
        self.assertEqual(self.sums("sign-failure"), [])
        with open(self.server.path("log"), "a", encoding="ascii") as log:
            log.write("warning: [a.test.] module 'mod-mxguard/x', log, unjudged, a.test. MX, x\n")
        self.assertEqual(len(self.sums("sign-failure")), 1)


class WayOut(harness.Case):
    def test_starts_without_the_module(self):
        server = harness.Knotd(ZONES, POLICY, modules={"b.test.": ["mod-stats"]},
                               extra="mod-stats:\n  - id: default\n")
        self.addCleanup(server.remove)
        with open(server.conf, encoding="ascii") as file:
            before = file.read()
        text = command("sed -i -E", ("/etc/knot/knot.conf", server.conf))
        for _ in "once", "and by mistake again: what was saved stays":
            done = shell(text[:text.index("knotc conf-check")])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotRegex(server_text := pathlib.Path(server.conf).read_text(encoding="ascii"),
                            r"(?m)^[^#\n]*mxguard")
        self.assertIn("\nmod-stats:\n  - id: default\n", server_text)
        check = server.conf_check()
        self.assertEqual((check.returncode, check.stdout), (0, "Configuration is valid\n"))
        self.assertEqual(pathlib.Path(server.conf + ".mxguard").read_text(encoding="ascii"), before)


if __name__ == "__main__":
    unittest.main()
