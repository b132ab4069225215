# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck and the files that people have: which zone it is, exports of hosted DNS, what is
steered to where without a server, and input that would be waited for.

Needs no server. Run alone:
  KMXCHECK=/path/kmxcheck /usr/bin/python3 tests/functional/test_kmxcheck_input.py
"""

import json
import os
import shutil
import subprocess
import threading
import time
import unittest

from kmxcheck_case import BAD, GOOD, HEAD, KMXCHECK, POLICY, RUN_WAIT, STANZA, TOP, Case

# As BIND on Debian has it: no $ORIGIN, and all but the apex absolute.
HABIT = """$TTL 3600
@ SOA ns1.%(zone)s. hostmaster.%(zone)s. 1 7200 3600 1209600 300
@ NS ns1.%(zone)s.
@ MX 10 mail.%(zone)s.
ns1.%(zone)s. A 192.0.2.53
mail.%(zone)s. A 104.16.1.2
"""
RELATIVE = """$TTL 3600
@ SOA ns1 hostmaster 1 7200 3600 1209600 300
@ NS ns1
ns1 A 192.0.2.53
@ MX 10 mail
mail A 104.16.1.2
"""
EXPORT = """;;
;; Domain:     example.com.
;; Exported:   2025-06-11 12:51:10
;;
;; SOA Record
example.com\t3600\tIN\tSOA\tns1.example.net. dns.example.net. 2050131287 10000 2400 604800 3600

;; NS Records
example.com.\t86400\tIN\tNS\tns1.example.net.

;; A Records
example.com.\t1\tIN\tA\t192.0.2.7 ; cf_tags=cf-proxied:true
mail.example.com.\t1\tIN\tA\t198.51.100.25 ; our mail; by hand cf_tags=cf-proxied:%s

;; MX Records
example.com.\t1\tIN\tMX\t10 mail.example.com.
"""
OLD = """;;
;; Domain:     example.com
;;
;; Use at your own risk.
$ORIGIN .
@\t3600\tIN\tSOA\texample.com.\troot.example.com.\t(
\t\t2020722140\t; serial
\t\t7200\t\t; refresh
\t\t3600\t\t; retry
\t\t86400\t\t; expire
\t\t3600)\t\t; minimum

;; NS Records (YOU MUST CHANGE THIS)
example.com.\t300\tIN\tNS\tREPLACE&ME$WITH^YOUR@NAMESERVER.

;; MX Records
example.com.\t300\tIN\tMX\t10\tmail.example.com.

