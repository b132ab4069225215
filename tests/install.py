# SPDX-License-Identifier: GPL-3.0-or-later
"""What is built and installed: how it is hardened, and that an uninstall leaves no folder behind.

Run alone:  MXGUARD_BUILDDIR=/path MXGUARD_HARDENING="$CFLAGS of the build" \
                /usr/bin/python3 tests/install.py
"""

import os
import pathlib
import platform
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["MXGUARD_BUILDDIR"])
# The flags that it was compiled with, empty if it is not hardened.
FLAGS = os.environ.get("MXGUARD_HARDENING", "")
MODULE = BUILD / "module/.libs/mxguard.so"
KMXCHECK = BUILD / "kmxcheck/kmxcheck"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


@unittest.skipUnless(FLAGS, "not hardened")
class Hardening(unittest.TestCase):

    def setUp(self):
        self.binaries = [path for path in (MODULE, KMXCHECK) if path.exists()]
        self.assertIn(MODULE, self.binaries)

    def test_read_only_after_relocation(self):
        for path in self.binaries:
            with self.subTest(path.name):
                self.assertIn("GNU_RELRO", output("readelf", "-lW", path))
                self.assertRegex(output("readelf", "-dW", path),
                                 r"\(FLAGS\).*BIND_NOW|\(BIND_NOW\)")

    def test_no_executable_stack(self):
        for path in self.binaries:
            with self.subTest(path.name):
                self.assertRegex(output("readelf", "-lW", path), r"GNU_STACK.* RW +0x")

    def test_position_independent(self):
        for path in self.binaries:
            with self.subTest(path.name):
                self.assertRegex(output("readelf", "-hW", path), r"Type: +DYN")

    def test_calls_are_checked(self):
        for path in self.binaries:
            with self.subTest(path.name):
                symbols = output("readelf", "--dyn-syms", "-W", path)
                if "-fno-stack-protector" not in FLAGS:
                    self.assertIn("__stack_chk_fail", symbols)
                if "_FORTIFY_SOURCE" in FLAGS:
                    self.assertRegex(symbols, r"__\w+_chk\b")

    @unittest.skipUnless("-fcf-protection" in FLAGS and platform.machine() == "x86_64", "x86 only")
    def test_targets_of_jumps_are_marked(self):
        for path in self.binaries:
            with self.subTest(path.name):
                code = output("objdump", "-d", "--section=.text", path)
                self.assertGreater(len(re.findall(r"\bendbr64\b", code)), 20)


def summary(name):
    """What the summary of configure says."""
    return re.search(r"(?m)^    %s +(/\S+)$" % name, (BUILD / "config.log").read_text()).group(1)


class Install(unittest.TestCase):

    def test_man_pages(self):
        """They name the folders of this build."""
        for name in "mod-mxguard.7", "update-proxies.8":
            path = BUILD / "doc/installed" / name
            if name.startswith("update") and not KMXCHECK.exists():
                continue
            with self.subTest(name):
                page = path.read_text(encoding="utf-8")
                self.assertNotIn("$(", page)
                self.assertIn(".It Pa %s/\n" % summary("proxy lists"), page)
                self.assertIn(".It Pa %s/\n" % summary("your own, first"), page)

    def test_own_folders_go(self):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        with tempfile.TemporaryDirectory(prefix="mxg-") as root:
            def make(target):
                done = subprocess.run(["make", "-s", "-C", BUILD, target, "DESTDIR=" + root],
                                      check=False, capture_output=True, text=True,
                                      env=environment)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

            def found():
                return [path for path in pathlib.Path(root).rglob("*")
                        if not path.is_dir() or path.name in ("knot", "knot-mxguard")]

            make("install")
            self.assertIn(pathlib.Path(root + summary("module")), found())
            pages = {path.name: path.read_text(encoding="utf-8") for path in found()
                     if path.suffix in (".1", ".7", ".8")}
            self.assertIn("mod-mxguard.7", pages)
            for name, page in pages.items():
                self.assertNotIn("$(", page, name)
            own = next(path for path in found() if path.name == "cloudflare").with_name("own")
            own.write_text("192.0.2.0/24\n", encoding="ascii")
            make("uninstall")
            self.assertEqual([path.name for path in found() if not path.is_dir()], ["own"])
            own.unlink()
            make("uninstall")
            self.assertEqual(found(), [])


if __name__ == "__main__":
    unittest.main()
