# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts in etc/examples/, and what completes command lines.

Needs no server. Run alone:
  KMXCHECK=/path/kmxcheck /usr/bin/python3 tests/functional/test_kmxcheck_examples.py
"""

import json
import os
import re
import shutil
import subprocess
import unittest

from kmxcheck_case import BAD, GOOD, KMXCHECK, RUN_WAIT, STANZA, TOP, Case


class Examples(Case):
    def setUp(self):
        super().setUp()
        (self.dir / "bin").mkdir()
        (self.dir / "bin/kmxcheck").symlink_to(KMXCHECK)
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith("GIT_")}
        self.env.update(PATH="%s/bin:%s" % (self.dir, os.environ["PATH"]), HOME=str(self.dir),
                        GIT_CONFIG_NOSYSTEM="1", TMPDIR=str(self.dir))

    def command(self, *command, status=0, cwd=None, **env):
        done = subprocess.run(list(map(str, command)), env={**self.env, **env}, text=True,
                              cwd=cwd or self.dir, timeout=RUN_WAIT, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_pre_commit(self):
        repo = self.dir / "repo"
        git = "git", "-c", "user.name=x", "-c", "user.email=x@x.test"
        self.command("git", "init", "-q", repo)
        shutil.copy(TOP / "etc/examples/pre-commit", repo / ".git/hooks/pre-commit")
        os.chmod(repo / ".git/hooks/pre-commit", 0o755)
        self.write("repo/knot.conf", STANZA)
        bad, good = BAD % "a.test", GOOD % "a.test"

        def commit(status):
            self.command("git", "add", "-A", cwd=repo)
            return self.command(*git, "commit", "-qm", "x", status=status, cwd=repo,
                                KMXCHECK_FLAGS="-c knot.conf")

        commit(0)
        self.write("repo/zones/a.zone", bad)
        self.assertIn("zones/a.zone", commit(1))
        self.write("repo/zones/a.zone", good)
        commit(0)
        self.write("repo/kmxcheck.ignore", "proxied-host:mail # on purpose\n")
        self.write("repo/zones/a.zone", bad)
        self.command("git", "add", "-A", cwd=repo)
        self.command(*git, "commit", "-qm", "x", cwd=repo,
                     KMXCHECK_FLAGS="-c knot.conf --ignore-file kmxcheck.ignore")
        self.write("repo/zones/a.zone", good)
        commit(0)
        # What counts is what is committed.
        self.write("repo/zones/a.zone", bad)
        self.command("git", "add", "-A", cwd=repo)
        self.write("repo/zones/a.zone", good)
        self.command(*git, "commit", "-qm", "x", status=1, cwd=repo, KMXCHECK_FLAGS="-c knot.conf")
        left = {path.name for path in self.dir.iterdir()}
        self.assertEqual(left, {"bin", "repo"})

    def test_ci(self):
        text = (TOP / "etc/examples/ci.yml").read_text()
        make_known = re.search(r"(?m)^#     (kmxcheck .*)$", text)[1]
        script = "\n".join(re.findall(r"(?m)^    - (\S.*)$", re.search(
            r"(?ms)^  script:\n(.*?)^  artifacts:", text)[1]))
        self.write("ci/knot.conf", STANZA)
        self.write("ci/kmxcheck.ignore", "")
        self.write("ci/zones/a.zone", BAD % "a.test")
        self.command("sh", "-ec", make_known, cwd=self.dir / "ci")

        def job(status):
            output = self.command("sh", "-ec", script, status=status, cwd=self.dir / "ci")
            sarif = json.loads((self.dir / "ci/kmxcheck.sarif").read_text())
            return output, [
                (one["baselineState"], one["locations"][0]["physicalLocation"])
                for one in sarif["runs"][0]["results"]]
        known = ("unchanged", {"artifactLocation": {"uri": "zones/a.zone"},
                               "region": {"startLine": 7}})
        new = ("new", {"artifactLocation": {"uri": "zones/b.zone"}, "region": {"startLine": 7}})
        self.assertEqual(job(0)[1], [known])
        self.write("ci/zones/b.zone", BAD % "b.test")
        output, results = job(1)
        self.assertEqual(results, [known, new])
        self.assertIn("zones/b.zone:7", output)
        self.write("ci/kmxcheck.ignore", "proxied-host:mail.b.test. until 9999-12-31 # moving\n")
        self.assertEqual(job(0)[1], [known])
        self.write("ci/zones/c.zone", "nonsense")
        job(2)
        self.assertIn("  artifacts:\n    when: always\n    paths:\n      - kmxcheck.sarif\n", text)

    def test_external_validation(self):
        knotc = self.write("bin/knotc", "#!/bin/sh\necho \"knotc: $*\"\n")
        knotc.chmod(0o755)
        self.write("knot.conf", STANZA)
        self.write("new/bad.test.zone", BAD % "bad.test")
        self.write("new/good.test.zone", GOOD % "good.test")
        self.write("new/0_25.2.0.192.in-addr.arpa.zone", GOOD % "0/25.2.0.192.in-addr.arpa")
        script = TOP / "etc/examples/external-validation"
        env = {"KNOT_CONF": str(self.dir / "knot.conf"), "KNOT_NEW": str(self.dir / "new"),
               "KNOTC": "knotc"}
        for zone, verdict in (("bad.test.", "abort"), ("good.test.", "commit"),
                              ("0/25.2.0.192.in-addr.arpa.", "commit"),
                              ("none.test.", "commit")):
            output = self.command("sh", script, zone, **env)
            self.assertIn("knotc: zone-%s %s\n" % (verdict, zone), output)
        self.assertIn("could not be audited", output)
        # What the server signals, as gdbus shows it.
        gdbus = self.write("bin/gdbus", "#!/bin/sh\ncat <<'END'\nMonitoring signals\n"
                           "/cz/nic/knotd: cz.nic.knotd.events.zone_updated ('x.test.', uint32 1)\n"
                           "/cz/nic/knotd: cz.nic.knotd.events.external_verify ('bad.test.', "
                           "uint32 1)\nEND\n")
        gdbus.chmod(0o755)
        output = self.command("sh", script, **env)
        self.assertEqual(re.findall("knotc: .*", output), ["knotc: zone-abort bad.test."])

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_completion(self):
        self.write("example.zone", "")
        for words, want in ((["--for"], ["--format"]), (["-f", "d"], ["dot"]),
                            (["--format", "=", "js"], ["json"]), (["--format", "="], None),
                            (["--explain", "proxied-t"], ["proxied-target"]),
                            (["--fail-on", "n"], ["never"]), (["ex"], ["example.zone"]),
                            (["-c", "ex"], ["example.zone"]), (["-o", "ex"], [])):
            line = "; ".join((". %s" % (TOP / "etc/completion/kmxcheck"),
                              "COMP_WORDS=(kmxcheck %s)" % " ".join(words),
                              "COMP_CWORD=%d" % len(words), "_kmxcheck",
                              'printf "%s\\n" "${COMPREPLY[@]}"'))
            output = self.command("bash", "-c", line).split()
            self.assertEqual(output, want or (["text", "json", "sarif", "dot", "knotc", "nsupdate"]
                                              if want is None else []), words)


if __name__ == "__main__":
    unittest.main()