;; A Records (IPv4 addresses)
mail.example.com.\t300\tIN\tA\t104.16.1.2
example.com.\t300\tIN\tA\t104.16.1.1
"""


class WhichZone(Case):

    def audited(self, name, text, status=1, *args):
        """The only zone of a file, and its rules."""
        (zone, rules), = self.findings(*POLICY, *args, self.write(name, text),
                                       status=status).items()
        return zone, rules

    def test_names_of_files(self):
        for name in ("db.example.com", "example.com", "example.com.db", "example.com.zone",
                     "example.com.hosts", "example.com.zone.txt", "Example.COM.txt", "pri.example.com",
                     "db.example.com.signed", "sub/db.example.com", "example.com.zone.bak"):
            for text in HABIT % {"zone": "example.com"}, RELATIVE:
                with self.subTest(name=name):
                    self.assertEqual(self.audited(name, text), ("example.com", ["proxied-host"]))

    def test_what_the_file_says_comes_first(self):
        for text in (BAD % "example.net", HABIT.replace("@", "%(zone)s.") % {"zone": "example.net"},
                     ";; Domain: example.net\n" + HABIT % {"zone": "example.net"}):
            self.assertEqual(self.audited("db.example.com", text)[0], "example.net")

    def test_absolute_names_decide(self):
        """A zone may really be called as what people add."""
        for name, zone in (("db.example.com", "db.example.com"), ("my.zone", "my.zone"),
                           ("db.example.com.zone", "db.example.com")):
            self.assertEqual(self.audited(name, HABIT % {"zone": zone}),
                             (zone, ["proxied-host"]))

    def test_wrong_names_are_errors(self):
        for name in "db.example.com", "zonefile", "corp-zone", "db.example.org.zone":
            with self.subTest(name=name):
                path = self.write(name, HABIT % {"zone": "example.net"})
                said = self.trouble(*POLICY, path)
                self.assertIn("%s:5: ns1.example.net. is not in the zone" % path, said)
                self.assertIn("--origin", said)
                self.assertEqual(self.findings(*POLICY, "-o", "example.net", path, status=1),
                                 {"example.net": ["proxied-host"]})
        # A word as the guess, and only the data says otherwise.
        text = RELATIVE.replace("10 mail", "10 mail.example.com.")
        self.assertIn("--origin", self.trouble(*POLICY, self.write("corp-zone", text)))

    def test_the_output_names_the_zone(self):
        path = self.write("db.example.com", RELATIVE.replace("104.16.1.2", "192.0.2.2"))
        self.assertIn("example.com. serial 1, 5 records: nothing found\n",
                      self.run_it(*POLICY, path)[0])

    def test_more_behind_the_zone(self):
        """The names in the data tell what is behind the zone in the name of the file."""
        text = ("$TTL 300\n@ SOA ns1.example.com. h.example.com. 1 2 3 4 5\n@ NS ns1.example.com.\n"
                "@ MX 10 mail.example.com.\n@ A 104.16.1.1\nmail A 104.16.1.2\n")
        for name in ("example.com.external", "example.com-internal.zone", "example.com.fwd",
                     "db.example.com.v2"):
            self.assertIn("--origin", self.trouble(*POLICY, self.write(name, text)))
        for name in ("example.com.ZONE", "Db.example.com", "example.com.DB.txt"):
            self.assertIn("example.com. ", self.run_it(*POLICY, self.write(name, text),
                                                       status=1)[0])

    def test_head_that_does_not_agree(self):
        text = (";; Domain: example.com\n$ORIGIN .\n@ 3600 IN SOA a. b. 1 2 3 4 5\n"
                "example.net. 300 IN MX 10 mail.example.net.\nmail.example.net. 300 IN A 104.16.1.2\n")
        path = self.write("export.txt", text)
        self.assertIn("export.txt:4: example.net. is not in the zone example.com.",
                      self.trouble(*POLICY, path))
        self.run_it(*POLICY, "--origin", "example.net", path, status=1)

    def test_standard_input_has_no_name(self):
        self.assertIn("--origin", self.trouble(*POLICY, "-", stdin=RELATIVE))
        # Nor has it one in /dev, where it may be a regular file.
        with open(self.write("example.com.zone", RELATIVE)) as source:
            for path in "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0":
                done = subprocess.run([KMXCHECK, *POLICY, path], stdin=source, capture_output=True,
                                      text=True, timeout=RUN_WAIT, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""), path)
                self.assertIn("--origin", done.stderr)
        self.run_it(*POLICY, "-", stdin=EXPORT % "true", status=1)

    def test_records_outside_of_a_known_zone(self):
        text = GOOD % "example.com" + "www.example.net. A 192.0.2.1\n"
        stdout, _ = self.run_it("-f", "json", *POLICY, self.write("x", text))
        found, = json.loads(stdout)["zones"][0]["findings"]
        self.assertEqual((found["rule"], found["owner"], found["line"]),
                         ("out-of-zone", "www.example.net.", len(text.splitlines())))
        self.write("knot.conf", STANZA + "zone:\n  - domain: example.org\n"
                   "    module: mod-mxguard/one\n    file: %s/x\n" % self.dir)
        self.assertIn("no SOA record at example.org.", self.trouble("-c", "knot.conf"))


class Exports(Case):

    def test_marks(self):
        for args in [], ["-o", "example.com"]:
            path = self.write("export.txt", EXPORT % "true")
            stdout, _ = self.run_it("-f", "json", *POLICY, *args, path, status=1)
            zone, = json.loads(stdout)["zones"]
            self.assertEqual((zone["zone"], zone["serial"]), ("example.com.", 2050131287))
            found, = zone["findings"]
            self.assertEqual((found["rule"], found["owner"], found["address"], found["line"]),
                             ("proxied-host", "mail.example.com.", "198.51.100.25", 13))
            self.assertNotIn("network", found)
            self.assertIn("198.51.100.25 (cf-proxied:true)", found["message"])
            self.assertIn("grey cloud", found["remedy"])
            self.assertEqual(self.run_it(*POLICY, *args, "--diff", path, status=1)[0], "")
        self.run_it(*POLICY, self.write("export.txt", EXPORT % "false"))
        # By a configuration just the same.
        self.write("knot.conf", STANZA)
        self.run_it("-c", "knot.conf", self.write("export.txt", EXPORT % "true"), status=1)

    def test_old_form(self):
        for head in OLD, OLD[OLD.index("$"):]:
            for args in [], ["-o", "example.com"]:
                path = self.write("x.txt", head)
                self.assertEqual(self.findings(*POLICY, *args, path, status=1),
                                 {"example.com": ["proxied-host"]})
        # Nothing says that this is not the root.
        self.assertEqual(self.findings(*POLICY, self.write("x.txt", OLD.replace(
            "example.com.\t300\tIN\tNS\t", ".\t300\tIN\tNS\t").replace("Domain", "x").replace(
                "REPLACE&ME$WITH^YOUR@NAMESERVER", "ns")), status=1), {"": ["proxied-target"]})

    def test_two_exports_of_a_run(self):
        """A mark is known in the other's zone, with the address that is written there."""
        one = self.write("one.txt", EXPORT % "true")
        two = self.write("two.txt", (EXPORT % "false").replace("example.com", "example.org").replace(
            "10 mail.example.org", "10 mail.example.com"))
        stdout, _ = self.run_it("-f", "json", *POLICY, one, two, status=1)
        found = json.loads(stdout)["zones"][1]["findings"]
        self.assertEqual([(one["rule"], one["target"], one["address"]) for one in found],
                         [("proxied-target", "mail.example.com.", "198.51.100.25")])

    def test_formats_show_what_is_written(self):
        path = self.write("export.txt", EXPORT % "true")
        for args in ["-f", "json"], ["-f", "text"], ["-f", "dot"], ["--diff"], ["-f", "nsupdate"]:
            out = self.run_it(*POLICY, "--fail-on", "never", *args, path)[0]
            self.assertNotIn("255.255", out)
            self.assertNotIn("\\001", out)

    def test_spf_of_all_networks(self):
        zone = self.write("x", HEAD % "example.com" + '@ MX 0 .\n'
                          '@ TXT "v=spf1 ip4:0.0.0.0/0 ip6:::/0 ip4:255.255.255.254/31 a:a.example.com/24 -all"\n'
                          'a A 192.0.2.9 ; CF_PROXY_ON\n')
        found = json.loads(self.run_it(*POLICY, "-f", "json", zone)[0])["zones"][0]["findings"]
        self.assertEqual([(one["rule"], one.get("network"), one.get("address")) for one in found],
                         [("proxied-spf", None, "192.0.2.9"), ("proxied-spf", "0.0.0.0/0", None)])
        self.assertNotIn("255.255", json.dumps(found))

    def test_spf_remedy(self):
        zone = self.write("x", HEAD % "example.com" + '@ MX 0 .\n@ TXT "v=spf1 ip4:104.16.1.0/24 -all"\n')
        proxy = ["--fail-on", "never", "--proxy", "104.16.0.0/13", zone]
        self.assertIn("authorise the mail server only, by its own address\n", self.run_it(*proxy)[0])
        self.assertIn("authorise the mail server only: 198.51.100.25\n",
                      self.run_it("--mail-address", "198.51.100.25", *proxy)[0])

    def test_graph_of_an_address_that_is_direct_elsewhere(self):
        zone = self.write("x", HEAD % "example.com" + "@ MX 10 mail\nsub MX 10 www\nsub MX 20 alias\n"
                          "mail A 192.0.2.9\nwww A 192.0.2.9 ; CF_PROXY_ON\n"
                          "www AAAA 2001:db8::9 ; CF_PROXY_ON\nalias CNAME mail ; CF_PROXY_ON\n")
        text = self.run_it(*POLICY, "-f", "dot", "--fail-on", "never", zone)[0]
        orange = {line.split(" [")[0].strip() for line in text.splitlines() if "#f6821f" in line}
        self.assertEqual(orange, {
            '"d sub.example.com." -> "t www.example.com."', '"t www.example.com."',
            '"t www.example.com." -> "a 192.0.2.9"', '"t www.example.com." -> "a 2001:db8::9"',
            '"a 2001:db8::9"',
            '"d sub.example.com." -> "t alias.example.com."', '"t alias.example.com."',
            '"t alias.example.com." -> "t mail.example.com."'})


