# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of kmxcheck share: running it in a temporary folder, and small zones.

Environment:
  KMXCHECK  the program to test, default: the one in MXGUARD_BUILDDIR or the source tree
"""

import fcntl
import json
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("MXGUARD_BUILDDIR") or TOP)
KMXCHECK = os.path.abspath(os.environ.get("KMXCHECK") or BUILD / "kmxcheck/kmxcheck")
RUN_WAIT = 120

POLICY = "--proxy", "104.16.0.0/13", "--mail-address", "198.51.100.25"
HEAD = """$ORIGIN %s.
$TTL 300
@ SOA ns hostmaster 1 3600 900 604800 300
@ NS ns
ns A 192.0.2.53
"""
BAD = HEAD + "@ MX 10 mail\nmail A 104.16.1.2\n"
GOOD = HEAD + "@ MX 10 mail\nmail A 198.51.100.25\n"
# A warning and no error: SPF authorises the proxy.
WARN = GOOD + '@ TXT "v=spf1 ip4:104.16.0.0/24 -all"\n'
STANZA = """mod-mxguard:
  - id: one
    proxy: 104.16.0.0/13
    mail-address: 198.51.100.25
"""


def on_terminal(command, stream=1, columns=0, env=None, cwd=None):
    """What a command writes on a terminal that has one of its outputs, as octets."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL,
                          stdout=slave if stream == 1 else subprocess.DEVNULL,
                          stderr=slave if stream == 2 else subprocess.DEVNULL,
                          env={**os.environ, "TERM": "xterm", **(env or {})}, cwd=cwd) as run:
        os.close(slave)
        output = b""
        try:
            while chunk := os.read(master, 65536):
                output += chunk
        except OSError:
            pass
        run.wait(timeout=RUN_WAIT)
    os.close(master)
    return output


class Case(unittest.TestCase):
    program = KMXCHECK

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mxg-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def zone(self, name, text):
        return self.write(name + ".zone", text % name)

    def run_it(self, *args, status=0, stdin="", env=None, cwd=None):
        """Runs kmxcheck, compares the exit status and returns both outputs."""
        # In English, whatever the language of those who run the tests.
        done = subprocess.run([self.program, *map(str, args)], input=stdin, capture_output=True,
                              encoding="utf-8", timeout=RUN_WAIT, check=False,
                              cwd=cwd or self.dir,
                              env=dict(os.environ, **{"LANGUAGE": "C", **(env or {})}))
        self.assertEqual(done.returncode, status,
                         "%s\n%s\n%s" % (args, done.stdout[:4000], done.stderr[:4000]))
        return done.stdout, done.stderr

    def trouble(self, *args, **options):
        """An error: nothing on standard output. Returns standard error."""
        stdout, stderr = self.run_it(*args, status=2, **options)
        self.assertEqual(stdout, "")
        self.assertNotEqual(stderr, "")
        return stderr

    def findings(self, *args, status):
        """Rules by zone, from the JSON output."""
        stdout, stderr = self.run_it("-f", "json", *args, status=status)
        self.assertEqual(stderr, "")
        return {zone["zone"].rstrip("."): sorted({f["rule"] for f in zone["findings"]})
                for zone in json.loads(stdout)["zones"]}
