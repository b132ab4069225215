# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/lab --mail: what becomes of a mail that a real Postfix, which asks through a validating Unbound,
sends to each zone of the lab.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_mail.py
"""

import os
import pathlib
import re
import signal
import subprocess
import unittest

import harness
from lab_case import LabCase, RUN_WAIT, alive

# Without the module, and with it.
OUTCOMES = {
    "host.example": ("deferred", "sent"),
    "apex.example": ("deferred", "sent"),
    "shop.example": ("deferred", "sent"),
    "wild.example": ("deferred", "sent"),
    "alias.example": ("deferred", "sent"),
    "cdn.example": ("deferred", "sent"),
    "signed.example": ("deferred", "sent"),
    # Postfix goes on to the address that is direct.
    "mixed.example": ("sent late", "sent"),
    # Only mail programs are sent to the proxy.
    "client.example": ("sent", "sent"),
    "healthy.example": ("sent", "sent"),
    "null.example": ("bounced", "bounced"),
}
DIRECT = r"\[(198\.51\.100\.25|203\.0\.113\.25|2001:db8:25::25)\]:25"
PROGRAMS = ("ip", "postfix", "smtp-sink", "unbound", "unshare")


def reason_to_skip():
    """Why this can't run here, or None."""
    if os.geteuid() != 0:
        return "not root"
    if not os.path.exists("/proc/net/if_inet6"):
        return "no IPv6"
    for name in PROGRAMS:
        try:
            harness.program(name)
        except FileNotFoundError as error:
            return str(error)
    result = subprocess.run(["unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork",
                             "mount", "--bind", "/etc", "/etc"], capture_output=True, text=True,
                            check=False)
    return result.stderr if result.returncode else None


def outside():
    """What the installed Postfix has: its files, and the mail in its queue."""
    return sorted((str(path), path.lstat().st_mtime_ns)
                  for folder in ("/etc/postfix", "/var/spool/postfix", "/var/lib/postfix")
                  for path in pathlib.Path(folder).rglob("*"))


def outcomes(output):
    """{zone: (without the module, with it)}, each the lines of a cell of the table."""
    found = {}
    for row in re.split(r"(?m)^[├+].*\n", output):
        cells = [[cell.strip() for cell in re.split("[│|]", line)[1:4]]
                 for line in row.splitlines() if line.startswith(("│", "|"))]
        if cells and cells[0][0] != "mail to":
            zone, before, after = zip(*cells)
            found[zone[0]] = (before, before if after[0] == "= the same" else after)
    return found


def outcome(cell):
    """The outcome of a cell without its mark."""
    return re.sub(r"^[✗✓x+] ", "", cell[0])


SKIPPED = reason_to_skip()


@unittest.skipIf(SKIPPED, SKIPPED)
class Mail(LabCase):
    def processes(self):
        """Ids of the processes in the name spaces: they see the folder of the lab mounted."""
        found = set()
        for path in pathlib.Path("/proc").glob("[0-9]*/mountinfo"):
            try:
                if "%s/" % self.tmp in path.read_text():
                    found.add(int(path.parent.name))
            except OSError:
                continue
        return {pid for pid in found if alive(pid)}

    def test_enforce(self):
        before = outside()
        output = self.run_lab("--mail")
        found = outcomes(output)
        self.assertEqual({zone: tuple(map(outcome, cells)) for zone, cells in found.items()},
                         OUTCOMES)
        for zone, (without, guarded) in found.items():
            for cell in (without, guarded):
                if outcome(cell) == "sent":
                    self.assertRegex("".join(cell), DIRECT, zone)
                if outcome(cell) == "deferred":
                    self.assertRegex("".join(cell), r"\[(104\.16\.|2606:4700:)", zone)
        self.assertRegex(output, r"proxy [1-9]\d* times\s+without the module and 0 times\s+with it")
        self.assert_clean()
        self.assertEqual(self.processes(), set())
        self.assertEqual(outside(), before)

    def test_log_and_wrong_expectation(self):
        top = self.clone("mail healthy.example | sent", "mail healthy.example | deferred")
        output = self.run_lab("--mail", "--mode=log", top=top, status=1)
        self.assertEqual({zone: tuple(map(outcome, cells))
                          for zone, cells in outcomes(output).items()},
                         {zone: (without, without) for zone, (without, _) in OUTCOMES.items()})
        self.assertEqual(re.findall("not as expected: (.*)", output),
                         ["mail to healthy.example is deferred without the module",
                          "mail to healthy.example is deferred with the module"])

    def test_interrupt_cleans_up(self):
        # As a terminal does it: to all processes of the group.
        with self.start("--mail") as lab:
            harness.wait_for(lambda: list(self.tmp.glob("*/plain/mail.log")), what="Postfix")
            self.assertNotEqual(self.processes(), set())
            os.killpg(lab.pid, signal.SIGINT)
            output = lab.communicate(timeout=RUN_WAIT)[0]
        self.assertEqual(lab.returncode, 130, output)
        self.assertEqual(self.processes(), set())
        self.assert_clean()

    def test_usage(self):
        self.assertIn("--keep", self.run_lab("--mail", "--keep", status=2))
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