DNSCONTROL = """$ORIGIN example.com.
$TTL 1
@                IN A     192.0.2.7 ; CF_PROXY_ON
;@               IN CF_SINGLE_REDIRECT x
                 IN MX    10 mail.example.com.
mail             IN A     198.51.100.25 ; CF_PROXY_ON CF_COMMENT="our; mail"
www              IN CNAME example.com. ; CF_PROXY_ON CF_CNAME_FLATTEN_ON
"""
OCTODNS = """$ORIGIN example.com.

@ 3600 IN SOA ns1.example.net. webmaster.example.com. (
    1783716970 ; Serial
    3600 ; Refresh
    600 ; Retry
    604800 ; Expire
    3600 ; NXDOMAIN ttl
)

@          300 IN MX       10 mail.example.com.
mail       300 IN CNAME    mail.example.com.cdn.cloudflare.net.
"""
TERRAFORM = {"values": {"root_module": {
    "resources": [
        {"type": "cloudflare_dns_record", "values": {
            "name": "example.com", "type": "MX", "content": "mail.example.com", "priority": 10,
            "ttl": 1, "proxied": False}},
        {"type": "cloudflare_dns_record", "values": {
            "name": "txt.example.com", "type": "TXT", "content": "\"quoted\"", "ttl": 1}},
        {"type": "aws_instance", "values": {"name": "example.com", "type": "A"}}],
    "child_modules": [{"resources": [
        {"type": "cloudflare_record", "values": {
            "name": "mail", "type": "A", "value": "198.51.100.25", "ttl": None, "proxied": True}},
        {"type": "cloudflare_record", "values": {
            "name": "@", "type": "TXT", "value": "v=spf1 \\ mx", "ttl": 300, "proxied": None}},
        {"type": "cloudflare_record", "values": {
            "name": "_imaps._tcp", "type": "SRV", "ttl": 1, "value": None,
            "data": [{"priority": 0, "weight": 5, "port": 993, "target": "mail.example.com"}]}},
        {"type": "cloudflare_record", "values": {
            "name": "x", "type": "CAA", "ttl": 1, "value": None}}]}]}}}


