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
import tempfile
import unittest

import harness

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2])
RUN_WAIT = 300


def alive(pid):
    """True if the process is there and is no zombie that nobody waits for."""
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Lab(harness.Case):
    def setUp(self):
        # Whatever the lab leaves there, or a sanitizer writes, is seen at the end.
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp()))
        self.addCleanup(shutil.rmtree, self.tmp)

    def start(self, *args, top=TOP, cwd=None):
        env = dict(os.environ, TMPDIR=str(self.tmp), MXGUARD_MODULE=harness.module_file())
        env.pop("NO_COLOR", None)
        folders = {os.path.dirname(harness.program(name)) for name in ("knotd", "knotc")}
        env["PATH"] = ":".join([*sorted(folders), env["PATH"]])
        if env.get("KNOTD_PRELOAD"):
            for name in harness.SANITIZERS:
                env[name] = ":".join(filter(None, [env.get(name),
                                                   "log_path=%s/sanitizer" % self.tmp]))
        return subprocess.Popen([str(top / "scripts/lab"), *args], env=env, text=True, cwd=cwd,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)

    def run_lab(self, *args, status=0, **options):
        with self.start(*args, **options) as lab:
            try:
                output = lab.communicate(timeout=RUN_WAIT)[0]
            except subprocess.TimeoutExpired:
                os.killpg(lab.pid, signal.SIGKILL)
                self.fail("the lab hangs:\n" + lab.communicate()[0])
        self.assertEqual(lab.returncode, status, output)
        return output

    def assert_clean(self):
        for path in self.tmp.glob("sanitizer*"):
            # A server that is interrupted while it starts leaks what is its own.
            if "mxguard" not in path.read_text(errors="replace"):
                path.unlink()
        reports = "\n".join(path.read_text(errors="replace")
                            for path in self.tmp.glob("sanitizer*"))
        self.assertEqual([path.name for path in self.tmp.iterdir()], [], reports)

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

    def test_enforce(self):
        output = self.run_lab()
        self.assertRegex(output, r"lead to the proxy\s+[1-9]\d* times\s+without the module and 0 ")
        self.assertNotIn("\x1b", output)
        self.assertRegex(output, r"mail.signed.example A +signed by key \d+ signed\.example\.")
        self.assert_clean()
        self.assertEqual(self.processes(), set())

    def test_log(self):
        output = self.run_lab("--mode", "log")
        found = re.search(r"lead to the proxy\s+(\d+) times\s+without the module and (\d+) ",
                          output)
        self.assertEqual(found[1], found[2])
        self.assert_clean()

    def test_wrong_answer_is_noticed(self):
        top = self.tmp / "clone"
        for part in ("scripts", "etc"):
            shutil.copytree(TOP / part, top / part)
        cases = top / "etc/lab/cases"
        text = cases.read_text()
        changed = text.replace("198.51.100.25", "198.51.100.26", 1)
        self.assertNotEqual(text, changed)
        os.chmod(cases, 0o644)
        cases.write_text(changed)
        self.assertIn("not as expected", self.run_lab(top=top, status=1))

    def test_keep(self):
        output = self.run_lab("--keep", cwd=self.tmp)
        stop = re.search(r"kill (\d+) (\d+); rm -r (\S+)", output)
        pids = {int(stop[1]), int(stop[2])}
        try:
            self.assertEqual(self.processes(), pids)
            commands = re.findall(r"(?m) {2}(kdig @.*?) *$", output)
            self.assertGreater(len(commands), 1)
            for command in commands:
                answer = subprocess.run([harness.program("kdig"), *command.split()[1:]],
                                        capture_output=True, text=True, timeout=60, check=False)
                self.assertIn("status: NOERROR", answer.stdout, command)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            harness.wait_for(lambda: not self.processes(), what="the servers to end")
        shutil.rmtree(stop[3])
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
