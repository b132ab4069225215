# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/lab: shows what it promises in both modes, notices when it does not, and cleans up.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_lab.py
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import harness
from lab_case import LabCase, RUN_WAIT, alive


def module_folder():
    """The folder in which the packaged Knot DNS looks for modules, or None."""
    package = subprocess.run(["dpkg-query", "-S", harness.program("knotd")], capture_output=True,
                             check=False)
    folder = subprocess.run(["pkg-config", "--variable=module_instdir", "knotd"],
                            capture_output=True, text=True, check=False).stdout.strip()
    private = subprocess.run(["unshare", "--mount", "mount", "--bind", "/etc", "/etc"],
                             capture_output=True, check=False)
    usable = package.returncode == 0 and private.returncode == 0 and os.path.isdir(folder)
    return folder if usable else None


FOLDER = module_folder()


class Lab(LabCase):
    def processes(self):
        """Ids of the servers whose configuration is in the temporary folder."""
        found = set()
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(word.startswith("%s/" % self.tmp) for word in words):
                found.add(int(path.parent.name))
        return {pid for pid in found if alive(pid)}

    def rows(self, output):
        """{question: lines, each (without the module, with it)} of the table."""
        found, lines = {}, []
        for line in output.splitlines():
            cells = [cell[1:].rstrip() for cell in line.split("│")[1:-1]]
            if len(cells) != 3 or cells[0] == "question":
                lines = []
                continue
            # A long question goes on, indented.
            if cells[0] and not cells[0].startswith(" "):
                lines = found[cells[0]] = []
            lines.append(tuple(cells[1:]))
        return found

    def test_enforce(self):
        output = self.run_lab()
        self.assertRegex(output, r"lead to the proxy\s+[1-9]\d* times\s+without the module and 0 ")
        self.assertNotIn("\x1b", output)
        self.assertRegex(output, r"mail.signed.example A +signed by key \d+ signed\.example\.")
        self.assertNotIn("would be", output)
        # Each answer that is not the same is marked, also where the proxied ones are left out only.
        rows = self.rows(output)
        self.assertEqual(rows["mail.host.example A"], [("✗ 104.16.1.2", "✓ 198.51.100.25")])
        self.assertEqual(rows["mail.mixed.example A"], [("✗ 104.16.8.1", "✓ 203.0.113.25"),
                                                        ("  203.0.113.25", "")])
        for question, lines in rows.items():
            self.assertIn(lines[0][1][0], "✓=", question)
            self.assertEqual("✗" in "".join(before for before, _ in lines), lines[0][1][0] == "✓",
                             question)
        self.assert_clean()
        self.assertEqual(self.processes(), set())

    def test_log(self):
        output = self.run_lab("--mode", "log")
        found = re.search(r"lead to the proxy\s+(\d+) times\s+without the module and (\d+) ",
                          output)
        self.assertEqual(found[1], found[2])
        # Nothing is said to be answered that would be.
        self.assertIn("Mode enforce: Answered are the mail", output)
        self.assertNotIn("✓", output)
        self.assertNotRegex(output, r"(?<!Mode enforce: )Answered")
        rows = self.rows(output)
        self.assertEqual(rows["mail.mixed.example AAAA"],
                         [("  2001:db8:25::25", "= the same, would be"),
                          ("✗ 2606:4700::8:1", "  2001:db8:25::25")])
        self.assertEqual(rows["www.host.example A"], [("  104.16.1.1", "= the same")])
        self.assert_clean()

    @unittest.skipUnless(FOLDER, "no folder that an installed module could be in, or no mount")
    def test_installed(self):
        """Where the module is installed, nothing is built."""
        installed = self.tmp / "installed"
        installed.mkdir()
        shutil.copy(harness.module_file(), installed / "mxguard.so")
        within = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"',
                  str(installed), FOLDER]
        output = self.run_lab(within=within, module=False)
        self.assertIn("mod-mxguard is installed here", output)
        self.assertNotIn("building", output)
        shutil.rmtree(installed)
        self.assert_clean()

    def test_wrong_answer_is_noticed(self):
        top = self.clone("198.51.100.25", "198.51.100.26")
        self.assertIn("not as expected", self.run_lab(top=top, status=1))

    def test_keep(self):
        output = self.run_lab("--keep", cwd=self.tmp)
        stop = re.search(r"kill (\d+) (\d+)\n +while .*\n +rm -r (\S+)\n", output)
        pids = {int(stop[1]), int(stop[2])}
        try:
            self.assertEqual(self.processes(), pids)
            commands = re.findall(r"(?m) {2}(kdig @.*?) *$", output)
            self.assertGreater(len(commands), 1)
            for command in commands:
                answer = subprocess.run([harness.program("kdig"), *command.split()[1:]],
                                        capture_output=True, text=True, timeout=60, check=False)
                self.assertIn("status: NOERROR", answer.stdout, command)
            subprocess.run(["sh", "-e", "-c", stop[0]], check=True, timeout=60)
        finally:
            for pid in self.processes() & pids:
                os.kill(pid, signal.SIGTERM)
            harness.wait_for(lambda: not self.processes(), what="the servers to end")
        self.assertFalse(os.path.exists(stop[3]))
        self.assert_clean()

    def test_interrupt_cleans_up(self):
        # As a terminal does it: to all processes of the group.
        with self.start() as lab:
            harness.wait_for(lambda: len(self.processes()) == 2, what="two servers")
            os.killpg(lab.pid, signal.SIGINT)
            output = lab.communicate(timeout=RUN_WAIT)[0]
        self.assertEqual(lab.returncode, 130, output)
        harness.wait_for(lambda: not self.processes(), what="the servers to end")
        self.assert_clean()

    def test_usage(self):
        self.assertIn("Usage: scripts/lab", self.run_lab("--help"))
        for wrong in (["--nonsense"], ["--mode"], ["--mode", "off"]):
            self.assertIn("lab: ", self.run_lab(*wrong, status=2))
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