class Page(Case):
    """The commands of doc/exports.md, with programs that print what the real ones do."""

    def setUp(self):
        super().setUp()
        text = (TOP / "doc/exports.md").read_text()
        self.blocks = [block.split("```")[0] for block in text.split("```sh\n")[1:]]
        self.write("bin/kmxcheck", "#!/bin/sh\nexec %s %s \"$@\"\n" % (
            KMXCHECK, " ".join(POLICY))).chmod(0o755)

    def program(self, name, output):
        self.write(name + ".out", output)
        self.write("bin/" + name, "#!/bin/sh\necho \"$*\" >>%s/args\ncat %s/%s.out\n" % (
            self.dir, self.dir, name)).chmod(0o755)

    def run_block(self, word, status=1):
        block, = [block for block in self.blocks if word in block]
        env = dict(os.environ, PATH="%s/bin:%s" % (self.dir, os.environ["PATH"]))
        work = self.dir / "work"
        work.mkdir(exist_ok=True)
        (work / "etc").exists() or (work / "etc").symlink_to(TOP / "etc")
        done = subprocess.run(["sh", "-c", block], env=env, capture_output=True, text=True,
                              timeout=60, check=False, cwd=work)
        self.assertEqual((done.returncode, done.stderr), (status, ""), done.stdout)
        self.assertIn("example.com. serial", done.stdout)
        return done.stdout

    def test_cloudflare(self):
        self.program("curl", EXPORT % "true")
        self.assertIn("198.51.100.25 (cf-proxied:true)", self.run_block("curl"))
        self.program("curl", EXPORT % "false")
        self.assertIn("nothing found", self.run_block("curl", 0))

    def test_dnscontrol(self):
        self.program("dnscontrol", DNSCONTROL)
        self.assertIn("198.51.100.25 (CF_PROXY_ON)", self.run_block("dnscontrol"))
        self.program("dnscontrol", DNSCONTROL.replace("25 ; CF_PROXY_ON", "25 ;"))
        self.assertIn("nothing found", self.run_block("dnscontrol", 0))

    @unittest.skipUnless(shutil.which("jq"), "jq is not installed")
    def test_terraform(self):
        self.program("terraform", json.dumps(TERRAFORM))
        found = self.run_block("terraform")
        self.assertIn("198.51.100.25 (cf-proxied:true)", found)
        self.assertIn("serial 1, 6 records", found)

    def test_octodns(self):
        self.program("octodns-sync", "")
        self.write("work/zonefiles/example.com.zone", OCTODNS)
        self.assertIn("proxied-alias", self.run_block("octodns"))


