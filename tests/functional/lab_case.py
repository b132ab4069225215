# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs scripts/lab for tests, and looks at what it leaves behind."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import harness

__all__ = ["LabCase", "RUN_WAIT", "TOP", "alive"]

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2])
RUN_WAIT = 300


def alive(pid):
    """True if the process is there and is no zombie that nobody waits for."""
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class LabCase(harness.Case):
    """A test case that runs the lab in a temporary folder of its own."""

    def setUp(self):
        # Whatever the lab leaves there, or a sanitizer writes, is seen at the end.
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp()))
        self.addCleanup(shutil.rmtree, self.tmp)

    def start(self, *args, top=TOP, cwd=None, within=(), module=True):
        """Starts the lab, by the command within; module: with the one that is built already."""
        env = dict(os.environ, TMPDIR=str(self.tmp), MXGUARD_MODULE=harness.module_file(),
                   LC_ALL="C.UTF-8")
        env.pop("NO_COLOR", None)
        if not module:
            del env["MXGUARD_MODULE"]
        folders = {os.path.dirname(harness.program(name)) for name in ("knotd", "knotc")}
        env["PATH"] = ":".join([*sorted(folders), env["PATH"]])
        if env.get("KNOTD_PRELOAD"):
            for name in harness.SANITIZERS:
                env[name] = ":".join(filter(None, [env.get(name),
                                                   "log_path=%s/sanitizer" % self.tmp]))
        return subprocess.Popen([*within, str(top / "scripts/lab"), *args], env=env, text=True, cwd=cwd,
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

    def clone(self, old, new):
        """A copy of what the lab reads, with a change to what it expects."""
        top = self.tmp / "clone"
        for part in ("scripts", "etc"):
            shutil.copytree(TOP / part, top / part)
        cases = top / "etc/lab/cases"
        text = cases.read_text()
        changed = text.replace(old, new, 1)
        self.assertNotEqual(text, changed)
        os.chmod(cases, 0o644)
        cases.write_text(changed)
        return top
