# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/debian says what there is: each installed file is in one package, versions are the same,
what is needed is named. Building the packages is for scripts/package.

Run alone:  MXGUARD_BUILDDIR=/path /usr/bin/python3 tests/packages.py
"""

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent
DEBIAN = TOP / "packaging/debian"
BUILD = os.environ["MXGUARD_BUILDDIR"]
CONFIGURE = (TOP / "configure.ac").read_text()
CONTROL = (DEBIAN / "control").read_text()


def entries(path):
    """The lines of a list, without comments."""
    return [line for line in path.read_text().splitlines() if line and line[0] != "#"]


def stanza(name):
    """The fields of a package, or of the source."""
    text, = re.findall(r"(?m)^(?:Package|Source): %s\n(?:.+\n)*" % re.escape(name), CONTROL)
    text = re.sub(r"(?m)^#.*\n", "", text)
    return {field: value.strip()
            for field, value in re.findall(r"(?m)^([A-Z][A-Za-z-]+):((?:.*\n)(?: .*\n)*)", text)}


def names(value):
    """The packages of a field like Depends, without versions."""
    return [re.match(r"[^ (]+", item.strip()).group() for item in value.split(",") if item.strip()]


PACKAGES = re.findall(r"(?m)^Package: (.*)$", CONTROL)


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="mxg-")
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        # As debian/rules has it, whatever this build was configured with.
        places = ("prefix=/usr", "exec_prefix=/usr", "sysconfdir=/etc", "datarootdir=/usr/share",
                  "datadir=/usr/share", "bindir=/usr/bin", "sbindir=/usr/sbin",
                  "libdir=/usr/lib/any", "localedir=/usr/share/locale", "mandir=/usr/share/man",
                  "docdir=/usr/share/doc/knot-mxguard", "moduledir=/usr/lib/any/knot/modules-0.0")
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(["make", "-C", BUILD, "install", "DESTDIR=" + cls.dir, *places], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(done.stdout)
        top = pathlib.Path(cls.dir)
        cls.installed = {str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir()}
        cls.folders = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_dir()}

    def test_each_in_one_package(self):
        lists = {path.stem: [line.split()[0] for line in entries(path)]
                 for path in sorted(DEBIAN.glob("*.install"))}
        self.assertEqual(sorted(lists), sorted(PACKAGES))
        lists["not-installed"] = entries(DEBIAN / "not-installed")
        where = {}
        for package, patterns in lists.items():
            for pattern in patterns:
                if pattern.startswith("debian/"):
                    self.assertTrue((DEBIAN / pattern[len("debian/"):]).exists(), pattern)
                    continue
                found = {path for path in self.installed
                         if fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, pattern + "/*")}
                self.assertTrue(found or pattern in self.folders,
                                "%s: there is no %s" % (package, pattern))
                for path in found:
                    where.setdefault(path, []).append(package)
        # What apt is told to run is there.
        program, = set(re.findall(r"/usr/(libexec/[a-z/-]+)",
                                  (DEBIAN / "50knot-module-mxguard").read_text()))
        self.assertEqual([line.split()[1] + "/keep-module" for line in
                          entries(DEBIAN / "knot-module-mxguard.install") if "keep-module" in line],
                         ["usr/" + program])
        self.assertEqual({path: packages for path, packages in where.items() if len(packages) > 1}, {})
        self.assertEqual(self.installed - set(where), set())

    def test_units(self):
        """Units run the program that the package has."""
        rules = (DEBIAN / "rules").read_text()
        for unit in "update-proxies.service", "update-proxies.timer":
            self.assertIn("etc/examples/" + unit, rules)
        program, = re.findall(r"(?m)^ExecStart=/(\S+)",
                              (TOP / "etc/examples/update-proxies.service").read_text())
        self.assertIn(program, self.installed)
        self.assertIn(program, entries(DEBIAN / "mxguard-proxies.install"))


class Keep(unittest.TestCase):
    """The module may not go while the configuration that knotd reads names it."""

    def kept(self, arguments, lines):
        """What the hook of apt answers about the removal of the module."""
        with tempfile.TemporaryDirectory() as folder:
            config, defaults = pathlib.Path(folder, "my.conf"), pathlib.Path(folder, "defaults")
            config.write_text(lines)
            defaults.write_text('KNOTD_ARGS="%s"\n' % arguments.format(config))
            done = subprocess.run([DEBIAN / "keep-module", "apt"], input=(
                "VERSION 2\n\nknot-module-mxguard 1.0-1 > - **REMOVE**\n"), text=True, check=False,
                env={**os.environ, "KNOT_DEFAULTS": str(defaults)}, stdout=subprocess.PIPE)
        self.assertIn(done.returncode, (0, 10))
        self.assertEqual(done.returncode == 10, "not removed" in done.stdout)
        return done.returncode == 10

    def test_arguments(self):
        named, other = "mod-mxguard:\n  - id: default\n", "# mod-mxguard\nserver:\n    nsid: x\n"
        for arguments in "-c {0}", "-v --config {0}", "--config={0} -v":
            self.assertTrue(self.kept(arguments, named), arguments)
            self.assertFalse(self.kept(arguments, other), arguments)


class Control(unittest.TestCase):
    def test_version(self):
        version, = re.findall(r"AC_INIT\(\[knot-mxguard\], \[(.*?)\]\)", CONFIGURE)
        first = (DEBIAN / "changelog").read_text().splitlines()[0]
        self.assertRegex(first, r"^knot-mxguard \(%s-\d+\) " % re.escape(version))
        self.assertTrue((TOP / "NEWS").read_text().startswith("knot-mxguard %s " % version))

    def test_build_depends(self):
        """What configure asks for, and does not need for tests only."""
        asked = set(" ".join(re.findall(r'AS_VAR_APPEND\(\[missing\], \["(.*?)"\]\)',
                                        CONFIGURE)).split())
        self.assertIn("libknot-dev", asked)
        # Every Debian machine that builds packages has those.
        asked -= {"gcc", "libc6-dev", "make", "$missing_tests"}
        named = set(names(stanza("knot-mxguard")["Build-Depends"])) - {"debhelper-compat"}
        self.assertEqual(named, asked)
        setup = re.search(r"setup_build=\((.*?)\)", (TOP / "scripts/setup.sh").read_text(), re.S)
        self.assertLessEqual(named, set(setup.group(1).split()))

    def test_depends(self):
        module = stanza("knot-module-mxguard")
        for item in "knot (>= ${knot:This})", "knot (<< ${knot:Next}~)":
            self.assertIn(item, [part.strip() for part in module["Depends"].split(",")])
        self.assertEqual(module["Conflicts"].strip(" \n,"), "knot (>= ${knot:Next}~)")
        rules = (DEBIAN / "rules").read_text()
        for item in "-Vknot:This=$(KNOT)", "-Vknot:Next=$(KNOT_NEXT)":
            self.assertIn(item, rules)
        for package in PACKAGES:
            fields = stanza(package)
            shlibs = "${shlibs:Depends}" in names(fields["Depends"])
            self.assertEqual(shlibs, fields["Architecture"] == "any", package)

    def test_programs_of_update_proxies(self):
        script = (TOP / "scripts/update-proxies").read_text()
        needed = set(re.search(r"(?m)^for one in (.*); do\n\tcommand -v", script).group(1).split())
        needed = {"kmxcheck" if name == '"$kmxcheck"' else name for name in needed}
        # This one is in a package that every Debian has.
        self.assertEqual(set(names(stanza("mxguard-proxies")["Recommends"])), needed - {"flock"})

    def test_tests(self):
        control = (DEBIAN / "tests/control").read_text()
        tests = re.findall(r"(?m)^Tests: (.*)$", control)
        scripts = {path.name for path in (DEBIAN / "tests").iterdir()} - {"control"}
        self.assertEqual(set(tests), scripts)
        for name in scripts:
            self.assertTrue(os.access(DEBIAN / "tests" / name, os.X_OK), name)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        scripts = [*DEBIAN.glob("tests/[!c]*"), DEBIAN / "knot-module-mxguard.prerm", DEBIAN / "keep-module",
                   TOP / "scripts/package", TOP / "scripts/in-release", TOP / "tests/packaging/upgrade.sh"]
        done = subprocess.run(["shellcheck", "-x", *scripts], cwd=TOP, stdout=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