class Advice(Case):
    """Where mail is steered to without -c and --mail-exchange."""

    def steered(self, records, *args):
        """(targets of the MX that --diff puts in, owners of the addresses it puts in)."""
        path = self.write("x", HEAD % "example.com" + records)
        lines = [line.split() for line in self.run_it(
            *POLICY, "--diff", "--fail-on", "never", *args, path)[0].splitlines()
            if line.startswith("+") and not line.startswith("+++")]
        return ([words[-1] for words in lines if words[2] == "MX"],
                [words[0][1:] for words in lines if words[2] == "A"])

    def check(self, records, exchange, hosts=(), args=()):
        with self.subTest(records=records):
            targets, made = self.steered(records, *args)
            self.assertEqual(set(targets), {exchange + ".example.com."})
            self.assertEqual(made, [host + ".example.com." for host in hosts])

    def test_mail_host_that_is_there(self):
        site = "@ A 104.16.1.1\nsub MX 10 @\n"
        self.check(site + "@ MX 10 box\nbox A 192.0.2.9\n", "box")
        self.check(site + "@ MX 20 box\n@ MX 10 relay\nbox A 192.0.2.9\nrelay A 192.0.2.8\n", "relay")
        # It will be direct.
        self.check(site + "@ MX 10 box\nbox A 104.16.1.2\n", "box", ["box"])
        self.check(site + "@ MX 10 box\nbox CNAME @\n", "box", ["box"])
        # Neither the web host, nor what is not there or elsewhere.
        self.check(site + "@ MX 1 @\n@ MX 2 gone\n@ MX 3 box.sub2\n@ MX 4 mx.example.net.\n"
                   "@ MX 10 box\nbox A 192.0.2.9\nsub2 NS ns.sub2\n", "box")

    def test_mail_if_it_is_free(self):
        site = "@ A 104.16.1.1\n@ MX 10 @\n"
        self.check(site, "mail", ["mail"])
        self.check(site + "x.mail TXT x\n", "mail", ["mail"])
        self.check(site + "mail A 104.16.1.1\n", "mx-direct", ["mx-direct"])
        self.check(site + "mail TXT x\n", "mx-direct", ["mx-direct"])
        self.check(site + "mail NS ns\n", "mx-direct", ["mx-direct"])
        self.check(site, "mx-direct", ["mx-direct"], ["--web-host", "@", "--web-host", "mail"])

    def test_what_the_user_says(self):
        site = "@ A 104.16.1.1\n@ MX 20 @\n@ MX 10 mail\nmail A 192.0.2.9\n"
        self.check(site, "relay", ["relay"], ["--mail-exchange", "relay"])
        self.assertEqual(self.steered(site), ([], []))
        path = self.write("x", HEAD % "example.com" + site)
        self.write("knot.conf", STANZA)
        self.assertIn("mx-direct", self.run_it("-c", "knot.conf", "--diff", path, status=1)[0])
        self.assertIn("point it at mail.example.com.", self.run_it(*POLICY, path, status=1)[0])


