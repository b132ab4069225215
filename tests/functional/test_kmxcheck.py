# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck as people and scripts run it: options, exit status, what goes where.

Needs no server. Run alone:
  KMXCHECK=/path/kmxcheck /usr/bin/python3 tests/functional/test_kmxcheck.py
"""

import json
import re
import subprocess
import unittest

from kmxcheck_case import (BAD, GOOD, HEAD, KMXCHECK, POLICY, RUN_WAIT, TOP, WARN, Case,
                           on_terminal)


class Usage(Case):
    def test_help_and_version(self):
        for option in "-h", "--help":
            stdout, stderr = self.run_it(option)
            self.assertTrue(stdout.startswith("Usage: kmxcheck "))
            self.assertEqual(stderr, "")
        for option in "-V", "--version":
            self.assertRegex(self.run_it(option)[0], r"\Akmxcheck \(knot-mxguard\) \d+\.\d+")

    def test_help_names_every_option_of_the_man_page(self):
        page = (TOP / "doc/kmxcheck.1").read_text()
        documented = set(re.findall(r"^\.It .*?Fl -([a-z-]+)", page, re.M))
        usage = self.run_it("-h")[0]
        shown = set(re.findall(r"^ .{5,6}--([a-z-]+)", usage, re.M))
        self.assertEqual(documented, shown)
        completed = set(re.findall(r"--([a-z-]+)", (TOP / "etc/completion/kmxcheck").read_text()))
        self.assertLessEqual(shown, completed)

    def test_explain_every_rule_of_the_man_page(self):
        page = (TOP / "doc/kmxcheck.1").read_text()
        rules = re.findall(r"^\.It Li ([a-z]+(?:-[a-z]+)+)$", page, re.M)
        self.assertEqual(len(rules), 18)
        completion = (TOP / "etc/completion/kmxcheck").read_text()
        for rule in rules:
            self.assertTrue(self.run_it("--explain", rule)[0].startswith(rule))
            self.assertIn(rule, completion)
        self.assertIn("proxied-host", self.trouble("--explain", "nonsense"))

    def test_wrong_options(self):
        zone = self.zone("a.test", BAD)
        for args in ([], ["--nonsense"], ["-c"], ["-f", "xml", zone], ["--fail-on", "x", zone],
                     ["--ignore", "x", zone], ["--ignore", "proxied-host:a..b", zone],
                     ["-o", "a..b", zone], ["-o", "a.test", zone, zone],
                     ["--diff", "-f", "json", zone], ["--axfr", "a.test"],
                     ["--policy", "x", zone], ["-c", "x", "--proxy", "192.0.2.1", zone],
                     ["-s", "nonsense@x", *POLICY, zone], ["-", "-"],
                     ["-s", "127.0.0.1", "--axfr", *POLICY, "a..b"]):
            with self.subTest(args=args):
                self.trouble(*args)

    def test_messages_show_no_control_characters(self):
        zone, odd = self.zone("a.test", BAD), "x\033[31m\n\x9b"
        for args in (["--" + odd], ["-\033"], ["--quiet=" + odd], ["-q" + odd], ["--explain", odd],
                     ["--fail-on", odd, zone], ["-f", odd, zone], ["-o", odd + "..", zone],
                     ["--port", odd, zone], ["--ignore", odd, zone], ["--ignore-file", odd, zone],
                     ["--baseline", odd, zone], ["-c", odd], [*POLICY, odd],
                     ["--proxy", odd, zone], ["--proxy-file", odd, zone],
                     ["-s", odd, *POLICY, zone], ["--policy", odd, "-c", "/dev/null"],
                     ["-s", "127.0.0.1", "--axfr", *POLICY, odd + ".."]):
            with self.subTest(args=args):
                self.assertRegex(self.trouble(*args), r"\A[ -~\n]+\Z")
        self.assertIn("'--x\\027[31m", self.trouble(zone, "--" + odd))

    def test_wrong_policies(self):
        zone = self.zone("a.test", BAD)
        for args, said in (
                (["--proxy", "192.0.2.0/33"], "--proxy '192.0.2.0/33': not a network"),
                (["--proxy", "192.0.2.1", "--proxy-except", "x"], "--proxy-except 'x': not"),
                (["--proxy", "192.0.2.1", "--web-origin", "x"], "--web-origin 'x': not"),
                (["--proxy", "192.0.2.1", "--mail-address", "x"], "--mail-address 'x': not"),
                (["--proxy", "192.0.2.1", "--proxy-name", "a..b"], "--proxy-name 'a..b': not"),
                (["--proxy", "192.0.2.1", "--mail-host", "a..b"], "mail-host 'a..b'"),
                (["--proxy", "192.0.2.1", "--mail-exchange", "www"], "mail-exchange 'www'"),
                (["--proxy", "192.0.2.1", "--mail-address", "192.0.2.1"], "proxy network"),
                (["--proxy-file", "./none"], "./none: "),
                (["--proxy", "192.0.2.1", "--diff"], "mail-address"),
                (["--proxy", "192.0.2.1", "-f", "nsupdate"], "mail-address"),
                (["--proxy", "192.0.2.1", "-f", "knotc"], "mail-address")):
            with self.subTest(args=args):
                self.assertIn(said, self.trouble(*args, zone))

    def test_bad_list_is_said_with_its_line(self):
        zone = self.zone("a.test", BAD)
        self.write("list", "# mine\n192.0.2.0/24\nnonsense\n")
        self.assertIn("list:3: ", self.trouble("--proxy-file", "list", zone))

    def test_list_of_a_vendor(self):
        """Networks, exceptions and names of one file, and what else excepts or lists."""
        text = HEAD + "@ MX 10 mail\nmail A %s\nsub MX 10 %s\n@ TXT \"v=spf1 %s -all\"\n"
        vendor = "--proxy-file", TOP / "etc/proxies/cloudflare"
        for number, (address, exchange, spf, args, rules) in enumerate((
                ("172.65.213.128", "route1.mx.cloudflare.net.", "ip6:2405:8100:c000::/38", [], []),
                ("162.159.205.12", "mx.test.", "ip4:172.65.0.0/16", [], []),
                ("162.159.205.14", "x.cdn.cloudflare.net.", "ip4:172.64.0.0/15", [],
                 ["proxied-host", "proxied-spf", "proxied-target"]),
                ("162.159.205.14", "mx.test.", "mx", ["--proxy-except", "162.159.205.14"], []),
                ("172.65.213.128", "route1.mx.cloudflare.net.", "-all",
                 ["--proxy", "172.65.213.0/24", "--proxy-name", "cloudflare.net"],
                 ["proxied-host", "proxied-target"]))):
            with self.subTest(number=number):
                name = "z%d.test" % number
                zone = self.write(name + ".zone", text % (name, address, exchange, spf))
                found = self.findings("--ignore", "list-stale", *vendor, *args, zone,
                                      status=1 if rules else 0)
                self.assertEqual(found, {name: rules})


class Status(Case):
    def setUp(self):
        super().setUp()
        self.bad = self.zone("bad.test", BAD)
        self.good = self.zone("good.test", GOOD)
        self.warn = self.zone("warn.test", WARN)

    def test_levels(self):
        for zone, error, warning in ((self.good, 0, 0), (self.warn, 0, 1), (self.bad, 1, 1)):
            self.run_it(*POLICY, zone, status=error)
            self.run_it(*POLICY, "--fail-on", "error", zone, status=error)
            self.run_it(*POLICY, "--fail-on=warning", zone, status=warning)
            self.run_it(*POLICY, "--fail-on", "never", zone)

    def test_quiet(self):
        for zone, status in ((self.good, 0), (self.bad, 1)):
            self.assertEqual(self.run_it(*POLICY, "-q", zone, status=status), ("", ""))
        self.assertIn("none.zone", self.trouble(*POLICY, "-q", "none.zone"))

    def test_ignore(self):
        self.assertEqual(self.findings(*POLICY, self.bad, status=1)["bad.test"], ["proxied-host"])
        for ignore, status in (("proxied-host", 0), ("proxied-host:mail.bad.test", 0),
                               ("proxied-host:MAIL.bad.test.", 0),
                               ("proxied-host:*.bad.test", 0), ("proxied-host:bad.test", 1),
                               ("proxied-target", 1), ("proxied-target:mail.bad.test", 1)):
            self.run_it(*POLICY, "--ignore", ignore, self.bad, status=status)
        self.assertIn("ignored", self.run_it(*POLICY, "--ignore", "proxied-host", self.bad)[0])
        for ignore in "proxied-host:mail", "proxied-host:mail:", "proxied-host::":
            self.assertEqual(self.run_it(*POLICY, "--ignore", ignore, self.bad)[1], "")

    def test_ignore_that_matches_nothing_is_told(self):
        zone = self.zone("a.test", BAD)
        note = "kmxcheck: note: --ignore 'proxied-target:mail': matches nothing\n"
        args = *POLICY, "--ignore", "proxied-target:mail"
        self.assertEqual(self.run_it(*args, zone, status=1)[1], note)
        self.assertEqual(self.run_it(*args, "-q", zone, status=1)[1], "")
        self.assertEqual(json.loads(self.run_it(*args, "-f", "json", zone, status=1)[0])["errors"],
                         1)
        # Whose records are outside of any zone can be about all zones.
        for ignore in "out-of-zone", "out-of-zone:x", "out-of-zone:x.example.":
            self.assertEqual(self.run_it(*POLICY, "--ignore", ignore, zone, status=1)[1],
                             "kmxcheck: note: --ignore '%s': matches nothing\n" % ignore)
        # Not where it may be about the zone that can't be read, or another one than was asked for.
        self.assertNotIn("note", self.run_it(*args, zone, "none.zone", status=2)[1])
        self.assertEqual(self.run_it(*POLICY, "--ignore", "proxied-host:mail.b.test.", zone,
                                     status=1)[1], "")

    def test_ignore_target(self):
        zone = self.write("t.zone", HEAD % "t.test" + "@ MX 10 www\n@ MX 20 @\n"
                          "www A 104.16.1.1\n@ A 104.16.1.1\n")

        def targets(*ignores, status=1):
            args = [word for ignore in ignores for word in ("--ignore", ignore)]
            stdout, stderr = self.run_it(*POLICY, "-f", "json", *args, zone, status=status)
            self.assertEqual(stderr, "")
            return [one["target"] for one in json.loads(stdout)["zones"][0]["findings"]]
        self.assertEqual(targets(), ["t.test.", "www.t.test."])
        self.assertEqual(targets("proxied-target:@:www"), ["t.test."])
        self.assertEqual(targets("proxied-target:@:@"), ["www.t.test."])
        self.assertEqual(targets("proxied-target::*.t.test"), ["t.test."])
        self.assertEqual(targets("proxied-target::@", "proxied-target:@:www.t.test.", status=0),
                         [])

    def test_ignored_is_not_changed(self):
        zone = self.write("t.zone", HEAD % "t.test" + "@ MX 10 www\n@ MX 20 @\n@ MX 30 mail\n"
                          "sub MX 10 www\nwww A 104.16.1.1\n@ A 104.16.1.1\nmail A 104.16.1.2\n")
        fixed = {"-MX 10 www.t.test.", "-MX 20 t.test.", "-MX 30 mail.t.test.", "+MX 10 mail.t.test.",
                 "-A 104.16.1.2", "+A 198.51.100.25", "-MX 10 www.t.test. of sub",
                 "+MX 10 mail.t.test. of sub"}

        def diff(*ignores):
            args = [word for ignore in ignores for word in ("--ignore", ignore)]
            stdout, stderr = self.run_it(*POLICY, "--fail-on", "never", "--diff", *args, zone)
            self.assertEqual(stderr, "")
            lines = (line.split() for line in stdout.splitlines() if line[:3] not in ("---", "+++"))
            return {words[0][0] + " ".join(words[2:]) + " of sub" * ("sub." in words[0])
                    for words in lines}
        self.assertEqual(diff(), fixed)
        self.assertEqual(diff("proxied-target"), {"-A 104.16.1.2", "+A 198.51.100.25"})
        self.assertEqual(diff("proxied-host:mail"),
                         fixed - {"-A 104.16.1.2", "+A 198.51.100.25"})
        # One of several targets; what is steered is merged with what is there.
        self.assertEqual(diff("proxied-target:@:www", "proxied-target:sub"),
                         {"-MX 20 t.test.", "-MX 30 mail.t.test.", "+MX 20 mail.t.test.",
                          "-A 104.16.1.2", "+A 198.51.100.25"})
        self.assertEqual(diff("proxied-target", "proxied-host"), set())
        # An exchange that nothing leads to is not made.
        zone = self.write("t.zone", HEAD % "t.test" + "@ MX 10 @\n@ A 104.16.1.1\n")
        self.assertEqual(diff(), {"-MX 10 t.test.", "+MX 10 mail.t.test.", "+A 198.51.100.25"})
        self.assertEqual(diff("proxied-target:@:@"), set())

    def test_ignore_file(self):
        known = self.write("known", "# of ours\n\n"
                           "proxied-host:mail.bad.test. # a test, until somebody asks\n"
                           "proxied-spf until 9999-12-31 # needed by the old sender\n"
                           "implicit-mx:gone # nobody knows\n")
        stdout, stderr = self.run_it(*POLICY, "--fail-on", "warning", "--ignore-file", known,
                                     self.bad, self.warn)
        self.assertIn("2 ignored", stdout)
        self.assertEqual(stderr, "kmxcheck: note: %s:5: 'implicit-mx:gone': matches nothing "
                         "(nobody knows)\n" % known)
        ended = self.write("ended", "proxied-host until 2026-01-02 # moving\n")
        stdout, stderr = self.run_it(*POLICY, "--ignore-file", known, "--ignore-file", ended,
                                     "--ignore", "proxied-host:x", self.bad)
        self.assertIn("%s:1: 'proxied-host': ended on 2026-01-02 (moving)\n" % ended, stderr)
        self.assertIn("proxied-host", self.run_it(*POLICY, "--ignore-file", ended, self.bad,
                                                  status=1)[0])
        wrong = self.write("wrong", "proxied-host\nnonsense # ?\n")
        self.assertIn("%s:2: 'nonsense': " % wrong,
                      self.trouble(*POLICY, "--ignore-file", wrong, self.bad))
        self.assertIn("none: can't be read",
                      self.trouble(*POLICY, "--ignore-file", "none", self.bad))

    def test_ignore_file_of_the_man_page(self):
        page = (TOP / "doc/kmxcheck.1").read_text()
        text = re.search(r"-ignore-file :\n\.Bd -literal -offset indent\n(.*?)\.Ed\n", page, re.S)[1]
        self.assertRegex(text, r"(?m) until \d{4}-\d\d-\d\d # ")
        self.write("ignores", text)
        self.run_it(*POLICY, "--ignore-file", "ignores", self.good)

    def test_baseline(self):
        both = [*POLICY, "--fail-on", "warning", self.bad, self.warn]
        before = self.write("before.json", self.run_it(*both, "-f", "json", status=1)[0])
        stdout = self.run_it(*both, "--baseline", before)[0]
        self.assertRegex(stdout, r"(?m)^  error    proxied-host  mail.bad.test. A .*  known$")
        self.assertIn("2 zones: 1 error, 1 warning in 2 of them, 2 known\n", stdout)
        self.assertIn("nothing of it is new", stdout)

        # Other lines and words are no other findings; another target, address or owner is.
        moved = self.write("bad.test.zone", HEAD % "bad.test" +
                           "; a comment\n@ MX 10 mail\nmail A 104.16.1.2\n")
        self.run_it(*both, "--baseline", before)
        moved.write_text(moved.read_text() + "mail A 104.16.1.3\n")
        stdout = self.run_it(*both, "--baseline", before, "-f", "json", status=1)[0]
        report = json.loads(stdout)
        self.assertEqual([(one["address"], one.get("known")) for one in
                          report["zones"][0]["findings"]],
                         [("104.16.1.2", True), ("104.16.1.3", None)])
        self.assertEqual((report["errors"], report["warnings"], report["known"]), (2, 1, 2))
        self.assertIn("first: fix the errors", self.run_it(*both, "--baseline", before,
                                                           status=1)[0])
        # A report with known findings is a baseline as well.
        self.write("now.json", stdout)
        self.run_it(*both, "--baseline", "now.json")
        # What is ignored is not known.
        report = json.loads(self.run_it(*both, "--baseline", "now.json", "-f", "json", "--ignore",
                                        "proxied-spf")[0])
        self.assertEqual((report["known"], report["ignored"]), (2, 1))
        # New warnings decide only where warnings do.
        only = self.write("only.json", self.run_it(*POLICY, self.bad, "-f", "json", status=1)[0])
        self.run_it(*both, "--baseline", only, status=1)
        self.run_it(*both, "--baseline", only, "--fail-on", "error")

    def test_bad_baseline(self):
        for text, says in (("", "b.json:1: not a JSON report"), ("[]", "b.json: not a JSON report"),
                           ("{\n\n\"zones\":x}", "b.json:3: not a JSON report"), ("{}", "version 1"),
                           ('{"version":2,"zones":[]}', "version 1"),
                           ('{"version":1,"zones":{}}', "version 1"),
                           ('{"version":1,"zones":[1]}', "version 1"),
                           ('{"version":1,"zones":[{"zone":"a."}]}', "version 1"),
                           ('{"version":1,"zones":[{"zone":"a.","findings":[{}]}]}', "version 1"),
                           ("[" * 100000, "not a JSON report")):
            with self.subTest(text[:40]):
                self.write("b.json", text)
                self.assertIn(says, self.trouble(*POLICY, "--baseline", "b.json", self.bad))
        self.assertIn("none.json", self.trouble(*POLICY, "--baseline", "none.json", self.bad))

    def test_one_bad_file_does_not_hide_the_others(self):
        broken = self.write("broken.zone", GOOD % "broken.test" + "mail A 192.0.2.256\n")
        line = len(broken.read_text().splitlines())
        stdout, stderr = self.run_it(*POLICY, self.bad, broken, self.good, "none.zone", status=2)
        self.assertIn("bad.test", stdout)
        self.assertNotIn("broken.test", stdout)
        self.assertIn("broken.zone:%d: " % line, stderr)
        self.assertIn("none.zone: ", stderr)
        self.assertEqual(stderr.count("\n"), 2)
        self.assertIn("broken.zone:%d: " % line, self.trouble(*POLICY, broken))
        # In every format, whole or not at all.
        for output in ["-f", "json"], ["-f", "sarif"], ["-f", "dot"], ["-f", "nsupdate"], ["-f", "knotc"], ["--diff"]:
            self.trouble(*POLICY, *output, broken)

    def test_json_stays_whole_beside_an_error(self):
        stdout, _ = self.run_it(*POLICY, "-f", "json", self.bad, "none.zone", status=2)
        self.assertEqual(len(json.loads(stdout)["zones"]), 1)

    def test_diff_is_advised_where_it_works(self):
        self.assertIn("--diff", self.run_it(*POLICY, self.bad, status=1)[0])
        stdout, _ = self.run_it(*POLICY[:2], self.bad, status=1)
        self.assertNotIn("--diff", stdout)
        self.assertIn("--explain", stdout)

    def test_sarif_says_that_something_is_missing(self):
        for more, status in ((), 1), (("none.zone",), 2):
            stdout, _ = self.run_it(*POLICY, "-f", "sarif", self.bad, *more, status=status)
            self.assertEqual(json.loads(stdout)["runs"][0]["invocations"],
                             [{"executionSuccessful": not more}])

    def test_sarif_names_included_files_as_they_are_written(self):
        self.write("sub/one.zone", HEAD % "one.test" + "$INCLUDE more/mail\n")
        self.write("sub/more/mail", "@ MX 10 mail\n$INCLUDE ./address\n")
        self.write("sub/more/address", "mail A 104.16.1.2\n")
        # A link is another file's: its folder is where that is.
        (self.dir / "link.zone").symlink_to("sub/one.zone")
        (self.dir / "folder").symlink_to("sub")
        for cwd, path, uri in ((".", "sub/one.zone", "sub/more/address"),
                               ("sub", "one.zone", "more/address"),
                               ("sub", "./one.zone", "more/address"),
                               ("sub/more", "../one.zone", "../more/address"),
                               (".", "folder/one.zone", "folder/more/address"),
                               (".", "link.zone", "file://%s/sub/more/address" % self.dir),
                               (".", self.dir / "sub/one.zone",
                                "file://%s/sub/more/address" % self.dir)):
            stdout, _ = self.run_it(*POLICY, "-f", "sarif", path, status=1, cwd=self.dir / cwd)
            one, = json.loads(stdout)["runs"][0]["results"]
            place = one["locations"][0]["physicalLocation"]
            self.assertEqual((place["artifactLocation"]["uri"], place["region"]["startLine"]),
                             (uri, 1), path)

    def test_every_format_names_the_zone(self):
        for output in ["text"], ["json"], ["sarif"], ["dot"]:
            stdout, _ = self.run_it(*POLICY, "-f", *output, self.good)
            self.assertIn("good.test.", stdout)

    def test_standard_input(self):
        self.run_it(*POLICY, "-", stdin=BAD % "a.test", status=1)
        self.run_it(*POLICY, "-", stdin=GOOD % "a.test")
        self.trouble(*POLICY, "-", stdin="")

    def test_origin(self):
        relative = "@ 300 SOA ns hostmaster 1 3600 900 604800 300\n@ 300 MX 10 mail\n" \
                   "mail 300 A 104.16.1.2\n"
        zones = self.findings(*POLICY, "-o", "Origin.test", self.write("x", relative), status=1)
        self.assertEqual(zones, {"origin.test": ["proxied-host"]})

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for args in ([*POLICY, self.good], ["-h"], ["-V"]):
                done = subprocess.run([KMXCHECK, *args], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=RUN_WAIT, check=False)
                self.assertEqual(done.returncode, 2, args)
                self.assertIn("standard output", done.stderr)


class Terminal(Case):
    def test_colour_on_a_terminal_only(self):
        zone = self.zone("bad.test", BAD)
        env = {"NO_COLOR": ""}
        command = KMXCHECK, *POLICY, zone
        self.assertIn(b"\x1b[", on_terminal(command, env=env))
        self.assertNotIn(b"\x1b[", on_terminal(command, env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b[", self.run_it(*POLICY, zone, status=1, env=env)[0])


if __name__ == "__main__":
    unittest.main()