class NeverWaits(Case):
    LIMIT = 10

    def refused(self, *args):
        begin = time.monotonic()
        said = self.trouble(*args)
        self.assertLess(time.monotonic() - begin, self.LIMIT)
        return said

    def setUp(self):
        super().setUp()
        self.fifo = self.dir / "fifo"
        os.mkfifo(self.fifo)

    def test_zone_files(self):
        for path in self.fifo, "/dev/zero", "/dev/tty", self.dir:
            self.assertIn("not a regular file" if path != "/dev/tty" else "/dev/tty",
                          self.refused(*POLICY, path))
            included = self.write("x.zone", GOOD % "x.test" + "$INCLUDE %s\n" % path)
            self.assertIn("x.zone:%d: " % len(included.read_text().splitlines()),
                          self.refused(*POLICY, included))

    def test_configurations(self):
        for path in self.fifo, "/dev/zero":
            self.assertIn("not a regular file", self.refused("-c", path))
            self.write("knot.conf", "include: %s\n" % path)
            self.assertIn("not a regular file", self.refused("-c", "knot.conf"))
            self.write("knot.conf", STANZA + "zone:\n  - domain: a.test\n"
                       "    module: mod-mxguard/one\n    file: %s\n" % path)
            self.assertIn("not a regular file", self.refused("-c", "knot.conf"))
        self.assertIn("not a regular file", self.refused("-c", self.fifo, "-s", "127.0.0.1"))

    def test_ignores_and_baselines(self):
        zone = self.zone("good.test", GOOD)
        for option in "--ignore-file", "--baseline":
            for path in self.dir / "fifo", "/dev/zero":
                self.refused(option, path, zone)

    def test_lists(self):
        zone = self.zone("a.test", GOOD)
        self.assertIn("fifo", self.refused("--proxy-file", self.fifo, zone))

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_a_pipe_of_the_shell_is_read(self):
        zone = self.zone("a.test", BAD)
        done = subprocess.run(["bash", "-c", "%s %s <(cat %s)" % (
            KMXCHECK, " ".join(POLICY), zone)], capture_output=True, text=True, timeout=60,
            check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a.test. serial", done.stdout)

    def test_shorter_meanwhile(self):
        """A file that is truncated again and again: an error or a report, never a signal."""
        path = self.dir / "a.test.zone"
        text = (BAD % "a.test" + "".join("h%d A 192.0.2.1\n" % i for i in range(200000))).encode()
        conf = self.write("knot.conf", STANZA + "#" * (1 << 20) + "\n")
        path.write_bytes(text)
        stop = threading.Event()

        def truncate():
            while not stop.is_set():
                os.truncate(path, 1000)
                os.truncate(conf, 10)
                path.write_bytes(text)
                conf.write_text(STANZA + "#" * (1 << 20) + "\n")
        thread = threading.Thread(target=truncate)
        thread.start()
        try:
            for _ in range(15):
                done = subprocess.run([KMXCHECK, "-c", conf, path], capture_output=True, text=True,
                                      timeout=60, check=False, cwd=self.dir)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertEqual(done.stdout == "", done.returncode == 2)
        finally:
            stop.set()
            thread.join()

    @unittest.skipUnless(os.path.isfile("/sys/kernel/uevent_seqnum"), "no /sys")
    def test_shorter_than_it_says(self):
        self.assertIn("shorter", self.refused(*POLICY, "/sys/kernel/uevent_seqnum"))


class Findings(Case):

    def found(self, lines, *args, status=1):
        stdout = self.run_it("-f", "json", *POLICY, *args, self.zone("a.test", HEAD + lines),
                             status=status)[0]
        return [(finding["rule"], finding["owner"], finding.get("line"))
                for finding in json.loads(stdout)["zones"][0]["findings"]]

    def test_wildcard_for_mail(self):
        self.assertEqual(self.found("@ MX 10 mail\n* A 192.0.2.7\n", status=0), [])
        stdout = self.run_it(*POLICY, "--diff", self.dir / "a.test.zone")[0]
        self.assertNotIn("+", stdout)

    def test_line_of_implicit_mx(self):
        self.assertEqual(self.found("@ A 192.0.2.1\n@ A 104.16.1.1\n", status=0),
                         [("implicit-mx", "a.test.", 7)])

    def test_web_hosts_with_many_addresses(self):
        hosts = "".join("%s %s %s\n" % line for line in (
            ("@", "A", "104.16.1.1"), ("www", "A", "192.0.1.255"), ("www", "A", "192.0.3.0"),
            ("www", "A", "192.0.2.7"), ("www", "A", "198.51.100.0"), ("www", "A", "198.51.101.1"),
            ("www", "AAAA", "c000:207::1"), ("www", "AAAA", "2001:db8:1::9")))
        for record, rule in (("A 192.0.2.7", "shared-address"), ("A 192.0.2.8", "adjacent-address"),
                             ("A 192.0.3.255", "adjacent-address"), ("A 192.0.4.1", None),
                             ("A 198.51.100.255", "adjacent-address"), ("A 198.51.99.255", None),
                             ("A 198.51.102.0", None), ("A 1.1.1.1", None),
                             ("AAAA 2001:db8:1:ffff::", "adjacent-address"), ("AAAA ffff::", None),
                             ("AAAA 2001:db8:1::9", "shared-address"), ("AAAA 2001:db8::9", None),
                             ("AAAA ::1:0:1", None)):
            found = self.found("@ MX 10 mail\n%smail %s\n" % (hosts, record), status=0)
            self.assertEqual([one[0] for one in found], [rule] if rule else [], record)

    def test_time_for_many_hosts_is_not_their_product(self):
        lines = "".join("w%d.web A 10.%d.%d.7\nm%d.mx A 11.%d.%d.7\n"
                        % (i, i >> 8, i & 255, i, i >> 8, i & 255) for i in range(60000))
        zone = self.zone("a.test", HEAD + "www A 104.16.1.1\n" + lines)
        # In seconds of CPU: half a second, and more than 20 where each is compared with each.
        done = subprocess.run(["prlimit", "--cpu=10", KMXCHECK, *POLICY, "--web-host", "www",
                               "--web-host", "*.web", "--mail-host", "*.mx", zone],
                              capture_output=True, text=True, timeout=RUN_WAIT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_alias_loop_is_told(self):
        self.found("@ MX 10 a\na CNAME b\nb CNAME a\nsub MX 10 c\nc CNAME ns\n")
        stdout = self.run_it(*POLICY, self.dir / "a.test.zone", status=1)[0]
        self.assertIn("a.a.test. is an alias in a loop, or in a chain", stdout)
        self.assertIn("c.a.test. is an alias, of ns.a.test.", stdout)

    def test_name_that_has_mail_elsewhere(self):
        found = self.found("@ MX 0 .\nsmtp A 104.16.1.2\nsmtp MX 10 www\nwww A 104.16.1.1\n")
        self.assertIn(("proxied-mail-name", "smtp.a.test."), [entry[:2] for entry in found])

    def test_spf_behind_all(self):
        self.assertEqual(self.found('@ MX 0 .\n@ TXT "v=spf1 -all ip4:104.16.0.0/13"\n', status=0),
                         [])

    def test_baseline_knows_networks(self):
        lines = '@ MX 0 .\n@ TXT "v=spf1 ip4:104.16.0.0/16 %s -all"\n'
        first = self.zone("a.test", HEAD + lines % "")
        report = self.write("base", self.run_it("-f", "json", *POLICY, first)[0])
        args = *POLICY, "--baseline", report, "--fail-on", "warning"
        self.run_it(*args, first)
        self.run_it(*args, self.zone("a.test", HEAD +
                                     lines % "ip4:104.17.0.0/16"), status=1)


if __name__ == "__main__":
    unittest.main()
